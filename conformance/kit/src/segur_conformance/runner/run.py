"""Carry out checks one after the other, each against services that are as new."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Final

import attrs

from segur_conformance.checks.check import Check
from segur_conformance.outcomes import CheckEnded, CheckOutcome
from segur_conformance.runner.bench import Bench

SERVICES: Final = ("insi", "cards", "psc", "psc-login", "igc")
"""Services of the sandbox whose exchanges are evidence."""
MAX_REASON: Final = 500


@attrs.frozen
class CheckResult:
    """How one check ended."""

    check: Check
    outcome: CheckOutcome
    reason: str = ""
    duration_ms: float = 0.0
    evidence: bytes = b""


def in_order(checks: Iterable[Check]) -> list[Check]:
    """Return checks in the order in which they run: those that judge the run come last."""
    return sorted(checks, key=lambda check: check.judges_the_run)


def carried_out(
    checks: Iterable[Check], bench: Bench, begun: Callable[[Check], None], *, evidence: bool = True
) -> Iterator[CheckResult]:
    """Carry out checks and yield each result as it comes.

    Args:
        checks: in their order.
        bench: what they work with.
        begun: told of each check as it begins.
        evidence: kept for each check; without it only a benchmark runs.
    """
    for check in checks:
        begun(check)
        bench.record.begin(check.id)
        started = time.perf_counter()
        outcome, reason = _ended(check, bench)
        duration = (time.perf_counter() - started) * 1000
        kept = b""
        if evidence:
            try:
                seen = bench.sandbox.exchanges()
                by_service = {service: [one for one in seen if one["service"] == service] for service in SERVICES}
                kept = bench.record.evidence(by_service)
            except Exception as lost:  # noqa: BLE001 - services that are gone end a check, never the run
                outcome, reason = CheckOutcome.ERROR, f"preuve impossible à garder : {type(lost).__name__}"
        yield CheckResult(check, outcome, reason, duration, kept)


def _ended(check: Check, bench: Bench) -> tuple[CheckOutcome, str]:
    if bench.product.kind not in check.kinds:
        return CheckOutcome.NOT_APPLICABLE, f"kind:{bench.product.kind}"
    try:
        bench.sandbox.reset()
        if check.asset is not None:
            bench.asset(check.asset)
        check.run(bench)
    except CheckEnded as ended:
        return ended.outcome, ended.reason
    except Exception as defect:  # noqa: BLE001 - a defect of the kit is told apart from one of the target
        return CheckOutcome.ERROR, f"{type(defect).__name__}: {defect}"[:MAX_REASON]
    return CheckOutcome.PASS, ""
