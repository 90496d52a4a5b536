"""Codes by which operators sign in without a national service: kept as Argon2id hashes only."""

from datetime import datetime, timedelta
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

FREE_TRIES: Final = 3
LONGEST_WAIT: Final = timedelta(minutes=15)

_hasher: Final = PasswordHasher()
"""RFC 9106, second recommended option: 64 MiB, 3 passes."""


def hashed(code: str) -> str:
    """Return what is kept of a code."""
    return _hasher.hash(code)


NOBODYS: Final = "$argon2id$v=19$m=65536,t=3,p=4$c2VndXItbm9ib2R5LXNhbHQ$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
"""Checked for a name that nobody bears, so that its refusal takes as long as any other."""


def fits(kept: str, code: str) -> bool:
    """Tell whether a code is the one that was kept."""
    try:
        return _hasher.verify(kept, code)
    except (VerificationError, InvalidHashError):
        return False


def wait_after(failures: int) -> timedelta:
    """Return how long to wait after so many wrong codes in a row: nothing at first, then twice as long each time."""
    if failures < FREE_TRIES:
        return timedelta(0)
    # The exponent is held so that a great number of failures cannot overflow.
    return min(timedelta(seconds=30 * 2 ** min(failures - FREE_TRIES, 10)), LONGEST_WAIT)


def still_waits(failed_at: datetime | None, failures: int, now: datetime) -> timedelta:
    """Return how much of that time is left; a clock that was put back does not prolong it beyond its whole."""
    whole = wait_after(failures)
    if failed_at is None or not whole:
        return timedelta(0)
    return max(timedelta(0), min(whole, failed_at + whole - now))
