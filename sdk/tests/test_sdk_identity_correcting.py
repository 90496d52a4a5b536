"""What humans create and change, and what a record may be."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from segur_sdk.errors import IdentityError
from segur_sdk.identity.engine import (
    Change,
    IdentityEvent,
    IdentityRecord,
    change_traits,
    clear_attribute,
    create,
    invalidate_ins,
    set_attribute,
)
from segur_sdk.identity.notices import _TEXTS as NOTICE_TEXTS
from segur_sdk.models.identity import (
    IdentityAttribute,
    InsHistoryEntry,
    InsOid,
    InsStatus,
    MatriculeIns,
    ProofDocument,
    Traits,
)

TODAY = date(2026, 1, 15)
PASSPORT = ProofDocument(type="PA")
STATUSES = tuple(InsStatus)
BLOCKING = (IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF)
NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
ZOE = {
    "nom_naissance": "Adrun",
    "premier_prenom": "Zoé",
    "sexe": "F",
    "date_naissance": "1975-12-31",
    "lieu_naissance": "63220",
}


def _ins() -> MatriculeIns:
    return MatriculeIns(value="275126322074974", oid=InsOid.NIR)


def _traits(**other: Any) -> Traits:
    return Traits.model_validate(ZOE | other)


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


def _reasons(change: Change) -> list[tuple[str, str]]:
    return [(each.trait.value, each.reason) for each in change.divergences]


@pytest.mark.parametrize("missing", ZOE)
@pytest.mark.req("SC.INS/va1.21")
def test_no_identity_without_each_of_the_five_traits(missing: str) -> None:
    with pytest.raises(ValidationError):
        Traits.model_validate({name: value for name, value in ZOE.items() if name != missing})


@pytest.mark.req("SC.INS/va1.21", "SC.INS/va1.22", "SC.INS/va1.54")
def test_five_traits_make_a_provisional_identity_as_typed() -> None:
    change = create(_traits())
    assert change.record.status is InsStatus.PROVISOIRE
    assert (change.record.traits.nom_naissance, change.record.traits.premier_prenom) == ("Adrun", "Zoé")
    assert (change.events, change.notices) == ((), ())


@pytest.mark.req("SC.INS/va1.51")
def test_creation_tells_a_first_given_name_out_of_its_list() -> None:
    assert _codes(create(_traits(prenoms_naissance=("MARIE", "ZOE")))) == ["identity.first_name_not_in_list"]
    assert _codes(create(_traits(prenoms_naissance=("ZOE", "MARIE")))) == []


@pytest.mark.parametrize("before", [InsStatus.RECUPEREE, InsStatus.QUALIFIEE])
@pytest.mark.req("SC.INS/va1.08")
def test_ins_that_is_invalidated_leaves_what_the_document_proves(before: InsStatus) -> None:
    change = invalidate_ins(_record(before))
    after = {InsStatus.RECUPEREE: InsStatus.PROVISOIRE, InsStatus.QUALIFIEE: InsStatus.VALIDEE}[before]
    assert (change.record.status, change.record.matricule, change.record.ins_obtained_at) == (after, None, None)
    assert _codes(change) == ["identity.ins_dropped"]


@pytest.mark.parametrize("status", [InsStatus.PROVISOIRE, InsStatus.VALIDEE])
def test_no_ins_no_invalidation(status: InsStatus) -> None:
    with pytest.raises(IdentityError, match=r"identity\.no_ins"):
        invalidate_ins(_record(status))


# --- traits and attributes ------------------------------------------------------------------------------

OTHER_TRAITS = [
    {"nom_naissance": "ADRTROIS"},
    {"premier_prenom": "RUTH"},
    {"prenoms_naissance": ("ZOE", "MARIE")},
    {"sexe": "M"},
    {"date_naissance": date(1975, 12, 30)},
    {"lieu_naissance": "2A020"},
]


def _with(record: IdentityRecord, **other: Any) -> Traits:
    return Traits(**(dict(record.traits) | other))


@pytest.mark.parametrize("other", OTHER_TRAITS, ids=lambda other: next(iter(other)))
@pytest.mark.parametrize("status", [InsStatus.RECUPEREE, InsStatus.QUALIFIEE])
@pytest.mark.req("SC.INS/va1.18")
def test_strict_traits_are_locked_but_for_a_super_user(status: InsStatus, other: dict[str, Any]) -> None:
    record = _record(status)
    assert record.is_locked
    with pytest.raises(IdentityError) as refusal:
        change_traits(record, _with(record, **other))
    assert (refusal.value.code, refusal.value.facts) == ("identity.traits_locked", {"traits": next(iter(other))})
    assert change_traits(record, _with(record, **other), as_super_user=True).record.traits == _with(record, **other)


@pytest.mark.parametrize("other", OTHER_TRAITS, ids=lambda other: next(iter(other)))
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.req("SC.INS/va1.60")
def test_strict_trait_changed_drops_ins_and_check(status: InsStatus, other: dict[str, Any]) -> None:
    record = _record(status)
    change = change_traits(record, _with(record, **other), as_super_user=True)
    after = change.record
    assert (after.status, after.matricule, after.document) == (InsStatus.PROVISOIRE, None, None)
    assert (after.history, after.ins_obtained_at) == ((), None)
    assert change.events == (IdentityEvent.STRICT_TRAIT_CHANGED,)
    assert ("identity.ins_dropped" in _codes(change)) is (record.matricule is not None)


@pytest.mark.parametrize("status", [InsStatus.PROVISOIRE, InsStatus.VALIDEE])
def test_traits_without_an_ins_are_not_locked(status: InsStatus) -> None:
    record = _record(status)
    assert not record.is_locked
    assert change_traits(record, _with(record, sexe="M")).record.status is InsStatus.PROVISOIRE


@pytest.mark.parametrize("status", [InsStatus.RECUPEREE, InsStatus.QUALIFIEE])
@pytest.mark.parametrize("first", ["JEAN", "JEAN-CHRISTOPHE", "JEAN CHRISTOPHE", "Jean-Christophe-Pierre"])
def test_first_given_name_may_change_while_it_fits_the_list(status: InsStatus, first: str) -> None:
    record = _record(status, premier_prenom="JEAN CHRISTOPHE", prenoms_naissance=("JEAN", "CHRISTOPHE", "PIERRE"))
    change = change_traits(record, _with(record, premier_prenom=first))
    assert (change.record.status, change.record.matricule) == (status, record.matricule)
    assert (change.record.traits.premier_prenom, change.events, change.divergences) == (first, (), ())


@pytest.mark.req("SC.INS/va1.51")
def test_first_given_name_out_of_the_list_is_told() -> None:
    record = _record(prenoms_naissance=("ZOE", "MARIE"))
    change = change_traits(record, _with(record, premier_prenom="MARIE"))
    assert _reasons(change) == [("premier_prenom", "not_in_list")]
    assert _codes(change) == ["identity.first_name_not_in_list"]


def test_nothing_changed_changes_nothing() -> None:
    record = _record(InsStatus.QUALIFIEE)
    assert change_traits(record, record.traits) == Change(record=record)


@pytest.mark.parametrize("status", [InsStatus.PROVISOIRE, InsStatus.QUALIFIEE])
def test_a_date_may_be_marked_as_completed_whatever_the_status(status: InsStatus) -> None:
    record = _record(status)
    change = change_traits(record, _with(record, date_interpretee=True))
    assert (change.record.status, change.record.traits.date_interpretee, change.events) == (status, True, ())


@pytest.mark.parametrize("attribute", BLOCKING)
@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.req("SC.INS/va1.44")
def test_doubt_and_fiction_drop_to_provisoire(status: InsStatus, attribute: IdentityAttribute) -> None:
    record = _record(status)
    change = set_attribute(record, attribute)
    after = change.record
    assert (after.status, after.matricule, after.document) == (InsStatus.PROVISOIRE, None, None)
    assert after.attributes == {attribute}
    assert ("identity.ins_dropped" in _codes(change)) is (record.matricule is not None)
    lifted = clear_attribute(after, attribute).record
    assert (lifted.status, lifted.matricule, lifted.attributes) == (InsStatus.PROVISOIRE, None, frozenset())


@pytest.mark.parametrize("status", STATUSES)
def test_homonym_warns_and_changes_no_status(status: InsStatus) -> None:
    record = _record(status)
    warned = set_attribute(record, IdentityAttribute.HOMONYME).record
    assert (warned.status, warned.attributes) == (status, frozenset({IdentityAttribute.HOMONYME}))
    assert clear_attribute(warned, IdentityAttribute.HOMONYME).record == record


def test_attribute_set_twice_changes_nothing() -> None:
    record = _doubtful()
    assert set_attribute(record, IdentityAttribute.DOUTEUX) == Change(record=record)


@pytest.mark.parametrize(
    ("first", "second", "allowed"),
    [
        (IdentityAttribute.DOUTEUX, IdentityAttribute.HOMONYME, True),
        (IdentityAttribute.HOMONYME, IdentityAttribute.DOUTEUX, True),
        (IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF, False),
        (IdentityAttribute.FICTIF, IdentityAttribute.DOUTEUX, False),
        (IdentityAttribute.HOMONYME, IdentityAttribute.FICTIF, False),
        (IdentityAttribute.FICTIF, IdentityAttribute.HOMONYME, False),
    ],
)
def test_only_douteux_and_homonyme_stand_together(
    first: IdentityAttribute, second: IdentityAttribute, allowed: bool
) -> None:
    record = set_attribute(_record(), first).record
    if allowed:
        assert set_attribute(record, second).record.attributes == {first, second}
        return
    with pytest.raises(IdentityError, match=r"identity\.attribute_combination"):
        set_attribute(record, second)


# --- the record itself ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "QUAL"},
        {"status": "VALI"},
        {"status": "RECUP"},
        {"matricule": _ins()},
        {"document": PASSPORT},
        {"status": "QUAL", "matricule": _ins()},
        {"status": "RECUP", "matricule": _ins(), "document": PASSPORT},
        {"status": "QUAL", "document": PASSPORT},
        {"status": "VALI", "document": PASSPORT, "attributes": frozenset({"DOUTEUX"})},
        {"status": "RECUP", "matricule": _ins(), "attributes": frozenset({"FICTIF"})},
        {"attributes": frozenset({"DOUTEUX", "FICTIF"})},
        {"attributes": frozenset({"HOMONYME", "FICTIF"})},
        {"history": (InsHistoryEntry(matricule=_ins()),)},
        {"ins_obtained_at": NOW},
        {"proof_requests": -1},
    ],
)
def test_record_that_contradicts_itself_cannot_be_made(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        IdentityRecord.model_validate({"traits": _traits()} | fields)


def test_record_survives_a_round_trip_through_json() -> None:
    record = set_attribute(_record(InsStatus.QUALIFIEE), IdentityAttribute.HOMONYME).record
    assert IdentityRecord.model_validate_json(record.model_dump_json()) == record


@pytest.mark.parametrize("code", NOTICE_TEXTS)
def test_each_notice_is_a_french_sentence_with_a_next_step(code: str) -> None:
    text, action = NOTICE_TEXTS[code]
    assert code.startswith("identity.")
    assert text.endswith(".")
    assert action.endswith(".")
