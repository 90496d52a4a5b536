"""The ledger survives restarts and kills, and counts what comes again."""

from pathlib import Path

from segur_sandbox.clock import SandboxClock
from segur_sandbox.ledger import Ledger


def test_a_ledger_read_again_holds_the_same_effects(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    ledger = Ledger(file, SandboxClock())
    assert ledger.record("insi", "uuid:1", "search", "a-1") == 1
    assert ledger.record("insi", "uuid:1", "search", "a-2") == 2
    assert ledger.record("cards", "a-3", "opening", "a-3", card="single") == 1
    again = Ledger(file, SandboxClock())
    assert again.of(None) == ledger.of(None)
    assert again.record("insi", "uuid:1", "search", "b-1") == 3
    assert [entry["connections"] for entry in again.of("insi")] == [["a-1", "a-2", "b-1"]]
    assert [entry["card"] for entry in again.of("cards")] == ["single"]
    assert file.stat().st_mode & 0o777 == 0o600


def test_half_a_line_left_by_a_kill_is_dropped_and_the_next_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    Ledger(file, SandboxClock()).record("insi", "uuid:1", "search", "a-1")
    with file.open("ab") as stream:
        stream.write(b'{"service": "insi", "id": "uu')
    Ledger(file, SandboxClock()).record("insi", "uuid:2", "search", "a-2")
    assert [entry["id"] for entry in Ledger(file, SandboxClock()).of("insi")] == ["uuid:1", "uuid:2"]


def test_a_cleared_ledger_is_empty_for_good(tmp_path: Path) -> None:
    file = tmp_path / "ledger.jsonl"
    ledger = Ledger(file, SandboxClock())
    ledger.record("insi", "uuid:1", "search", "a-1")
    ledger.clear()
    assert ledger.of(None) == Ledger(file, SandboxClock()).of(None) == []
