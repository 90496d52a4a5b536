"""What the schema and the official schematrons let pass is found before a document is built."""

from collections.abc import Callable
from typing import Any

import pytest

from segur_sdk.errors import InputError, sdk_catalogue
from segur_sdk.formats.cda import build_cda, check_document
from segur_sdk.formats.finding import Severity
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.document import (
    ClinicalDocument,
    Concept,
    DocumentAct,
    DocumentProfessional,
    DocumentVersion,
    PdfBody,
    Recipient,
    Section,
    Vaccination,
    VaccinationBody,
    Vaccine,
    WrittenBody,
)
from segur_sdk.models.identity import InsOid, MatriculeIns

Make = Callable[..., ClinicalDocument]


def one_finding(document: ClinicalDocument) -> tuple[str, str, Severity]:
    [found] = check_document(document)
    return found.code, found.where, found.severity


def refused_as(document: ClinicalDocument, code: str) -> bool:
    with pytest.raises(InputError) as raised:
        build_cda(document, b"%PDF-1.4")
    return raised.value.code == code


@pytest.mark.parametrize("kind", ["written", "note"])
def test_nothing_is_found_in_a_good_document(document: Make, note: Make, kind: str) -> None:
    assert check_document(document() if kind == "written" else note()) == ()


PROFESSIONAL_IDS: dict[str, tuple[str, str | None, Severity]] = {
    "RPPS": ("899700075122", None, Severity.ERROR),
    "RPPS with a wrong check digit": ("899700075123", "input.rpps_check", Severity.WARNING),
    "RPPS too short": ("89970007512", "input.document_professional_id", Severity.ERROR),
    "RPPS too long": ("8997000751222", "input.document_professional_id", Severity.ERROR),
    "unknown type": ("999700075122", "input.document_professional_id", Severity.ERROR),
    "letters in an RPPS": ("8997000751AB", "input.document_professional_id", Severity.ERROR),
    "FINESS and internal": ("3750803447/AB12", None, Severity.ERROR),
    "FINESS without internal": ("3750803447", "input.document_professional_id", Severity.ERROR),
    "SIRET and internal": ("533917228810005/7", None, Severity.ERROR),
}


@pytest.mark.parametrize(("value", "code", "severity"), PROFESSIONAL_IDS.values(), ids=PROFESSIONAL_IDS)
@pytest.mark.parametrize("place", ["author", "validator", "performer", "recipient"])
def test_identifier_of_a_professional(
    document: Make, carole: DocumentProfessional, value: str, code: str | None, severity: Severity, place: str
) -> None:
    other = carole.model_copy(update={"id": value})
    made = {
        "author": lambda: document(author=other),
        "validator": lambda: document(validator=other),
        "performer": lambda: document(act=DocumentAct(start=document().act.start, performer=other)),
        "recipient": lambda: document(recipients=(Recipient(id=value, family_name="DUPOND"),)),
    }[place]()

    where = {"performer": "act.performer.id", "recipient": "recipients[0].id"}.get(place, f"{place}.id")
    assert [(one.code, one.where, one.severity) for one in check_document(made)] == (
        [] if code is None else [(code, where, severity)]
    )


@pytest.mark.parametrize("place", ["author", "validator"])
def test_adeli_number_answers_for_no_new_document(document: Make, carole: DocumentProfessional, place: str) -> None:
    made = document(**{place: carole.model_copy(update={"id": "0750000001"})})

    assert one_finding(made) == ("input.document_adeli", f"{place}.id", Severity.ERROR)
    assert refused_as(made, "input.document_adeli")


STRUCTURES: dict[str, tuple[dict[str, Any], str | None, Severity]] = {
    "FINESS": ({"id": "10B0152872"}, None, Severity.ERROR),
    "FINESS with a wrong check digit": ({"id": "1120459876"}, "input.finess_check", Severity.WARNING),
    "FINESS too long": ({"id": "10B01528721"}, "input.finess_form", Severity.ERROR),
    "SIREN": ({"id": "2339172288"}, None, Severity.ERROR),
    "SIRET too short": ({"id": "333917228810"}, "input.siret_form", Severity.ERROR),
    "sector without a label": ({"sector": "SA99"}, "input.document_sector", Severity.WARNING),
}


@pytest.mark.parametrize(("changes", "code", "severity"), STRUCTURES.values(), ids=STRUCTURES)
def test_structure_of_a_professional(
    document: Make, carole: DocumentProfessional, changes: dict[str, Any], code: str | None, severity: Severity
) -> None:
    elsewhere = carole.model_copy(update={"structure": carole.structure.model_copy(update=changes)})
    found = [(one.code, one.severity) for one in check_document(document(validator=elsewhere))]

    assert found == ([] if code is None else [(code, severity)])


def test_role_without_a_label_is_told(document: Make, carole: DocumentProfessional) -> None:
    made = document(author=carole.model_copy(update={"role": "G15_10/SM99"}))

    assert one_finding(made) == ("input.document_role", "author.role", Severity.WARNING)


@pytest.mark.parametrize(
    ("code", "system"), [("99999-9", "2.16.840.1.113883.6.1"), ("78601-2", "1.2.250.1.213.1.1.4.12")]
)
def test_type_that_the_dmp_does_not_take_is_told_and_does_not_stop(document: Make, code: str, system: str) -> None:
    other = document(type=Concept(code=code, system=system, label="Autre"))

    assert one_finding(other) == ("input.document_type_unknown", "type", Severity.WARNING)


def test_wrong_key_of_a_matricule_is_told_and_does_not_stop(
    document: Make, identity: Callable[..., SealedIdentity], small_pdf: bytes
) -> None:
    made = document(patient=identity(matricule=MatriculeIns(value="275126322074900", oid=InsOid.NIR)))

    assert one_finding(made) == ("input.matricule_key", "patient.matricule", Severity.WARNING)
    assert b"275126322074900" in build_cda(made, small_pdf)


CIS = Concept(code="60004277", system="1.2.250.1.213.2.3.1", label="VACCIN")
ATC = Concept(code="J07BB02", system="2.16.840.1.113883.6.73", label="grippe")


def vaccinated(*vaccines: Vaccine) -> Callable[[ClinicalDocument], VaccinationBody]:
    return lambda made: VaccinationBody(
        vaccinations=tuple(Vaccination(given_at=made.act.start, vaccine=vaccine) for vaccine in vaccines)
    )


BODIES: dict[str, tuple[Callable[[ClinicalDocument], VaccinationBody], list[tuple[str, str]]]] = {
    "no speciality": (
        vaccinated(Vaccine(name="V", lot="1", code=ATC)),
        [("input.document_vaccine_code", "body.vaccinations[0].vaccine.cis")],
    ),
    "no class": (
        vaccinated(Vaccine(name="V", lot="1", code=CIS)),
        [("input.document_vaccine_code", "body.vaccinations[0].vaccine.atc")],
    ),
    "two specialities": (
        vaccinated(Vaccine(name="V", lot="1", code=CIS, translations=(CIS, ATC))),
        [("input.document_vaccine_code", "body.vaccinations[0].vaccine.cis")],
    ),
    "no lot": (
        vaccinated(Vaccine(name="V", code=CIS, translations=(ATC,))),
        [("input.document_vaccine_lot", "body.vaccinations[0].vaccine.lot")],
    ),
    "two vaccinations": (
        vaccinated(*[Vaccine(name="V", lot="1", code=CIS, translations=(ATC,))] * 2),
        [("input.document_vaccinations", "body.vaccinations")],
    ),
}


@pytest.mark.parametrize(("body", "expected"), BODIES.values(), ids=BODIES)
def test_vaccination_is_coded_and_alone(
    note: Make, body: Callable[[ClinicalDocument], VaccinationBody], expected: list[tuple[str, str]]
) -> None:
    made = note()
    found = check_document(made.model_copy(update={"body": body(made)}))

    assert [(one.code, one.where) for one in found] == expected


def test_structured_vaccination_is_of_no_other_kind(document: Make, note: Make) -> None:
    assert one_finding(document(body=note().body)) == ("input.document_kind", "type", Severity.ERROR)


OTHERS: dict[str, tuple[Callable[[Make], ClinicalDocument], str]] = {
    "a blank part": (
        lambda document: document(body=WrittenBody(sections=(Section(heading="Suite", paragraphs=(" ", "\n")),))),
        "input.document_empty",
    ),
    "an unknown setting": (
        lambda document: document(act=DocumentAct(start=document().act.start, practice_setting="OFFICINE")),
        "input.document_practice_setting",
    ),
    "a version that replaces itself": (
        lambda document: document(version=DocumentVersion(id="1.2.3", set_id="1.2", number=2, replaces="1.2.3")),
        "input.document_replaces_itself",
    ),
    "a body that is no PDF": (lambda document: document(body=PdfBody(pdf=b"\xd0\xcf\x11\xe0")), "input.pdf_header"),
}


@pytest.mark.parametrize(("make", "code"), OTHERS.values(), ids=OTHERS)
def test_what_cannot_be_built_is_refused_by_the_builder_too(
    document: Make, make: Callable[[Make], ClinicalDocument], code: str
) -> None:
    made = make(document)

    assert one_finding(made)[0] == code
    assert refused_as(made, code)


def test_every_code_has_a_french_text() -> None:
    codes = {code for _, code in OTHERS.values()} | {code for _, code, _ in PROFESSIONAL_IDS.values() if code}
    codes |= {code for _, expected in BODIES.values() for code, _ in expected}
    codes |= {"input.document_adeli", "input.document_kind", "input.document_role", "input.document_sector"}

    assert codes <= set(sdk_catalogue())
