"""The plugin and the sandbox's Pro Santé Connect, with nothing between them: renewing, leaving, being told."""

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import attrs
import pytest

from plugins.psc.tests.fake_host import Context
from plugins.psc.tests.made_provider import MadeProvider, Signer
from segur_plugin_psc.settings import PscSettings
from segur_sdk.context import HttpReply
from segur_sdk.errors import InputError, ServiceError
from tests.contexts.granting_nothing import SetClock

if TYPE_CHECKING:
    import httpx

    from segur_sandbox.running import RunningSandbox

DOCTOR = "899700366240"
PATIENCE_S = 20


@attrs.define
class Wire:
    """The sandbox's issuer and login page, by HTTP: what a host lends."""

    client: "httpx.Client"
    address: str

    def request(self, method: str, path: str = "", *, headers: Any = None, body: bytes = b"", **_: Any) -> HttpReply:
        reply = self.client.request(method, self.address + path, headers=headers, content=body)
        return HttpReply(status=reply.status_code, headers=dict(reply.headers), body=reply.content)


@attrs.define
class Walk:
    """A browser that goes where the sandbox sends it."""

    client: "httpx.Client"
    address: str
    redirect_uri: str

    def go(self, path: str, *, state: str | None = None) -> str:
        at = self.client.get(self.address + path)
        while not at.headers["location"].startswith(self.redirect_uri):
            at = self.client.get(self.address + at.headers["location"].removeprefix(self.address))
        return urlsplit(at.headers["location"]).query


@attrs.define
class Wired(Context):
    """A host whose line is that wire."""

    wire: Any = None
    walk: Any = None

    def http(self, purpose: str, /) -> Any:
        return self.wire if purpose == "psc" else super().http(purpose)

    @contextmanager
    def _visit(self) -> Iterator[Any]:
        yield self.walk


class RealClock(SetClock):
    """The sandbox's clock is the real one."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@pytest.fixture
def wired(segur_sandbox: "RunningSandbox", bench: Any, signer: Signer) -> Iterator[Any]:
    import httpx

    psc = segur_sandbox.descriptor["services"]["psc"]
    (registered,) = (one for one in psc["clients"] if one["client_id"] == "segur-lps")
    context = ssl.create_default_context(cafile=segur_sandbox.descriptor["ca"])
    files = segur_sandbox.descriptor["certificates"][registered["key_role"]]
    context.load_cert_chain(files["cert"], files["key"])
    clock = RealClock(datetime.now(UTC))
    with httpx.Client(verify=context, timeout=PATIENCE_S) as client:
        address = psc["issuer"].removesuffix("/auth/realms/esante-wallet")
        wire = Wire(client, address)
        walk = Walk(client, psc["login"], registered["redirect_uris"][0])
        settings = PscSettings(client_id="segur-lps")
        ctx = Wired(MadeProvider(signer, clock.now), clock=clock, plugin_settings=settings, wire=wire, walk=walk)
        segur_sandbox.answer_psc("medecin")
        yield attrs.evolve(bench, ctx=ctx)


@pytest.fixture
def listener() -> Iterator[tuple[str, "Queue[str]"]]:
    """Where the authority tells that a session ended."""
    heard: Queue[str] = Queue()

    class Listener(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            form = parse_qs(self.rfile.read(int(self.headers["content-length"])).decode())
            heard.put(form["logout_token"][0])
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Listener) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/fin", heard
        server.shutdown()
        thread.join()


def test_tokens_are_renewed_until_they_are_revoked(wired: Any, segur_sandbox: "RunningSandbox") -> None:
    who = wired.sign_in()
    assert who.national_id == DOCTOR
    renewed = wired.renew(who.tokens)
    assert renewed.access_token != who.tokens.access_token
    renewed = wired.renew(renewed)
    wired.leave(renewed, everywhere=False)
    with pytest.raises(ServiceError) as caught:
        wired.renew(renewed)
    assert (caught.value.code, caught.value.retryable) == ("psc.session_over", False)
    (session,) = segur_sandbox.psc_now()["sessions"]
    assert session["sid"] == who.authority_session


def test_leaving_everywhere_ends_the_authority_s_own_session(wired: Any, segur_sandbox: "RunningSandbox") -> None:
    tokens = wired.sign_in().tokens
    wired.leave(tokens, everywhere=True)
    assert segur_sandbox.psc_now()["sessions"] == []
    assert [one["operation"] for one in segur_sandbox.exchanges("psc")].count("logout") == 1
    with pytest.raises(ServiceError) as caught:
        wired.renew(tokens)
    assert caught.value.code == "psc.session_over"


def test_session_that_is_ended_elsewhere_is_named_once(
    wired: Any, segur_sandbox: "RunningSandbox", listener: tuple[str, "Queue[str]"]
) -> None:
    uri, heard = listener
    segur_sandbox.psc_client("segur-lps", backchannel_logout_uri=uri)
    who = wired.sign_in()
    segur_sandbox.end_psc_sessions("medecin")
    token = heard.get(timeout=PATIENCE_S)
    told = wired.told(token)
    assert (told.authority_session, told.national_id) == (who.authority_session, DOCTOR)
    with pytest.raises(InputError) as caught:
        wired.told(token)
    assert caught.value.facts == {"reason": "jti"}
