"""Each insertion and each removal is told once, in order, to everybody who listens."""

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from reference_host.tests.host.cards.bench import ATR, CPS_ATR, Bench, Readers, eventually
from segur_host import Host
from segur_host.broker import card_watch
from segur_host.broker.card_watch import CardEvent, CardWatch
from segur_host.broker.cards import CardBroker
from segur_host.clock import SystemClock
from segur_host.drivers.readers import RecordedCard

Told = list[tuple[str, str, str]]


class Ear:
    """A listener that keeps what it is told: the change, the slot and the insertion."""

    def __init__(self) -> None:
        self.told: Told = []

    def __call__(self, event: CardEvent) -> None:
        self.told.append((str(event.change), event.presence.slot, event.presence.insertion))

    def hears(self, *expected: tuple[str, str, int]) -> bool:
        return eventually(lambda: self.told == [(change, slot, str(number)) for change, slot, number in expected])


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(card_watch, "FIRST_RETRY_S", 0.01)
    monkeypatch.setattr(card_watch, "LAST_RETRY_S", 0.02)


@pytest.fixture
def watching(broker: CardBroker) -> Iterator[CardWatch]:
    watch = CardWatch(broker)
    yield watch
    watch.close()


def moved(readers: Readers, **cards: tuple[str | None, int]) -> None:
    """Change what sits in some slots at once, and say so."""
    readers.cards = readers.cards | cards
    assert readers.changed is not None
    readers.changed()


def seen(readers: Readers) -> None:
    """Wait until the watch has looked at what is there now."""
    assert readers.changed is not None
    before = readers.looks
    readers.changed()
    assert eventually(lambda: readers.looks > before)


CHANGES: dict[str, tuple[dict[str, tuple[str | None, int]], list[tuple[str, str, int]]]] = {
    "removed": ({"one": (None, 0)}, [("removed", "one", 1)]),
    "inserted": ({"two": (CPS_ATR, 1)}, [("inserted", "two", 1)]),
    "swapped": ({"one": (CPS_ATR, 2)}, [("removed", "one", 1), ("inserted", "one", 2)]),
    "same_card_again": ({"one": (ATR, 2)}, [("removed", "one", 1), ("inserted", "one", 2)]),
    "another_card_of_that_number": ({"one": (CPS_ATR, 1)}, [("removed", "one", 1), ("inserted", "one", 1)]),
    "became_mute": ({"one": (None, 1)}, [("removed", "one", 1)]),
    "one_slot_to_the_other": (
        {"one": (None, 0), "two": (ATR, 1)},
        [("removed", "one", 1), ("inserted", "two", 1)],
    ),
    "nothing": ({"two": (None, 0)}, []),
}


@pytest.mark.parametrize(("cards", "expected"), CHANGES.values(), ids=CHANGES)
def test_what_happened_to_a_slot_is_told(
    cards: dict[str, tuple[str | None, int]],
    expected: list[tuple[str, str, int]],
    readers: Readers,
    watching: CardWatch,
) -> None:
    ear = Ear()
    watching.subscribe(ear)
    moved(readers, **cards)
    moved(readers, last=(ATR, 9))
    assert ear.hears(*expected, ("inserted", "last", 9))


def test_a_card_that_is_there_already_is_no_change(readers: Readers, watching: CardWatch) -> None:
    ear = Ear()
    watching.subscribe(ear)
    seen(readers)
    moved(readers, two=(ATR, 1))
    assert ear.hears(("inserted", "two", 1))


def test_readers_are_not_watched_before_somebody_listens(readers: Readers, watching: CardWatch) -> None:
    assert (readers.changed, readers.looks) == (None, 0)
    watching.subscribe(Ear())
    assert readers.changed is not None


def test_being_told_twice_that_something_changed_changes_nothing(readers: Readers, watching: CardWatch) -> None:
    ear = Ear()
    watching.subscribe(ear)
    for _ in range(5):
        moved(readers, one=(ATR, 2))
        seen(readers)
    moved(readers, one=(None, 0))
    assert ear.hears(("removed", "one", 1), ("inserted", "one", 2), ("removed", "one", 2))


@pytest.mark.parametrize("code", ["card.no_reader_service", "card.driver_hung", "card.driver_stopped"])
@pytest.mark.parametrize(
    ("after", "expected"),
    [
        pytest.param((ATR, 1), [], id="as_before"),
        pytest.param((ATR, 7), [("removed", "one", 1), ("inserted", "one", 7)], id="another_insertion"),
        pytest.param((None, 0), [("removed", "one", 1)], id="taken_out_meanwhile"),
    ],
)
def test_readers_that_fail_for_a_while_tell_nothing_until_they_are_back(
    code: str,
    after: tuple[str | None, int],
    expected: list[tuple[str, str, int]],
    readers: Readers,
    watching: CardWatch,
) -> None:
    ear = Ear()
    watching.subscribe(ear)
    readers.failing = code
    seen(readers)
    looks = readers.looks
    assert eventually(lambda: readers.looks > looks + 3)
    assert ear.told == []
    readers.cards = {"one": after}
    readers.failing = None
    assert ear.hears(*expected)
    moved(readers, two=(ATR, 1))
    assert ear.hears(*expected, ("inserted", "two", 1))


@pytest.mark.parametrize("after", [1, 7], ids=["as_before", "another_insertion"])
def test_cards_that_nobody_can_see_for_too_long_count_as_removed(
    after: int, readers: Readers, watching: CardWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(card_watch, "GONE_S", 0.05)
    ear = Ear()
    watching.subscribe(ear)
    readers.failing = "card.no_reader_service"
    seen(readers)
    assert ear.hears(("removed", "one", 1))
    looks = readers.looks
    assert eventually(lambda: readers.looks > looks + 3)
    # Told once, and watched all the same.
    assert ear.hears(("removed", "one", 1))
    readers.cards = {"one": (ATR, after)}
    readers.failing = None
    assert ear.hears(("removed", "one", 1), ("inserted", "one", after))
    moved(readers, one=(None, 0))
    assert ear.hears(("removed", "one", 1), ("inserted", "one", after), ("removed", "one", after))


def test_readers_that_fail_hide_neither_the_cards_nor_the_changes_of_others(readers: Readers) -> None:
    other = Readers({"far": (ATR, 1)})
    with ExitStack() as opened:
        watch = CardWatch(CardBroker([readers, other], SystemClock()))
        opened.callback(watch.close)
        ear = Ear()
        watch.subscribe(ear)
        readers.failing = "card.no_reader_service"
        moved(other, far=(ATR, 2))
        assert ear.hears(("removed", "far", 1), ("inserted", "far", 2))
        readers.failing = None
        seen(readers)
        moved(readers, one=(None, 0))
        assert ear.hears(("removed", "far", 1), ("inserted", "far", 2), ("removed", "one", 1))


def test_readers_that_fail_from_the_beginning_are_tried_again(readers: Readers, watching: CardWatch) -> None:
    readers.failing = "card.no_reader_service"
    ear = Ear()
    watching.subscribe(ear)
    readers.failing = None
    assert ear.hears(("inserted", "one", 1))


def test_whoever_ends_his_subscription_hears_no_more_and_the_others_all(readers: Readers, watching: CardWatch) -> None:
    first, second = Ear(), Ear()
    end = watching.subscribe(first)
    watching.subscribe(second)
    moved(readers, one=(None, 0))
    assert first.hears(("removed", "one", 1))
    end()
    end()
    moved(readers, one=(ATR, 2))
    assert second.hears(("removed", "one", 1), ("inserted", "one", 2))
    assert first.hears(("removed", "one", 1))


def test_a_listener_that_comes_later_hears_what_happens_later(readers: Readers, watching: CardWatch) -> None:
    first, second = Ear(), Ear()
    watching.subscribe(first)()
    moved(readers, one=(None, 0))
    seen(readers)
    seen(readers)
    watching.subscribe(second)
    moved(readers, one=(ATR, 2))
    assert second.hears(("inserted", "one", 2))
    assert first.told == []


def test_a_listener_that_hangs_or_raises_concerns_nobody_else(
    readers: Readers, watching: CardWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[str] = []
    monkeypatch.setattr(threading, "excepthook", lambda shown_of: shown.append(shown_of.exc_type.__name__))
    release = threading.Event()
    good, heard = Ear(), Ear()

    def raises(event: CardEvent) -> None:
        heard(event)
        raise ValueError("no")

    def hangs(_: CardEvent) -> None:
        release.wait()

    for listener in (hangs, raises, good):
        watching.subscribe(listener)
    moved(readers, one=(None, 0))
    assert good.hears(("removed", "one", 1))
    moved(readers, one=(ATR, 2))
    assert good.hears(("removed", "one", 1), ("inserted", "one", 2))
    assert heard.hears(("removed", "one", 1), ("inserted", "one", 2))
    assert eventually(lambda: shown == ["ValueError"] * 2)
    release.set()


def test_a_card_that_is_only_recorded_is_never_told(readers: Readers, broker: CardBroker, watching: CardWatch) -> None:
    ear = Ear()
    watching.subscribe(ear)
    with broker.mounted(RecordedCard("recorded", bytes.fromhex(ATR), [(b"\0", b"\x90\0")])):
        seen(readers)
        seen(readers)
    moved(readers, one=(None, 0))
    assert ear.hears(("removed", "one", 1))


def test_nothing_is_told_once_closed(readers: Readers, watching: CardWatch) -> None:
    ear = Ear()
    watching.subscribe(ear)
    running = {one for one in threading.enumerate() if one.name.startswith("segur-cards")}
    watching.close()
    assert eventually(lambda: not any(one.is_alive() for one in running))
    moved(readers, one=(None, 0))
    assert ear.told == []


class Watched(RuleBasedStateMachine):
    """Two drivers whose cards come and go and which fail at times; a model says what must be told."""

    def __init__(self) -> None:
        super().__init__()
        self.drivers = [Readers({"a0": (None, 0), "a1": (ATR, 1)}), Readers({"b0": (None, 0)})]
        self.watch = CardWatch(CardBroker(self.drivers, SystemClock()))
        self.ears: list[tuple[Ear, list[tuple[str, str, int]], Callable[[], None]]] = []
        self.known = [self._there(driver) for driver in self.drivers]
        self.number = 1
        self.listen()

    def teardown(self) -> None:
        self.watch.close()

    def _there(self, driver: Readers) -> dict[str, int]:
        return {slot: number for slot, (_, number) in driver.cards.items() if number}

    def _settle(self) -> None:
        """Let the watch look, and note in the model what it finds."""
        for place, driver in enumerate(self.drivers):
            if driver.failing is not None:
                continue
            was, now = self.known[place], self._there(driver)
            changes = [("removed", slot, number) for slot, number in was.items() if now.get(slot) != number]
            changes += [("inserted", slot, number) for slot, number in now.items() if was.get(slot) != number]
            self.known[place] = now
            for _, expected, _ in self.ears:
                expected.extend(changes)
        for driver in self.drivers:
            seen(driver)

    @rule(place=st.sampled_from([0, 1]), slot=st.sampled_from(["a0", "a1", "b0"]), there=st.booleans())
    def move(self, place: int, slot: str, *, there: bool) -> None:
        driver = self.drivers[place]
        if slot in driver.cards:
            self.number += 1
            driver.cards = driver.cards | {slot: (ATR, self.number) if there else (None, 0)}
            self._settle()

    @rule(place=st.sampled_from([0, 1]), code=st.sampled_from(["card.no_reader_service", "card.driver_hung", None]))
    def fail(self, place: int, code: str | None) -> None:
        self.drivers[place].failing = code
        self._settle()

    @rule()
    def listen(self) -> None:
        ear = Ear()
        self.ears.append((ear, [], self.watch.subscribe(ear)))

    @rule(data=st.data())
    def stop_listening(self, data: st.DataObject) -> None:
        if len(self.ears) > 1:
            ear, expected, end = self.ears.pop(data.draw(st.integers(0, len(self.ears) - 1)))
            assert ear.hears(*expected)
            end()

    @invariant()
    def everybody_heard_everything_once(self) -> None:
        for ear, expected, _ in self.ears:
            assert ear.hears(*expected), (ear.told, expected)


def test_each_insertion_and_removal_is_told_exactly_once_whatever_happens() -> None:
    run_state_machine_as_test(Watched, settings=settings(max_examples=30, stateful_step_count=20, deadline=None))


def test_a_host_tells_of_cards_until_it_is_asked_to_stop(
    bench: Bench, devices: dict[str, Any], open_host: Callable[..., Host]
) -> None:
    bench.take("one")
    host = open_host(devices)
    ear = Ear()
    end = host.watch_cards(ear)
    bench.put("one")
    assert ear.hears(("inserted", "one", 1))
    bench.put("one")
    assert ear.hears(("inserted", "one", 1), ("removed", "one", 1), ("inserted", "one", 2))
    end()
    bench.take("one")
    assert eventually(lambda: not host.slots()[0].present)
    host.close()
    assert len(ear.told) == 3
