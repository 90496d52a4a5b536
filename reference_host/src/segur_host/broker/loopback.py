"""The address of this machine to which a browser is sent back, open for as long as one visit lasts."""

import selectors
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, Self
from urllib.parse import urlsplit

import attrs

from segur_host.broker import return_pages as pages
from segur_host.broker.returning import Returning
from segur_sdk.errors import HostError

LOOPBACK: Final = "127.0.0.1"
OWN_PATH: Final = "/retour"
"""Where no address is registered: the port is any that is free, as a provider must allow (RFC 8252, 7.3)."""
PEER_S: Final = 5.0
"""Whoever did not say what he wants by then is cut off."""
MAX_PEERS: Final = 16
"""Beyond that, who waits longest makes room."""
RECEIVED_AT_ONCE: Final = 16_384
DRAINED: Final = 65_536
"""Bytes that are still read, and thrown away, after an answer, so that it is not lost with what came too much."""
LOOKED_AFTER_S: Final = 0.5


@attrs.define(eq=False)
class _Peer:
    socket: socket.socket
    returning: Returning
    ends_at: float
    to_drain: int | None = None
    """Once answered, how much of what follows is still read."""


class Loopback:
    """Takes one answer of an authority, by a thread of its own that ends with it.

    Args:
        redirects: addresses registered at the authority, of which the first is taken that is free.
        in_use: tells whether the visit still lasts.

    Raises:
        HostError: ``browser.port_in_use``.
    """

    def __init__(self, redirects: Sequence[str], in_use: Callable[[], bool]) -> None:
        self._listener, self.redirect_uri = _listening(redirects)
        self._in_use = in_use
        place = urlsplit(self.redirect_uri)
        self._server, self._path = place.netloc, place.path
        self._selector = selectors.DefaultSelector()
        self._woken, self._waking = socket.socketpair()
        self._awaited = False
        self._closed = False
        self._taken = threading.Event()
        self._query: str | None = None
        self._thread = threading.Thread(target=self._run, name="segur-visit", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Close the address; the thread has ended when this returns."""
        self._closed = True
        with suppress(OSError):
            self._waking.send(b"\0")
        self._thread.join()
        self._waking.close()

    def expect(self) -> None:
        """From now on the first answer is taken; what came before was for nobody."""
        self._awaited = True

    def answer(self, seconds: float) -> str | None:
        """Return the query of the answer, if it comes within ``seconds``."""
        return self._query if self._taken.wait(seconds) else None

    def _run(self) -> None:
        peers: set[_Peer] = set()
        with self._selector, self._listener, self._woken:
            self._listener.setblocking(False)
            for one in (self._listener, self._woken):
                self._selector.register(one, selectors.EVENT_READ)
            while not self._closed and self._in_use():
                for key, _ in self._selector.select(LOOKED_AFTER_S):
                    if key.data is not None:
                        self._read(key.data, peers)
                    elif key.fileobj is self._listener:
                        self._accept(peers)
                now = time.monotonic()
                for peer in [one for one in peers if one.ends_at <= now]:
                    self._drop(peer, peers)
            for peer in tuple(peers):
                self._drop(peer, peers)

    def _accept(self, peers: set[_Peer]) -> None:
        try:
            accepted, _ = self._listener.accept()
        except OSError:
            # Gone again before it was looked at.
            return
        accepted.setblocking(False)
        if len(peers) >= MAX_PEERS:
            self._drop(min(peers, key=lambda one: one.ends_at), peers)
        peer = _Peer(accepted, Returning(self._server, self._path), time.monotonic() + PEER_S)
        peers.add(peer)
        self._selector.register(accepted, selectors.EVENT_READ, peer)

    def _read(self, peer: _Peer, peers: set[_Peer]) -> None:
        if peer not in peers:
            # Made room for another one in the same turn.
            return
        try:
            data = peer.socket.recv(RECEIVED_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(peer, peers)
        elif peer.to_drain is not None:
            peer.to_drain -= len(data)
            if peer.to_drain <= 0:
                self._drop(peer, peers)
        else:
            page = peer.returning.hear(data)
            if peer.returning.query is not None:
                self._take(peer, peer.returning.query)
            elif page is not None:
                self._say(peer, page)

    def _take(self, peer: _Peer, query: str) -> None:
        if not self._awaited:
            self._say(peer, pages.NOT_AWAITED)
        elif self._taken.is_set():
            self._say(peer, pages.TAKEN_ALREADY)
        else:
            # The person is answered first: the visit may end as soon as its answer is known.
            self._say(peer, pages.TAKEN)
            self._query = query
            self._taken.set()

    def _say(self, peer: _Peer, page: bytes) -> None:
        peer.to_drain = DRAINED
        # A page is smaller than what any system takes at once for a connection that sent nothing yet.
        with suppress(OSError):
            peer.socket.send(page)
            peer.socket.shutdown(socket.SHUT_WR)

    def _drop(self, peer: _Peer, peers: set[_Peer]) -> None:
        peers.discard(peer)
        self._selector.unregister(peer.socket)
        peer.socket.close()


def _listening(redirects: Sequence[str]) -> tuple[socket.socket, str]:
    """Return a listening socket of this machine alone, and the address that leads to it."""
    if not redirects:
        listener = _bound(0)
        return listener, f"http://{LOOPBACK}:{listener.getsockname()[1]}{OWN_PATH}"
    for uri in redirects:
        with suppress(OSError):
            return _bound(urlsplit(uri).port or 0), uri
    raise HostError("browser.port_in_use", tried=len(redirects))


def _bound(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        # Elsewhere than on Windows it means that a port is free again at once; there, that others may take it over.
        option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        listener.setsockopt(socket.SOL_SOCKET, option, 1)
        listener.bind((LOOPBACK, port))
        listener.listen()
    except BaseException:
        listener.close()
        raise
    return listener
