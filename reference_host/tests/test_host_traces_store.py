import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from segur_host.storage.database import Database
from segur_host.traces.store import TraceStore
from segur_host.traces.store import traces as table
from segur_sdk.context import Clock
from segur_sdk.errors import HostError
from segur_sdk.models.actor import Actor

ANSWER = {"cr": "00", "nom_naissance": "HOUILLES", "prenoms": ["PIERRE", "ALAIN"], "matricule": "180032B51332745"}


@pytest.fixture
def store(database: Database, clock: Clock) -> TraceStore:
    return TraceStore(database, clock, retention_days=30)


def test_a_trace_tells_who_when_what_and_the_answer(store: TraceStore, operator: Actor) -> None:
    trace_id = store.record("ref-1", "insi.search", operator, ANSWER, "call-1")
    [trace] = store.of_patient("ref-1")
    assert (trace.trace_id, trace.kind, trace.call_id) == (trace_id, "insi.search", "call-1")
    assert trace.at == "2026-03-02T08:00:00.000000+00:00"
    assert trace.actor["name"] == "Comptoir 1"
    assert trace.actor["workstation"] == "poste-1"
    assert trace.actor["structure"]["finess"] == "0B0152872"
    assert trace.payload == ANSWER
    assert "HOUILLES" not in repr(trace)


def test_traces_of_others_are_not_found(store: TraceStore, operator: Actor) -> None:
    store.record("ref-1", "insi.search", operator, ANSWER, "call-1")
    store.record(None, "insi.search", operator, ANSWER, "call-2")
    assert store.of_patient("ref-2") == ()
    assert store.of_patient("") == ()
    assert len(store.of_patient("ref-1")) == len(store.of_call("call-2")) == 1


def test_traces_come_oldest_first(
    store: TraceStore, operator: Actor, clock: Clock, set_clock: Callable[[datetime], None]
) -> None:
    start = clock.now()
    for minutes in (2, 0, 1):
        set_clock(start + timedelta(minutes=minutes))
        store.record("ref-1", f"test.after_{minutes}", operator, {})
    assert [trace.kind for trace in store.of_patient("ref-1")] == ["test.after_0", "test.after_1", "test.after_2"]


def test_traces_of_a_call_are_linked_once_the_identity_exists(store: TraceStore, operator: Actor) -> None:
    for kind in ("insi.search", "insi.answer"):
        store.record(None, kind, operator, ANSWER, "call-1")
    store.record("ref-9", "insi.search", operator, {}, "call-1")
    store.record(None, "insi.search", operator, {}, "call-2")
    assert store.attach("call-1", "ref-1") == 2
    assert store.attach("call-1", "ref-2") == 0
    assert sorted(trace.kind for trace in store.of_patient("ref-1")) == ["insi.answer", "insi.search"]
    assert len(store.of_patient("ref-9")) == 1
    assert store.of_patient("ref-2") == ()


def test_a_trace_falls_with_the_write_of_its_cause(database: Database, store: TraceStore, operator: Actor) -> None:
    def record_and_fail() -> None:
        with database.accepting():
            store.record("ref-1", "insi.search", operator, ANSWER)
            assert len(store.of_patient("ref-1")) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        record_and_fail()
    assert store.of_patient("ref-1") == ()


def test_export_gives_one_json_line_per_trace(store: TraceStore, operator: Actor) -> None:
    store.record("ref-1", "insi.search", operator, ANSWER, "call-1")
    store.record("ref-1", "insi.answer", operator, {"prénom": "Noël"}, "call-1")
    lines = [json.loads(line) for line in store.export("ref-1")]
    assert sorted(line["kind"] for line in lines) == ["insi.answer", "insi.search"]
    assert {"trace_id", "at", "kind", "actor", "call_id", "payload"} == set(lines[0])
    assert any("Noël" in line for line in store.export("ref-1"))


def test_purge_takes_what_is_older_than_the_retention_and_nothing_else(
    store: TraceStore, operator: Actor, clock: Clock, set_clock: Callable[[datetime], None]
) -> None:
    now = clock.now()
    for days in (31, 30, 29):
        set_clock(now - timedelta(days=days))
        store.record("ref-1", f"test.days_{days}", operator, {})
    assert store.purge(now) == 1
    assert [trace.kind for trace in store.of_patient("ref-1")] == ["test.days_30", "test.days_29"]
    assert store.purge(now) == 0
    # The same instant said in another zone.
    assert store.purge((now + timedelta(days=1)).astimezone(datetime.now(UTC).astimezone().tzinfo)) == 1


def test_tenants_are_apart(database: Database, store: TraceStore, clock: Clock, operator: Actor) -> None:
    with Database(database.folder, "other") as other_database:
        other = TraceStore(other_database, clock, retention_days=30)
        store.record("ref-1", "insi.search", operator, ANSWER, "call-1")
        assert other.of_patient("ref-1") == other.of_call("call-1") == ()
        assert other.attach("call-1", "ref-1") == 0
        assert other.purge(clock.now() + timedelta(days=999)) == 0
        assert len(store.of_patient("ref-1")) == 1


def test_nothing_on_the_disk_and_no_index_is_in_clear(
    data_folder: Path, database: Database, store: TraceStore, operator: Actor
) -> None:
    store.record("ref-canary", "insi.search", operator, ANSWER)
    for path in data_folder.iterdir():
        content = path.read_bytes()
        assert b"HOUILLES" not in content, path.name
        assert b"180032B51332745" not in content, path.name
    with database.reading() as connection:
        [patient] = connection.execute(table.select().with_only_columns(table.c.patient)).scalars()
    assert len(patient) == 64
    assert "canary" not in patient


REFUSED = {
    "kind_in_capitals": ("Insi.search", {}, "kind"),
    "kind_without_dot": ("insi", {}, "kind"),
    "kind_too_long": ("insi." + "x" * 80, {}, "kind"),
    "no_json": ("insi.search", {"birth": datetime(1936, 6, 2, tzinfo=UTC)}, "payload"),
    "not_a_number": ("insi.search", {"ms": float("nan")}, "payload"),
    "too_large": ("insi.search", {"body": "x" * 1_048_577}, "payload_size"),
}


@pytest.mark.parametrize(("kind", "payload", "field"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_trace_is_refused(
    store: TraceStore, operator: Actor, kind: str, payload: dict[str, object], field: str
) -> None:
    with pytest.raises(HostError) as raised:
        store.record("ref-1", kind, operator, payload)
    assert (raised.value.code, raised.value.facts["field"]) == ("traces.refused", field)
    assert store.of_patient("ref-1") == ()
