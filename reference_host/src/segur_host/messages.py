"""French texts of every code known to a host, its plugins' included."""

from collections.abc import Mapping
from typing import Any

from segur_sdk.errors import SegurError, UserMessage, sdk_catalogue

_UNKNOWN = UserMessage(
    message="Une erreur est survenue.",
    cause="Elle porte un code que cette version ne sait pas expliquer.",
    action="Transmettez le code de l’erreur à votre éditeur.",
)


def explain(failure: SegurError, own: Mapping[str, UserMessage] | None = None) -> UserMessage:
    """Return what a user reads of a failure.

    Args:
        failure: the failure.
        own: texts that plugins bring.
    """
    key = failure.user_message_key
    return sdk_catalogue().get(key) or (own or {}).get(key, _UNKNOWN)


def as_json(failure: SegurError, own: Mapping[str, UserMessage] | None = None) -> dict[str, Any]:
    """Return a failure in the form that every command and the gateway use."""
    text = explain(failure, own)
    facts = ", ".join(f"{name} = {value}" for name, value in failure.facts.items() if value not in {None, ""})
    return {
        "code": failure.code,
        "source": str(failure.source),
        "message": text.message,
        "cause": f"{text.cause} [{facts}]" if facts else text.cause,
        "action": text.action,
        "retryable": failure.retryable,
    }
