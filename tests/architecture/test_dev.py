"""dev.py: what ``run`` passes through, when environments are made again, how wrong usage ends."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import dev

ROOT = Path(__file__).parents[2]

RUN = """
import pathlib, sys
import dev
dev.SYSTEM_PACKAGES = ()
dev.ensure_environment = lambda name: pathlib.Path(sys.argv[1])
dev.ensure_native = lambda folder: None
sys.exit(dev.main(["run", *sys.argv[2:]]))
"""


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """A folder that looks like the environment, with one program of its own."""
    program = tmp_path / "bin" / "answer"
    program.parent.mkdir()
    program.write_text(
        textwrap.dedent(f"""\
            #!{sys.executable}
            import os, sys
            sys.stdout.buffer.write(sys.stdin.buffer.read())
            sys.stderr.write(os.environ["VIRTUAL_ENV"])
            sys.exit(int(sys.argv[1]))
            """),
        encoding="utf-8",
    )
    program.chmod(0o755)
    return tmp_path


def run(environment: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", RUN, str(environment), *arguments]
    return subprocess.run(command, cwd=ROOT, input=stdin, capture_output=True, check=False)


@pytest.mark.parametrize("status", [0, 1, 5, 42])
def test_run_passes_stdin_stdout_and_status_through(environment: Path, status: int) -> None:
    content = bytes(range(256)) * 300

    result = run(environment, "--", "answer", str(status), stdin=content)

    assert result.returncode == status
    assert result.stdout == content
    assert result.stderr == str(environment).encode()


def test_run_passes_options_of_the_command_through(environment: Path) -> None:
    result = run(environment, "--", sys.executable, "-c", "import sys; print(sys.argv[1:])", "--", "--json", "-h")

    assert result.stdout.decode().strip() == "['--', '--json', '-h']"


def test_run_passes_a_deadly_signal_through(environment: Path) -> None:
    suicide = "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"

    assert run(environment, "--", sys.executable, "-c", suicide).returncode == -15


def test_run_of_an_unknown_command_is_127_and_silent_on_stdout(environment: Path) -> None:
    result = run(environment, "--", "no-such-command")

    assert (result.returncode, result.stdout) == (127, b"")
    assert b"no-such-command: not found" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [[], ["no-such"], ["run"], ["run", "--"], ["lint", "fast"], ["wheels", "--", "x"]],
    ids=["nothing", "unknown", "run-nothing", "run-dashes", "lint-argument", "wheels-argument"],
)
def test_wrong_usage_is_2_and_says_how(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "SYSTEM_PACKAGES", ())

    assert dev.main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "usage: python dev.py COMMAND" in captured.err


def test_help_is_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: python dev.py COMMAND")


def test_demo_is_the_walk_with_its_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[tuple[str, list[str]]] = []
    monkeypatch.setattr(dev, "SYSTEM_PACKAGES", ())

    def walk(name: str, command: list[str]) -> int:
        commands.append((name, command))
        return 7

    monkeypatch.setattr(dev, "execute", walk)

    assert dev.main(["demo", "--json"]) == 7
    assert commands == [("dev", ["segur", "demo", "comptoir", "--json"])]


@pytest.fixture
def gates(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """Statuses that the gates end with, in place of the gates."""
    statuses = dict.fromkeys(dev.GATES, 0)
    monkeypatch.setattr(dev, "SYSTEM_PACKAGES", ())
    monkeypatch.setattr(dev, "gate", lambda name, _: statuses[name])
    return statuses


def test_test_runs_all_gates_in_order_and_times_each(gates: dict[str, int], capsys: pytest.CaptureFixture[str]) -> None:
    assert dev.main(["test"]) == 0
    last = capsys.readouterr().err.splitlines()[-1]
    assert [part.split()[0] for part in last.removeprefix("dev: all gates passed: ").split(", ")] == list(gates)


@pytest.mark.parametrize("failing", dev.GATES)
def test_the_first_failing_gate_stops_and_is_named(
    gates: dict[str, int], failing: str, capsys: pytest.CaptureFixture[str]
) -> None:
    gates[failing] = 3

    assert dev.main(["test"]) == 3
    captured = capsys.readouterr().err
    assert captured.splitlines()[-1].startswith(f"dev: FAILED: {failing} ")
    assert captured.count("passed: ") == dev.GATES.index(failing)


def test_an_environment_is_current_only_for_the_same_inputs(tmp_path: Path) -> None:
    inputs = [ROOT / "tox.ini", ROOT / "requirements/lock.txt"]
    stamp = tmp_path / "inputs"
    assert not dev.is_current(stamp, dev.fingerprint(inputs))

    stamp.write_text(dev.fingerprint(inputs), encoding="utf-8")

    assert dev.is_current(stamp, dev.fingerprint(inputs))
    assert not dev.is_current(stamp, dev.fingerprint(inputs[:1]))
    assert not dev.is_current(stamp, dev.fingerprint([*inputs, ROOT / "sdk/pyproject.toml"]))


def test_another_interpreter_makes_environments_again(monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = [ROOT / "tox.ini"]
    before = dev.fingerprint(inputs)

    monkeypatch.setattr(sys, "version", "4.0")

    assert dev.fingerprint(inputs) != before


def test_a_failing_preparation_is_3_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: str) -> Path:
        raise dev.EnvironmentFailedError("making the environment lint failed; its output is above")

    monkeypatch.setattr(dev, "ensure_environment", fail)

    assert dev.main(["lint"]) == 3
    assert "making the environment lint failed" in capsys.readouterr().err


def test_missing_system_packages_without_root_print_the_exact_line_and_go_on(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    missing = dev.SystemPackage("libnosuch0", "no-such-program", "tests of nothing")
    monkeypatch.setattr(dev, "SYSTEM_PACKAGES", (missing, missing._replace(name="nosuch-bin")))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    monkeypatch.setattr(dev, "test", lambda _: 0)

    assert dev.main(["test"]) == 0
    captured = capsys.readouterr().err
    assert "no-such-program is missing: tests of nothing" in captured
    assert "sudo apt-get install -y --no-install-recommends libnosuch0 nosuch-bin" in captured


def test_with_root_on_debian_missing_packages_are_installed_after_one_update(monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def record(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr("os.geteuid", lambda: 0)
    monkeypatch.setattr("shutil.which", lambda name, **_: f"/usr/bin/{name}" if name == "apt-get" else None)
    monkeypatch.setattr("pathlib.Path.exists", lambda _: False)
    monkeypatch.setattr("subprocess.run", record)

    dev.ensure_system_packages("test")

    names = [package.name for package in dev.SYSTEM_PACKAGES if package.command == "test"]
    assert commands == [
        ["apt-get", "update"],
        ["apt-get", "install", "-y", "--no-install-recommends", *names],
    ]


PROOFS = {
    "a program": (Path(sys.executable).name, True),
    "no program": ("no-such-program", False),
    "a file": (sys.executable, True),
    "no file": ("/no/such/file.so", False),
}


@pytest.mark.parametrize(("proof", "found"), PROOFS.values(), ids=PROOFS)
def test_a_program_on_the_path_or_a_file_shows_that_a_package_is_there(
    proof: str, found: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(Path(sys.executable).parent))
    assert dev.is_there(proof) is found


@pytest.fixture
def installations(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Commands that would install packages, in place of installing any."""
    commands: list[list[str]] = []
    monkeypatch.setattr(dev, "ensure_bootstrap", lambda: Path("/bootstrap"))
    monkeypatch.setattr(dev, "attempt", lambda command, _: commands.append(command))
    monkeypatch.setattr(sys, "platform", "linux")
    return commands


def test_what_is_compiled_is_added_once_where_a_compiler_is(
    installations: list[list[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dev, "is_there", lambda _: True)

    dev.ensure_native(tmp_path)
    dev.ensure_native(tmp_path)

    (command,) = installations
    assert command[:3] == ["/bootstrap/uv", "pip", "install"]
    assert command[-3:] == ["--require-hashes", "-r", str(ROOT / "requirements/native.txt")]


def test_without_a_compiler_it_is_said_once_and_tried_again_when_one_is_there(
    installations: list[list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(dev, "is_there", lambda proof: proof != "swig")

    dev.ensure_native(tmp_path)
    dev.ensure_native(tmp_path)

    assert installations == []
    assert capsys.readouterr().err == "dev: going on without PC/SC readers, for lack of swig\n"

    monkeypatch.setattr(dev, "is_there", lambda _: True)
    dev.ensure_native(tmp_path)

    assert len(installations) == 1


def test_what_does_not_compile_stops_nothing_and_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(_: list[str], what: str) -> None:
        raise dev.EnvironmentFailedError(f"{what} failed; its output is above")

    monkeypatch.setattr(dev, "ensure_bootstrap", lambda: Path("/bootstrap"))
    monkeypatch.setattr(dev, "is_there", lambda _: True)
    monkeypatch.setattr(dev, "attempt", fail)

    dev.ensure_native(tmp_path)
    dev.ensure_native(tmp_path)

    said = "dev: going on without PC/SC readers: installing native.txt failed; its output is above\n"
    assert capsys.readouterr().err == said * 2


def test_the_walk_over_pcsc_installs_what_it_needs_first(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def walk(name: str, _: list[str]) -> int:
        calls.append(name)
        return 0

    monkeypatch.setattr(dev, "ensure_system_packages", calls.append)
    monkeypatch.setattr(dev, "execute", walk)

    assert dev.main(["demo", "--cards", "pcsc"]) == 0
    assert dev.main(["demo"]) == 0
    assert calls == ["test", "dev", "dev"]


def test_an_older_python_gets_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))

    with pytest.raises(SystemExit) as ended:
        dev.start()

    assert ended.value.code == 3
    assert "Python 3.11 or newer is needed" in capsys.readouterr().err
