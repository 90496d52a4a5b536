"""HTTP for plugins: connections kept by purpose, its TLS context and certificate included.

A purpose of the protocol ``http`` fetches what authorities publish signed, without TLS: whoever stands between reads
and changes everything, so that nothing goes there by which anybody is known.

Each connection writes a ticket in the audit before it is opened, each request a record with the outcome of the
call, so that what a service saw can be compared with what the host allowed. Nothing is kept from one exchange to
the next but the connection.
"""

import ssl
import time
from base64 import b64encode
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import quote_plus

import h11

from segur_host.broker.address import Address
from segur_host.broker.connection import AnswerTooLargeError, Tls
from segur_host.broker.keys import KeyRing
from segur_host.broker.lending import Borrower, usable_seconds
from segur_host.broker.line import Line
from segur_host.broker.network import Network
from segur_host.broker.server_date import seconds_ahead
from segur_host.broker.tls.refusal import ServerRefusedError
from segur_host.broker.tls.revocation import NothingKnown, RevocationStatus
from segur_host.broker.tls.servers import ServerCheck, ServerPolicy
from segur_host.clock import SystemClock
from segur_host.config.model import ClientTable
from segur_sdk.context import HttpReply
from segur_sdk.errors import ErrorSource, PluginError, SegurError, ServiceError
from segur_sdk.manifest import NetworkUse

HOSTS_OWN_HEADERS: Final = frozenset({"host", "connection", "content-length", "transfer-encoding", "te", "upgrade"})
"""What addresses and frames a request; a plugin that set them could speak to another server, or twice."""
HOSTS_OWN_AUTHORIZATION: Final = frozenset({"client", "bearer"})
"""Ways of authenticating in which the host says as whom a plugin acts."""
NAMING_HEADERS: Final = frozenset({"authorization", "proxy-authorization", "cookie"})
"""What says who asks; never sent without TLS."""
PUBLIC_METHODS: Final = frozenset({"GET", "POST"})
"""Without TLS: those by which lists are fetched (RFC 5280, 4.2.1.13) and OCSP is asked (RFC 6960, appendix A)."""
NOTHING_KNOWN: Final = NothingKnown()
DEFAULT_HEADERS: Final = {
    "accept": "*/*",
    # What is compressed is not measured by its size.
    "accept-encoding": "identity",
}


def nobodys_token() -> str:
    """Say that a call is made in nobody's session.

    Raises:
        ServiceError: ``service.session_needed``.
    """
    raise ServiceError("service.session_needed", source=ErrorSource.USER)


class HttpBroker:
    """Owns every HTTP connection of the host.

    Args:
        keys: where TLS contexts come from.
        network: where purposes go, as whom, and what their servers have to prove.
        revocation: who knows what authorities revoked.
    """

    def __init__(self, keys: KeyRing, network: Network, revocation: RevocationStatus = NOTHING_KNOWN) -> None:
        self._keys = keys
        self._network = network
        self._revocation = revocation
        self._lines: dict[tuple[str, str | None, str | None, ServerPolicy], Line] = {}

    def client(
        self, use: NetworkUse, borrower: Borrower, access_token: Callable[[], str] = nobodys_token
    ) -> "BoundClient":
        """Return the client of one declared purpose for one call.

        Args:
            use: the purpose, of the protocol ``https`` or ``http``.
            borrower: the call.
            access_token: returns that of the caller's session, when the purpose needs it.

        Raises:
            ConfigError: ``config.no_address``, ``config.address_scheme``, ``config.client_missing``, and those of the
                key ring.
        """
        # Two plugins may give one name to different purposes: neither gets the other's address or certificate.
        url = self._network.url(use)
        key = self._key(use)
        policy = self._network.server(use)
        place = (url, key, use.trust, policy)
        tls = self._tls(use, key, policy)
        line = self._lines.get(place)
        if line is not None and not line.speaks(tls):
            # Another certificate serves by now: connections of the former one end with their exchanges.
            self._lines.pop(place, line).close()
            line = None
        if line is None:
            line = self._lines.setdefault(place, Line(Address.of(url), tls))
        return BoundClient(url, line, use, borrower, self._credentials(use, key, access_token))

    def forget_token(self, serial: str) -> None:
        """Close every connection that was authenticated with a key of a token: it was locked."""
        uses = self._keys.forget_token(serial)
        for place in [one for one in self._lines if one[1] in uses]:
            self._lines.pop(place).close()

    def close(self) -> None:
        """Close every connection."""
        while self._lines:
            self._lines.popitem()[1].close()

    def _tls(self, use: NetworkUse, key: str | None, policy: ServerPolicy) -> Tls | None:
        """Return how the servers of a purpose are spoken to; only one of the protocol ``http`` goes without TLS."""
        if use.protocol == "http":
            return None
        assert use.trust is not None
        # A TLS context of our own: neither the system's trust store nor the environment has a say.
        return Tls(self._keys.ssl_context(key, use.trust), ServerCheck(policy, self._revocation))

    def _key(self, use: NetworkUse) -> str | None:
        """Return the use of the key by which a purpose authenticates; what may go without a key does so without one."""
        optional = use.auth in HOSTS_OWN_AUTHORIZATION
        return None if optional and use.key is not None and not self._keys.has(use.key) else use.key

    def _credentials(
        self, use: NetworkUse, key: str | None, access_token: Callable[[], str]
    ) -> Callable[[], str] | None:
        """Return what gives the ``Authorization`` of each request, if the host adds one."""
        if use.auth == "bearer":
            return lambda: f"Bearer {access_token()}"
        if use.auth == "client" and key is None:
            client = self._network.client(use)
            return lambda: _basic(client)
        return None


class BoundClient:
    """Implements ``HttpClient`` for one purpose and one call.

    Args:
        url: address of the purpose.
        line: connections to it.
        use: the purpose.
        borrower: the call.
        credentials: gives the ``Authorization`` of each request, where the host adds one.
    """

    def __init__(
        self, url: str, line: Line, use: NetworkUse, borrower: Borrower, credentials: Callable[[], str] | None
    ) -> None:
        self._url = url
        self._line = line
        self._use = use
        self._purpose = use.purpose
        self._borrower = borrower
        self._credentials = credentials
        self._facts = {"purpose": use.purpose, "host": line.address.server}

    @property
    def address(self) -> str:
        """The address of the purpose; see ``segur_sdk.context.HttpClient``."""
        return self._url

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
        """Send one request within the deadline of the call; see ``segur_sdk.context.HttpClient``."""
        self._borrower.require_running()
        request = self._request(method, path, headers or {}, body)
        left = usable_seconds(self._borrower)
        if left <= 0:
            raise ServiceError("service.timed_out", retryable=True, purpose=self._purpose)
        ends_at = time.monotonic() + (left if seconds is None else min(left, seconds))
        self._borrower.note("broker.http", **self._facts)
        try:
            connection = self._line.take(self._ticket, self._doubt, ends_at)
        except OSError as failure:
            own = self._line.explained(failure)
            raise own or _diagnose(failure, self._purpose, began=False) from None
        try:
            answer = connection.exchange(request, body, max_answer, ends_at)
        except AnswerTooLargeError:
            raise ServiceError("service.answer_too_large", maybe_processed=True, purpose=self._purpose) from None
        except (OSError, h11.RemoteProtocolError) as failure:
            raise _diagnose(failure, self._purpose, began=True) from None
        finally:
            self._line.give_back(connection)
        # The call may have been given up while it waited: its answer must then change nothing.
        self._borrower.require_running()
        self._compare_clocks(answer.headers.get("date"))
        return HttpReply(status=answer.status, headers=answer.headers, body=answer.body)

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> h11.Request:
        """Return the request, if it goes to the address of the purpose and nowhere else."""
        if not (method.isascii() and method.isalpha() and method.isupper()):
            raise self._refused("method")
        given = {name.lower(): value for name, value in headers.items()}
        if not HOSTS_OWN_HEADERS.isdisjoint(given):
            raise self._refused("headers")
        if self._use.protocol == "http":
            self._require_public(method, given)
        target = self._line.address.target(path)
        if target is None:
            raise self._refused("path")
        given |= self._authorization(method, given)
        own = {"host": self._line.address.server, "content-length": str(len(body))}
        try:
            return h11.Request(method=method, target=target, headers=list((own | DEFAULT_HEADERS | given).items()))
        except (h11.LocalProtocolError, ValueError, TypeError, AttributeError):
            raise self._refused("form") from None

    def _require_public(self, method: str, given: Mapping[str, str]) -> None:
        """Refuse without TLS what does more than fetch, and what tells who asks."""
        if method not in PUBLIC_METHODS:
            raise self._refused("method")
        if not NAMING_HEADERS.isdisjoint(given):
            raise self._refused("headers")

    def _authorization(self, method: str, given: Mapping[str, str]) -> dict[str, str]:
        """Return the header by which the host authenticates; no plugin sees it, and an echo would show it."""
        if self._use.auth not in HOSTS_OWN_AUTHORIZATION:
            return {}
        if method == "TRACE":
            raise self._refused("method")
        own = given.get("authorization")
        if own is not None:
            # The registered software may act for somebody whose token it was just given: at an authority's userinfo.
            if self._use.auth == "client" and own.startswith("Bearer "):
                return {}
            raise self._refused("headers")
        return {"authorization": self._credentials()} if self._credentials is not None else {}

    def _ticket(self) -> None:
        self._borrower.record("broker.connect", **self._facts)

    def _doubt(self) -> None:
        self._borrower.note("broker.revocation_unknown", **self._facts)

    def _compare_clocks(self, date: str | None) -> None:
        """Note when a service that proved who it is has another time: certificates are judged by the clock here."""
        ahead = seconds_ahead(date, SystemClock().now()) if self._use.protocol == "https" else None
        if ahead is not None:
            self._borrower.note("broker.clock", **self._facts, seconds_ahead=ahead)

    def _refused(self, field: str) -> PluginError:
        return PluginError("plugin.request_refused", plugin=self._borrower.plugin, purpose=self._purpose, field=field)


def _basic(client: ClientTable) -> str:
    """Return how a registered software authenticates by its secret (RFC 6749, 2.3.1; RFC 7617)."""
    pair = f"{quote_plus(client.id)}:{quote_plus(client.secret.resolve().reveal())}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _diagnose(failure: OSError | h11.RemoteProtocolError, purpose: str, *, began: bool) -> SegurError:
    """Name what happened; a request that began may have been processed, whatever the error says."""
    if isinstance(failure, ServerRefusedError):
        return failure.told(purpose)
    if isinstance(failure, ssl.SSLError) and _blames_our_certificate(failure.reason or ""):
        return ServiceError("service.client_certificate_refused", purpose=purpose, reason=failure.reason)
    if isinstance(failure, TimeoutError):
        return ServiceError("service.timed_out", retryable=True, maybe_processed=began, purpose=purpose)
    if not began:
        return ServiceError("service.unreachable", retryable=True, purpose=purpose, reason=type(failure).__name__)
    return ServiceError(
        "service.answer_lost",
        retryable=True,
        maybe_processed=True,
        purpose=purpose,
        reason=type(failure).__name__,
    )


def _blames_our_certificate(reason: str) -> bool:
    """Tell whether the server's alert is about us (RFC 8446, 6.2): any other one is its own affair.

    ``handshake_failure`` is what a server of TLS 1.2 says to a client whose certificate does not suit it.
    """
    told = ("CERTIFICATE", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE")
    return "ALERT" in reason and any(one in reason for one in told)
