"""The resident host when the system has nothing left to give, and how it stops then."""

import errno
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from reference_host.tests.resident.made_up_verbs import VERBS
from segur_host.cli.host import _told_to_stop
from segur_host.resident import server
from segur_host.resident.server import Resident

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such sockets there")


def echoed(resident: Resident) -> bytes:
    """What a client hears who waits for a while only."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(resident.address))
        with suppress(ConnectionError):
            connection.sendall(b'{"verb": "echo", "arguments": {}}\n')
            return connection.recv(100)
        return b""


ECHOED = b'{"value": {}}\n'


def test_too_many_open_files_are_waited_for(resident: Resident, monkeypatch: pytest.MonkeyPatch) -> None:
    accept, full = socket.socket.accept, [OSError(errno.EMFILE, "")] * 2

    def accept_later(listener: socket.socket) -> Any:
        if full:
            raise full.pop()
        return accept(listener)

    monkeypatch.setattr(server, "PAUSE_S", 0.0)
    monkeypatch.setattr(socket.socket, "accept", accept_later)
    # The first is taken by what waited already.
    assert [echoed(resident), echoed(resident), full] == [ECHOED, ECHOED, []]


@pytest.mark.parametrize("name", ["segur-client", "segur-verb"])
def test_a_system_without_threads_loses_that_client_only(
    resident: Resident, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = threading.Thread.start

    def start_others(thread: threading.Thread) -> None:
        if thread.name == name:
            raise RuntimeError("can't start new thread")
        start(thread)

    with monkeypatch.context() as exhausted:
        exhausted.setattr(threading.Thread, "start", start_others)
        assert echoed(resident) == b""
    assert echoed(resident) == ECHOED
    resident.close()
    assert not resident.address.exists()


def test_nothing_is_begun_by_a_host_that_stops(resident: Resident) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(resident.address))
        connection.sendall(b'{"verb": "echo", "arguments": {}}\n')
        assert connection.recv(100) == ECHOED
        resident._stopping.set()
        connection.sendall(b'{"verb": "echo", "arguments": {}}\n')
        assert connection.recv(100) == b""


def test_all_who_hang_are_waited_for_together(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(threading.Thread):
        def join(self, timeout: float | None = None) -> None:
            assert timeout is not None
            waited.append(timeout)

    waited: list[float] = []
    monkeypatch.setattr(server, "time", SimpleNamespace(monotonic=lambda: sum(waited)), raising=False)
    resident = Resident(data, VERBS, {})
    resident._serving.update(Hanging() for _ in range(3))
    resident.close()
    assert (len(waited), sum(waited)) == (3, server.STOP_S)


@pytest.mark.parametrize("first", [signal.SIGINT, signal.SIGTERM])
def test_one_more_interruption_ends_what_is_being_stopped(first: signal.Signals) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        stop = _told_to_stop()
        signal.raise_signal(first)
        assert stop.is_set()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_DFL
        # A service manager that repeats itself does not cut the stop short.
        signal.raise_signal(signal.SIGTERM)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
