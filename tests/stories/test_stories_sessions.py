"""Who is at the counter: people sign in at the resident host, by the commands that a workstation runs."""

import json
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import attrs
import pytest

from segur_host import CheckedAsker, Host
from segur_host.cli import application
from segur_host.cli.failing import run
from segur_host.resident.client import ResidentClient
from segur_host.resident.place import RUNTIME_VARIABLE
from segur_sandbox.running import RunningSandbox

TITULAIRE = ("899700075122", "99700075122")
CODE = "un-code-assez-long"
PATIENCE_S = 60

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no resident host there")


@attrs.frozen
class Workstation:
    """The commands of one workstation, whose host is resident."""

    folder: Path
    sandbox: RunningSandbox
    captured: pytest.CaptureFixture[str]

    @property
    def config(self) -> Path:
        return self.folder / "segur.toml"

    def begun(self, *words: str) -> "subprocess.Popen[str]":
        """Begin a command in a process of its own."""
        command = [sys.executable, "-m", "segur_host.cli", *words, "--config", str(self.config), "--json"]
        return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)

    def segur(self, *words: str) -> tuple[int, Any]:
        """Run a command: its status and its answer."""
        self.captured.readouterr()
        status = run(application(), [*words, "--config", str(self.config), "--json"])
        return status, json.loads(self.captured.readouterr().out)

    def by_ciba(self) -> tuple[int, Any]:
        self.sandbox.answer_psc("pharmacien-titulaire", means="MOBILE")
        return self.segur("session", "login", "--flow", "ciba", "--national-id", TITULAIRE[0])


@pytest.fixture
def runtime() -> Iterator[Path]:
    """A folder whose name is short enough for the address of a socket."""
    with tempfile.TemporaryDirectory(prefix="segur-") as folder:
        yield Path(folder)


@pytest.fixture
def workstation(
    segur_sandbox: RunningSandbox,
    tmp_path: Path,
    runtime: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Workstation:
    segur_sandbox.psc_settings(ciba_interval_s=1)
    monkeypatch.setenv(RUNTIME_VARIABLE, str(runtime))
    text = segur_sandbox.config.read_text(encoding="utf-8")
    data = json.dumps(str(tmp_path / "data"))
    (tmp_path / "segur.toml").write_text(re.sub(r"(?m)^data = .*$", lambda _: f"data = {data}", text, count=1))
    return Workstation(tmp_path, segur_sandbox, capfd)


@pytest.fixture
def resident(workstation: Workstation) -> Iterator[Callable[[], "subprocess.Popen[str]"]]:
    """Start the resident host; what still runs at the end of the test is stopped."""
    with ExitStack() as at_end:

        def start() -> "subprocess.Popen[str]":
            process = at_end.enter_context(workstation.begun("host", "run"))
            at_end.callback(process.terminate)
            assert process.stdout is not None
            assert json.loads(process.stdout.readline())["pid"] == process.pid
            return process

        yield start


@pytest.mark.req("S000-82", "S000-84", "S000-87", "SC.PSC.01")
def test_one_sign_in_serves_every_command_until_he_leaves(
    workstation: Workstation, resident: Callable[[], "subprocess.Popen[str]"]
) -> None:
    host = resident()
    with workstation.begun("session", "watch") as watching:
        status, opened = workstation.by_ciba()
        assert (status, opened["active"], opened["rpps"], opened["means"]) == (0, True, TITULAIRE[1], "psc")
        assert opened["expires_at"]
        found = workstation.segur("session", "status")[1]
        assert {name: found[name] for name in ("session", "operator", "rpps")} == {
            name: opened[name] for name in ("session", "operator", "rpps")
        }
        assert {one["id"]: one["state"] for one in workstation.segur("plugins", "list")[1]}["psc"] == "active"
        assert workstation.segur("session", "logout")[1] == {"active": False}
        assert watching.stdout is not None
        events = [json.loads(watching.stdout.readline()) for _ in range(2)]
        assert [(one["event"], one["reason"], one["session"]) for one in events] == [
            ("opened", None, opened["session"]),
            ("ended", "logout", opened["session"]),
        ]
        host.send_signal(signal.SIGTERM)
        assert host.wait(PATIENCE_S) == 0
        # Whoever watches is told that the host is gone.
        assert watching.wait(PATIENCE_S) == 1
        assert json.loads(watching.stdout.read())["error"]["code"] == "resident.gone"


@pytest.mark.req("S000-87")
def test_the_authority_that_is_down_does_not_close_the_pharmacy(
    workstation: Workstation, resident: Callable[[], "subprocess.Popen[str]"]
) -> None:
    (workstation.folder / "code").write_text(CODE + "\n")
    assert (
        workstation.segur(
            "operators", "add", "Paul", "--role", "preparateur", "--code-file", str(workstation.folder / "code")
        )[0]
        == 0
    )
    resident()
    workstation.sandbox.fault("psc", "refuse")
    status, refused = workstation.by_ciba()
    assert (status, refused["error"]["code"]) == (1, "psc.unavailable")
    assert "local" in refused["error"]["action"]
    # Nobody sits at this terminal to type his code: a workstation's own screens answer for him.
    code = {"operator.code": CODE, "session.acknowledge": "oui"}
    with ResidentClient(workstation.folder / "data") as client:
        arguments = {"means": "local", "operator": "Paul"}
        opened = client.call("session.login", arguments, asker=CheckedAsker(lambda asked: code.get(asked.code)))
    assert [one["code"] for one in opened["notices"]] == ["session.local"]
    assert "insi.search" in opened["rights"]
    assert not {"dmp.read", "mail.organisation"} & set(opened["rights"])


@pytest.mark.req("SC.MSS/CONF.28")
def test_a_kill_ends_sessions_and_loses_nothing_else(
    workstation: Workstation, resident: Callable[[], "subprocess.Popen[str]"]
) -> None:
    host = resident()
    opened = workstation.by_ciba()[1]
    with workstation.begun("session", "watch") as watching:
        assert watching.stdout is not None
        assert json.loads(watching.stdout.readline())["session"] == opened["session"]
        host.kill()
        host.wait(PATIENCE_S)
        assert watching.wait(PATIENCE_S) == 1
        assert json.loads(watching.stdout.read())["error"]["code"] == "resident.gone"
    status, said = workstation.segur("session", "logout")
    assert (status, said["error"]["code"]) == (1, "resident.not_running")
    resident()
    assert workstation.segur("session", "status")[1]["sessions"] == []
    ended = [one for one in audited(workstation) if one["event"] == "session.ended"]
    assert [json.loads(one["facts"])["reason"] for one in ended] == ["host_stopped"]
    assert workstation.segur("audit", "verify")[0] == 0
    # The tokens were in the memory of the process that was killed, and nowhere else.
    assert workstation.by_ciba()[0] == 0


def audited(workstation: Workstation) -> list[dict[str, Any]]:
    with Host(workstation.config, safe_mode=True) as host:
        return [{"event": one.event, "facts": one.facts} for one in host.audit.records()]


def test_a_second_resident_host_is_refused(
    workstation: Workstation, resident: Callable[[], "subprocess.Popen[str]"]
) -> None:
    resident()
    status, said = workstation.segur("host", "run")
    assert (status, said["error"]["code"]) == (1, "resident.running")
