"""The chain as a set of values: whatever is recorded verifies, whatever is changed does not."""

from collections.abc import Callable
from typing import Any

import attrs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segur_host.audit.checkpoints import Lines
from segur_host.audit.entries import GENESIS, AuditEntry, AuditRecord, make_record
from segur_host.audit.findings import Verification
from segur_host.audit.head import Head, Link, this_boot
from segur_host.audit.verification import Kept, verify

texts = st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), max_size=120)
facts = st.dictionaries(
    st.from_regex(r"[a-z][a-z0-9_]{0,39}", fullmatch=True),
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts,
    max_size=4,
)
entries = st.builds(
    AuditEntry,
    event=st.from_regex(r"[a-z][a-z0-9_]{0,9}(\.[a-z0-9_]{1,9}){1,3}", fullmatch=True),
    call_id=st.none() | st.uuids().map(str),
    plugin=st.none() | st.sampled_from(["insi", "vitale"]),
    facts=facts,
)
chains = st.lists(entries, min_size=2, max_size=8)


def chained(content: list[AuditEntry]) -> list[AuditRecord]:
    previous = GENESIS
    records = []
    for seq, entry in enumerate(content, 1):
        records.append(make_record(entry, seq, f"2026-03-02T08:00:00.{seq:06}+00:00", "default", previous))
        previous = records[-1].hash
    return records


def judged(records: list[AuditRecord], head: Head) -> Verification:
    end = Link(records[-1].seq, records[-1].hash) if records else Link()
    known = {record.seq: record.hash for record in records} | {0: GENESIS}
    return verify(Kept("default", head, Lines(), end, None), records, known.get)


def head_of(records: list[AuditRecord]) -> Head:
    # Of this boot, so that a cut is not taken for a power failure.
    return Head("default", Link(records[-1].seq, records[-1].hash), boot=this_boot())


@settings(deadline=None, max_examples=60)
@given(chains)
def test_whatever_is_recorded_verifies(content: list[AuditEntry]) -> None:
    records = chained(content)
    assert judged(records, head_of(records)) == Verification(ok=True, records=len(records))


def changed(record: AuditRecord) -> st.SearchStrategy[AuditRecord]:
    def change(name: str, text: str) -> AuditRecord:
        value = getattr(record, name)
        other: Any = value + len(text) if name == "seq" else f"{value or ''}{text}"
        return attrs.evolve(record, **{name: other})

    names = st.sampled_from([field.name for field in attrs.fields(AuditRecord)])
    return st.builds(change, names, st.text(st.characters(codec="ascii"), min_size=1, max_size=5))


@settings(deadline=None, max_examples=60)
@given(chains, st.data())
def test_whatever_is_changed_in_a_record_is_seen_there(content: list[AuditEntry], data: st.DataObject) -> None:
    records = chained(content)
    place = data.draw(st.integers(0, len(records) - 1))
    head = head_of(records)
    records[place] = data.draw(changed(records[place]))
    found = judged(records, head)
    assert (found.ok, found.first_bad_seq) == (False, place + 1)


REARRANGED: dict[str, Callable[[list[AuditRecord], int], list[AuditRecord]]] = {
    "dropped": lambda records, place: records[:place] + records[place + 1 :],
    "doubled": lambda records, place: records[: place + 1] + records[place:],
    "moved_to_the_end": lambda records, place: records[:place] + records[place + 1 :] + [records[place]],
    "cut_from": lambda records, place: records[:place],
}


@pytest.mark.parametrize("rearrange", REARRANGED.values(), ids=REARRANGED.keys())
@settings(deadline=None, max_examples=60)
@given(content=chains, data=st.data())
def test_whatever_is_rearranged_is_seen(
    rearrange: Callable[[list[AuditRecord], int], list[AuditRecord]], content: list[AuditEntry], data: st.DataObject
) -> None:
    records = chained(content)
    place = data.draw(st.integers(0, len(records) - 1))
    rearranged = rearrange(records, place)
    if rearranged == records:  # the last one "moved" to the end
        return
    found = judged(rearranged, head_of(records))
    assert (found.ok, found.first_bad_seq is not None and found.first_bad_seq <= len(records) + 1) == (False, True)
