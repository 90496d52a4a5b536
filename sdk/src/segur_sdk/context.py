"""What a plugin receives beside its event: values and proxies only.

A plugin opens no socket, no reader, no key and no thread by itself. What it may ask for here is what its
manifest declares and the configuration grants; anything else raises ``PluginError("plugin.not_granted")``.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol, TypeVar

from segur_sdk.cards.channel import CardChannel
from segur_sdk.drivers import OfficialReading, TokenCertificate, TokenData, TokenState
from segur_sdk.errors import Fact
from segur_sdk.models.actor import Actor, Environment, Session
from segur_sdk.models.base import Value
from segur_sdk.models.card import CardPresence
from segur_sdk.models.certificate import CertificateInfo
from segur_sdk.models.notice import Notice, Question


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
    """HTTP to the one address of a declared purpose, TLS and client authentication included."""

    @property
    def address(self) -> str:
        """The address of the purpose, ``https://host[:port][/path]``."""
        ...

    def request(
        self,
        method: str,
        path: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_answer: int = 1_048_576,
    ) -> HttpReply:
        """Send one request and read the whole answer within the call's deadline. Redirects are not followed.

        Args:
            method: HTTP method, upper case.
            path: appended to the address of the purpose; empty for the address itself.
            headers: further headers.
            body: bytes of the request.
            max_answer: bytes of answer beyond which the exchange is given up.

        Raises:
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

    def go(self, path: str) -> str:
        """Send the browser to a page of the purpose's address, and wait until it comes back. Once per visit.

        The deadline stops meanwhile.

        Args:
            path: appended to the address of the purpose, query included.

        Returns:
            The query with which the browser came back, as it stood in the address, without the question mark.

        Raises:
            InputError: ``input.no_answer``: nobody came back; ``input.cancelled``: the person gave up.
            HostError: ``browser.unavailable``.
        """
        ...


class Cards(Protocol):
    """Cards in the readers of this workstation."""

    def open(self, presence: CardPresence) -> AbstractContextManager[CardChannel]:
        """Open exclusively the card that was inserted as ``presence``; it is reset when the block ends.

        Raises:
            CardError: ``card.swapped``, ``card.removed``, ``card.mute``, ``card.reader_unavailable``.
        """
        ...

    def read_officially(self, presence: CardPresence) -> OfficialReading:
        """Have the official component read the card that was inserted as ``presence``.

        Raises:
            CardError: ``card.official_api_missing``, ``card.official_api_failed``, and those of :meth:`open`.
        """
        ...

    def confirm(self, presence: CardPresence) -> None:
        """Return if that very insertion is still in its slot.

        Raises:
            CardError: ``card.swapped``, ``card.removed``, ``card.reader_unavailable``.
        """
        ...


class Token(Protocol):
    """A token, for as long as the call lasts. Failures: see :class:`segur_sdk.drivers.TokenSource`."""

    @property
    def state(self) -> TokenState:
        """Where it is, and where its PIN stands, as it was when the token was found."""
        ...

    def certificates(self) -> tuple[TokenCertificate, ...]:
        """Return its certificates; no PIN is needed."""
        ...

    def data(self) -> tuple[TokenData, ...]:
        """Return its data objects: private ones only once it is unlocked."""
        ...

    def unlock(self) -> None:
        """Have the PIN asked and verified, once, by the host: no plugin ever sees a PIN.

        The person is told before a last try. Needs ``prompts`` in the manifest as well.

        Raises:
            CardError: ``token.pin_wrong``; ``token.pin_locked``: by this try, or before it, and then nothing was asked
                nor sent; ``token.absent``.
            InputError: ``input.nobody_to_ask``, ``input.no_answer``.
        """
        ...

    def prove(self, key: str, trust: str) -> None:
        """Return if the token holds the private key of its certificate ``key``: it signs a number the host drew.

        Args:
            key: as :meth:`certificates` gave it.
            trust: name of the anchors in the configuration to which the certificate must lead today.

        Raises:
            CardError: ``token.certificate_untrusted``, ``token.proof_failed``, ``token.pin_needed``,
                ``token.key_missing``.
            ConfigError: ``config.trust_missing``, ``config.trust_unreadable``.
        """
        ...


class Tokens(Protocol):
    """Tokens of this workstation: cards behind a PIN, and what PKCS#11 modules show."""

    def present(self) -> tuple[TokenState, ...]:
        """Return every token that is there."""
        ...

    def at(self, slot: str) -> Token:
        """Return the token that sits in the reader ``slot``.

        Raises:
            CardError: ``token.absent``: no driver of tokens knows one there.
        """
        ...

    def of_serial(self, serial: str) -> Token:
        """Return the token with that serial number, wherever it is; errors as :meth:`at`."""
        ...


class Keys(Protocol):
    """Facts of the keys that the host holds for declared uses; the keys themselves stay with it."""

    def certificate(self, use: str) -> CertificateInfo:
        """Return the certificate configured for ``use``.

        Raises:
            ConfigError: ``config.key_missing``, ``config.key_unreadable``.
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
        """Certificates; declared by ``[[keys]]``."""
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
