"""HTTP for plugins: connections kept by purpose, its TLS context and certificate included.

Each connection writes a ticket in the audit before it is opened, each request a record with the outcome of the
call, so that what a service saw can be compared with what the host allowed. Nothing is kept from one exchange to
the next but the connection.
"""

import ssl
import time
from collections.abc import Mapping
from typing import Final

import h11

from segur_host.broker.address import Address
from segur_host.broker.connection import AnswerTooLargeError
from segur_host.broker.keys import KeyRing
from segur_host.broker.lending import Borrower, usable_seconds
from segur_host.broker.line import Line
from segur_sdk.context import HttpReply
from segur_sdk.errors import ConfigError, PluginError, SegurError, ServiceError
from segur_sdk.manifest import NetworkUse
from segur_sdk.models.actor import Environment

HOSTS_OWN_HEADERS: Final = frozenset({"host", "connection", "content-length", "transfer-encoding", "te", "upgrade"})
"""What addresses and frames a request; a plugin that set them could speak to another server, or twice."""
DEFAULT_HEADERS: Final = {
    "accept": "*/*",
    # What is compressed is not measured by its size.
    "accept-encoding": "identity",
}


class HttpBroker:
    """Owns every HTTP connection of the host.

    Args:
        keys: where TLS contexts come from.
        environment: which addresses are meant.
        sandbox_urls: address by purpose, for the sandbox only.
    """

    def __init__(self, keys: KeyRing, environment: Environment, sandbox_urls: Mapping[str, str]) -> None:
        self._keys = keys
        self._environment = environment
        self._sandbox_urls = sandbox_urls
        self._lines: dict[tuple[str, str | None, str], Line] = {}

    def client(self, use: NetworkUse, borrower: Borrower) -> "BoundClient":
        """Return the client of one declared purpose for one call.

        Raises:
            ConfigError: ``config.no_address`` and those of the key ring.
        """
        # Two plugins may give one name to different purposes: neither gets the other's address or certificate.
        url = self._url(use)
        place = (url, use.key, use.trust)
        line = self._lines.get(place)
        if line is None:
            # A TLS context of our own: neither the system's trust store nor the environment has a say.
            context = self._keys.ssl_context(use.key, use.trust)
            line = self._lines.setdefault(place, Line(Address.of(url), context))
        return BoundClient(line, use.purpose, borrower)

    def forget_token(self, serial: str) -> None:
        """Close every connection that was authenticated with a key of a token: it was locked."""
        uses = self._keys.forget_token(serial)
        for place in [one for one in self._lines if one[1] in uses]:
            self._lines.pop(place).close()

    def close(self) -> None:
        """Close every connection."""
        while self._lines:
            self._lines.popitem()[1].close()

    def _url(self, use: NetworkUse) -> str:
        if self._environment is Environment.SANDBOX:
            url = self._sandbox_urls.get(use.purpose)
        else:
            url = use.addresses.get(self._environment)
        if url is None:
            raise ConfigError("config.no_address", purpose=use.purpose, environment=self._environment)
        return url


class BoundClient:
    """Implements ``HttpClient`` for one purpose and one call."""

    def __init__(self, line: Line, purpose: str, borrower: Borrower) -> None:
        self._line = line
        self._purpose = purpose
        self._borrower = borrower
        self._facts = {"purpose": purpose, "host": line.address.server}

    def request(
        self,
        method: str,
        path: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_answer: int = 1_048_576,
    ) -> HttpReply:
        """Send one request within the deadline of the call; see ``segur_sdk.context.HttpClient``."""
        self._borrower.require_running()
        left = usable_seconds(self._borrower)
        if left <= 0:
            raise ServiceError("service.timed_out", retryable=True, purpose=self._purpose)
        ends_at = time.monotonic() + left
        request = self._request(method, path, headers or {}, body)
        self._borrower.note("broker.http", **self._facts)
        try:
            connection = self._line.take(self._ticket, ends_at)
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
        return HttpReply(status=answer.status, headers=answer.headers, body=answer.body)

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> h11.Request:
        """Return the request, if it goes to the address of the purpose and nowhere else."""
        if not (method.isascii() and method.isalpha() and method.isupper()):
            raise self._refused("method")
        given = {name.lower(): value for name, value in headers.items()}
        if not HOSTS_OWN_HEADERS.isdisjoint(given):
            raise self._refused("headers")
        target = self._line.address.target(path)
        if target is None:
            raise self._refused("path")
        own = {"host": self._line.address.server, "content-length": str(len(body))}
        try:
            return h11.Request(method=method, target=target, headers=list((own | DEFAULT_HEADERS | given).items()))
        except (h11.LocalProtocolError, ValueError, TypeError, AttributeError):
            raise self._refused("form") from None

    def _ticket(self) -> None:
        self._borrower.record("broker.connect", **self._facts)

    def _refused(self, field: str) -> PluginError:
        return PluginError("plugin.request_refused", plugin=self._borrower.plugin, purpose=self._purpose, field=field)


def _diagnose(failure: OSError | h11.RemoteProtocolError, purpose: str, *, began: bool) -> SegurError:
    """Name what happened; a request that began may have been processed, whatever the error says."""
    if isinstance(failure, ssl.SSLCertVerificationError):
        return ServiceError("service.server_certificate", purpose=purpose, reason=failure.verify_code)
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
