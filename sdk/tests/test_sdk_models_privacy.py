"""Patient data is marked wherever it is declared and never shows, not even in a refusal."""

import importlib
import io
import logging
import pkgutil
import traceback
import unicodedata
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any, get_args

import pytest
from pydantic import BaseModel, ValidationError

import segur_sdk
from segur_sdk.errors import invalid_input
from segur_sdk.hooks.prescription_scanned import ScannedCode, ScannedPrescription
from segur_sdk.hooks.qualify_identity import IdentityRequest
from segur_sdk.identity.engine import IdentityPolicy, apply_evidence, create, present_document
from segur_sdk.models.actor import Environment
from segur_sdk.models.base import Value
from segur_sdk.models.card import ApcvContext, CardReading, HostSuppliedReading
from segur_sdk.models.identity import (
    AnsweredTraits,
    Divergence,
    InsAttempt,
    InsCandidate,
    InsEvidence,
    MatriculeIns,
    NirFacturation,
    ProofDocument,
    SearchTraits,
    Traits,
)
from segur_sdk.privacy import is_marked

NOM, PRENOM, BORN, PLACE = "D'Artagnan de l'Hérault", "Pierre-Alain", "2001-06-17", "63220"
MATRICULE, PAYLOAD = "101066322075460", "QRCANARI4242"
NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)

SEARCH: dict[str, Any] = {
    "nom_naissance": NOM,
    "prenoms_naissance": [PRENOM],
    "sexe": "M",
    "date_naissance": BORN,
    "lieu_naissance": PLACE,
}
TRAITS = SEARCH | {"premier_prenom": PRENOM}
INS = {"value": MATRICULE, "oid": "1.2.250.1.213.1.4.8"}
ATTEMPT = {"operation": "traits", "message_id": "uuid:1", "sent_at": NOW, "criteria": SEARCH, "cr": "00"}
EVIDENCE = {
    "source": "insi_traits",
    "cr": "00",
    "individual": {"matricule": INS, "history": [{"matricule": INS, "start": BORN}], "traits": TRAITS},
    "attempts": [ATTEMPT],
    "divergences": [{"trait": "nom_naissance", "reason": "differs", "ours": NOM, "theirs": PRENOM}],
    "obtained_at": NOW,
}
BENEFICIARY = {
    "position": 1,
    "nom": NOM,
    "nom_usage": NOM,
    "prenom": PRENOM,
    "date_naissance": BORN,
    "date_en_carte": "20010617",
    "sexe": "M",
    "nir": {"value": MATRICULE},
}
SUPPLIED = {
    "nom_patronymique": NOM,
    "nom_usuel": NOM,
    "prenom_usuel": PRENOM,
    "date": "20010617",
    "date_en_carte": "20010617",
    "nir": MATRICULE,
    "nir_certifie": MATRICULE,
    "sexe": "M",
}

SAMPLES: list[tuple[type[Value], dict[str, Any]]] = [
    (SearchTraits, SEARCH),
    (Traits, TRAITS),
    (AnsweredTraits, TRAITS),
    (MatriculeIns, INS),
    (NirFacturation, {"value": MATRICULE}),
    (InsCandidate, {"matricule": INS, "traits": SEARCH, "method": "CB"}),
    (Divergence, {"trait": "nom_naissance", "reason": "differs", "ours": NOM, "theirs": PRENOM}),
    (InsAttempt, ATTEMPT),
    (InsEvidence, EVIDENCE),
    (IdentityRequest, {"subject": {"kind": "traits", "traits": SEARCH}}),
    (IdentityRequest, {"subject": {"kind": "card", "beneficiary": BENEFICIARY}}),
    (
        CardReading,
        {"family": "vitale", "nature": "T", "beneficiaries": [BENEFICIARY], "provenance": "apdu", "read_at": NOW},
    ),
    (HostSuppliedReading, {"component": "essai 1", "nature": "T", "beneficiaries": [SUPPLIED]}),
    (ApcvContext, {"payload": PAYLOAD}),
    (ScannedCode, {"symbology": "qr", "payload": PAYLOAD, "origin": "camera"}),
    (ScannedPrescription, {"number": PAYLOAD}),
]
IDS = [f"{model.__name__}-{index}" for index, (model, _) in enumerate(SAMPLES)]


# Names of unknown fields and tags of unknown kinds are in pydantic's own text whatever the settings: hence
# ``invalid_input``, which is what crosses a contract.
REPEATED_BY_PYDANTIC = {"extra_forbidden", "union_tag_invalid"}


def _forms(secret: str) -> Iterator[str]:
    plain = "".join(letter for letter in unicodedata.normalize("NFD", secret) if not unicodedata.combining(letter))
    for form in (secret, plain):
        yield from (form, form.upper(), form.lower(), ascii(form)[1:-1])


CANARIES = frozenset(
    form
    for secret in (NOM, PRENOM, BORN, "20010617", "2001, 6, 17", PLACE, MATRICULE, MATRICULE[:13], PAYLOAD)
    for form in _forms(secret)
)


def _shown(*things: object) -> str:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("segur_sdk.canaries")
    logger.addHandler(handler)
    try:
        for thing in things:
            logger.warning("%s %r", thing, thing)
            logger.warning("%s", {"in a mapping": [thing]})
    finally:
        logger.removeHandler(handler)
    return stream.getvalue()


def _leaks(text: str) -> list[str]:
    return sorted(canary for canary in CANARIES if canary in text)


@pytest.mark.parametrize(("model", "fields"), SAMPLES, ids=IDS)
def test_no_rendering_shows_patient_data(model: type[Value], fields: dict[str, Any]) -> None:
    value = model.model_validate(fields)
    shown = _shown(value) + f"{value} {value!r} {value:}"
    assert "‹patient›" in shown
    # Dates of validity of a former matricule are not the person's.
    assert _leaks(shown.replace("start=datetime.date(2001, 6, 17)", "")) == []


def test_no_rendering_of_the_engine_shows_patient_data() -> None:
    created = create(Traits.model_validate(TRAITS | {"prenoms_naissance": ["MURIEL"]}))
    evidence = InsEvidence.model_validate(EVIDENCE)
    diverging = apply_evidence(created.record, evidence, environment=Environment.TEST)
    assert diverging.divergences
    imported = apply_evidence(
        created.record,
        evidence,
        environment=Environment.TEST,
        confirmed=frozenset(each.trait for each in diverging.divergences),
    )
    assert imported.record.matricule is not None
    checked = present_document(imported.record, ProofDocument(type="PA"), IdentityPolicy(), on=NOW.date())
    assert _leaks(_shown(created, diverging, imported, checked, checked.record)) == []


def _damages(fields: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Return the sample with each text replaced by something wrong that still holds a canary, and with one more."""
    for name, value in fields.items():
        for wrong in (f"{MATRICULE} {NOM} {PAYLOAD}" + "X" * 9000, [NOM], {NOM: MATRICULE}, 101066322075460):
            yield fields | {name: wrong}
        if isinstance(value, dict):
            for inner in _damages(value):
                yield fields | {name: inner}
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            for inner in _damages(value[0]):
                yield fields | {name: [inner]}
    yield fields | {"unknown": NOM}


def _failures(model: type[Value], fields: dict[str, Any]) -> Iterator[ValidationError]:
    for damaged in _damages(fields):
        try:
            model.model_validate(damaged)
        except ValidationError as failure:
            yield failure


@pytest.mark.parametrize(("model", "fields"), SAMPLES, ids=IDS)
def test_no_refusal_shows_patient_data(model: type[Value], fields: dict[str, Any]) -> None:
    failures = list(_failures(model, fields))
    assert failures
    for failure in failures:
        if not {error["type"] for error in failure.errors()} & REPEATED_BY_PYDANTIC:
            assert _leaks(f"{failure} {failure!r}" + "".join(traceback.format_exception(failure))) == []
        typed = invalid_input("input.event", failure, model)
        assert _leaks(f"{typed} {typed!r} {typed.facts}") == []
        assert typed.code == "input.event"


def test_typed_refusal_does_not_repeat_the_name_of_an_unknown_field() -> None:
    with pytest.raises(ValidationError) as failure:
        SearchTraits.model_validate(SEARCH | {NOM: 1})
    typed = invalid_input("input.event", failure.value, SearchTraits)
    assert _leaks(f"{typed} {typed.facts}") == []
    assert typed.facts["fields"] == "?:extra_forbidden"


# --- the mark stands wherever patient data is declared -------------------------------------------------------

PATIENT_NAMES = frozenset(
    {
        "nom", "nom_naissance", "nom_usage", "nom_usuel", "nom_patronymique", "nom_utilise", "nom_complet",
        "prenom", "prenoms", "premier_prenom", "prenoms_naissance", "prenom_usuel", "prenom_utilise",
        "sexe", "date", "date_naissance", "date_en_carte", "birth_date", "lieu_naissance", "code_lieu_naissance",
        "nir", "nir_certifie", "matricule_ins", "nia", "ins", "value", "payload", "ours", "theirs",
        "adresse", "telephone", "courriel", "email", "phone", "address",
    }
)  # fmt: skip
NOT_A_PATIENTS = frozenset(
    {
        ("Choice", "value"),
        ("FormField", "value"),
        ("StructureId", "value"),
        ("TokenData", "value"),
    }
)


def _models() -> Iterator[type[Value]]:
    for module in pkgutil.walk_packages(segur_sdk.__path__, "segur_sdk."):
        importlib.import_module(module.name)
    waiting = [Value]
    seen: set[type[Value]] = set()
    while waiting:
        for model in waiting.pop().__subclasses__():
            if model not in seen and model.__module__.startswith("segur_sdk."):
                seen.add(model)
                waiting.append(model)
                yield model


def _is_plain(annotation: Any) -> bool:
    """Tell whether a field holds text or dates rather than another model, which marks its own fields."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return False
    return all(_is_plain(argument) for argument in get_args(annotation))


def test_every_field_named_like_patient_data_is_marked() -> None:
    models = list(_models())
    assert {"Traits", "Beneficiary", "SuppliedBeneficiary", "AnsweredTraits"} <= {model.__name__ for model in models}
    unmarked = [
        f"{model.__name__}.{name}"
        for model in models
        for name, field in model.model_fields.items()
        if name in PATIENT_NAMES
        and (model.__name__, name) not in NOT_A_PATIENTS
        and _is_plain(field.annotation)
        and not is_marked(field)
    ]
    assert unmarked == []


def test_every_day_without_an_hour_is_marked_or_known() -> None:
    known = {"InsHistoryEntry.start", "InsHistoryEntry.end", "OrderProgress.expected_on", "Obligation.since"}
    days = {
        f"{model.__name__}.{name}": is_marked(field)
        for model in _models()
        for name, field in model.model_fields.items()
        if field.annotation is date or date in get_args(field.annotation)
    }
    assert days["Traits.date_naissance"]
    assert {name for name, marked in days.items() if not marked} <= known


def test_marks_are_in_the_schema_for_other_languages() -> None:
    schema = Traits.model_json_schema()["properties"]
    assert {name for name, field in schema.items() if field.get("x-patient-data")} == set(TRAITS) - {"sexe"}
    assert "x-patient-data" not in schema["date_interpretee"]
