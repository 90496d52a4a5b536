"""What outsiders give as JSON: a card, a person, a document."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from segur_sdk.models.base import Inbound
from segur_sdk.models.card import HostSuppliedReading
from segur_sdk.models.identity import InsCandidate, Presentation, SearchTraits, TraitName, Traits
from segur_sdk.privacy import Patient

Hex = Annotated[str, StringConstraints(pattern=r"^(?:[0-9A-Fa-f]{2})*$", max_length=131_072)]


class SlotInput(Inbound):
    """The card that sits in a slot now."""

    slot: str = Field(min_length=1, max_length=120)


class RecordedInput(Inbound):
    """A card as its exchanges were recorded."""

    atr: Hex = Field(min_length=4, max_length=66)
    apdus: Patient[tuple[tuple[Hex, Hex], ...]] = Field(min_length=1, max_length=4096)
    """Command and response, hexadecimal, in order."""


CardInput = SlotInput | RecordedInput | HostSuppliedReading


class CardReadInput(Inbound):
    """Event of ``on_card_read`` as outsiders give it."""

    card: CardInput


class IdentifyInput(Inbound):
    """Input of ``segur identify``: one person, and what was shown to prove who he is.

    Exactly one of ``traits``, ``card``, ``ins`` and ``identity_ref`` says who it is.
    """

    traits: Traits | SearchTraits | None = None
    card: CardInput | None = None
    beneficiary: int | None = Field(default=None, ge=1, le=19)
    """Position on the card; needed when it bears several people."""
    ins: InsCandidate | None = None
    identity_ref: str | None = Field(default=None, min_length=1, max_length=64)
    document: Presentation | None = None
    confirmed: frozenset[TraitName] = frozenset()
    """Traits on which the user takes INSi's value."""
    answers: Patient[dict[str, str]] = Field(default_factory=dict)
    """Answers to questions by their code, for calls that nobody watches: ``{"insi.sexe": "F"}``."""
    automatic: bool = False
    search: bool = True
    """Ask INSi when the INS is not known; false for somebody who has none."""
    validated: bool = False
    """The user asked for the qualification himself."""

    @model_validator(mode="after")
    def _one_person(self) -> "IdentifyInput":
        if sum(one is not None for one in (self.traits, self.card, self.ins, self.identity_ref)) != 1:
            raise ValueError("exactly one of traits, card, ins and identity_ref")
        return self
