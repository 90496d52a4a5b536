"""A sick card, a nervous reader, a hasty hand: a whole reading or a typed error, nothing between."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segur_sdk.errors import CardError
from segur_sdk.models.card import CardReading

CARD_CODES = {"card.unreadable", "card.protocol", "card.protected", "card.blocked"}
SERIAL_COMMANDS = 4


@pytest.mark.req("CARD-06")
@pytest.mark.parametrize("file", ["identities", "numbers"])
@pytest.mark.parametrize("habit", ["plain", "61", "6C"])
def test_file_cut_at_any_byte_gives_everybody_or_an_error(
    bench: Any, family: tuple[Any, ...], file: str, habit: str
) -> None:
    whole = bench.card(*family)
    expected = bench.read(whole).beneficiaries
    content = getattr(whole, file)
    objects_end = len(content.rstrip(b"\x00"))
    # What follows the last beneficiary (card data, padding) may go without anybody being lost.
    last = objects_end - (0 if file == "numbers" else len(bench.identities((), padding=0)))
    for length in range(len(content)):
        card = bench.card(*family)
        card.habit = habit
        setattr(card, file, content[:length])
        outcome = bench.outcome(card, tries=1)
        if length < last:
            assert outcome == "card.unreadable", length
        else:
            assert outcome == "card.unreadable" or outcome.beneficiaries == expected, length
        if length >= objects_end:
            assert isinstance(outcome, CardReading), length


@pytest.mark.req("CARD-02")
@pytest.mark.parametrize("fault", ["removed", "mute"])
@pytest.mark.parametrize("habit", ["plain", "61", "6C"])
def test_card_that_goes_or_falls_silent_at_any_command_is_an_error_at_once(
    bench: Any, family: tuple[Any, ...], fault: str, habit: str
) -> None:
    whole = bench.card(*family)
    whole.habit = habit
    bench.read(whole)
    for index in range(len(whole.commands)):
        card = bench.card(*family)
        card.habit = habit
        setattr(card, f"{fault}_at", index)
        ctx = bench.context(card)
        with pytest.raises(CardError) as caught:
            bench.call(bench.presence(), ctx)
        assert caught.value.code == f"card.{fault}"
        assert len(card.commands) == index + 1
        assert (ctx.reader.opened, ctx.reader.closed) == (1, 1)
        setattr(card, f"{fault}_at", None)
        assert bench.call(bench.presence(), ctx).beneficiaries == bench.read(whole).beneficiaries


GARBAGE = ["", "90", "0000", "FFFF", "6000", "6F00", "6400", "6581", "6982", "6983", "6A82", "6D00", "6283", "9999"]


@pytest.mark.parametrize("garbage", GARBAGE, ids=lambda garbage: garbage or "nothing")
def test_garbage_at_any_command_never_gives_a_part(bench: Any, family: tuple[Any, ...], garbage: str) -> None:
    whole = bench.card(*family)
    expected = bench.read(whole).beneficiaries
    for index in range(len(whole.commands)):
        card = bench.card(*family)
        card.answers_instead = {index: bytes.fromhex(garbage)}
        outcome = bench.outcome(card, tries=1)
        if isinstance(outcome, CardReading):
            assert outcome.beneficiaries == expected
            # Only the optional serial number, or the question whether a file goes on, can be refused unharmed.
            assert outcome.serial is None or garbage in {"6A82", "6D00"}
            assert index >= len(whole.commands) - SERIAL_COMMANDS
        else:
            assert outcome is None or outcome in CARD_CODES
            assert outcome is not None or garbage in {"6A82", "6D00"}


@pytest.mark.parametrize("garbage", ["", "FFFF", "6F00", "6581"], ids=lambda garbage: garbage or "nothing")
def test_one_hiccup_at_any_command_is_read_over(bench: Any, family: tuple[Any, ...], garbage: str) -> None:
    whole = bench.card(*family)
    expected = bench.read(whole).beneficiaries
    for index in range(len(whole.commands)):
        card = bench.card(*family)
        card.answers_instead = {index: bytes.fromhex(garbage)}
        ctx = bench.context(card)
        assert bench.call(bench.presence(), ctx).beneficiaries == expected
        assert (ctx.reader.opened, ctx.reader.closed) == (2, 2)
        assert [event for event, _ in ctx.audit.written] == ["hiccup"]


@pytest.mark.parametrize("tries", [1, 2, 4, 10])
def test_tries_end(bench: Any, zoe: Any, tries: int) -> None:
    card = bench.card(zoe)
    card.always_answers = b"\x6f\x00"
    ctx = bench.context(card, tries=tries)
    with pytest.raises(CardError) as caught:
        bench.call(bench.presence(), ctx)
    assert caught.value.code == "card.unreadable"
    assert (ctx.reader.opened, ctx.reader.closed) == (tries, tries)


def test_no_new_try_begins_when_the_host_is_about_to_give_up(bench: Any, zoe: Any) -> None:
    card = bench.card(zoe)
    card.always_answers = b"\x6f\x00"
    ctx = bench.context(card)
    ctx.deadline.seconds = 0.5
    with pytest.raises(CardError):
        bench.call(bench.presence(), ctx)
    assert ctx.reader.opened == 1


@pytest.mark.parametrize("file", ["identities", "numbers"])
def test_protected_file_is_said_and_not_tried_again(bench: Any, zoe: Any, file: str) -> None:
    card = bench.card(zoe)
    card.protected = frozenset({file})
    ctx = bench.context(card)
    with pytest.raises(CardError) as caught:
        bench.call(bench.presence(), ctx)
    assert (caught.value.code, ctx.reader.opened) == ("card.protected", 1)


@pytest.mark.req("CARD-06")
@pytest.mark.parametrize("answer", ["6110", "AA6101", "6C10", "AA9000"])
def test_card_that_answers_the_same_for_ever_is_an_error(bench: Any, zoe: Any, answer: str) -> None:
    card = bench.card(zoe)
    card.always_answers = bytes.fromhex(answer)
    with pytest.raises(CardError) as caught:
        bench.read(card)
    assert caught.value.code == "card.protocol"
    assert len(card.commands) < 1_500


@pytest.mark.parametrize("file", ["identities", "numbers"])
@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(bytes(256), "no_objects", id="zeroes"),
        pytest.param(b"\x04\x00" + bytes(254), "no_objects", id="04 00"),
        pytest.param(b"\xff" * 256, "tag", id="erased"),
        pytest.param(bytes(8_193), "too_large", id="oversize"),
        pytest.param(bytes.fromhex("6582FFFF800141"), "beyond_end", id="length beyond the end"),
        pytest.param(bytes.fromhex("7F2103800141") + b"\x65", "length", id="cut after a two-byte tag"),
    ],
)
def test_file_that_is_no_file_of_a_vitale_is_an_error(
    bench: Any, zoe: Any, file: str, content: bytes, reason: str
) -> None:
    card = bench.card(zoe)
    setattr(card, file, content)
    with pytest.raises(CardError) as caught:
        bench.read(card)
    assert (caught.value.code, caught.value.facts["reason"]) == ("card.unreadable", reason)


@pytest.mark.parametrize("difference", [-1, 1], ids=["a number too few", "a number too many"])
def test_counts_that_differ_are_an_error_not_a_guess(bench: Any, family: tuple[Any, ...], difference: int) -> None:
    card = bench.card(*family)
    card.numbers = bench.numbers((family * 2)[: len(family) + difference])
    with pytest.raises(CardError) as caught:
        bench.read(card)
    facts = caught.value.facts
    assert (facts["reason"], facts["identities"], facts["numbers"]) == ("counts_differ", 3, 3 + difference)


@pytest.mark.parametrize(
    ("changes", "reason", "tag"),
    [
        pytest.param({"nom": ""}, "object_missing", "80", id="empty name"),
        pytest.param({"prenom": "   "}, "object_missing", "81", id="blank given name"),
        pytest.param({"date": ""}, "object_missing", "82", id="empty date"),
        pytest.param({"date": "1975-12-31"}, "date", "82", id="date with dashes"),
        pytest.param({"date": "1975123"}, "date", "82", id="date of seven digits"),
        pytest.param({"nom": "AD\x07RUN"}, "not_text", "80", id="control character"),
        pytest.param({"nom": "X" * 101}, "value", None, id="name too long"),
        pytest.param({"nir": "27512632207497X"}, "nir", "93", id="letter in the number"),
        pytest.param({"nir": "2751263220749741"}, "nir", "93", id="sixteen digits"),
        pytest.param({"nir": "27512632207497é"}, "not_text", "93", id="number that is not ASCII"),
        pytest.param({"extra": bytes.fromhex("80024142")}, "object_twice", "80", id="two names"),
    ],
)
def test_object_that_cannot_be_trusted_names_its_file_tag_and_place(
    bench: Any, zoe: Any, changes: dict[str, Any], reason: str, tag: str | None
) -> None:
    sick = bench.person(**changes)
    with pytest.raises(CardError) as caught:
        bench.read(bench.card(zoe, sick))
    facts = caught.value.facts
    assert (caught.value.code, facts["reason"], facts.get("tag")) == ("card.unreadable", reason, tag)
    assert facts["template"] == 2
    assert facts["file"] == ("numbers" if "nir" in changes else "identities")


def test_template_without_its_objects_is_an_error(bench: Any, zoe: Any) -> None:
    card = bench.raw_card(bench.data_object("65", bench.data_object("80", b"ADRUN")), bench.numbers([zoe]))
    with pytest.raises(CardError) as caught:
        bench.read(card)
    assert caught.value.facts["reason"] == "object_missing"


@pytest.mark.parametrize("in_slot", ["nothing", "another card"])
def test_card_changed_before_it_is_opened_is_an_error(bench: Any, zoe: Any, in_slot: str) -> None:
    card = None if in_slot == "nothing" else bench.card(zoe)
    if card is not None:
        card.atr = "3B751300004409EA9000"
    with pytest.raises(CardError) as caught:
        bench.call(bench.presence(), bench.context(card))
    assert caught.value.code == ("card.removed" if card is None else "card.swapped")


@given(identities=st.binary(max_size=300), numbers=st.binary(max_size=300))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_content_is_a_card_error_or_a_reading(bench: Any, identities: bytes, numbers: bytes) -> None:
    outcome = bench.outcome(bench.raw_card(identities, numbers), tries=1)
    assert isinstance(outcome, CardReading) or outcome == "card.unreadable"


@given(data=st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_changed_byte_is_a_card_error_or_a_whole_reading(
    bench: Any, family: tuple[Any, ...], data: st.DataObject
) -> None:
    card = bench.card(*family)
    file = data.draw(st.sampled_from(["identities", "numbers"]))
    content = bytearray(getattr(card, file))
    content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    setattr(card, file, bytes(content))
    outcome = bench.outcome(card, tries=1)
    if isinstance(outcome, CardReading):
        assert len(outcome.beneficiaries) == len(family)
    else:
        assert outcome == "card.unreadable"


@given(answers=st.lists(st.binary(max_size=40), min_size=1, max_size=12))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_answers_end_in_a_card_error_nothing_or_a_reading(bench: Any, zoe: Any, answers: list[bytes]) -> None:
    card = bench.card(zoe)
    card.answers_instead = dict(enumerate(answers))
    outcome = bench.outcome(card, tries=1)
    assert outcome is None or isinstance(outcome, CardReading) or outcome in CARD_CODES
