"""HTTP for plugins: one client per purpose, its TLS context and certificate included.

Each exchange writes a ticket in the audit before a byte leaves, so that connections seen by a service can be
compared with what the host allowed.
"""

import ssl
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import httpx

from segur_host.broker.keys import KeyRing
from segur_host.broker.lending import Borrower
from segur_sdk.context import HttpReply
from segur_sdk.errors import ConfigError, ServiceError
from segur_sdk.manifest import NetworkUse
from segur_sdk.models.actor import Environment

CONNECT_S: Final = 10.0


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
        self._clients: dict[str, httpx.Client] = {}

    def client(self, use: NetworkUse, borrower: Borrower) -> "BoundClient":
        """Return the client of one declared purpose for one call.

        Raises:
            ConfigError: ``config.no_address`` and those of the key ring.
        """
        address = self._address(use)
        shared = self._clients.get(use.purpose)
        if shared is None:
            # A TLS context of our own: neither the system's trust store nor the environment has a say.
            context = self._keys.ssl_context(use.key, use.trust)
            shared = httpx.Client(verify=context, trust_env=False, follow_redirects=False, timeout=CONNECT_S)
            shared = self._clients.setdefault(use.purpose, shared)
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
        self._address = address
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
        progress = _Progress()
        request = self._client.build_request(
            method,
            self._address + path,
            headers=headers,
            content=body,
            timeout=self._timeout(),
            extensions={"trace": progress.note},
        )
        self._borrower.record("broker.http", purpose=self._purpose, host=urlsplit(self._address).netloc)
        try:
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

    def _timeout(self) -> httpx.Timeout:
        left = self._borrower.deadline.remaining()
        if left <= 0:
            raise ServiceError("service.timed_out", retryable=True, purpose=self._purpose)
        return httpx.Timeout(left, connect=min(left, CONNECT_S))

    def _read(self, response: httpx.Response, max_answer: int) -> bytes:
        content = bytearray()
        for chunk in response.iter_bytes():
            content += chunk
            if len(content) > max_answer:
                raise ServiceError("service.answer_too_large", maybe_processed=True, purpose=self._purpose)
            # A read timeout bounds one read only; a service that drips would never reach it.
            if self._borrower.deadline.remaining() <= 0:
                raise ServiceError("service.timed_out", maybe_processed=True, retryable=True, purpose=self._purpose)
        return bytes(content)


class _Progress:
    """How far one exchange went, from httpcore's trace."""

    def __init__(self) -> None:
        self.request_began = False

    def note(self, event: str, _info: Mapping[str, object]) -> None:
        if event.endswith("send_request_headers.started"):
            self.request_began = True


def _diagnose(failure: httpx.HTTPError, purpose: str, progress: _Progress) -> ServiceError:
    """Name what happened; a request that began may have been processed, whatever the error says."""
    began = progress.request_began
    tls = _tls_failure(failure)
    if isinstance(tls, ssl.SSLCertVerificationError):
        return ServiceError("service.server_certificate", purpose=purpose, reason=tls.verify_code)
    if tls is not None and "alert" in (tls.reason or "").lower():
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


def _tls_failure(failure: BaseException | None) -> ssl.SSLError | None:
    while failure is not None:
        if isinstance(failure, ssl.SSLError):
            return failure
        failure = failure.__cause__ or failure.__context__
    return None
