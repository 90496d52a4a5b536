"""What ``segur.toml`` may say. Unknown keys are refused everywhere; what was read is never repeated in an error."""

import ipaddress
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from segur_host.config.documents import DocumentsTable
from segur_host.config.paths import ConfigPath
from segur_host.config.secrets import SecretField
from segur_host.config.tls import AuthorityName, RevocationMode
from segur_sdk.identity.proofs import NEVER_A_PROOF
from segur_sdk.manifest import PluginId, Token, WebAddress
from segur_sdk.models.actor import ActorKind, Environment, Structure
from segur_sdk.models.base import Value
from segur_sdk.models.identity import ProofType

K = TypeVar("K")
V = TypeVar("V")

NETWORK_OVERRIDE: Final = "network_override"
DEFAULT_RETENTION_DAYS: Final = 3653
"""Ten years, as long as a claim for care may be brought (*code de la santé publique*, L1142-28).

The requirements name no duration for functional traces; each structure sets its own.
"""


def _frozen(table: Mapping[K, V]) -> Mapping[K, V]:
    return MappingProxyType(dict(table))


def _empty() -> Mapping[Any, Any]:
    return MappingProxyType({})


Table = Annotated[Mapping[K, V], AfterValidator(_frozen)]
"""A TOML table with free names."""


def is_loopback(host: str | None) -> bool:
    """Tell whether a host name or address cannot be another machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host or "").is_loopback
    except ValueError:
        return False


def _loopback(host: str) -> str:
    if not is_loopback(host):
        raise ValueError("the host is 127.0.0.1, ::1 or localhost")
    return host


class SoftwareTable(Value):
    """The practice software as national services know it."""

    name: str = Field(min_length=1, max_length=100)
    version: str = Field(min_length=1, max_length=50)
    authorisation: str = Field(min_length=1, max_length=50)
    """Numéro d'autorisation given by the CNDA."""


class ActorTable(Value):
    """Who makes the calls that nobody logged in for."""

    kind: Literal[ActorKind.OPERATOR, ActorKind.AUTOMATON] = ActorKind.OPERATOR
    name: str = Field(min_length=1, max_length=100)
    workstation: str = Field(min_length=1, max_length=100)


class ProofTypes(Value):
    """Changes to the list of documents that prove an identity."""

    accepted: tuple[ProofType, ...] = ()
    refused: tuple[ProofType, ...] = ()

    @model_validator(mode="after")
    def _not_both(self) -> "ProofTypes":
        if set(self.accepted) & set(self.refused):
            raise ValueError("a document is accepted or refused")
        if NEVER_A_PROOF & set(self.accepted):
            raise ValueError("a physical carte Vitale never proves an identity")
        return self


class IdentityTable(Value):
    """Rules of identitovigilance that a structure decides."""

    max_document_requests: int = Field(default=3, ge=0, le=20)
    """How often a document is asked for before the question is no longer put."""
    proof_types: ProofTypes = ProofTypes()
    automatic_qualification: bool = True
    """An INS found for an identity whose document was checked qualifies it without a click (SC.INS/va1.33)."""


class TokenKeyTable(Value):
    """A key that stays on a token: a professional's card, or a module of the structure."""

    serial: str = Field(min_length=1, max_length=64)
    """Serial number of the token."""
    key: str | None = Field(default=None, pattern=r"^(?:[0-9A-F]{2})+$", max_length=128)
    """``CKA_ID``, upper-case hexadecimal; needed when several keys of the token authenticate clients."""


class KeyTable(Value):
    """A key and its certificate: a PKCS#12 file, a PEM pair, or a token."""

    p12: ConfigPath | None = None
    cert: ConfigPath | None = None
    """PEM: the certificate first, then those of its authorities if any."""
    key: ConfigPath | None = None
    """PEM, mode 0600 or stricter."""
    password: SecretField | None = None
    token: TokenKeyTable | None = None
    """Instead of files: the key stays on a token, which a session holds unlocked."""

    @model_validator(mode="after")
    def _one_form(self) -> "KeyTable":
        pair = self.cert is not None and self.key is not None
        half = (self.cert is None) != (self.key is None)
        if half or sum((pair, self.p12 is not None, self.token is not None)) != 1:
            raise ValueError("a key is a p12, a cert and a key, or a token's")
        if self.token is not None and self.password is not None:
            raise ValueError("nobody's PIN is written down")
        if self.p12 is not None and self.password is None:
            raise ValueError("a p12 has a password")
        return self


class KeyringTable(Value):
    """The host's own store of keys."""

    passphrase: SecretField | None = None
    """By which the keys are encrypted that the host makes or takes in: 16 characters or more, best made at random.
    Without it the host keeps none."""
    former_passphrase: SecretField | None = None
    """The one of before, while it is being changed: what it still opens is read with it, and nothing is written with
    it. ``segur certificates passphrase`` encrypts everything anew; then it is taken out."""

    @model_validator(mode="after")
    def _former_of_one(self) -> "KeyringTable":
        if self.former_passphrase is not None and self.passphrase is None:
            raise ValueError("a former passphrase is that of a keyring that has one")
        return self


class ClientTable(Value):
    """As whom the software is registered at an authority."""

    id: str = Field(min_length=1, max_length=200)
    """Its ``client_id``."""
    secret: SecretField
    """Its ``client_secret``, by reference; the host alone reads it (RFC 6749, 2.3.1)."""


_RETURN: Final = re.compile(r"http://127\.0\.0\.1:([1-9][0-9]{0,4})/[A-Za-z0-9._~/\-]*")


def _return_address(uri: str) -> str:
    found = _RETURN.fullmatch(uri)
    if found is None or int(found[1]) > 65535:
        raise ValueError("an address to come back to is http://127.0.0.1:PORT/PATH")
    return uri


ReturnAddress = Annotated[str, AfterValidator(_return_address)]
"""``http://127.0.0.1:PORT/PATH``, exactly as it was registered (RFC 8252, 7.3 and 8.3)."""


class NetworkTable(Value):
    """How a purpose of a plugin is reached."""

    url: WebAddress | None = None
    """``https://`` address on this machine, ``http://`` for a purpose of that protocol. Refused outside the sandbox
    environment: there, the addresses are those of the plugin's manifest."""
    address: WebAddress | None = None
    """``https://`` address of a national service, ``http://`` for a purpose of that protocol, where the manifest states
    none for this environment because no public document does. Never of this machine, and refused in the sandbox
    environment."""
    authority: AuthorityName | None = None
    """Of the protocol ``https``: the one that issued the certificates of its servers. ``CN=…``, or more parts of its
    name, all of which it has to bear; or ``sha256:…``, the SHA-256 of its public key in hexadecimal. Without it, any
    that the anchors lead to."""
    revocation: RevocationMode = RevocationMode.SOFT
    """Of the protocol ``https``, when no list tells whether a server was revoked: ``hard`` refuses it, ``soft`` goes on
    and notes it in the audit. ``off`` never asks, and is refused in production."""
    client: ClientTable | None = None
    """For a purpose whose ``auth`` is ``client``, when no key is configured for it: identifier and secret."""
    redirect: tuple[ReturnAddress, ...] = Field(default=(), max_length=16)
    """For a purpose of the protocol ``browser``: addresses of this machine, each ``http://127.0.0.1:PORT/PATH``, that
    are registered at the authority. They are tried in turn; without any, a free port is taken at each visit."""

    @model_validator(mode="after")
    def _distinct(self) -> "NetworkTable":
        if len(set(self.redirect)) != len(self.redirect):
            raise ValueError("an address to come back to stands there twice")
        return self

    @model_validator(mode="after")
    def _nobody_is_known_without_tls(self) -> "NetworkTable":
        schemes = {urlsplit(address).scheme for address in (self.url, self.address) if address is not None}
        if "http" in schemes and (self.client is not None or self.authority is not None or self.redirect):
            raise ValueError("without TLS there is neither a client nor an authority nor a browser")
        return self


class MemorySlot(Value):
    """A reader of the sandbox: virtual cards behind a port of this machine."""

    name: str = Field(min_length=1, max_length=200)
    host: Annotated[str, AfterValidator(_loopback)]
    port: int = Field(ge=1, le=65535)


class MemoryReaders(Value):
    """Readers whose cards are software."""

    slots: tuple[MemorySlot, ...] = ()

    @model_validator(mode="after")
    def _distinct(self) -> "MemoryReaders":
        if len({slot.name for slot in self.slots}) != len(self.slots):
            raise ValueError("two slots bear one name")
        return self


class ReadersTable(Value):
    """Where cards are read."""

    memory: MemoryReaders = MemoryReaders()


class PluginTable(Value):
    """One plugin: whether it runs, and which manifest was reviewed."""

    enabled: bool = False
    manifest_sha256: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    settings: Table[str, Any] = Field(default_factory=_empty)
    """Validated by the plugin's own settings model."""
    drivers: tuple[Token, ...] | None = None
    """Of the drivers it brings, those that run; all of them when nothing is said."""


class LimitsTable(Value):
    """How long and how often the host waits."""

    suspend_after: int = Field(default=3, ge=1, le=1000)
    """Hung calls after which a plugin is suspended."""
    ask_timeout_s: float = Field(default=120, gt=0, le=3600)
    """Seconds that a question waits for whoever sits there."""


class TracesTable(Value):
    """Functional traces."""

    retention_days: int = Field(default=DEFAULT_RETENTION_DAYS, ge=1, le=36525)


def _is_address(address: str) -> str:
    ipaddress.ip_address(address)
    return address


class BackChannelTable(Value):
    """Where the resident host hears from Pro Santé Connect that a session of its own is over."""

    port: int = Field(ge=1, le=65535)
    """The one that the registered address leads to."""
    path: str = Field(default="/deconnexion", pattern=r"^/[A-Za-z0-9._~/\-]{0,200}$")
    """Of the registered address, as it comes out of the structure's own reverse proxy."""
    address: Annotated[str, AfterValidator(_is_address)] = "127.0.0.1"
    """IP address of this machine. Any but loopback is reached by others: for a reverse proxy that runs elsewhere."""


class SessionsTable(Value):
    """Sessions of professionals and operators."""

    accounts: Literal["host", "software"] = "software"
    """Who knows the users: this host, where everybody then needs an account, or the practice software itself. Either
    way the host asks each professional once whether he knows that his national identifier is sent."""
    idle_minutes: int = Field(default=120, ge=1, le=1440)
    """A session that makes no call for so long is ended (SC.SSI/IE.39)."""
    max_hours: int = Field(default=12, ge=1, le=24)
    """No session lasts longer, whatever its means allow."""
    back_channel: BackChannelTable | None = None
    """Without it, nobody can tell this host that the authority's own session is over."""


class ConsentsTable(Value):
    """What patients were told and said of their DMP."""

    kept_by: Literal["host", "software"] = "host"
    """Who keeps them. With ``software``, each draft says whether its patient was informed; an opposition recorded here
    counts either way."""
    informed_by_team: bool = False
    """The structure informs every patient as a rule: nobody is asked for each. A poster alone is no information."""


class OutboxTable(Value):
    """What waits to be sent."""

    per_minute: int | None = Field(default=None, ge=1, le=6000)
    """Attempts made at most in a minute; without it, as fast as they go."""


class HostConfig(Value):
    """The whole file."""

    version: Literal[1]
    environment: Environment
    tenant: str = Field(default="default", pattern=r"^[a-z0-9][a-z0-9_\-]{0,63}$")
    data: ConfigPath
    """Folder of the host's key, database and audit."""
    software: SoftwareTable
    structure: Structure
    actor: ActorTable
    identity: IdentityTable = IdentityTable()
    trust: Table[Token, ConfigPath] = Field(default_factory=_empty)
    """PEM file of trust anchors by name."""
    keys: Table[Token, KeyTable] = Field(default_factory=_empty)
    """Key by use."""
    keyring: KeyringTable = KeyringTable()
    """Keys that the host makes or takes in, instead of files."""
    network: Table[Token, NetworkTable] = Field(default_factory=_empty)
    """What a purpose of a plugin needs, by purpose."""
    readers: ReadersTable = ReadersTable()
    plugins: Table[PluginId, PluginTable] = Field(default_factory=_empty)
    sessions: SessionsTable = SessionsTable()
    consents: ConsentsTable = ConsentsTable()
    """What patients were told and said of their DMP."""
    documents: DocumentsTable = DocumentsTable()
    """Documents that a professional answers for."""
    outbox: OutboxTable = OutboxTable()
    """What waits to be sent."""
    limits: LimitsTable = LimitsTable()
    traces: TracesTable = TracesTable()

    @field_validator("network")
    @classmethod
    def _addresses_of_the_sandbox(
        cls, network: Mapping[str, NetworkTable], info: ValidationInfo
    ) -> Mapping[str, NetworkTable]:
        environment = info.data.get("environment")
        urls = [table.url for table in network.values() if table.url is not None]
        if urls and environment is not None and environment is not Environment.SANDBOX:
            raise PydanticCustomError(NETWORK_OVERRIDE, "addresses are given for the sandbox only")
        if not all(is_loopback(urlsplit(url).hostname) for url in urls):
            raise PydanticCustomError(NETWORK_OVERRIDE, "the sandbox is on this machine")
        addresses = [table.address for table in network.values() if table.address is not None]
        if addresses and environment is Environment.SANDBOX:
            raise ValueError("national services are not called from the sandbox")
        if any(is_loopback(urlsplit(address).hostname) for address in addresses):
            raise ValueError("a national service is not on this machine")
        return network

    @field_validator("network")
    @classmethod
    def _revocation_is_asked_in_production(
        cls, network: Mapping[str, NetworkTable], info: ValidationInfo
    ) -> Mapping[str, NetworkTable]:
        modes = {table.revocation for table in network.values()}
        if RevocationMode.OFF in modes and info.data.get("environment") is Environment.PRODUCTION:
            raise ValueError("in production it is asked whether a server was revoked")
        return network

    @field_validator("readers")
    @classmethod
    def _no_virtual_cards_in_production(cls, readers: ReadersTable, info: ValidationInfo) -> ReadersTable:
        if readers.memory.slots and info.data.get("environment") is Environment.PRODUCTION:
            raise ValueError("cards in memory are not for production")
        return readers
