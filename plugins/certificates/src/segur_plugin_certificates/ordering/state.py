"""Where an order stands: plain values, frozen, that a host writes down after each step."""

from datetime import date
from enum import StrEnum
from typing import Final, Literal

from pydantic import Field, ValidationError

from segur_plugin_certificates.ordering.people import (
    Administrator,
    DirectorCard,
    Doer,
    Mail,
    OrderingStructure,
    Signatory,
)
from segur_plugin_certificates.ordering.products import Product
from segur_sdk.errors import InputError, invalid_input
from segur_sdk.models.actor import Environment
from segur_sdk.models.base import Moment, Value

VERSION: Final = 1
MAX_SAVED: Final = 65_536
SEALED: Final = r"^sealed:[A-Za-z0-9._-]{1,80}$"
"""A reference to what the host keeps sealed: never the secret itself."""
KEY: Final = r"^[0-9A-F]{64}$"


class CsrCase(StrEnum):
    """Who makes the key."""

    UPLOAD = "upload"
    """Case 1: the host, where the key will live; the platform gets the CSR."""
    PLATFORM = "platform"
    """Case 2: the platform, which gives a PKCS#12."""


class FormChannel(StrEnum):
    """How the form F413 is filled in."""

    PAPER = "paper"
    """``esante.gouv.fr/documents/413``, by mail."""
    ONLINE = "online"
    """``demarches-simplifiees``."""


class PlatformMeans(StrEnum):
    """By what the administrator signs in to the platform."""

    CPX = "cpx"
    ECPS = "e-cps"


class Renewed(Value):
    """The certificate that is being replaced; it stays until the new one has proved itself."""

    fingerprint: str = Field(pattern=KEY)
    public_key: str = Field(pattern=KEY)
    not_after: Moment


class Request(Value):
    """What was asked at the platform."""

    name: str
    """*Service applicatif*: the CN."""
    actor_mail: Mail = Field(repr=False)
    informed_mail: Mail | None = Field(default=None, repr=False)
    csr: CsrCase
    public_key: str | None = Field(default=None, pattern=KEY)
    """Of the CSR; unknown when the platform makes the key."""


class Withdrawal(Value):
    """The withdrawal: its secrets are sealed by the host."""

    on: date
    revocation_code: str = Field(pattern=SEALED)
    password: str | None = Field(default=None, pattern=SEALED)


class AcceptedAnswer(Value):
    """The certificate that came and fits key and order."""

    fingerprint: str = Field(pattern=KEY)
    serial: str
    public_key: str = Field(pattern=KEY)
    not_after: Moment


class AdministratorChange(Value):
    """Form F503, on its way."""

    new: Administrator
    sent_on: date


class OrderState(Value):
    """An order, from the first question to the certificate in service."""

    version: Literal[1] = VERSION
    environment: Environment
    product: Product
    round: int = Field(default=1, ge=1)
    """One more for each renewal, and each time a request is started over: what is sealed bears it in its name."""
    renews: Renewed | None = None
    contract_signed_on: date | None = None
    director_card: DirectorCard = DirectorCard.NONE
    structure: OrderingStructure | None = None
    doer: Doer | None = None
    delegated_on: date | None = None
    administrator: Administrator | None = None
    administrator_change: AdministratorChange | None = None
    form: FormChannel | None = None
    signatory: Signatory | None = None
    sent_on: date | None = None
    case_number: str | None = None
    granted_on: date | None = None
    """Day of the habilitation; without a form that was sent, that of a certificate which was ordered elsewhere."""
    refusals: int = 0
    platform: PlatformMeans | None = None
    request: Request | None = None
    withdrawal: Withdrawal | None = None
    answer: AcceptedAnswer | None = None
    installed_at: Moment | None = None
    rolled_back_at: Moment | None = None
    confirmed_at: Moment | None = None
    abandoned_keys: tuple[str, ...] = ()
    """Public keys of requests that were started over: they never come back."""


def save(state: OrderState) -> str:
    """Return the state as JSON, to be written down."""
    return state.model_dump_json(exclude_defaults=False)


def resume(saved: str | bytes) -> OrderState:
    """Return the state that was written down.

    Raises:
        InputError: ``certificates.order_version`` (of another version), ``certificates.order_unreadable``.
    """
    if len(saved) > MAX_SAVED:
        raise InputError("certificates.order_unreadable", reason="too_large")
    try:
        return OrderState.model_validate_json(saved)
    except ValidationError as failure:
        if any(error["loc"] == ("version",) for error in failure.errors(include_input=False, include_url=False)):
            refused = InputError("certificates.order_version", expected=VERSION)
        else:
            refused = invalid_input("certificates.order_unreadable", failure, OrderState)
    raise refused
