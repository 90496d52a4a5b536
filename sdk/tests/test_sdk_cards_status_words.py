"""Status words: what a program has to do about each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_sdk.cards.status_words import Behaviour, StatusWord, meaning_of


@pytest.mark.parametrize(
    ("sw", "behaviour"),
    [
        (0x9000, Behaviour.DONE),
        (0x6100, Behaviour.MORE_DATA),
        (0x61FF, Behaviour.MORE_DATA),
        (0x9F10, Behaviour.MORE_DATA),
        (0x6C20, Behaviour.WRONG_LE),
        (0x6282, Behaviour.END_OF_FILE),
        (0x6B00, Behaviour.END_OF_FILE),
        (0x6283, Behaviour.PROTECTED),
        (0x62F0, Behaviour.WARNING),
        (0x63C0, Behaviour.PIN_REFUSED),
        (0x63C3, Behaviour.PIN_REFUSED),
        (0x6381, Behaviour.WARNING),
        (0x6982, Behaviour.PROTECTED),
        (0x6983, Behaviour.BLOCKED),
        (0x9840, Behaviour.BLOCKED),
        (0x6A82, Behaviour.NOT_FOUND),
        (0x6A86, Behaviour.BAD_COMMAND),
        (0x6A99, Behaviour.BAD_COMMAND),
        (0x6700, Behaviour.BAD_COMMAND),
        (0x6D00, Behaviour.UNSUPPORTED),
        (0x6E00, Behaviour.UNSUPPORTED),
        (0x6F00, Behaviour.CARD_FAULT),
        (0x9999, Behaviour.CARD_FAULT),
    ],
    ids=lambda value: f"{value:04X}" if isinstance(value, int) else value.value,
)
def test_status_word_tells_what_to_do(sw: int, behaviour: Behaviour) -> None:
    assert meaning_of(sw).behaviour is behaviour


def test_wrong_pin_tells_the_tries_left() -> None:
    assert "2 tries left" in meaning_of(0x63C2).meaning


@pytest.mark.parametrize("word", StatusWord, ids=lambda word: word.name)
def test_every_named_status_word_has_a_meaning_of_its_own(word: StatusWord) -> None:
    assert meaning_of(word).meaning != meaning_of(0x9999).meaning


@given(st.integers(0, 0xFFFF))
def test_only_9000_is_done(sw: int) -> None:
    assert (meaning_of(sw).behaviour is Behaviour.DONE) == (sw == 0x9000)
