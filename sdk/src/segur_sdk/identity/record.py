"""An identity as the engine works on it, before a host gives it an id, a revision and a seal."""

from typing import Self

from pydantic import Field, model_validator

from segur_sdk.identity.status import BLOCKING, COMBINATIONS, IdentityEvent, derive_status
from segur_sdk.models.base import Moment, Value
from segur_sdk.models.identity import (
    CollectionMethod,
    Divergence,
    IdentityAttribute,
    InsHistoryEntry,
    InsOid,
    InsStatus,
    MatriculeIns,
    ProofDocument,
    Traits,
)
from segur_sdk.models.notice import Notice


class IdentityRecord(Value):
    """Traits, status, and what the status rests on. A record that contradicts itself cannot be made."""

    traits: Traits
    status: InsStatus = InsStatus.PROVISOIRE
    attributes: frozenset[IdentityAttribute] = frozenset()
    matricule: MatriculeIns | None = None
    """The active INS; present for *récupérée* and *qualifiée* only."""
    history: tuple[InsHistoryEntry, ...] = ()
    """Former matricules, as received; the active one is not repeated."""
    document: ProofDocument | None = None
    """What confirmed the traits; present for *validée* and *qualifiée* only."""
    proof_requests: int = Field(default=0, ge=0)
    """How many times no document was presented since one was last looked at."""
    proof_refused: bool = False
    """The person refused to present one: nobody asks again."""
    collection: CollectionMethod = CollectionMethod.MANUAL
    """How the traits that stand now were collected."""
    ins_obtained_at: Moment | None = None
    """When the active INS was last confirmed by its source."""

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        rests_on = derive_status(ins_retrieved=self.matricule is not None, document_checked=self.document is not None)
        if self.status is not rests_on:
            raise ValueError("the status does not follow from the INS and the document")
        if self.attributes not in COMBINATIONS:
            raise ValueError("these attributes do not stand together")
        if self.attributes & BLOCKING and self.status is not InsStatus.PROVISOIRE:
            raise ValueError("douteux and fictif leave no status but provisoire")
        if self.matricule is None and (self.history or self.ins_obtained_at):
            raise ValueError("former matricules go with an active one")
        return self

    @property
    def is_nia(self) -> bool:
        """Whether the active INS is a NIA: the OID tells, never the digits."""
        return self.matricule is not None and self.matricule.oid == InsOid.NIA

    @property
    def is_locked(self) -> bool:
        """Whether the strict traits are INSi's, hence read only but for a super-user (SC.INS/va1.18)."""
        return self.matricule is not None


class Change(Value):
    """What the engine answers: the record that stands now, and why."""

    record: IdentityRecord
    events: tuple[IdentityEvent, ...] = ()
    """Transitions that took place, in order; a host keeps them as the history of the status (SC.INS/va1.44)."""
    divergences: tuple[Divergence, ...] = ()
    """Traits on which two sources differ; nothing was imported as long as one stands unconfirmed."""
    notices: tuple[Notice, ...] = ()
    """What the user should know."""
