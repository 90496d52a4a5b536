"""Asks the plugins that authenticate."""

from typing import Final

from pydantic import ValidationError

from segur_host.dispatch.context import Caller
from segur_host.dispatch.dispatcher import Dispatcher
from segur_host.registry.registry import Registry
from segur_sdk.errors import invalid_input
from segur_sdk.models.actor import SessionMeans
from segur_sdk.services.session_provider import Authenticated, SessionProvider, SessionRequest, SessionToEnd

LOGIN_S: Final = 30.0
"""How long a provider may take to authenticate somebody, the time he takes to answer aside."""
LOGOUT_S: Final = 2.0
"""A provider that hangs holds neither the end of a session nor that of the host for longer."""


def request_for(means: SessionMeans, slot: str | None, token_serial: str | None) -> SessionRequest:
    """Return what a provider is asked.

    Raises:
        InputError: ``input.session``, with the fields, never their values.
    """
    try:
        return SessionRequest.model_validate({"means": means, "slot": slot, "token_serial": token_serial})
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

    def end(self, means: SessionMeans, request: SessionToEnd, caller: Caller) -> None:
        """Tell who authenticated that the session is over; errors as ``start``."""
        provider = self._registry.session_provider(means)
        self._dispatcher.ask(provider, SessionProvider, "end_session", request, caller, LOGOUT_S)
