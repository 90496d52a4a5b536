"""What a plugin receives beside its event: values and proxies only.

A plugin opens no socket, no reader, no key and no thread by itself. What it may ask for here is what its
manifest declares and the configuration grants; anything else raises ``PluginError("plugin.not_granted")``.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from segur_sdk.custody import Cards, Keys, NamedAlgorithm, Signer, Token, Tokens
from segur_sdk.errors import Fact
from segur_sdk.keyring import Keyring
from segur_sdk.models.actor import Actor, Environment, Session
from segur_sdk.models.base import Value
from segur_sdk.models.notice import Notice, Question

__all__ = [
    "AuditNotes",
    "Cards",
    "Clock",
    "Deadline",
    "HookContext",
    "HttpClient",
    "HttpReply",
    "Keyring",
    "Keys",
    "NamedAlgorithm",
    "PluginSettings",
    "Signer",
    "Software",
    "Store",
    "Token",
    "Tokens",
    "Visit",
]


class PluginSettings(Value):
    """Base of a plugin's settings: one table of the host's configuration, unknown keys refused."""


SettingsT = TypeVar("SettingsT", bound=PluginSettings)
ServiceT = TypeVar("ServiceT")


class Clock(Protocol):
    """Time as the host sees it; tests and the sandbox move it."""

    def now(self) -> datetime:
        """Return the current instant, with time zone, in UTC."""
        ...


class Deadline(Protocol):
    """How long the host still waits for this call. It stops while a person is asked."""

    def remaining(self) -> float:
        """Return the seconds left, never below zero."""
        ...


class HttpReply(Value):
    """An HTTP answer, whole."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes


class HttpClient(Protocol):
    """HTTP to the one address of a declared purpose, TLS and client authentication included.

    A purpose of the protocol ``http`` has neither: only GET and POST, and nothing secret.
    """

    @property
    def address(self) -> str:
        """The address of the purpose, ``https://host[:port][/path]``, or ``http://`` for the protocol ``http``."""
        ...

    def request(
        self,
        method: str,
        path: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_answer: int = 1_048_576,
        seconds: float | None = None,
    ) -> HttpReply:
        """Send one request and read the whole answer within the call's deadline. Redirects are not followed.

        Args:
            method: HTTP method, upper case.
            path: appended to the address of the purpose; empty for the address itself.
            headers: further headers.
            body: bytes of the request.
            max_answer: bytes of answer beyond which the exchange is given up.
            seconds: how long the whole exchange may take, if less than the call has left.

        Raises:
            PluginError: ``plugin.request_refused``: a method or a header that the purpose does not allow.
            ServiceError: ``service.unreachable``, ``service.timed_out``, ``service.client_certificate_refused``,
                ``service.server_certificate``, ``service.answer_lost``, ``service.answer_too_large``;
                ``maybe_processed`` tells whether the service may have acted.
        """
        ...


class Visit(Protocol):
    """One visit of somebody to a page of an authority, in the browser of his own choice."""

    @property
    def address(self) -> str:
        """The address of the purpose, ``https://host[:port][/path]``."""
        ...

    @property
    def redirect_uri(self) -> str:
        """Where the authority sends the browser back: an address of this machine that the host listens to."""
        ...

    def go(self, path: str, *, state: str | None = None) -> str:
        """Send the browser to a page of the purpose's address, and wait until it comes back. Once per visit.

        The deadline stops meanwhile.

        Args:
            path: appended to the address of the purpose, query included.
            state: of the request (RFC 6749 4.1.1), printable ASCII. Whoever comes back without exactly this ``state``
                brings no answer to it (RFC 6749 4.1.2): any page of elsewhere can send a browser here, so that it is
                turned away and the right one is still awaited. Without ``state``, the first who comes back is taken.

        Returns:
            The query with which the browser came back, as it stood in the address, without the question mark.

        Raises:
            InputError: ``input.no_answer``: nobody came back; ``input.cancelled``: the person gave up.
            HostError: ``browser.unavailable``.
        """
        ...


class Store(Protocol):
    """Small encrypted storage of this plugin, per tenant; kept across restarts."""

    def get(self, key: str) -> bytes | None:
        """Return what was put under ``key``, or ``None``."""
        ...

    def put(self, key: str, value: bytes) -> None:
        """Keep ``value`` under ``key``, durably."""
        ...

    def delete(self, key: str) -> None:
        """Forget ``key``; nothing happens if it is unknown."""
        ...


class AuditNotes(Protocol):
    """The plugin's way into the audit: codes and counts, no health data."""

    def note(self, event: str, **facts: Fact) -> None:
        """Add one record named ``event`` (``lower.case.dotted``) with its facts."""
        ...


class Software(Value):
    """The practice software as national services know it."""

    name: str
    version: str
    authorisation: str
    """Numéro d'autorisation given by the CNDA (``IDAM``), for example ``TESTSGIE0000``."""
    instance: str
    """UUID of this installation, stable."""


class HookContext(Protocol):
    """Everything a hook, or a service, may use while it answers one call."""

    @property
    def call_id(self) -> str:
        """Id of this call, found again in the audit and in traces."""
        ...

    @property
    def tenant(self) -> str:
        """Whose data these are, on an installation shared by several structures."""
        ...

    @property
    def environment(self) -> Environment:
        """Sandbox, test or production; from configuration."""
        ...

    @property
    def software(self) -> Software:
        """The practice software that carries the host."""
        ...

    @property
    def actor(self) -> Actor:
        """Who makes the call."""
        ...

    @property
    def session(self) -> Session | None:
        """The open session, without its token."""
        ...

    @property
    def deadline(self) -> Deadline:
        """How long the host waits."""
        ...

    @property
    def clock(self) -> Clock:
        """The host's time."""
        ...

    @property
    def audit(self) -> AuditNotes:
        """The plugin's way into the audit."""
        ...

    @property
    def store(self) -> Store:
        """Encrypted storage of this plugin."""
        ...

    @property
    def cards(self) -> Cards:
        """Cards; declared by ``cards = true``."""
        ...

    @property
    def tokens(self) -> Tokens:
        """Tokens; declared by ``tokens = true``."""
        ...

    @property
    def keys(self) -> Keys:
        """Certificates and signatures; declared by ``[[keys]]``."""
        ...

    @property
    def keyring(self) -> Keyring:
        """Every key of the installation, for who administers them; declared by ``keyring = true``."""
        ...

    def settings(self, model: type[SettingsT], /) -> SettingsT:
        """Return the plugin's validated settings; ``model`` is the class its manifest names."""
        ...

    def http(self, purpose: str, /) -> HttpClient:
        """Return the client of a purpose declared by ``[[network]]``."""
        ...

    def browser(self, purpose: str, /) -> AbstractContextManager[Visit]:
        """Return a visit to a purpose declared by ``[[network]]`` with the protocol ``browser``.

        Raises:
            HostError: ``browser.port_in_use``: no address to come back to is free.
        """
        ...

    def show(self, notice: Notice, /) -> None:
        """Show something to whoever sits there, while the call goes on; declared by ``prompts``."""
        ...

    def wait(self, seconds: float, /) -> None:
        """Wait while somebody acts elsewhere; declared by ``prompts``. The deadline stops meanwhile.

        Raises:
            InputError: ``input.cancelled``: the person gave up.
        """
        ...

    def service(self, protocol: type[ServiceT], /) -> ServiceT:
        """Return a service of another plugin, declared by ``uses``.

        Its methods take one request and this very context; they run in the caller's thread, with the remaining
        deadline and no more than both plugins were granted.
        """
        ...

    def ask(self, question: Question, /) -> str:
        """Ask whoever sits there; declared by ``prompts``. The deadline stops meanwhile.

        Raises:
            InputError: ``input.nobody_to_ask``, ``input.no_answer``.
        """
        ...
