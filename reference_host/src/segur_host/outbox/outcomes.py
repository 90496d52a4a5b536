"""What follows from what a sender said: pure rules."""

from datetime import UTC, datetime, timedelta
from typing import Final

import attrs

from segur_host.outbox.intent import IntentState
from segur_sdk.errors import CardError, ConfigError, IdentityError, SegurError, ServiceError
from segur_sdk.senders import Found, PreparedSend

FIRST_PAUSE: Final = timedelta(seconds=15)
LONGEST_PAUSE: Final = timedelta(minutes=15)
"""However often it failed: what comes back is used within that time."""
JITTER: Final = 0.2
"""Part of a pause that is left out at random: those who were cut off together do not come back together."""
_DOUBLINGS: Final = 10
_NEVER_BEGAN: Final = frozenset(
    {"plugin.not_loaded", "plugin.not_granted", "plugin.request_refused", "plugin.sender_missing"}
)
_END_OF_TIME: Final = datetime.max.replace(tzinfo=UTC)


@attrs.frozen
class Next:
    """Where an intent goes."""

    state: IntentState
    at: datetime | None = None
    """When something is tried again."""


def after_failure(failure: SegurError, attempts: int, now: datetime, draw: float) -> Next:
    """Return where an intent goes whose attempt failed.

    Args:
        failure: why.
        attempts: how many were made, this one included.
        now: by the clock.
        draw: at random, from 0 to 1.
    """
    at = pause_until(attempts, now, draw)
    if may_have_taken_effect(failure):
        return Next(IntentState.IN_DOUBT, at)
    if is_refusal(failure):
        return Next(IntentState.REJECTED)
    return Next(IntentState.WAITING, at)


def may_have_taken_effect(failure: SegurError) -> bool:
    """Tell whether an attempt that failed so may have taken effect: only some failures prove that it did not."""
    if isinstance(failure, ServiceError):
        return failure.maybe_processed
    return not (isinstance(failure, CardError | ConfigError | IdentityError) or failure.code in _NEVER_BEGAN)


def is_refusal(failure: SegurError) -> bool:
    """Tell whether the service refuses it as it is: trying again changes nothing."""
    transport = failure.code.startswith("service.")
    return isinstance(failure, ServiceError) and not (failure.retryable or transport)


def after_doubt(found: Found, prepared: PreparedSend) -> IntentState:
    """Return where an intent goes once it was asked what became of it."""
    if found is Found.DONE:
        return IntentState.SENT
    if found is Found.NOT_DONE or prepared.deduplicated:
        return IntentState.QUEUED
    return IntentState.HELD


def longer_pause_until(last: timedelta | None, now: datetime, draw: float) -> datetime:
    """Return when something is looked at again that is as it was.

    Args:
        last: the pause before; ``None``: there was none.
        now: by the clock.
        draw: at random, from 0 to 1.
    """
    doublings = 0
    while last is not None and doublings < _DOUBLINGS and FIRST_PAUSE * 2**doublings <= last:
        doublings += 1
    return pause_until(doublings + 1, now, draw)


def pause_until(attempts: int, now: datetime, draw: float) -> datetime:
    """Return when something that failed is tried again."""
    pause: timedelta = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(max(attempts - 1, 0), _DOUBLINGS))
    pause -= draw * JITTER * pause
    return now + pause if now < _END_OF_TIME - pause else _END_OF_TIME
