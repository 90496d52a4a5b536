"""The session of a host that was killed is ended by the next one, and that of no other."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import eventually
from reference_host.tests.host.cards.signing_in import CPS, audited, ends, proven
from segur_host import Host
from segur_sdk.hooks.session_ended import SessionEndedEvent
from segur_sdk.models.actor import SessionEnd

KILLED = """
import json, os, signal, sys
from segur_sdk.services.session_provider import Authenticated
script = {"start": lambda *_: Authenticated(name="A B", token_serial="2800385266"), "requests": []}
sys.modules["made_up_signing"] = script
from segur_host import Host
from segur_sdk.models.actor import SessionMeans
host = Host(sys.argv[1])
print(host.login(SessionMeans.CPS).opened.session.session_id, flush=True)
sys.stdin.read()
"""


@pytest.fixture
def other_process(
    signing: dict[str, Any], config_file: Callable[..., Path], environment: dict[str, str]
) -> Iterator["subprocess.Popen[str]"]:
    """A host in another process, on the same data, where somebody is signed in."""
    config = str(config_file(signing))
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, config],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.kill()


def opened_in(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def test_the_session_of_a_killed_host_is_ended_by_the_next_start_and_told(
    other_process: "subprocess.Popen[str]",
    script: dict[str, Any],
    signing: dict[str, Any],
    open_host: Callable[..., Host],
    tmp_path: Path,
) -> None:
    session = opened_in(other_process)
    assert session
    os.kill(other_process.pid, signal.SIGKILL)
    other_process.wait()
    assert len(list((tmp_path / "data").glob("*.run"))) == 1
    host = open_host(signing)
    assert eventually(lambda: ends(script) == [SessionEnd.HOST_STOPPED])
    [event] = script["ended"]
    assert isinstance(event, SessionEndedEvent)
    assert (event.session.session_id, event.actor.name) == (session, "A B")
    assert host.session is None
    assert audited(host, "session.ended") == [{"reason": "host_stopped"}]
    assert list((tmp_path / "data").glob("*.run")) == []
    host.close()
    again = open_host(signing)
    assert len(audited(again, "session.ended")) == 1
    assert host.audit.verify().ok


def test_a_second_host_on_the_same_data_ends_nobodys_session(
    other_process: "subprocess.Popen[str]",
    script: dict[str, Any],
    signing: dict[str, Any],
    open_host: Callable[..., Host],
) -> None:
    assert opened_in(other_process)
    script["start"] = lambda *_: proven()
    second = open_host(signing)
    assert second.session is None
    second.login(CPS)
    third = open_host(signing)
    assert third.session is None
    second.close()
    third.close()
    assert ends(script) == [SessionEnd.HOST_STOPPED]
    assert audited(open_host(signing), "session.ended") == [{"reason": "host_stopped"}]
