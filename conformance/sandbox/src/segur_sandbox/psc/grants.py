"""What was granted to each client: codes, access tokens, refresh tokens; a token is an entry here, whatever it says."""

from datetime import datetime

import attrs

from segur_sandbox.psc.sessions import SsoSession


@attrs.define(eq=False)
class Grant:
    """What one login gave one client; everything issued from it ends with it."""

    client_id: str
    session: SsoSession
    scope: str
    nonce: str | None = None
    revoked: bool = False


@attrs.define(eq=False)
class Code:
    """An authorization code."""

    grant: Grant
    redirect_uri: str
    challenge: str | None
    challenge_method: str
    expires: datetime
    used: bool = False


@attrs.define(eq=False)
class AccessToken:
    """An access token; `thumbprint` is the SHA-256 of the only certificate that may show it, if it is bound."""

    grant: Grant
    issued: datetime
    expires: datetime
    thumbprint: bytes | None
    claims: dict[str, object]
    revoked: bool = False


@attrs.define(eq=False)
class RefreshToken:
    """A refresh token, good once."""

    grant: Grant
    expires: datetime
    used: bool = False


class Grants:
    """Everything issued, by value."""

    def __init__(self) -> None:
        self.codes: dict[str, Code] = {}
        self.access: dict[str, AccessToken] = {}
        self.refresh: dict[str, RefreshToken] = {}

    def reset(self) -> None:
        """Forget everything issued."""
        self.codes.clear()
        self.access.clear()
        self.refresh.clear()
