"""Refusals of OAuth 2.0 and OpenID Connect."""

from typing import Final

ROUTINE: Final = frozenset({"authorization_pending", "access_denied", "expired_token"})
"""What a correct client hears as well."""


class OAuthRefusedError(Exception):
    """An endpoint says no, as JSON.

    Args:
        status: HTTP status.
        error: The registered code.
        description: `error_description`, a developer's sentence without personal data.
        scheme: `Basic` or `Bearer` when the answer has a `WWW-Authenticate`.
        routine: True when a correct client hears it too.
    """

    def __init__(
        self, status: int, error: str, description: str, *, scheme: str | None = None, routine: bool = False
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.status = status
        self.error = error
        self.description = description
        self.scheme = scheme
        self.routine = routine or error in ROUTINE


def invalid_request(description: str) -> OAuthRefusedError:
    """Return the refusal of a malformed request."""
    return OAuthRefusedError(400, "invalid_request", description)


def invalid_grant(description: str, *, routine: bool = False) -> OAuthRefusedError:
    """Return the refusal of a code, refresh token or auth_req_id."""
    return OAuthRefusedError(400, "invalid_grant", description, routine=routine)


def invalid_client(description: str) -> OAuthRefusedError:
    """Return the refusal of a client that did not prove who it is."""
    return OAuthRefusedError(401, "invalid_client", description, scheme="Basic")


def invalid_token(description: str, *, routine: bool = False) -> OAuthRefusedError:
    """Return the refusal of an access token."""
    return OAuthRefusedError(401, "invalid_token", description, scheme="Bearer", routine=routine)


class PageRefusedError(Exception):
    """An authorization or logout request is refused with a page: nothing says where the browser may be sent."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class RedirectRefusedError(Exception):
    """An authorization request is refused, and the client is told through the browser."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
