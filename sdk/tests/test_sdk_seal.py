"""Nothing but the very record that a host sealed is taken for genuine."""

import copy
import json
import pickle
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from segur_sdk.hooks.dmp_send import ConsentSnapshot, DmpDraft
from segur_sdk.identity.seal import SealedIdentity, Sealer
from segur_sdk.models.actor import Environment
from segur_sdk.models.identity import IdentityAttribute, InsOid, InsStatus, MatriculeIns, Traits

KEY = bytes(range(32))


def _traits(**other: Any) -> Traits:
    fields: dict[str, Any] = {
        "nom_naissance": "ADRUN",
        "premier_prenom": "ZOE",
        "prenoms_naissance": ("ZOE",),
        "sexe": "F",
        "date_naissance": date(1975, 12, 31),
        "lieu_naissance": "63220",
    }
    return Traits.model_validate(fields | other)


def _matricule(value: str = "275126322074974", oid: str = InsOid.NIR) -> MatriculeIns:
    return MatriculeIns(value=value, oid=oid)


def _sealed(key: bytes = KEY, **other: Any) -> SealedIdentity:
    fields: dict[str, Any] = {
        "identity_ref": "id-1",
        "revision": 3,
        "tenant": "officine",
        "environment": Environment.PRODUCTION,
        "status": InsStatus.QUALIFIEE,
        "attributes": frozenset({IdentityAttribute.HOMONYME}),
        "traits": _traits(),
        "matricule": _matricule(),
    }
    return Sealer(key).seal(**(fields | other))


def _genuine(identity: object) -> bool:
    return Sealer(KEY).is_genuine(identity)


# --- what is genuine -------------------------------------------------------------------------------------


def test_sealed_record_is_genuine_for_its_key_alone() -> None:
    assert _genuine(_sealed())
    assert not Sealer(bytes(32)).is_genuine(_sealed())
    assert not _genuine(_sealed(bytes(32)))


def test_seal_of_the_same_record_is_the_same_after_a_restart() -> None:
    assert _sealed() == _sealed()
    assert _sealed().seal != _sealed(revision=4).seal


def test_values_given_as_text_seal_what_they_become() -> None:
    sealed = _sealed(status="QUAL", environment="production", attributes={"HOMONYME"})
    assert _genuine(sealed)
    assert sealed == _sealed()


def test_key_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(bytes(31))


@pytest.mark.parametrize(
    "fields",
    [
        {"status": InsStatus.QUALIFIEE, "matricule": None},
        {"status": InsStatus.RECUPEREE, "matricule": None},
        {"status": InsStatus.VALIDEE},
        {"status": InsStatus.PROVISOIRE},
        {"revision": 0},
        {"identity_ref": ""},
    ],
)
def test_record_that_contradicts_itself_is_not_sealed(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        _sealed(**fields)


# --- what cannot be made ---------------------------------------------------------------------------------


def _fields() -> dict[str, Any]:
    return dict(vars(_sealed()))


REFUSED_DOORS: list[tuple[str, Callable[[], object]]] = [
    ("constructor", lambda: SealedIdentity(**_fields())),
    ("model_validate", lambda: SealedIdentity.model_validate(_fields())),
    ("model_validate from attributes", lambda: SealedIdentity.model_validate(_Lookalike(), from_attributes=True)),
    ("model_validate without a host", lambda: SealedIdentity.model_validate({"identity_ref": "id-1"})),
    (
        "model_validate with a made up context",
        lambda: SealedIdentity.model_validate(_fields(), context={"making": object(), "resolve_identity": _resolve}),
    ),
    ("model_validate_json", lambda: SealedIdentity.model_validate_json('{"identity_ref":"id-1"}')),
    ("model_validate_json with traits", lambda: SealedIdentity.model_validate_json(_as_json())),
    (
        "model_validate_json with traits at a host",
        lambda: SealedIdentity.model_validate_json(_as_json(), context={"resolve_identity": _resolve}),
    ),
    ("model_validate_strings", lambda: SealedIdentity.model_validate_strings({"identity_ref": "id-1"})),
    ("type adapter", lambda: TypeAdapter(SealedIdentity).validate_python(_fields())),
    ("inside a draft", lambda: _draft(_fields())),
    ("model_copy", lambda: _sealed().model_copy()),
    ("model_copy with an update", lambda: _sealed().model_copy(update={"revision": 4})),
    ("pickle", lambda: pickle.dumps(_sealed())),
    ("assignment", lambda: setattr(_sealed(), "status", InsStatus.QUALIFIEE)),
    ("deletion", lambda: delattr(_sealed(), "seal")),
]


class _Lookalike:
    def __init__(self) -> None:
        self.__dict__.update(_fields())


def _resolve(reference: str) -> SealedIdentity:
    return _sealed(identity_ref=reference)


def _as_json() -> str:
    traits = _traits().model_dump(mode="json")
    return json.dumps({"identity_ref": "id-1", "status": "QUAL", "traits": traits, "seal": _sealed().seal})


def _draft(identity: Any) -> DmpDraft:
    consents = ConsentSnapshot(informed=True, opposed=False)
    return DmpDraft.model_validate(
        {"identity": identity, "document_type": "34133-9", "title": "Synthèse", "consents": consents}
    )


@pytest.mark.parametrize(("door", "enter"), REFUSED_DOORS, ids=[door for door, _ in REFUSED_DOORS])
def test_no_door_but_the_host_makes_an_identity(door: str, enter: Callable[[], object]) -> None:
    with pytest.raises((ValidationError, TypeError)) as refusal:
        enter()
    assert "ADRUN" not in str(refusal.value)
    assert "275126322074974" not in str(refusal.value)


# --- what can be put together by hand, and is seen ---------------------------------------------------------


class _Derived(SealedIdentity):
    pass


class _LyingTraits(Traits):
    def model_dump(self, **_: Any) -> dict[str, Any]:
        return _traits().model_dump(mode="json")


_SameName = type("Traits", (Traits,), {"__module__": __name__, "__doc__": None})
"""A derived model that bears the very name of the real one, and could answer anything."""


class _LyingText(str):
    __slots__ = ()

    def __str__(self) -> str:
        return "QUAL"


class _LyingDate(date):
    def isoformat(self) -> str:
        return "1975-12-31"


OTHER_VALUES: list[tuple[str, Any]] = [
    ("identity_ref", "id-2"),
    ("revision", 4),
    ("revision", 3.0),
    ("revision", True),
    ("tenant", "autre"),
    ("environment", Environment.TEST),
    ("environment", "production"),
    ("status", InsStatus.RECUPEREE),
    ("status", "QUAL"),
    ("status", _LyingText("PROV")),
    ("attributes", frozenset()),
    ("attributes", frozenset({IdentityAttribute.DOUTEUX})),
    ("attributes", [IdentityAttribute.HOMONYME]),
    ("traits", _traits(nom_naissance="ADRTROIS")),
    ("traits", _traits(premier_prenom="ZOÉ")),
    ("traits", _traits(prenoms_naissance=("ZOE", "MARIE"))),
    ("traits", _traits(sexe="M")),
    ("traits", _traits(date_naissance=date(1975, 12, 30))),
    ("traits", _traits(lieu_naissance="2A020")),
    ("traits", _traits(date_interpretee=True)),
    ("traits", _LyingTraits(**dict(_traits(nom_naissance="ADRTROIS")))),
    ("traits", _SameName(**dict(_traits()))),
    ("traits", None),
    ("matricule", _matricule("297022A02077878")),
    ("matricule", _matricule(oid=InsOid.NIA)),
    ("matricule", None),
    ("seal", "0" * 64),
    ("seal", "é" * 64),
    ("seal", None),
    ("unknown", 1),
]
IDS = [f"{name}-{index}" for index, (name, _) in enumerate(OTHER_VALUES)]


@pytest.mark.parametrize(("name", "value"), OTHER_VALUES, ids=IDS)
def test_each_field_changed_from_behind_is_seen(name: str, value: Any) -> None:
    for change in (_by_setattr, _by_dict, _by_new, _by_construct):
        assert not _genuine(change(name, value)), change.__name__


def _by_setattr(name: str, value: Any) -> SealedIdentity:
    identity = _sealed()
    object.__setattr__(identity, name, value)
    return identity


def _by_dict(name: str, value: Any) -> SealedIdentity:
    identity = _sealed()
    identity.__dict__[name] = value
    return identity


def _by_new(name: str, value: Any) -> SealedIdentity:
    identity = object.__new__(SealedIdentity)
    object.__setattr__(identity, "__dict__", _fields() | {name: value})
    return identity


def _by_construct(name: str, value: Any) -> SealedIdentity:
    identity = SealedIdentity.model_construct(**_fields())
    identity.__dict__[name] = value
    return identity


@pytest.mark.parametrize("name", SealedIdentity.model_fields)
def test_a_field_taken_away_is_seen(name: str) -> None:
    identity = _sealed()
    del identity.__dict__[name]
    assert not _genuine(identity)


@pytest.mark.parametrize(
    ("holder", "name", "value"),
    [
        ("traits", "nom_naissance", "ADRTROIS"),
        ("traits", "date_naissance", _LyingDate(1975, 12, 30)),
        ("traits", "date_naissance", "1975-12-31"),
        ("traits", "sexe", "F"),
        ("traits", "prenoms_naissance", ["ZOE"]),
        ("traits", "model_dump", lambda **_: _traits().model_dump(mode="json")),
        ("matricule", "value", "297022A02077878"),
        ("matricule", "oid", InsOid.NIR_TEST),
    ],
)
def test_what_it_holds_changed_from_behind_is_seen(holder: str, name: str, value: Any) -> None:
    for write in (_write_by_setattr, _write_by_dict):
        identity = _sealed()
        write(getattr(identity, holder), name, value)
        assert not _genuine(identity), write.__name__


def _write_by_setattr(target: BaseModel, name: str, value: Any) -> None:
    object.__setattr__(target, name, value)


def _write_by_dict(target: BaseModel, name: str, value: Any) -> None:
    target.__dict__[name] = value


@pytest.mark.parametrize(
    "make",
    [
        lambda: None,
        lambda: "id-1",
        lambda: {"identity_ref": "id-1"},
        _fields,
        _Lookalike,
        lambda: _Derived.model_construct(**_fields()),
        lambda: object.__new__(SealedIdentity),
        lambda: SealedIdentity.model_construct(**dict[str, Any]()),
    ],
    ids=["none", "text", "reference", "fields", "lookalike", "derived", "empty", "constructed-empty"],
)
def test_anything_else_is_not_genuine(make: Callable[[], object]) -> None:
    assert not _genuine(make())


@pytest.mark.filterwarnings("ignore:The `copy` method is deprecated")
def test_old_style_copy_with_an_update_is_seen() -> None:
    assert not _genuine(_sealed().copy(update={"revision": 4}))


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
def test_a_copy_is_the_record_itself(copied: Callable[[SealedIdentity], SealedIdentity]) -> None:
    identity = _sealed()
    assert copied(identity) is identity


def test_validating_again_proves_nothing_more() -> None:
    assert _genuine(SealedIdentity.model_validate(_sealed()))
    assert not _genuine(SealedIdentity.model_validate(_by_dict("tenant", "autre")))


# --- what crosses a contract -------------------------------------------------------------------------------


def test_only_the_reference_is_written() -> None:
    assert json.loads(_draft(_sealed()).model_dump_json())["identity"] == {"identity_ref": "id-1"}
    assert _sealed().model_dump() == {"identity_ref": "id-1"}
    schema = SealedIdentity.model_json_schema()
    assert (list(schema["properties"]), schema["additionalProperties"]) == (["identity_ref"], False)


def test_reference_is_resolved_by_the_host() -> None:
    read = SealedIdentity.model_validate_json('{"identity_ref":"id-9"}', context={"resolve_identity": _resolve})
    assert _genuine(read)
    assert read.identity_ref == "id-9"


def test_nothing_of_the_person_shows() -> None:
    shown = f"{_sealed()!r} {_sealed()} {_sealed().model_dump()} {Sealer(KEY)!r}"
    for secret in ("ADRUN", "ZOE", "1975", "63220", "275126322074974", _sealed().seal, KEY.hex()):
        assert secret not in shown
