"""One time limit for a whole exchange over TLS.

The limits of the HTTP library hold for one read or one write: a service that sends a byte now and then would
never reach them.
"""

import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

SHORTEST_S: Final = 0.001
"""Zero would mean a socket that does not wait at all, which fails in other ways."""


class _Limit(threading.local):
    ends_at: float | None = None


_limit: Final = _Limit()


class TimeLimitedSocket(ssl.SSLSocket):
    """A TLS socket none of whose operations outlives the limit of the thread that uses it."""

    def settimeout(self, value: float | None) -> None:
        """Wait at most ``value`` seconds, and no longer than the limit of this thread."""
        if _limit.ends_at is not None:
            left = max(SHORTEST_S, _limit.ends_at - time.monotonic())
            value = left if value is None else min(value, left)
        super().settimeout(value)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Bound every operation that this thread makes on such sockets while the block runs."""
    _limit.ends_at = time.monotonic() + seconds
    try:
        yield
    finally:
        _limit.ends_at = None
