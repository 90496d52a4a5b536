"""Kinds of documents and their names: each type with its class, no row that could be left out, nothing dropped."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_sdk.documents import (
    DocumentKind,
    DocumentLabel,
    class_of,
    classes,
    kind_for_label,
    kind_of,
    kinds,
    labels,
    shown,
)
from segur_sdk.documents.labels import LabelGroup
from segur_sdk.errors import InputError
from segur_sdk.formats.xds.codes import formats

CLASSES = {
    "10": "Compte rendu",
    "11": "Synthèse",
    "31": "Imagerie médicale",
    "42": "Prescription",
    "43": "Dispensation",
    "44": "Plan de soins, protocole de soins",
    "45": "Traitement administré",
    "52": "Certificat, déclaration",
    "60": "Données de remboursement",
    "90": "Autres documents déposés par le patient",
    "95": "Document de gestion",
}
TYPES = {
    "10": """11488-4 11490-0 11502-2 11505-5 11506-3 11526-1 15507-7 15508-5 28653-4 29274-8 34112-3 34749-2 34794-8
    34874-8 34875-5 47420-5 51969-4 59283-2 60568-3 67851-6 70004-7 75482-0 75492-9 75496-0 77436-4 78513-9 78601-2
    83981-1 85208-7 93024-8 96349-6 BIL_AUTO DOCPAT03 DOCPAT05 DOCPAT06""",
    "11": """18761-7 34133-9 34842-5 56445-0 57057-2 57055-6 57075-4 60591-5 68599-0 68817-6 74207-2 78489-2 83901-9
    83836-7 88348-8 89235-6 DOCPAT01 DOCPAT08 SYNTH""",
    "31": "18748-4 52040-3 DOCPAT04 IMG-KOS",
    "42": """55115-0 57828-6 57832-8 57833-6 61357-0 75468-9 DOCPAT02 PRESC-AAT PRESC-BIO PRESC-KINE PRESC-INF
    PRESC-PEDI PRESC-ORTHOPHO PRESC-ORTHOPTIE""",
    "43": "60593-1 DISP_AUT 80820-4",
    "44": "18776-5 77604-7 80771-9 80788-3 83869-8 PROT_ALD",
    "45": "80565-5",
    "52": "11369-6 87273-9 89601-9 96173-0 96874-3 CERT_DECL DOCPAT07",
    "60": "REMB",
    "90": "74465-6 EXPPAT_1 EXPPAT_2 EXPPAT_3",
    "95": "59284-0 86531-1 AUTORIS-SOINS ATTEST-RESID ATTEST-DROITS-AM ATTEST-ASS-COMPL ATTEST-HEBGT DOCPAT09",
}
"""Type codes by class, from ASS_X16 of 2024-02-23."""
PDF = "urn:ihe:iti:xds-sd:pdf:2008"
PHARMACY = {
    "78601-2": ("CR d'entretien pharmaceutique", "10", 1, PDF, True),
    "56445-0": ("Bilan médicamenteux (Officine)", "11", 1, PDF, True),
    "87273-9": ("Note de vaccination", "52", 3, "urn:asip:ci-sis:vac-note:2021", True),
    "11369-6": ("Historique des vaccinations", "52", 3, "urn:asip:ci-sis:vac:2019", False),
    "96173-0": ("Test rapide d'orientation diagnostique", "52", 3, "urn:ans:ci-sis:trod:2024", False),
    "60593-1": ("Dispensation médicamenteuse", "43", 3, "urn:ihe:pharm:dis:2010", False),
    "DISP_AUT": ("Dispensation (autre)", "43", 1, PDF, False),
    "57833-6": ("Prescription de produits de santé", "42", 3, "urn:ihe:pharm:pre:2010", False),
    "61357-0": ("Intervention pharmaceutique", "42", 1, PDF, False),
    "75468-9": ("Renouvellement ordonnance par pharmacien correspondant", "42", 1, PDF, False),
    "93024-8": ("CR de consultation pharmaceutique", "10", 1, PDF, False),
    "80820-4": ("Formulaire de conciliation médicamenteuse (Hôpital)", "43", 1, PDF, False),
    "80565-5": ("CR d'administration de médicaments", "45", 1, PDF, False),
}
NAMES: dict[LabelGroup, dict[str, str | None]] = {
    LabelGroup.SYNTHESES: {
        "Note de transfert": "18761-7",
        "Synthèse d'épisode": "34133-9",
        "Synthèse d'épisode de soins": "34133-9",
        "Synthèse de dossier": "60591-5",
        "Synthèse du dossier médical": "60591-5",
        "Volet de synthèse médicale": "60591-5",
    },
    LabelGroup.TREATMENT: {
        "Prescription de médicaments": "57833-6",
        "Dispensation de médicaments": "60593-1",
        "Délivrance de médicaments": "60593-1",
        "Protocole d'ALD": "PROT_ALD",
        "Bilan partagé de médication": "56445-0",
    },
    LabelGroup.REPORTS: {
        "Compte rendu d'entretien pharmaceutique": "78601-2",
        "Compte rendu de naissance": "15508-5",
        "Compte rendu d'acte": "11505-5",
        "Compte rendu d'acte thérapeutique": "11505-5",
        "Compte rendu d'acte diagnostique": "70004-7",
        "Compte rendu d'admission": "67851-6",
        "Compte rendu d'anesthésie": "77436-4",
        "Compte rendu de passage aux urgences": "15507-7",
        "Compte rendu de réunion de concertation pluridisciplinaire": "34794-8",
        "Compte rendu de RCP": "34794-8",
        "Compte rendu de télémédecine": "85208-7",
        "Compte rendu de téléconsultation": "85208-7",
        "Compte rendu de séjour": "34112-3",
        "Compte rendu opératoire": "34874-8",
        "Compte rendu de consultation": "11488-4",
        "Lettre de sortie": "11490-0",
    },
    LabelGroup.IMAGING: {"Compte rendu d'imagerie": "18748-4", "Imagerie": "18748-4"},
    LabelGroup.BIOLOGY: {
        "Compte rendu de biologie": "11502-2",
        "Biologie": "11502-2",
        "Anatomopathologie": "60568-3",
        "Compte rendu d'anatomopathologie": "60568-3",
    },
    LabelGroup.PREVENTION: {
        "Prévention": "75492-9",
        "Acte de dépistage": "75492-9",
        "Note de vaccination": "87273-9",
        "Historique des vaccinations": "11369-6",
    },
    LabelGroup.CERTIFICATES: {
        "Certificat de violences": "CERT_DECL",
        "Certificat de soins psychiatriques": "CERT_DECL",
        "Certificat de décès": None,
    },
}
"""Usual type by name, written by hand."""


def untrue_of_kinds(rows: Iterable[DocumentKind]) -> set[str]:
    given_rows = {row.code: row.class_code for row in rows}
    expected = {code: class_code for class_code, listed in TYPES.items() for code in listed.split()}
    return {code for code in given_rows.keys() | expected.keys() if given_rows.get(code) != expected.get(code)}


def untrue_of_labels(rows: Iterable[DocumentLabel]) -> set[str]:
    given_rows = {(row.group, row.text): next(iter(row.types), None) for row in rows}
    expected: dict[tuple[LabelGroup | None, str], str | None] = {
        (group, text): code for group, named in NAMES.items() for text, code in named.items()
    }
    every = given_rows.keys() | expected.keys()
    return {text for group, text in every if given_rows.get((group, text), "") != expected.get((group, text), "")}


def test_no_type_can_be_left_out() -> None:
    rows = list(kinds().values())
    assert untrue_of_kinds(rows) == set()
    assert [row.code for row in rows if not untrue_of_kinds(one for one in rows if one is not row)] == []


def test_every_class_has_its_name() -> None:
    assert {code: row.label for code, row in classes().items()} == CLASSES
    assert {row.class_code for row in kinds().values()} == set(CLASSES)


@pytest.mark.parametrize("code", sorted(kinds()))
def test_each_kind_is_consistent(code: str) -> None:
    kind = kind_of(code)
    own = next(row for row in formats() if row.code == kind.format)

    assert class_of(code).code == kind.class_code
    assert class_of(code).label == CLASSES[kind.class_code]
    assert (kind.level == 1) == (own.media_type == "application/pdf")
    assert (kind.level == 3) == bool(own.templates)
    assert kind.system == ("2.16.840.1.113883.6.1" if code[0].isdigit() else "1.2.250.1.213.1.1.4.12")
    assert (kind.type.code, kind.type.label) == (code, kind.label)
    assert not (kind.automatic and kind.sensitive)


@pytest.mark.req("S000-34", "S000-35", "S000-36")
@pytest.mark.parametrize("code", PHARMACY)
def test_kinds_of_a_pharmacy_are_as_published(code: str) -> None:
    kind = kind_of(code)
    assert (kind.label, kind.class_code, kind.level, kind.format, kind.automatic) == PHARMACY[code]


@pytest.mark.req("S000-34", "S000-35", "S000-36")
def test_three_documents_leave_by_themselves_and_no_other() -> None:
    assert {code for code, kind in kinds().items() if kind.automatic} == {"78601-2", "87273-9", "56445-0"}


def test_certificates_and_psychiatry_are_sensitive() -> None:
    assert {code for code, kind in kinds().items() if kind.sensitive} == {"89601-9", "CERT_DECL", "68599-0"}


def test_what_two_copies_of_a_list_contradict_is_not_called_verified() -> None:
    assert {code for code, kind in kinds().items() if not kind.verified} == {"80820-4"}


@pytest.mark.req("S001-12")
@pytest.mark.parametrize(
    ("code", "label", "text"),
    [
        pytest.param("78601-2", None, "CR d'entretien pharmaceutique", id="known"),
        pytest.param("78601-2", "autre nom", "CR d'entretien pharmaceutique", id="known, under another name"),
        pytest.param("99999-9", "Document nouveau", "Document nouveau (99999-9)", id="unknown, with a name"),
        pytest.param("99999-9", None, "Type de document inconnu (99999-9)", id="unknown"),
    ],
)
def test_unknown_type_is_shown_and_never_dropped(code: str, label: str | None, text: str) -> None:
    assert shown(code, label) == text


@pytest.mark.parametrize("code", ["", "99999-9", "78601-2 ", "E1762", "disp_aut"])
def test_unknown_type_has_no_kind(code: str) -> None:
    for asked in (kind_of, class_of):
        with pytest.raises(InputError) as caught:
            asked(code)
        assert caught.value.code == "input.document_type_unknown"


@pytest.mark.req("S001-08", "S001-09", "S001-10", "S001-11")
def test_no_name_can_be_left_out() -> None:
    rows = list(labels().values())
    assert untrue_of_labels(rows) == set()
    assert [row.text for row in rows if not untrue_of_labels(one for one in rows if one is not row)] == []


@pytest.mark.req("S001-08", "S001-09", "S001-10", "S001-11")
@pytest.mark.parametrize("text", [text for named in NAMES.values() for text in named])
def test_every_name_leads_to_a_type_and_a_class(text: str) -> None:
    found = kind_for_label(text)
    assert found.known
    assert bool(found.kinds) == found.dmp
    assert all(kind.class_code in CLASSES for kind in found.kinds)


@pytest.mark.parametrize(
    "text",
    ["compte rendu d'imagerie", "  COMPTE RENDU   D'IMAGERIE ", "Compte rendu d’imagerie", "compte\nrendu d'imagerie"],
)
def test_case_blanks_and_apostrophes_do_not_count(text: str) -> None:
    assert kind_for_label(text).types == ("18748-4",)


@pytest.mark.parametrize("text", ["synthese d'episode", "Synthe\u0300se d'e\u0301pisode", "SYNTHÈSE D'ÉPISODE"])
def test_accents_do_not_count(text: str) -> None:
    assert kind_for_label(text).types == ("34133-9",)


def test_death_certificate_has_no_way_to_the_dmp() -> None:
    found = kind_for_label("certificat de décès")
    assert (found.known, found.dmp, found.sensitive, found.types) == (True, False, True, ())


@pytest.mark.parametrize("text", ["certificat de violences", "certificat de soins psychiatriques"])
def test_sensitive_certificates_are_known_by_name(text: str) -> None:
    assert kind_for_label(text).sensitive


@pytest.mark.req("S001-12")
@given(st.text(max_size=300))
def test_any_name_comes_back(text: str) -> None:
    found = kind_for_label(text)
    assert found.text
    if not found.known:
        assert (found.types, found.dmp) == ((), False)
        assert found.text in {text.strip()[:128], "?"}
