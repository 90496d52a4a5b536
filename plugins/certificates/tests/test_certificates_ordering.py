"""The ordering assistant: what each step asks for, accepts and refuses."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from plugins.certificates.tests.made_orders import (
    ADMINISTRATOR,
    INSI,
    SIGNATORY,
    STRUCTURE,
    TODAY,
    asked,
    at_action,
    finished,
    leaf,
    public_key,
    taken,
    whole,
)
from plugins.certificates.tests.made_pki import DAY, LIFE, NOW, make_leaf, org_name, pki
from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.actions import Action, read_action
from segur_plugin_certificates.ordering.guide import advise, expected_on, form_fields
from segur_plugin_certificates.ordering.machine import act, begin, begin_renewal, possible
from segur_plugin_certificates.ordering.people import AdministratorCard, DirectorCard, Doer, FinessNature, SignatoryBox
from segur_plugin_certificates.ordering.presets import PRESETS, SPSTI
from segur_plugin_certificates.ordering.products import (
    Box,
    Product,
    Service,
    names_offered,
    refuse_impossible,
    refuse_name,
)
from segur_plugin_certificates.ordering.state import CsrCase, OrderState, PlatformMeans, Renewed, resume, save
from segur_plugin_certificates.ordering.steps import Step, current_step, lacks
from segur_plugin_certificates.ordering.working_days import after_working_days, holidays, is_working_day
from segur_plugin_certificates.usages import Usage
from segur_sdk.errors import InputError
from segur_sdk.identifiers.structure_id import StructureIdType
from segur_sdk.models.actor import Environment


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(InputError) as refusal:
        action()
    return refusal.value.code.removeprefix("certificates.")


def refused_action(given: dict[str, Any]) -> str:
    return code_of(lambda: read_action(given))


def doing(state: OrderState, *given: Action) -> OrderState:
    for action in given:
        state = act(state, action, NOW)
    return state


STEPS = [
    (actions.ContractSigned, Step.CONTRACT, ("contract", "director_card")),
    (actions.DirectorCardNoted, Step.CONTRACT, ("director_card",)),
    (actions.StructureNamed, Step.STRUCTURE, ("structure",)),
    (actions.DoerChosen, Step.DELEGATION, ("doer",)),
    (actions.AdministratorNamed, Step.ADMINISTRATOR, ("administrator",)),
    (actions.FormChosen, Step.FORM, ("form",)),
    (actions.SignatoryNamed, Step.SIGNATORY, ("signatory",)),
    (actions.FormSent, Step.SUBMISSION, ("form_sent",)),
    (actions.Acknowledged, Step.SUBMISSION, ("case_number",)),
    (actions.Granted, Step.SUBMISSION, ("habilitation",)),
    (actions.PlatformEntered, Step.PLATFORM, ("platform",)),
    (actions.ProductRequested, Step.REQUEST, ("request",)),
    (actions.Withdrawn, Step.WITHDRAWAL, ("withdrawal",)),
    (actions.AnswerReceived, Step.WITHDRAWAL, ("answer",)),
    (actions.Installed, Step.WITHDRAWAL, ("installation",)),
    (actions.Confirmed, Step.GOOD_PRACTICE, ("confirmation",)),
]


@pytest.mark.req("S003-04", "S003-05", "S003-06", "S003-11")
@pytest.mark.parametrize(("kind", "step", "missing"), STEPS, ids=lambda value: getattr(value, "__name__", None))
def test_assistant_says_the_step_and_what_is_missing(kind: type[Action], step: Step, missing: tuple[str, ...]) -> None:
    state = at_action(kind)
    advice = advise(state, TODAY)
    assert (current_step(state), advice.step) == (step, int(step))
    assert tuple(one.code for one in advice.missing) == missing
    assert all(one.text.endswith(".") for one in advice.missing)
    assert advice.to_do
    assert kind.model_fields["kind"].default in advice.possible


def test_finished_order_has_nothing_more_to_do() -> None:
    advice = advise(finished(), TODAY)
    assert (advice.step, advice.missing, advice.expected_on) == (None, (), None)


@pytest.mark.parametrize("csr", list(CsrCase))
def test_both_ways_of_making_the_key_lead_to_the_end(csr: CsrCase) -> None:
    assert current_step(finished(csr)) is None


@pytest.mark.req("S003-04")
def test_contract_older_than_the_finess_is_signed_again() -> None:
    state = doing(at_action(actions.FormSent), actions.ContractSigned(on=date(2019, 12, 31)))
    assert lacks(state, Step.CONTRACT) == ("contract_again",)
    assert code_of(lambda: act(state, actions.FormSent(on=TODAY), NOW)) == "order_incomplete"
    again = doing(state, actions.ContractSigned(on=date(2020, 1, 1)))
    assert lacks(again, Step.CONTRACT) == ()


@pytest.mark.req("S003-04")
def test_directors_card_that_is_ordered_is_awaited() -> None:
    state = doing(at_action(actions.FormSent), actions.DirectorCardNoted(card=DirectorCard.ORDERED))
    assert lacks(state, Step.CONTRACT) == ("director_card_awaited",)


@pytest.mark.req("S003-02", "S003-03")
@pytest.mark.parametrize(
    ("changes", "environment", "outcome"),
    [
        ({"finess_nature": FinessNature.JURIDIQUE}, Environment.TEST, "order_finess_juridique"),
        ({"finess_nature": None}, Environment.TEST, ("finess_nature",)),
        ({"attributed_on": None}, Environment.TEST, ("finess_date",)),
        ({"number": "750712185"}, Environment.PRODUCTION, "order_structure_check"),
        ({"number": "750712185"}, Environment.TEST, ()),
        ({"number": "75071218412345"}, Environment.TEST, "structure_form"),
        ({"type": StructureIdType.SIRET, "number": "41930067800069", "finess_nature": None, "attributed_on": None},
         Environment.PRODUCTION, ()),
        ({"attributed_on": TODAY + DAY}, Environment.TEST, "order_date"),
    ],
    ids=["juridique", "nature unknown", "date unknown", "check in production", "check in test", "form", "SIRET",
         "future"],
)  # fmt: skip
def test_structure_number_is_checked_and_its_nature_asked(
    changes: dict[str, Any], environment: Environment, outcome: str | tuple[str, ...]
) -> None:
    state = begin(INSI, environment)
    action = actions.StructureNamed(structure=STRUCTURE.model_copy(update=changes))
    if isinstance(outcome, str):
        assert code_of(lambda: act(state, action, NOW)) == outcome
    else:
        assert lacks(act(state, action, NOW), Step.STRUCTURE) == outcome


@pytest.mark.req("S003-05", "S003-06")
def test_editor_needs_delegation_contract_and_cpa() -> None:
    state = doing(at_action(actions.FormSent), actions.DoerChosen(doer=Doer.EDITOR))
    assert lacks(state, Step.DELEGATION) == ("delegation",)
    assert lacks(state, Step.ADMINISTRATOR) == ("editor_card", "editor_contract")
    editor = ADMINISTRATOR.model_copy(update={"card": AdministratorCard.CPA, "editor_contract": True})
    state = doing(
        state,
        actions.DoerChosen(doer=Doer.EDITOR, delegated_on=TODAY),
        actions.AdministratorNamed(administrator=editor),
    )
    assert current_step(state) is Step.SUBMISSION


@pytest.mark.req("S003-06")
def test_administrator_needs_an_active_card() -> None:
    inactive = ADMINISTRATOR.model_copy(update={"card_active": False})
    state = doing(at_action(actions.FormSent), actions.AdministratorNamed(administrator=inactive))
    assert lacks(state, Step.ADMINISTRATOR) == ("administrator_card",)


@pytest.mark.req("S003-07")
def test_one_administrator_serves_several_structures() -> None:
    other = STRUCTURE.model_copy(update={"number": "750712184"})
    states = [doing(at_action(actions.FormSent), actions.StructureNamed(structure=one)) for one in (STRUCTURE, other)]
    assert {state.administrator for state in states} == {ADMINISTRATOR}
    assert [current_step(state) for state in states] == [Step.SUBMISSION] * 2


@pytest.mark.parametrize("box", list(SignatoryBox))
@pytest.mark.parametrize(
    ("kind", "number"), [(StructureIdType.FINESS, "0B0152872"), (StructureIdType.RPPS_RANG, "99700367909006")]
)
def test_titulaire_signs_only_for_an_rpps_rang(box: SignatoryBox, kind: StructureIdType, number: str) -> None:
    structure = STRUCTURE.model_copy(update={"type": kind, "number": number})
    state = doing(begin(INSI, Environment.TEST), actions.StructureNamed(structure=structure))
    action = actions.SignatoryNamed(signatory=SIGNATORY.model_copy(update={"box": box}))
    if box is SignatoryBox.TITULAIRE and kind is StructureIdType.FINESS:
        assert code_of(lambda: act(state, action, NOW)) == "order_titulaire"
    else:
        assert act(state, action, NOW).signatory == action.signatory


def test_structure_may_not_change_into_one_that_the_box_excludes() -> None:
    cabinet = STRUCTURE.model_copy(update={"type": StructureIdType.RPPS_RANG, "number": "99700367909006"})
    titulaire = actions.SignatoryNamed(signatory=SIGNATORY.model_copy(update={"box": SignatoryBox.TITULAIRE}))
    state = doing(begin(INSI, Environment.TEST), actions.StructureNamed(structure=cabinet), titulaire)
    assert code_of(lambda: act(state, actions.StructureNamed(structure=STRUCTURE), NOW)) == "order_titulaire"


@pytest.mark.req("S003-08")
def test_form_is_filled_in_and_its_boxes_named() -> None:
    fields = {(one.part, one.label): one.value for one in form_fields(at_action(actions.FormSent))}
    assert fields[("3.1", "Identifiant (FINESS géographique)")] == "0B0152872"
    assert fields[("3.2", "Case à cocher")] == "Responsable légal"
    assert fields[("3.2", "Adresse de messagerie (générique de préférence)")] == "contact@cabinet.exemple.fr"
    assert fields[("4.3", "Case à cocher")] == "ORG (Personne morale) usage AUTH_CLI, SIGN, CONF"
    assert [one.part for one in form_fields(begin(INSI, Environment.TEST))] == ["4.3"]


@pytest.mark.req("S003-11")
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        (date(2026, 11, 16), date(2026, 11, 19)),
        (date(2026, 11, 19), date(2026, 11, 24)),
        (date(2026, 11, 21), date(2026, 11, 25)),
        (date(2026, 11, 9), date(2026, 11, 13)),
        (date(2026, 12, 24), date(2026, 12, 30)),
        (date(2027, 3, 26), date(2027, 4, 1)),
    ],
    ids=["Monday", "Thursday", "Saturday", "over 11 November", "over Christmas", "over Easter"],
)
def test_habilitation_is_expected_after_three_working_days(sent: date, expected: date) -> None:
    state = at_action(actions.Acknowledged).model_copy(update={"sent_on": sent})
    assert expected_on(state) == expected
    assert not advise(state, expected).late
    assert advise(state, expected + timedelta(days=1)).late


@pytest.mark.parametrize(
    ("year", "moving"),
    [
        (2024, {date(2024, 4, 1), date(2024, 5, 9), date(2024, 5, 20)}),
        (2026, {date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25)}),
        (2038, {date(2038, 4, 26), date(2038, 6, 3), date(2038, 6, 14)}),
    ],
)
def test_moving_holidays_follow_easter(year: int, moving: set[date]) -> None:
    assert moving <= holidays(year)
    assert len(holidays(year)) == 11
    assert not any(is_working_day(day) for day in moving)


def test_no_working_day_is_the_day_itself() -> None:
    assert after_working_days(date(2026, 11, 16), 0) == date(2026, 11, 16)


def test_form_that_comes_back_is_mended_and_sent_again() -> None:
    state = doing(at_action(actions.Granted), actions.FormRefused())
    assert (state.sent_on, state.case_number, state.refusals) == (None, None, 1)
    assert current_step(doing(state, actions.FormSent(on=TODAY))) is Step.SUBMISSION


@pytest.mark.req("S003-13", "S003-14", "S003-15")
@pytest.mark.parametrize(
    ("service", "name", "code"),
    [
        (Service.INSI_AUTO, "INSI-AUTO", None), (Service.INSI_MANU, "INSI-MANU", None),
        (Service.INSI_AUTO, "INSI-MANU", "insi_name_other"), (Service.INSI_AUTO, "insi-auto", "insi_name_case"),
        (Service.INSI_AUTO, "INSI\u2011AUTO", "insi_name_hyphen"), (Service.INSI_AUTO, "INSI AUTO", "insi_name_space"),
        (Service.INSI_AUTO, "SAMU 75", "insi_name"),
        (Service.DMP, "Proxy DMP CHU Nantes", None), (Service.OTHER, "SAMU 75", None),
        (Service.DMP, "", "order_name"), (Service.DMP, " x", "order_name"), (Service.DMP, "x" * 65, "order_name"),
        (Service.DMP, "a\nb", "order_name"), (Service.DMP, "INSI-AUTO", "order_name"),
        (Service.DMP, "insi auto", "order_name"),
    ],
)  # fmt: skip
def test_names_are_exact_for_insi_and_free_elsewhere(service: Service, name: str, code: str | None) -> None:
    if code is None:
        refuse_name(service, name)
        assert names_offered(service) in {(name,), ()}
    else:
        assert code_of(lambda: refuse_name(service, name)) == code


@pytest.mark.req("S003-13")
def test_only_the_prescribed_name_is_offered_for_insi() -> None:
    assert advise(at_action(actions.ProductRequested), TODAY).names == ("INSI-AUTO",)


@pytest.mark.req("S003-09", "S003-10")
@pytest.mark.parametrize(
    ("box", "usage", "service", "code"),
    [
        (Box.ORG, Usage.SIGN, Service.DMP, None), (Box.SERVER_DOMAIN, Usage.SSL_SERV, Service.OTHER, None),
        (Box.SERVER_NAME, Usage.SSL_SERV, Service.MSSANTE, None), (Box.SERVER_MAIL, Usage.SMIME, Service.MSSANTE, None),
        (Box.PRO, Usage.AUTH_CLI, Service.OTHER, None),
        (Box.PRO, Usage.AUTH_CLI, Service.INSI_AUTO, "order_box"),
        (Box.SERVER_NAME, Usage.SSL_SERV, Service.DMP, "order_box"),
        (Box.ORG, Usage.SSL_SERV, Service.OTHER, "order_usage"),
        (Box.ORG, Usage.SIGN, Service.INSI_MANU, "order_insi_usage"),
    ],
)  # fmt: skip
def test_product_exists_and_suits_its_service(box: Box, usage: Usage, service: Service, code: str | None) -> None:
    product = Product(box=box, usage=usage, service=service, use="x")
    if code is None:
        refuse_impossible(product)
        assert begin(product, Environment.TEST).product == product
    else:
        assert code_of(lambda: begin(product, Environment.TEST)) == code


@pytest.mark.req("S003-16")
@pytest.mark.parametrize("mail", [None, "", "informatique", "a@b", "a b@c.fr", "a@c.fr,d@e.fr", "a@c.fr\n"], ids=repr)
def test_actors_mail_is_typed_each_time(mail: str | None) -> None:
    given = {**asked().model_dump(mode="json"), "actor_mail": mail}
    if mail is None:
        del given["actor_mail"]
    assert code_of(lambda: read_action(given)) == "order_action"


@pytest.mark.req("S003-16")
def test_nothing_prefills_the_actors_mail_and_the_second_one_is_optional() -> None:
    advice = advise(at_action(actions.ProductRequested), TODAY)
    assert "@cabinet" not in advice.model_dump_json()
    state = doing(at_action(actions.ProductRequested), asked(informed_mail="direction@cabinet.exemple.fr"))
    assert state.request is not None
    assert state.request.informed_mail == "direction@cabinet.exemple.fr"


@pytest.mark.parametrize(
    ("action", "code"),
    [
        (asked(CsrCase.UPLOAD, public_key=None), "order_csr"),
        (asked(CsrCase.PLATFORM, public_key="A" * 64), "order_csr"),
        (asked(name="insi-auto"), "insi_name_case"),
    ],
    ids=["case 1 without key", "case 2 with a key", "name"],
)
def test_request_that_contradicts_itself_is_refused(action: Action, code: str) -> None:
    assert code_of(lambda: act(at_action(actions.ProductRequested), action, NOW)) == code


@pytest.mark.parametrize(
    ("csr", "changes", "code"),
    [
        (CsrCase.UPLOAD, {"terms_accepted": False}, "order_terms"),
        (CsrCase.UPLOAD, {"password": "sealed:x"}, "order_password"),
        (CsrCase.PLATFORM, {"password": None}, "order_password"),
        (CsrCase.UPLOAD, {"on": TODAY + DAY}, "order_date"),
    ],
    ids=["terms", "password in case 1", "no password in case 2", "future"],
)
def test_withdrawal_that_is_not_whole_is_refused(csr: CsrCase, changes: dict[str, Any], code: str) -> None:
    state = at_action(actions.Withdrawn, csr)
    assert code_of(lambda: act(state, taken(csr, **changes), NOW)) == code


@pytest.mark.req("CERT-11")
@pytest.mark.parametrize("secret", ["1234", "sealed:", "sealed:a b", "sealed:" + "x" * 81, ""])
def test_revocation_code_and_password_are_references_only(secret: str) -> None:
    for field in ("revocation_code", "password"):
        given = {**taken().model_dump(mode="json"), field: secret}
        assert refused_action(given) == "order_action"


def test_wrong_action_is_told_by_its_fields_and_never_by_their_content() -> None:
    with pytest.raises(InputError) as refusal:
        read_action({"kind": "product_requested", "name": "secret de test", "csr": "secret de test", "surplus": 1})
    assert "secret" not in str(refusal.value)
    assert "actor_mail:missing" in str(refusal.value)
    assert code_of(lambda: read_action({"kind": "inconnu"})) == "order_action"


ANSWERS: dict[str, tuple[dict[str, Any], str]] = {
    "another key": ({"key_name": "SIGN"}, "answer_key"),
    "another name": ({"subject": org_name("INSI-MANU")}, "answer_name"),
    "another structure": ({"subject": org_name(unit="1750712184")}, "answer_structure"),
    "no structure": ({"subject": org_name(unit=None)}, "answer_structure"),
    "another usage": ({"kind": "SIGN"}, "answer_usage"),
    "ended": ({"begin": NOW - LIFE, "end": NOW - DAY}, "answer_time"),
    "not begun": ({"begin": NOW + DAY}, "answer_time"),
}


@pytest.mark.req("CERT-14")
@pytest.mark.parametrize("case", list(ANSWERS))
def test_certificate_that_does_not_fit_key_and_order_is_not_installed(case: str) -> None:
    changes, code = ANSWERS[case]
    state = at_action(actions.AnswerReceived)
    answer = actions.AnswerReceived(certificate=leaf(**changes).der)
    assert code_of(lambda: act(state, answer, NOW)) == code
    assert code_of(lambda: act(state, actions.Installed(), NOW)) == "order_no_answer"


@pytest.mark.parametrize(
    ("issuer", "code"),
    [("production", "answer_tree"), ("persons", "answer_issuer"), ("impostor", "answer_issuer")],
)
def test_certificate_of_another_authority_is_not_installed(issuer: str, code: str) -> None:
    made = make_leaf(getattr(pki(), issuer), subject=org_name())
    state = at_action(actions.AnswerReceived)
    assert code_of(lambda: act(state, actions.AnswerReceived(certificate=made.der), NOW)) == code


def test_broken_certificate_is_not_installed() -> None:
    state = at_action(actions.AnswerReceived)
    assert code_of(lambda: act(state, actions.AnswerReceived(certificate=leaf().der[:-9]), NOW)) == "truncated"


@pytest.mark.parametrize("reason", ["password_lost", "key_lost", "wrong_request"])
@pytest.mark.parametrize("stage", [actions.Withdrawn, actions.AnswerReceived, actions.Installed])
def test_lost_password_starts_the_request_again_with_another_key(stage: type[Action], reason: Any) -> None:
    state = doing(at_action(stage), actions.StartedOver(reason=reason))
    assert (state.request, state.withdrawal, state.answer) == (None, None, None)
    assert current_step(state) is Step.REQUEST
    assert code_of(lambda: act(state, asked(), NOW)) == "order_key_used"
    assert current_step(doing(state, asked(key_name="SIGN"))) is Step.WITHDRAWAL


def test_key_of_the_platform_that_was_given_up_does_not_come_back() -> None:
    state = doing(
        at_action(actions.Installed, CsrCase.PLATFORM),
        actions.StartedOver(reason="password_lost"),
        asked(CsrCase.PLATFORM),
        taken(CsrCase.PLATFORM),
    )
    assert code_of(lambda: act(state, actions.AnswerReceived(certificate=leaf().der), NOW)) == "order_key_used"


REFUSED: list[tuple[type[Action], Action, str]] = [
    (actions.ContractSigned, actions.Acknowledged(case_number="1"), "order_not_sent"),
    (actions.ContractSigned, actions.FormSent(on=TODAY), "order_incomplete"),
    (actions.ContractSigned, actions.SignatoryNamed(signatory=SIGNATORY), "order_structure_first"),
    (actions.ContractSigned, actions.ContractSigned(on=TODAY + DAY), "order_date"),
    (actions.Acknowledged, actions.Granted(on=TODAY), "order_no_case"),
    (actions.Acknowledged, actions.ContractSigned(on=TODAY), "order_sent"),
    (actions.Granted, actions.Granted(on=TODAY - timedelta(days=11)), "order_date"),
    (actions.Granted, actions.PlatformEntered(means=PlatformMeans.CPX), "order_not_granted"),
    (actions.PlatformEntered, actions.FormRefused(), "order_granted"),
    (actions.PlatformEntered, asked(), "order_platform"),
    (actions.PlatformEntered, actions.AdministratorChangeDone(), "order_no_change"),
    (actions.ProductRequested, taken(), "order_not_requested"),
    (actions.ProductRequested, actions.StartedOver(reason="key_lost"), "order_not_requested"),
    (actions.Withdrawn, asked(key_name="SIGN"), "order_requested"),
    (actions.Withdrawn, actions.AnswerReceived(certificate=b""), "order_not_withdrawn"),
    (actions.AnswerReceived, taken(on=TODAY - DAY), "order_withdrawn"),
    (actions.Installed, actions.AnswerReceived(certificate=b"x"), "order_answered"),
    (actions.Installed, actions.Confirmed(), "order_not_installed"),
    (actions.Confirmed, actions.StartedOver(reason="key_lost"), "order_installed"),
    (actions.Confirmed, actions.RolledBack(), "order_no_former"),
    (actions.FormSent, actions.AdministratorChangeSent(new=ADMINISTRATOR, on=TODAY), "order_not_granted"),
]


@pytest.mark.parametrize(("stage", "action", "code"), REFUSED, ids=[f"{a.kind}-{c}" for _, a, c in REFUSED])
def test_action_that_is_not_for_the_step_is_refused(stage: type[Action], action: Action, code: str) -> None:
    state = at_action(stage)
    assert code_of(lambda: act(state, action, NOW)) == code


def test_confirmed_order_takes_nothing_more() -> None:
    assert set(possible(finished())) == {"administrator_change_sent"}
    assert code_of(lambda: act(finished(), actions.RolledBack(), NOW)) == "order_confirmed"


@pytest.mark.parametrize("csr", list(CsrCase))
def test_every_action_done_again_at_once_changes_nothing(csr: CsrCase) -> None:
    state = begin(INSI, Environment.TEST)
    for action in whole(csr):
        state = act(state, action, NOW)
        assert act(state, action, NOW) == state


def test_every_action_is_read_from_its_json() -> None:
    for action in whole():
        assert read_action(action.model_dump_json()) == action


@pytest.mark.req("S003-23")
def test_administrator_is_changed_by_f503_and_nothing_is_ordered_meanwhile() -> None:
    other = ADMINISTRATOR.model_copy(update={"name": "OLIVIER INFIRMCS"})
    state = doing(at_action(actions.ProductRequested), actions.AdministratorChangeSent(new=other, on=TODAY))
    assert lacks(state, Step.PLATFORM) == ("administrator_change",)
    assert code_of(lambda: act(state, asked(), NOW)) == "order_change_pending"
    done = doing(state, actions.AdministratorChangeDone())
    assert (done.administrator, done.platform, current_step(done)) == (other, None, Step.PLATFORM)


def former(days: int = 20) -> Renewed:
    return Renewed(fingerprint="F" * 64, public_key=public_key(), not_after=NOW + timedelta(days=days))


@pytest.mark.req("S003-22")
def test_renewal_keeps_the_habilitation_and_never_the_key() -> None:
    state = begin_renewal(finished(), former())
    assert (current_step(state), state.case_number, state.request) == (Step.PLATFORM, "2026-004217", None)
    state = doing(state, actions.PlatformEntered(means=PlatformMeans.ECPS))
    assert code_of(lambda: act(state, asked(), NOW)) == "order_key_used"
    assert current_step(doing(state, asked(key_name="SIGN"))) is Step.WITHDRAWAL


def renewed(days: int = 20) -> OrderState:
    return doing(
        begin_renewal(finished(), former(days)),
        actions.PlatformEntered(means=PlatformMeans.CPX),
        asked(key_name="SIGN"),
        taken(),
        actions.AnswerReceived(certificate=leaf("SIGN").der),
        actions.Installed(),
    )


@pytest.mark.req("S003-22")
def test_renewal_may_be_taken_back_as_long_as_the_former_certificate_holds() -> None:
    back = doing(renewed(), actions.RolledBack())
    assert (back.installed_at, back.rolled_back_at, current_step(back)) == (None, NOW, Step.WITHDRAWAL)
    assert act(back, actions.RolledBack(), NOW) == back
    assert current_step(doing(back, actions.Installed(), actions.Confirmed())) is None
    assert code_of(lambda: act(renewed(-1), actions.RolledBack(), NOW)) == "order_former_ended"


def test_nothing_is_renewed_without_a_habilitation() -> None:
    assert code_of(lambda: begin_renewal(at_action(actions.Granted), former())) == "order_not_granted"


@pytest.mark.req("R25", "S003-09")
def test_spsti_orders_everything_under_one_form_and_without_a_card_for_calls() -> None:
    assert PRESETS["spsti"] is SPSTI
    assert {product.box for product in SPSTI.products} == {Box.ORG}
    assert {(product.service, product.usage) for product in SPSTI.products} == {
        (Service.INSI_AUTO, Usage.AUTH_CLI), (Service.DMP, Usage.AUTH_CLI), (Service.DMP, Usage.SIGN),
    }  # fmt: skip
    assert len({product.use for product in SPSTI.products}) == 3
    for product in SPSTI.products:
        assert current_step(begin(product, Environment.TEST)) is Step.CONTRACT


@pytest.mark.parametrize("kind", [kind for kind, _, _ in STEPS], ids=lambda kind: str(kind.__name__))
def test_order_is_resumed_where_it_was_left(kind: type[Action]) -> None:
    state = at_action(kind)
    assert resume(save(state)) == state


@pytest.mark.parametrize(
    ("saved", "code"),
    [
        ("", "order_unreadable"), ("{}", "order_unreadable"), ("[]", "order_unreadable"),
        (save(finished())[:-1], "order_unreadable"),
        (save(finished()).replace('"version":1', '"version":2'), "order_version"),
        (save(finished()).replace('"refusals":0', '"refusals":0,"surplus":1'), "order_unreadable"),
        (" " * 70_000, "order_unreadable"),
    ],
    ids=["empty", "nothing in it", "list", "cut", "version", "unknown field", "huge"],
)  # fmt: skip
def test_saved_order_that_is_none_is_refused(saved: str, code: str) -> None:
    assert code_of(lambda: resume(saved)) == code


@pytest.mark.req("CERT-11")
def test_saved_order_holds_no_secret_and_no_certificate() -> None:
    saved = save(finished(CsrCase.PLATFORM))
    assert "sealed:revocation-1" in saved
    assert "PRIVATE" not in saved
    assert "BEGIN" not in saved
