"""What evidence from INSi or the appli carte Vitale does to an identity."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from segur_sdk.errors import IdentityError
from segur_sdk.identity.engine import (
    ACCEPTED_OIDS,
    Change,
    IdentityEvent,
    IdentityPolicy,
    IdentityRecord,
    apply_evidence,
    clear_attribute,
    create,
    create_from_evidence,
    present_document,
    search_permission,
    set_attribute,
)
from segur_sdk.models.actor import Environment
from segur_sdk.models.identity import (
    CollectionMethod,
    IdentityAttribute,
    InsEvidence,
    InsHistoryEntry,
    InsOid,
    InsStatus,
    MatriculeIns,
    ProofDocument,
    TraitName,
    Traits,
)

TODAY = date(2026, 1, 15)
NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
PASSPORT = ProofDocument(type="PA")
ZOE = {
    "nom_naissance": "Adrun",
    "premier_prenom": "Zoé",
    "sexe": "F",
    "date_naissance": "1975-12-31",
    "lieu_naissance": "63220",
}
ZOE_ANSWERED: dict[str, Any] = {
    "nom_naissance": "ADRUN",
    "prenoms_naissance": ("ZOE",),
    "sexe": "F",
    "date_naissance": "1975-12-31",
    "lieu_naissance": "63220",
}
MATRICULE = "275126322074974"
OTHER = "297022A02077878"
STATUSES = tuple(InsStatus)
BLOCKING = (IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF)


def _ins(value: str = MATRICULE, oid: str = InsOid.NIR) -> MatriculeIns:
    return MatriculeIns(value=value, oid=oid)


def _traits(**other: Any) -> Traits:
    return Traits.model_validate(ZOE | other)


def _evidence(
    source: str = "insi_traits",
    *,
    matricule: MatriculeIns | None = None,
    history: tuple[InsHistoryEntry, ...] = (),
    key_supplied: bool = True,
    **traits: Any,
) -> InsEvidence:
    individual = {
        "matricule": matricule or _ins(),
        "history": history,
        "key_supplied": key_supplied,
        "traits": ZOE_ANSWERED | traits,
    }
    return InsEvidence.model_validate({"source": source, "cr": "00", "individual": individual, "obtained_at": NOW})


def _nothing(cr: str) -> InsEvidence:
    return InsEvidence.model_validate({"source": "insi_traits", "cr": cr, "obtained_at": NOW})


def _apply(record: IdentityRecord, evidence: InsEvidence, **options: Any) -> Change:
    return apply_evidence(record, evidence, **({"environment": Environment.PRODUCTION} | options))


def _record(status: InsStatus = InsStatus.PROVISOIRE, **traits: Any) -> IdentityRecord:
    """Bring an identity to a status by the engine's own ways."""
    record = create(_traits(**traits)).record
    if status in {InsStatus.RECUPEREE, InsStatus.QUALIFIEE}:
        record = _apply(record, _evidence()).record
    if status in {InsStatus.VALIDEE, InsStatus.QUALIFIEE}:
        record = present_document(record, PASSPORT, on=TODAY).record
    assert record.status is status
    return record


def _doubtful(attribute: IdentityAttribute = IdentityAttribute.DOUTEUX) -> IdentityRecord:
    return set_attribute(_record(), attribute).record


def _codes(change: Change) -> list[str]:
    return [each.code for each in change.notices]


def _reasons(change: Change) -> list[tuple[str, str]]:
    return [(each.trait.value, each.reason) for each in change.divergences]


# --- the eight combinations of source and proof ---------------------------------------------------------


@pytest.mark.parametrize("source", ["none", "insi_traits", "insi_card", "apcv"])
@pytest.mark.parametrize("document", [False, True], ids=["no-document", "document"])
@pytest.mark.parametrize("document_first", [False, True], ids=["ins-first", "document-first"])
@pytest.mark.req("SC.INS/va1.54")
def test_status_of_each_combination(source: str, document: bool, document_first: bool) -> None:
    record = create(_traits()).record
    if document and document_first:
        record = present_document(record, PASSPORT, on=TODAY).record
    if source != "none":
        record = _apply(record, _evidence(source)).record
    if document and not document_first:
        record = present_document(record, PASSPORT, on=TODAY).record
    expected = {
        ("none", False): InsStatus.PROVISOIRE,
        ("none", True): InsStatus.VALIDEE,
        ("insi_traits", False): InsStatus.RECUPEREE,
        ("insi_traits", True): InsStatus.QUALIFIEE,
        ("insi_card", False): InsStatus.RECUPEREE,
        ("insi_card", True): InsStatus.QUALIFIEE,
        ("apcv", False): InsStatus.QUALIFIEE,
        ("apcv", True): InsStatus.QUALIFIEE,
    }
    assert record.status is expected[source, document]


# --- creation --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "status", "method"),
    [
        ("insi_traits", InsStatus.RECUPEREE, CollectionMethod.INSI),
        ("insi_card", InsStatus.RECUPEREE, CollectionMethod.CARTE_VITALE),
        ("apcv", InsStatus.QUALIFIEE, CollectionMethod.APPLI_CARTE_VITALE),
    ],
)
def test_identity_is_made_of_the_answer(source: str, status: InsStatus, method: CollectionMethod) -> None:
    change = create_from_evidence(_evidence(source, lieu_naissance=None), environment=Environment.PRODUCTION)
    record = change.record
    assert (record.status, record.collection, record.matricule) == (status, method, _ins())
    assert record.traits == _traits(
        nom_naissance="ADRUN", premier_prenom="ZOE", prenoms_naissance=("ZOE",), lieu_naissance="99999"
    )


@pytest.mark.parametrize(
    ("evidence", "code"),
    [
        (_nothing("01"), "identity.ins_not_found"),
        (_nothing("02"), "identity.ins_several"),
        (_evidence(date_naissance="1975-12-00"), "identity.answer_incomplete"),
        (_evidence(nom_naissance=None), "identity.answer_incomplete"),
        (_evidence(lieu_naissance="CLERMONT"), "identity.answer_malformed"),
        (_evidence(matricule=_ins(oid=InsOid.NIR_DEMO)), "identity.oid_refused"),
    ],
    ids=["none", "several", "incomplete-date", "no-name", "malformed-place", "demonstration"],
)
def test_no_identity_is_made_of_an_unusable_answer(evidence: InsEvidence, code: str) -> None:
    with pytest.raises(IdentityError) as refusal:
        create_from_evidence(evidence, environment=Environment.PRODUCTION)
    assert refusal.value.code == code
    assert "CLERMONT" not in f"{refusal.value} {refusal.value.__cause__} {refusal.value.__context__}"


# --- evidence --------------------------------------------------------------------------------------------


@pytest.mark.req("SC.INS/va1.52")
def test_strict_traits_are_overwritten_by_the_answer() -> None:
    change = _apply(_record(lieu_naissance="99999"), _evidence(prenoms_naissance=("ZOE", "MARIE-LOUISE")))
    assert change.record.traits == _traits(
        nom_naissance="ADRUN", premier_prenom="ZOE", prenoms_naissance=("ZOE", "MARIE-LOUISE"), lieu_naissance="63220"
    )
    assert (change.record.matricule, change.record.ins_obtained_at) == (_ins(), NOW)
    assert (change.events, change.record.collection) == ((IdentityEvent.INS_FOUND,), CollectionMethod.INSI)


def test_birthplace_missing_in_the_answer_stays_ours() -> None:
    change = _apply(_record(InsStatus.VALIDEE), _evidence(lieu_naissance=None))
    assert (change.record.status, change.record.traits.lieu_naissance) == (InsStatus.QUALIFIEE, "63220")


@pytest.mark.parametrize(
    ("ours", "names", "kept"),
    [
        ("Pierre Alain", ("PIERRE-ALAIN", "MURIEL", "FLORIANT"), "PIERRE-ALAIN"),
        ("Jean-Christophe", ("JEAN", "CHRISTOPHE", "PIERRE"), "JEAN CHRISTOPHE"),
    ],
)
def test_composed_first_given_name_is_kept_as_the_list_writes_it(ours: str, names: tuple[str, ...], kept: str) -> None:
    change = _apply(_record(premier_prenom=ours), _evidence(prenoms_naissance=names))
    assert change.record.traits.premier_prenom == kept


@pytest.mark.parametrize(("cr", "code"), [("01", "identity.ins_not_found"), ("02", "identity.ins_several")])
@pytest.mark.parametrize("status", STATUSES)
def test_no_individual_leaves_everything_as_it_was(status: InsStatus, cr: str, code: str) -> None:
    record = _record(status)
    change = _apply(record, _nothing(cr))
    assert (change.record, change.events, _codes(change)) == (record, (), [code])


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize(
    ("theirs", "divergence"),
    [
        ({"date_naissance": "1975-12-00"}, ("date_naissance", "incomplete_date")),
        ({"date_naissance": "1975-00-31"}, ("date_naissance", "incomplete_date")),
        ({"nom_naissance": None}, ("nom_naissance", "missing")),
        ({"prenoms_naissance": ()}, ("prenoms_naissance", "missing")),
        ({"sexe": None}, ("sexe", "missing")),
    ],
)
@pytest.mark.req("SC.INS/va1.28", "SC.INS/va1.31")
def test_incomplete_answer_is_never_imported(
    status: InsStatus, theirs: dict[str, Any], divergence: tuple[str, str]
) -> None:
    record = _record(status)
    change = _apply(record, _evidence(**theirs), confirmed=frozenset(TraitName))
    assert (change.record, change.events, _reasons(change)) == (record, (), [divergence])
    assert _codes(change) == ["identity.answer_incomplete"]


@pytest.mark.parametrize("source", ["insi_traits", "insi_card", "apcv"])
@pytest.mark.parametrize("status", STATUSES)
def test_one_trait_that_differs_stops_the_import(status: InsStatus, source: str) -> None:
    record = _record(status)
    change = _apply(record, _evidence(source, nom_naissance="ADRTROIS", lieu_naissance="2A020", matricule=_ins(OTHER)))
    assert (change.record, change.events) == (record, ())
    assert _reasons(change) == [("nom_naissance", "differs"), ("lieu_naissance", "differs")]
    assert _codes(change) == ["identity.divergences"]


def test_only_what_the_user_did_not_confirm_is_asked_again() -> None:
    evidence = _evidence(nom_naissance="ADRTROIS", lieu_naissance="2A020")
    change = _apply(_record(), evidence, confirmed=frozenset({TraitName.NOM_NAISSANCE}))
    assert _reasons(change) == [("lieu_naissance", "differs")]
    assert change.record.matricule is None


@pytest.mark.parametrize(
    ("before", "source", "after"),
    [
        (InsStatus.PROVISOIRE, "insi_traits", InsStatus.RECUPEREE),
        (InsStatus.VALIDEE, "insi_traits", InsStatus.RECUPEREE),
        (InsStatus.RECUPEREE, "insi_card", InsStatus.RECUPEREE),
        (InsStatus.QUALIFIEE, "insi_traits", InsStatus.RECUPEREE),
        (InsStatus.VALIDEE, "apcv", InsStatus.QUALIFIEE),
    ],
)
def test_confirmed_values_are_imported_and_make_the_old_check_void(
    before: InsStatus, source: str, after: InsStatus
) -> None:
    evidence = _evidence(source, date_naissance="1975-12-30")
    record = _record(before)
    change = _apply(record, evidence, confirmed=frozenset({TraitName.DATE_NAISSANCE}))
    assert (change.record.status, change.record.traits.date_naissance) == (after, date(1975, 12, 30))
    assert change.record.document == (ProofDocument(type="AV") if source == "apcv" else None)
    assert change.divergences == ()
    assert ("identity.document_again" in _codes(change)) is (record.document is not None and source != "apcv")


def test_undetermined_sex_takes_the_answer_once_confirmed() -> None:
    record = _record(sexe="I")
    assert _reasons(_apply(record, _evidence())) == [("sexe", "undetermined")]
    change = _apply(record, _evidence(), confirmed=frozenset({TraitName.SEXE}))
    assert change.record.traits.sexe.value == "F"


@pytest.mark.parametrize(
    ("answered", "interpreted"), [("1975-12-31", True), ("1975-12-30", False)], ids=["same-date", "other-date"]
)
def test_completed_date_stays_marked_until_another_one_is_answered(answered: str, interpreted: bool) -> None:
    record = _record(date_interpretee=True)
    change = _apply(record, _evidence(date_naissance=answered), confirmed=frozenset({TraitName.DATE_NAISSANCE}))
    assert change.record.traits.date_interpretee is interpreted


@pytest.mark.parametrize("attribute", BLOCKING)
@pytest.mark.parametrize("source", ["insi_traits", "insi_card", "apcv"])
@pytest.mark.req("SC.INS/va1.20")
def test_doubtful_or_fictitious_identity_takes_no_evidence(attribute: IdentityAttribute, source: str) -> None:
    with pytest.raises(IdentityError, match=r"identity\.doubtful_or_fictitious"):
        _apply(_doubtful(attribute), _evidence(source))
    with pytest.raises(IdentityError, match=r"identity\.doubtful_or_fictitious"):
        _apply(_doubtful(attribute), _nothing("01"))


@pytest.mark.parametrize("attribute", BLOCKING)
@pytest.mark.req("SC.INS/va1.20")
def test_insi_is_not_asked_about_a_doubtful_or_fictitious_identity(attribute: IdentityAttribute) -> None:
    with pytest.raises(IdentityError, match=r"identity\.doubtful_or_fictitious"):
        search_permission(_doubtful(attribute))
    search_permission(_record())
    search_permission(set_attribute(_record(), IdentityAttribute.HOMONYME).record)
    search_permission(clear_attribute(_doubtful(attribute), attribute).record)


@pytest.mark.parametrize(
    ("environment", "accepted"),
    [("sandbox", ["8", "9", "10"]), ("test", ["8", "9", "10"]), ("production", ["8", "9"])],
)
def test_oid_fits_the_environment(environment: str, accepted: list[str]) -> None:
    taken = []
    for last in ("2", "8", "9", "10", "11", "13"):
        evidence = _evidence(matricule=_ins(oid=f"1.2.250.1.213.1.4.{last}"))
        try:
            record = apply_evidence(_record(), evidence, environment=Environment(environment)).record
        except IdentityError as refusal:
            assert refusal.code == "identity.oid_refused"  # noqa: PT017 - which ones are refused is the question
            continue
        assert record.matricule is not None
        taken.append(last)
    assert taken == accepted
    assert len(ACCEPTED_OIDS[Environment(environment)]) == len(accepted)


def test_nia_is_told_by_its_oid() -> None:
    nia = _ins("109076322088835", InsOid.NIA)
    assert _apply(_record(), _evidence(matricule=nia)).record.is_nia
    assert not _apply(_record(), _evidence(matricule=_ins("109076322088835"))).record.is_nia
    assert not _record().is_nia


def test_answer_with_a_wrong_key_is_kept_with_a_warning() -> None:
    wrong, older = _ins("181036322045660"), _ins("281036322045610")
    history = (InsHistoryEntry(matricule=wrong), InsHistoryEntry(matricule=older))
    change = _apply(_record(), _evidence(matricule=wrong, history=history))
    assert change.record.matricule == wrong
    assert [entry.matricule for entry in change.record.history] == [older]
    assert _codes(change) == ["identity.key_mismatch"]
    assert _codes(_apply(_record(), _evidence(key_supplied=False))) == ["identity.key_computed"]


def test_history_is_kept_as_received_without_the_active_matricule() -> None:
    former = InsHistoryEntry(matricule=_ins("209076322083439"), start=date(2019, 3, 1), end=date(2019, 2, 28))
    repeated = InsHistoryEntry(matricule=_ins())
    change = _apply(_record(), _evidence(history=(repeated, former)))
    assert change.record.history == (former,)
    assert _apply(change.record, _evidence()).record.history == (former,), "a shorter answer forgets nothing"
    assert _apply(change.record, _evidence(history=(former,))).record.history == (former,)


@pytest.mark.parametrize("status", [InsStatus.RECUPEREE, InsStatus.QUALIFIEE])
def test_same_matricule_again_changes_no_status(status: InsStatus) -> None:
    later = _evidence().model_copy(update={"obtained_at": datetime(2026, 2, 1, tzinfo=UTC)})
    change = _apply(_record(status), later)
    assert (change.record.status, change.notices) == (status, ())
    assert change.record.ins_obtained_at == datetime(2026, 2, 1, tzinfo=UTC)


@pytest.mark.parametrize("status", [InsStatus.RECUPEREE, InsStatus.QUALIFIEE])
def test_another_matricule_for_the_same_traits_drops_the_ins(status: InsStatus) -> None:
    change = _apply(_record(status), _evidence(matricule=_ins(OTHER)))
    assert change.record.matricule is None
    assert change.record.status is (InsStatus.VALIDEE if status is InsStatus.QUALIFIEE else InsStatus.PROVISOIRE)
    assert (change.events, _codes(change)) == ((IdentityEvent.INS_INVALIDATED,), ["identity.matricule_changed"])


@pytest.mark.parametrize("status", [InsStatus.RECUPEREE, InsStatus.QUALIFIEE])
def test_matricule_whose_history_holds_ours_replaces_it(status: InsStatus) -> None:
    history = (InsHistoryEntry(matricule=_ins()),)
    change = _apply(_record(status), _evidence(matricule=_ins(OTHER), history=history))
    assert (change.record.status, change.record.matricule) == (status, _ins(OTHER))
    assert change.record.history == history
    assert _codes(change) == ["identity.matricule_renewed"]


@pytest.mark.parametrize(
    ("status", "source"),
    [(InsStatus.VALIDEE, "insi_traits"), (InsStatus.PROVISOIRE, "apcv"), (InsStatus.RECUPEREE, "apcv")],
)
@pytest.mark.req("SC.INS/va1.33")
def test_automatic_qualification_can_be_switched_off(status: InsStatus, source: str) -> None:
    manual = IdentityPolicy(automatic_qualification=False)
    record = _record(status)
    waiting = _apply(record, _evidence(source), policy=manual)
    assert (waiting.record, waiting.events, _codes(waiting)) == (record, (), ["identity.confirm_qualification"])
    validated = _apply(record, _evidence(source), policy=manual, validated_by_user=True)
    assert validated.record.status is InsStatus.QUALIFIEE
    assert _apply(_record(), _evidence(), policy=manual).record.status is InsStatus.RECUPEREE
    assert _apply(_record(InsStatus.QUALIFIEE), _evidence(), policy=manual).events == (IdentityEvent.INS_FOUND,)
