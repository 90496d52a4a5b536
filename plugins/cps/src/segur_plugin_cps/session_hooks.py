"""What the plugin adds to a session that a card opened, and what it keeps when that session ends."""

from segur_plugin_cps.card_notes import CardNotes, EndedSession
from segur_plugin_cps.exercices import exercices_of
from segur_plugin_cps.holder import read_card
from segur_plugin_cps.login_warnings import warnings_for
from segur_plugin_cps.settings import CpsSettings
from segur_plugin_cps.situations import read_situations
from segur_sdk.context import HookContext
from segur_sdk.hooks.session_ended import Noted, SessionEndedEvent
from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent
from segur_sdk.models.actor import Session, SessionMeans


def contribute(event: SessionLoginEvent, ctx: HookContext) -> SessionContribution | None:
    """Return situations and warnings; ``None`` for a session that no card opened.

    Raises:
        CardError: the card left, or cannot be read any more.
    """
    serial = _card_of(event.session)
    if serial is None:
        return None
    now = ctx.clock.now()
    encoding = ctx.settings(CpsSettings).encoding
    card = read_card(ctx.tokens.of_serial(serial))
    holder = card.holder(read_situations(card.objects, encoding))
    return SessionContribution(
        exercices=exercices_of(holder),
        warnings=warnings_for(holder, CardNotes(ctx.store, serial).ended(now), now),
    )


def note_end(event: SessionEndedEvent, ctx: HookContext) -> Noted | None:
    """Keep how the session of a card ended; ``None`` for a session that no card opened."""
    serial = _card_of(event.session)
    if serial is None:
        return None
    note = EndedSession(at=event.occurred_at, session_id=event.session.session_id, reason=event.reason)
    CardNotes(ctx.store, serial).note_end(note, ctx.clock.now())
    return Noted()


def _card_of(session: Session) -> str | None:
    return session.token_serial if session.means is SessionMeans.CPS else None
