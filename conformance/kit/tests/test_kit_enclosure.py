"""A target runs apart: nothing of it outlives the run, its limits hold, and what is hidden stays hidden."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from segur_conformance.runner.record import RunRecord
from segur_conformance.targets import enclosed
from segur_conformance.targets.enclosure import Enclosure, enclosed_target
from segur_conformance.targets.limits import MEBIBYTE, Limits
from segur_conformance.targets.room import Ear
from segur_conformance.targets.subject import Subject, SubjectGone

PATIENCE_S = 20.0
Start = Callable[..., Enclosure]


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    folder = tmp_path / "scratch"
    folder.mkdir()
    return folder


@pytest.fixture
def start(scratch: Path) -> Iterator[Start]:
    """Start a program of a few lines of Python apart, with its own folder."""
    with ExitStack() as opened:

        def started(code: str, **options: Any) -> Enclosure:
            command = [sys.executable, "-I", "-S", "-c", textwrap.dedent(code)]
            return opened.enter_context(enclosed_target(command, dict(os.environ), scratch, **options))

        yield started


def told(enclosure: Enclosure) -> bytes:
    """Return what the target wrote until it ended."""
    return conversed(enclosure)[0]


def conversed(enclosure: Enclosure, given: bytes | None = None) -> tuple[bytes, bytes]:
    """Give the target something to read, and return all that it wrote and printed."""
    assert isinstance(enclosure.process, subprocess.Popen)
    return enclosure.process.communicate(given, timeout=PATIENCE_S)


ENDS = {
    "well": ("raise SystemExit(0)", 0),
    "badly": ("raise SystemExit(5)", 5),
    "by-a-signal": ("import os, signal; os.kill(os.getpid(), signal.SIGTERM)", -signal.SIGTERM),
    "killed": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", -signal.SIGKILL),
}


@pytest.mark.parametrize(("code", "status"), ENDS.values(), ids=ENDS)
def test_a_target_ends_for_the_kit_as_it_ended(start: Start, code: str, status: int) -> None:
    enclosure = start(code)
    told(enclosure)

    assert (enclosure.end(), enclosure.why()) == (status, None)


def test_a_program_that_is_not_there_is_named(scratch: Path) -> None:
    with enclosed_target(["no-such-program"], dict(os.environ), scratch) as enclosure:
        _, printed = conversed(enclosure)

    assert (enclosure.process.wait(), printed) == (127, b"no-such-program: No such file or directory\n")


def test_lines_go_in_and_out(start: Start) -> None:
    enclosure = start("import sys; print(sys.stdin.read().upper())")

    assert conversed(enclosure, b"here")[0] == b"HERE\n"


def test_a_file_that_grows_too_large_is_refused_to_the_target(start: Start) -> None:
    code = """
        try:
            open("large", "wb").write(bytes(3_000_000))
        except OSError as failure:
            print(failure.errno)
    """

    assert told(start(code, limits=Limits(file=2 * MEBIBYTE))) == b"27\n"


def test_what_is_in_the_scratch_folder_is_seen_while_the_target_lives(start: Start) -> None:
    enclosure = start("open('left.txt', 'w').write('here'); print(flush=True); input()")
    assert enclosure.process.stdout is not None
    enclosure.process.stdout.readline()

    assert [one.as_posix() for one in enclosure.left()] == ["left.txt"]
    assert enclosure.content(Path("left.txt"), 3) == b"her"
    assert enclosure.content(Path("gone.txt"), 3) == b""
    assert told(enclosure) == b""


def test_everything_ends_when_the_kit_is_killed(tmp_path: Path, scratch: Path) -> None:
    program = tmp_path / "kit.py"
    child = "import os, time; os.setsid(); print(os.getpid(), flush=True); time.sleep(300)"
    program.write_text(
        textwrap.dedent(f"""\
            import os, sys
            from pathlib import Path
            from segur_conformance.targets.enclosure import enclosed_target
            command = [sys.executable, "-c", {child!r}]
            with enclosed_target(command, dict(os.environ), Path({str(scratch)!r})) as enclosure:
                print(enclosure.process.stdout.readline().decode(), end="", flush=True)
                enclosure.process.wait()
            """),
        "utf-8",
    )
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE) as kit:
        assert kit.stdout is not None
        target = int(kit.stdout.readline())
        assert Path(f"/proc/{target}").exists()
        kit.kill()

    until = time.monotonic() + PATIENCE_S
    while Path(f"/proc/{target}").exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert not Path(f"/proc/{target}").exists()


@pytest.fixture
def hidden(tmp_path: Path) -> Path:
    folder = tmp_path / "reports"
    folder.mkdir()
    (folder / "report.json").write_text("{}", "utf-8")
    return folder


LOOKING = "import os; print(os.listdir({folder!r}))"
LIFTING = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
print(libc.umount2({folder!r}.encode(), 2), os.listdir({folder!r}))
"""


def test_a_hidden_folder_is_empty_for_the_target_alone(start: Start, hidden: Path) -> None:
    enclosure = start(LOOKING.format(folder=str(hidden)), hidden=(hidden,))

    assert (enclosure.isolation, told(enclosure)) == (enclosed.NAMESPACE, b"[]\n")
    assert [one.name for one in hidden.iterdir()] == ["report.json"]


def test_a_hidden_folder_that_holds_the_scratch_folder_leaves_it_there(start: Start, scratch: Path) -> None:
    looking = LOOKING.format(folder=str(scratch.parent)) + "; open('here.txt', 'w').close(); print(os.listdir())"

    assert told(start(looking, hidden=(scratch.parent,))) == b"['scratch']\n['here.txt']\n"


def test_nobody_inside_lifts_what_covers_it(start: Start, hidden: Path) -> None:
    assert told(start(LIFTING.format(folder=str(hidden)), hidden=(hidden,))) == b"-1 []\n"


@pytest.fixture
def change_the_guard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], None]:
    """Change a passage of the program that stands between the kit and a target."""

    def change(before: str, after: str) -> None:
        script = tmp_path / "enclosed.py"
        text = Path(enclosed.__file__).read_text("utf-8")
        assert text.count(before) == 1
        script.write_text(text.replace(before, after), "utf-8")
        monkeypatch.setattr(enclosed, "__file__", str(script))

    return change


def test_a_user_without_privileges_hides_folders_too(
    start: Start, hidden: Path, change_the_guard: Callable[[str, str], None]
) -> None:
    change_the_guard("if user == 0:", "if user < 0:")

    enclosure = start(LOOKING.format(folder=str(hidden)), hidden=(hidden,))

    assert (enclosure.isolation, told(enclosure)) == (enclosed.NAMESPACE, b"[]\n")


def test_where_the_kernel_refuses_half_way_the_target_stays_where_it_was(
    start: Start, hidden: Path, change_the_guard: Callable[[str, str], None]
) -> None:
    change_the_guard('_call("mount", None, b"/"', 'raise RefusedError; _call("mount", None, b"/"')

    enclosure = start(f"import os; print(os.getuid(), os.listdir({str(hidden)!r}))", hidden=(hidden,))

    assert enclosure.isolation == enclosed.WATCHED
    assert told(enclosure) == f"{os.getuid()} ['report.json']\n".encode()


LIMITS = {"memory": 1_000, "processes": 2, "scratch": 1_000, "written": 1_000}


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch, scratch: Path) -> enclosed.Watch:
    """A watch over two processes that take nothing."""
    monkeypatch.setattr(enclosed, "descendants", lambda: (1, 2))
    for name in ("memory_of", "share_of", "written_by"):
        monkeypatch.setattr(enclosed, name, lambda _: 0)
    return enclosed.Watch(LIMITS, str(scratch), enclosed.WATCHED)


def test_who_takes_what_is_allowed_is_left_alone(watch: enclosed.Watch) -> None:
    assert watch.exceeded() is None


@pytest.mark.parametrize(
    ("name", "function", "amount"),
    [("memory", "memory_of", 600), ("written", "written_by", 600)],
    ids=["memory", "written"],
)
def test_processes_are_counted_together(
    watch: enclosed.Watch, monkeypatch: pytest.MonkeyPatch, name: str, function: str, amount: int
) -> None:
    monkeypatch.setattr(enclosed, function, lambda _: amount)
    if name == "memory":
        # What two processes share is counted once.
        assert watch.exceeded() is None
        monkeypatch.setattr(enclosed, "share_of", lambda _: amount)

    assert watch.exceeded() == name


def test_what_was_written_before_a_start_is_not_counted_after_it(
    watch: enclosed.Watch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(enclosed, "written_by", lambda _: 600)
    assert watch.exceeded() == "written"
    watch.begin_anew()

    assert watch.exceeded() is None


def test_a_third_process_and_a_full_folder_are_noticed(
    watch: enclosed.Watch, monkeypatch: pytest.MonkeyPatch, scratch: Path
) -> None:
    (scratch / "large").write_bytes(b"x" * 4_000)
    assert watch.exceeded() == "scratch"
    monkeypatch.setattr(enclosed, "descendants", lambda: (1, 2, 3))
    assert watch.exceeded() == "processes"


class Process:
    """As much of a process as a conversation needs."""

    def __init__(self, *lines: bytes) -> None:
        self.stdin = io.BytesIO()
        self.stdout = io.BytesIO(b"".join(lines))


def subject(*lines: bytes, seen: list[Any] | None = None) -> Subject:
    process: Any = Process(*lines)
    return Subject(process, lambda *_: None, lambda: None, lambda: -11, None if seen is None else seen.append)


def test_what_a_target_saw_comes_before_its_answer() -> None:
    seen: list[Any] = []
    conversation = subject(b'{"seen": {"event": "open"}}\n', b'{"id": 1, "value": 2}\n', seen=seen)

    assert (conversation.ask("observe").value, seen) == (2, [{"event": "open"}])


def test_what_a_target_saw_last_is_not_lost_with_it() -> None:
    seen: list[Any] = []
    conversation = subject(b'{"seen": {"event": "os.fork"}}\n', seen=seen)

    with pytest.raises(SubjectGone, match=r"la cible s’est arrêtée \(signal SIGSEGV\)"):
        conversation.ask("observe")
    conversation.told_so_far()
    assert seen == [{"event": "os.fork"}]


ODD = {
    "not-json": (b"hello\n", "autre chose que du JSON"),
    "a-list": (b"[]\n", "autre chose qu’un objet JSON"),
    "another-number": (b'{"id": 7, "value": 1}\n', "à autre chose que ce qui était demandé"),
    "too-deep": (b"[" * 100_000 + b"\n", "autre chose que du JSON"),
    "a-foreign-host-that-saw-something": (b'{"seen": {}}\n', "à autre chose que ce qui était demandé"),
}


@pytest.mark.parametrize(("line", "reason"), ODD.values(), ids=ODD)
def test_an_answer_that_is_none_ends_the_conversation(line: bytes, reason: str) -> None:
    with pytest.raises(SubjectGone, match=reason):
        subject(line).ask("call")


class Pipe(io.BytesIO):
    """Gives what is written to it piece by piece, as a pipe does."""

    def __init__(self, *pieces: bytes) -> None:
        super().__init__()
        self._pieces = [*pieces, b""]

    def read1(self, _: int | None = -1) -> bytes:
        return self._pieces.pop(0)


def test_what_is_printed_is_heard_without_the_mark_however_it_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    record = RunRecord(check="first")
    monkeypatch.setattr("segur_conformance.targets.room.token_hex", lambda _: "abcd")
    mark = b"\x1eabcd\x1e"
    pieces = [b"one ", mark[:2], mark[2:5], mark[5:] + b" two"]

    class Marked(Ear):
        def _listen(self, stream: Any) -> None:
            self.mark()
            super()._listen(stream)

    ear = Marked(Pipe(*pieces), record)
    ear.wait()
    ear.join()

    assert record.printed == {"first": b"one  two"}
