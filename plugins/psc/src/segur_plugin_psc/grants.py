"""What the token endpoint grants (RFC 6749 5.1, OpenID Connect Core 3.1.3.3)."""

import re
from datetime import datetime, timedelta
from typing import Any, Final

import attrs
from pydantic import SecretStr

from segur_plugin_psc.exchanges import Endpoint, object_of, unreadable
from segur_plugin_psc.json_objects import JsonObject
from segur_plugin_psc.settings import PscSettings
from segur_sdk.context import HttpReply
from segur_sdk.models.session_tokens import SessionTokens

_TOKEN: Final = re.compile(r"[!-~]{1,16384}")
_LONGEST_S: Final = 31_622_400
"""A year: what is longer is a mistake, or no number of seconds."""


@attrs.frozen
class Grant:
    """Tokens as they were granted; none of them was checked."""

    asked_at: datetime
    access_token: SecretStr
    expires_in: int
    refresh_token: SecretStr | None
    refresh_expires_in: int | None
    id_token: SecretStr | None

    def tokens(self, settings: PscSettings) -> SessionTokens:
        """Return them with their ends, counted from the instant when they were asked for."""
        refresh_end = None
        if self.refresh_token is not None:
            refresh_end = self.asked_at + timedelta(seconds=self.refresh_expires_in or settings.session_idle_s)
        return SessionTokens(
            access_token=self.access_token,
            access_expires_at=self.asked_at + timedelta(seconds=self.expires_in),
            refresh_token=self.refresh_token,
            refresh_expires_at=refresh_end,
            id_token=self.id_token,
        )


def grant_of(reply: HttpReply, endpoint: Endpoint, asked_at: datetime) -> Grant:
    """Read an answer of status 200; what a Keycloak adds is ignored.

    Raises:
        ServiceError: ``psc.answer_unreadable`` with ``reason``: the field that is not what it should be.
    """
    return read_grant(object_of(reply, endpoint), endpoint, asked_at)


def read_grant(answer: JsonObject, endpoint: Endpoint, asked_at: datetime) -> Grant:
    """Read the object of such an answer; errors as :func:`grant_of`."""
    kind = answer.get("token_type")
    if not isinstance(kind, str) or kind.lower() != "bearer":
        raise unreadable(endpoint, "token_type")
    access_token = _token(answer, "access_token", endpoint)
    if access_token is None:
        raise unreadable(endpoint, "access_token")
    expires_in = seconds(answer.get("expires_in"))
    if expires_in is None or expires_in == 0:
        raise unreadable(endpoint, "expires_in")
    refresh_expires_in = answer.get("refresh_expires_in")
    if refresh_expires_in is not None and seconds(refresh_expires_in) is None:
        raise unreadable(endpoint, "refresh_expires_in")
    return Grant(
        asked_at=asked_at,
        access_token=access_token,
        expires_in=expires_in,
        refresh_token=_token(answer, "refresh_token", endpoint),
        refresh_expires_in=refresh_expires_in,
        id_token=_token(answer, "id_token", endpoint),
    )


def seconds(value: Any) -> int | None:
    """Return a count of seconds, whole and sensible; ``None`` for anything else."""
    whole = isinstance(value, int) and not isinstance(value, bool)
    return value if whole and 0 <= value <= _LONGEST_S else None


def _token(answer: JsonObject, name: str, endpoint: Endpoint) -> SecretStr | None:
    value = answer.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not _TOKEN.fullmatch(value):
        raise unreadable(endpoint, name)
    return SecretStr(value)
