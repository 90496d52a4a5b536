"""How the answers of several plugins become one."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from segur_host import Host
from segur_host.dispatch.outcome import HookResult
from segur_sdk.hooks.dmp_send import ConsentSnapshot, DmpDraft
from segur_sdk.hooks.prescription_scanned import ScannedCode, ScannedPrescription, ScanOrigin
from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent
from segur_sdk.models.decision import Decision, Verdict
from segur_sdk.models.identity import Sex, Traits

FIRST = """
from segur_sdk.hooks.prescription_scanned import ScannedPrescription
from segur_sdk.errors import ServiceError
"""
DECIDE = """
from segur_sdk.models.decision import Decision, Suggestion, Verdict
from segur_sdk.models.notice import Choice, Notice, Question
"""
HAVE = "return ScannedPrescription(number='{plugin}')"
NOT_MINE = "return None"
FAIL = "raise ServiceError('service.timed_out')"
WRONG = "return 3"

FIRSTS: dict[str, tuple[list[str], list[str], str | None]] = {
    "nobody": ([], [], None),
    "all_decline": ([NOT_MINE, NOT_MINE], ["declined", "declined"], None),
    "the_first_one_answers": ([HAVE, HAVE], ["ok"], "p0"),
    "declining_passes_on": ([NOT_MINE, HAVE, HAVE], ["declined", "ok"], "p1"),
    "an_error_stops": ([FAIL, HAVE], ["failed"], None),
    "an_error_after_declining_stops": ([NOT_MINE, FAIL, HAVE], ["declined", "failed"], None),
    "an_invalid_answer_stops": ([WRONG, HAVE], ["invalid_result"], None),
}


@pytest.mark.parametrize(("bodies", "statuses", "value"), FIRSTS.values(), ids=FIRSTS)
def test_first_the_first_value_wins_and_an_error_never_falls_through(
    bodies: list[str],
    statuses: list[str],
    value: str | None,
    install: Callable[..., str],
    open_host: Callable[..., Host],
) -> None:
    plugins = {
        f"p{place}": install(
            f"p{place}", hook="on_prescription_scanned", preamble=FIRST, body=body.format(plugin=f"p{place}")
        )
        for place, body in enumerate(bodies)
    }
    scanned = ScannedCode(symbology="qr", payload="x", origin=ScanOrigin.TYPED)
    result = open_host(plugins).call("on_prescription_scanned", scanned)
    assert [str(one.status) for one in result.outcomes] == statuses
    assert result.value == (ScannedPrescription(number=value) if value else None)


def test_collect_asks_everybody_and_keeps_what_was_given(
    install: Callable[..., str], open_host: Callable[..., Host], login: SessionLoginEvent
) -> None:
    bodies = {"aa": None, "bb": "raise ValueError", "cc": "return None", "dd": "return 3", "ee": None}
    host = open_host({plugin: install(plugin, body=body) for plugin, body in bodies.items()})
    result = host.call("on_session_login", login)
    assert [str(one.status) for one in result.outcomes] == ["ok", "failed", "declined", "invalid_result", "ok"]
    assert result.value == (SessionContribution(mailboxes=("aa",)), SessionContribution(mailboxes=("ee",)))
    assert result.all_well is False
    assert result.failure is not None
    assert result.failure.code == "plugin.failed"


ALLOW = "return Decision(verdict=Verdict.ALLOW)"
WARN = "return Decision(verdict=Verdict.WARN, reasons=(Notice(code='x.warn', text='w'),))"
HOLD = (
    "return Decision(verdict=Verdict.HOLD, reasons=(Notice(code='x.hold', text='h'),),"
    " question=Question(code='x.q', text='?', choices=(Choice(value='1', label='1'),)))"
)
BLOCK = (
    "return Decision(verdict=Verdict.BLOCK, reasons=(Notice(code='x.one', text='1'), Notice(code='x.two', text='2')),"
    " suggestions=(Suggestion(field='title', text='t'),))"
)
RAISE = "raise ValueError"

DECISIONS: dict[str, tuple[list[str], Verdict, list[str]]] = {
    "zero_deciders_block": ([], Verdict.BLOCK, ["gate.no_decider"]),
    "all_decline_is_zero_deciders": ([NOT_MINE, NOT_MINE], Verdict.BLOCK, ["gate.no_decider"]),
    "one_allows": ([ALLOW], Verdict.ALLOW, []),
    "declining_beside_one_that_allows": ([NOT_MINE, ALLOW], Verdict.ALLOW, []),
    "warn_over_allow": ([ALLOW, WARN, ALLOW], Verdict.WARN, ["x.warn"]),
    "hold_over_warn": ([HOLD, WARN], Verdict.HOLD, ["x.hold", "x.warn"]),
    "block_over_all_with_every_reason": (
        [WARN, BLOCK, HOLD, ALLOW],
        Verdict.BLOCK,
        ["x.warn", "x.one", "x.two", "x.hold"],
    ),
    "a_failing_decider_blocks": ([ALLOW, RAISE], Verdict.BLOCK, ["gate.decider_failed"]),
    "a_failing_decider_hides_no_reason": ([WARN, RAISE], Verdict.BLOCK, ["x.warn", "gate.decider_failed"]),
    "an_invalid_decision_blocks": ([ALLOW, WRONG], Verdict.BLOCK, ["gate.decider_failed"]),
    "only_failing_deciders": ([RAISE, RAISE], Verdict.BLOCK, ["gate.decider_failed", "gate.decider_failed"]),
}


@pytest.fixture
def decide() -> Callable[[Host], HookResult]:
    """Pass a draft through the deciding hook, as the gate does; no public door leads there without a gate."""

    def decide(host: Host) -> HookResult:
        traits = Traits(
            nom_naissance="CORSE",
            premier_prenom="ANTHONY",
            sexe=Sex.MALE,
            date_naissance=date(1980, 3, 2),
            lieu_naissance="2B020",
        )
        found = host.identify(traits).identity
        assert found is not None
        draft = DmpDraft(
            identity=found, document_type="x", title="x", consents=ConsentSnapshot(informed=True, opposed=False)
        )
        return host._dispatcher.call("before_dmp_send", draft, host._caller(None))

    return decide


def decision(result: HookResult) -> Decision:
    assert isinstance(result.value, Decision)
    return result.value


@pytest.mark.parametrize(("bodies", "verdict", "reasons"), DECISIONS.values(), ids=DECISIONS)
def test_decide_the_strictest_verdict_wins_with_every_reason(
    bodies: list[str],
    verdict: Verdict,
    reasons: list[str],
    install: Callable[..., str],
    open_host: Callable[..., Host],
    decide: Callable[[Host], HookResult],
) -> None:
    plugins = {
        f"p{place}": install(f"p{place}", hook="before_dmp_send", preamble=DECIDE, body=body)
        for place, body in enumerate(bodies)
    }
    result = decide(open_host(plugins))
    assert len(result.outcomes) == len(bodies)
    assert decision(result).verdict is verdict
    assert [one.code for one in decision(result).reasons] == reasons


def test_decide_keeps_suggestions_and_the_question_of_the_verdict(
    install: Callable[..., str], open_host: Callable[..., Host], decide: Callable[[Host], HookResult]
) -> None:
    made: dict[str, Any] = {
        plugin: install(plugin, hook="before_dmp_send", preamble=DECIDE, body=body)
        for plugin, body in {"aa": WARN, "bb": HOLD}.items()
    }
    held = decision(decide(open_host(made)))
    assert held.question is not None
    assert held.question.code == "x.q"
    made["cc"] = install("cc", hook="before_dmp_send", preamble=DECIDE, body=BLOCK)
    blocked = decision(decide(open_host(made)))
    assert blocked.question is None
    assert [one.field for one in blocked.suggestions] == ["title"]


def test_decide_in_safe_mode_blocks(
    install: Callable[..., str], open_host: Callable[..., Host], decide: Callable[[Host], HookResult]
) -> None:
    host = open_host({"aa": install("aa", hook="before_dmp_send", preamble=DECIDE, body=ALLOW)}, safe_mode=True)
    assert decision(decide(host)).verdict is Verdict.BLOCK


def test_decide_a_suspended_decider_blocks(
    install: Callable[..., str],
    open_host: Callable[..., Host],
    decide: Callable[[Host], HookResult],
    patience: Callable[[float], None],
) -> None:
    patience(0.1)
    hanging = install("aa", hook="before_dmp_send", preamble=DECIDE, body="import time\ntime.sleep(0.5)")
    allowing = install("bb", hook="before_dmp_send", preamble=DECIDE, body=ALLOW)
    host = open_host({"aa": hanging, "bb": allowing}, limits={"suspend_after": 1})
    results = [decide(host), decide(host)]
    assert [[str(one.status) for one in result.outcomes] for result in results] == [
        ["timed_out", "ok"],
        ["suspended", "ok"],
    ]
    assert {decision(result).verdict for result in results} == {Verdict.BLOCK}
