"""``on_session_login``: an authenticated professional opens a session."""

from typing import Final

from pydantic import Field

from segur_sdk.context import HookContext
from segur_sdk.hooks.info import HookInfo, HookMode, Stability
from segur_sdk.hooks.markers import hookspec
from segur_sdk.models.actor import Actor, Session, Structure
from segur_sdk.models.base import Event, Value
from segur_sdk.models.notice import Notice


class SessionLoginEvent(Event):
    """Somebody was authenticated and a session is open."""

    actor: Actor
    session: Session


class Exercice(Value):
    """One *situation d'exercice* in which the professional may act."""

    id: str = Field(min_length=1, max_length=100)
    label: str = Field(min_length=1, max_length=200)
    structure_id: str | None = None
    structure: Structure | None = None
    """Where he practises in this situation: the structure of the actor when he chooses it. Without it, the actor acts
    in the structure of the installation."""


class SessionContribution(Value):
    """What a plugin adds to a session."""

    exercices: tuple[Exercice, ...] = ()
    mailboxes: tuple[str, ...] = ()
    rights: frozenset[str] = frozenset()
    warnings: tuple[Notice, ...] = ()


class OnSessionLogin:
    """Specification of ``on_session_login``."""

    @hookspec
    def on_session_login(self, event: SessionLoginEvent, ctx: HookContext) -> SessionContribution | None:
        """Add to a session what this plugin knows of the professional.

        When: once per session, right after authentication, before the user sees his first screen.

        When not: to authenticate; a session that could not be opened is never announced.

        Args:
            event: who was authenticated, by which means.
            ctx: context of this plugin.

        Returns:
            Situations d'exercice, mailboxes, rights and warnings; ``None`` when there is nothing to add.

        Stop rule: all plugins are asked (``collect``).

        Failure: the session continues without this plugin's contribution, and the user is told.

        Source: SC.SSI/IE.38, EX PSC 19; certificate expiry as in SC.MSS/CONF.22.
        """


ON_SESSION_LOGIN: Final = HookInfo(
    name="on_session_login",
    version="1.2",
    mode=HookMode.COLLECT,
    deadline_s=10,
    stability=Stability.EXPERIMENTAL,
    event=SessionLoginEvent,
    result=SessionContribution,
)
