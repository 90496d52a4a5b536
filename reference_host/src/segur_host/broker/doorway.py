"""A port at which others are heard: who says nothing, or too slowly, is shown out and holds up nobody."""

import ipaddress
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Final

import attrs

from segur_host.crash import write_report

PEER_S: Final = 5.0
"""Whoever did not say what he wants by then is cut off."""
MAX_PEERS: Final = 16
"""Beyond that, who waits longest makes room."""
RECEIVED_AT_ONCE: Final = 16_384
DRAINED: Final = 65_536
"""Bytes that are still read, and thrown away, after an answer, so that it is not lost with what came too much."""
LOOKED_AFTER_S: Final = 0.5
PAUSE_S: Final = 0.1
"""Before the next one is taken when this one could not be."""

Hear = Callable[[bytes], "bytes | Future[bytes] | None"]
"""Takes what one peer said next, not empty; gives the answer, one that comes later, or nothing before enough was said.

A future that is given always has an answer in the end.
"""


@attrs.define(eq=False)
class _Peer:
    socket: socket.socket
    hear: Hear
    ends_at: float
    to_drain: int | None = None
    """Once answered, how much of what follows is still read."""


class Doorway:
    """Hears whoever comes, by a thread of its own, and answers each one once.

    A defect in what hears one of them is reported, and ends with that one.

    Args:
        listener: a listening socket, which is closed at the end.
        meet: called for each one who comes, gives what hears him. It is called, and hears, on that thread.
        name: of the thread.
        in_use: when it says no, the doorway closes by itself.
        cut_off: called for each one who was sent away before he had said enough.
    """

    def __init__(
        self,
        listener: socket.socket,
        meet: Callable[[], Hear],
        *,
        name: str,
        in_use: Callable[[], bool] = lambda: True,
        cut_off: Callable[[], None] = lambda: None,
    ) -> None:
        self._listener = listener
        self._meet = meet
        self._in_use = in_use
        self._cut_off = cut_off
        self._selector = selectors.DefaultSelector()
        self._woken, self._waking = socket.socketpair()
        self._waking.setblocking(False)
        self._peers: set[_Peer] = set()
        self._waiting: set[_Peer] = set()
        """Those who said what they want, and whose answer comes later; nothing more is read of them meanwhile."""
        self._answers: SimpleQueue[tuple[_Peer, bytes]] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def open(self) -> None:
        """Begin to hear."""
        self._thread.start()

    def close(self) -> None:
        """Close the port; answers that are there are still given. The thread has ended when this returns."""
        self._closed = True
        self._wake()
        self._thread.join()
        self._waking.close()

    def _wake(self) -> None:
        with suppress(OSError):
            self._waking.send(b"\0")

    def _run(self) -> None:
        with self._selector, self._listener, self._woken:
            self._listener.setblocking(False)
            for one in (self._listener, self._woken):
                self._selector.register(one, selectors.EVENT_READ)
            while not self._closed and self._in_use():
                for key, _ in self._selector.select(LOOKED_AFTER_S):
                    if key.data is not None:
                        self._read_from(key.data)
                    elif key.fileobj is self._listener:
                        self._accept()
                    else:
                        self._woken.recv(RECEIVED_AT_ONCE)
                self._give_answers()
                now = time.monotonic()
                for peer in [one for one in self._peers if one.ends_at <= now]:
                    self._send_away(peer)
            self._give_answers()
            for peer in (*self._peers, *self._waiting):
                self._drop(peer)

    def _accept(self) -> None:
        try:
            accepted, _ = self._listener.accept()
        except (BlockingIOError, ConnectionError):
            # Gone again before it was looked at.
            return
        except OSError:
            # Too many files are open: whoever waits would be seen again at once.
            time.sleep(PAUSE_S)
            return
        if len(self._peers) >= MAX_PEERS:
            self._send_away(min(self._peers, key=lambda one: one.ends_at))
        try:
            accepted.setblocking(False)
            peer = _Peer(accepted, self._meet(), time.monotonic() + PEER_S)
            self._selector.register(accepted, selectors.EVENT_READ, peer)
        except Exception as failure:  # noqa: BLE001 - whoever comes must not end the doorway
            write_report(failure)
            accepted.close()
        else:
            self._peers.add(peer)

    def _read_from(self, peer: _Peer) -> None:
        try:
            self._read(peer)
        except Exception as failure:  # noqa: BLE001 - whoever speaks must not end the doorway
            write_report(failure)
            self._drop(peer)

    def _read(self, peer: _Peer) -> None:
        if peer not in self._peers:
            # Made room for another one in the same turn.
            return
        try:
            data = peer.socket.recv(RECEIVED_AT_ONCE)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._drop(peer)
        elif peer.to_drain is not None:
            peer.to_drain -= len(data)
            if peer.to_drain <= 0:
                self._drop(peer)
        else:
            answer = peer.hear(data)
            if isinstance(answer, bytes):
                self._say(peer, answer)
            elif answer is not None:
                self._await(peer, answer)

    def _await(self, peer: _Peer, answer: "Future[bytes]") -> None:
        self._peers.discard(peer)
        self._waiting.add(peer)
        self._selector.unregister(peer.socket)

        def came(told: "Future[bytes]") -> None:
            self._answers.put((peer, told.result()))
            self._wake()

        answer.add_done_callback(came)

    def _give_answers(self) -> None:
        with suppress(Empty):
            while True:
                peer, answer = self._answers.get_nowait()
                self._waiting.discard(peer)
                self._peers.add(peer)
                self._selector.register(peer.socket, selectors.EVENT_READ, peer)
                peer.ends_at = time.monotonic() + PEER_S
                self._say(peer, answer)

    def _say(self, peer: _Peer, answer: bytes) -> None:
        peer.to_drain = DRAINED
        # An answer is smaller than what any system takes at once for a connection that sent nothing yet.
        with suppress(OSError):
            peer.socket.send(answer)
            peer.socket.shutdown(socket.SHUT_WR)

    def _send_away(self, peer: _Peer) -> None:
        try:
            if peer.to_drain is None:
                self._cut_off()
        except Exception as failure:  # noqa: BLE001 - whoever is sent away must not end the doorway
            write_report(failure)
        self._drop(peer)

    def _drop(self, peer: _Peer) -> None:
        if peer in self._peers:
            self._selector.unregister(peer.socket)
        self._peers.discard(peer)
        self._waiting.discard(peer)
        peer.socket.close()


def listening(address: str, port: int) -> socket.socket:
    """Return a socket that listens at an address of this machine; with port 0, at any port that is free.

    Raises:
        OSError: the address is none of this machine's, or the port is taken.
    """
    family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Elsewhere than on Windows it means that a port is free again at once; there, that others may take it over.
        option = getattr(socket, "SO_EXCLUSIVEADDRUSE", socket.SO_REUSEADDR)
        listener.setsockopt(socket.SOL_SOCKET, option, 1)
        listener.bind((address, port))
        listener.listen()
    except BaseException:
        listener.close()
        raise
    return listener
