"""Readers that come and go, and numbers of insertions, over a made-up service."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_plugin_pcsc.insertions import Insertions

Eventually = Callable[[Callable[[], Any]], bool]
CodeOf = Callable[[Callable[[], object]], str]
EMPTY, PRESENT, MUTE, EXCLUSIVE, IN_USE = 0x10, 0x20, 0x220, 0xA0, 0x120
ATR = "3B751300004009EA9000"


@pytest.mark.req("CARD-01")
def test_no_reader_at_all_is_no_slot_and_no_error(scard: Any, fake_source: Callable[..., Any]) -> None:
    assert fake_source().slots() == ()


STATES = {
    "empty": (EMPTY, "", (False, None, False)),
    "present": (PRESENT, ATR, (True, ATR, False)),
    "shared_by_another": (IN_USE, ATR, (True, ATR, False)),
    "held_by_another": (EXCLUSIVE, ATR, (True, ATR, True)),
    "mute": (MUTE, "", (True, None, False)),
    "mute_with_the_atr_of_before": (MUTE, ATR, (True, None, False)),
    "no_atr": (PRESENT, "", (True, None, False)),
    "atr_of_one_byte": (PRESENT, "3B", (True, None, False)),
    "longest_atr": (PRESENT, "3B" * 33, (True, "3B" * 33, False)),
    "empty_and_still_connected": (EMPTY | 0x80, "", (False, None, False)),
}


@pytest.mark.parametrize(("flags", "atr", "expected"), STATES.values(), ids=STATES)
def test_a_slot_shows_what_the_service_says_of_it(
    flags: int, atr: str, expected: tuple[bool, str | None, bool], scard: Any, fake_source: Callable[..., Any]
) -> None:
    scard.plug("Lecteur", flags, 5, atr)
    (state,) = fake_source().slots()
    assert (state.present, state.atr, state.in_use) == expected
    assert (state.insertion > 0) is state.present


def test_a_reader_that_leaves_while_it_is_listed_is_left_out(
    scard: Any, fake_source: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    scard.plug("A")
    lists = iter([["A", "B"], ["A", "B"], ["A"]])
    monkeypatch.setattr(type(scard), "SCardListReaders", lambda *_: (0, next(lists)))
    assert [state.slot for state in fake_source().slots()] == ["A"]


def test_names_that_no_slot_may_have_hide_no_other_reader(scard: Any, fake_source: Callable[..., Any]) -> None:
    scard.plug("x" * 121)
    scard.plug("Lecteur")
    assert [state.slot for state in fake_source().slots()] == ["Lecteur"]


def test_a_context_that_the_service_forgot_is_made_anew_and_numbers_too(
    scard: Any, fake_source: Callable[..., Any]
) -> None:
    scard.plug("Lecteur", PRESENT, 1, ATR)
    source = fake_source()
    (before,) = source.slots()
    scard.fails["SCardListReaders"] = [0x8010001E]
    (after,) = source.slots()
    assert (before.slot, before.insertion == after.insertion) == (after.slot, False)
    assert (scard.called("SCardEstablishContext"), scard.called("SCardReleaseContext")) == (2, 1)
    assert source.slots() == (after,)


def test_a_service_that_ends_while_it_is_waited_for_begins_other_numbers(
    scard: Any, fake_source: Callable[..., Any], eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segur_plugin_pcsc.watching.AGAIN_S", 0.01)
    scard.plug("Lecteur", PRESENT, 1, ATR)
    source = fake_source()
    (before,) = source.slots()
    told: list[int] = []
    source.watch(lambda: told.append(source.slots()[0].insertion))
    scard.end_a_wait()
    assert eventually(lambda: told)
    assert told == [source.slots()[0].insertion] != [before.insertion]


@pytest.mark.req("CARD-01")
def test_a_service_that_stays_away_is_asked_once_for_each_look(
    scard: Any, fake_source: Callable[..., Any], code_of: CodeOf
) -> None:
    source = fake_source()
    scard.fails["SCardEstablishContext"] = [0x8010001D] * 2
    assert code_of(source.slots) == "card.no_reader_service"
    assert code_of(source.slots) == "card.no_reader_service"
    assert source.slots() == ()
    assert scard.called("SCardEstablishContext") == 3


@pytest.mark.parametrize("tells_of_readers", [True, False], ids=["told_of_readers", "not_told"])
def test_readers_plugged_in_and_out_are_told(
    tells_of_readers: bool,
    scard: Any,
    fake_source: Callable[..., Any],
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("segur_plugin_pcsc.looking.LIST_AGAIN_MS", 20)
    scard.tells_of_readers = tells_of_readers
    source = fake_source()
    told: list[tuple[str, ...]] = []
    source.watch(lambda: told.append(tuple(state.slot for state in source.slots())))
    scard.plug("A")
    assert eventually(lambda: told == [("A",)])
    scard.plug("B")
    assert eventually(lambda: told[1:] == [("A", "B")])
    scard.unplug("A")
    assert eventually(lambda: told[2:] == [("B",)])


def test_a_listener_that_fails_does_not_end_the_watch(
    scard: Any,
    fake_source: Callable[..., Any],
    eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("segur_plugin_pcsc.watching.AGAIN_S", 0.01)
    scard.plug("A")
    told: list[int] = []

    def listen() -> None:
        told.append(1)
        if len(told) == 1:
            raise ValueError("TCHITCHI")

    fake_source().watch(listen)
    scard.plug("A", PRESENT, 1, ATR)
    assert eventually(lambda: len(told) == 1)
    scard.plug("A", EMPTY, 2)
    assert eventually(lambda: len(told) == 2)
    assert "ValueError" in caplog.text
    assert "TCHITCHI" not in caplog.text


def test_changes_that_no_slot_shows_are_not_told(
    scard: Any, fake_source: Callable[..., Any], eventually: Eventually
) -> None:
    scard.plug("A", PRESENT, 1, ATR)
    told: list[int] = []
    fake_source().watch(lambda: told.append(1))
    for flags in (IN_USE, PRESENT, IN_USE):
        before = scard.called("SCardGetStatusChange")
        scard.plug("A", flags, 1, ATR)
        assert eventually(lambda: scard.called("SCardGetStatusChange") >= before + 2)  # noqa: B023 - used at once
    assert told == []


def test_a_reader_that_was_unplugged_begins_other_numbers(scard: Any, fake_source: Callable[..., Any]) -> None:
    scard.plug("A", PRESENT, 3, ATR)
    source = fake_source()
    numbers = [source.slots()[0].insertion, source.slots()[0].insertion]
    scard.unplug("A")
    source.slots()
    scard.plug("A", PRESENT, 3, ATR)
    numbers.append(source.slots()[0].insertion)
    assert numbers[0] == numbers[1] != numbers[2]


def test_a_loss_that_two_threads_notice_counts_once(tmp_path: Path) -> None:
    insertions = Insertions(tmp_path / "pcscd.comm")
    numbers = []
    for losses in (0, 0, 1, 0, 1):
        insertions.lost(losses)
        insertions.seen(["A"])
        numbers.append(insertions.number("A", 1))
    assert insertions.losses == 2
    assert numbers[0] == numbers[1] != numbers[2] == numbers[3] == numbers[4]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pcscd.comm").touch()
    (tmp_path / "pcscd.pid").touch()
    return tmp_path


def number_in(folder: Path, losses: int = 0) -> int:
    insertions = Insertions(folder / "pcscd.comm")
    for count in range(losses):
        insertions.lost(count)
    insertions.seen(["A"])
    return insertions.number("A", 1)


def test_numbers_are_those_of_one_run_of_the_service(folder: Path) -> None:
    first = number_in(folder)
    # What this process alone saw is no reason to number otherwise than the next one will.
    assert number_in(folder) == number_in(folder, losses=2) == first
    for name in ("pcscd.comm", "pcscd.pid"):
        before = number_in(folder)
        (folder / "new").touch()
        (folder / "new").replace(folder / name)
        assert number_in(folder) != before


def test_without_a_file_that_tells_runs_apart_each_loss_begins_other_numbers(tmp_path: Path) -> None:
    assert len({number_in(tmp_path, losses) for losses in range(4)}) == 4


@given(
    events=st.lists(
        st.tuples(st.sampled_from("AB"), st.sampled_from(["swap", "replug", "restart", "look"])), max_size=30
    )
)
def test_no_two_insertions_have_one_number_and_none_has_two(events: list[tuple[str, str]]) -> None:
    insertions = Insertions(Path("/nowhere/pcscd.comm"))
    counters = {"A": 0, "B": 0}
    insertion = {"A": 0, "B": 0}
    numbers: dict[int, tuple[str, int]] = {}
    insertions.seen("AB")
    for reader, event in events:
        if event == "swap":
            counters[reader] += 2
            insertion[reader] += 1
        elif event == "replug":
            insertions.seen(set("AB") - {reader})
            insertion[reader] += 1
        elif event == "restart":
            insertions.lost(insertions.losses)
            counters = {"A": 0, "B": 0}
            insertion = {name: count + 1 for name, count in insertion.items()}
        insertions.seen("AB")
        for name in "AB":
            number = insertions.number(name, counters[name])
            assert numbers.setdefault(number, (name, insertion[name])) == (name, insertion[name])
            assert 0 <= number < 1 << 48
    assert len(set(numbers.values())) == len(numbers)
