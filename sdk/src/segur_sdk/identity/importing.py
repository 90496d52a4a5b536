"""Evidence from INSi or from the appli carte Vitale becomes, or does not become, a person's INS.

Sources: RNIV EXI SI 07, *Guide d'implémentation de l'INS dans les logiciels* v3.0 (rules 5, 6, 11, 12, 20, 25),
RNIV 1 v2.0 §4.3.4 for the appli carte Vitale.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pydantic import ValidationError

from segur_sdk.errors import IdentityError
from segur_sdk.identifiers.oid import OIDS
from segur_sdk.identity.comparison import answered_date, birth_list, compare, unusable
from segur_sdk.identity.moving import Brought, move
from segur_sdk.identity.names import start_that_fits
from segur_sdk.identity.notices import notice
from segur_sdk.identity.proofs import DEFAULT_POLICY, IdentityPolicy
from segur_sdk.identity.record import Change, IdentityRecord
from segur_sdk.identity.status import BLOCKING, IdentityEvent, transition
from segur_sdk.models.actor import Environment
from segur_sdk.models.identity import (
    UNKNOWN_BIRTHPLACE,
    AnsweredTraits,
    CollectionMethod,
    CrCode,
    EvidenceSource,
    InsEvidence,
    InsHistoryEntry,
    InsIndividual,
    InsOid,
    InsStatus,
    MatriculeIns,
    ProofDocument,
    TraitName,
    Traits,
)

_SOURCES: Final[Mapping[EvidenceSource, tuple[IdentityEvent, CollectionMethod]]] = MappingProxyType(
    {
        EvidenceSource.INSI_TRAITS: (IdentityEvent.INS_FOUND, CollectionMethod.INSI),
        EvidenceSource.INSI_CARD: (IdentityEvent.INS_FOUND, CollectionMethod.CARTE_VITALE),
        EvidenceSource.APCV: (IdentityEvent.APCV_INS, CollectionMethod.APPLI_CARTE_VITALE),
    }
)
_APCV_PROOF: Final = ProofDocument(type="AV")

_PEOPLE: Final = frozenset({InsOid.NIR, InsOid.NIA})
ACCEPTED_OIDS: Final[Mapping[Environment, frozenset[InsOid]]] = MappingProxyType(
    {
        Environment.SANDBOX: _PEOPLE | {InsOid.NIR_TEST},
        Environment.TEST: _PEOPLE | {InsOid.NIR_TEST},
        Environment.PRODUCTION: _PEOPLE,
    }
)
"""OIDs whose matricules may be recorded. Outside production INSi answers fictitious people with the OID of NIR."""

_WITHOUT_INDIVIDUAL: Final[Mapping[CrCode, str]] = MappingProxyType(
    {CrCode.NOT_FOUND: "identity.ins_not_found", CrCode.SEVERAL: "identity.ins_several"}
)


def search_permission(record: IdentityRecord) -> None:
    """Return if INSi may be asked about this person (SC.INS/va1.20).

    Raises:
        IdentityError: ``identity.doubtful_or_fictitious``.
    """
    if record.attributes & BLOCKING:
        raise IdentityError("identity.doubtful_or_fictitious")


def apply_evidence(
    record: IdentityRecord,
    evidence: InsEvidence,
    *,
    environment: Environment,
    policy: IdentityPolicy = DEFAULT_POLICY,
    confirmed: frozenset[TraitName] = frozenset(),
    validated_by_user: bool = False,
) -> Change:
    """Import the INS that evidence brings, if the person is the same.

    All traits equal: the strict traits are overwritten by the answer's (SC.INS/va1.52) and the INS is taken. A
    trait that differs and is not confirmed: nothing is imported. Values that a user confirmed against those of an
    identity whose document was checked make the check void: the document was compared with other values.

    An identity that already has an INS is confirmed anew by the same matricule. Another matricule whose history
    holds the recorded one replaces it. Any other one, with the same traits, proves that one of the two INS is
    wrong: the recorded one is dropped, nothing is imported, a human decides.

    Args:
        record: the identity now.
        evidence: what a source said.
        environment: the installation's, from its configuration.
        policy: what the structure decided.
        confirmed: traits for which a user, who saw both values, keeps the answer's.
        validated_by_user: a user asked for the qualification; needed when the policy has no automatic one.

    Raises:
        IdentityError: ``identity.doubtful_or_fictitious``, ``identity.oid_refused``,
            ``identity.answer_malformed``.
    """
    search_permission(record)
    individual = evidence.individual
    if individual is None:
        return Change(record=record, notices=(notice(_WITHOUT_INDIVIDUAL[evidence.cr]),))
    _check_oid(individual.matricule, environment)
    if gaps := unusable(individual.traits):
        return Change(record=record, divergences=gaps, notices=(notice("identity.answer_incomplete"),))
    differences = compare(record.traits, individual.traits)
    if unconfirmed := tuple(each for each in differences if each.trait not in confirmed):
        return Change(record=record, divergences=unconfirmed, notices=(notice("identity.divergences"),))
    renewed = record.matricule is not None and record.matricule != individual.matricule
    if renewed and record.matricule not in {entry.matricule for entry in individual.history}:
        dropped = move(record, IdentityEvent.INS_INVALIDATED)
        return Change(
            record=dropped,
            events=(IdentityEvent.INS_INVALIDATED,),
            notices=(notice("identity.matricule_changed"),),
        )

    event, method = _SOURCES[evidence.source]
    start, events = record, [event]
    if differences and record.status is not InsStatus.PROVISOIRE:
        start = move(record, IdentityEvent.STRICT_TRAIT_CHANGED)
        events.insert(0, IdentityEvent.STRICT_TRAIT_CHANGED)
    qualifies = transition(start.status, start.attributes, event).after is InsStatus.QUALIFIEE
    by_itself = policy.automatic_qualification or validated_by_user
    if qualifies and not by_itself and record.status is not InsStatus.QUALIFIEE:
        return Change(record=record, notices=(notice("identity.confirm_qualification"),))
    after = move(
        start,
        event,
        Brought(
            matricule=individual.matricule,
            history=_history(record, individual),
            ins_obtained_at=evidence.obtained_at,
            document=_APCV_PROOF,
        ),
        traits=_imported(individual.traits, record.traits),
        collection=method,
    )
    told = tuple(
        notice(code)
        for code, applies in (
            ("identity.matricule_renewed", renewed),
            ("identity.key_mismatch", not individual.matricule.key_is_valid),
            ("identity.key_computed", not individual.key_supplied),
            ("identity.document_again", record.document is not None and after.document is None),
        )
        if applies
    )
    return Change(record=after, events=tuple(events), notices=told)


def create(traits: Traits, *, method: CollectionMethod = CollectionMethod.MANUAL) -> Change:
    """Return a new identity, *provisoire*.

    The five strict traits are all it takes; names are kept as typed. A first given name that does not fit the
    list of given names is told, not refused.
    """
    record = IdentityRecord(traits=traits, collection=method)
    fits = not traits.prenoms_naissance or start_that_fits(traits.premier_prenom, " ".join(traits.prenoms_naissance))
    return Change(record=record, notices=() if fits else (notice("identity.first_name_not_in_list"),))


def create_from_evidence(
    evidence: InsEvidence,
    *,
    environment: Environment,
    policy: IdentityPolicy = DEFAULT_POLICY,
    validated_by_user: bool = False,
) -> Change:
    """Return a new identity made of the answer alone.

    A birthplace that the answer lacks is recorded as unknown (``99999``).

    Raises:
        IdentityError: ``identity.ins_not_found``, ``identity.ins_several``, ``identity.answer_incomplete``,
            ``identity.answer_malformed``, ``identity.oid_refused``.
    """
    if evidence.individual is None:
        raise IdentityError(_WITHOUT_INDIVIDUAL[evidence.cr])
    answer = evidence.individual.traits
    if gaps := unusable(answer):
        raise IdentityError("identity.answer_incomplete", traits=", ".join(gap.trait.value for gap in gaps))
    created = create(_imported(answer, None))
    return apply_evidence(
        created.record,
        evidence,
        environment=environment,
        policy=policy,
        validated_by_user=validated_by_user,
    )


def _check_oid(matricule: MatriculeIns, environment: Environment) -> None:
    if matricule.oid not in ACCEPTED_OIDS[environment]:
        known = OIDS.get(matricule.oid)
        name = known.name if known else "unknown"
        raise IdentityError("identity.oid_refused", environment=environment.value, oid=name)


def _imported(answer: AnsweredTraits, ours: Traits | None) -> Traits:
    names = birth_list(answer)
    items = tuple(item.strip() for item in answer.prenoms_naissance if item.strip()) or (names.strip(),)
    kept_first = start_that_fits(ours.premier_prenom, names) if ours else None
    born = answered_date(answer)
    try:
        return Traits.model_validate(
            {
                "nom_naissance": answer.nom_naissance,
                "premier_prenom": kept_first or answer.premier_prenom or items[0],
                "prenoms_naissance": items,
                "sexe": answer.sexe,
                "date_naissance": born,
                "lieu_naissance": answer.lieu_naissance or (ours.lieu_naissance if ours else UNKNOWN_BIRTHPLACE),
                # A date that INSi gives otherwise than ours is no longer the one we had completed.
                "date_interpretee": ours is not None and ours.date_interpretee and ours.date_naissance == born,
            }
        )
    except ValidationError:
        pass
    # Outside: the exception of a failed validation holds its input, and must not become the context of an error.
    raise IdentityError("identity.answer_malformed")


def _history(record: IdentityRecord, individual: InsIndividual) -> tuple[InsHistoryEntry, ...]:
    """Return what was received, then what was known before: the service returns a limited number of changes."""
    received = tuple(entry for entry in individual.history if entry.matricule != individual.matricule)
    before = tuple(
        entry for entry in record.history if entry not in received and entry.matricule != individual.matricule
    )
    return received + before
