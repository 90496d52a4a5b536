"""Any sequence of events leaves an identity that keeps the invariants of identitovigilance."""

from datetime import UTC, date, datetime

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from segur_sdk.errors import IdentityError
from segur_sdk.identity.engine import (
    Change,
    IdentityEvent,
    IdentityPolicy,
    apply_evidence,
    asking,
    change_traits,
    clear_attribute,
    create,
    invalidate_ins,
    present_document,
    search_permission,
    set_attribute,
)
from segur_sdk.models.actor import Environment
from segur_sdk.models.identity import (
    AnsweredTraits,
    CrCode,
    EvidenceSource,
    IdentityAttribute,
    InsEvidence,
    InsHistoryEntry,
    InsIndividual,
    InsOid,
    InsStatus,
    MatriculeIns,
    NoProof,
    NoProofReason,
    ProofDocument,
    Sex,
    TraitName,
    Traits,
)

NOW = datetime(2026, 1, 15, tzinfo=UTC)
MATRICULES = tuple(MatriculeIns(value=value, oid=InsOid.NIR) for value in ("275126322074974", "297022A02077878"))
PROOFS = ("PA", "CN", "AV", "CV", "PC", "LEP", "ZZ")
BLOCKING = {IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF}
WITH_INS = {InsStatus.RECUPEREE, InsStatus.QUALIFIEE}
WITH_DOCUMENT = {InsStatus.VALIDEE, InsStatus.QUALIFIEE}


class IdentityMachine(RuleBasedStateMachine):
    """One identity, and a model of it that only remembers the two facts."""

    @initialize(list_known=st.booleans())
    def is_created(self, list_known: bool) -> None:
        names = ("ZOE", "MARIE") if list_known else ()
        traits = Traits(
            nom_naissance="ADRUN",
            premier_prenom="ZOE",
            prenoms_naissance=names,
            sexe=Sex.FEMALE,
            date_naissance=date(1975, 12, 31),
            lieu_naissance="63220",
        )
        self.record = create(traits).record
        self.document_looked_at = False
        self.phone_read = False

    def _take(self, change: Change) -> None:
        if change.events:
            assert change.record != self.record or set(change.events) <= {
                IdentityEvent.INS_FOUND,
                IdentityEvent.APCV_INS,
                IdentityEvent.DOCUMENT_CHECKED,
                IdentityEvent.DOCUMENT_DIFFERS,
            }
        self.record = change.record
        if self.record.document is None:
            self.document_looked_at = self.phone_read = False

    @rule(
        source=st.sampled_from(EvidenceSource),
        matricule=st.sampled_from(MATRICULES),
        name=st.sampled_from(["ADRUN", "ADRTROIS"]),
        born=st.sampled_from(["1975-12-31", "1975-12-00"]),
        renewed=st.booleans(),
        confirmed=st.frozensets(st.sampled_from(TraitName)),
    )
    def evidence_comes(
        self,
        source: EvidenceSource,
        matricule: MatriculeIns,
        name: str,
        born: str,
        renewed: bool,
        confirmed: frozenset[TraitName],
    ) -> None:
        answered = AnsweredTraits(
            nom_naissance=name, prenoms_naissance=("ZOE", "MARIE"), sexe=Sex.FEMALE, date_naissance=born
        )
        history = tuple(InsHistoryEntry(matricule=each) for each in MATRICULES) if renewed else ()
        evidence = InsEvidence(
            source=source,
            cr=CrCode.FOUND,
            individual=InsIndividual(matricule=matricule, history=history, traits=answered),
            obtained_at=NOW,
        )
        before = self.record
        try:
            change = apply_evidence(before, evidence, environment=Environment.PRODUCTION, confirmed=confirmed)
        except IdentityError as refusal:
            assert refusal.code == "identity.doubtful_or_fictitious"  # noqa: PT017 - a rule has no raises block
            assert before.attributes & BLOCKING
            return
        assert not before.attributes & BLOCKING
        if change.divergences:
            assert change.record == before
        elif change.record.matricule is not None:
            assert change.record.matricule == matricule
            assert change.record.traits.nom_naissance == name
            self.phone_read |= source is EvidenceSource.APCV
        if source is not EvidenceSource.APCV and before.document is None:
            assert change.record.status is not InsStatus.QUALIFIEE
        self._take(change)

    @rule(cr=st.sampled_from([CrCode.NOT_FOUND, CrCode.SEVERAL]))
    @precondition(lambda self: not self.record.attributes & BLOCKING)
    def nobody_is_found(self, cr: CrCode) -> None:
        evidence = InsEvidence(source=EvidenceSource.INSI_TRAITS, cr=cr, obtained_at=NOW)
        change = apply_evidence(self.record, evidence, environment=Environment.PRODUCTION)
        assert change.record == self.record
        assert change.notices

    @rule(kind=st.sampled_from(PROOFS))
    def document_is_shown(self, kind: str) -> None:
        try:
            change = present_document(self.record, ProofDocument(type=kind), on=NOW.date())
        except IdentityError:
            assert kind not in {"PA", "CN", "AV"} or self.record.attributes & BLOCKING
            return
        assert kind in {"PA", "CN", "AV"}
        self.document_looked_at = True
        self._take(change)

    @rule(reason=st.sampled_from(NoProofReason))
    def nothing_is_shown(self, reason: NoProofReason) -> None:
        before = self.record
        self._take(present_document(before, NoProof(none_because=reason), IdentityPolicy(), on=NOW.date()))
        if reason is NoProofReason.DIFFERS:
            assert self.record.status is InsStatus.PROVISOIRE
        else:
            assert self.record.status is before.status
        if reason is NoProofReason.PATIENT_ABSENT:
            assert self.record == before

    @rule(
        name=st.sampled_from(["ADRUN", "ADRTROIS"]),
        first=st.sampled_from(["ZOE", "ZOE MARIE", "MARIE"]),
        as_super_user=st.booleans(),
    )
    def traits_are_typed(self, name: str, first: str, as_super_user: bool) -> None:
        before = self.record
        traits = Traits(**(dict(before.traits) | {"nom_naissance": name, "premier_prenom": first}))
        try:
            change = change_traits(before, traits, as_super_user=as_super_user)
        except IdentityError as refusal:
            assert refusal.code == "identity.traits_locked"  # noqa: PT017 - a rule has no raises block
            assert before.matricule is not None
            assert not as_super_user
            return
        if name != before.traits.nom_naissance or (first == "MARIE" != before.traits.premier_prenom):
            assert change.record.matricule is None
            assert change.record.status is InsStatus.PROVISOIRE
        self._take(change)

    @rule(attribute=st.sampled_from(IdentityAttribute))
    def attribute_is_set(self, attribute: IdentityAttribute) -> None:
        try:
            self._take(set_attribute(self.record, attribute))
        except IdentityError:
            assert self.record.attributes - {attribute}

    @rule(attribute=st.sampled_from(IdentityAttribute))
    def attribute_is_cleared(self, attribute: IdentityAttribute) -> None:
        try:
            self._take(clear_attribute(self.record, attribute))
        except IdentityError:
            assert attribute not in self.record.attributes

    @rule()
    def ins_is_invalidated(self) -> None:
        try:
            self._take(invalidate_ins(self.record))
        except IdentityError:
            assert self.record.matricule is None

    @invariant()
    def ins_goes_with_status(self) -> None:
        assert (self.record.matricule is not None) is (self.record.status in WITH_INS)
        assert self.record.matricule is None or self.record.matricule.oid
        assert self.record.matricule is not None or not self.record.history
        assert all(entry.matricule != self.record.matricule for entry in self.record.history)

    @invariant()
    def document_goes_with_status(self) -> None:
        assert (self.record.document is not None) is (self.record.status in WITH_DOCUMENT)

    @invariant()
    def doubt_and_fiction_leave_nothing(self) -> None:
        blocked = bool(self.record.attributes & BLOCKING)
        if blocked:
            assert self.record.status is InsStatus.PROVISOIRE
            assert self.record.matricule is None
        try:
            search_permission(self.record)
        except IdentityError:
            assert blocked
        else:
            assert not blocked
        assert len(self.record.attributes) < 2 or IdentityAttribute.FICTIF not in self.record.attributes

    @invariant()
    def qualified_without_a_look_only_by_the_phone(self) -> None:
        if self.record.status is InsStatus.QUALIFIEE:
            assert self.document_looked_at or self.phone_read

    @invariant()
    def asking_follows_the_document(self) -> None:
        assert (asking(self.record).value == "confirmed") is (self.record.document is not None)


TestIdentityMachine = IdentityMachine.TestCase
TestIdentityMachine.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
