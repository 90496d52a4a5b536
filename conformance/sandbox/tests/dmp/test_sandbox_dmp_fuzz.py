"""Parsers of the DMP on any bytes: what was said, or a refusal that is one of theirs, and nothing else."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from segur_sandbox.dmp.cda import CdaReader, in_utc
from segur_sandbox.dmp.ebxml import read_submission
from segur_sandbox.dmp.existence import read_question
from segur_sandbox.dmp.identifiers import read_organisation, read_patient, read_person, read_speciality
from segur_sandbox.dmp.mtom import content_id_of, read_content_type, take_apart
from segur_sandbox.dmp.refusal import RegistryRefusedError, SoapRefusedError
from segur_sandbox.dmp.soap import read_envelope
from segur_sandbox.dmp.vihf import read_vihf

ANY_TIME = settings(deadline=None)
HEADER = 'multipart/related; boundary="limite"; type="application/xop+xml"; start-info="application/soap+xml"'
ROOT = b'Content-Type: application/xop+xml; type="application/soap+xml"\r\nContent-ID: <racine>\r\n\r\n'
PARTS = st.binary(max_size=200).filter(lambda content: b"--limite" not in content)
TAGS = st.sampled_from(["Envelope", "Header", "Body", "Assertion", "Slot", "Value", "id", "RegistryObjectList", "a"])
SPACES = st.sampled_from(
    [
        "",
        "urn:hl7-org:v3",
        "http://www.w3.org/2003/05/soap-envelope",
        "urn:oasis:names:tc:SAML:2.0:assertion",
        "urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0",
        "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0",
    ]
)


@st.composite
def trees(draw: st.DrawFn, depth: int = 3) -> etree._Element:
    """A tree of elements that the parsers know, in any order."""
    namespace = draw(SPACES)
    name = draw(TAGS)
    element = etree.Element(f"{{{namespace}}}{name}" if namespace else name)
    for attribute in draw(st.lists(st.sampled_from(["id", "name", "Version", "ID", "value"]), max_size=3)):
        element.set(attribute, draw(st.sampled_from(["", "1", "2.0", "x"])))
    if depth:
        element.extend(draw(st.lists(trees(depth - 1), max_size=3)))
    return element


@given(parts=st.lists(PARTS, max_size=5), envelope=PARTS)
@ANY_TIME
def test_dmp_parts_come_apart_as_they_were_put_together(parts: list[bytes], envelope: bytes) -> None:
    pieces = [ROOT + envelope]
    pieces += [f"Content-ID: <{number}>\r\n\r\n".encode() + part for number, part in enumerate(parts)]
    body = b"".join(b"\r\n--limite\r\n" + piece for piece in pieces) + b"\r\n--limite--"
    received = take_apart(HEADER, body)
    assert received.envelope == envelope
    assert received.parts == {str(number): part for number, part in enumerate(parts)}


@given(
    body=st.binary(max_size=500)
    | st.lists(st.sampled_from([b"\r\n--limite", b"--", b"\r\n", ROOT, b"a"])).map(b"".join)
)
@ANY_TIME
def test_dmp_any_bytes_come_apart_or_are_refused(body: bytes) -> None:
    reason, envelope = "", b""
    try:
        envelope = take_apart(HEADER, body).envelope
    except SoapRefusedError as error:
        reason = error.reason
    assert reason == "mime" or (not reason and envelope in body)


@given(text=st.text(max_size=80))
@ANY_TIME
def test_dmp_any_header_is_read(text: str) -> None:
    kind = read_content_type(text)
    assert kind.media == kind.media.lower()
    reason, named = "", ""
    try:
        named = content_id_of(text)
    except SoapRefusedError as error:
        reason = error.reason
    assert reason == "mime" or named


@given(body=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
@ANY_TIME
def test_dmp_any_document_is_refused_in_its_own_words(body: bytes) -> None:
    with pytest.raises(RegistryRefusedError) as refused:
        CdaReader(None, 1 << 25).read(body, "Document01")
    assert refused.value.error.location == "Document01"


@given(tree=trees())
@ANY_TIME
def test_dmp_any_tree_is_refused_in_its_own_words(tree: etree._Element) -> None:
    for read in (lambda one: read_envelope(one, None), read_vihf, read_question, read_submission):
        with pytest.raises((SoapRefusedError, RegistryRefusedError)):
            read(tree)


@given(text=st.text(st.sampled_from("0123456789^&.ISONHPDUR"), max_size=60))
@ANY_TIME
def test_dmp_any_text_is_an_identifier_or_none(text: str) -> None:
    patient = read_patient(text)
    assert patient is None or str(patient) == text
    person, organisation, speciality = read_person(text), read_organisation(text), read_speciality(text)
    assert person is None or text.startswith(f"{person.id}^{person.family}^")
    assert organisation is None or text.endswith(f"^{organisation.id}")
    assert speciality is None or text.startswith(speciality[0])


@given(
    seconds=st.integers(min_value=-2_000_000_000, max_value=4_000_000_000),
    minutes=st.integers(min_value=-720, max_value=840),
)
@ANY_TIME
def test_dmp_dates_of_documents_are_told_in_utc(seconds: int, minutes: int) -> None:
    local = datetime.fromtimestamp(seconds, timezone(timedelta(minutes=minutes)))
    assert in_utc(local.strftime("%Y%m%d%H%M%S%z")) == local.astimezone(UTC).strftime("%Y%m%d%H%M%S")


@given(text=st.text(max_size=25))
@ANY_TIME
def test_dmp_any_text_is_a_date_or_none(text: str) -> None:
    found = in_utc(text)
    assert found is None or (found.isdigit() and len(found) in (4, 8, 10, 12, 14))
