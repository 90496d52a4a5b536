"""The plugin: opens sessions by Pro Santé Connect, renews them, and ends them."""

from segur_plugin_psc.authority import Authority
from segur_plugin_psc.ciba import Waiting
from segur_plugin_psc.leaving import leave_everywhere, leave_here
from segur_plugin_psc.logout_token import read_logout
from segur_plugin_psc.renewal import renew
from segur_plugin_psc.session_warnings import contribute
from segur_plugin_psc.signing_in import sign_in
from segur_sdk import HookContext, SegurHooks, hookimpl
from segur_sdk.hooks.session_login import SessionContribution, SessionLoginEvent
from segur_sdk.models.session_tokens import SessionTokens
from segur_sdk.services.session_provider import (
    Authenticated,
    AuthorityLogout,
    Ended,
    EndedElsewhere,
    SessionRequest,
    SessionToEnd,
    SessionToRenew,
)


class PscPlugin(SegurHooks):
    """Pro Santé Connect; implements ``SessionProvider`` for the means ``psc``, and ``AuthoritySessions``."""

    def __init__(self) -> None:
        self._authority = Authority()
        self._waiting = Waiting()

    @hookimpl
    def on_session_login(self, event: SessionLoginEvent, ctx: HookContext) -> SessionContribution | None:
        """Warn a professional of what his session does not open."""
        return contribute(event)

    def start_session(self, request: SessionRequest, ctx: HookContext) -> Authenticated:
        """Prove who signs in; see ``SessionProvider`` and :func:`segur_plugin_psc.signing_in.sign_in`."""
        return sign_in(request, self._authority, self._waiting, ctx)

    def end_session(self, request: SessionToEnd, ctx: HookContext) -> Ended:
        """Tell the authority: its own session ends when ``everywhere`` says so, this software's tokens otherwise.

        Raises:
            ServiceError: ``psc.logout_unconfirmed``: the authority's own session may still be open.
        """
        leave = leave_everywhere if request.everywhere else leave_here
        leave(request.tokens, self._authority, ctx)
        return Ended()

    def renew_session(self, request: SessionToRenew, ctx: HookContext) -> SessionTokens:
        """Have tokens renewed; see ``AuthoritySessions`` and :func:`segur_plugin_psc.renewal.renew`."""
        return renew(request.tokens, self._authority, ctx)

    def session_ended_elsewhere(self, request: AuthorityLogout, ctx: HookContext) -> EndedElsewhere:
        """Check a logout token; see ``AuthoritySessions`` and :func:`segur_plugin_psc.logout_token.read_logout`."""
        return read_logout(request.logout_token, self._authority, ctx)
