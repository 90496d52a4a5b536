"""Kinds of proof of identity and how far each is trusted: data that a structure may change.

No kind is ever preselected (RNIV EXI SI 10/23); one that the table does not hold, or does not hold for highly
trusted, never validates an identity. The physical carte Vitale is in the table so that choosing it is refused.

Sources: RNIV 1 v2.0 §3.3.2, EXI ID 19; HL7 FR Core ``fr-core-cs-mode-validation-identity``, HL7v2 table 9004.
"""

from typing import Final, Self

from pydantic import Field, model_validator

from segur_sdk.models.base import Value
from segur_sdk.models.identity import ProofType

NEVER_A_PROOF: Final = frozenset({"CV"})
"""The physical carte Vitale alone: no setting raises its trust."""


class ProofKind(Value):
    """One kind of proof."""

    code: ProofType
    label_fr: str = Field(min_length=1, max_length=200)
    high_trust: bool
    """A document of this kind may make an identity *validée* or *qualifiée*."""
    minors_only: bool = False
    """Accepted for a person under 18 only."""
    with_adult_document: bool = False
    """Accepted together with the identity document of the parent or guardian only."""
    electronic: bool = False
    """Electronic identification of level *substantiel* or *élevé* (eIDAS)."""

    @model_validator(mode="after")
    def _never_raised(self) -> Self:
        if self.high_trust and self.code in NEVER_A_PROOF:
            raise ValueError("a physical carte Vitale never proves an identity")
        return self


DEFAULT_PROOFS: Final = (
    ProofKind(code="CN", label_fr="Carte nationale d’identité", high_trust=True),
    ProofKind(code="CE", label_fr="Carte d’identité d’un pays de l’Union européenne", high_trust=True),
    ProofKind(code="PA", label_fr="Passeport", high_trust=True),
    ProofKind(code="CS", label_fr="Titre ou carte de séjour", high_trust=True),
    ProofKind(code="eCN", label_fr="Carte d’identité électronique (France Identité)", high_trust=True, electronic=True),
    ProofKind(code="IN", label_fr="L’Identité Numérique La Poste", high_trust=True, electronic=True),
    ProofKind(code="AV", label_fr="Appli carte Vitale", high_trust=True, electronic=True),
    ProofKind(
        code="LEP",
        label_fr="Livret de famille, avec la pièce d’identité du parent ou du tuteur",
        high_trust=True,
        minors_only=True,
        with_adult_document=True,
    ),
    ProofKind(
        code="AN",
        label_fr="Extrait d’acte de naissance, avec la pièce d’identité du parent ou du tuteur",
        high_trust=True,
        minors_only=True,
        with_adult_document=True,
    ),
    ProofKind(
        code="CC", label_fr="Document de circulation pour étranger mineur (DCEM)", high_trust=True, minors_only=True
    ),
    # Accepted by RNIV for an admission to an EHPAD only: a structure concerned raises their trust.
    ProofKind(code="LECV", label_fr="Livret de famille et carte Vitale avec photo", high_trust=False),
    ProofKind(code="ANCV", label_fr="Acte de naissance et carte Vitale avec photo", high_trust=False),
    ProofKind(code="CV", label_fr="Carte Vitale seule", high_trust=False),
    ProofKind(code="LE", label_fr="Livret de famille seul", high_trust=False),
    ProofKind(code="PC", label_fr="Permis de conduire", high_trust=False),
    ProofKind(code="CM", label_fr="Carte militaire", high_trust=False),
    ProofKind(code="CIMS", label_fr="Carte professionnelle multiservices", high_trust=False),
)


class IdentityPolicy(Value):
    """What a structure decides about identities."""

    max_requests: int = Field(default=3, ge=0, le=100)
    """Answers « aucune pièce présentée » after which the question is no longer asked."""
    proofs: tuple[ProofKind, ...] = DEFAULT_PROOFS
    """Kinds that the operator may choose from."""
    automatic_qualification: bool = True
    """An INS found for an identity whose document was checked qualifies it without anybody's click, and so does
    the appli carte Vitale (SC.INS/va1.33 asks that this can be switched off)."""

    def proof(self, code: str) -> ProofKind | None:
        """Return the kind of that code, or ``None``."""
        return next((kind for kind in self.proofs if kind.code == code), None)


DEFAULT_POLICY: Final = IdentityPolicy()
