"""Settings of the plugin: which authorities, which purposes, and what follows when nothing is known."""

from collections.abc import Mapping

from pydantic import Field

from segur_plugin_certificates.purposes import Purpose
from segur_plugin_certificates.revocation import Mode
from segur_sdk import PluginSettings
from segur_sdk.manifest import Token


class CertificatesSettings(PluginSettings):
    """One table ``[plugins.certificates.settings]`` of the host's configuration."""

    trusts: tuple[Token, ...] = Field(
        default=("igc-sante", "igc-sante-fort"),
        min_length=1,
        max_length=8,
        description="Names of the trusted authorities in the configuration, of one environment. One that is not "
        "configured is passed over as long as another one is.",
    )
    purposes: Mapping[Token, Purpose] = Field(
        default_factory=dict,
        description="What certificates have to fit, by use of their key, where the name of the use, its network "
        "purposes and whether it signs do not say it well enough.",
    )
    revocation: Mode = Field(
        default=Mode.SOFT,
        description="What to say of a certificate of which nothing is known: 'soft' a warning, 'hard' that it is "
        "blocked. What the host does at a connection is a setting of the host.",
    )
    responder_seconds: float = Field(
        default=5,
        gt=0,
        le=60,
        description="Seconds for which the answer of a responder (OCSP) is awaited. One that did not answer is not "
        "asked about the other certificates of the same call.",
    )
    warn_at_login: bool = Field(
        default=True,
        description="Whether who opens a session is told of certificates that end within 30 days or may not be used.",
    )
