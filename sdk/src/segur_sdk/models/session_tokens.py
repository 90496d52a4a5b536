"""Tokens of a session: given by the plugin that authenticates to the host, which alone keeps them, in memory."""

from pydantic import SecretStr

from segur_sdk.models.base import Moment, Value


class SessionTokens(Value):
    """What an authority issued for one session; no dump and no repr shows a token."""

    access_token: SecretStr
    access_expires_at: Moment
    refresh_token: SecretStr | None = None
    refresh_expires_at: Moment | None = None
    id_token: SecretStr | None = None
    """Needed to end the session at the authority."""
