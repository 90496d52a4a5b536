"""From a CDA to the metadata of XDS: the whole table, by hand-made expectations; nothing is added, nothing guessed."""

from collections.abc import Callable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_sdk.documents import kinds
from segur_sdk.errors import InputError
from segur_sdk.formats.xds import DocumentEntry, EntryAuthor, entry_of
from segur_sdk.models.document import Concept, Visibility

CdaWith = Callable[..., bytes]
SEEN: frozenset[Visibility] = frozenset()
PATIENT = "275126322074974^^^&1.2.250.1.213.1.4.8&ISO^NH"
NORMAL = Concept(code="N", system="2.16.840.1.113883.5.25", label="Normal")
PDF = Concept(
    code="urn:ihe:iti:xds-sd:pdf:2008",
    system="1.3.6.1.4.1.19376.1.2.3",
    label="Document à corps non structuré en Pdf/A-1",
)
EXPECTED = DocumentEntry(
    object_id="Document01",
    unique_id="1.2.250.1.999.1.1.7898.3.42",
    patient_id=PATIENT,
    source_patient_id="4567^^^&1.2.250.1.999.1.1.7898.2&ISO^PI",
    source_patient_info=("PID-5|ADRUN^ZOE^^^^^L", "PID-7|19751231", "PID-8|F"),
    creation_time="20260702081500",
    service_start="20260629073000",
    service_stop="20260629081000",
    language="fr-FR",
    mime_type="text/xml",
    title="Entretien asthme",
    comments=None,
    authors=(
        EntryAuthor(
            person="899900063480^LIBRE^MAX^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
            specialty="G15_21/A^Pharmacien titulaire d'officine^1.2.250.1.213.1.1.4.5",
            institution="PHARMACIE DE LA GARE^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^10B0127189",
        ),
    ),
    legal_authenticator="899900063498^BONNET^JEANNE^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS",
    type_code=Concept(code="78601-2", system="2.16.840.1.113883.6.1", label="CR d'entretien pharmaceutique"),
    class_code=Concept(code="10", system="1.2.250.1.213.1.1.4.1", label="Compte rendu"),
    format_code=PDF,
    confidentiality=(NORMAL,),
    facility=Concept(code="SA33", system="1.2.250.1.71.4.2.4", label="Pharmacie d'officine"),
    practice_setting=Concept(code="AMBULATOIRE", system="1.2.250.1.213.1.1.4.9", label="Ambulatoire"),
)


@pytest.mark.parametrize("attribute", [field.name for field in attrs.fields(DocumentEntry)])
def test_attribute_is_what_the_document_says(attribute: str, cda_with: CdaWith) -> None:
    assert getattr(entry_of(cda_with(), SEEN), attribute) == getattr(EXPECTED, attribute)


def test_same_document_gives_the_same_metadata(cda_with: CdaWith) -> None:
    assert entry_of(cda_with(), SEEN) == entry_of(cda_with(), SEEN) == EXPECTED


@pytest.mark.req("SC.DMP/HISTO.03")
def test_act_of_monday_in_a_document_of_thursday_keeps_its_date(cda_with: CdaWith) -> None:
    entry = entry_of(cda_with(), SEEN)
    assert (entry.service_start, entry.creation_time) == ("20260629073000", "20260702081500")


@pytest.mark.parametrize(
    ("old", "new", "attribute", "value"),
    [
        pytest.param(
            '<id root="1.2.250.1.999.1.1.7898.2" extension="4567"/>',
            "",
            "source_patient_id",
            PATIENT,
            id="no own number",
        ),
        pytest.param('<high value="20260629101000+0200"/>', "", "service_stop", None, id="no end"),
        pytest.param('low value="20260629093000+0200"', 'low value="20260629"', "service_start", "20260629", id="day"),
        pytest.param('code code="78601-2"', 'code code="56445-0"', "class_code", ("11", "Synthèse"), id="class"),
        pytest.param("application/pdf", "text/plain", "format_code", ("urn:ihe:iti:xds-sd:text:2008",), id="text"),
        pytest.param("application/pdf", "text/rtf", "format_code", ("urn:ihe:iti-fr:xds-sd:rtf:2010",), id="rtf"),
        pytest.param("application/pdf", "image/jpeg", "format_code", ("urn:ihe:iti-fr:xds-sd:jpeg:2010",), id="jpeg"),
        pytest.param("application/pdf", "image/tiff", "format_code", ("urn:ihe:iti-fr:xds-sd:tiff:2010",), id="tiff"),
        pytest.param(
            "Entretien asthme", "  Entretien\n asthme ", "title", "Entretien asthme", id="blanks of the title"
        ),
        pytest.param(
            "<serviceEvent>",
            '<serviceEvent><code code="YYYY001" codeSystem="1.2.250.1.213.2.5" displayName="Acte"/>',
            "event_codes",
            (Concept(code="YYYY001", system="1.2.250.1.213.2.5", label="Acte"),),
            id="act of CCAM",
        ),
        pytest.param(
            "<serviceEvent>",
            '<serviceEvent><code code="78601-2" codeSystem="2.16.840.1.113883.6.1"/>',
            "event_codes",
            (),
            id="act of another list",
        ),
    ],
)
def test_variants_of_the_document_show(old: str, new: str, attribute: str, value: object, cda_with: CdaWith) -> None:
    found = getattr(entry_of(cda_with((old, new)), SEEN), attribute)
    expected = value
    if isinstance(value, tuple) and isinstance(found, Concept):
        found, expected = (found.code, found.label)[: len(value)], value
    assert found == expected


@pytest.mark.req("S000-38")
@pytest.mark.parametrize(
    ("visibility", "codes"),
    [
        pytest.param([], ["N"], id="seen by all"),
        pytest.param(["MASQUE_PS"], ["N", "MASQUE_PS"], id="masked"),
        pytest.param(["INVISIBLE_PATIENT"], ["N", "INVISIBLE_PATIENT"], id="kept from the patient"),
        pytest.param(["INVISIBLE_REPRESENTANTS_LEGAUX"], ["N", "INVISIBLE_REPRESENTANTS_LEGAUX"], id="minor"),
        pytest.param(
            ["INVISIBLE_REPRESENTANTS_LEGAUX", "MASQUE_PS"],
            ["N", "MASQUE_PS", "INVISIBLE_REPRESENTANTS_LEGAUX"],
            id="two of them",
        ),
    ],
)
def test_visibility_follows_the_normal_confidentiality(
    visibility: list[str], codes: list[str], cda_with: CdaWith
) -> None:
    entry = entry_of(cda_with(), frozenset(map(Visibility, visibility)))
    assert [one.code for one in entry.confidentiality] == codes
    assert {one.system for one in entry.confidentiality[1:]} <= {"1.2.250.1.213.1.1.4.13"}


@pytest.mark.parametrize("visibility", [["INVISIBLE_PATIENT", "MASQUE_PS"], list(Visibility)], ids=["pair", "all"])
def test_masked_and_kept_from_the_patient_exclude_each_other(visibility: list[str], cda_with: CdaWith) -> None:
    with pytest.raises(InputError) as caught:
        entry_of(cda_with(), frozenset(map(Visibility, visibility)))
    assert caught.value.facts == {"reason": "exclusive", "field": "confidentialityCode"}


def test_pair_is_allowed_where_the_dmp_allows_it(cda_with: CdaWith) -> None:
    entry = entry_of(cda_with(), frozenset(Visibility), exclusive_pair=False)
    assert [one.code for one in entry.confidentiality] == [
        "N",
        "MASQUE_PS",
        "INVISIBLE_PATIENT",
        "INVISIBLE_REPRESENTANTS_LEGAUX",
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason", "field"),
    [
        pytest.param('code="N" codeSystem', 'code="R" codeSystem', "not_shared", "confidentialityCode", id="R"),
        pytest.param('code="N" codeSystem', 'code="V" codeSystem', "not_shared", "confidentialityCode", id="V"),
        pytest.param('code code="78601-2"', 'code code="00000-0"', "unknown", "typeCode", id="unknown type"),
        pytest.param(
            'codeSystem="2.16.840.1.113883.6.1"', 'codeSystem="1.2.3"', "unknown", "typeCode", id="type of another list"
        ),
        pytest.param("application/pdf", "application/msword", "unknown", "formatCode", id="media type"),
        pytest.param('"fr-FR"', '"français"', "form", "languageCode", id="language"),
        pytest.param(
            'root="1.2.250.1.999.1.1.7898.3.42"',
            'root="1.2.250.1.999.1.1.7898.3.42" extension="1"',
            "form",
            "uniqueId",
            id="id with an extension",
        ),
        pytest.param("1.2.250.1.999.1.1.7898.3.42", "1.2.250.01", "form", "uniqueId", id="leading zero"),
        pytest.param("1.2.250.1.999.1.1.7898.3.42", "1." + "2" * 63, "form", "uniqueId", id="65 characters"),
        pytest.param(
            "1.2.250.1.999.1.1.7898.3.42", "2483BA0E-1709-4DAF-9814-CC99E3AC69D6", "form", "uniqueId", id="a UUID"
        ),
        pytest.param("1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.2", "missing", "patientId", id="INS-C"),
        pytest.param("1.2.250.1.213.1.4.8", "1.2.250.1.213.1.4.13", "missing", "patientId", id="billing number"),
        pytest.param('<family qualifier="BR">ADRUN</family>', "", "missing", "sourcePatientInfo", id="no birth name"),
        pytest.param('birthTime value="19751231"', 'birthTime value="1975|X"', "form", "sourcePatientInfo", id="birth"),
        pytest.param('Code code="F"', 'Code code="X|Y"', "form", "sourcePatientInfo", id="sex"),
        pytest.param('<low value="20260629093000+0200"/>', "", "missing", "serviceStartTime", id="no date of the act"),
        pytest.param(
            'low value="20260629093000+0200"',
            'low value="20260629093000"',
            "form",
            "serviceStartTime",
            id="an hour of nobody knows where",
        ),
        pytest.param(
            "healthCareFacility>\n<code",
            "healthCareFacility>\n<other",
            "missing",
            "healthcareFacilityTypeCode",
            id="place",
        ),
        pytest.param("<standardIndustryClassCode", "<other", "missing", "practiceSettingCode", id="no setting"),
        pytest.param("<family>LIBRE</family>", "", "missing", "authorPerson", id="author without a name"),
        pytest.param("<given>MAX</given>", "", "missing", "authorPerson", id="author without a given name"),
        pytest.param(
            'effectiveTime value="20260702101500+0200"',
            'effectiveTime value="20260702"',
            "form",
            "creationTime",
            id="document of a day",
        ),
        pytest.param("Entretien asthme", "T" * 129, "too_long", "title", id="129 characters"),
        pytest.param(
            "Pharmacien titulaire d'officine", "P" * 250, "too_long", "authorSpecialty", id="label of the author"
        ),
    ],
)
def test_what_cannot_be_told_is_refused_by_name(old: str, new: str, reason: str, field: str, cda_with: CdaWith) -> None:
    with pytest.raises(InputError) as caught:
        entry_of(cda_with((old, new)), SEEN)
    assert caught.value.code == "input.xds_refused"
    assert caught.value.facts == {"reason": reason, "field": field}


def test_document_that_nobody_validated_has_no_metadata(cda_with: CdaWith) -> None:
    text = cda_with().decode()
    start, end = text.index("<legalAuthenticator>"), text.index("<documentationOf>")
    with pytest.raises(InputError) as caught:
        entry_of((text[:start] + text[end:]).encode(), SEEN)
    assert caught.value.facts == {"reason": "missing", "field": "legalAuthenticator"}


@pytest.mark.parametrize(
    ("name", "written"),
    [
        pytest.param("D'ARTAGNAN-LE GOFF", "D'ARTAGNAN-LE GOFF", id="apostrophe, hyphen, blank"),
        pytest.param("DUPONT &amp; FILS", "DUPONT \\T\\ FILS", id="ampersand"),
        pytest.param("A^B|C~D\\E", "A\\S\\B\\F\\C\\R\\D\\E\\E", id="every separator"),
        pytest.param(" A\n  B ", "A B", id="blanks"),
        pytest.param("ÉLOÏSE", "ÉLOÏSE", id="accents"),
    ],
)
def test_separator_in_a_name_makes_no_component(name: str, written: str, cda_with: CdaWith) -> None:
    entry = entry_of(cda_with(("LIBRE", name)), SEEN)
    assert entry.authors[0].person == f"899900063480^{written}^MAX^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    assert len(entry.authors[0].person.split("^")) == 13


def test_components_stand_where_the_grammar_wants_them(cda_with: CdaWith) -> None:
    entry = entry_of(cda_with(), SEEN)
    person = entry.authors[0].person.split("^")
    institution = (entry.authors[0].institution or "").split("^")

    assert (person[0], person[1], person[2], person[8], person[9], person[12]) == (
        "899900063480",
        "LIBRE",
        "MAX",
        "&1.2.250.1.71.4.2.1&ISO",
        "D",
        "IDNPS",
    )
    assert (institution[0], institution[5], institution[6], institution[9]) == (
        "PHARMACIE DE LA GARE",
        "&1.2.250.1.71.4.2.2&ISO",
        "IDNST",
        "10B0127189",
    )
    assert len(entry.patient_id.split("^")) == 5


def test_patient_who_writes_has_no_institution(cda_with: CdaWith) -> None:
    entry = entry_of(
        cda_with(
            (
                '<assignedAuthor>\n<id root="1.2.250.1.71.4.2.1" extension="899900063480"/>',
                '<assignedAuthor>\n<id root="1.2.250.1.213.1.4.8" extension="275126322074974"/>',
            )
        ),
        SEEN,
    )
    assert entry.authors[0].person == "275126322074974^LIBRE^MAX^^^^^^&1.2.250.1.213.1.4.8&ISO^D^^^NH"
    assert entry.authors[0].institution is None


def test_device_that_writes_is_a_system(cda_with: CdaWith) -> None:
    device = "<manufacturerModelName>Modèle</manufacturerModelName><softwareName>Logiciel</softwareName>"
    entry = entry_of(
        cda_with(
            (
                "<assignedPerson><name><family>LIBRE</family><given>MAX</given></name></assignedPerson>",
                f"<assignedAuthoringDevice>{device}</assignedAuthoringDevice>",
            )
        ),
        SEEN,
    )
    assert entry.authors[0].person == "899900063480^Logiciel^Modèle^^^^^^&1.2.250.1.71.4.2.1&ISO^U^^^RI"


def test_every_author_is_told_of(cda_with: CdaWith) -> None:
    text = cda_with().decode()
    author = text[text.index("<author>") : text.index("<custodian>")]
    entry = entry_of(text.replace(author, author + author.replace("LIBRE", "AUTRE")).encode(), SEEN)
    assert [one.person.split("^")[1] for one in entry.authors] == ["LIBRE", "AUTRE"]


@pytest.mark.parametrize("code", sorted(kinds()))
def test_every_type_gives_its_class(code: str, cda_with: CdaWith) -> None:
    kind = kinds()[code]
    typed = f'code code="{code}" codeSystem="{kind.system}"'
    entry = entry_of(cda_with(('code code="78601-2" codeSystem="2.16.840.1.113883.6.1"', typed)), SEEN)
    assert entry.class_code.code == kind.class_code


def test_patient_is_in_no_repr_of_metadata(cda_with: CdaWith) -> None:
    shown = repr(entry_of(cda_with(), SEEN))
    assert [
        one for one in ("275126322074974", "ADRUN", "ZOE", "4567", "LIBRE", "Entretien asthme") if one in shown
    ] == []


@given(st.data())
def test_any_value_gives_metadata_or_a_typed_refusal(cda_with: CdaWith, data: st.DataObject) -> None:
    texts = ("LIBRE", "4567", "SA33", "10B0127189", "Entretien asthme", "19751231", "AMBULATOIRE", "fr-FR", "78601-2")
    old = data.draw(st.sampled_from(texts))
    new = data.draw(st.text(st.characters(exclude_categories=["Cs"], exclude_characters='<&"'), max_size=300))
    outcome = "mapped"
    try:
        entry = entry_of(cda_with().decode().replace(old, new).encode(), SEEN)
    except InputError as refused:
        outcome = refused.code
    else:
        assert max(map(len, (entry.patient_id, entry.source_patient_id, entry.authors[0].person))) <= 256
        assert len(entry.authors[0].person.split("^")) == 13
    assert outcome in {"mapped", "input.xds_refused", "input.cda_refused"}
