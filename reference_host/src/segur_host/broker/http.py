"""HTTP for plugins: one client per purpose, its TLS context and certificate included.

Each connection writes a ticket in the audit before it is opened, each request a record with the outcome of the
call, so that what a service saw can be compared with what the host allowed. Nothing is kept from one exchange to
the next but the connection: no cookie.
"""

import ssl
from collections.abc import Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from segur_host.broker.keys import KeyRing
from segur_host.broker.lending import Borrower, usable_seconds
from segur_host.broker.time_limit import TimeLimitedSocket, time_limit
from segur_sdk.context import HttpReply
from segur_sdk.errors import ConfigError, PluginError, SegurError, ServiceError
from segur_sdk.manifest import NetworkUse
from segur_sdk.models.actor import Environment

CONNECT_S: Final = 10.0
HOSTS_OWN_HEADERS: Final = frozenset({"host", "connection", "content-length", "transfer-encoding", "te", "upgrade"})
"""What addresses and frames a request; a plugin that set them could speak to another server, or twice."""


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
        self._clients: dict[tuple[str, str | None, str], httpx.Client] = {}

    def client(self, use: NetworkUse, borrower: Borrower) -> "BoundClient":
        """Return the client of one declared purpose for one call.

        Raises:
            ConfigError: ``config.no_address`` and those of the key ring.
        """
        address = self._address(use)
        # Two plugins may give one name to different purposes: neither gets the other's certificate.
        place = (use.purpose, use.key, use.trust)
        shared = self._clients.get(place)
        if shared is None:
            # A TLS context of our own: neither the system's trust store nor the environment has a say.
            context = self._keys.ssl_context(use.key, use.trust)
            context.sslsocket_class = TimeLimitedSocket
            shared = httpx.Client(
                verify=context,
                trust_env=False,
                follow_redirects=False,
                timeout=CONNECT_S,
                # What is compressed is not measured by its size.
                headers={"accept-encoding": "identity"},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            )
            shared = self._clients.setdefault(place, shared)
        return BoundClient(shared, address, use.purpose, borrower)

    def close(self) -> None:
        """Close every connection."""
        while self._clients:
            self._clients.popitem()[1].close()

    def _address(self, use: NetworkUse) -> str:
        if self._environment is Environment.SANDBOX:
            address = self._sandbox_urls.get(use.purpose)
        else:
            address = use.addresses.get(self._environment)
        if address is None:
            raise ConfigError("config.no_address", purpose=use.purpose, environment=self._environment)
        return address


class BoundClient:
    """Implements ``HttpClient`` for one purpose and one call."""

    def __init__(self, client: httpx.Client, address: str, purpose: str, borrower: Borrower) -> None:
        self._client = client
        self._address = httpx.URL(address)
        self._purpose = purpose
        self._borrower = borrower

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
        progress = _Progress(lambda: self._borrower.record("broker.connect", **self._facts))
        request = self._request(method, path, headers or {}, body)
        request.extensions = {
            "trace": progress.note,
            "timeout": httpx.Timeout(left, connect=min(left, CONNECT_S)).as_dict(),
        }
        self._borrower.note("broker.http", **self._facts)
        try:
            with time_limit(left):
                response = self._client.send(request, stream=True)
                try:
                    content = self._read(response, max_answer)
                finally:
                    response.close()
        except httpx.HTTPError as failure:
            raise _diagnose(failure, self._purpose, progress) from None
        # The call may have been given up while it waited: its answer must then change nothing.
        self._borrower.require_running()
        names = {name.lower(): value for name, value in response.headers.items()}
        return HttpReply(status=response.status_code, headers=names, body=content)

    def _request(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> httpx.Request:
        """Return the request, if it goes to the address of the purpose and nowhere else."""
        try:
            url = httpx.URL(str(self._address) + path) if path else self._address
            request = self._client.build_request(method, url, headers=headers, content=body)
        except (httpx.InvalidURL, ValueError, TypeError, AttributeError):
            raise self._refused("form") from None
        if not (method.isascii() and method.isalpha() and method.isupper()):
            raise self._refused("method")
        if not HOSTS_OWN_HEADERS.isdisjoint(name.lower() for name in headers):
            raise self._refused("headers")
        if path and not _below(url, self._address):
            raise self._refused("path")
        return request

    @property
    def _facts(self) -> dict[str, str]:
        return {"purpose": self._purpose, "host": self._address.netloc.decode("ascii")}

    def _refused(self, field: str) -> PluginError:
        return PluginError("plugin.request_refused", plugin=self._borrower.plugin, purpose=self._purpose, field=field)

    def _read(self, response: httpx.Response, max_answer: int) -> bytes:
        content = bytearray()
        for chunk in response.iter_raw():
            content += chunk
            if len(content) > max_answer:
                raise ServiceError("service.answer_too_large", maybe_processed=True, purpose=self._purpose)
        return bytes(content)


def _below(url: httpx.URL, address: httpx.URL) -> bool:
    """Tell whether ``url`` is on the same server, at the address or under it."""
    same_server = all(getattr(url, part) == getattr(address, part) for part in ("scheme", "userinfo", "host", "port"))
    under = url.path == address.path or url.path.startswith(address.path.rstrip("/") + "/")
    return same_server and under and ".." not in url.path.split("/")


class _Progress:
    """How far one exchange went, from httpcore's trace.

    Args:
        connecting: called before a connection is opened.
    """

    def __init__(self, connecting: Callable[[], None]) -> None:
        self.request_began = False
        self._connecting = connecting

    def note(self, event: str, _info: Mapping[str, object]) -> None:
        if event == "connection.connect_tcp.started":
            self._connecting()
        elif event.endswith("send_request_headers.started"):
            self.request_began = True


def _diagnose(failure: httpx.HTTPError, purpose: str, progress: _Progress) -> SegurError:
    """Name what happened; a request that began may have been processed, whatever the error says."""
    if isinstance(failure, httpx.LocalProtocolError):
        return PluginError("plugin.request_refused", purpose=purpose, field="form")
    began = progress.request_began
    tls = _tls_failure(failure)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return ServiceError("service.server_certificate", purpose=purpose, reason=tls.verify_code)
    if tls is not None and _blames_our_certificate(tls.reason or ""):
        return ServiceError("service.client_certificate_refused", purpose=purpose, reason=tls.reason)
    if isinstance(failure, httpx.TimeoutException):
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


def _tls_failure(failure: BaseException | None) -> ssl.SSLError | None:
    while failure is not None:
        if isinstance(failure, ssl.SSLError):
            return failure
        failure = failure.__cause__ or failure.__context__
    return None
