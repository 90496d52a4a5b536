"""Steps 1 to 7: what the form F413 needs, who signs, when the habilitation is due; what may be ordered."""

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
    doing,
)
from plugins.certificates.tests.made_pki import DAY, NOW
from plugins.certificates.tests.refusals import code_of
from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.guide import advise, expected_on, form_fields
from segur_plugin_certificates.ordering.machine import act, begin
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
from segur_plugin_certificates.ordering.steps import Step, current_step, lacks
from segur_plugin_certificates.ordering.working_days import after_working_days, holidays, is_working_day
from segur_plugin_certificates.usages import Usage
from segur_sdk.identifiers.structure_id import StructureIdType
from segur_sdk.models.actor import Environment


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


@pytest.mark.req("S003-11")
def test_wrong_date_of_sending_is_mended_until_the_answer() -> None:
    wrong = doing(at_action(actions.Acknowledged), actions.Acknowledged(case_number="F413-1"))
    mended = doing(wrong, actions.FormSent(on=TODAY - 3 * DAY))
    assert (mended.sent_on, mended.case_number) == (TODAY - 3 * DAY, "F413-1")
    assert expected_on(mended) != expected_on(wrong)
    answered = doing(mended, actions.Granted(on=TODAY))
    assert code_of(lambda: act(answered, actions.FormSent(on=TODAY), NOW)) == "order_sent"


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


@pytest.mark.req("S003-23")
def test_administrator_is_changed_by_f503_and_nothing_is_ordered_meanwhile() -> None:
    other = ADMINISTRATOR.model_copy(update={"name": "OLIVIER INFIRMCS"})
    state = doing(at_action(actions.ProductRequested), actions.AdministratorChangeSent(new=other, on=TODAY))
    assert lacks(state, Step.PLATFORM) == ("administrator_change",)
    assert code_of(lambda: act(state, asked(), NOW)) == "order_change_pending"
    done = doing(state, actions.AdministratorChangeDone())
    assert (done.administrator, done.platform, current_step(done)) == (other, None, Step.PLATFORM)


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


@pytest.mark.parametrize(("days", "code"), [(0, None), (-1, "order_date"), (11, "order_date")])
def test_habilitation_comes_from_the_day_of_its_form_to_today(days: int, code: str | None) -> None:
    state = at_action(actions.Granted)
    assert state.sent_on is not None
    granted = actions.Granted(on=state.sent_on + days * DAY)
    if code is None:
        assert act(state, granted, NOW).granted_on == state.sent_on
    else:
        assert code_of(lambda: act(state, granted, NOW)) == code
