"""What comes of asking for a proof of identity."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from segur_sdk.errors import IdentityError
from segur_sdk.identity.engine import (
    Asking,
    Change,
    IdentityPolicy,
    IdentityRecord,
    ProofKind,
    asking,
    change_traits,
    present_document,
    set_attribute,
)
from segur_sdk.models.identity import (
    IdentityAttribute,
    InsHistoryEntry,
    InsOid,
    InsStatus,
    MatriculeIns,
    NoProof,
    NoProofReason,
    ProofDocument,
    Traits,
)

TODAY = date(2026, 1, 15)
PASSPORT = ProofDocument(type="PA")
STATUSES = tuple(InsStatus)
BLOCKING = (IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF)
NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)


def _ins() -> MatriculeIns:
    return MatriculeIns(value="275126322074974", oid=InsOid.NIR)


def _traits(**other: Any) -> Traits:
    fields: dict[str, Any] = {
        "nom_naissance": "ADRUN",
        "premier_prenom": "ZOE",
        "sexe": "F",
        "date_naissance": date(1975, 12, 31),
        "lieu_naissance": "63220",
    }
    return Traits.model_validate(fields | other)


def _record(status: InsStatus = InsStatus.PROVISOIRE, **traits: Any) -> IdentityRecord:
    with_ins = status in {InsStatus.RECUPEREE, InsStatus.QUALIFIEE}
    return IdentityRecord(
        traits=_traits(**traits),
        status=status,
        matricule=_ins() if with_ins else None,
        history=(InsHistoryEntry(matricule=MatriculeIns(value="209076322083439", oid=InsOid.NIR)),) if with_ins else (),
        ins_obtained_at=NOW if with_ins else None,
        document=PASSPORT if status in {InsStatus.VALIDEE, InsStatus.QUALIFIEE} else None,
    )


def _doubtful(attribute: IdentityAttribute = IdentityAttribute.DOUTEUX) -> IdentityRecord:
    return set_attribute(_record(), attribute).record


def _codes(change: Change) -> list[str]:
    return [each.code for each in change.notices]


@pytest.mark.parametrize("code", ["CN", "CE", "PA", "CS", "eCN", "IN", "AV"])
@pytest.mark.req("SC.INS/va1.23")
def test_document_of_high_trust_is_recorded_and_validates(code: str) -> None:
    change = present_document(_record(InsStatus.RECUPEREE), ProofDocument(type=code), on=TODAY)
    assert (change.record.status, change.record.document) == (InsStatus.QUALIFIEE, ProofDocument(type=code))


@pytest.mark.parametrize("code", ["CV", "PC", "LE", "CM", "CIMS", "LECV", "ANCV"])
@pytest.mark.parametrize("status", STATUSES)
def test_document_of_low_trust_never_validates(code: str, status: InsStatus) -> None:
    with pytest.raises(IdentityError, match=r"identity\.proof_not_high_trust"):
        present_document(_record(status), ProofDocument(type=code), on=TODAY)


def test_unknown_kind_of_document_never_validates() -> None:
    with pytest.raises(IdentityError) as refusal:
        present_document(_record(), ProofDocument(type="ADRUN"), on=TODAY)
    assert (refusal.value.code, refusal.value.facts) == ("identity.proof_unknown", {})


@pytest.mark.parametrize("code", ["LEP", "AN", "CC"])
@pytest.mark.parametrize(("on", "minor"), [(date(1993, 12, 30), True), (date(1993, 12, 31), False)])
def test_documents_of_minors_stop_on_the_eighteenth_birthday(code: str, on: date, minor: bool) -> None:
    shown = ProofDocument(type=code, adult_document=None if code == "CC" else "CN")
    if minor:
        assert present_document(_record(), shown, on=on).record.status is InsStatus.VALIDEE
        return
    with pytest.raises(IdentityError, match=r"identity\.proof_minors_only"):
        present_document(_record(), shown, on=on)


@pytest.mark.parametrize("code", ["LEP", "AN"])
@pytest.mark.parametrize("adult", [None, "CV", "CC", "ZZ"])
def test_a_childs_paper_goes_with_the_adults_own_document(code: str, adult: str | None) -> None:
    with pytest.raises(IdentityError, match=r"identity\.proof_adult_document"):
        present_document(_record(), ProofDocument(type=code, adult_document=adult), on=date(1990, 1, 1))


@pytest.mark.req("CARD-09")
def test_no_setting_makes_a_carte_vitale_a_proof() -> None:
    with pytest.raises(ValidationError):
        ProofKind(code="CV", label_fr="Carte Vitale seule", high_trust=True)


@pytest.mark.req("SC.INS/va1.26")
def test_list_and_trust_are_the_structures() -> None:
    policy = IdentityPolicy(
        proofs=(
            ProofKind(code="LECV", label_fr="Livret de famille et carte Vitale avec photo", high_trust=True),
            ProofKind(code="PA", label_fr="Passeport", high_trust=False),
        )
    )
    assert present_document(_record(), ProofDocument(type="LECV"), policy, on=TODAY).record.document is not None
    with pytest.raises(IdentityError, match=r"identity\.proof_not_high_trust"):
        present_document(_record(), PASSPORT, policy, on=TODAY)
    with pytest.raises(IdentityError, match=r"identity\.proof_unknown"):
        present_document(_record(), ProofDocument(type="CN"), policy, on=TODAY)


def test_no_kind_of_proof_is_preselected() -> None:
    with pytest.raises(ValidationError):
        ProofDocument.model_validate({})
    assert IdentityRecord(traits=_traits()).document is None


@pytest.mark.parametrize("attribute", BLOCKING)
def test_document_does_not_validate_a_doubtful_identity(attribute: IdentityAttribute) -> None:
    with pytest.raises(IdentityError, match=r"identity\.doubtful_or_fictitious"):
        present_document(_doubtful(attribute), PASSPORT, on=TODAY)


def _answer(record: IdentityRecord, reason: NoProofReason, policy: IdentityPolicy | None = None) -> Change:
    return present_document(record, NoProof(none_because=reason), policy or IdentityPolicy(), on=TODAY)


@pytest.mark.parametrize("times", [0, 1, 3, 5])
def test_question_stops_after_so_many_times_none_presented(times: int) -> None:
    policy = IdentityPolicy(max_requests=times)
    record = _record()
    for _ in range(times):
        assert asking(record, policy) is Asking.ASK
        change = _answer(record, NoProofReason.NONE_PRESENTED, policy)
        record = change.record
        assert _codes(change) == (["identity.proof_requests_exhausted"] if record.proof_requests == times else [])
    assert asking(record, policy) is Asking.EXHAUSTED
    assert present_document(record, PASSPORT, policy, on=TODAY).record.proof_requests == 0


def test_default_is_three_times() -> None:
    assert IdentityPolicy().max_requests == 3


def test_absent_patient_never_counts() -> None:
    record = _record()
    for _ in range(10):
        record = _answer(record, NoProofReason.PATIENT_ABSENT).record
    assert (record, asking(record)) == (_record(), Asking.ASK)


def test_refusal_is_recorded_and_stops_the_question() -> None:
    change = _answer(_record(), NoProofReason.REFUSED)
    assert (asking(change.record), _codes(change)) == (Asking.REFUSED, ["identity.proof_refused"])
    shown = present_document(change.record, PASSPORT, on=TODAY).record
    assert (asking(shown), shown.proof_refused) == (Asking.CONFIRMED, False)


@pytest.mark.parametrize("before", [NoProofReason.REFUSED, NoProofReason.NONE_PRESENTED])
def test_a_document_that_was_looked_at_begins_the_count_again(before: NoProofReason) -> None:
    once = _answer(_record(), before).record
    differing = _answer(once, NoProofReason.DIFFERS).record
    assert (differing.proof_requests, differing.proof_refused) == (0, False)


@pytest.mark.parametrize("reason", [NoProofReason.REFUSED, NoProofReason.NONE_PRESENTED, NoProofReason.PATIENT_ABSENT])
@pytest.mark.parametrize("status", [InsStatus.VALIDEE, InsStatus.QUALIFIEE])
def test_identity_that_was_checked_is_not_asked_again(status: InsStatus, reason: NoProofReason) -> None:
    record = _record(status)
    assert asking(record) is Asking.CONFIRMED
    assert _answer(record, reason) == Change(record=record)


@pytest.mark.parametrize("status", STATUSES)
def test_document_that_differs_drops_ins_and_check(status: InsStatus) -> None:
    change = _answer(_record(status), NoProofReason.DIFFERS)
    record = change.record
    assert (record.status, record.matricule, record.document) == (InsStatus.PROVISOIRE, None, None)
    assert _codes(change) == ["identity.document_differs"]
    assert "R49454" in (change.notices[0].action or "")
    assert asking(record) is Asking.ASK
    corrected = change_traits(record, _traits(nom_naissance="ADRTROIS")).record
    assert present_document(corrected, PASSPORT, on=TODAY).record.status is InsStatus.VALIDEE
