"""What is written as ebXML is read back as it was; what is no lot is refused by name."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segur_sdk.errors import InputError
from segur_sdk.formats.xds import (
    Association,
    AssociationType,
    DocumentEntry,
    EntryAuthor,
    Submission,
    SubmissionSet,
    entry_of,
    has_member,
    read_submit_objects,
    submit_objects_request,
)
from segur_sdk.formats.xml import read_xml
from segur_sdk.models.document import Concept

CdaWith = Callable[..., bytes]
LOT = SubmissionSet(
    unique_id="1.2.250.1.999.1.1.7898.1.1",
    source_id="1.2.250.1.999.1.1.7898",
    patient_id="275126322074974^^^&1.2.250.1.213.1.4.8&ISO^NH",
    submitted_at=datetime(2026, 7, 2, 8, 16, 30, tzinfo=UTC),
    title="Entretien",
    author=EntryAuthor("899900063480^LIBRE^MAX^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"),
    content_type=Concept(code="SA33", system="1.2.250.1.71.4.2.4", label="Pharmacie d'officine"),
)
PRINTABLE = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), min_size=1, max_size=60)
CONCEPTS = st.builds(Concept, code=PRINTABLE, system=PRINTABLE, label=PRINTABLE)
AUTHORS = st.builds(EntryAuthor, PRINTABLE, st.none() | PRINTABLE, st.none() | PRINTABLE)
NAMES = st.text(st.characters(categories=["L", "Nd"]), min_size=1, max_size=20)
ENTRIES = st.builds(
    DocumentEntry,
    object_id=NAMES,
    unique_id=PRINTABLE,
    patient_id=PRINTABLE,
    source_patient_id=PRINTABLE,
    source_patient_info=st.lists(PRINTABLE, max_size=4).map(tuple),
    creation_time=PRINTABLE,
    service_start=st.none() | PRINTABLE,
    service_stop=st.none() | PRINTABLE,
    language=PRINTABLE,
    mime_type=PRINTABLE,
    title=PRINTABLE,
    comments=st.none() | PRINTABLE,
    authors=st.lists(AUTHORS, max_size=3).map(tuple),
    legal_authenticator=st.none() | PRINTABLE,
    type_code=CONCEPTS,
    class_code=CONCEPTS,
    format_code=CONCEPTS,
    confidentiality=st.lists(CONCEPTS, max_size=4).map(tuple),
    facility=CONCEPTS,
    practice_setting=CONCEPTS,
    event_codes=st.lists(CONCEPTS, max_size=2).map(tuple),
)
LOTS = st.builds(
    SubmissionSet,
    unique_id=PRINTABLE,
    source_id=PRINTABLE,
    patient_id=PRINTABLE,
    submitted_at=st.integers(-2_000_000_000, 7_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)),
    title=PRINTABLE,
    author=AUTHORS,
    content_type=CONCEPTS,
    comments=st.none() | PRINTABLE,
)
LINKS = st.builds(
    Association,
    st.sampled_from(AssociationType),
    NAMES,
    NAMES,
    st.dictionaries(NAMES, PRINTABLE, max_size=3).map(lambda slots: tuple(slots.items())),
)


@settings(max_examples=30)
@given(lot=LOTS, entries=st.lists(ENTRIES, max_size=2), links=st.lists(LINKS, max_size=3))
def test_what_is_written_is_read_back(
    lot: SubmissionSet, entries: list[DocumentEntry], links: list[Association]
) -> None:
    written = submit_objects_request(lot, entries, links)
    assert read_submit_objects(read_xml(written.encode())) == Submission(lot, tuple(entries), tuple(links))


@pytest.mark.parametrize(
    ("old", "new", "reason", "field"),
    [
        pytest.param(
            "SubmitObjectsRequest", "RemoveObjectsRequest", "form", "SubmitObjectsRequest", id="another request"
        ),
        pytest.param("RegistryObjectList", "Other", "missing", "RegistryObjectList", id="no list"),
        pytest.param("RegistryPackage", "Other", "missing", "RegistryPackage", id="no lot"),
        pytest.param("20260702081630", "2026-07-02", "form", "submissionTime", id="moment"),
        pytest.param('name="creationTime"', 'name="other"', "missing", "creationTime", id="no creation"),
        pytest.param('name="languageCode"', 'name="creationTime"', "twice", "Slot", id="slot twice"),
        pytest.param("41a5887f-8865-4c09-adf7-e362475b143a", "x", "missing", "Classification", id="no class"),
        pytest.param(
            "cccf5598-8b07-4b77-a05e-ae952c785ead",
            "41a5887f-8865-4c09-adf7-e362475b143a",
            "twice",
            "Classification",
            id="class twice",
        ),
        pytest.param("2e82c1f6-a085-4c72-9da3-8640a32e42ab", "x", "missing", "uniqueId", id="no unique id"),
        pytest.param(
            "2e82c1f6-a085-4c72-9da3-8640a32e42ab",
            "58a6f841-87b3-4a3e-92fd-a8ffeff98427",
            "twice",
            "ExternalIdentifier",
            id="patient twice",
        ),
        pytest.param("AssociationType:HasMember", "AssociationType:Other", "form", "associationType", id="association"),
        pytest.param('targetObject="', 'other="', "missing", "targetObject", id="no target"),
        pytest.param("fr-FR<", "fr-<b/>FR<", "form", "Value", id="markup in a value"),
        pytest.param('mimeType="text/xml"', "", "missing", "mimeType", id="no media type"),
    ],
)
def test_what_is_no_lot_is_refused_by_name(old: str, new: str, reason: str, field: str, cda_with: CdaWith) -> None:
    entry = entry_of(cda_with(), frozenset())
    written = str(submit_objects_request(LOT, (entry,), (has_member(entry),)))
    assert old in written
    with pytest.raises(InputError) as caught:
        read_submit_objects(read_xml(written.replace(old, new).encode()))
    assert (caught.value.code, caught.value.facts) == ("input.xds_refused", {"reason": reason, "field": field})
