"""``StructureCertificates``: judge the certificates of a structure, and lead through ordering and renewing them."""

from collections.abc import Mapping
from datetime import date
from enum import StrEnum
from typing import Final, Protocol, runtime_checkable

from pydantic import Field, JsonValue

from segur_sdk.context import HookContext
from segur_sdk.manifest import Token
from segur_sdk.models.actor import Environment
from segur_sdk.models.base import Inbound, Moment, Value
from segur_sdk.models.notice import Notice

MAX_CERTIFICATE_FILE: Final = 1_048_576


class CertificateStatus(StrEnum):
    """What may be done with a certificate today, the most pressing of its findings."""

    OK = "ok"
    CALENDAR = "calendar"
    """It ends within 90 days."""
    AWAITING = "awaiting"
    """There is none yet: its key waits for it. Nothing is wrong, and nothing can be used."""
    WARNING = "warning"
    URGENT = "urgent"
    BLOCKED = "blocked"
    """It is not to be used. The host itself refuses some of these: one that ended, has not begun, is not made for the
    call, is of the other environment, or whose key stands in two places; the others are told."""


class CertificateFinding(Value):
    """Something to be known of one certificate."""

    severity: CertificateStatus
    notice: Notice


class CertificateRow(Value):
    """One certificate of the structure."""

    id: Token
    """Use of its key in the configuration of the host."""
    offer: str | None
    """``ORG``, ``SERV``, ``PRO``, ``PS``, ``CPx``, ``AC``, ``other``; ``None`` when it could not be read."""
    usage: tuple[str, ...]
    """``AUTH_CLI``, ``SIGN``, ``CONF``, ``SSL_SERV``, ``S/MIME``."""
    certain: bool
    """Whether offer and usage are stated, or concluded only."""
    environment: Environment | None
    """Production or test, as its authority says; ``None`` when neither is named. A sandbox's are test ones."""
    structure: str | None
    """Type digit and identifier of the structure, for example ``10B0152872``."""
    common_name: str | None
    issuer: str | None
    serial: str | None
    not_after: Moment | None
    days_left: int | None
    status: CertificateStatus
    place: str
    """Where its key stands."""
    findings: tuple[CertificateFinding, ...] = ()


class InventoryRequest(Inbound):
    """Which certificates are judged, and how far."""

    uses: tuple[Token, ...] = Field(default=(), max_length=1000)
    """None named: every one."""
    online: bool = False
    """Also ask the authorities whether they were revoked (CRL, OCSP); otherwise what is kept tells."""


class CertificateInventory(Value):
    """Every certificate that was asked for, by use."""

    rows: tuple[CertificateRow, ...]


class CalendarRequest(Inbound):
    """The ends of all certificates."""


class CalendarEntry(Value):
    """The end of one certificate."""

    id: Token
    title: str
    not_after: Moment
    days_left: int
    status: CertificateStatus


class CertificateCalendar(Value):
    """The ends of all certificates, the next first."""

    entries: tuple[CalendarEntry, ...]
    ics: bytes
    """The same as iCalendar (RFC 5545)."""


class OrderRequest(Inbound):
    """An order is begun, led on, or looked at."""

    use: Token
    """Of the key whose certificate is ordered."""
    product: Mapping[str, JsonValue] | None = None
    """What is ordered, to begin: ``{"box","usage","service"}``; the order that stands is kept."""
    action: Mapping[str, JsonValue] | None = Field(default=None, repr=False)
    """What was done since, with its ``kind``: one of ``OrderProgress.possible``."""


class InstallRequest(Inbound):
    """A certificate came."""

    use: Token
    certificates: bytes = Field(min_length=1, max_length=MAX_CERTIFICATE_FILE, repr=False)
    """DER, PEM or PKCS#7. The host has already taken the key out of a PKCS#12."""


class RenewRequest(Inbound):
    """A certificate is to be replaced before it ends."""

    use: Token


class FormField(Value):
    """A field of a form that a person fills in."""

    part: str
    label: str
    value: str = Field(repr=False)


class OrderProgress(Value):
    """Where an order stands, and what to do next."""

    use: Token
    step: int | None = Field(ge=1, le=11)
    """``None`` when the certificate is in service."""
    title: str
    to_do: tuple[str, ...]
    missing: tuple[Notice, ...]
    possible: tuple[str, ...]
    """Kinds of action that are accepted now."""
    names: tuple[str, ...] = ()
    """Names that the service prescribes, to choose from."""
    form: tuple[FormField, ...] = ()
    """What to write in the form of the authority, as far as it is known."""
    csr: bytes | None = None
    """PEM: the request to upload, once the key was made."""
    case_number: str | None = None
    expected_on: date | None = None
    """Day by which the authority's answer should have come."""
    late: bool = False
    notices: tuple[Notice, ...] = ()


@runtime_checkable
class StructureCertificates(Protocol):
    """Judges the certificates of a structure, and leads through ordering and renewing them.

    Raises:
        InputError: ``<plugin id>.order_…``: the action is not for where the order stands; ``<plugin id>.answer_…``:
            the certificate does not fit key or order; what else keeps it from being used.
        ConfigError: those of ``Keyring``.
    """

    def inventory(self, request: InventoryRequest, ctx: HookContext) -> CertificateInventory:
        """Judge certificates: what each is, whether it fits its purposes, its chain, revocation and end."""
        ...

    def calendar(self, request: CalendarRequest, ctx: HookContext) -> CertificateCalendar:
        """Return when certificates end."""
        ...

    def order(self, request: OrderRequest, ctx: HookContext) -> OrderProgress:
        """Begin an order, note what was done, or say where it stands. The same action again changes nothing."""
        ...

    def install(self, request: InstallRequest, ctx: HookContext) -> OrderProgress:
        """Check the certificate against key and order, and have the host install it."""
        ...

    def renew(self, request: RenewRequest, ctx: HookContext) -> OrderProgress:
        """Begin to replace a certificate; the one that serves goes on until the new one has proved itself."""
        ...
