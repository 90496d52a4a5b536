"""A provider that a test tells what to do, and what tests of sessions look at."""

import json
from typing import Any

from segur_host import AsyncHost, Host
from segur_host.sessions.open_sessions import OpenSession
from segur_sdk.hooks.session_login import Exercice
from segur_sdk.models.actor import SessionEnd, SessionMeans
from segur_sdk.services.session_provider import Authenticated

CPS = SessionMeans.CPS
RPPS = "10000000001"
SERIAL = "2800385266"
OFFICINE, HOSPITAL = Exercice(id="1", label="PHARMACIE DU CENTRE"), Exercice(id="2", label="HOPITAL")


def proven(**changes: Any) -> Authenticated:
    """Return a professional as a provider proved him."""
    return Authenticated(**{"name": "Nadège Test", "rpps": RPPS, "token_serial": SERIAL} | changes)


def signed_in(host: Host | AsyncHost) -> OpenSession | None:
    """Return the session that is open now; a type checker must not take the last answer for this one."""
    return host.session


def ends(script: dict[str, Any]) -> list[SessionEnd]:
    """Return how sessions ended of which the plugin was told."""
    return [event.reason for event in script["ended"]]


def audited(host: Host, event: str) -> list[dict[str, Any]]:
    """Return the facts of every record of an event."""
    return [json.loads(one.facts) for one in host.audit.records() if one.event == event]
