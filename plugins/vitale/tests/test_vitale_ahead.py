"""Commands sent ahead: the card hears the same ones in the same order, in fewer goes."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import attrs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segur_sdk.cards.apdu import ResponseApdu
from segur_sdk.cards.channel import CardChannel, Step, one_by_one
from segur_sdk.models.card import CardPresence


@attrs.define
class InRows:
    """A channel that takes rows, and counts how often it is asked."""

    card: Any
    goes: int = 0
    is_open: bool = False

    @property
    def atr(self) -> bytes:
        return bytes.fromhex(self.card.atr)

    def transmit(self, command: bytes, /) -> bytes:
        assert self.is_open
        self.goes += 1
        answer: bytes = self.card.transmit(command)
        return answer

    def transmit_all(self, steps: Sequence[Step], /) -> tuple[bytes, ...]:
        assert self.is_open
        self.goes += 1
        return one_by_one(self.card.transmit, steps)


class Rows:
    """The host's side of the cards, with such a channel."""

    def __init__(self, card: Any) -> None:
        self.card = card
        self.channel = InRows(card)

    @contextmanager
    def open(self, presence: CardPresence) -> Iterator[CardChannel]:
        self.card.reset()
        self.channel.is_open = True
        try:
            yield self.channel
        finally:
            self.channel.is_open = False


CARDS: dict[str, dict[str, Any]] = {
    "plain": {},
    "announces_the_length": {"habit": "61"},
    "corrects_the_length": {"habit": "6C"},
    "no_application": {"applications": frozenset({"MF"})},
    "nothing_on_it": {"applications": frozenset()},
    "numbers_protected": {"protected": frozenset({"numbers"})},
    "serial_protected": {"protected": frozenset({"serial"})},
    "empty_first_file": {"answers_instead": {1: b"\x90\x00"}},
    "ends_with_its_first_answer": {"answers_instead": {1: b"\x62\x82"}},
    "complains_otherwise_of_the_end": {"answers_instead": {2: b"\x67\x00"}},
    "says_that_a_selection_has_more": {"answers_instead": {0: b"\x61\x10"}},
    "says_nothing_known": {"answers_instead": {3: b"\x12\x34"}},
    "endless": {"always_answers": b"\x00" * 256 + b"\x90\x00"},
    "done_and_nothing_more": {"always_answers": b"\x90\x00"},
    "ended_from_the_start": {"always_answers": b"\x6b\x00"},
    "removed": {"removed_at": 4},
    "mute": {"mute_at": 2},
}


def both_ways(bench: Any, people: int, kind: dict[str, Any]) -> list[Any]:
    """Return outcome and commands of a card that is asked one by one, and of its like that is asked in rows."""
    persons = [bench.person(prenom=f"ZOE-{number}") for number in range(people)]
    found = []
    for in_rows in (False, True):
        card = bench.card(*persons)
        for name, value in kind.items():
            setattr(card, name, value)
        ctx = bench.context(card)
        if in_rows:
            ctx.reader = Rows(card)
        found.append((bench.outcome_in(ctx), card.commands))
    return found


@pytest.mark.parametrize("people", [1, 4, 19])
@pytest.mark.parametrize("kind", CARDS.values(), ids=CARDS)
def test_what_is_sent_ahead_is_what_would_have_been_sent(kind: dict[str, Any], people: int, bench: Any) -> None:
    alone, in_rows = both_ways(bench, people, kind)
    assert in_rows == alone


ANSWERS = [bytes.fromhex(one) for one in ("9000", "6B00", "6282", "6108", "6C05", "6A82", "6700", "6A86", "6982", "00")]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    habit=st.sampled_from(["plain", "61", "6C"]),
    answers=st.dictionaries(st.integers(0, 15), st.sampled_from([*ANSWERS, b"\x00" * 256 + b"\x90\x00"]), max_size=4),
)
def test_no_answer_makes_a_card_hear_what_it_would_not_have_heard(
    habit: str, answers: dict[int, bytes], bench: Any
) -> None:
    alone, in_rows = both_ways(bench, 4, {"habit": habit, "answers_instead": answers})
    assert in_rows == alone


def test_a_card_without_surprises_is_asked_once(bench: Any, zoe: Any) -> None:
    card = bench.card(zoe)
    ctx = bench.context(card)
    ctx.reader = Rows(card)
    assert bench.call(bench.presence(), ctx) is not None
    assert (ctx.reader.channel.goes, len(card.commands)) == (1, 10)


def test_a_card_with_a_long_file_is_asked_until_it_ends_and_then_once_more(bench: Any, family: Any) -> None:
    card = bench.card(*family, *family)
    ctx = bench.context(card)
    ctx.reader = Rows(card)
    assert bench.call(bench.presence(), ctx) is not None
    reads = -(-len(card.identities) // 256)
    assert reads > 1
    assert ctx.reader.channel.goes <= reads + 2


@pytest.mark.parametrize("kind", ["plain", "numbers_protected", "complains_otherwise_of_the_end"])
def test_a_card_is_let_go_of_once_it_said_everything_and_not_before(
    kind: str, bench: Any, zoe: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = bench.card(zoe)
    for name, value in CARDS[kind].items():
        setattr(card, name, value)
    ctx = bench.context(card)
    ctx.reader = Rows(card)
    looked_at: list[bool] = []
    parsed = ResponseApdu.parse

    def parse(answer: bytes) -> ResponseApdu:
        looked_at.append(ctx.reader.channel.is_open)
        return parsed(answer)

    monkeypatch.setattr(ResponseApdu, "parse", parse)
    bench.outcome_in(ctx)
    assert set(looked_at) == {kind != "plain"}
    assert not ctx.reader.channel.is_open
