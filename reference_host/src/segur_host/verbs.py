"""Verbs in JSON, the same for a command that works alone and for the clients of the resident host."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from pydantic import Field, ValidationError

from segur_host.broker.cancelling import Cancellation
from segur_host.host import Host
from segur_host.json_forms import outcome_as_json, plugin_as_json
from segur_host.sessions.open_sessions import OpenSession
from segur_host.sessions.sessions import SessionChange
from segur_sdk.errors import invalid_input
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.base import Inbound
from segur_sdk.models.notice import Notice, Question
from segur_sdk.services.session_provider import Device, LoginFlow

InputT = TypeVar("InputT", bound=Inbound)


class Asked(Protocol):
    """Who had a verb carried out."""

    @property
    def cancellation(self) -> Cancellation:
        """Cancelled when he went away."""
        ...

    def ask(self, question: Question) -> str:
        """Ask him; see ``segur_host.broker.ask.Asker``."""
        ...

    def show(self, notice: Notice) -> None:
        """Show him something."""
        ...

    def tell(self, event: Any) -> None:
        """Tell him what happened, for a verb that goes on."""
        ...


class LoginInput(Inbound):
    """Arguments of ``session.login``."""

    means: SessionMeans
    flow: LoginFlow | None = None
    slot: str | None = Field(default=None, min_length=1, max_length=120)
    token_serial: str | None = Field(default=None, min_length=1, max_length=64)
    national_id: str | None = Field(default=None, min_length=2, max_length=64)
    device: Device | None = None
    operator: str | None = Field(default=None, min_length=1, max_length=100)
    exercice: str | None = Field(default=None, min_length=1, max_length=100)


class LogoutInput(Inbound):
    """Arguments of ``session.logout``."""

    session: str | None = Field(default=None, min_length=1, max_length=64)
    everywhere: bool = False


class Nothing(Inbound):
    """No arguments."""


def list_plugins(host: Host, _arguments: Nothing, _asked: Asked) -> Any:
    """Return every plugin with its state."""
    return [plugin_as_json(one, host.messages) for one in sorted(host.plugins.values(), key=lambda one: one.id)]


def login(host: Host, given: LoginInput, asked: Asked) -> Any:
    """Sign somebody in."""
    done = host.login(
        given.means,
        flow=given.flow,
        slot=given.slot,
        token_serial=given.token_serial,
        national_id=given.national_id,
        device=given.device,
        operator=given.operator,
        exercice=given.exercice,
        asker=asked,
        cancellation=asked.cancellation,
    )
    return {
        **session_as_json(done.opened),
        "notices": [one.model_dump(mode="json") for one in done.notices],
        "warnings": [
            warning.model_dump(mode="json") for one in done.contributions.value or () for warning in one.warnings
        ],
        "outcomes": [outcome_as_json(one, host.messages) for one in done.contributions.outcomes],
    }


def status(host: Host, _arguments: Nothing, _asked: Asked) -> Any:
    """Return the session that is open, or nobody's; and every one."""
    rows = [session_as_json(one) for one in host.sessions]
    only = rows[0] if len(rows) == 1 else {**NOBODY, "active": bool(rows)}
    return {**only, "sessions": rows}


def logout(host: Host, given: LogoutInput, _asked: Asked) -> Any:
    """End a session."""
    host.logout(given.session, everywhere=given.everywhere)
    return {"active": bool(host.sessions)}


def watch_sessions(host: Host, _arguments: Nothing, asked: Asked) -> Any:
    """Tell every session that opens or ends, until whoever asked goes away."""

    def changed(change: SessionChange) -> None:
        ended = str(change.ended) if change.ended is not None else None
        kind = "opened" if ended is None else "ended"
        asked.tell({"event": kind, "reason": ended, **session_as_json(change.opened, active=ended is None)})

    for one in host.sessions:
        changed(SessionChange(one))
    end = host.watch_sessions(changed)
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


def session_as_json(opened: OpenSession, *, active: bool = True) -> dict[str, Any]:
    """Return a session as outsiders rely on it: never a token."""
    return {
        "session": opened.id,
        "active": active,
        "operator": opened.actor.name,
        "rpps": opened.actor.rpps,
        "means": str(opened.session.means),
        "expires_at": opened.session.expires_at,
        "exercice": opened.actor.exercice,
        "rights": sorted(opened.session.rights),
    }


def _verb(
    model: type[InputT], verb: Callable[[Host, InputT, Asked], Any]
) -> Callable[[Host, Mapping[str, Any], Asked], Any]:
    """Return a verb that takes JSON."""

    def carried_out(host: Host, arguments: Mapping[str, Any], asked: Asked) -> Any:
        try:
            given = model.model_validate(arguments)
        except ValidationError as failure:
            refused = invalid_input("input.verb", failure, model)
        else:
            return verb(host, given, asked)
        raise refused

    return carried_out


VERBS: Final = {
    "plugins.list": _verb(Nothing, list_plugins),
    "session.login": _verb(LoginInput, login),
    "session.logout": _verb(LogoutInput, logout),
    "session.status": _verb(Nothing, status),
    "session.watch": _verb(Nothing, watch_sessions),
}
"""Every verb by its name."""


def verbs_of(host: Host) -> dict[str, Callable[[Mapping[str, Any], Asked], Any]]:
    """Return the verbs, carried out by one host."""
    return {name: partial(verb, host) for name, verb in VERBS.items()}
