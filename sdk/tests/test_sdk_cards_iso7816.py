"""Selection and reading over a scripted card: complete data or a typed error, and always an end."""

from collections.abc import Callable

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_sdk.cards.apdu import CommandApdu
from segur_sdk.cards.channel import CardChannel
from segur_sdk.cards.iso7816 import MAX_FILE_SIZE, Iso7816Card
from segur_sdk.errors import CardError


@attrs.define
class ScriptedChannel:
    """Answers each command with what a function says, and remembers the commands."""

    answer: Callable[[int, bytes], str | bytes]
    commands: list[str] = attrs.field(factory=list)

    @property
    def atr(self) -> bytes:
        return bytes.fromhex("3B751300004309EA9000")

    def transmit(self, command: bytes, /) -> bytes:
        self.commands.append(command.hex().upper())
        found = self.answer(len(self.commands) - 1, command)
        return bytes.fromhex(found) if isinstance(found, str) else found


def replay(*answers: str) -> ScriptedChannel:
    return ScriptedChannel(lambda index, _: answers[index])


def always(answer: str) -> ScriptedChannel:
    return ScriptedChannel(lambda *_: answer)


def file_card(content: bytes, *, chunk: int = 256, end: str = "6B00", exact_le: bool = False) -> ScriptedChannel:
    """A card with one transparent file, its short identifier being 2."""

    def answer(_: int, command: bytes) -> bytes:
        offset = command[3] if command[2] & 0x80 else command[2] << 8 | command[3]
        rest = content[offset:]
        if not rest and content:
            return bytes.fromhex(end)
        expected = command[4] or 256
        if exact_le and expected > len(rest):
            return bytes((0x6C, len(rest)))
        return rest[: min(chunk, expected)] + b"\x90\x00"

    return ScriptedChannel(answer)


def test_selection_sends_the_published_commands() -> None:
    channel = replay("9000", "6A82")
    card = Iso7816Card(channel)
    assert card.select_file(0x3F00).sw == 0x9000
    assert card.select_application(bytes.fromhex("D250000002564954414C45")).sw == 0x6A82
    assert channel.commands == ["00A40000023F00", "00A404000BD250000002564954414C45"]


@pytest.mark.req("CARD-06")
def test_announced_data_are_fetched_until_none_is_left() -> None:
    channel = replay("6103", "AABB6101", "CC9000")
    answer = Iso7816Card(channel).send(CommandApdu(0, 0xA4, 0, 0, data=b"\x3f\x00"))
    assert (answer.data, answer.sw) == (b"\xaa\xbb\xcc", 0x9000)
    assert channel.commands[1:] == ["00C0000003", "00C0000001"]


@pytest.mark.req("CARD-06")
def test_wrong_le_is_replayed_once_with_the_right_one() -> None:
    channel = replay("6C02", "AABB9000")
    answer = Iso7816Card(channel).send(CommandApdu(0, 0xB0, 0x82, 0, le=256))
    assert answer.data == b"\xaa\xbb"
    assert channel.commands == ["00B0820000", "00B0820002"]


def test_wrong_le_of_get_response_is_replayed_too() -> None:
    channel = replay("6100", "6C01", "AA9000")
    assert Iso7816Card(channel).send(CommandApdu(0, 0xB0, 0x82, 0, le=256)).data == b"\xaa"
    assert channel.commands == ["00B0820000", "00C0000000", "00C0000001"]


@pytest.mark.parametrize(
    ("channel", "reason", "at_most"),
    [
        pytest.param(always("6C10"), "endless_le", 2, id="6Cxx for ever"),
        pytest.param(always("6110"), "endless_response", 65, id="61xx for ever, no data"),
        pytest.param(always("AA6101"), "endless_response", 65, id="61xx for ever, one byte each"),
        pytest.param(always("AA9000"), "endless_file", 256, id="a file that never ends"),
        pytest.param(always("AA" * 257 + "9000"), "response_too_long", 1, id="more than was asked"),
        pytest.param(always("FFFF"), "status_word", 1, id="garbage status word"),
        pytest.param(always("90"), "response_too_short", 1, id="half a status word"),
    ],
)
@pytest.mark.req("CARD-06")
def test_a_card_that_never_ends_or_answers_nonsense_is_an_error(
    channel: ScriptedChannel, reason: str, at_most: int
) -> None:
    with pytest.raises(CardError) as caught:
        Iso7816Card(channel).read_short_file(2)
    assert (caught.value.code, caught.value.facts["reason"]) == ("card.protocol", reason)
    assert len(channel.commands) <= at_most


@pytest.mark.parametrize("size", [1, 255, 256, 257, 512, 1_000, 4_096])
@pytest.mark.parametrize("end", ["6B00", "6A86", "6282", "9000", "9402"])
@pytest.mark.req("CARD-06")
def test_whole_file_is_read_whatever_its_size_and_its_end(size: int, end: str) -> None:
    content = bytes(index % 251 for index in range(size))
    channel = file_card(content, end=end)
    assert Iso7816Card(channel).read_short_file(2) == content
    assert channel.commands[0] == "00B0820000"


@given(st.binary(min_size=1, max_size=900), st.integers(16, 256), st.booleans())
def test_whole_file_is_read_through_readers_that_cut_answers(content: bytes, chunk: int, exact_le: bool) -> None:
    assert Iso7816Card(file_card(content, chunk=chunk, exact_le=exact_le)).read_short_file(2) == content


def test_selected_file_is_read_by_offset_only() -> None:
    channel = file_card(bytes(range(200)) * 2)
    assert Iso7816Card(channel).read_current_file() == bytes(range(200)) * 2
    assert channel.commands == ["00B0000000", "00B0010000", "00B0019000"]


def test_warning_that_the_file_ended_brings_its_last_bytes() -> None:
    assert Iso7816Card(replay("AA" * 256 + "9000", "BB6282")).read_short_file(2) == b"\xaa" * 256 + b"\xbb"


def test_wrong_length_after_a_short_answer_confirms_the_end() -> None:
    assert Iso7816Card(replay("AABB9000", "6700")).read_short_file(2) == b"\xaa\xbb"


@pytest.mark.parametrize(
    ("answers", "code", "reason"),
    [
        pytest.param(("6982",), "card.protected", "protected", id="protected file"),
        pytest.param(("6985",), "card.protected", "protected", id="conditions not satisfied"),
        pytest.param(("6983",), "card.blocked", "blocked", id="blocked"),
        pytest.param(("6A82",), "card.unreadable", "not_found", id="no such file"),
        pytest.param(("6B00",), "card.unreadable", "end_of_file", id="ends before it begins"),
        pytest.param(("6282",), "card.unreadable", "end_of_file", id="ends before it begins, warning"),
        pytest.param(("AA6F00",), "card.unreadable", "card_fault", id="data with a failure"),
        pytest.param(("AA9000", "6F00"), "card.unreadable", "card_fault", id="failure after the first bytes"),
        pytest.param(("AA9000", "6982"), "card.protected", "protected", id="protected from the second part on"),
        pytest.param(
            ("AA" * 256 + "9000", "6700"), "card.unreadable", "bad_command", id="wrong length after a full answer"
        ),
    ],
)
def test_refused_reading_is_an_error_never_a_part_of_the_file(answers: tuple[str, ...], code: str, reason: str) -> None:
    with pytest.raises(CardError) as caught:
        Iso7816Card(replay(*answers)).read_short_file(2)
    assert (caught.value.code, caught.value.facts["reason"]) == (code, reason)


@pytest.mark.parametrize(("size", "fits"), [(1_000, True), (1_001, False)])
def test_file_larger_than_the_limit_is_refused(size: int, fits: bool) -> None:
    card = Iso7816Card(file_card(bytes(size)))
    if fits:
        assert len(card.read_short_file(2, max_size=1_000)) == size
        return
    with pytest.raises(CardError) as caught:
        card.read_short_file(2, max_size=1_000)
    assert (caught.value.facts["reason"], caught.value.facts["limit"]) == ("too_large", 1_000)


def test_largest_file_is_read_to_its_last_byte() -> None:
    content = bytes(MAX_FILE_SIZE)
    assert Iso7816Card(file_card(content)).read_short_file(2) == content


@pytest.mark.parametrize("short_id", [0, 31, -1])
def test_short_identifier_out_of_range_is_refused(short_id: int) -> None:
    channel = always("9000")
    with pytest.raises(CardError):
        Iso7816Card(channel).read_short_file(short_id)
    assert channel.commands == []


def test_removal_during_any_command_is_passed_on_unchanged() -> None:
    def removed_at(index: int) -> CardChannel:
        card = file_card(bytes(700))

        def answer(at: int, command: bytes) -> str | bytes:
            if at == index:
                raise CardError("card.removed", slot="1")
            return card.answer(at, command)

        return ScriptedChannel(answer)

    for index in range(4):
        with pytest.raises(CardError) as caught:
            Iso7816Card(removed_at(index)).read_short_file(2)
        assert caught.value.code == "card.removed"


def content_or_code(channel: ScriptedChannel) -> bytes | str:
    try:
        return Iso7816Card(channel).read_short_file(2)
    except CardError as failure:
        return failure.code


@given(st.lists(st.binary(max_size=300), min_size=1, max_size=8))
def test_any_answers_end_in_bytes_or_a_card_error(answers: list[bytes]) -> None:
    outcome = content_or_code(ScriptedChannel(lambda index, _: answers[index % len(answers)]))
    if isinstance(outcome, str):
        assert outcome in {"card.protocol", "card.unreadable", "card.protected", "card.blocked"}
    else:
        assert len(outcome) <= MAX_FILE_SIZE
