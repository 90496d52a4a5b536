"""Forms, sessions and who may order, over the wire: every refusal, each beside what passes."""

from collections.abc import Callable
from typing import Any

import pytest

from segur_sandbox.igc.ordering.refusals import REFUSALS

Answer = tuple[int, Any]
Call = Callable[..., Answer]
Control = Callable[..., Answer]
OURS = "10B0152872"
CABINET = "499700367909006"
DAY = 86400
FORM: dict[str, Any] = {
    "structure": OURS,
    "administrator": "admin",
    "signatory": "responsable",
    "signatory_mail": "direction@pharmacie.invalid",
    "boxes": ["ORG", "SERV_SSL"],
}
ORDER: dict[str, Any] = {
    "structure": OURS,
    "offer": "ORG",
    "usage": "AUTH_CLI",
    "service_applicatif": "LGO",
    "actor_mail": "certificats@pharmacie.invalid",
}
CODE = "0123-abcd"
WITHDRAWAL: dict[str, Any] = {"revocation_code": CODE, "confirmation": CODE, "accept_terms": True}
MONDAY = "2027-03-01T09:00:00Z"


def _refused(answer: Answer, code: str) -> None:
    status, content = answer
    assert content["error"] == code
    assert (status, content["message"]) == REFUSALS[code]


def _withdrawn(call: Call, token: str, **change: Any) -> dict[str, Any]:
    asked = call("POST", "/orders", {**ORDER, **change}, token)[1]
    how = WITHDRAWAL if "csr" in change else {**WITHDRAWAL, "key_password": "un bon mot de passe"}
    assert call("POST", f"/orders/{asked['number']}/withdraw", how, token)[0] == 200
    return dict(call("GET", f"/orders/{asked['number']}", None, token)[1])


def _mails(call: Call, token: str, kind: str) -> list[tuple[str, str]]:
    return [(mail["to"], mail["at"][:10]) for mail in call("GET", "/mails", None, token)[1] if mail["kind"] == kind]


FORMS: list[tuple[str, dict[str, Any]]] = [
    ("structure_unknown", {"structure": "1999999999"}),
    ("finess_juridique", {"structure": "1750712184"}),
    ("contract_missing", {"structure": "12B0000020"}),
    ("contract_older_than_finess", {"structure": "1670780055"}),
    ("director_without_card", {"structure": "1590780193"}),
    ("signatory_not_titulaire", {"signatory": "titulaire"}),
    ("mail_invalid", {"signatory_mail": "direction"}),
    ("no_box", {"boxes": []}),
    ("administrator_unknown", {"administrator": "personne"}),
    ("administrator_without_card", {"administrator": "sans-carte"}),
    ("administrator_without_card", {"administrator": "carte-expiree"}),
    ("editor_unknown", {"editor": "nul"}),
    ("editor_without_contract", {"editor": "editeur-sans-contrat", "administrator": "admin-editeur-sans-contrat"}),
    ("delegation_missing", {"administrator": "admin-editeur"}),
    ("administrator_of_another", {"editor": "editeur"}),
    ("body_malformed", {"boxes": ["AUTRE"]}),
    ("body_malformed", {"more": 1}),
]


@pytest.mark.parametrize(("code", "change"), FORMS, ids=[f"{row[0]}-{next(iter(row[1]))}" for row in FORMS])
def test_a_form_that_cannot_be_is_refused(call: Call, code: str, change: dict[str, Any]) -> None:
    _refused(call("POST", "/forms/F413", {**FORM, **change}), code)


GOOD_FORMS = {
    "usual": {},
    "titulaire": {"structure": CABINET, "signatory": "titulaire"},
    "mandataire": {"signatory": "mandataire"},
    "editor": {"editor": "editeur", "administrator": "admin-editeur"},
    "spsti": {"structure": "12A0000014"},
}


@pytest.mark.parametrize("change", GOOD_FORMS.values(), ids=list(GOOD_FORMS))
def test_a_good_form_gets_a_case_number_and_waits(call: Call, change: dict[str, Any]) -> None:
    status, filed = call("POST", "/forms/F413", {**FORM, **change})
    assert (status, filed["state"]) == (201, "pending")
    assert call("GET", f"/forms/{filed['case']}")[1] == filed


WAITS = [
    (MONDAY, "2027-03-04T09:00:00"),
    ("2027-03-05T15:30:00Z", "2027-03-10T15:30:00"),
    ("2027-03-06T10:00:00Z", "2027-03-10T10:00:00"),
]


@pytest.mark.parametrize(("filed_at", "valid_at"), WAITS, ids=["monday", "friday", "saturday"])
def test_a_form_is_validated_after_three_working_days(
    call: Call, control: Control, filed_at: str, valid_at: str
) -> None:
    control("POST", "/clock", {"now": filed_at})
    filed = call("POST", "/forms/F413", FORM)[1]
    assert filed["valid_at"].startswith(valid_at[:16])
    control("POST", "/clock", {"now": f"{valid_at[:-2]}00Z"})
    control("POST", "/clock", {"advance_s": -60})
    assert call("GET", f"/forms/{filed['case']}")[1]["state"] == "pending"
    control("POST", "/clock", {"advance_s": 120})
    assert call("GET", f"/forms/{filed['case']}")[1]["state"] == "validated"


def test_an_unknown_case_and_a_body_that_is_no_json_are_refused(call: Call) -> None:
    _refused(call("GET", "/forms/F413-000000"), "case_unknown")
    _refused(call("POST", "/forms/F413", b"{"), "body_malformed")


@pytest.mark.parametrize("name", ["sans-carte", "carte-expiree"])
def test_nobody_enters_without_an_active_card(call: Call, name: str) -> None:
    _refused(call("POST", "/session", {"administrator": name}), "administrator_without_card")
    _refused(call("POST", "/session", {"administrator": "personne"}), "administrator_unknown")
    assert call("POST", "/session", {"administrator": "admin"})[0] == 201


@pytest.mark.parametrize("shown", [None, "autre"], ids=["none", "wrong"])
def test_orders_need_a_session(call: Call, shown: str | None) -> None:
    for method, path in (("GET", "/orders"), ("POST", "/orders"), ("GET", "/structures"), ("GET", "/mails")):
        _refused(call(method, path, ORDER if method == "POST" else None, shown), "session_missing")


def test_a_card_that_ends_ends_the_session(call: Call, control: Control, token: str) -> None:
    assert control("POST", "/igc/administrators", {"administrator": "admin", "card": "expired"})[0] == 200
    _refused(call("GET", "/orders", None, token), "administrator_without_card")
    assert control("POST", "/igc/administrators", {"administrator": "nobody", "card": "active"}) == (
        400,
        {"error": "administrator_unknown"},
    )


def test_nothing_is_ordered_before_the_habilitation_is_validated(call: Call, control: Control) -> None:
    control("POST", "/clock", {"now": MONDAY})
    token = call("POST", "/session", {"administrator": "admin"})[1]["token"]
    _refused(call("POST", "/orders", ORDER, token), "structure_not_habilitated")
    call("POST", "/forms/F413", FORM)
    _refused(call("POST", "/orders", ORDER, token), "habilitation_pending")
    control("POST", "/clock", {"advance_s": 3 * DAY})
    assert call("POST", "/orders", ORDER, token)[0] == 201


CHANGE = {"structure": OURS, "leaving": "admin", "arriving": "suppleant", "signatory": "responsable"}
CHANGES: list[tuple[str, dict[str, Any]]] = [
    ("structure_unknown", {"structure": "1999999999"}),
    ("not_the_administrator", {"leaving": "suppleant", "arriving": "admin"}),
    ("not_the_administrator", {"structure": CABINET}),
    ("administrator_without_card", {"arriving": "sans-carte"}),
    ("administrator_unknown", {"arriving": "personne"}),
    ("delegation_missing", {"arriving": "admin-editeur"}),
    ("signatory_not_titulaire", {"signatory": "titulaire"}),
]


@pytest.mark.parametrize(("code", "change"), CHANGES, ids=[f"{row[0]}-{next(iter(row[1]))}" for row in CHANGES])
def test_a_change_of_administrator_that_cannot_be_is_refused(
    call: Call, token: str, code: str, change: dict[str, Any]
) -> None:
    _refused(call("POST", "/forms/F503", {**CHANGE, **change}), code)


def test_another_administrator_takes_over_what_was_ordered(call: Call, token: str, control: Control) -> None:
    order = _withdrawn(call, token)
    other = call("POST", "/session", {"administrator": "suppleant"})[1]["token"]
    _refused(call("GET", f"/orders/{order['number']}", None, other), "order_unknown")
    assert call("POST", "/forms/F503", CHANGE)[0] == 201
    assert call("POST", "/orders", ORDER, token)[0] == 201
    control("POST", "/clock", {"advance_s": 5 * DAY})
    _refused(call("POST", "/orders", ORDER, token), "structure_not_habilitated")
    assert call("GET", f"/orders/{order['number']}", None, other)[1]["administrator"] == "suppleant"
    assert call("POST", "/orders", ORDER, other)[0] == 201
    control("POST", "/clock", {"now": order["not_after"]})
    assert [to for to, _ in _mails(call, other, "expires_soon")] == ["suppleant@pharmacie.invalid"]


def test_an_editor_orders_for_those_who_delegate(call: Call, control: Control) -> None:
    for structure in (OURS, CABINET):
        form = {**FORM, "structure": structure, "editor": "editeur", "administrator": "admin-editeur"}
        assert call("POST", "/forms/F413", form)[0] == 201
    control("POST", "/clock", {"advance_s": 5 * DAY})
    session = call("POST", "/session", {"administrator": "admin-editeur"})[1]
    assert [one["structure"] for one in session["structures"]] == [OURS, CABINET]
    for structure in (OURS, CABINET):
        assert call("POST", "/orders", {**ORDER, "structure": structure}, session["token"])[0] == 201


def test_a_form_that_is_filed_after_a_change_is_not_changed_by_it(call: Call, token: str, control: Control) -> None:
    assert call("POST", "/forms/F503", CHANGE)[0] == 201
    control("POST", "/clock", {"advance_s": 5 * DAY})
    _refused(call("POST", "/orders", ORDER, token), "structure_not_habilitated")
    assert call("POST", "/forms/F413", FORM)[0] == 201
    _refused(call("POST", "/orders", ORDER, token), "habilitation_pending")
    control("POST", "/clock", {"advance_s": 5 * DAY})
    assert call("POST", "/orders", ORDER, token)[0] == 201


def test_a_box_counts_once_the_form_that_ticks_it_is_validated(call: Call, control: Control) -> None:
    control("POST", "/clock", {"now": MONDAY})
    assert call("POST", "/forms/F413", {**FORM, "boxes": ["ORG"]})[0] == 201
    control("POST", "/clock", {"advance_s": 3 * DAY})
    token = call("POST", "/session", {"administrator": "admin"})[1]["token"]
    assert call("POST", "/forms/F413", {**FORM, "boxes": ["SERV_SSL"]})[0] == 201
    server = {**ORDER, "offer": "SERV", "usage": "SSL_SERV", "service_applicatif": "www.pharmacie.invalid"}
    _refused(call("POST", "/orders", server, token), "box_not_ticked")
    assert call("POST", "/orders", ORDER, token)[0] == 201
    control("POST", "/clock", {"advance_s": 5 * DAY})
    assert call("POST", "/orders", server, token)[0] == 201


def test_a_reset_ends_every_session(call: Call, token: str, control: Control) -> None:
    assert call("GET", "/orders", None, token)[0] == 200
    control("POST", "/reset")
    _refused(call("GET", "/orders", None, token), "session_missing")
