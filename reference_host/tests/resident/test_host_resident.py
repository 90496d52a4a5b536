"""The resident host's socket: who reaches it, what it carries, how it stops."""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reference_host.tests.resident.made_up_verbs import VERBS, WAITED, Answers, until_gone
from segur_host.resident.client import ResidentClient, ToldError
from segur_host.resident.place import RUNTIME_VARIABLE, socket_of
from segur_host.resident.server import Conversation, Resident
from segur_host.resident.wire import MAX_LINE, Wire
from segur_sdk.errors import HostError, InputError
from segur_sdk.models.notice import Notice

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no such sockets there")


def refusal(data: Path, verb: str) -> ToldError:
    with ResidentClient(data) as client, pytest.raises(ToldError) as raised:
        client.call(verb, {})
    return raised.value


def test_a_verb_is_carried_out_and_the_next_one_too(resident: Resident, data: Path) -> None:
    with ResidentClient(data) as client:
        assert client.call("echo", {"name": "é"}) == {"name": "é"}
        assert client.call("echo", {}) == {}


def test_a_failure_comes_whole(resident: Resident, data: Path) -> None:
    failure = refusal(data, "refuse")
    assert (failure.code, failure.retryable) == ("card.mute", True)
    assert failure.told["message"]
    assert failure.told["action"]


@pytest.mark.parametrize(("verb", "code"), [("nothing", "resident.verb_unknown"), ("crash", "host.unexpected")])
def test_what_cannot_be_carried_out_is_told(resident: Resident, data: Path, verb: str, code: str) -> None:
    assert refusal(data, verb).code == code


def test_questions_notices_and_events_reach_the_client(resident: Resident, data: Path) -> None:
    shown: list[Notice] = []
    told: list[Any] = []
    with ResidentClient(data) as client:
        answer = client.call("chat", {}, asker=Answers(), show=shown.append, told=told.append)
    assert (answer, [one.code for one in shown], told) == ("answer to token.pin", ["psc.number"], [{"number": 1}])


def test_a_question_without_a_person_has_no_answer(resident: Resident, data: Path) -> None:
    assert refusal(data, "chat").code == "input.no_answer"


def test_a_client_that_goes_away_has_given_up(resident: Resident, data: Path) -> None:
    WAITED.clear()
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(resident.address))
    connection.sendall(b'{"verb": "wait", "arguments": {}}\n')
    assert connection.recv(100) == b'{"event": "begun"}\n'
    connection.close()
    assert WAITED.wait(10)


def test_clients_do_not_wait_for_each_other(resident: Resident, data: Path) -> None:
    begun = threading.Event()
    with ResidentClient(data) as waiting, ResidentClient(data) as other:
        ended: list[HostError] = []

        def call() -> None:
            try:
                waiting.call("wait", {}, told=lambda _: begun.set())
            except HostError as failure:
                ended.append(failure)

        thread = threading.Thread(target=call)
        thread.start()
        assert begun.wait(10)
        assert other.call("echo", {"number": 1}) == {"number": 1}
        resident.close()
        thread.join()
        assert [one.code for one in ended] == ["resident.gone"]


def test_only_its_user_reaches_it(resident: Resident) -> None:
    assert resident.address.stat().st_mode & 0o777 == 0o600
    assert resident.address.parent.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o750, 0o755, 0o777])
def test_a_place_that_others_reach_is_refused(data: Path, runtime: Path, mode: int) -> None:
    (runtime / "segur").mkdir()
    (runtime / "segur").chmod(mode)
    with pytest.raises(HostError) as raised:
        socket_of(data)
    assert (raised.value.code, raised.value.facts["reason"]) == ("resident.place", "not_private")


def test_a_place_that_leads_elsewhere_is_refused(data: Path, runtime: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (runtime / "segur").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(HostError) as raised:
        socket_of(data)
    assert raised.value.code == "resident.place"


def occupied(address: Path) -> None:
    """Put something there that is not taken away like what a killed host leaves."""
    address.mkdir()


def reached_by_others(address: Path) -> None:
    address.parent.chmod(0o755)


@pytest.mark.parametrize("spoil", [occupied, reached_by_others])
def test_a_place_where_nobody_can_listen_is_told_and_holds_nothing(
    data: Path, runtime: Path, spoil: Callable[[Path], None]
) -> None:
    address = socket_of(data)
    spoil(address)
    with pytest.raises(HostError) as raised:
        Resident(data, VERBS, {})
    assert raised.value.code == "resident.place"
    address.parent.chmod(0o700)
    if address.exists():
        address.rmdir()
    # The lock is free again: the next one is not told that the first still runs.
    resident = Resident(data, VERBS, {})
    with ResidentClient(data) as client:
        assert client.call("echo", {}) == {}
    resident.close()


def test_one_resident_keeps_one_data_folder(resident: Resident, data: Path) -> None:
    with pytest.raises(HostError) as raised:
        Resident(data, VERBS, {})
    assert raised.value.code == "resident.running"
    with ResidentClient(data) as client:
        assert client.call("echo", {}) == {}


def test_without_a_resident_that_is_said(data: Path) -> None:
    with pytest.raises(HostError) as raised:
        ResidentClient(data)
    assert raised.value.code == "resident.not_running"


def test_what_a_killed_one_left_behind_is_taken_over(data: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from segur_host.resident.server import Resident\n"
        "Resident(Path(sys.argv[1]), {}, {}); print('there', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", script, str(data)], stdout=subprocess.PIPE) as killed:
        assert killed.stdout is not None
        killed.stdout.readline()
        with ResidentClient(data) as client:
            killed.kill()
            killed.wait()
            with pytest.raises(HostError) as raised:
                client.call("echo", {})
        assert raised.value.code == "resident.gone"
    resident = Resident(data, VERBS, {})
    with ResidentClient(data) as client:
        assert client.call("echo", {}) == {}
    resident.close()
    assert not resident.address.exists()


@pytest.mark.parametrize(
    "line",
    [
        b"\n",
        b"[]\n",
        b'{"verb": 1, "arguments": {}}\n',
        b'{"verb": "echo"}\n',
        b'{"answer": "to nothing"}\n',
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b'"' + b"x" * MAX_LINE,
    ],
    ids=["empty", "list", "number", "no arguments", "answer", "not utf-8", "deep", "long"],
)
def test_nonsense_ends_that_connection_only(resident: Resident, data: Path, line: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(resident.address))
        try:
            connection.sendall(line)
            assert connection.recv(1) == b""
        except (BrokenPipeError, ConnectionResetError):
            """It was closed before all of it was sent."""
    with ResidentClient(data) as client:
        assert client.call("echo", {}) == {}


@settings(max_examples=60, deadline=None)
@given(message=st.recursive(st.none() | st.booleans() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_any_arguments_come_as_they_were_sent(message: Any) -> None:
    left, right = socket.socketpair()
    one, other = Wire(left), Wire(right)
    one.send({"value": message})
    assert other.receive() == {"value": message}
    one.close()
    other.close()


def test_a_second_verb_before_the_answer_ends_the_connection(resident: Resident) -> None:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(10)
        connection.connect(str(resident.address))
        connection.sendall(json.dumps({"verb": "wait", "arguments": {}}).encode() + b"\n")
        assert connection.recv(100) == b'{"event": "begun"}\n'
        connection.sendall(json.dumps({"verb": "echo", "arguments": {"echoed": True}}).encode() + b"\n")
        with connection.makefile("rb") as rest:
            assert b"echoed" not in rest.read()


def test_a_stop_waits_for_what_is_being_done(data: Path) -> None:
    done = threading.Event()

    def slow(arguments: Mapping[str, Any], conversation: Conversation) -> Any:
        conversation.tell("begun")
        until_gone(conversation)
        time.sleep(0.05)  # longer than a stop takes that waits for nobody
        done.set()

    resident = Resident(data, {"slow": slow}, {})
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(resident.address))
        connection.sendall(b'{"verb": "slow", "arguments": {}}\n')
        connection.recv(100)
        resident.close()
        assert done.is_set()


def test_a_runtime_folder_too_deep_for_a_socket_is_left_alone(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    deep = tmp_path / ("deep" * 25)
    deep.mkdir()
    monkeypatch.setenv(RUNTIME_VARIABLE, str(deep))
    resident = Resident(data, VERBS, {})
    with ResidentClient(data) as client:
        assert client.call("echo", {}) == {}
    resident.close()
    assert list(deep.iterdir()) == []


def test_errors_of_the_place_are_typed(runtime: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(RUNTIME_VARIABLE, str(runtime / "missing"))
    with pytest.raises(HostError) as raised:
        socket_of(tmp_path)
    assert raised.value.code == "resident.place"
    assert not isinstance(raised.value, InputError)
