"""When a job runs next. Pure rules: the clock may stand anywhere, and jump.

A job runs at most once for a time in which several runs were due, and waits at most ``longest_wait`` by whatever clock
there is: a due time that lies further away was set while the clock was wrong.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from segur_sdk.manifest import JobUse

SHORTEST: Final = timedelta(minutes=1)
"""Between two runs, and after a first failure."""
LONGEST_PAUSE: Final = timedelta(hours=6)
"""After failures, however many and however rare the job."""
RETRIED_WITHIN: Final = timedelta(hours=1)
"""A frequent job that goes on failing is tried at least that often, and not much more."""
JITTER: Final = 0.1
"""Part of a wait that is left out at random, so that workstations which began together do not go on together."""
LONGEST_JITTER: Final = timedelta(minutes=5)
LONGEST_SPREAD: Final = timedelta(minutes=1)
_DOUBLINGS: Final = 12
_END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)


def period_of(use: JobUse) -> timedelta:
    """Return the longest time between a success and the next run."""
    return timedelta(minutes=use.every_minutes)


def longest_wait(use: JobUse) -> timedelta:
    """Return the longest time for which a job waits, whatever became of its last run."""
    return max(period_of(use), _longest_pause(use))


def after_success(use: JobUse, now: datetime, wanted: datetime | None, draw: float) -> datetime:
    """Return when a job runs again that succeeded.

    Args:
        use: what the manifest says of it.
        now: by the clock.
        wanted: when the plugin wants it: held to no sooner than ``SHORTEST`` and no later than a period from now.
        draw: at random, from 0 to 1.
    """
    wait = period_of(use)
    if wanted is not None:
        wait = min(wait, max(SHORTEST, wanted - now))
    return _later(now, _jittered(wait, draw))


def after_failure(use: JobUse, now: datetime, attempts: int, draw: float) -> datetime:
    """Return when a job is tried again that failed.

    Args:
        use: what the manifest says of it.
        now: by the clock.
        attempts: how often it failed since it last succeeded, at least 1.
        draw: at random, from 0 to 1.
    """
    pause: timedelta = SHORTEST * 2 ** min(attempts - 1, _DOUBLINGS)
    return _later(now, _jittered(min(pause, _longest_pause(use)), draw))


def within_reach(use: JobUse, due_at: datetime, now: datetime) -> datetime:
    """Return a due time that no clock put back holds off for longer than a job ever waits."""
    return min(due_at, _later(now, longest_wait(use)))


def spread(use: JobUse, draw: float) -> float:
    """Return for how many seconds a job waits that was missed: many machines are switched on at the same hour."""
    return draw * min(LONGEST_SPREAD, period_of(use) * JITTER).total_seconds()


def _longest_pause(use: JobUse) -> timedelta:
    return min(LONGEST_PAUSE, max(RETRIED_WITHIN, period_of(use)))


def _jittered(wait: timedelta, draw: float) -> timedelta:
    return wait - draw * min(LONGEST_JITTER, wait * JITTER)


def _later(moment: datetime, wait: timedelta) -> datetime:
    return moment + wait if moment < _END_OF_TIME - wait else _END_OF_TIME
