"""The address of this machine to which a browser is sent back, open for as long as one visit lasts."""

import hmac
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Final, Self
from urllib.parse import parse_qsl, urlsplit

from segur_host.broker import return_pages as pages
from segur_host.broker.doorway import Doorway, listening
from segur_host.broker.returning import Returning
from segur_sdk.errors import HostError

LOOPBACK: Final = "127.0.0.1"
OWN_PATH: Final = "/retour"
"""Where no address is registered: the port is any that is free, as a provider must allow (RFC 8252, 7.3)."""


class Loopback:
    """Takes one answer of an authority, by a thread of its own that ends with it.

    Args:
        redirects: addresses registered at the authority, of which the first is taken that is free.
        in_use: tells whether the visit still lasts.

    Raises:
        HostError: ``browser.port_in_use``.
    """

    def __init__(self, redirects: Sequence[str], in_use: Callable[[], bool]) -> None:
        listener, self.redirect_uri = _listening(redirects)
        place = urlsplit(self.redirect_uri)
        self._doorway = Doorway(
            listener,
            lambda: partial(self._hear, Returning(place.netloc, place.path)),
            name="segur-visit",
            in_use=in_use,
        )
        self._awaited = False
        self._state: str | None = None
        self._taken = threading.Event()
        self._query: str | None = None

    def __enter__(self) -> Self:
        self._doorway.open()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the address; the thread has ended when this returns."""
        self._doorway.close()

    def expect(self, state: str | None = None) -> None:
        """From now on the first answer is taken; what came before was for nobody.

        Args:
            state: that an answer bears once; without it, whatever comes is one.
        """
        self._state = state
        self._awaited = True

    def answer(self, seconds: float) -> str | None:
        """Return the query of the answer, if it comes within ``seconds``."""
        return self._query if self._taken.wait(seconds) else None

    def _hear(self, returning: Returning, data: bytes) -> bytes | None:
        page = returning.hear(data)
        return page if returning.query is None else self._take(returning.query)

    def _take(self, query: str) -> bytes:
        if not self._awaited or not _bears(query, self._state):
            return pages.NOT_AWAITED
        if self._taken.is_set():
            return pages.TAKEN_ALREADY
        # The visit may end as soon as its answer is known; the person is answered all the same.
        self._query = query
        self._taken.set()
        return pages.TAKEN


def _bears(query: str, state: str | None) -> bool:
    """Tell whether a query answers the request of ``state``, in a time that tells nothing of it."""
    if state is None:
        return True
    found = [value for name, value in parse_qsl(query, keep_blank_values=True) if name == "state"]
    return len(found) == 1 and hmac.compare_digest(found[0].encode(), state.encode())


def _listening(redirects: Sequence[str]) -> tuple[socket.socket, str]:
    """Return a listening socket of this machine alone, and the address that leads to it."""
    if not redirects:
        listener = listening(LOOPBACK, 0)
        return listener, f"http://{LOOPBACK}:{listener.getsockname()[1]}{OWN_PATH}"
    for uri in redirects:
        with suppress(OSError):
            return listening(LOOPBACK, urlsplit(uri).port or 0), uri
    raise HostError("browser.port_in_use", tried=len(redirects))
