"""The job ``watch``: tells every plugin when a certificate nears its end, and users what to renew."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from segur_plugin_certificates.calendar import CALENDAR_DAYS, URGENT_DAYS, WARNING_DAYS, Level, days_left, level
from segur_plugin_certificates.findings import Finding, Severity
from segur_plugin_certificates.judging import Judged, judge
from segur_plugin_certificates.kept_lists import ReadLists
from segur_sdk.context import HookContext
from segur_sdk.errors import SegurError
from segur_sdk.jobs import MAX_NOTICES, JobDone
from segur_sdk.models.certificate import ExpiryLevel
from segur_sdk.models.notice import Notice

_TOLD: Final = {
    Level.CALENDAR: ExpiryLevel.CALENDAR,
    Level.WARNING: ExpiryLevel.WARNING,
    Level.URGENT: ExpiryLevel.URGENT,
    Level.ENDED: ExpiryLevel.ENDED,
}
_STEPS: Final = (
    *(timedelta(days=days) for days in (CALENDAR_DAYS, WARNING_DAYS, URGENT_DAYS)),
    timedelta(seconds=-1),
)
"""Before the end; the last is the second after it."""
_MAX_TEXT: Final = 500


def watch(ctx: HookContext, read: ReadLists) -> JobDone:
    """Have the host announce what nears its end, and return when the next certificate reaches a level.

    Raises:
        SegurError: what kept the host from announcing one of them, once all the others were announced.
    """
    now = ctx.clock.now()
    judged = judge(ctx, read)
    refused: SegurError | None = None
    for one in judged:
        try:
            _announce(one, ctx, now)
        except SegurError as failure:
            refused = refused or failure
    if refused is not None:
        raise refused
    return JobDone(next_at=_next(judged, now), notices=tuple(warnings(judged))[:MAX_NOTICES])


def _announce(one: Judged, ctx: HookContext, now: datetime) -> None:
    if one.facts is not None:
        reached = _TOLD.get(level(one.facts.not_before, one.facts.not_after, now))
        if reached is not None:
            left = days_left(one.facts.not_after, now)
            ctx.keyring.announce(one.reference.use, one.facts.fingerprint, reached, left)


def warnings(judged: Sequence[Judged]) -> Iterator[Notice]:
    """Tell of each certificate the most pressing thing that needs somebody to act: its end, or that it is blocked."""
    for one in judged:
        pressing = [found for found in one.findings if _needs_somebody(found)]
        if pressing:
            worst = max(pressing, key=lambda found: found.severity)
            notice = worst.notice()
            text = f"Certificat « {one.reference.use} » : {notice.text}"
            yield Notice(code=notice.code, text=text[:_MAX_TEXT], action=notice.action)


def _needs_somebody(finding: Finding) -> bool:
    return finding.severity >= Severity.URGENT or finding.code == "certificates.ends_soon"


def _next(judged: Sequence[Judged], now: datetime) -> datetime | None:
    """Return when the next certificate reaches a level; ``None`` when none does."""
    moments = [one.facts.not_after - step for one in judged if one.facts is not None for step in _STEPS]
    return min((moment for moment in moments if moment > now), default=None)
