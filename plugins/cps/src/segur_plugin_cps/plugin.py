"""The plugin: reads professionals' cards, opens their sessions, and remembers each card's last one."""

from segur_plugin_cps.insertion import read_insertion
from segur_plugin_cps.session_hooks import contribute, note_end
from segur_plugin_cps.signing_in import sign_in
from segur_sdk import HookContext, SegurHooks, hookimpl
from segur_sdk.hooks.card_read import CardReadEvent
from segur_sdk.hooks.session_ended import Noted, SessionEndedEvent
from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent
from segur_sdk.models.card import CardPresence, CardReading
from segur_sdk.services.session_provider import Authenticated, Ended, SessionRequest, SessionToEnd


class CpsPlugin(SegurHooks):
    """Reads CPS, CPF, CPE and CPA cards; implements ``SessionProvider`` for the means ``cps``."""

    @hookimpl
    def on_card_read(self, event: CardReadEvent, ctx: HookContext) -> CardReading | None:
        """Read a professional's card, without its PIN.

        Returns:
            The professional; ``None`` for any other card, a supplied reading and an appli carte Vitale.

        Raises:
            CardError: see :func:`segur_plugin_cps.insertion.read_insertion`.
        """
        return read_insertion(event.card, ctx) if isinstance(event.card, CardPresence) else None

    @hookimpl
    def on_session_login(self, event: SessionLoginEvent, ctx: HookContext) -> SessionContribution | None:
        """Add the card's situations d'exercice, and warn of what its holder should know.

        Raises:
            CardError: see :func:`segur_plugin_cps.session_hooks.contribute`.
        """
        return contribute(event, ctx)

    @hookimpl
    def on_session_ended(self, event: SessionEndedEvent, ctx: HookContext) -> Noted | None:
        """Remember how the last session of the card ended; told twice, it is the same."""
        return note_end(event, ctx)

    def start_session(self, request: SessionRequest, ctx: HookContext) -> Authenticated:
        """Prove who signs in by his card; see ``SessionProvider`` and :func:`segur_plugin_cps.signing_in.sign_in`."""
        return sign_in(request, ctx)

    def end_session(self, request: SessionToEnd, ctx: HookContext) -> Ended:
        """Let go of nothing: the host locks the token, and this plugin holds no session."""
        return Ended()
