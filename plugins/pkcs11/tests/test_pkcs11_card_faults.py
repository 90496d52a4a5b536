"""Driver ``apdu`` when a card is removed, swapped, shared, broken or hostile: typed errors, nothing stale, an end."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segur_plugin_pkcs11.card import ApduTokenSource
from segur_sdk.errors import CardError

PIN, WRONG = "1234", "7391"
READER, OTHER = "Lecteur bifente PS 00 00", "Lecteur bifente PS 00 01"
DIGEST = hashlib.sha256(b"").digest()
GENERATIONS = {"cps3": "cps:pharmacist-cps3", "cps4": "cps:pharmacist"}
MOST_COMMANDS = 4_000
"""What a card may cost at most for one day's work, whatever it answers."""


@pytest.fixture(params=GENERATIONS.values(), ids=list(GENERATIONS))
def card(request: pytest.FixtureRequest, readers: Any) -> str:
    """The name of the card that sits in the reader."""
    name: str = request.param
    readers.insert(name)
    return name


@pytest.fixture
def serials(readers: Any) -> tuple[str, str]:
    """Of the pharmacist's and the physician's card."""
    numbers = []
    for name in ("cps:pharmacist", "cps:physician"):
        readers.insert(name)
        numbers.append(readers.inside[READER].card.serial)
    return numbers[0], numbers[1]


def day(source: ApduTokenSource) -> Iterator[object]:
    """Everything that is ever done with a card."""
    found = source.tokens()
    if not found:
        raise CardError("token.absent")
    (state,) = found
    yield state
    certificates = source.certificates(state.token)
    yield certificates
    yield source.data(state.token)
    yield source.unlock(state.token, PIN)
    yield source.data(state.token)
    for one in certificates:
        yield source.sign(state.token, one.key, "pkcs1_sha256", DIGEST)
    source.lock(state.token)


def failure_of(source: ApduTokenSource) -> CardError | None:
    try:
        for _ in day(source):
            pass
    except CardError as failure:
        return failure
    return None


def outcome(source: ApduTokenSource) -> str:
    failure = failure_of(source)
    return "done" if failure is None else failure.code


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(CardError) as caught:
        call()
    return caught.value.code


def test_a_day_without_fault_goes_through(card: str, readers: Any, apdu: Any) -> None:
    assert outcome(apdu) == "done"
    assert readers.connected == set()


@pytest.mark.req("CARD-02", "CPS-06")
def test_a_card_removed_at_any_command_is_forgotten_whole(card: str, readers: Any) -> None:
    assert outcome(ApduTokenSource(cards=readers)) == "done"
    for rank in range(len(readers.commands)):
        readers.insert(card)
        readers.forget_traffic()
        source = ApduTokenSource(cards=readers)

        def removed(index: int, _command: bytes, rank: int = rank) -> None:
            if index == rank:
                readers.insert(None)
                raise CardError("card.removed", slot=READER)

        readers.fault = removed
        assert outcome(source) in ("card.removed", "token.absent"), rank
        assert source.tokens() == ()
        readers.fault = lambda _index, _command: None
        readers.insert(card)
        (state,) = source.tokens()
        assert not state.pin.unlocked
        assert not any(one.private for one in source.data(state.token))
        assert outcome(source) == "done", rank
        assert readers.connected == set()


@pytest.mark.req("CPS-06")
def test_a_card_taken_out_and_put_back_is_locked(card: str, readers: Any, apdu: Any) -> None:
    (state,) = apdu.tokens()
    apdu.unlock(state.token, PIN)
    readers.insert(None)
    assert apdu.tokens() == ()
    assert code_of(lambda: apdu.sign(state.token, "00", "pkcs1_sha256", DIGEST)) == "token.absent"
    readers.insert(card)
    assert [one.pin.unlocked for one in apdu.tokens()] == [False]
    assert code_of(lambda: apdu.sign(state.token, "00", "pkcs1_sha256", DIGEST)) == "token.pin_needed"


def test_a_card_taken_out_and_put_back_unseen_is_locked(card: str, readers: Any, apdu: Any) -> None:
    (state,) = apdu.tokens()
    key = apdu.certificates(state.token)[0].key
    apdu.unlock(state.token, PIN)
    readers.insert(card)
    assert code_of(lambda: apdu.sign(state.token, key, "pkcs1_sha256", DIGEST)) == "card.removed"
    assert [one.pin.unlocked for one in apdu.tokens()] == [False]
    assert not any(one.private for one in apdu.data(state.token))


@pytest.mark.req("CARD-05")
def test_a_card_swapped_for_another_of_its_kind_is_told_by_its_serial(
    readers: Any, apdu: Any, serials: tuple[str, str]
) -> None:
    readers.insert("cps:pharmacist")
    (first,) = apdu.tokens()
    apdu.unlock(first.token, PIN)
    readers.insert("cps:physician")
    (second,) = apdu.tokens()
    assert (first.serial, second.serial) == serials
    assert not second.pin.unlocked
    assert code_of(lambda: apdu.data(first.token)) == "token.absent"
    assert code_of(lambda: apdu.unlock(first.token, PIN)) == "token.absent"
    assert {one.key[:10] for one in apdu.certificates(second.token)} == {serials[1]}


@pytest.mark.req("CARD-05")
def test_a_swap_that_the_reader_did_not_see_is_found_by_the_serial(
    readers: Any, apdu: Any, serials: tuple[str, str]
) -> None:
    readers.insert("cps:pharmacist")
    (first,) = apdu.tokens()
    apdu.certificates(first.token)
    readers.insert("cps:physician")
    readers.insertions[READER] -= 1
    assert code_of(lambda: apdu.certificates(first.token)) == "token.absent"
    (second,) = apdu.tokens()
    assert second.serial == serials[1]
    assert {one.key[:10] for one in apdu.certificates(second.token)} == {serials[1]}


@pytest.mark.req("CARD-11")
def test_a_card_is_held_from_unlock_to_lock_only(card: str, readers: Any, apdu: Any) -> None:
    (state,) = apdu.tokens()
    assert readers.connected == set()
    apdu.certificates(state.token)
    apdu.data(state.token)
    assert readers.connected == set()
    apdu.unlock(state.token, PIN)
    assert readers.connected == {READER}
    connections = readers.connections
    apdu.tokens()
    apdu.certificates(state.token)
    apdu.data(state.token)
    assert (readers.connected, readers.connections) == ({READER}, connections)
    apdu.lock(state.token)
    assert readers.connected == set()


@pytest.mark.parametrize("pin", ["7391", "12345", "12"], ids=["wrong", "longer", "shorter"])
def test_a_card_is_let_go_after_a_refused_pin(card: str, readers: Any, apdu: Any, pin: str) -> None:
    (state,) = apdu.tokens()
    assert code_of(lambda: apdu.unlock(state.token, pin)) == ("token.pin_wrong" if pin == WRONG else "token.pin_format")
    assert readers.connected == set()


def test_a_pin_longer_than_the_cards_is_not_sent(card: str, readers: Any, apdu: Any) -> None:
    (state,) = apdu.tokens()
    with pytest.raises(CardError) as caught:
        apdu.unlock(state.token, "12345")
    assert caught.value.code == "token.pin_format"
    assert (caught.value.facts["shortest"], caught.value.facts["longest"]) == (4, 4)
    assert readers.pins_sent == []


@pytest.mark.req("CPS-02")
def test_a_card_delivered_locked_is_sent_nothing(readers: Any, apdu: Any) -> None:
    readers.insert("cps:locked")
    (state,) = apdu.tokens()
    assert state.pin.locked
    assert code_of(lambda: apdu.unlock(state.token, PIN)) == "token.pin_locked"
    assert readers.pins_sent == []
    assert len(apdu.certificates(state.token)) == 2


def test_structure_and_certificates_are_read_once_an_insertion(card: str, readers: Any, apdu: Any) -> None:
    (state,) = apdu.tokens()
    apdu.certificates(state.token)
    readers.forget_traffic()
    apdu.certificates(state.token)
    assert len(readers.commands) <= 6
    readers.insert(card)
    readers.forget_traffic()
    apdu.certificates(state.token)
    assert len(readers.commands) > 20


def test_a_card_that_another_program_holds_says_so(card: str, readers: Any, apdu: Any) -> None:
    readers.others.add(READER)
    assert code_of(apdu.tokens) == "card.reader_in_use"
    readers.others.clear()
    assert len(apdu.tokens()) == 1


@pytest.mark.parametrize("broken", [0, 1], ids=["first", "second"])
def test_a_broken_card_hides_no_other(readers: Any, apdu: Any, broken: int) -> None:
    slots = (READER, OTHER)
    for slot, name in zip(slots, ("cps:pharmacist", "cps:pharmacist-cps3"), strict=True):
        readers.insert(name, slot)
    readers.others.add(slots[broken])
    (state,) = apdu.tokens()
    assert state.slot == slots[1 - broken]


def test_two_cards_are_unlocked_each_for_itself(readers: Any, apdu: Any) -> None:
    readers.insert("cps:pharmacist", READER)
    readers.insert("cps:pharmacist-cps3", OTHER)
    first, second = apdu.tokens()
    apdu.unlock(first.token, PIN)
    assert [one.pin.unlocked for one in apdu.tokens()] == [True, False]
    apdu.unlock(second.token, PIN)
    apdu.lock(first.token)
    assert [one.pin.unlocked for one in apdu.tokens()] == [False, True]
    assert readers.connected == {OTHER}


@pytest.mark.parametrize("name", ["cps:expired", "cpf", "cpe", "cpa"])
def test_every_card_of_the_family_is_read(readers: Any, apdu: Any, name: str) -> None:
    readers.insert(name)
    assert outcome(apdu) == "done"


@pytest.mark.parametrize(
    ("present", "atr"),
    [
        (False, None),
        (True, None),
        (True, "3B751300004009EA9000"),
        (True, "3BAC00402A001225006480820212009000"),
        (True, "3B8F80010031B86404B0ECC1739401808290000E"),
    ],
    ids=["empty", "mute", "vitale", "cps2ter", "contactless"],
)
def test_other_cards_are_left_alone(
    readers: Any,
    apdu: Any,
    serials: tuple[str, str],
    monkeypatch: pytest.MonkeyPatch,
    present: bool,
    atr: str | None,
) -> None:
    readers.insert("cps:pharmacist")
    (state,) = readers.slots()
    monkeypatch.setattr(type(readers), "slots", lambda _: (state.model_copy(update={"present": present, "atr": atr}),))
    readers.connections = 0
    assert apdu.tokens() == ()
    assert code_of(lambda: apdu.unlock(f"{serials[0]}@{READER}", PIN)) == "token.absent"
    assert readers.connections == 0


def test_a_card_that_became_another_kind_while_it_was_connected_is_absent(
    readers: Any, apdu: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers.insert("cps:pharmacist")
    (state,) = apdu.tokens()
    monkeypatch.setattr(type(readers), "connect", lambda _, slot: bytes.fromhex("3B751300004009EA9000"))
    assert apdu.tokens() == ()
    assert code_of(lambda: apdu.data(state.token)) == "token.absent"


STATUS_WORDS = ["6F00", "6A82", "6982", "6983", "6D00", "63C2", "6700", "6600"]


@pytest.mark.parametrize("status", STATUS_WORDS)
def test_a_refusal_of_any_command_is_a_typed_error(card: str, readers: Any, status: str) -> None:
    assert outcome(ApduTokenSource(cards=readers)) == "done"
    ends = set()
    for rank in range(len(readers.commands)):
        readers.insert(card)
        readers.forget_traffic()
        source = ApduTokenSource(cards=readers)
        readers.fault = lambda index, _command, rank=rank: bytes.fromhex(status) if index == rank else None
        ends.add(outcome(source))
        readers.fault = lambda _index, _command: None
    assert all(end == "done" or end.partition(".")[0] in ("card", "token") for end in ends)
    assert ends != {"done"}


@pytest.mark.req("CARD-06")
@pytest.mark.parametrize(
    "answer",
    [b"\x61\x00", b"\x6c\x10", bytes(200) + b"\x61\xff", bytes(300) + b"\x90\x00", b"\x90", b"", b"\x90\x00"],
    ids=["endless-61", "endless-6C", "endless-data", "too-much", "half-a-status", "nothing", "no-data"],
)
@pytest.mark.parametrize("after", [0, 5, 12, 25])
def test_a_card_that_answers_endlessly_or_too_much_ends_in_an_error(
    card: str, readers: Any, apdu: Any, answer: bytes, after: int
) -> None:
    readers.fault = lambda index, _command: answer if index >= after else None
    assert outcome(apdu).partition(".")[0] in ("card", "token")
    assert len(readers.commands) < MOST_COMMANDS
    assert readers.connected == set()


@pytest.mark.parametrize(
    "number",
    ["5A0A80250000022800900011", "5A0A8025000001280090001A", "5A098025000001280090", "5A0A8025000001FFFFFFFFFF", "00"],
    ids=["issuer", "letter", "short", "none", "empty"],
)
def test_a_card_without_a_number_of_the_ans_is_refused(readers: Any, apdu: Any, number: str) -> None:
    readers.insert("cps:pharmacist")

    def numbered(_index: int, command: bytes) -> bytes | None:
        content = bytes.fromhex(number)
        if command[1] == 0xA4 and command[5:7] == b"\xd0\x03":
            return b"\x6f\x04\x80\x02" + len(content).to_bytes(2, "big") + b"\x90\x00"
        return content + b"\x90\x00" if command[1] == 0xB0 else None

    readers.fault = numbered
    assert code_of(apdu.tokens) == "card.unreadable"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(answers=st.lists(st.binary(max_size=260), min_size=1, max_size=8), after=st.integers(0, 40))
def test_garbage_from_a_card_is_a_typed_error_and_has_an_end(
    readers: Any, card: str, answers: list[bytes], after: int
) -> None:
    readers.insert(card)
    readers.forget_traffic()
    source = ApduTokenSource(cards=readers)
    readers.fault = lambda index, _command: answers[index % len(answers)] if index >= after else None
    assert outcome(source) == "done" or readers.connected == set()
    assert len(readers.commands) < MOST_COMMANDS


CANARY = "PHARMACH0007512"


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(data=st.data())
def test_a_spoilt_answer_shows_no_content_in_its_error(readers: Any, card: str, data: st.DataObject) -> None:
    readers.insert(card)
    readers.forget_traffic()
    readers.fault = lambda _index, _command: None
    (state,) = ApduTokenSource(cards=readers).tokens()
    rank = data.draw(st.integers(0, len(readers.commands) - 1))
    genuine = readers.answers[rank]
    place = data.draw(st.integers(0, len(genuine) - 1))
    spoilt = genuine[:place] + data.draw(st.binary(max_size=3)) + genuine[place + 1 :]
    readers.forget_traffic()
    readers.fault = lambda index, _command: spoilt if index == rank else None
    failure = failure_of(ApduTokenSource(cards=readers))
    if failure is not None:
        assert failure.code.partition(".")[0] in ("card", "token")
        assert CANARY not in str(failure)
        assert state.serial not in str(failure)


def test_no_answer_of_a_card_holds_a_key(card: str, readers: Any, apdu: Any, vault: Any) -> None:
    assert outcome(apdu) == "done"
    said = b"".join(answer[:-2] for answer in readers.answers)
    record = next(session.card for session in readers.inside.values())
    for usage in ("AUT", "SIG"):
        numbers = vault.keys(record).key(usage).private_numbers()
        for secret in (numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp):
            assert secret.to_bytes((secret.bit_length() + 7) // 8, "big") not in said
