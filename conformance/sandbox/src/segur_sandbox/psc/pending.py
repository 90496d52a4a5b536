"""Logins that wait for somebody: pages open in a browser, requests sent to a device."""

import secrets
from datetime import datetime

import attrs

from segur_sandbox.psc.professionals import Professional
from segur_sandbox.psc.sessions import SsoSession


@attrs.frozen
class LoginRequest:
    """An authorization request that was found good."""

    client_id: str
    redirect_uri: str
    scope: str
    state: str | None
    nonce: str | None
    challenge: str | None
    challenge_method: str
    prompt: frozenset[str]
    max_age: int | None


@attrs.frozen
class Page:
    """A login page shown.

    Attributes:
        variant: The wrong answer that a fault asked for at the request.
    """

    request: LoginRequest
    expires: datetime
    variant: str | None


class Pages:
    """The login pages shown and not answered; each is answered once."""

    def __init__(self) -> None:
        self._pages: dict[str, Page] = {}

    def open(self, page: Page) -> str:
        """Keep a page, and return the unguessable identifier of its form."""
        identifier = secrets.token_urlsafe(24)
        self._pages[identifier] = page
        return identifier

    def find(self, identifier: str, now: datetime) -> Page | None:
        """Return a page that still waits."""
        page = self._pages.get(identifier)
        return page if page is not None and now < page.expires else None

    def close(self, identifier: str) -> None:
        """Let go of a page: it was answered."""
        del self._pages[identifier]

    def reset(self) -> None:
        """Forget every page."""
        self._pages.clear()


@attrs.define(eq=False)
class CibaRequest:
    """A backchannel authentication request.

    Attributes:
        interval: Seconds that the client waits between two polls; 5 more after each `slow_down`.
        verdict: What the professional did; nothing yet when `None`.
    """

    client_id: str
    professional: Professional
    channel: str
    binding_message: str | None
    scope: str
    expires: datetime
    interval: int
    polled: datetime | None = None
    verdict: str | None = None
    session: SsoSession | None = None
    used: bool = False


class CibaRequests:
    """The backchannel authentication requests, by `auth_req_id`."""

    def __init__(self) -> None:
        self._requests: dict[str, CibaRequest] = {}

    def open(self, request: CibaRequest) -> str:
        """Keep a request and return its unguessable `auth_req_id`."""
        identifier = secrets.token_urlsafe(32)
        self._requests[identifier] = request
        return identifier

    def find(self, identifier: str) -> CibaRequest | None:
        """Return a request, answered or not."""
        return self._requests.get(identifier)

    def waiting(self, now: datetime) -> dict[str, CibaRequest]:
        """Return those that somebody may still answer, oldest first."""
        return {
            identifier: request
            for identifier, request in self._requests.items()
            if request.verdict is None and now < request.expires
        }

    def reset(self) -> None:
        """Forget every request."""
        self._requests.clear()
