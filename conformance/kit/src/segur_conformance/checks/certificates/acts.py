"""What an order is told: its kinds of action, what each holds, and what is ordered.

``OrderProgress.possible`` says which of them a target accepts where its order stands. No check leads an order by
anything else than these words, the steps 1 to 11, and what a target offers.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from segur_sandbox.pki.store import DEPARTMENT, FINESS, ORGANISATION

MAILBOX: Final = "certificats@pharmacie.invalid"
FINESS_GIVEN: Final = "2015-01-05"
SIGNED: Final = "2021-03-01"
CASE: Final = "F413-004217"


class Act(StrEnum):
    """Kinds of action, in the order of the steps."""

    CONTRACT_SIGNED = "contract_signed"
    """Step 1: ``on``."""
    DIRECTOR_CARD = "director_card"
    """Step 1, form F101: ``card``, ``none``, ``ordered`` or ``held``."""
    STRUCTURE_NAMED = "structure_named"
    """Step 2: ``structure``."""
    DOER_CHOSEN = "doer_chosen"
    """Step 3: ``doer``, ``structure`` or ``editor``, the latter with ``delegated_on``."""
    ADMINISTRATOR_NAMED = "administrator_named"
    """Step 4: ``administrator``."""
    FORM_CHOSEN = "form_chosen"
    """Step 5, form F413: ``channel``, ``paper`` or ``online``."""
    SIGNATORY_NAMED = "signatory_named"
    """Step 6: ``signatory``."""
    FORM_SENT = "form_sent"
    """Step 7: ``on``."""
    ACKNOWLEDGED = "acknowledged"
    """Step 7: ``case_number``."""
    GRANTED = "granted"
    """Step 7: ``on``."""
    PLATFORM_ENTERED = "platform_entered"
    """Step 8: ``means``, ``cpx`` or ``e-cps``."""
    PRODUCT_REQUESTED = "product_requested"
    """Step 9: ``name``, ``actor_mail``, ``informed_mail``; ``csr``, ``upload`` or ``platform``."""
    WITHDRAWN = "withdrawn"
    """Step 10: ``on``, ``terms_accepted``; its secrets are asked for by the host."""
    STARTED_OVER = "started_over"
    """Steps 9 and 10: ``reason``, ``password_lost``, ``key_lost`` or ``wrong_request``."""
    CONFIRMED = "confirmed"
    """Step 11: a call went well."""
    ROLLED_BACK = "rolled_back"
    """Step 11 of a renewal: the former certificate serves again."""
    ADMINISTRATOR_CHANGE_SENT = "administrator_change_sent"
    """After the habilitation, form F503: ``new``, ``on``."""
    ADMINISTRATOR_CHANGE_DONE = "administrator_change_done"
    """The change took effect."""


Step = tuple[Act, Mapping[str, Any]]

STRUCTURE: Final[Mapping[str, Any]] = {
    "name": ORGANISATION,
    "department": DEPARTMENT,
    "type": "1",
    "number": FINESS,
    "finess_nature": "geographique",
    "attributed_on": FINESS_GIVEN,
}
ADMINISTRATOR: Final[Mapping[str, Any]] = {
    "name": "administrateur technique",
    "mail": MAILBOX,
    "card": "CPE",
    "card_active": True,
}
SIGNATORY: Final[Mapping[str, Any]] = {"name": "titulaire", "box": "responsable", "mail": MAILBOX}
INSI_PRODUCT: Final[Mapping[str, Any]] = {"box": "org", "usage": "AUTH_CLI", "service": "insi-auto"}
_SECRETS: Final = ("revocation_code", "key_password")
"""Ends of the codes of the questions by which a target has secrets typed; the plugin's id comes before."""


def to_the_platform() -> Iterator[Step]:
    """Yield the actions by which a new order comes to the door of the platform and through it, steps 1 to 8."""
    yield Act.CONTRACT_SIGNED, {"on": SIGNED}
    yield Act.DIRECTOR_CARD, {"card": "held"}
    yield Act.STRUCTURE_NAMED, {"structure": STRUCTURE}
    yield Act.DOER_CHOSEN, {"doer": "structure"}
    yield Act.ADMINISTRATOR_NAMED, {"administrator": ADMINISTRATOR}
    yield Act.FORM_CHOSEN, {"channel": "online"}
    yield Act.SIGNATORY_NAMED, {"signatory": SIGNATORY}
    yield Act.FORM_SENT, {"on": today()}
    yield Act.ACKNOWLEDGED, {"case_number": CASE}
    yield Act.GRANTED, {"on": today()}
    yield Act.PLATFORM_ENTERED, {"means": "cpx"}


def typed(plugin: str, revocation_code: str, password: str) -> dict[str, str]:
    """Return what whoever sits at the target types when he is asked for secrets, by code of the question.

    Args:
        plugin: id of the plugin that asks.
        revocation_code: of the certificate.
        password: of the key that the platform makes.
    """
    asked = {f"{plugin}.{one}": secret for one, secret in zip(_SECRETS, (revocation_code, password), strict=True)}
    return {**asked, "keyring.p12_password": password}


def today() -> str:
    """Return the day, as actions have it."""
    return f"{datetime.now(UTC):%Y-%m-%d}"


def days_ago(days: int) -> str:
    """Return a day of the past, as actions have it."""
    return f"{datetime.now(UTC) - timedelta(days=days):%Y-%m-%d}"
