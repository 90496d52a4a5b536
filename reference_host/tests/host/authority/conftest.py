"""A plugin that authenticates at an authority as a test says, and hosts that carry it."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from segur_host import Host
from segur_sdk.models.session_tokens import SessionTokens
from segur_sdk.services.session_provider import Authenticated, EndedElsewhere

_MODULE = """
import sys
from segur_sdk.hooks import SegurHooks, hookimpl
from segur_sdk.hooks.session_login import SessionContribution
from segur_sdk.services.session_provider import Ended

script = sys.modules["made_up_authority"]

class Plugin(SegurHooks):
    @hookimpl
    def on_session_login(self, event, ctx):
        return SessionContribution(mailboxes=tuple(script["use"](ctx)))

    def start_session(self, request, ctx):
        return script["start"](request, ctx)

    def end_session(self, request, ctx):
        script["let_go"].append(request)
        script["end"](request)
        return Ended()

    def renew_session(self, request, ctx):
        return script["renew"](request, ctx)

    def session_ended_elsewhere(self, request, ctx):
        return script["elsewhere"](request, ctx)
"""
_TOP = """
provides = ["SessionProvider", "AuthoritySessions"]
session_means = ["psc"]
prompts = true
"""
_TABLES = """
[[hooks]]
name = "on_session_login"
version = "1.0"

[[network]]
purpose = "login"
protocol = "browser"

[[network]]
purpose = "api"
trust = "t"
auth = "bearer"
"""
NETWORK = {"login": {"url": "https://127.0.0.1:4433/auth"}, "api": {"url": "https://127.0.0.1:4433/"}}


def nothing(*_: object) -> tuple[str, ...]:
    return ()


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the plugin does: ``start`` and ``renew`` of a request and a context, ``use`` of a context; ``let_go``."""
    script: dict[str, Any] = {
        "start": nothing,
        "renew": nothing,
        "use": nothing,
        "let_go": [],
        "end": nothing,
        "elsewhere": lambda *_: EndedElsewhere(),
    }
    monkeypatch.setitem(sys.modules, "made_up_authority", script)
    return script


@pytest.fixture
def host(script: dict[str, Any], install: Callable[..., str], open_host: Callable[..., Host]) -> Callable[..., Host]:
    """Open a host that carries the plugin; options of ``open_host`` by name, ``beside``: further plugins."""
    plugins = {"authority": install("authority", module=_MODULE, top=_TOP, tables=_TABLES)}

    def host(**options: Any) -> Host:
        network = {**NETWORK, **options.pop("network", {})}
        return open_host({**plugins, **options.pop("beside", {})}, network=network, **options)

    return host


@pytest.fixture
def proven() -> Callable[..., Authenticated]:
    """Make a professional whom the authority named, with tokens that begin so and last so long."""

    def proven(mark: str = "t0k", lasts: float = 120) -> Authenticated:
        return Authenticated(name="Nadège Test", rpps="10000000001", tokens=tokens(mark, lasts))

    return proven


def tokens(mark: str, lasts: float = 120) -> SessionTokens:
    now = datetime.now(UTC)
    return SessionTokens(
        access_token=SecretStr(f"{mark}-access"),
        access_expires_at=now + timedelta(seconds=lasts),
        refresh_token=SecretStr(f"{mark}-refresh"),
        refresh_expires_at=now + timedelta(seconds=1800),
        id_token=SecretStr(f"{mark}-id"),
    )


@pytest.fixture
def issued() -> Callable[..., SessionTokens]:
    """Make tokens that begin so and last so long."""
    return tokens
