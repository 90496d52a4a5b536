"""Steps 8 to 11: request, withdrawal, the certificate that came, starting over, and renewals."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from plugins.certificates.tests.made_orders import (
    TODAY,
    asked,
    at_action,
    doing,
    finished,
    leaf,
    public_key,
    taken,
)
from plugins.certificates.tests.made_pki import DAY, LIFE, NOW, make_leaf, org_name, pki
from plugins.certificates.tests.refusals import code_of
from segur_plugin_certificates.ordering import actions
from segur_plugin_certificates.ordering.actions import Action, read_action
from segur_plugin_certificates.ordering.guide import advise
from segur_plugin_certificates.ordering.machine import act, begin_renewal
from segur_plugin_certificates.ordering.state import CsrCase, OrderState, PlatformMeans, Renewed
from segur_plugin_certificates.ordering.steps import Step, current_step


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
        (CsrCase.UPLOAD, {"on": TODAY - 6 * DAY}, "order_date"),
    ],
    ids=["terms", "password in case 1", "no password in case 2", "future", "before the habilitation"],
)
def test_withdrawal_that_is_not_whole_is_refused(csr: CsrCase, changes: dict[str, Any], code: str) -> None:
    state = at_action(actions.Withdrawn, csr)
    assert code_of(lambda: act(state, taken(csr, **changes), NOW)) == code


@pytest.mark.req("CERT-11")
@pytest.mark.parametrize("secret", ["1234", "sealed:", "sealed:a b", "sealed:" + "x" * 81, ""])
def test_revocation_code_and_password_are_references_only(secret: str) -> None:
    for field in ("revocation_code", "password"):
        given = {**taken().model_dump(mode="json"), field: secret}
        assert code_of(partial(read_action, given)) == "order_action"


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


@pytest.mark.req("S003-25")
def test_renewal_takes_no_key_of_before_even_one_that_another_replaced() -> None:
    elsewhere = Renewed(fingerprint="F" * 64, public_key="A" * 64, not_after=NOW + DAY)
    begun = doing(begin_renewal(finished(), elsewhere), actions.PlatformEntered(means=PlatformMeans.CPX))
    assert code_of(lambda: act(begun, asked(), NOW)) == "order_key_used"
    assert act(begun, asked(key_name="SIGN"), NOW).request is not None


@pytest.mark.req("S003-17")
def test_withdrawal_told_again_without_the_terms_is_another_one() -> None:
    state = doing(at_action(actions.Withdrawn), taken())
    assert act(state, taken(), NOW) == state
    assert code_of(lambda: act(state, taken(terms_accepted=False), NOW)) == "order_withdrawn"
