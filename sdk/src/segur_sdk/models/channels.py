"""Ways on which a document leaves, and why one is proposed."""

from enum import StrEnum

from pydantic import Field

from segur_sdk.models.base import Value


class Channel(StrEnum):
    """A way on which a document leaves."""

    DMP = "dmp"
    MSS_PRO = "mss_pro"
    """Secure mail to professionals whom somebody chooses."""
    MSS_PATIENT = "mss_patient"
    """Secure mail to the patient."""


class Circumstance(StrEnum):
    """What is true of a document beside its kind, and decides whether a row concerns it."""

    IN_STAY = "in_stay"
    """Made during a stay in hospital."""
    PRIOR_AGREEMENT = "prior_agreement"
    """A prescription that an insurer must agree to first (*entente préalable*)."""
    ON_PAPER = "on_paper"
    """It exists on paper only."""
    OTHER_THAN_TREATING_DOCTOR = "other_than_treating_doctor"
    """Its author is not the patient's *médecin traitant*."""


class ProposedChannel(Value):
    """A channel for one document, with every rule that asks for it."""

    channel: Channel
    rules: tuple[str, ...] = Field(min_length=1)
    """Stable names of the rules."""
    automatic: bool = False
    """The document leaves on it by itself, unless somebody holds it back."""
    held: bool = False
    """It is held until somebody says otherwise."""
    verified: bool = False
    """The text of every rule was read where it was published."""
