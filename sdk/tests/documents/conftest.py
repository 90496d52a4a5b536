"""Documents about published test identities, by published test professionals, and who judges them."""

import os
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from segur_sdk.formats.cda import build_cda
from segur_sdk.formats.pdfa import make_pdf
from segur_sdk.identity.seal import SealedIdentity, Sealer
from segur_sdk.models.actor import Environment
from segur_sdk.models.document import (
    CareStructure,
    ClinicalDocument,
    Concept,
    DocumentAct,
    DocumentProfessional,
    DocumentVersion,
    Recipient,
    Section,
    Vaccination,
    VaccinationBody,
    Vaccine,
    WrittenBody,
)
from segur_sdk.models.identity import InsOid, InsStatus, MatriculeIns, Traits

WINTER = timezone(timedelta(hours=1))
MONDAY = datetime(2026, 11, 16, 9, 0, tzinfo=WINTER)
THURSDAY = datetime(2026, 11, 19, 17, 30, tzinfo=WINTER)
LOINC = "2.16.840.1.113883.6.1"

PHARMACY = CareStructure(
    id="10B0152872",
    name="PHARMACIE DU TEST",
    postal_address="1 RUE DU COMPTOIR\n72000 LE MANS",
    telecom="tel:+33-243000000",
)
CAROLE = DocumentProfessional(
    id="899700075122", family_name="PHARMACH0007512", given_name="CAROLE", role="G15_21/A", structure=PHARMACY
)
VACCINE = Vaccine(
    code=Concept(code="60004277", system="1.2.250.1.213.2.3.1", label="VACCIN D’ESSAI, suspension injectable"),
    translations=(
        Concept(code="3400930000014", system="1.2.250.1.213.2.3.2", label="VACCIN D’ESSAI, une seringue"),
        Concept(code="J07BB02", system="2.16.840.1.113883.6.73", label="vaccin antigrippal à virus inactivé"),
    ),
    name="VACCIN D’ESSAI",
    lot="AB12",
    expires_on=date(2027, 5, 31),
)


@pytest.fixture(scope="session")
def official_cda() -> Path:
    """The official CDA schemas and examples; they may not be redistributed."""
    folder = os.environ.get("SEGUR_ASSETS")
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail("SEGUR_ASSETS is not set: the official CDA files are needed here")
        pytest.skip("SEGUR_ASSETS is not set: the official CDA files are not at hand")
    return Path(folder) / "cda"


@pytest.fixture(scope="session")
def carole() -> DocumentProfessional:
    return CAROLE


@pytest.fixture(scope="session")
def identity() -> Callable[..., SealedIdentity]:
    """ADRUN ZOE, qualifiée, in production unless told otherwise."""

    def make(traits: dict[str, Any] | None = None, **other: Any) -> SealedIdentity:
        known: dict[str, Any] = {
            "nom_naissance": "ADRUN",
            "premier_prenom": "ZOE",
            "prenoms_naissance": ("ZOE", "MARIE-ANNE"),
            "sexe": "F",
            "date_naissance": date(1975, 12, 31),
            "lieu_naissance": "63220",
        }
        fields: dict[str, Any] = {
            "identity_ref": "id-1",
            "revision": 3,
            "tenant": "officine",
            "environment": Environment.PRODUCTION,
            "status": InsStatus.QUALIFIEE,
            "attributes": frozenset(),
            "traits": Traits.model_validate(known | (traits or {})),
            "matricule": MatriculeIns(value="275126322074974", oid=InsOid.NIR),
        }
        return Sealer(bytes(range(32))).seal(**(fields | other))

    return make


@pytest.fixture(scope="session")
def document(identity: Callable[..., SealedIdentity]) -> Callable[..., ClinicalDocument]:
    """An interview of Monday, written, validated at once, made into a document on Thursday."""

    def make(**other: Any) -> ClinicalDocument:
        fields: dict[str, Any] = {
            "version": DocumentVersion(id="1.2.250.1.999.7.1", set_id="1.2.250.1.999.7"),
            "type": Concept(code="78601-2", system=LOINC, label="CR d’entretien pharmaceutique"),
            "title": "Entretien pharmaceutique",
            "made_at": THURSDAY,
            "patient": identity(),
            "author": CAROLE,
            "authored_at": MONDAY + timedelta(minutes=35),
            "validator": CAROLE,
            "validated_at": MONDAY + timedelta(minutes=40),
            "act": DocumentAct(start=MONDAY, stop=MONDAY + timedelta(minutes=30)),
            "recipients": (
                Recipient(
                    id="899700218896", family_name="DOC0021889", given_name="KIT", structure_name="CABINET DU TEST"
                ),
                Recipient(family_name="DUPOND"),
            ),
            "body": WrittenBody(
                sections=(
                    Section(heading="Observance", paragraphs=("Élève œuvre : ≥ 2 bouffées/jour & repos.", "")),
                    Section(heading="Suite", paragraphs=("Revoir dans six mois.",)),
                )
            ),
            "privacy_notice": "Vos données servent à votre suivi ; vous pouvez y accéder.",
        }
        return ClinicalDocument(**(fields | other))

    return make


@pytest.fixture(scope="session")
def note(document: Callable[..., ClinicalDocument]) -> Callable[..., ClinicalDocument]:
    """A *note de vaccination*; changes are those of its one vaccination."""

    def make(**other: Any) -> ClinicalDocument:
        fields: dict[str, Any] = {
            "given_at": MONDAY,
            "vaccine": VACCINE,
            "route": Concept(code="20035000", system="0.4.0.127.0.16.1.1.2.1", label="Voie intramusculaire"),
            "site": Concept(code="16217701000119102", system="2.16.840.1.113883.6.96", label="deltoïde gauche"),
            "dose_rank": 2,
            "comment": "Bien toléré < 1 h & sans suite",
        }
        return document(
            type=Concept(code="87273-9", system=LOINC, label="Note de vaccination"),
            title="Vaccination contre la grippe",
            body=VaccinationBody(vaccinations=(Vaccination(**(fields | other)),)),
        )

    return make


@pytest.fixture(scope="session")
def small_pdf(document: Callable[..., ClinicalDocument]) -> bytes:
    """A PDF/A-1b, made once."""
    return make_pdf(document())


@pytest.fixture(scope="session")
def cda(small_pdf: bytes) -> Callable[[ClinicalDocument], etree._Element]:
    """Build a CDA and read it with a parser that is not ours; a written body takes a PDF that is at hand."""

    def build(one: ClinicalDocument) -> etree._Element:
        return etree.fromstring(build_cda(one, small_pdf if isinstance(one.body, WrittenBody) else None))

    return build
