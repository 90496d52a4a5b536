"""Who is signed in."""

import threading
from collections.abc import Mapping
from typing import Any, Final

from pydantic import Field

from segur_host.host import Host
from segur_host.json_forms import outcome_as_json
from segur_host.sessions.open_sessions import OpenSession
from segur_host.sessions.sessions import SessionChange
from segur_host.verbs.asked import Asked, InSession, Nothing
from segur_sdk.services.session_provider import SessionRequest


class LoginInput(SessionRequest):
    """Arguments of ``session.login``."""

    exercice: str | None = Field(default=None, min_length=1, max_length=100)
    """Id of the situation d'exercice; asked when there are several and none is given."""


class LogoutInput(InSession):
    """Arguments of ``session.logout``."""

    everywhere: bool = False


def login(host: Host, given: LoginInput, asked: Asked) -> Any:
    """Sign somebody in."""
    wanted = dict(given)
    done = host.login(wanted.pop("means"), **wanted, asker=asked, cancellation=asked.cancellation)
    return {
        **session_as_json(host, done.opened),
        "notices": [one.model_dump(mode="json") for one in done.notices],
        "warnings": [
            warning.model_dump(mode="json") for one in done.contributions.value or () for warning in one.warnings
        ],
        "outcomes": [outcome_as_json(one, host.messages) for one in done.contributions.outcomes],
    }


def status(host: Host, _arguments: Nothing, _asked: Asked) -> Any:
    """Return the session that is open, or nobody's; and every one."""
    rows = [session_as_json(host, one) for one in host.sessions]
    only = rows[0] if len(rows) == 1 else {**NOBODY, "active": bool(rows)}
    return {**only, "sessions": rows}


def logout(host: Host, given: LogoutInput, _asked: Asked) -> Any:
    """End a session."""
    host.logout(given.session, everywhere=given.everywhere)
    return {"active": bool(host.sessions)}


def watch_sessions(host: Host, _arguments: Nothing, asked: Asked) -> Any:
    """Tell every session that is open, then each that opens or ends, until whoever asked goes away."""
    known: set[str] = set()
    telling = threading.Lock()

    def changed(change: SessionChange) -> None:
        with telling:
            tell(change)

    def tell(change: SessionChange) -> None:
        # One that opens while those that are open are told is heard of twice.
        if (change.ended is None) is (change.opened.id in known):
            return
        known.symmetric_difference_update({change.opened.id})
        ended = str(change.ended) if change.ended is not None else None
        kind = "opened" if ended is None else "ended"
        asked.tell({"event": kind, "reason": ended, **session_as_json(host, change.opened, active=ended is None)})

    with telling:
        end = host.watch_sessions(changed)
        for one in host.sessions:
            tell(SessionChange(one))
    try:
        while True:
            asked.cancellation.wait(3600)
    finally:
        end()


NOBODY: Final[Mapping[str, Any]] = {
    "session": None,
    "active": False,
    "operator": None,
    "rpps": None,
    "means": None,
    "expires_at": None,
    "exercice": None,
    "rights": [],
}


def session_as_json(host: Host, opened: OpenSession, *, active: bool = True) -> dict[str, Any]:
    """Return a session as outsiders rely on it: never a token, and when it is over if nobody uses it any more."""
    return {
        "session": opened.id,
        "active": active,
        "operator": opened.actor.name,
        "rpps": opened.actor.rpps,
        "means": str(opened.session.means),
        "expires_at": host.session_until(opened).isoformat() if active else None,
        "exercice": opened.actor.exercice,
        "rights": sorted(opened.session.rights),
    }
