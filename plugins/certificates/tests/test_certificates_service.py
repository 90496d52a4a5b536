"""Orders through the plugin: what begins one, what leads it on, and what the host is asked for."""

from functools import partial
from typing import Any

import pytest
from cryptography import x509

from plugins.certificates.tests.fake_host import Context
from plugins.certificates.tests.leading_orders import (
    certified,
    csr_key,
    preparation,
    prepared,
    requested,
    serving,
    withdrawn,
)
from plugins.certificates.tests.made_orders import SIGNATORY, STRUCTURE
from plugins.certificates.tests.made_pki import Pki
from plugins.certificates.tests.refusals import code_of
from segur_sdk.errors import InputError


@pytest.mark.req("S003-08", "S003-11", "S003-17", "S003-19", "CERT-13")
def test_whole_order_by_a_key_that_was_made_here(host: Context, pki: Pki) -> None:
    assert host.order().step == 1
    for action, step in zip(preparation(), (1, 2, 3, 4, 5, 6, 7, 7, 7, 8, 9), strict=True):
        found = host.order(action=action)
        assert (found.step, found.csr) == (step, None)
    assert (found.case_number, found.names) == ("F413-004217", ("INSI-AUTO",))
    assert host.keyring.done == []
    found = host.does(**requested())
    assert found.csr is not None
    request = x509.load_pem_x509_csr(found.csr)
    assert (found.step, request.subject.rfc4514_string(), request.is_signature_valid) == (10, "CN=INSI-AUTO", True)
    assert [one.code for one in found.notices] == ["certificates.csr_transport"]
    found = host.does(**withdrawn())
    assert [one.code for one in host.keyring.asked] == ["certificates.revocation_code"]
    assert found.possible == ("administrator_change_sent", "started_over")
    installed = host.install(certified(host, pki))
    assert (installed.step, installed.csr, serving(host)) == (11, None, csr_key(found))
    (kept,) = installed.notices
    assert (kept.code, "« insi-auto.revocation-1 »" in kept.text) == ("certificates.revocation_code_kept", True)
    assert host.does("confirmed").step is None
    assert host.keyring.done == ["new_key", "seal", "install"]
    assert list(host.keyring.sealed) == ["insi-auto.revocation-1"]


@pytest.mark.req("CERT-11", "S003-26")
def test_no_secret_goes_through_the_plugin(host: Context, pki: Pki) -> None:
    prepared(host)
    host.does(**requested())
    for secret in ("revocation_code", "password"):
        assert code_of(partial(host.does, **withdrawn(**{secret: "12345678"}))) == "order_secret"
    in_store = b"".join(host.store.kept.values())
    assert b"12345678" not in in_store
    found = host.does(**withdrawn())
    assert not any("secret" in text for text in (found.model_dump_json(), *map(str, host.store.kept.values())))
    (notice,) = (one for one in found.notices if one.code == "certificates.csr_transport")
    assert "jamais par courriel" in notice.text
    assert "conteneur chiffré" in str(notice.action)


def test_secret_is_asked_only_when_the_withdrawal_may_be_noted(host: Context) -> None:
    host.order()
    assert code_of(lambda: host.does(**withdrawn())) == "order_not_requested"
    prepared(host)
    host.does(**requested())
    assert code_of(lambda: host.does(**withdrawn(terms_accepted=False))) == "order_terms"
    assert code_of(lambda: host.does(**withdrawn(on="2027-01-01"))) == "order_date"
    assert code_of(lambda: host.does(**withdrawn(on="hier"))) == "order_action"
    assert host.keyring.asked == []
    host.keyring.refuses["seal"] = InputError("input.nobody_to_ask")
    assert code_of(lambda: host.does(**withdrawn())) == "input.nobody_to_ask"
    host.keyring.refuses.clear()
    first = host.does(**withdrawn())
    assert host.does(**withdrawn()) == first
    assert len(host.keyring.asked) == 1


@pytest.mark.req("S003-13", "S003-14", "S003-16")
@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"name": "insi-auto"}, "insi_name_case"),
        ({"name": "INSI-MANU"}, "insi_name_other"),
        ({"actor_mail": ""}, "order_action"),
        ({"actor_mail": None}, "order_action"),
        ({"csr": "mail"}, "order_action"),
        ({"csr": ["upload"]}, "order_action"),
        ({"name": 1}, "order_action"),
        ({"unknown": 1}, "order_action"),
    ],
    ids=["case", "other name", "no mail", "null mail", "no case", "case in a list", "number", "another field"],
)
def test_no_key_is_made_for_a_request_that_is_wrong(host: Context, changes: dict[str, Any], expected: str) -> None:
    prepared(host)
    assert code_of(lambda: host.does(**requested(**changes))) == expected
    assert host.keyring.done == []


def test_key_of_the_host_replaces_whatever_is_given(host: Context) -> None:
    prepared(host)
    found = host.does(**requested(public_key="A" * 64))
    assert csr_key(found) != "A" * 64
    assert host.does(**requested()) == found
    assert host.order() == found


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("answer_received", "order_install"),
        ("installed", "order_install"),
        ("unheard_of", "order_kind"),
        (["confirmed"], "order_kind"),
        ({}, "order_kind"),
        (None, "order_kind"),
    ],
    ids=str,
)
def test_what_is_no_action_here_is_refused(host: Context, kind: Any, expected: str) -> None:
    prepared(host)
    assert code_of(lambda: host.does(kind)) == expected


@pytest.mark.parametrize(
    ("given_now", "expected"),
    [
        ({"use": "messagerie"}, "order_product"),
        ({"use": "x", "product": {"box": "org", "usage": "SSL_SERV", "service": "other"}}, "order_usage"),
        ({"use": "x", "product": {"box": "serveur", "usage": "AUTH_CLI", "service": "other"}}, "order_product"),
        ({"use": "x", "product": {"preset": "spsti"}}, "order_preset"),
        ({"use": "insi-auto", "product": {"preset": "officine"}}, "order_preset"),
        ({"use": "insi-auto", "product": {"under": "dmp-auth"}}, "order_none"),
        ({"use": "insi-auto", "product": {"under": "../\n" * 90}}, "order_none"),
        ({"use": "insi-auto", "product": {"under": ["dmp-auth"]}}, "order_none"),
        ({"use": "insi-auto", "product": {"preset": ["spsti"]}}, "order_preset"),
        ({"use": "insi-auto", "product": {"box": ["org"]}}, "order_product"),
        ({"use": "insi-auto", "product": {"what": "x"}}, "order_product"),
        ({"use": "insi-auto", "action": {"kind": "confirmed"}}, "order_none"),
    ],
    ids=[
        "nothing said",
        "not in that box",
        "no box",
        "not of the preset",
        "no preset",
        "under none",
        "under a path",
        "under a list",
        "preset in a list",
        "box in a list",
        "another field",
        "not begun",
    ],
)
def test_order_that_cannot_begin_is_refused_and_not_kept(
    host: Context, given_now: dict[str, Any], expected: str
) -> None:
    assert code_of(lambda: host.order(**given_now)) == expected
    assert host.store.kept == {}


@pytest.mark.req("S003-10")
@pytest.mark.parametrize(
    ("product", "box"),
    [
        ({"box": "server_domain", "usage": "SSL_SERV", "service": "other"}, "nom de domaine"),
        ({"box": "server_name", "usage": "SSL_SERV", "service": "other"}, "limité à un nom de serveur"),
        ({"box": "server_mail", "usage": "S/MIME", "service": "mssante"}, "domaine de messagerie"),
        ({"box": "pro", "usage": "SIGN", "service": "other"}, "PRO"),
    ],
    ids=["domain", "named server", "mail", "person"],
)
def test_every_box_of_the_form_may_be_ordered(host: Context, product: dict[str, str], box: str) -> None:
    host.order("autre", product=product)
    for action in preparation():
        found = host.order("autre", action=action)
        if found.step == 7 and found.form:
            break
    (ticked,) = (one.value for one in found.form if one.part == "4.3")
    assert box in ticked


@pytest.mark.req("S003-09", "R25")
def test_one_form_covers_insi_and_dmp_of_an_spsti(host: Context) -> None:
    begun = host.order("insi-auto", product={"preset": "spsti"})
    advice = [one.text for one in begun.notices if one.code.startswith("certificates.preset.spsti.")]
    assert any("Un seul formulaire F413" in text for text in advice)
    assert host.order("dmp-auth", product={"preset": "spsti"}).step == 1
    host.store.kept.pop("order/dmp-auth")
    prepared(host)
    for use in ("dmp-auth", "dmp-sign"):
        found = host.order(use, product={"preset": "spsti"})
        assert (found.step, found.case_number) == (8, "F413-004217")
    found = host.order("insi-manu", product={"under": "insi-auto"})
    assert (found.step, found.notices) == (8, ())
    server = {"box": "server_name", "usage": "SSL_SERV", "service": "other", "under": "insi-auto"}
    assert code_of(lambda: host.order("site", product=server)) == "order_other_form"


@pytest.mark.req("S003-08")
@pytest.mark.req("S003-03")
@pytest.mark.parametrize(("number", "told"), [("0B0152872", []), ("0B0152873", ["order_number_doubtful"])])
def test_number_of_a_structure_that_fails_its_check_is_told_in_a_test(
    host: Context, number: str, told: list[str]
) -> None:
    host.order()
    structure = {**STRUCTURE.model_dump(mode="json"), "number": number}
    found = host.does("structure_named", structure=structure)
    assert [one.code.removeprefix("certificates.") for one in found.notices] == told


def test_personal_mailbox_is_advised_against(host: Context) -> None:
    host.order()
    for action in preparation():
        if action["kind"] == "signatory_named":
            action["signatory"] = {**SIGNATORY.model_dump(mode="json"), "mail": "c.pharmach@cabinet.exemple.fr"}
        found = host.order(action=action)
        if action["kind"] == "signatory_named":
            break
    assert [one.code for one in found.notices] == ["certificates.mailbox_personal"]
    assert "générique" in str(found.notices[0].action)
