"""A CDA is read as what it says; what is hostile, or is none, is refused in a few words that quote nothing."""

import base64
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_sdk.errors import InputError
from segur_sdk.formats.cda.facts import CdaTime
from segur_sdk.formats.cda.reading import MAX_DOCUMENT, MAX_MARKUP, read_cda

CdaWith = Callable[..., bytes]
INS = "275126322074974"
BODY = "JVBERi0xLjQ="
LARGE = base64.b64encode(b"%PDF-1.4" + bytes(12_000_000)).decode()


def reason_of(data: bytes) -> object:
    with pytest.raises(InputError) as caught:
        read_cda(data)
    assert caught.value.code == "input.cda_refused"
    assert INS not in f"{caught.value!r}{caught.value.facts}"
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    return caught.value.facts["reason"]


def test_every_fact_of_the_header_is_read(cda_with: CdaWith) -> None:
    header = read_cda(cda_with())

    assert header.id.root == "1.2.250.1.999.1.1.7898.3.42"
    assert header.id.extension is None
    assert header.set_id is not None
    assert (header.set_id.root, header.version) == ("1.2.250.1.999.1.1.7898.3.40", 2)
    assert header.replaces is not None
    assert header.replaces.root == "1.2.250.1.999.1.1.7898.3.41"
    assert header.templates == ("2.16.840.1.113883.2.8.2.1", "1.2.250.1.213.1.1.1.1", "1.3.6.1.4.1.19376.1.2.20")
    assert (header.type.code, header.type.label) == ("78601-2", "CR d'entretien pharmaceutique")
    assert (header.title, header.language, header.confidentiality.code) == ("Entretien asthme", "fr-FR", "N")
    assert header.made_at == CdaTime("20260702101500+0200", "20260702081500")
    assert header.custodian is not None
    assert header.custodian.name == "PHARMACIE DE LA GARE"
    assert header.facility is not None
    assert header.facility.code == "SA33"


def test_every_trait_of_the_patient_is_read(cda_with: CdaWith) -> None:
    patient = read_cda(cda_with()).patient

    assert [(one.root, one.extension) for one in patient.ids] == [
        ("1.2.250.1.213.1.4.8", INS),
        ("1.2.250.1.999.1.1.7898.2", "4567"),
    ]
    assert (patient.birth_family, patient.birth_first_given, patient.birth_givens) == ("ADRUN", "ZOE", "ZOE")
    assert (patient.used_family, patient.used_given) == ("USUEL", "ZOÉ")
    assert (patient.sex, patient.born, patient.birthplace) == ("F", "19751231", "63220")


def test_author_and_validator_are_two_people(cda_with: CdaWith) -> None:
    header = read_cda(cda_with())
    (author,), validator = header.authors, header.validator

    assert validator is not None
    assert (author.id.extension, author.family, author.given) == ("899900063480", "LIBRE", "MAX")
    assert author.role is not None
    assert author.role.code == "G15_21/A"
    assert author.organization is not None
    assert author.organization.id is not None
    assert author.organization.id.extension == "10B0127189"
    assert (validator.id.extension, validator.family, validator.role, validator.organization) == (
        "899900063498",
        "BONNET",
        None,
        None,
    )


@pytest.mark.req("SC.DMP/HISTO.03")
def test_act_has_its_own_dates(cda_with: CdaWith) -> None:
    header = read_cda(cda_with())

    assert header.main_act is not None
    assert header.main_act.start == CdaTime("20260629093000+0200", "20260629073000")
    assert header.main_act.stop == CdaTime("20260629101000+0200", "20260629081000")
    assert header.made_at.utc == "20260702081500"


def test_main_act_is_the_one_with_a_practice_setting(cda_with: CdaWith) -> None:
    other = '<serviceEvent><code code="X" codeSystem="1.2"/></serviceEvent></documentationOf><documentationOf>'
    header = read_cda(cda_with(("<documentationOf>", f"<documentationOf>{other}")))

    assert len(header.acts) == 2
    assert header.main_act == header.acts[1]


def test_body_is_decoded_when_it_is_asked_for(cda_with: CdaWith) -> None:
    body = read_cda(cda_with()).body
    assert body is not None
    assert (body.media_type, body.content()) == ("application/pdf", b"%PDF-1.4")

    broken = read_cda(cda_with((BODY, "not base64"))).body
    assert broken is not None
    with pytest.raises(InputError, match="reason=body"):
        broken.content()


def test_structured_body_is_no_file(cda_with: CdaWith) -> None:
    text = f'<nonXMLBody><text mediaType="application/pdf" representation="B64">{BODY}</text></nonXMLBody>'
    header = read_cda(cda_with((text, "<structuredBody><component/></structuredBody>")))

    assert header.body is None


def test_large_body_is_read_whole_and_the_markup_around_it_stays_bounded(cda_with: CdaWith) -> None:
    body = read_cda(cda_with((BODY, LARGE))).body
    assert body is not None
    assert body.content() == b"%PDF-1.4" + bytes(12_000_000)

    wrapped = "\r\n".join(LARGE[at : at + 76] for at in range(0, 76 * 2000, 76))
    body = read_cda(cda_with((BODY, wrapped))).body
    assert body is not None
    assert len(body.content()) == 57 * 2000


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("<title>Entretien asthme</title>", f"<title>T</title><!-- >{LARGE}< -->", id="in a comment"),
        pytest.param("Entretien asthme", f"<![CDATA[>{LARGE}<]]>", id="in a CDATA section"),
        pytest.param("<realmCode", f'<realmCode note=">{"x" * (MAX_MARKUP + 1)}"', id="in an attribute"),
        pytest.param("Entretien asthme", "&#65;" * (MAX_MARKUP // 5), id="as character references"),
        pytest.param(BODY, "é" * MAX_MARKUP, id="a body that is no base64"),
        pytest.param(BODY, f"{LARGE[:70_000]}</text><text>" * 9 + BODY, id="nine bodies"),
    ],
)
def test_size_is_bounded_wherever_it_is(old: str, new: str, cda_with: CdaWith) -> None:
    assert reason_of(cda_with((old, new))) in {"too_large", "malformed"}


def test_document_of_more_than_the_bound_is_not_even_searched() -> None:
    assert reason_of(b"x" * (MAX_DOCUMENT + 1)) == "too_large"


def test_placeholder_of_a_large_body_opens_nothing(cda_with: CdaWith) -> None:
    header = read_cda(cda_with(("Entretien asthme", "large-body-0"), (BODY, LARGE)))
    assert header.title == "large-body-0"
    assert header.body is not None
    with pytest.raises(InputError, match="reason=body"):
        header.body.content()


@pytest.mark.parametrize(
    ("data", "reasons"),
    [
        pytest.param(b"", {"malformed"}, id="nothing"),
        pytest.param(INS.encode(), {"malformed"}, id="no markup"),
        pytest.param(b"%PDF-1.4", {"malformed"}, id="a PDF"),
        pytest.param(b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', {"doctype"}, id="entity"),
        pytest.param(b'<!DOCTYPE a SYSTEM "file:///etc/hostname"><a/>', {"doctype"}, id="external type"),
        pytest.param(b"<a>" * 200 + b"</a>" * 200, {"too_deep", "malformed"}, id="200 levels"),
        pytest.param(b"<a/>", {"not_cda"}, id="another document"),
        pytest.param(b"<ClinicalDocument/>", {"not_cda"}, id="no namespace"),
        pytest.param(
            b'<s:stylesheet xmlns:s="http://www.w3.org/1999/XSL/Transform" version="1.0"/>', {"stylesheet"}, id="style"
        ),
    ],
)
def test_what_is_no_plain_cda_is_refused(data: bytes, reasons: set[str]) -> None:
    assert reason_of(data) in reasons


@pytest.mark.parametrize(
    ("old", "new", "reason", "element"),
    [
        pytest.param("<title>Entretien asthme</title>", "", "missing", "title", id="no title"),
        pytest.param("Entretien asthme", " ", "missing", "title", id="blank title"),
        pytest.param("Entretien asthme", "a<b/>c", "form", "title", id="markup in the title"),
        pytest.param('<id root="1.2.250.1.999.1.1.7898.3.42"/>', "", "missing", "id", id="no id"),
        pytest.param("<languageCode", "<languageCode code='de'/><languageCode", "twice", "languageCode", id="two"),
        pytest.param("<recordTarget>", "<recordTarget/><recordTarget>", "twice", "recordTarget", id="two patients"),
        pytest.param("</patient>", "<name/></patient>", "twice", "name", id="two names"),
        pytest.param(
            'effectiveTime value="20260702101500+0200"',
            'effectiveTime nullFlavor="UNK"',
            "missing",
            "effectiveTime",
            id="no moment",
        ),
        pytest.param(
            '20260702101500+0200"/>\n<conf', '20261302101500+0200"/>\n<conf', "form", "effectiveTime", id="13"
        ),
        pytest.param('versionNumber value="2"', 'versionNumber value="0"', "form", "versionNumber", id="version 0"),
        pytest.param('versionNumber value="2"', 'versionNumber value="x"', "form", "versionNumber", id="version x"),
        pytest.param('representation="B64"', "", "form", "nonXMLBody/text", id="body as text"),
        pytest.param('mediaType="application/pdf" ', "", "missing", "nonXMLBody/text", id="no media type"),
        pytest.param("</nonXMLBody>", "</nonXMLBody><nonXMLBody><text/></nonXMLBody>", "twice", "nonXMLBody", id="two"),
    ],
)
def test_what_a_header_must_say_is_asked_by_name(
    old: str, new: str, reason: str, element: str, cda_with: CdaWith
) -> None:
    with pytest.raises(InputError) as caught:
        read_cda(cda_with((old, new)))
    assert (caught.value.facts["reason"], caught.value.facts["element"]) == (reason, element)


def test_comment_cuts_no_text_short(cda_with: CdaWith) -> None:
    header = read_cda(cda_with(("Entretien asthme", "Entre<!-- x -->tien <?y z?>asthme")))
    assert header.title == "Entretien asthme"


def test_patient_is_in_no_repr(cda_with: CdaWith) -> None:
    header = read_cda(cda_with())
    shown = f"{header!r}{header.patient!r}{header.patient.ids!r}{header.body!r}"
    assert [one for one in (INS, "ADRUN", "ZOE", "4567", "LIBRE", "Entretien") if one in shown] == []


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        pytest.param("2026", "2026", id="year"),
        pytest.param("202607", "202607", id="month"),
        pytest.param("20260702", "20260702", id="day"),
        pytest.param("202607021015+0200", "202607020815", id="minutes"),
        pytest.param("20260702101500+0200", "20260702081500", id="seconds in summer"),
        pytest.param("20260102101500+0100", "20260102091500", id="seconds in winter"),
        pytest.param("20261025023000+0200", "20261025003000", id="half past two, before the clock goes back"),
        pytest.param("20261025023000+0100", "20261025013000", id="half past two, after it went back"),
        pytest.param("20260329013000+0100", "20260329003000", id="before the clock goes forward"),
        pytest.param("20260329033000+0200", "20260329013000", id="after it went forward"),
        pytest.param("20260101003000+0100", "20251231233000", id="the year before"),
        pytest.param("20240228233000-0400", "20240229033000", id="the next day, of a leap year"),
        pytest.param("20260702101500.123+0200", "20260702081500", id="fraction of a second"),
        pytest.param("20260702101500+0000", "20260702101500", id="already UTC"),
        pytest.param("20260702101500-1130", "20260702214500", id="half an hour"),
        pytest.param("20260702101500", None, id="an hour without its offset"),
    ],
)
def test_moments_are_put_in_utc_as_precise_as_they_were(text: str, utc: str | None) -> None:
    assert CdaTime.read(text, "effectiveTime") == CdaTime(text, utc)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("00010101003000+0100", id="before the first year"),
        pytest.param("20260230", id="30 February"),
        pytest.param("20260702251500+0200", id="25 o'clock"),
        pytest.param("20260702101500+0260", id="60 minutes"),
        pytest.param("20260702101500+1500", id="15 hours"),
        pytest.param("20260702+0200", id="day with an offset"),
        pytest.param("2026-07-02", id="another form"),
        pytest.param("٢٠٢٦", id="other digits"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_is_no_moment_is_refused(text: str) -> None:
    with pytest.raises(InputError) as caught:
        CdaTime.read(text, "effectiveTime")
    assert caught.value.facts == {"reason": "form", "element": "effectiveTime"}


@given(st.data())
def test_any_damage_gives_a_header_or_the_typed_refusal(cda_with: CdaWith, data: st.DataObject) -> None:
    whole = cda_with()
    at, end = sorted(data.draw(st.tuples(*[st.integers(0, len(whole))] * 2)))
    damaged = whole[:at] + data.draw(st.binary(max_size=12)) + whole[end:]
    outcome = "read"
    try:
        read_cda(damaged)
    except InputError as refused:
        outcome = refused.code
    assert outcome in {"read", "input.cda_refused"}


@pytest.mark.parametrize(
    ("example", "code", "level"),
    [
        ("DOC_NON_STRUCTURE_CDA-R2-N1.xml", "11502-2", 1),
        ("VAC-NOTE_2023.01.xml", "87273-9", 3),
        ("eP-MED-DM_2024.01_PosoNonStruct.xml", "57833-6", 3),
        ("eP-MED-DM_2024.01_PosoStruct.xml", "57833-6", 3),
        ("eDISP-MED_2024.01.xml", "60593-1", 3),
    ],
)
def test_official_examples_are_read(example: str, code: str, level: int, cda_examples: Path) -> None:
    header = read_cda((cda_examples / example).read_bytes())

    assert header.type.code == code
    assert (1 if header.body is not None else 3) == level
    assert header.body is None or header.body.content().startswith(b"%PDF-1.")
