"""``on_session_ended``: a session is over, for whatever reason."""

from typing import Final

from segur_sdk.context import HookContext
from segur_sdk.hooks.info import HookInfo, HookMode, Stability
from segur_sdk.hooks.markers import hookspec
from segur_sdk.models.actor import Actor, Session, SessionEnd
from segur_sdk.models.base import Event, Value


class SessionEndedEvent(Event):
    """A session ended."""

    actor: Actor
    session: Session
    reason: SessionEnd


class Noted(Value):
    """The plugin took notice; an observer changes nothing."""


class OnSessionEnded:
    """Specification of ``on_session_ended``."""

    @hookspec
    def on_session_ended(self, event: SessionEndedEvent, ctx: HookContext) -> Noted | None:
        """Take notice that a session is over.

        When: after the session was closed, by its user, by the removal of his card, by expiry, or because the host
        stopped; then at the host's next start. At least once for each session: an event may come twice.

        When not: to keep a session open; it is over already.

        Args:
            event: whose session, and why it ended.
            ctx: context of this plugin.

        Returns:
            ``Noted``, or ``None`` when the session is of no interest.

        Stop rule: all plugins are told (``observe``).

        Failure: recorded; the plugin is told again later, and the cause is not affected.

        Source: SC.SSI/IE.38; EX PSC 19.
        """


ON_SESSION_ENDED: Final = HookInfo(
    name="on_session_ended",
    version="1.1",
    mode=HookMode.OBSERVE,
    deadline_s=10,
    stability=Stability.EXPERIMENTAL,
    event=SessionEndedEvent,
    result=Noted,
)
