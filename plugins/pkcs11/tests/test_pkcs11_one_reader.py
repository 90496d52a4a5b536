"""A reader that is named: its card is told, or what keeps that very card from being read, whatever sits in others."""

from typing import Any

import pytest
from pkcs11 import SlotFlag, TokenFlag, exceptions

from plugins.pkcs11.tests.fake_module import NONE, FakeModule, FakeSlot, FakeToken, caught
from segur_plugin_pkcs11.card import ApduTokenSource
from segur_plugin_pkcs11.module import Pkcs11TokenSource
from segur_sdk.errors import CardError

READER, OTHER = "Lecteur bifente PS 00 00", "Lecteur bifente PS 00 01"
VITALE = "3B751300004309EA9000"


def test_a_token_in_a_reader_is_the_one_that_is_listed(bench: Any) -> None:
    state = bench.state
    if state.slot is None:
        assert caught(lambda: bench.source.at(READER)).code == "token.absent"
    else:
        assert bench.source.at(state.slot) == state
        bench.source.unlock(state.token, "1234")
        assert bench.source.at(state.slot).pin.unlocked


@pytest.mark.parametrize("change", [{"present": False, "atr": None}, {"atr": VITALE}], ids=["empty", "carte Vitale"])
def test_a_reader_without_a_cps_holds_no_token(
    change: dict[str, Any], readers: Any, apdu: ApduTokenSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers.insert("cps:pharmacist")
    (state,) = readers.slots()
    monkeypatch.setattr(type(readers), "slots", lambda _self: (state.model_copy(update=change),))
    for slot in (READER, "no reader at all"):
        assert caught(lambda slot=slot: apdu.at(slot)).code == "token.absent"  # type: ignore[misc]


FAULTS = {
    "mute": (CardError("card.mute", retryable=True), "card.mute"),
    "in use": (CardError("card.reader_in_use", retryable=True), "card.reader_in_use"),
    "garbled": (b"\x00\x00\x90\x00", "card.unreadable"),
    "pulled": (CardError("card.removed"), "token.absent"),
}


@pytest.mark.req("S000-28")
@pytest.mark.parametrize(("fault", "code"), FAULTS.values(), ids=FAULTS)
def test_a_sick_card_says_so_beside_a_readable_one(
    fault: Any, code: str, readers: Any, apdu: ApduTokenSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers.insert("cps:pharmacist-cps3", READER)
    readers.insert("cps:physician", OTHER)
    sound = readers.transmit

    def sick(_self: object, slot: str, command: bytes) -> bytes:
        if slot == OTHER:
            return bytes(sound(slot, command))
        if isinstance(fault, CardError):
            raise fault
        return bytes(fault)

    monkeypatch.setattr(type(readers), "transmit", sick)
    assert [state.slot for state in apdu.tokens()] == [OTHER]
    failure = caught(lambda: apdu.at(READER))
    assert failure.code == code
    assert failure.facts.get("slot") == (None if code == "token.absent" else READER)
    assert apdu.at(OTHER).slot == OTHER


def test_a_card_that_gives_no_answer_to_reset_is_mute(
    readers: Any, apdu: ApduTokenSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    readers.insert("cps:pharmacist")
    (state,) = readers.slots()
    silent = state.model_copy(update={"atr": None})
    monkeypatch.setattr(type(readers), "slots", lambda _self: (silent,))
    failure = caught(lambda: apdu.at(READER))
    assert (failure.code, failure.facts, failure.retryable) == ("card.mute", {"slot": READER}, True)


SLOTS = {
    "sick": (FakeSlot(token=exceptions.DeviceError()), "token.failed", {"slot": READER}),
    "empty by now": (FakeSlot(token=exceptions.TokenNotPresent()), "token.absent", None),
    "no reader": (FakeSlot(flags=SlotFlag.TOKEN_PRESENT, token=exceptions.DeviceError()), "token.absent", None),
}


@pytest.mark.parametrize(("slot", "code", "facts"), SLOTS.values(), ids=SLOTS)
def test_a_module_says_what_it_says_of_that_reader(
    slot: FakeSlot, code: str, facts: dict[str, str] | None, source: Pkcs11TokenSource, fake: FakeModule
) -> None:
    fake.slots[0].slot_description = OTHER
    fake.slots.append(slot)
    assert source.at(OTHER) == source.tokens()[0]
    failure = caught(lambda: source.at(READER))
    assert failure.code == code
    assert facts is None or {**failure.facts, **facts} == failure.facts


def test_a_token_that_nobody_initialised_is_none(source: Pkcs11TokenSource, token: FakeToken) -> None:
    token.flags = NONE | TokenFlag.LOGIN_REQUIRED
    assert caught(lambda: source.at(READER)).code == "token.absent"
