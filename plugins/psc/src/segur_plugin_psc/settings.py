"""Settings of the plugin: how the software is registered, and what no public document settles."""

from typing import Literal

from pydantic import Field

from segur_sdk import PluginSettings
from segur_sdk.services.session_provider import Device, LoginFlow

Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""Signatures by a key that the authority alone holds (RFC 7518, 3.1): neither ``none`` nor a shared secret."""


class PscSettings(PluginSettings):
    """One table ``[plugins.psc.settings]`` of the host's configuration."""

    client_id: str = Field(
        pattern=r"^[!-~]{1,200}$",
        description="Identifier under which Pro Santé Connect registered this software. Its secret or certificate is "
        "configured with the host, never here.",
    )
    flow: LoginFlow = Field(
        default=LoginFlow.CODE,
        description="How a professional signs in when nothing says: 'code' in the browser, 'ciba' on his own device.",
    )
    device: Device = Field(
        default=Device.MOBILE,
        description="Where he answers a 'ciba' login when nothing says: 'MOBILE' (e-CPS) or 'CARD'.",
    )
    realm_path: str = Field(
        default="/auth/realms/esante-wallet",
        pattern=r"^(?:/[A-Za-z0-9._~\-]{1,60}){1,8}$",
        description="What follows the address of the purpose 'psc' in the issuer.",
    )
    discovery_name: str = Field(
        default="wallet-openid-configuration",
        pattern=r"^[A-Za-z0-9._~\-]{1,60}$",
        description="Name of the discovery document under the issuer's '/.well-known/'; not the standard one.",
    )
    scope: str = Field(
        default="openid scope_all",
        pattern=r"^openid(?: [!#-\[\]-~]{1,60}){0,8}$",
        description="Scopes that are asked for.",
    )
    acr: str = Field(
        default="eidas1",
        pattern=r"^[!-~]{1,60}$",
        description="Level of authentication that is asked for, and that the ID token must bear.",
    )
    identity_provider: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z0-9._~\-]{1,60}$",
        description="Alias of the structure's own identity provider (parameter 'kc_idp_hint'). UNVERIFIED: seen with "
        "hospitals only. None: the professional chooses on the page of Pro Santé Connect.",
    )
    algorithms: tuple[Algorithm, ...] = Field(
        default=("RS256",),
        min_length=1,
        description="Signatures that are accepted on ID and logout tokens, whatever the discovery document announces.",
    )
    leeway_s: int = Field(
        default=300,
        ge=0,
        le=300,
        description="Seconds by which the clocks of this machine and of the authority may differ. UNVERIFIED: the "
        "value of one relying party in service; no public document gives one.",
    )
    poll_interval_s: int = Field(
        default=5,
        ge=1,
        le=60,
        description="Seconds between two questions of a 'ciba' login when the authority gives none (CIBA Core, 7.3).",
    )
    session_max_s: int = Field(
        default=14_400,
        ge=300,
        le=43_200,
        description="Seconds after which a session of Pro Santé Connect is over whatever happens (CI-SIS, "
        "« Sécurisation transport API REST » 1.2.0: 4 hours).",
    )
    session_idle_s: int = Field(
        default=1_800,
        ge=60,
        le=43_200,
        description="Life of a refresh token when the authority does not tell it, in seconds (same source: 1800).",
    )
    revoke_on_leaving: bool = Field(
        default=True,
        description="Whether the tokens of a session that is closed here only are revoked (RFC 7009). UNVERIFIED: a "
        "Keycloak then keeps the session of the professional in his other software; set to false if yours ends it.",
    )
