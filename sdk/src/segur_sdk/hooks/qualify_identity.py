"""``qualify_identity``: ask for evidence about a person's INS."""

from typing import Annotated, Final, Literal

from pydantic import Field

from segur_sdk.context import HookContext
from segur_sdk.hooks.info import HookInfo, HookMode, Stability
from segur_sdk.hooks.markers import hookspec
from segur_sdk.models.base import Event, Inbound
from segur_sdk.models.card import Beneficiary, CardPresence
from segur_sdk.models.identity import InsCandidate, InsEvidence, SearchTraits


class TraitsSubject(Inbound):
    """A person known by typed or stored traits."""

    kind: Literal["traits"] = "traits"
    traits: SearchTraits


class CardSubject(Inbound):
    """The beneficiary that was chosen on a card."""

    kind: Literal["card"] = "card"
    beneficiary: Beneficiary
    presence: CardPresence | None = None
    """The insertion that was read; nothing when the practice software supplied the reading."""
    serial: str | None = Field(default=None, pattern=r"^[0-9]{1,12}$")


class CandidateSubject(Inbound):
    """An INS that was scanned or received, to be verified."""

    kind: Literal["ins"] = "ins"
    candidate: InsCandidate


Subject = Annotated[TraitsSubject | CardSubject | CandidateSubject, Field(discriminator="kind")]


class IdentityRequest(Event):
    """Whose INS is asked for."""

    subject: Subject
    automatic: bool = False
    """Nobody triggered the call by hand: a batch, a job."""


class QualifyIdentity:
    """Specification of ``qualify_identity``."""

    @hookspec
    def qualify_identity(self, event: IdentityRequest, ctx: HookContext) -> InsEvidence | None:
        """Bring evidence about a person's INS, never a status.

        When: after a card was read and a beneficiary chosen, when traits were typed, when an INS was scanned or
        received.

        When not: for an identity that is *douteux* or *fictif*: the host does not call.

        Args:
            event: the person, and whether a human triggered the call.
            ctx: context of this plugin.

        Returns:
            What the source answered, with every attempt; ``None`` when this plugin has no source for such a
            subject. The engine of the SDK computes the status from evidence and proof document.

        Stop rule: first value wins; an error stops and never falls through to a weaker source (``first``).

        Failure: ``ServiceError`` leaves the identity unchanged; ``CardError("card.swapped")`` when the card is
        no longer the one that was read.

        Source: RNIV EXI SI 07, SC.INS/va1.20, .34, .35, .38; INSi WSDL 1.5.0.
        """


QUALIFY_IDENTITY: Final = HookInfo(
    name="qualify_identity",
    version="1.0",
    mode=HookMode.FIRST,
    deadline_s=30,
    stability=Stability.STABLE,
    traced=True,
    requirements=("SC.INS/va1.20", "SC.INS/va1.34", "SC.INS/va1.35", "SC.INS/va1.38", "S000-15"),
    event=IdentityRequest,
    result=InsEvidence,
)
