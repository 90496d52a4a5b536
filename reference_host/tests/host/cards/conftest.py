"""Made-up readers and tokens, and hosts that use them."""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from reference_host.tests.host.cards.bench import Bench, Readers
from reference_host.tests.host.cards.signing_in import proven
from reference_host.tests.host.cards.software_token import ROOT, Make
from reference_host.tests.keys.issuing import Issued
from segur_host import Host
from segur_host.broker.cards import CardBroker
from segur_host.broker.tokens import TokenBroker
from segur_host.broker.trust import TrustStore
from segur_host.clock import SystemClock
from segur_host.drivers.process import DriverProcess
from segur_host.drivers.readers import ReadersInChild
from segur_sdk.models.actor import Environment

_DEVICES = """
from segur_sdk.context import PluginSettings
from segur_sdk.hooks import SegurHooks

class Settings(PluginSettings):
    folder: str

class Plugin(SegurHooks):
    pass
"""

_MANIFEST = """
manifest_version = 1
id = "devices"
display_name = "Pilotes"
description = "Drivers made up by a test."
license = "Apache-2.0"
maintainers = ["tests"]
sdk = ">=0.1,<2"
entry = "{package}.plugin:Plugin"
settings = "{package}.plugin:Settings"

[[drivers]]
name = "cards"
kind = "cards"
entry = "made_up_devices:Cards"

[[drivers]]
name = "tokens"
kind = "tokens"
entry = "made_up_devices:Tokens"
"""


@pytest.fixture(autouse=True)
def _found_by_children(monkeypatch: pytest.MonkeyPatch) -> None:
    path = [str(Path(__file__).parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    folder = tmp_path / "bench"
    folder.mkdir()
    return Bench(folder)


@pytest.fixture
def readers() -> Readers:
    return Readers()


@pytest.fixture
def broker(readers: Readers) -> CardBroker:
    return CardBroker([readers], SystemClock())


@pytest.fixture
def in_child(bench: Bench) -> Iterator[Callable[..., ReadersInChild]]:
    """Start a made-up driver of cards in children of this process."""
    with ExitStack() as opened:

        def in_child(name: str = "Cards") -> ReadersInChild:
            made = ReadersInChild(f"made_up_devices:{name}", {"folder": str(bench.folder)})
            opened.callback(made.close)
            return made

        yield in_child


@pytest.fixture
def start() -> Iterator[Callable[..., DriverProcess]]:
    """Start any other made-up driver; options of ``DriverProcess`` by name."""
    with ExitStack() as opened:

        def start(name: str, settings: dict[str, Any] | None = None, **options: Any) -> DriverProcess:
            process = DriverProcess(f"made_up_devices:{name}", settings or {}, **options)
            opened.callback(process.close)
            return process

        yield start


@pytest.fixture
def devices(bench: Bench, install: Callable[..., str]) -> dict[str, Any]:
    """A plugin that brings both made-up drivers, as a configuration lists it."""
    sha256 = install("devices", module=_DEVICES, manifest=_MANIFEST)
    settings = {"folder": str(bench.folder)}
    return {"devices": {"enabled": True, "manifest_sha256": sha256, "settings": settings}}


_SIGNING = """
import sys
from segur_sdk.hooks import SegurHooks, hookimpl
from segur_sdk.hooks.session_ended import Noted
from segur_sdk.hooks.session_login import SessionContribution
from segur_sdk.services.session_provider import Ended

script = sys.modules["made_up_signing"]

class Plugin(SegurHooks):
    @hookimpl
    def on_session_login(self, event, ctx):
        return SessionContribution(mailboxes=(event.actor.name, str(ctx.actor == event.actor)))

    @hookimpl
    def on_session_ended(self, event, ctx):
        script["ended"].append(event)
        script["observe"](event)
        return Noted()

    def start_session(self, request, ctx):
        script["requests"].append(request)
        return script["start"](request, ctx)

    def end_session(self, request, ctx):
        script["let_go"].append(request)
        script["end"](request, ctx)
        return Ended()
"""

_SIGNING_TABLES = """
[[hooks]]
name = "on_session_login"
version = "1.0"

[[hooks]]
name = "on_session_ended"
version = "1.0"
"""
_SIGNING_TOP = """
provides = ["SessionProvider"]
session_means = ["cps"]
tokens = true
prompts = true
"""


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the provider does, and what it was told.

    ``start``, ``end``: functions of the request and the context. ``observe``: of the event. ``requests``, ``let_go``,
    ``ended``: so far.
    """

    def nothing(*_: object) -> None: ...

    script: dict[str, Any] = {"start": nothing, "end": nothing, "observe": nothing}
    script |= {"requests": [], "let_go": [], "ended": []}
    monkeypatch.setitem(sys.modules, "made_up_signing", script)
    return script


@pytest.fixture
def signing(script: dict[str, Any], install: Callable[..., str]) -> dict[str, Any]:
    """A plugin that authenticates by CPS as ``script`` says, as a configuration lists it."""
    return {"signing": install("signing", module=_SIGNING, top=_SIGNING_TOP, tables=_SIGNING_TABLES)}


@pytest.fixture
def host(script: dict[str, Any], signing: dict[str, Any], open_host: Callable[..., Host]) -> Host:
    """A host whose provider lets everybody in, by no card."""
    script["start"] = lambda *_: proven()
    return open_host(signing)


@pytest.fixture
def with_card(
    bench: Bench,
    script: dict[str, Any],
    signing: dict[str, Any],
    devices: dict[str, Any],
    open_host: Callable[..., Host],
) -> Host:
    """A host with a card in slot ``one``, whose provider lets in whoever has a card there."""
    bench.put("one")
    bench.take("two")
    script["start"] = lambda *_: proven(slot="one")
    host = open_host(signing | devices)
    assert len(host.slots()) == 2
    return host


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a broker of token drivers; anchors are those named ``igc``."""

    def make(*drivers: Any, anchors: tuple[Issued, ...] = (ROOT,)) -> TokenBroker:
        (tmp_path / "igc.pem").write_bytes(b"".join(one.pem() for one in anchors))
        trust = TrustStore({"igc": tmp_path / "igc.pem"}, Environment.SANDBOX)
        return TokenBroker(drivers, trust, SystemClock())

    return make
