"""A document that this SDK builds gives the metadata that its model says, and its PDF comes back byte for byte."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segur_sdk.documents import class_of, kind_of, kinds, obligations
from segur_sdk.formats.cda import build_cda
from segur_sdk.formats.cda.reading import read_cda
from segur_sdk.formats.xds import SubmissionSet, entry_of, has_member, read_submit_objects, submit_objects_request
from segur_sdk.formats.xml import read_xml
from segur_sdk.models.document import ClinicalDocument, Concept, DocumentAct, DocumentVersion, Visibility

Make = Callable[..., ClinicalDocument]
ONE_LINE = st.text(
    st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=40
).filter(str.strip)
MOMENTS = st.builds(
    lambda second, quarters: datetime.fromtimestamp(second, timezone(timedelta(minutes=15 * quarters))),
    st.integers(0, 4_000_000_000),
    st.integers(-48, 56),
)


@pytest.mark.req("SC.DMP/HISTO.03")
def test_interview_of_monday_made_on_thursday(document: Make, small_pdf: bytes) -> None:
    entry = entry_of(build_cda(document(), small_pdf), frozenset())

    assert entry.unique_id == "1.2.250.1.999.7.1"
    assert entry.patient_id == "275126322074974^^^&1.2.250.1.213.1.4.8&ISO^NH"
    assert entry.source_patient_id == entry.patient_id
    assert entry.source_patient_info == ("PID-5|ADRUN^ZOE^^^^^L", "PID-7|19751231", "PID-8|F")
    assert (entry.creation_time, entry.service_start, entry.service_stop) == (
        "20261119163000",
        "20261116080000",
        "20261116083000",
    )
    assert entry.authors[0].person == "899700075122^PHARMACH0007512^CAROLE^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
    assert (entry.authors[0].specialty or "").startswith("G15_21/A^")
    assert entry.authors[0].institution == "PHARMACIE DU TEST^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^10B0152872"
    assert entry.legal_authenticator == entry.authors[0].person
    assert (entry.type_code.code, entry.class_code.code, entry.format_code.code) == (
        "78601-2",
        "10",
        "urn:ihe:iti:xds-sd:pdf:2008",
    )
    assert (entry.facility.code, entry.practice_setting.code, entry.language) == ("SA33", "AMBULATOIRE", "fr-FR")
    assert entry.title == "Entretien pharmaceutique"


def test_vaccination_note(note: Make) -> None:
    entry = entry_of(build_cda(note()), frozenset({Visibility.INVISIBLE_REPRESENTANTS_LEGAUX}))

    assert (entry.type_code.code, entry.class_code.code) == ("87273-9", "52")
    assert entry.format_code.code == "urn:asip:ci-sis:vac-note:2021"
    assert [one.code for one in entry.confidentiality] == ["N", "INVISIBLE_REPRESENTANTS_LEGAUX"]


def test_version_says_which_one_it_replaces(document: Make, small_pdf: bytes) -> None:
    second = DocumentVersion(id="1.2.250.1.999.7.2", set_id="1.2.250.1.999.7", number=2, replaces="1.2.250.1.999.7.1")
    header = read_cda(build_cda(document(version=second), small_pdf))

    assert header.set_id is not None
    assert header.replaces is not None
    assert (header.id.root, header.set_id.root, header.version, header.replaces.root) == (
        "1.2.250.1.999.7.2",
        "1.2.250.1.999.7",
        2,
        "1.2.250.1.999.7.1",
    )


def test_pdf_comes_back_byte_for_byte(document: Make, small_pdf: bytes) -> None:
    body = read_cda(build_cda(document(), small_pdf)).body

    assert body is not None
    assert (body.media_type, body.content()) == ("application/pdf", small_pdf)


@pytest.mark.parametrize("code", sorted({code for row in obligations() for code in row.types}))
def test_every_document_that_regulation_names_has_its_class(document: Make, small_pdf: bytes, code: str) -> None:
    entry = entry_of(build_cda(document(type=kind_of(code).type), small_pdf), frozenset())

    assert (entry.type_code, entry.class_code) == (kind_of(code).type, class_of(code))
    assert entry.format_code.code == "urn:ihe:iti:xds-sd:pdf:2008"


def in_utc(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y%m%d%H%M%S}"


@settings(deadline=None, max_examples=50)
@given(
    title=ONE_LINE,
    name=ONE_LINE,
    code=st.sampled_from(sorted(kinds())),
    made_at=MOMENTS,
    start=MOMENTS,
    lasted=st.none() | st.integers(0, 100_000),
    visibility=st.sampled_from([frozenset(), *(frozenset({one}) for one in Visibility)]),
)
def test_whatever_the_document_says_its_metadata_say_and_carry_over(
    document: Make,
    small_pdf: bytes,
    title: str,
    name: str,
    code: str,
    made_at: datetime,
    start: datetime,
    lasted: int | None,
    visibility: frozenset[Visibility],
) -> None:
    stop = None if lasted is None else start + timedelta(seconds=lasted)
    author = document().author.model_copy(update={"family_name": name})
    act = DocumentAct(start=start, stop=stop)
    cda = build_cda(document(title=title, type=kind_of(code).type, made_at=made_at, author=author, act=act), small_pdf)
    entry = entry_of(cda, visibility)

    assert entry == entry_of(cda, visibility)
    assert (entry.title, entry.type_code) == (" ".join(title.split()), kind_of(code).type)
    assert (entry.creation_time, entry.service_start) == (in_utc(made_at), in_utc(start))
    assert entry.service_stop == (None if stop is None else in_utc(stop))
    assert [one.code for one in entry.confidentiality] == ["N", *visibility]
    lot = SubmissionSet(
        unique_id="1.2.250.1.999.9",
        source_id="1.2.250.1.999.1",
        patient_id=entry.patient_id,
        submitted_at=made_at.astimezone(UTC),
        title=entry.title,
        author=entry.authors[0],
        content_type=Concept(code="SA33", system="1.2.250.1.71.4.2.4", label="Pharmacie d'officine"),
    )
    written = submit_objects_request(lot, (entry,), (has_member(entry),))
    back = read_submit_objects(read_xml(written.encode()))
    assert (back.submission, back.entries, back.associations) == (lot, (entry,), (has_member(entry),))
