"""``segur_plugin.toml``: everything a host must know of a plugin before it imports a line of it.

The file stands in the plugin's package and is found through the entry point group ``segur.plugins``
(``insi = "segur_plugin_insi:segur_plugin.toml"``).
"""

import tomllib
from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from segur_sdk.drivers import DriverKind
from segur_sdk.errors import PluginError, invalid_input
from segur_sdk.models.actor import Environment, SessionMeans
from segur_sdk.models.base import Value

MANIFEST_VERSION: Final = 1
ENTRY_POINT_GROUP: Final = "segur.plugins"
MAX_MANIFEST_BYTES: Final = 65_536
MAX_PERIOD_MINUTES: Final = 31 * 24 * 60

PluginId = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
ObjectPath = Annotated[
    str,
    StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*$"),
]
"""``package.module:Name``."""
Token = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_\-]{0,39}$")]
Version = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]*\.[0-9]+$")]


def _is_web(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.fragment or parts.query:
        raise ValueError("an address is https://host[:port]/path")
    return address


def _is_https(address: str) -> str:
    if urlsplit(_is_web(address)).scheme != "https":
        raise ValueError("an address is https://host[:port]/path")
    return address


WebAddress = Annotated[str, AfterValidator(_is_web)]
"""``https://host[:port]/path``; ``http`` for what the protocol ``http`` allows."""
HttpsAddress = Annotated[str, AfterValidator(_is_https)]


class HookUse(Value):
    """A hook that the plugin implements."""

    name: str
    version: Version
    """Contract version it was written for."""
    before: tuple[PluginId, ...] = ()
    after: tuple[PluginId, ...] = ()


class NetworkUse(Value):
    """One purpose for which the plugin talks to one address."""

    purpose: Token
    protocol: Literal["https", "browser", "http"] = "https"
    """``browser``: the plugin only sends the browser of whoever sits there to that address. ``http``, without TLS: what
    authorities publish signed (revocation lists, OCSP), and nothing else; without anchors nor authentication."""
    addresses: dict[Environment, WebAddress] = Field(default_factory=dict)
    """The address by environment; the sandbox's own comes from the configuration."""
    trust: Token | None = None
    """Name of the trust anchors in the configuration, for example ``igc-sante``."""
    auth: Literal["none", "mtls", "client", "bearer"] | None = None
    """``client``: as the software is registered there, by ``key`` if the configuration has one, else by a secret;
    ``bearer``: the access token of the caller's session, which the host adds and renews."""
    key: Token | None = None
    """Use of the key for ``mtls`` and ``client``; with ``bearer``, of the key to which the token is bound, if any."""

    @model_validator(mode="after")
    def _a_browser_brings_its_own(self) -> "NetworkUse":
        schemes = {urlsplit(address).scheme for address in self.addresses.values()}
        if schemes - {"http" if self.protocol == "http" else "https"}:
            raise ValueError("an address has the scheme of its protocol")
        if self.protocol in {"browser", "http"}:
            if self.trust is not None or self.auth is not None or self.key is not None:
                raise ValueError("neither a browser nor http has the host authenticate anybody")
        elif self.trust is None or self.auth is None:
            raise ValueError("https names its trust and its authentication")
        elif self.auth != "bearer" and (self.auth != "none") != (self.key is not None):
            raise ValueError("mtls and client name a key, none does not")
        return self


class KeyUse(Value):
    """A use of a key whose certificate the plugin may see."""

    use: Token
    signs: bool = False
    """The plugin may have it sign. Such a key authenticates nobody, and one that authenticates never signs."""


class DriverUse(Value):
    """A driver that the plugin brings; the host runs it in child processes."""

    name: Token
    kind: DriverKind
    entry: ObjectPath
    """Its class, whose keyword arguments are the plugin's settings."""
    through_cards: bool = False
    """A token driver that reaches its tokens through the host's card readers."""

    @model_validator(mode="after")
    def _only_tokens_need_cards(self) -> "DriverUse":
        if self.through_cards and self.kind is not DriverKind.TOKENS:
            raise ValueError("only a token driver goes through cards")
        return self


class JobUse(Value):
    """Something regular that the plugin does; the host runs it."""

    name: Token
    every_minutes: int = Field(ge=1, le=MAX_PERIOD_MINUTES)
    """The longest time between a success and the next run, while the host runs."""
    deadline_s: float = Field(default=60, gt=0, le=600)
    """Seconds after which a run is given up."""


class DataUse(Value):
    """What the plugin does with patient data."""

    reads: tuple[Token, ...] = ()
    writes: tuple[Token, ...] = ()
    stores: tuple[Token, ...] = ()
    retention_days: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _what_is_stored_ends(self) -> "DataUse":
        if self.stores and self.retention_days is None:
            raise ValueError("what is stored has a retention")
        return self


class PluginManifest(Value):
    """A plugin's declaration. Enabling the plugin grants exactly this."""

    manifest_version: Literal[1]
    id: PluginId
    display_name: str = Field(min_length=3, max_length=90)
    description: str = Field(min_length=1, max_length=500)
    license: str = Field(min_length=1, max_length=60)
    maintainers: tuple[str, ...] = Field(min_length=1)
    homepage: HttpsAddress | None = None
    sdk: str = Field(pattern=r"^>=[0-9]+\.[0-9]+,<[0-9]+$")
    """Window of SDK versions, ``>=1.2,<2``."""
    entry: ObjectPath
    """The plugin class."""
    settings: ObjectPath | None = None
    """The class of its settings."""
    messages: str | None = Field(default=None, pattern=r"^[A-Za-z0-9_]+\.toml$")
    """File of French texts for its own error codes, beside the manifest."""
    hooks: tuple[HookUse, ...] = ()
    provides: tuple[str, ...] = ()
    """Services it offers."""
    uses: tuple[str, ...] = ()
    """Services it asks from others."""
    sends: tuple[Token, ...] = ()
    drivers: tuple[DriverUse, ...] = ()
    session_means: tuple[SessionMeans, ...] = ()
    """Means of authentication for which it is a ``SessionProvider``."""
    jobs: tuple[JobUse, ...] = ()
    """What it does regularly, as a ``JobRunner``."""
    codes: tuple[Token, ...] = ()
    network: tuple[NetworkUse, ...] = ()
    keys: tuple[KeyUse, ...] = ()
    keyring: bool = False
    """May see the certificate of every key of the installation, and have keys made and certificates installed."""
    cards: bool = False
    tokens: bool = False
    """May see public and private objects of tokens, and ask the host to have one unlocked."""
    prompts: bool = False
    data: DataUse = DataUse()
    requirements: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _nothing_twice(self) -> "PluginManifest":
        for what, names in (
            ("hooks", [hook.name for hook in self.hooks]),
            ("network", [use.purpose for use in self.network]),
            ("keys", [key.use for key in self.keys]),
            ("provides", list(self.provides)),
            ("drivers", [driver.name for driver in self.drivers]),
            ("session_means", list(self.session_means)),
            ("jobs", [job.name for job in self.jobs]),
        ):
            if len(set(names)) != len(names):
                raise ValueError(f"{what} names something twice")
        declared = {key.use for key in self.keys}
        if any(use.key is not None and use.key not in declared for use in self.network):
            raise ValueError("network uses a key that keys does not declare")
        signing = {key.use for key in self.keys if key.signs}
        if any(use.key in signing for use in self.network):
            raise ValueError("a key that signs authenticates nobody")
        if bool(self.session_means) != ("SessionProvider" in self.provides):
            raise ValueError("a SessionProvider names its session_means, and only such a one does")
        return self


def parse_manifest(data: bytes) -> PluginManifest:
    """Read a manifest.

    Args:
        data: bytes of ``segur_plugin.toml``.

    Raises:
        PluginError: ``plugin.manifest_unreadable``, ``plugin.manifest_version``, ``plugin.manifest_invalid``.
    """
    if len(data) > MAX_MANIFEST_BYTES:
        raise PluginError("plugin.manifest_unreadable", reason="too_large")
    try:
        content = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as failure:
        raise PluginError("plugin.manifest_unreadable", reason=type(failure).__name__) from None
    version = content.get("manifest_version")
    if version != MANIFEST_VERSION:
        raise PluginError("plugin.manifest_version", expected=MANIFEST_VERSION)
    try:
        return PluginManifest.model_validate(content)
    except ValidationError as failure:
        found = invalid_input("plugin.manifest_invalid", failure, PluginManifest)
        raise PluginError("plugin.manifest_invalid", fields=found.facts["fields"]) from None
