"""The outbox: what is let in is sent once, or the user knows why not."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from segur_host import Host
from segur_host.outbox.intents import IntentState
from segur_host.outbox.outbox import Receipt
from segur_host.outbox.outcomes import LONGEST_PAUSE
from segur_sdk.errors import CardError, ConfigError, InputError, PluginError, SegurError, ServiceError
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.decision import Verdict
from segur_sdk.models.identity import IdentityAttribute
from segur_sdk.senders import Found, SendAttempt

Draft = Callable[..., DmpDraft]
Qualified = Callable[[Host], SealedIdentity]
Raising = Callable[[SegurError], Callable[[SendAttempt], None]]
INFORMED = {"informed_by_team": True}


def test_outbox_a_receipt_is_given_for_what_is_kept(queued: Callable[..., Any], service: Any) -> None:
    host, _, intent = queued()
    assert intent.state is IntentState.QUEUED
    assert not service.receptions
    host.outbox.run()
    sent = host.outbox.show(intent.id)
    assert (sent.state, sent.attempts, sent.reasons) == (IntentState.SENT, 1, ())
    assert sent.sent is not None
    assert sent.sent.references == {"document": "1.2.1"}
    assert service.receptions == ["1.2.1"]
    host.outbox.run()
    assert service.receptions == ["1.2.1"]
    assert not list(host.unsent())


def test_outbox_the_same_key_gives_the_same_receipt(
    sending_host: Callable[..., Host], qualified: Qualified, draft_of: Draft, service: Any
) -> None:
    host = sending_host(consents=INFORMED)
    identity = qualified(host)
    receipts = [host.send(draft_of(identity), idempotency_key="vente-1") for _ in range(3)]
    host.outbox.run()
    receipts.append(host.send(draft_of(identity), idempotency_key="vente-1"))
    assert len({receipt.intent.id for receipt in receipts if receipt.intent}) == 1
    other = host.send(draft_of(identity), idempotency_key="vente-2")
    assert other.intent is not None
    host.outbox.run()
    assert len(service.receptions) == 2


# what the attempt raises, whether it took effect before: where it goes, and how often it arrived when all is well again
FAILURES: dict[str, tuple[SegurError, bool, IntentState, int]] = {
    "unreachable": (ServiceError("service.unreachable", retryable=True), False, IntentState.WAITING, 2),
    "their_certificate": (ServiceError("service.server_certificate"), False, IntentState.WAITING, 2),
    "our_certificate": (ServiceError("service.client_certificate_refused"), False, IntentState.WAITING, 2),
    "busy": (ServiceError("sender.busy", retryable=True), False, IntentState.WAITING, 2),
    "refused": (ServiceError("sender.patient_unknown"), False, IntentState.REJECTED, 1),
    "key_expired": (ConfigError("config.certificate_expired"), False, IntentState.WAITING, 2),
    "card_out": (CardError("card.removed"), False, IntentState.WAITING, 2),
    "lost_after": (ServiceError("service.answer_lost", maybe_processed=True), True, IntentState.IN_DOUBT, 1),
    "lost_before": (ServiceError("service.timed_out", maybe_processed=True), False, IntentState.IN_DOUBT, 2),
    "answer_unreadable": (InputError("input.xml_refused", reason="malformed"), True, IntentState.IN_DOUBT, 1),
    "plugin_breaks_off": (PluginError("plugin.failed"), True, IntentState.IN_DOUBT, 1),
}


@pytest.mark.req("SC.DMP/ALI/PROG.06", "SC.DMP/ALI/PROG.07")
@pytest.mark.parametrize(("failure", "took", "state", "arrivals"), FAILURES.values(), ids=FAILURES)
def test_outbox_a_failure_puts_off_and_nothing_is_lost_or_doubled(
    failure: SegurError,
    took: bool,
    state: IntentState,
    arrivals: int,
    queued: Callable[..., Any],
    service: Any,
    raising: Raising,
    later: Callable[[timedelta], None],
) -> None:
    host, _, intent = queued()
    if took:
        service.after = raising(failure)
    else:
        service.before = raising(failure)
    host.outbox.run()
    found = host.outbox.show(intent.id)
    assert (found.state, [one.code for one in found.reasons]) == (state, [failure.code])
    assert (found.next_attempt is None) is (state is IntentState.REJECTED)
    host.outbox.run()
    assert len(service.receptions) == 1
    service.before = service.after = None
    later(LONGEST_PAUSE)
    host.outbox.run()
    ended = host.outbox.show(intent.id).state
    assert ended is (IntentState.REJECTED if state is IntentState.REJECTED else IntentState.SENT)
    assert len(service.receptions) == arrivals
    assert len(service.taken) == (ended is IntentState.SENT)


@pytest.mark.parametrize(
    ("deduplicates", "known", "state", "arrivals"),
    [
        pytest.param(True, Found.UNKNOWN, IntentState.SENT, 2, id="resent_with_the_same_id"),
        pytest.param(False, Found.UNKNOWN, IntentState.HELD, 1, id="a_person_decides"),
        pytest.param(False, Found.DONE, IntentState.SENT, 1, id="done"),
        pytest.param(False, Found.NOT_DONE, IntentState.SENT, 2, id="not_done"),
    ],
)
def test_outbox_doubt_is_found_out_or_shown(
    deduplicates: bool,
    known: Found,
    state: IntentState,
    arrivals: int,
    queued: Callable[..., Any],
    service: Any,
    raising: Raising,
    later: Callable[[timedelta], None],
) -> None:
    service.deduplicates = deduplicates
    host, identity, intent = queued()
    service.after = raising(ServiceError("service.answer_lost", maybe_processed=True))
    host.outbox.run()
    service.after, service.knows = None, lambda _: known
    later(LONGEST_PAUSE)
    host.outbox.run()
    assert host.outbox.show(intent.id).state is state
    assert len(service.receptions) == arrivals
    assert len(set(service.receptions)) == 1
    host.oppose(identity.identity_ref)
    host.lift_opposition(identity.identity_ref)
    host.outbox.run()
    assert len(service.receptions) == arrivals


@pytest.mark.req("PD-04")
@pytest.mark.parametrize(
    ("change", "code", "undo"),
    [
        pytest.param(
            lambda host, ref: host.oppose(ref),
            "gate.patient_opposed",
            lambda host, ref: host.lift_opposition(ref),
            id="opposition",
        ),
        pytest.param(
            lambda host, ref: host.mark(ref, IdentityAttribute.DOUTEUX),
            "gate.identity_doubtful",
            None,
            id="doubt",
        ),
        pytest.param(
            lambda host, ref: host.correct(
                ref, host.identity(ref).traits.model_copy(update={"lieu_naissance": "99100"}), as_super_user=True
            ),
            "gate.identity_not_qualified",
            None,
            id="trait_changed",
        ),
    ],
)
def test_outbox_what_changed_between_queueing_and_sending_holds(
    change: Callable[[Host, str], Any],
    code: str,
    undo: Callable[[Host, str], Any] | None,
    queued: Callable[..., Any],
    service: Any,
) -> None:
    host, identity, intent = queued()
    change(host, identity.identity_ref)
    host.outbox.run()
    held = host.outbox.show(intent.id)
    assert held.state is IntentState.HELD
    assert code in [one.code for one in held.reasons]
    assert not service.receptions
    if undo is not None:
        undo(host, identity.identity_ref)
        host.outbox.run()
        assert host.outbox.show(intent.id).state is IntentState.SENT


@pytest.mark.req("SC.DMP/ALI/PROG.03", "SC.RGPD.02")
def test_outbox_the_user_holds_one_document_and_not_the_next(
    sending_host: Callable[..., Host], qualified: Qualified, draft_of: Draft, service: Any
) -> None:
    host = sending_host(consents=INFORMED)
    identity = qualified(host)
    held = host.send(draft_of(identity), hold=True)
    host.close()
    host = sending_host(consents=INFORMED)
    sent = host.send(draft_of(host.identity(identity.identity_ref)))
    host.mark(identity.identity_ref, IdentityAttribute.HOMONYME)
    host.outbox.run()
    assert held.intent is not None
    assert sent.intent is not None
    assert host.outbox.show(sent.intent.id).state is IntentState.SENT
    assert host.outbox.show(held.intent.id).state is IntentState.HELD
    host.retry(held.intent.id)
    host.outbox.run()
    assert host.outbox.show(held.intent.id).state is IntentState.SENT


def test_outbox_an_identity_that_changed_after_an_attempt_waits_for_a_person(
    queued: Callable[..., Any],
    service: Any,
    raising: Raising,
    later: Callable[[timedelta], None],
    evidence: Any,
    source: Any,
) -> None:
    host, identity, intent = queued()
    service.before = raising(ServiceError("service.unreachable", retryable=True))
    host.outbox.run()
    service.before = None
    ref = identity.identity_ref
    host.invalidate_ins(ref)
    source[0]["answer"] = evidence(identity.traits, matricule="180032B02040220")
    host.qualify(ref)
    later(LONGEST_PAUSE)
    host.outbox.run()
    held = host.outbox.show(intent.id)
    assert [one.code for one in held.reasons] == ["outbox.identity_changed"]
    host.retry(intent.id)
    host.outbox.run()
    assert host.outbox.show(intent.id).state is IntentState.SENT
    assert list(service.taken) == ["1.2.2"]


def test_outbox_an_identity_that_changed_before_any_attempt_gets_a_new_document(
    queued: Callable[..., Any], service: Any, evidence: Any, source: Any
) -> None:
    host, identity, intent = queued()
    host.invalidate_ins(identity.identity_ref)
    source[0]["answer"] = evidence(identity.traits, matricule="180032B02040220")
    host.qualify(identity.identity_ref)
    host.outbox.run()
    assert host.outbox.show(intent.id).state is IntentState.SENT
    assert list(service.taken) == ["1.2.2"]


def test_outbox_taken_back_is_not_sent(queued: Callable[..., Any], service: Any) -> None:
    host, _, intent = queued()
    assert host.cancel(intent.id).state is IntentState.CANCELLED
    host.outbox.run()
    assert not service.receptions
    for again in (host.cancel, host.retry):
        with pytest.raises(InputError, match=r"outbox\.settled"):
            again(intent.id)
    with pytest.raises(InputError, match=r"outbox\.unknown"):
        host.retry("nobody")


def test_outbox_what_may_have_been_sent_is_not_taken_back(
    queued: Callable[..., Any], service: Any, raising: Raising
) -> None:
    host, _, intent = queued()
    service.after = raising(ServiceError("service.answer_lost", maybe_processed=True))
    host.outbox.run()
    with pytest.raises(InputError, match=r"outbox\.busy"):
        host.cancel(intent.id)


def test_outbox_what_cannot_be_built_is_not_let_in(
    sending_host: Callable[..., Host], qualified: Qualified, draft_of: Draft, service: Any
) -> None:
    host = sending_host(consents=INFORMED)
    identity = qualified(host)
    service.needs = "no needs"
    with pytest.raises(PluginError, match=r"plugin\.failed"):
        host.send(draft_of(identity))
    assert not list(host.unsent(*IntentState))


def test_outbox_a_dry_run_keeps_and_sends_nothing(
    sending_host: Callable[..., Host], qualified: Qualified, draft_of: Draft, service: Any
) -> None:
    host = sending_host(consents=INFORMED)
    identity = qualified(host)
    rehearsed = host.rehearse(draft_of(identity))
    assert rehearsed.decision.verdict is Verdict.ALLOW
    assert [part.name for part in rehearsed.parts] == ["document.xml", "message.mime"]
    blocked = host.rehearse(draft_of(identity, validation=None))
    assert (blocked.decision.verdict, blocked.parts) == (Verdict.BLOCK, ())
    host.outbox.run()
    assert not list(host.unsent(*IntentState))
    assert not service.receptions


def test_outbox_a_draft_crosses_as_json_by_its_reference(
    sending_host: Callable[..., Host], qualified: Qualified, draft_of: Draft, service: Any
) -> None:
    host = sending_host(consents=INFORMED)
    text = draft_of(qualified(host)).model_dump_json()
    assert "CORSE" not in text
    assert host.send(text).verdict is Verdict.ALLOW
    host.outbox.run()
    assert list(service.taken.values()) == [b"CORSE"]


def test_outbox_sends_in_the_background_and_wakes_for_what_comes(
    sending_host: Callable[..., Host], qualified: Qualified, draft_of: Draft, service: Any
) -> None:
    host = sending_host(consents=INFORMED)
    identity = qualified(host)
    host.outbox.start()
    receipts: list[Receipt] = [host.send(draft_of(identity, document_ref=f"d{number}")) for number in range(3)]
    for receipt in receipts:
        assert receipt.intent is not None
        _await_sent(host, receipt.intent.id)
    assert len(service.taken) == 3


def _await_sent(host: Host, intent_id: str) -> None:
    pause = threading.Event()
    for _ in range(2000):
        if host.outbox.show(intent_id).state is IntentState.SENT:
            return
        pause.wait(0.01)
    raise AssertionError("it never came")
