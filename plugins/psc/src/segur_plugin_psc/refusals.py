"""What an authority says when it refuses: its code, and the typed error that code means.

Sources: RFC 6749 5.2 and 4.1.2.1, CIBA Core 1.0 11 and 13, RFC 7009 2.2.1, and the answers of a stock Keycloak.
"""

from typing import Any, Final

from segur_plugin_psc.exchanges import MAX_ANSWER, Endpoint, is_json
from segur_plugin_psc.json_objects import read_object
from segur_sdk.context import HttpReply
from segur_sdk.errors import ConfigError, InputError, SegurError, ServiceError

_KNOWN: Final = frozenset(
    {
        # RFC 6749
        "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type",
        "invalid_scope", "access_denied", "unsupported_response_type", "server_error", "temporarily_unavailable",
        # OpenID Connect Core 3.1.2.6
        "interaction_required", "login_required", "account_selection_required", "consent_required",
        "invalid_request_uri", "invalid_request_object", "request_not_supported", "request_uri_not_supported",
        "registration_not_supported", "unmet_authentication_requirements",
        # CIBA Core
        "authorization_pending", "slow_down", "expired_token", "expired_login_hint_token", "unknown_user_id",
        "missing_user_code", "invalid_user_code", "invalid_binding_message", "transaction_failed",
        # Keycloak
        "invalid_user", "invalid_token", "insufficient_scope", "unsupported_token_type",
    }
)  # fmt: skip
_OUR_CLIENT: Final = frozenset({"invalid_client", "unauthorized_client"})
_AWAY: Final = frozenset({"server_error", "temporarily_unavailable"})
_NOBODY: Final = frozenset({"unknown_user_id", "invalid_user"})
_UNAUTHORIZED: Final = 401
NO_CODE: Final = "none"


def known_code(code: object) -> str:
    """Return an error code as the standards have it, ``other`` for any text that is none: it could tell anything."""
    return code if isinstance(code, str) and code in _KNOWN else "other"


def service_code(reply: HttpReply) -> str:
    """Return the code of a refusal, ``none`` when the answer bears none.

    A stock Keycloak says that it knows nobody of a name in the description of ``invalid_request``.
    """
    content = read_object(reply.body, MAX_ANSWER) if is_json(reply) else None
    if content is None:
        return NO_CODE
    if content.get("error") == "invalid_request" and content.get("error_description") == "invalid_user":
        return "invalid_user"
    return known_code(content.get("error"))


def refusal_of(code: str, endpoint: Endpoint, status: int | None = None) -> SegurError:
    """Return the error that a code means wherever it comes from.

    Args:
        code: see :func:`service_code` and :func:`known_code`.
        endpoint: who said so.
        status: of the HTTP answer; ``None`` for what the browser brought back.
    """
    facts: dict[str, Any] = {"endpoint": endpoint.name, "service_code": code, "status": status}
    if code in _OUR_CLIENT or (status == _UNAUTHORIZED and code != "invalid_token"):
        return ConfigError("psc.client_refused", **facts)
    # What is not JSON comes from something that stands between: the authority said nothing.
    if code in _AWAY or code == NO_CODE:
        return ServiceError("psc.unavailable", retryable=True, **facts)
    if code in _NOBODY:
        return InputError("psc.unknown_person", **facts)
    if code == "access_denied":
        return ServiceError("psc.refused", **facts)
    if code == "expired_token":
        return ServiceError("psc.expired", **facts)
    if code == "invalid_grant":
        return ServiceError("psc.grant_refused", **facts)
    return ServiceError("psc.fault", **facts)
