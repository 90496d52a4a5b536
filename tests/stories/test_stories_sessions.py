"""Who is at the counter: people sign in at the resident host, by the commands that a workstation runs."""

import json
import re
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from queue import SimpleQueue
from typing import Any
from urllib.parse import parse_qs

import attrs
import httpx
import pytest

from segur_host import CheckedAsker, Host
from segur_host.cli import application
from segur_host.cli.failing import run
from segur_host.resident.client import ResidentClient
from segur_host.resident.place import RUNTIME_VARIABLE
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import HostError

TITULAIRE = ("899700075122", "99700075122")
CODE = "un-code-assez-long"
PATIENCE_S = 60

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no resident host there")


@attrs.frozen
class Watching:
    """A command that follows sessions."""

    process: "subprocess.Popen[str]"

    def next(self) -> tuple[str, str | None, str]:
        """Wait for the next line: what happened, why, and to which session."""
        assert self.process.stdout is not None
        told = json.loads(self.process.stdout.readline())
        return told["event"], told["reason"], told["session"]

    def ends(self) -> tuple[int, str]:
        """Wait for its end: its status, and the code of the error that it tells."""
        assert self.process.stdout is not None
        return self.process.wait(PATIENCE_S), json.loads(self.process.stdout.read())["error"]["code"]


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

    @contextmanager
    def watching(self) -> Iterator["Watching"]:
        """Follow sessions for as long as the block lasts."""
        with self.begun("session", "watch") as process:
            try:
                yield Watching(process)
            finally:
                process.terminate()

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
    with workstation.watching() as watching:
        status, opened = workstation.by_ciba()
        assert (status, opened["active"], opened["rpps"], opened["means"]) == (0, True, TITULAIRE[1], "psc")
        assert opened["expires_at"]
        found = workstation.segur("session", "status")[1]
        assert {name: found[name] for name in ("session", "operator", "rpps")} == {
            name: opened[name] for name in ("session", "operator", "rpps")
        }
        assert {one["id"]: one["state"] for one in workstation.segur("plugins", "list")[1]}["psc"] == "active"
        # Before anything ends: who begins to watch later is told of what is open, not of what was.
        assert watching.next() == ("opened", None, opened["session"])
        assert workstation.segur("session", "logout")[1] == {"active": False}
        assert watching.next() == ("ended", "logout", opened["session"])
        host.send_signal(signal.SIGTERM)
        assert host.wait(PATIENCE_S) == 0
        # Whoever watches is told that the host is gone.
        assert watching.ends() == (1, "resident.gone")


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
    with workstation.watching() as watching:
        assert watching.next() == ("opened", None, opened["session"])
        host.kill()
        host.wait(PATIENCE_S)
        assert watching.ends() == (1, "resident.gone")
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


def test_nobody_is_asked_for_any_more_once_who_signs_in_by_his_device_has_gone(
    workstation: Workstation, resident: Callable[[], "subprocess.Popen[str]"]
) -> None:
    workstation.sandbox.psc_settings(ciba_interval_s=60)
    resident()
    shown = threading.Event()
    leaving = ResidentClient(workstation.folder / "data")

    def sign_in() -> None:
        arguments = {"means": "psc", "flow": "ciba", "national_id": TITULAIRE[0]}
        with pytest.raises(HostError, match=r"resident\.gone"):
            leaving.call("session.login", arguments, show=lambda _: shown.set())

    signing_in = threading.Thread(target=sign_in)
    signing_in.start()
    assert shown.wait(PATIENCE_S)
    leaving.close()
    signing_in.join()
    # It ends before its next turn to ask: the record of the call says so.
    refused: list[Any] = []
    until = time.monotonic() + PATIENCE_S / 2
    while not refused and time.monotonic() < until:
        refused = [one for one in audited(workstation) if "input.cancelled" in one["facts"]]
    assert len(refused) == 1
    asked = [one["operation"] for one in workstation.sandbox.exchanges("psc")]
    (waiting,) = workstation.sandbox.psc_now()["ciba"]
    assert waiting["as"] == "pharmacien-titulaire"
    # His yes comes too late, and opens nothing.
    workstation.sandbox.answer_psc("pharmacien-titulaire", means="MOBILE")
    assert workstation.segur("session", "status")[1]["sessions"] == []
    assert [one["operation"] for one in workstation.sandbox.exchanges("psc")] == asked
    # He is signed in at the authority, and no software has anything of it.
    assert [one["clients"] for one in workstation.sandbox.psc_now()["sessions"]] == [[]]


@attrs.frozen
class Overhearing:
    """Takes the logout tokens that the authority sends, and keeps them."""

    uri: str
    tokens: "SimpleQueue[str]"


@pytest.fixture
def overhearing() -> Iterator[Overhearing]:
    tokens: SimpleQueue[str] = SimpleQueue()

    class Taker(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self.send_response(200)
            self.end_headers()
            tokens.put(parse_qs(body)["logout_token"][0])

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called there
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Taker) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield Overhearing(f"http://127.0.0.1:{server.server_port}/fin", tokens)
        server.shutdown()


def token_for_other_software(workstation: Workstation, overhearing: Overhearing) -> str:
    """Return what the authority signs for another client, in whose session the same professional is."""
    psc = workstation.sandbox.descriptor["services"]["psc"]
    (client,) = (one for one in psc["clients"] if one["client_id"] == "segur-lps-secret")
    workstation.sandbox.psc_client(client["client_id"], backchannel_logout_uri=overhearing.uri)
    trust = ssl.create_default_context(cafile=workstation.sandbox.descriptor["ca"])
    with httpx.Client(verify=trust, auth=(client["client_id"], client["client_secret"])) as http:
        endpoints = http.get(psc["discovery"]).json()
        workstation.sandbox.answer_psc("pharmacien-titulaire", means="MOBILE")
        asked = {"scope": "openid scope_all", "acr_values": "eidas1", "login_hint": TITULAIRE[0]}
        asked |= {"binding_message": "42", "channel": "MOBILE", "client_id": client["client_id"]}
        begun = http.post(endpoints["backchannel_authentication_endpoint"], data=asked).json()
        grant = {"grant_type": "urn:openid:params:grant-type:ciba", "auth_req_id": begun["auth_req_id"]}
        assert http.post(endpoints["token_endpoint"], data=grant).status_code == 200
    workstation.sandbox.end_psc_sessions("pharmacien-titulaire")
    return overhearing.tokens.get(timeout=PATIENCE_S)


@pytest.mark.req("SC.PSC.01")
def test_a_session_ends_with_the_authority_s_and_with_nothing_else_that_is_sent(
    workstation: Workstation, resident: Callable[[], "subprocess.Popen[str]"], overhearing: Overhearing
) -> None:
    for_others = token_for_other_software(workstation, overhearing)
    resident()
    (client,) = (one for one in workstation.sandbox.psc_now()["clients"] if one["client_id"] == "segur-lps")
    back_channel = client["backchannel_logout_uri"]

    def posted(token: str) -> int:
        return httpx.post(back_channel, data={"logout_token": token}, timeout=PATIENCE_S).status_code

    with workstation.watching() as watching:
        # The address of the sandbox's own configuration: nobody stands between.
        first = workstation.by_ciba()[1]["session"]
        assert watching.next() == ("opened", None, first)
        workstation.sandbox.end_psc_sessions("pharmacien-titulaire")
        assert watching.next() == ("ended", "refused", first)

        workstation.sandbox.psc_client("segur-lps", backchannel_logout_uri=overhearing.uri)
        second = workstation.by_ciba()[1]["session"]
        workstation.sandbox.end_psc_sessions("pharmacien-titulaire")
        token = overhearing.tokens.get(timeout=PATIENCE_S)
        header, claims, signature = token.split(".")
        unsigned = f"{header}.{claims}.{signature[:-4]}AAAA"
        assert [posted(one) for one in (unsigned, for_others, "x", "a" * 1_048_576)] == [400, 400, 400, 413]
        assert httpx.get(back_channel, params={"logout_token": token}).status_code == 405
        assert workstation.segur("session", "status")[1]["session"] == second
        assert posted(token) == 200
        assert watching.next() == ("opened", None, second)
        assert watching.next() == ("ended", "refused", second)

        third = workstation.by_ciba()[1]["session"]
        assert posted(token) == 400
        assert workstation.segur("session", "status")[1]["session"] == third
    refused = [json.loads(one["facts"]) for one in audited(workstation) if one["event"] == "back_channel.refused"]
    found = [(one["reason"], one.get("detail")) for one in refused]
    of_tokens = [("token", reason) for reason in ("signature", "aud", "form")]
    assert found == [*of_tokens, ("size", None), ("method", None), ("token", "jti")]
    assert not any(part in json.dumps(refused) for part in (header, claims, signature))


def test_a_back_channel_whose_port_is_taken_is_told(workstation: Workstation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        text, port = workstation.config.read_text(encoding="utf-8"), taken.getsockname()[1]
        workstation.config.write_text(re.sub(r"(?m)^port = \d+$", f"port = {port}", text, count=1))
        status, said = workstation.segur("host", "run")
    assert (status, said["error"]["code"]) == (1, "resident.port_in_use")
    assert said["error"]["message"].startswith("L’hôte ne peut pas recevoir")
    # What was open already is given back.
    assert workstation.segur("session", "status")[1]["sessions"] == []
