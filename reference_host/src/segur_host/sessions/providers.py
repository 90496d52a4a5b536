"""Asks the plugins that authenticate."""

from typing import Final

from pydantic import ValidationError

from segur_host.dispatch.context import Caller
from segur_host.dispatch.dispatcher import Dispatcher
from segur_host.registry.registry import PluginEntry, Registry
from segur_sdk.errors import PluginError, invalid_input
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.session_tokens import SessionTokens
from segur_sdk.services.session_provider import (
    Authenticated,
    AuthorityLogout,
    AuthoritySessions,
    EndedElsewhere,
    SessionProvider,
    SessionRequest,
    SessionToEnd,
    SessionToRenew,
)

LOGIN_S: Final = 30.0
"""How long a provider may take to authenticate somebody, the time he takes to answer aside."""
RENEW_S: Final = 10.0
"""How long it may take to have tokens renewed, within what is left to the call that needs them."""
LOGOUT_S: Final = 2.0
"""A provider that hangs holds neither the end of a session nor that of the host for longer."""


def request_for(**given: object) -> SessionRequest:
    """Return what a provider is asked.

    Raises:
        InputError: ``input.session``, with the fields, never their values.
    """
    try:
        return SessionRequest.model_validate(given)
    except ValidationError as failure:
        raise invalid_input("input.session", failure, SessionRequest) from None


class SessionProviders:
    """The plugins that authenticate, one for each means.

    Args:
        registry: who they are.
        dispatcher: asks them.
    """

    def __init__(self, registry: Registry, dispatcher: Dispatcher) -> None:
        self._registry = registry
        self._dispatcher = dispatcher

    def start(self, request: SessionRequest, caller: Caller) -> Authenticated:
        """Have somebody authenticated.

        Raises:
            PluginError: ``plugin.session_means``: no plugin authenticates by these means.
            SegurError: what the plugin said.
        """
        provider = self._registry.session_provider(request.means)
        answer = self._dispatcher.ask(provider, SessionProvider, "start_session", request, caller, LOGIN_S)
        assert isinstance(answer, Authenticated)
        return answer

    def ended_elsewhere(self, means: SessionMeans, said: AuthorityLogout, caller: Caller) -> EndedElsewhere:
        """Have it checked that the authority ended a session, and return whose; errors as ``renew``."""
        provider = self._keeping(means)
        answer = self._dispatcher.ask(provider, AuthoritySessions, "session_ended_elsewhere", said, caller, LOGIN_S)
        assert isinstance(answer, EndedElsewhere)
        return answer

    def end(self, means: SessionMeans, request: SessionToEnd, caller: Caller) -> None:
        """Tell who authenticated that the session is over; errors as ``start``."""
        provider = self._registry.session_provider(means)
        self._dispatcher.ask(provider, SessionProvider, "end_session", request, caller, LOGOUT_S)

    def renew(self, means: SessionMeans, request: SessionToRenew, caller: Caller, seconds: float) -> SessionTokens:
        """Have the tokens of a session renewed.

        Raises:
            PluginError: ``plugin.session_means``; ``plugin.service_missing``: who authenticates renews no tokens.
            SegurError: what the plugin said.
        """
        provider = self._keeping(means)
        within = min(RENEW_S, seconds)
        answer = self._dispatcher.ask(provider, AuthoritySessions, "renew_session", request, caller, within)
        assert isinstance(answer, SessionTokens)
        return answer

    def _keeping(self, means: SessionMeans) -> PluginEntry:
        """Return who authenticates by these means, if its authority keeps sessions."""
        provider = self._registry.session_provider(means)
        if provider.manifest is None or AuthoritySessions.__name__ not in provider.manifest.provides:
            raise PluginError("plugin.service_missing", service=AuthoritySessions.__name__)
        return provider
