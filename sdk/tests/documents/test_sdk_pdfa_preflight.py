"""PDFBox, which nobody here wrote, says that what we make is PDF/A-1b, and reads in it what we wrote."""

import os
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from segur_sdk.formats.pdfa import check_pdf, make_pdf
from segur_sdk.models.document import ClinicalDocument, Concept, Recipient, Section, WrittenBody

Make = Callable[..., ClinicalDocument]
JARS = Path("/usr/share/java")
NEEDED = (
    *("preflight", "pdfbox2", "pdfbox2-tools", "xmpbox", "fontbox2", "commons-logging", "javax.activation"),
    "jaxb-api",
)
PARAGRAPH = "Élève œuvre : 2 ≥ 1 → ✓, 50 % ; « guillemets », 12 µg. "

MADE: dict[str, Callable[[Make, Make], ClinicalDocument]] = {
    "entretien": lambda document, note: document(),
    "bilan": lambda document, note: document(
        type=Concept(code="56445-0", system="2.16.840.1.113883.6.1", label="Bilan médicamenteux (Officine)"),
        title="Bilan partagé de médication",
    ),
    "vaccination": lambda document, note: note(),
    "long": lambda document, note: document(
        title="Titre très long " * 7,
        recipients=tuple(Recipient(family_name=f"DESTINATAIRE {rank}") for rank in range(20)),
        body=WrittenBody(
            sections=tuple(Section(heading=f"Partie {rank}", paragraphs=(PARAGRAPH * 12,)) for rank in range(6))
        ),
    ),
    "long words": lambda document, note: document(
        body=WrittenBody(sections=(Section(heading="x" * 200, paragraphs=("mot" * 700,)),))
    ),
}


@pytest.fixture(scope="module")
def java() -> list[str]:
    """The command that runs a class of PDFBox."""
    program = shutil.which("java")
    missing = [name for name in NEEDED if not (JARS / f"{name}.jar").is_file()]
    if program is None or missing:
        pytest.skip(
            "not installed: apt-get install default-jre-headless libpdfbox2-java libactivation-java libjaxb-api-java"
        )
    classes = os.pathsep.join(str(JARS / f"{name}.jar") for name in NEEDED)
    return [program, "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true", "-cp", classes]


@pytest.fixture(scope="module")
def verdicts(
    java: list[str], document: Make, note: Make, official_cda: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[str]]:
    """What Preflight finds in each file; one virtual machine looks at all."""
    folder = tmp_path_factory.mktemp("preflight")
    for name, make in MADE.items():
        (folder / f"{name}.pdf").write_bytes(make_pdf(make(document, note)))
    example = etree.parse(official_cda / "examples" / "DOC_NON_STRUCTURE_CDA-R2-N1.xml")
    (folder / "known bad.pdf").write_bytes(_body_of(example))
    files = folder / "files"
    files.write_text("".join(f"{one}\n" for one in sorted(folder.glob("*.pdf"))), encoding="utf-8")
    command = [*java, "org.apache.pdfbox.preflight.Validator_A1b", "xml", "group", str(files)]
    subprocess.run(command, check=True, capture_output=True, timeout=100)
    report = etree.parse(folder / "files.preflight.xml")
    return {
        one.get("name", "").removesuffix(".pdf"): [
            *([] if one.findtext("isValid") == "true" else ["not valid"]),
            *(f"{error.findtext('code')} {error.findtext('details')}" for error in one.iter("error")),
        ]
        for one in report.getroot().iter("preflight")
    }


def _body_of(example: etree._ElementTree) -> bytes:
    return b64decode(example.findtext(".//{urn:hl7-org:v3}nonXMLBody/{urn:hl7-org:v3}text", default=""))


@pytest.mark.parametrize("name", MADE)
def test_preflight_says_pdf_a_1b(verdicts: dict[str, list[str]], name: str) -> None:
    assert verdicts[name] == []


def test_preflight_is_really_asked(verdicts: dict[str, list[str]]) -> None:
    assert "not valid" in verdicts["known bad"]


def test_pdf_of_the_official_example_is_no_pdf_a_1_for_us_either(official_cda: Path) -> None:
    example = etree.parse(official_cda / "examples" / "DOC_NON_STRUCTURE_CDA-R2-N1.xml")

    assert [one.code for one in check_pdf(_body_of(example))] == ["input.pdf_compressed_objects"]


@pytest.fixture(scope="module")
def read_back(java: list[str], small_pdf: bytes, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The words of a document as PDFBox reads them."""
    file = tmp_path_factory.mktemp("read") / "entretien.pdf"
    file.write_bytes(small_pdf)
    command = [*java, "org.apache.pdfbox.tools.ExtractText", "-console", "-encoding", "UTF-8", str(file)]
    done = subprocess.run(command, check=True, capture_output=True, timeout=100)
    return " ".join(done.stdout.decode("utf-8").split())


PRINTED = {
    "structure": "PHARMACIE DU TEST 1 RUE DU COMPTOIR 72000 LE MANS +33-243000000",
    "title": "Entretien pharmaceutique",
    "birth name": "Nom de naissance : ADRUN",
    "first names": "Prénoms de naissance : ZOE MARIE-ANNE",
    "birth": "Né(e) le : 31/12/1975",
    "sex": "Sexe : féminin",
    "birthplace": "Lieu de naissance : code INSEE 63220",
    "matricule with its nature": "Matricule INS : 2 75 12 63 220 749 74 (NIR)",
    "act": "Date de l’acte : 16/11/2026, de 09:00 à 09:30",
    "author": "Auteur : CAROLE PHARMACH0007512, Pharmacien titulaire d'officine",
    "validation": "(PHARMACIE DU TEST), le 16/11/2026 à 09:40",
    "sections": "Observance Élève œuvre : ≥ 2 bouffées/jour & repos. Suite Revoir dans six mois.",
    "foot": "ADRUN ZOE, né(e) le 31/12/1975 Entretien pharmaceutique – version 1",
    "page": "Page 1/1",
}


@pytest.mark.parametrize("expected", PRINTED.values(), ids=PRINTED)
def test_everything_is_printed(read_back: str, expected: str) -> None:
    assert expected in read_back


@pytest.mark.req("SC.DOC.04")
def test_every_recipient_is_printed(read_back: str) -> None:
    assert "Destinataire : KIT DOC0021889 (CABINET DU TEST) Destinataire : DUPOND" in read_back


@pytest.mark.req("SC.RGPD.01")
def test_notice_on_personal_data_is_printed(read_back: str) -> None:
    assert "Vos données de santé Vos données servent à votre suivi ; vous pouvez y accéder." in read_back
