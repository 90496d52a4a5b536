"""A driver that hangs, crashes or babbles costs its own process and nothing else."""

import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from segur_host.drivers.process import DriverProcess
from segur_host.drivers.readers import ReadersInChild
from segur_sdk.cards.channel import Step
from segur_sdk.errors import CardError

DRIVER = """
import logging, os, sys, time
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError

class Driver:
    def __init__(self, **settings):
        self.settings = settings
        self.insertion = 0

    def echo(self, value): return value
    def setting(self, name): return self.settings[name]
    def pid(self): return os.getpid()
    def pair(self): return (b"\\x01", b"\\x02")
    def nothing(self): return None
    def typed(self): raise CardError("card.reader_in_use", slot="s", retryable=True)
    def raises(self): raise ValueError("TCHITCHI")
    def exits(self): sys.exit(3)
    def aborts(self): os._exit(9)
    def hangs(self, *_): time.sleep(3600)
    def slowly(self, value):
        time.sleep(0.2)
        self.slow = value
    def was_slow(self): return getattr(self, "slow", None)
    def traces(self):
        logging.getLogger("segur.apdu").log(5, "%s: 00A4", "s")
        return "said"
    def unspeakable(self): return {1, 2}
    def prints(self):
        print("loud-1"); os.write(1, b"loud-2"); return "said"
    def babbles(self, text):
        for descriptor in range(3, 12):
            try: os.write(descriptor, text.encode() + b"\\n")
            except OSError: pass
        return "said"

    def slots(self):
        self.insertion += 1
        return (SlotState(slot="s", present=True, atr="3B00", insertion=self.insertion),)
    def connect(self, slot): return b"\\x3b\\x00"
    def transmit(self, slot, command):
        if command == b"hang": time.sleep(3600)
        if command == b"text": return "text"
        return command + b"\\x90\\x00"
    def disconnect(self, slot): return None

class Watching(Driver):
    def watch(self, changed): return None

class Fails:
    def __init__(self, **_): raise ValueError("TCHITCHI")

class Explains:
    def __init__(self, **_): raise CardError("token.module_missing")

class Odd(Driver):
    def slots(self): return "odd"
    def connect(self, slot): return "odd"

class OddSlots(Driver):
    def slots(self): return (3,)
"""


@pytest.fixture(autouse=True, scope="module")
def driver_module(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("driver")
    (folder / "made_up_driver.py").write_text(DRIVER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(folder))
        yield folder


@pytest.fixture(scope="module")
def steady(driver_module: Path) -> Iterator[DriverProcess]:
    """A driver for what no child dies of."""
    process = DriverProcess("made_up_driver:Driver", {"colour": "blue"})
    yield process
    process.close()


@pytest.fixture
def start() -> Iterator[Callable[..., DriverProcess]]:
    with ExitStack() as opened:

        def start(name: str = "Driver", module: str = "made_up_driver", **settings: Any) -> DriverProcess:
            process = DriverProcess(f"{module}:{name}", settings)
            opened.callback(process.close)
            return process

        yield start


@pytest.fixture
def readers() -> Iterator[Callable[..., ReadersInChild]]:
    with ExitStack() as opened:

        def readers(name: str = "Driver") -> ReadersInChild:
            made = ReadersInChild(f"made_up_driver:{name}", {})
            opened.callback(made.close)
            return made

        yield readers


def code_of(call: Callable[[], Any]) -> str:
    with pytest.raises(CardError) as raised:
        call()
    assert "TCHITCHI" not in f"{raised.value!r}{raised.value.facts}"
    return raised.value.code


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def eventually(holds: Callable[[], bool]) -> bool:
    waiting = threading.Event()
    return any(holds() or waiting.wait(0.02) for _ in range(500))


VALUES: dict[str, tuple[str, tuple[str | bytes, ...], Any]] = {
    "bytes": ("echo", (b"\x00\xff",), b"\x00\xff"),
    "no_bytes": ("echo", (b"",), b""),
    "text": ("echo", ("é\n",), "é\n"),
    "more_than_a_pipe_holds": ("echo", (b"\x00" * 300_000,), b"\x00" * 300_000),
    "nothing": ("nothing", (), None),
    "setting": ("setting", ("colour",), "blue"),
}


@pytest.mark.parametrize(("method", "arguments", "value"), VALUES.values(), ids=VALUES)
def test_values_cross_the_pipe_unchanged(
    method: str, arguments: tuple[str | bytes, ...], value: Any, steady: DriverProcess
) -> None:
    assert steady.call(method, *arguments, timeout=20) == value


FAILURES: dict[str, tuple[str, str]] = {
    "typed": ("typed", "card.reader_in_use"),
    "raises": ("raises", "card.driver_failed"),
    "no_such_method": ("lunch", "card.driver_failed"),
}


@pytest.mark.parametrize(("method", "code"), FAILURES.values(), ids=FAILURES)
def test_a_driver_that_fails_goes_on(method: str, code: str, steady: DriverProcess) -> None:
    assert code_of(lambda: steady.call(method, timeout=20)) == code
    assert steady.call("echo", "a", timeout=20) == "a"


ENDS = {"exits": "exits", "crashes": "aborts", "answers_what_no_pipe_carries": "unspeakable"}


@pytest.mark.parametrize("method", ENDS.values(), ids=ENDS)
def test_a_driver_that_ends_is_replaced(method: str, start: Callable[..., DriverProcess]) -> None:
    process = start()
    pid = process.call("pid", timeout=20)
    assert code_of(lambda: process.call(method, timeout=20)) == "card.driver_stopped"
    assert not is_running(pid)
    assert process.call("pid", timeout=20) != pid


def test_a_hung_driver_is_killed_and_started_again(start: Callable[..., DriverProcess]) -> None:
    process = start()
    pid = process.call("pid", timeout=20)
    assert code_of(lambda: process.call("hangs", timeout=0.2)) == "card.driver_hung"
    assert not is_running(pid)
    assert process.call("echo", "a", timeout=20) == "a"


def test_what_a_driver_prints_is_not_taken_for_an_answer(
    start: Callable[..., DriverProcess], capfd: pytest.CaptureFixture[str]
) -> None:
    process = start()
    assert process.call("prints", timeout=20) == "said"
    process.close()
    out, err = capfd.readouterr()
    assert out == ""
    assert "loud-2" in err


BABBLE = {
    "garbage": "\x00\x01 no JSON",
    "json": '{"value": "forged"}',
    "other_number": '{"id": 99, "value": "forged"}',
    "number_to_come": '{"id": 3, "value": "forged"}',
    "list": "[]",
    "odd_error": '{"id": 1, "error": 3}',
    "odd_code": '{"id": 1, "error": {"code": "NO CODE", "retryable": false, "facts": {}}}',
    "odd_bytes": '{"id": 1, "value": {"hex": "xyz"}}',
}


@pytest.mark.parametrize("text", BABBLE.values(), ids=BABBLE)
def test_babble_on_the_pipe_ends_the_child_and_is_never_an_answer(
    text: str, start: Callable[..., DriverProcess]
) -> None:
    process = start()
    assert code_of(lambda: process.call("babbles", text, timeout=20)) == "card.driver_stopped"
    assert process.call("echo", "true", timeout=20) == "true"


def test_babble_before_the_driver_starts_is_said(
    start: Callable[..., DriverProcess], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("print('loud', flush=True)")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{os.environ['PYTHONPATH']}")
    assert code_of(lambda: start().call("echo", "a", timeout=20)) == "card.driver_stopped"


ABSENT: dict[str, tuple[dict[str, str], str, str | None]] = {
    "module_missing": ({"module": "made_up_nowhere"}, "card.driver_failed", "ModuleNotFoundError"),
    "class_missing": ({"name": "Nobody"}, "card.driver_failed", "AttributeError"),
    "constructor_raises": ({"name": "Fails"}, "card.driver_failed", "ValueError"),
    "constructor_says_why": ({"name": "Explains"}, "token.module_missing", None),
}


@pytest.mark.parametrize(("entry", "code", "reason"), ABSENT.values(), ids=ABSENT)
def test_a_driver_that_cannot_be_made_says_why_at_each_call(
    entry: dict[str, str], code: str, reason: str | None, start: Callable[..., DriverProcess]
) -> None:
    process = start(**entry)
    for _ in range(2):
        with pytest.raises(CardError) as raised:
            process.call("slots", timeout=20)
        assert (raised.value.code, raised.value.facts.get("reason")) == (code, reason)


def test_a_child_that_cannot_be_made_is_said(
    start: Callable[..., DriverProcess], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    process = start()
    assert code_of(lambda: process.call("slots", timeout=20)) == "card.driver_stopped"


def test_a_child_killed_between_two_calls_is_replaced(start: Callable[..., DriverProcess]) -> None:
    process = start()
    pid = process.call("pid", timeout=20)
    os.kill(pid, signal.SIGKILL)
    assert eventually(lambda: not is_running(pid))
    assert process.call("pid", timeout=20) != pid


def test_whoever_waits_behind_a_hung_call_waits_no_longer_than_his_own_time(
    start: Callable[..., DriverProcess],
) -> None:
    process = start()
    process.call("pid", timeout=20)
    codes: list[str] = []
    hung = threading.Thread(target=lambda: codes.append(code_of(lambda: process.call("hangs", timeout=1))))
    hung.start()
    assert eventually(process._lock.locked)
    assert code_of(lambda: process.call("echo", "a", timeout=0.1)) == "card.busy"
    hung.join()
    assert codes == ["card.driver_hung"]


def test_nothing_is_left_running_after_close(start: Callable[..., DriverProcess]) -> None:
    before = {thread for thread in threading.enumerate() if thread.name == "segur-driver"}
    process = start()
    pid = process.call("pid", timeout=20)
    process.close()
    process.close()
    assert not is_running(pid)
    assert code_of(lambda: process.call("pid", timeout=20)) == "card.driver_stopped"
    assert eventually(lambda: not {one for one in threading.enumerate() if one.name == "segur-driver"} - before)


def test_a_child_ends_when_its_host_is_killed(tmp_path: Path) -> None:
    script = tmp_path / "host.py"
    script.write_text(
        "import os, signal\nfrom segur_host.drivers.process import DriverProcess\n"
        "process = DriverProcess('made_up_driver:Driver', {})\n"
        "print(process.call('pid', timeout=20), flush=True)\nos.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert eventually(lambda: not is_running(int(done.stdout)))


def test_closing_ends_a_call_that_hangs(start: Callable[..., DriverProcess]) -> None:
    process = start()
    process.call("pid", timeout=20)
    codes: list[str] = []
    hung = threading.Thread(target=lambda: codes.append(code_of(lambda: process.call("hangs", timeout=60))))
    hung.start()
    assert eventually(process._lock.locked)
    process.close()
    hung.join(20)
    assert codes == ["card.driver_stopped"]


def test_what_is_posted_is_not_waited_for_and_comes_before_what_is_asked_next(
    start: Callable[..., DriverProcess],
) -> None:
    process = start()
    process.post("slowly", "never", timeout=20)
    assert not process.is_running
    assert process.call("was_slow", timeout=20) is None
    process.post("slowly", "first", timeout=20)
    process.post("typed", timeout=20)
    assert process.call("was_slow", timeout=20) == "first"
    process.post("slowly", "second", timeout=20)
    process.settle(20)
    process.settle(20)
    assert process.call("was_slow", timeout=20) == "second"


def test_what_is_posted_and_hangs_costs_its_own_time_and_then_its_child(start: Callable[..., DriverProcess]) -> None:
    process = start()
    pid = process.call("pid", timeout=20)
    process.post("hangs", timeout=1)
    process.settle(0.05)
    assert code_of(lambda: process.call("echo", "a", timeout=0.05)) == "card.busy"
    assert is_running(pid)
    assert process.call("echo", "a", timeout=20) == "a"
    assert not is_running(pid)


def test_what_is_posted_to_a_child_that_ends_is_lost(start: Callable[..., DriverProcess]) -> None:
    process = start()
    process.call("pid", timeout=20)
    process.post("aborts", timeout=20)
    process.settle(20)
    assert process.call("echo", "a", timeout=20) == "a"


@pytest.mark.parametrize("watches", [True, False], ids=["watching", "asked_only"])
def test_exchanges_are_traced_where_the_host_asked_for_it(
    watches: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for level, expected in ((logging.DEBUG, []), (5, ["s: 00A4"])):
        caplog.clear()
        with caplog.at_level(level, "segur.apdu"), ExitStack() as opened:
            on_change = (lambda: None) if watches else None
            process = DriverProcess("made_up_driver:Watching", {}, on_change=on_change)
            opened.callback(process.close)
            assert process.call("traces", timeout=20) == "said"
            assert [record.getMessage() for record in caplog.records] == expected


@pytest.mark.parametrize("seconds", [0.0, -1.0], ids=["none", "less"])
def test_a_driver_that_is_well_is_not_ended_by_a_call_without_time(seconds: float, steady: DriverProcess) -> None:
    pid = steady.call("pid", timeout=20)
    assert code_of(lambda: steady.call("echo", "a", timeout=seconds)) == "card.driver_hung"
    assert steady.call("pid", timeout=20) == pid


def test_a_card_answers_through_the_child(readers: Callable[..., ReadersInChild]) -> None:
    made = readers()
    assert made.connect("s") == b"\x3b\x00"
    assert made.transmit("s", b"\x00\xa4", 20) == b"\x00\xa4\x90\x00"
    made.disconnect("s")


ODD: dict[str, tuple[str, Callable[[ReadersInChild], Any]]] = {
    "slots_no_list": ("Odd", lambda made: made.slots()),
    "slots_no_states": ("OddSlots", lambda made: made.slots()),
    "atr_no_bytes": ("Odd", lambda made: made.connect("s")),
    "answer_no_bytes": ("Driver", lambda made: (made.connect("s"), made.transmit("s", b"text", 20))),
    "row_no_bytes": ("Driver", lambda made: (made.connect("s"), made.transmit_all("s", [Step(b"text")], 20))),
}


@pytest.mark.parametrize(("name", "act"), ODD.values(), ids=ODD)
def test_what_is_no_answer_of_a_reader_is_refused(
    name: str, act: Callable[[ReadersInChild], Any], readers: Callable[..., ReadersInChild]
) -> None:
    made = readers(name)
    assert code_of(lambda: act(made)) == "card.driver_failed"
