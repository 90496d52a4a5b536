"""Several commands in a row: each goes to the card only when the one before was answered as expected."""

from collections.abc import Sequence

import attrs
import pytest

from segur_sdk.cards.channel import Step, transmit_all
from segur_sdk.errors import CardError

READ = Step(bytes.fromhex("00B0000000"))
ONE, TWO, THREE = (Step(bytes([0, 0xA4, 0, number])) for number in (1, 2, 3))


@attrs.define
class OneByOne:
    """Answers what a test says, in that order."""

    answers: list[str]
    sent: list[bytes] = attrs.field(factory=list)

    @property
    def atr(self) -> bytes:
        return b"\x3b\x00"

    def transmit(self, command: bytes, /) -> bytes:
        self.sent.append(command)
        if len(self.sent) > len(self.answers):
            raise CardError("card.removed", slot="one")
        return bytes.fromhex(self.answers[len(self.sent) - 1])


class InOneGo(OneByOne):
    """Takes rows whole."""

    rows = 0

    def transmit_all(self, steps: Sequence[Step], /) -> tuple[bytes, ...]:
        self.rows += 1
        return (b"\x6a\x82",)


ROWS: dict[str, tuple[list[Step], list[str], int]] = {
    "all_as_expected": ([ONE, TWO, THREE], ["9000", "019000", "9000"], 3),
    "the_last_may_say_anything": ([ONE, TWO], ["9000", "6A82"], 2),
    "refused": ([ONE, TWO, THREE], ["9000", "6A82"], 2),
    "warned": ([ONE, TWO], ["6282"], 1),
    "more_to_fetch": ([ONE, TWO], ["6110"], 1),
    "an_expected_refusal": ([Step(ONE.command, 0x6B00), TWO], ["6B00", "9000"], 2),
    "done_where_a_refusal_was_expected": ([Step(ONE.command, 0x6B00), TWO], ["9000"], 1),
    "no_status_word": ([ONE, TWO], ["00"], 1),
    "nothing_at_all": ([ONE, TWO], [""], 1),
    "no_command": ([], [], 0),
    "nothing_to_read_on": ([ONE, Step(READ.command, 0x6B00, reads_on=True), TWO], ["9000"], 1),
    "reading_on_first": ([Step(READ.command, 0x6B00, reads_on=True), TWO], [], 0),
}


@pytest.mark.parametrize(("steps", "answers", "sent"), ROWS.values(), ids=ROWS)
def test_a_row_stops_behind_the_first_answer_that_is_not_expected(
    steps: list[Step], answers: list[str], sent: int
) -> None:
    channel = OneByOne(answers)
    assert transmit_all(channel, steps) == tuple(bytes.fromhex(answer) for answer in answers)
    assert channel.sent == [step.command for step in steps[:sent]]


@pytest.mark.parametrize("length", [1, 255, 256, 0x7FFF])
def test_reading_on_begins_where_the_answer_before_ended(length: int) -> None:
    channel = OneByOne(["00" * length + "9000", "6B00", "9000"])
    answers = transmit_all(channel, [READ, Step(READ.command, 0x6B00, reads_on=True), TWO])
    assert len(answers) == 3
    assert channel.sent == [READ.command, b"\x00\xb0" + length.to_bytes(2, "big") + b"\x00", TWO.command]


def test_no_place_beyond_what_the_command_can_say_is_read() -> None:
    channel = OneByOne(["00" * 0x8000 + "9000"])
    assert len(transmit_all(channel, [READ, Step(READ.command, 0x6B00, reads_on=True), TWO])) == 1


def test_a_failure_in_a_row_is_that_of_its_command() -> None:
    channel = OneByOne(["9000"])
    with pytest.raises(CardError, match=r"card\.removed"):
        transmit_all(channel, [ONE, TWO, THREE])
    assert len(channel.sent) == 2


def test_a_channel_that_takes_rows_gets_them_whole() -> None:
    channel = InOneGo([])
    assert transmit_all(channel, [ONE, TWO]) == (b"\x6a\x82",)
    assert (channel.rows, channel.sent) == (1, [])
