"""The format of a document is that of its file or of its template; official examples get theirs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from segur_sdk.formats.xds import entry_of
from segur_sdk.formats.xds.codes import DocumentFormat, formats
from segur_sdk.models.document import Concept, Visibility

CdaWith = Callable[..., bytes]
SEEN: frozenset[Visibility] = frozenset()
PDF = Concept(
    code="urn:ihe:iti:xds-sd:pdf:2008",
    system="1.3.6.1.4.1.19376.1.2.3",
    label="Document à corps non structuré en Pdf/A-1",
)
FORMATS: dict[str | None, str] = {
    "application/pdf": "urn:ihe:iti:xds-sd:pdf:2008",
    "text/plain": "urn:ihe:iti:xds-sd:text:2008",
    "text/rtf": "urn:ihe:iti-fr:xds-sd:rtf:2010",
    "image/jpeg": "urn:ihe:iti-fr:xds-sd:jpeg:2010",
    "image/tiff": "urn:ihe:iti-fr:xds-sd:tiff:2010",
    None: "urn:asipSante:modelesHorsProfils:2011",
    "1.3.6.1.4.1.19376.1.3.3": "urn:ihe:lab:xd-lab:2008",
    **{
        f"1.2.250.1.213.1.1.1.{last}": code
        for last, code in {
            "5.1": "urn:asip:ci-sis:cse-cs8:2017",
            "5.2": "urn:asip:ci-sis:cse-cs9:2017",
            "5.3": "urn:asip:ci-sis:cse-cs24:2017",
            "5.4": "urn:ans:ci-sis:cse-mde:2023",
            "8": "urn:asip:ci-sis:frcp:2011",
            "9": "urn:asip:ci-sis:idap:2011",
            "13": "urn:asip:ci-sis:vsm:2012",
            "21": "urn:asip:ci-sis:ldl-ees:2017",
            "22": "urn:asip:ci-sis:dlu:2015",
            "29": "urn:asip:ci-sis:ldl-ses:2017",
            "36": "urn:asip:ci-sis:hr:2019",
            "37": "urn:asip:ci-sis:vac:2019",
            "38": "urn:asip:ci-sis:tlm-da:2020",
            "39": "urn:ihe:pharm:pre:2010",
            "40": "urn:asip:ci-sis:cr-anest:2020",
            "41": "urn:asip:ci-sis:cr-cpa:2020",
            "42": "urn:ihe:eyecare:geneyeevalcn:2014",
            "43": "urn:ihe:eyecare:geneyeevalcn:2014",
            "44": "urn:ihe:eyecare:geneyeevalcn:2014",
            "45": "urn:ihe:rad:CDA:ImagingReportStructuredHeadings:2013",
            "46": "urn:asip:ci-sis:vac-note:2021",
            "47": "urn:ans:ci-sis:img-da:2022",
            "51": "urn:ihe:pcc:ips:2020",
            "52": "urn:ans:ci-sis:bio-ep-bio:2022",
            "54": "urn:ihe:pharm:dis:2010",
            "55": "urn:ihe:lab:xd-lab:2008",
            "56": "urn:asip:ci-sis:ppp:2023",
            "57": "urn:ihe:palm:apsr:2016",
            "59": "urn:ans:ci-sis:trod:2024",
        }.items()
    },
}
"""Format by media type, by template, or by nothing, written by hand from ASS_A12 and ASS_A11."""


@pytest.mark.parametrize(
    ("template", "code", "system"),
    [
        ("1.2.250.1.213.1.1.1.46", "urn:asip:ci-sis:vac-note:2021", "1.2.250.1.213.1.1.4.2.282"),
        ("1.2.250.1.213.1.1.1.37", "urn:asip:ci-sis:vac:2019", "1.2.250.1.213.1.1.4.2.282"),
        ("1.2.250.1.213.1.1.1.13", "urn:asip:ci-sis:vsm:2012", "1.2.250.1.213.1.1.4.2.282"),
        ("1.2.250.1.213.1.1.1.59", "urn:ans:ci-sis:trod:2024", "1.2.250.1.213.1.1.4.2.282"),
        ("1.2.250.1.213.1.1.1.54", "urn:ihe:pharm:dis:2010", "1.3.6.1.4.1.19376.1.2.3"),
        ("1.2.250.1.213.1.1.1.39", "urn:ihe:pharm:pre:2010", "1.3.6.1.4.1.19376.1.2.3"),
        ("1.2.250.1.213.1.1.1.51", "urn:ihe:pcc:ips:2020", "1.3.6.1.4.1.19376.1.2.3"),
        ("1.2.250.1.213.1.1.1.55", "urn:ihe:lab:xd-lab:2008", "1.3.6.1.4.1.19376.1.2.3"),
        ("1.3.6.1.4.1.19376.1.3.3", "urn:ihe:lab:xd-lab:2008", "1.3.6.1.4.1.19376.1.2.3"),
        ("1.2.250.1.213.1.1.1.999", "urn:asipSante:modelesHorsProfils:2011", "1.2.250.1.213.1.1.4.2.282"),
    ],
)
def test_format_of_a_structured_body_is_that_of_its_template(
    template: str, code: str, system: str, cda_with: CdaWith
) -> None:
    body = '<nonXMLBody><text mediaType="application/pdf" representation="B64">JVBERi0xLjQ=</text></nonXMLBody>'
    structured = cda_with((body, "<structuredBody/>"), ("1.3.6.1.4.1.19376.1.2.20", template))
    found = entry_of(structured, SEEN).format_code

    assert (found.code, found.system) == (code, system)


def complaints(rows: tuple[DocumentFormat, ...]) -> set[str]:
    """Say which of the formats that are written in this module the rows do not give."""
    given: dict[str | None, str] = {row.media_type: row.code for row in rows if row.media_type or not row.templates}
    given |= {template: row.code for row in rows for template in row.templates}
    return {str(of) for of, code in FORMATS.items() if given.get(of) != code}


def test_no_format_can_be_left_out() -> None:
    rows = formats()
    assert complaints(rows) == set()
    assert [row.code for row in rows if not complaints(tuple(one for one in rows if one is not row))] == []


def test_each_format_has_one_code_and_one_meaning() -> None:
    rows = formats()
    media_types = [row.media_type for row in rows if row.media_type]
    templates = [template for row in rows for template in row.templates]

    assert len({row.code for row in rows}) == len(rows)
    assert len(set(media_types)) == len(media_types) == 5
    assert len(set(templates)) == len(templates)
    assert [row.code for row in rows if not row.media_type and not row.templates] == [
        "urn:asipSante:modelesHorsProfils:2011"
    ]


def test_official_level_1_example_is_mapped(cda_examples: Path) -> None:
    entry = entry_of((cda_examples / "DOC_NON_STRUCTURE_CDA-R2-N1.xml").read_bytes(), SEEN)

    assert entry.unique_id == "1.3.6.1.4.1.19376.1.2.20.12345.1.1"
    assert entry.patient_id == "279035121518989^^^&1.2.250.1.213.1.4.10&ISO^NH"
    assert entry.source_patient_id == "1234567890121^^^&1.2.3.4.567.8.9.10&ISO^PI"
    assert entry.source_patient_info == ("PID-5|PAT-TROIS^DOMINIQUE^^^^^L", "PID-7|19790328", "PID-8|F")
    assert (entry.creation_time, entry.service_start, entry.service_stop) == (
        "20210401124745",
        "20210104124700",
        "20210104125500",
    )
    assert entry.authors[0].specialty == "G15_10/SM03^Médecin - Biologie médicale (SM)^1.2.250.1.213.1.1.4.5"
    assert entry.authors[0].institution == ("Laboratoire des charmes^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^1120459876")
    assert entry.legal_authenticator == "807505123456^Camparini^Marcel^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    assert (entry.type_code.code, entry.class_code.code, entry.format_code) == ("11502-2", "10", PDF)
    assert (entry.facility.code, entry.practice_setting.code) == ("SA07", "AMBULATOIRE")


def test_official_vaccination_note_is_mapped(cda_examples: Path) -> None:
    entry = entry_of((cda_examples / "VAC-NOTE_2023.01.xml").read_bytes(), frozenset({Visibility.MASQUE_PS}))

    assert (entry.type_code.code, entry.class_code.code) == ("87273-9", "52")
    assert entry.format_code.code == "urn:asip:ci-sis:vac-note:2021"
    assert (entry.service_start, entry.service_stop) == ("20210409143500", None)
    assert [one.code for one in entry.confidentiality] == ["N", "MASQUE_PS"]
    assert entry.authors[0].person == "801234567897^MULLER^Charles^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"


def test_official_dispensation_by_a_device_is_mapped(cda_examples: Path) -> None:
    entry = entry_of((cda_examples / "eDISP-MED_2024.01.xml").read_bytes(), SEEN)
    assert [one.person.split("^")[9] for one in entry.authors] == ["U", "D"]
    assert entry.format_code.code == "urn:ihe:pharm:dis:2010"
