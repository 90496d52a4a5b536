"""The host's own rules, one by one. What plugins say of a draft comes on top of them, and relaxes none.

A verdict starts at *block*: it becomes *allow* when every rule is silent and every decider allows.

Sources: RNIV 1 v2.0 (status of identities); SC.DMP/CONF.09, SC.INS/va1.53, .59; decree 2021-1047 (information,
opposition).
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import attrs

from segur_host.consents.ledger import ConsentState
from segur_sdk.hooks.dmp_send import DmpDraft, DmpEffect
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.actor import Environment
from segur_sdk.models.decision import Verdict
from segur_sdk.models.identity import IdentityAttribute, InsOid, InsStatus
from segur_sdk.models.notice import Choice, Notice, Question

INFORMATION: Final = Question(
    code="consent.information",
    text="Le patient a-t-il été informé que ses documents sont versés dans son DMP ?",
    choices=(
        Choice(value="oral", label="Oui, oralement"),
        Choice(value="ecrit", label="Oui, par écrit"),
        Choice(value="en_ligne", label="Oui, en ligne"),
        Choice(value="non", label="Pas encore"),
    ),
)


@attrs.frozen
class GateView:
    """What the rules look at: the draft, and what is true now."""

    draft: DmpDraft
    identity: SealedIdentity
    """Its current revision, as this host sealed it."""
    consents: ConsentState
    environment: Environment
    informed_by_team: bool
    """The structure informs every patient as a rule, and says so in its configuration."""
    consents_by_software: bool
    """The practice software keeps the consents, and says them in each draft."""

    @property
    def withdraws(self) -> bool:
        """Nothing more of the patient would go out: what speaks against feeding does not against taking it back."""
        return self.draft.effect is DmpEffect.WITHDRAW


@attrs.frozen
class Finding:
    """Why something may not leave, or not yet."""

    verdict: Verdict
    notice: Notice
    question: Question | None = None


Rule = Callable[[GateView], Finding | None]


def identity_is_certain(view: GateView) -> Finding | None:
    """*Douteux* and *fictif* block."""
    attributes = view.identity.attributes
    if IdentityAttribute.FICTIF in attributes:
        return _block("gate.identity_fictive", "L’identité est fictive.", "Rien ne part pour une identité fictive.")
    if IdentityAttribute.DOUTEUX in attributes:
        return _block("gate.identity_doubtful", "L’identité est douteuse.", "Levez le doute sur l’identité.")
    return None


def identity_is_qualified(view: GateView) -> Finding | None:
    """An identity that is not *qualifiée* yet holds: the document leaves by itself once it is."""
    if view.identity.status is InsStatus.QUALIFIEE:
        return None
    return _hold(
        "gate.identity_not_qualified",
        "L’identité n’est pas qualifiée.",
        "Interrogez INSi et contrôlez une pièce d’identité : le document partira de lui-même.",
    )


def matricule_fits_the_environment(view: GateView) -> Finding | None:
    """No identity of a test or of a demonstration in production."""
    matricule = view.identity.matricule
    if matricule is None or view.environment is not Environment.PRODUCTION:
        return None
    if matricule.oid in {InsOid.NIR, InsOid.NIA}:
        return None
    return _block("gate.identity_of_test", "L’identité est une identité de test.", "Rien de tel ne part en production.")


def patient_does_not_oppose(view: GateView) -> Finding | None:
    """An opposition to feeding, or to this document, blocks."""
    if view.withdraws or not (view.draft.consents.opposed or view.consents.opposes(view.draft.document_ref)):
        return None
    return _block(
        "gate.patient_opposed", "Le patient s’oppose à ce versement.", "S’il change d’avis, levez son opposition."
    )


def patient_is_informed(view: GateView) -> Finding | None:
    """Who was not told yet is asked about, once: the document waits for the answer."""
    told = view.draft.consents.informed if view.consents_by_software else False
    if view.withdraws or told or view.informed_by_team or view.consents.information is not None:
        return None
    finding = _hold(
        "gate.patient_not_informed",
        "Il n’est pas noté que le patient a été informé.",
        "Notez comment il l’a été : le document partira de lui-même.",
    )
    return attrs.evolve(finding, question=INFORMATION)


def document_is_validated(view: GateView) -> Finding | None:
    """Nothing leaves for which no professional answers."""
    if view.draft.validation is not None:
        return None
    return _block(
        "gate.not_validated", "Le document n’est pas validé.", "Faites-le valider par le professionnel responsable."
    )


def document_is_there(view: GateView) -> Finding | None:
    """A draft without its document can be judged, not sent."""
    if view.draft.content is not None:
        return None
    return _block("gate.no_document", "Le document manque.", "Joignez le document à l’envoi.")


def document_is_no_personal_note(view: GateView) -> Finding | None:
    """Working hypotheses and drafts are the professional's own."""
    if not view.draft.personal_note:
        return None
    return _block("gate.personal_note", "Une note personnelle ne part jamais.", "Gardez-la dans le logiciel.")


RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        rule.__name__: rule
        for rule in (
            identity_is_certain,
            identity_is_qualified,
            matricule_fits_the_environment,
            patient_does_not_oppose,
            patient_is_informed,
            document_is_validated,
            document_is_there,
            document_is_no_personal_note,
        )
    }
)


def findings(view: GateView) -> tuple[Finding, ...]:
    """Return what every rule says against it; nothing when all are silent."""
    return tuple(found for rule in RULES.values() if (found := rule(view)) is not None)


def _block(code: str, text: str, action: str) -> Finding:
    return Finding(Verdict.BLOCK, Notice(code=code, text=text, action=action))


def _hold(code: str, text: str, action: str) -> Finding:
    return Finding(Verdict.HOLD, Notice(code=code, text=text, action=action))
