"""Jobs seen from outside: the command, the resident host, and a host that was killed."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from segur_host.resident.place import RUNTIME_VARIABLE

PACED = """
import os
from pathlib import Path
from segur_sdk.errors import ServiceError
from segur_sdk.hooks import SegurHooks
from segur_sdk.jobs import JobDone
from segur_sdk.models.notice import Notice

class Plugin(SegurHooks):
    def run_job(self, run, ctx):
        if run.job == "broken":
            raise ServiceError("service.unreachable", retryable=True)
        with open(os.environ["MADE_UP_RUNS"], "a") as runs:
            print(run.attempt, ctx.actor.kind, file=runs, flush=True)
        if os.environ.get("MADE_UP_HANGS"):
            import threading
            threading.Event().wait(60)
        return JobDone(notices=(Notice(code="alpha.done", text="C’est fait."),))
"""
TABLES = '[[jobs]]\nname = "crl"\nevery_minutes = 60\n'
BROKEN = '[[jobs]]\nname = "broken"\nevery_minutes = 60\n'
KEYS = {"job", "plugin", "every_minutes", "state", "due_at", "last_done", "attempts", "last_error", "notices"}


@pytest.fixture
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where jobs write that they run; the host's own folder for its socket has a short name."""
    path = tmp_path / "runs"
    path.touch()
    monkeypatch.setenv("MADE_UP_RUNS", str(path))
    return path


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with tempfile.TemporaryDirectory(prefix="segur-") as folder:
        monkeypatch.setenv(RUNTIME_VARIABLE, folder)
        yield


@pytest.fixture
def begun(runs: Path, environment: dict[str, str], runtime: None) -> Iterator[Callable[..., "subprocess.Popen[str]"]]:
    """Begin ``segur host run``, whose jobs hang, and wait until it is there; it is killed when the test ends."""
    processes: list[subprocess.Popen[str]] = []

    def begun(config: Path) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", "segur_host.cli", "host", "run", "--config", str(config), "--json"]
        own = {
            **environment,
            **{name: os.environ[name] for name in ("MADE_UP_RUNS", RUNTIME_VARIABLE)},
            "MADE_UP_HANGS": "yes",
        }
        process = subprocess.Popen(command, env=own, stdout=subprocess.PIPE, text=True)
        processes.append(process)
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["pid"] == process.pid
        return process

    yield begun
    for process in processes:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def eventually(holds: Callable[[], bool]) -> bool:
    waiting = threading.Event()
    return any(holds() or waiting.wait(0.05) for _ in range(600))


def test_jobs_are_listed_and_run_by_a_command_that_works_alone(
    install: Callable[..., str],
    config_file: Callable[..., Path],
    segur: Callable[..., tuple[int, str, str]],
    error_of: Callable[[str], dict[str, Any]],
    runs: Path,
    runtime: None,
) -> None:
    config = config_file({"alpha": install("alpha", module=PACED, tables=TABLES + BROKEN)})
    options = ("--config", config, "--json")
    status, out, _ = segur("jobs", "list", *options)
    rows = json.loads(out)
    assert (status, [row["job"] for row in rows]) == (0, ["alpha.broken", "alpha.crl"])
    assert [set(row) for row in rows] == [KEYS, KEYS]
    assert [(row["state"], row["due_at"], row["last_done"]) for row in rows] == [("waiting", None, None)] * 2
    status, out, _ = segur("jobs", "run", "crl", *options)
    done = json.loads(out)
    assert (status, set(done)) == (0, KEYS | {"outcome"})
    assert (done["outcome"]["status"], done["outcome"]["error"]) == ("ok", None)
    assert [one["code"] for one in done["notices"]] == ["alpha.done"]
    assert datetime.fromisoformat(done["due_at"]) > datetime.fromisoformat(done["last_done"])
    status, out, _ = segur("jobs", "run", "alpha.broken", *options)
    failed = json.loads(out)
    assert (status, failed["outcome"]["error"]["code"], failed["attempts"]) == (1, "service.unreachable", 1)
    status, out, _ = segur("jobs", "list", *options)
    assert [row["last_error"] for row in json.loads(out)] == ["service.unreachable", None]
    status, out, _ = segur("jobs", "run", "nothing", *options)
    assert (status, error_of(out)["code"]) == (2, "input.job_unknown")
    assert runs.read_text() == "1 operator\n"


def test_a_person_reads_sentences(
    install: Callable[..., str],
    config_file: Callable[..., Path],
    segur: Callable[..., tuple[int, str, str]],
    runs: Path,
    runtime: None,
) -> None:
    config = config_file({"alpha": install("alpha", module=PACED, tables=TABLES + BROKEN)})
    status, out, _ = segur("jobs", "run", "crl", "--config", config)
    assert status == 0
    assert "alpha.crl : fait" in out
    assert "C’est fait." in out
    status, out, _ = segur("jobs", "run", "broken", "--config", config)
    assert status == 1
    assert "alpha.broken : échec" in out
    status, out, _ = segur("jobs", "list", "--config", config)
    assert status == 0
    assert "C’est fait." in out
    config = config_file({})
    assert "tâche régulière" in segur("jobs", "list", "--config", config)[1]


@pytest.mark.skipif(sys.platform == "win32", reason="no resident host there")
def test_the_resident_host_runs_jobs_and_leaves_them_due_when_killed(
    install: Callable[..., str],
    config_file: Callable[..., Path],
    segur: Callable[..., tuple[int, str, str]],
    error_of: Callable[[str], dict[str, Any]],
    begun: Callable[..., "subprocess.Popen[str]"],
    runs: Path,
) -> None:
    config = config_file({"alpha": install("alpha", module=PACED, tables=TABLES.replace("60", "1"))})
    options = ("--config", config, "--json")
    killed = begun(config)
    # A minute's job that was never run is spread over six seconds.
    assert eventually(lambda: runs.read_text() == "1 automaton\n")
    status, out, _ = segur("jobs", "run", "crl", *options)
    assert (status, error_of(out)["code"]) == (1, "job.running")
    [row] = json.loads(segur("jobs", "list", *options)[1])
    assert (row["state"], row["attempts"], row["last_done"]) == ("running", 1, None)
    due_at = row["due_at"]
    os.kill(killed.pid, signal.SIGKILL)
    killed.wait()
    [row] = json.loads(segur("jobs", "list", *options)[1])
    assert (row["state"], row["due_at"], row["last_done"]) == ("waiting", due_at, None)
    status, _, _ = segur("jobs", "run", "crl", *options)
    assert (status, runs.read_text()) == (0, "1 automaton\n2 operator\n")
