"""The ordering assistant as a state machine: its steps, what is for none of them, what is written down."""

from datetime import date, timedelta

import pytest

from plugins.certificates.tests.made_orders import (
    ADMINISTRATOR,
    INSI,
    SIGNATORY,
    TODAY,
    asked,
    at_action,
    finished,
    taken,
    whole,
)
from plugins.certificates.tests.made_pki import DAY, NOW
from plugins.certificates.tests.refusals import code_of
from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.actions import Action, read_action
from segur_plugin_certificates.ordering.guide import advise
from segur_plugin_certificates.ordering.machine import act, begin, possible
from segur_plugin_certificates.ordering.state import CsrCase, PlatformMeans, resume, save
from segur_plugin_certificates.ordering.steps import Step, current_step
from segur_sdk.errors import InputError
from segur_sdk.models.actor import Environment

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


def test_wrong_action_is_told_by_its_fields_and_never_by_their_content() -> None:
    with pytest.raises(InputError) as refusal:
        read_action({"kind": "product_requested", "name": "secret de test", "csr": "secret de test", "surplus": 1})
    assert "secret" not in str(refusal.value)
    assert "actor_mail:missing" in str(refusal.value)
    assert code_of(lambda: read_action({"kind": "inconnu"})) == "order_kind"


def test_wrong_field_of_a_person_is_told_by_its_name() -> None:
    person = {"name": "CAROLE PHARMACH", "mail": "secret", "box": "secret", "secret": 1}
    with pytest.raises(InputError) as refusal:
        read_action({"kind": "signatory_named", "signatory": person})
    assert refusal.value.facts["fields"] == "box:enum, mail:string_pattern_mismatch"


REFUSED: list[tuple[type[Action], Action, str]] = [
    (actions.ContractSigned, actions.Acknowledged(case_number="1"), "order_not_sent"),
    (actions.ContractSigned, actions.FormSent(on=TODAY), "order_incomplete"),
    (actions.ContractSigned, actions.SignatoryNamed(signatory=SIGNATORY), "order_structure_first"),
    (actions.ContractSigned, actions.ContractSigned(on=TODAY + DAY), "order_date"),
    (actions.Acknowledged, actions.Granted(on=TODAY), "order_no_case"),
    (actions.Acknowledged, actions.ContractSigned(on=TODAY), "order_sent"),
    (actions.Granted, actions.Granted(on=TODAY - timedelta(days=11)), "order_date"),
    (actions.FormSent, actions.FormSent(on=date(2021, 5, 2)), "order_date"),
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
