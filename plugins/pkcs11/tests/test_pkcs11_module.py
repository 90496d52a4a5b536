"""Driver ``pkcs11``: what a module's flags and return codes mean."""

import inspect
from pathlib import Path

import pytest
from pkcs11 import SlotFlag, TokenFlag, exceptions

from plugins.pkcs11.tests.fake_module import (
    NONE,
    PIN,
    READY,
    FakeModule,
    FakeSlot,
    FakeToken,
    caught,
    only,
)
from segur_plugin_pkcs11.module import Pkcs11TokenSource
from segur_plugin_pkcs11.module_failures import told_as_card_errors
from segur_plugin_pkcs11.module_loading import load

RETURN_CODES = sorted(
    (one for _, one in inspect.getmembers(exceptions, inspect.isclass) if issubclass(one, exceptions.PKCS11Error)),
    key=lambda one: one.__name__,
)


@pytest.mark.req("CPS-02")
@pytest.mark.parametrize(
    ("flags", "tries"),
    [
        (NONE, None),
        (TokenFlag.USER_PIN_COUNT_LOW, None),
        (TokenFlag.USER_PIN_COUNT_LOW | TokenFlag.USER_PIN_FINAL_TRY, 1),
        (TokenFlag.USER_PIN_LOCKED, 0),
        (TokenFlag.USER_PIN_FINAL_TRY | TokenFlag.USER_PIN_LOCKED, 0),
        (TokenFlag.SO_PIN_LOCKED, None),
    ],
    ids=["no-flag", "count-low", "final-try", "locked", "all", "officer"],
)
def test_tries_are_those_that_the_token_tells(
    source: Pkcs11TokenSource, token: FakeToken, flags: TokenFlag, tries: int | None
) -> None:
    token.flags = READY | flags
    assert only(source).pin.tries_left == tries


@pytest.mark.req("CPS-02")
def test_a_locked_token_is_sent_no_pin(source: Pkcs11TokenSource, token: FakeToken) -> None:
    token.flags = READY | TokenFlag.USER_PIN_LOCKED
    assert caught(lambda: source.unlock(only(source).token, PIN)).code == "token.pin_locked"
    assert token.opened == []


@pytest.mark.req("CPS-02")
@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (exceptions.PinIncorrect(), "token.pin_wrong"),
        (exceptions.PinInvalid(), "token.pin_wrong"),
        (exceptions.PinLocked(), "token.pin_locked"),
        (exceptions.PinLenRange(), "token.pin_format"),
        (exceptions.PinExpired(), "token.failed"),
        (exceptions.UserAlreadyLoggedIn(), "token.failed"),
        (exceptions.TokenNotPresent(), "token.absent"),
        (exceptions.DeviceRemoved(), "token.absent"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else "",
)
def test_a_refused_pin_is_presented_once_and_leaves_no_session(
    source: Pkcs11TokenSource, fake: FakeModule, token: FakeToken, refusal: Exception, code: str
) -> None:
    name = only(source).token
    token.refuses = refusal
    assert caught(lambda: source.unlock(name, PIN)).code == code
    assert token.opened == [PIN]
    assert fake.finalized == 1
    assert not only(source).pin.unlocked


@pytest.mark.req("CPS-02")
@pytest.mark.parametrize(
    ("flags", "code", "left"),
    [
        (TokenFlag.USER_PIN_COUNT_LOW, "token.pin_wrong", None),
        (TokenFlag.USER_PIN_FINAL_TRY, "token.pin_wrong", 1),
        (TokenFlag.USER_PIN_LOCKED, "token.pin_locked", 0),
    ],
    ids=["count-low", "final-try", "locked-now"],
)
def test_a_wrong_pin_says_what_is_left(
    source: Pkcs11TokenSource,
    token: FakeToken,
    monkeypatch: pytest.MonkeyPatch,
    flags: TokenFlag,
    code: str,
    left: int | None,
) -> None:
    def refuse(self: FakeToken, user_pin: str | None = None) -> None:
        self.flags = READY | flags
        raise exceptions.PinIncorrect

    name = only(source).token
    monkeypatch.setattr(FakeToken, "open", refuse)
    failure = caught(lambda: source.unlock(name, PIN))
    assert (failure.code, failure.facts["tries_left"]) == (code, left)


def test_a_refused_pin_costs_no_other_token_its_session(
    source: Pkcs11TokenSource, fake: FakeModule, token: FakeToken
) -> None:
    other = FakeSlot(slot_id=8)
    other.token = FakeToken(other, serial=b"1", refuses=exceptions.PinIncorrect())
    fake.slots.append(other)
    first, second = source.tokens()
    source.unlock(first.token, PIN)
    assert caught(lambda: source.unlock(second.token, PIN)).code == "token.pin_wrong"
    assert fake.finalized == 0
    assert [state.pin.unlocked for state in source.tokens()] == [True, False]


@pytest.mark.parametrize("slot_flags", [SlotFlag.TOKEN_PRESENT, SlotFlag.HW_SLOT], ids=["software", "reader"])
def test_only_a_reader_gives_its_name(source: Pkcs11TokenSource, token: FakeToken, slot_flags: SlotFlag) -> None:
    token.slot.flags = slot_flags
    assert only(source).slot == ("Lecteur bifente PS 00 00" if SlotFlag.HW_SLOT in slot_flags else None)


@pytest.mark.parametrize(
    ("label", "serial", "expected"),
    [
        ("CPS4v1-2800900100", b"28009001", "2800900100"),
        ("CPS4v1-2800900100", b"28009002", "28009002"),
        ("CPS3v3-2800900100", b"f469ede574d659d4", "f469ede574d659d4"),
        ("label", b"12 \0\0", "12"),
        ("label", b"", "slot 7"),
        ("label", b"\xff", "�"),
        ("2800900100", b"28", "2800900100"),
    ],
    ids=["cut", "another", "softhsm", "padded", "none", "no-ascii", "label-is-number"],
)
def test_a_serial_number_is_whole(
    source: Pkcs11TokenSource, token: FakeToken, label: str, serial: bytes, expected: str
) -> None:
    token.label, token.serial = label, serial
    assert only(source).serial == expected


def test_an_uninitialised_token_is_left_out(source: Pkcs11TokenSource, token: FakeToken) -> None:
    token.flags = TokenFlag.RNG
    assert source.tokens() == ()


def test_the_slot_that_softhsm_keeps_for_its_next_token_is_left_out(softhsm: Path) -> None:
    assert len(load([softhsm]).get_slots(token_present=True)) == 2
    assert len(Pkcs11TokenSource(module=str(softhsm)).tokens()) == 1


@pytest.mark.parametrize("failure", [exceptions.TokenNotPresent(), exceptions.TokenNotRecognised()], ids=repr)
def test_a_slot_emptied_meanwhile_is_left_out(source: Pkcs11TokenSource, token: FakeToken, failure: Exception) -> None:
    token.slot.token = failure
    assert source.tokens() == ()


def test_a_broken_token_hides_no_other_and_alone_is_the_error(
    source: Pkcs11TokenSource, fake: FakeModule, token: FakeToken
) -> None:
    fake.slots.insert(0, FakeSlot(slot_id=8, token=exceptions.DeviceError()))
    assert only(source).label == token.label
    del fake.slots[1]
    failure = caught(source.tokens)
    assert (failure.code, failure.facts["reason"]) == ("token.failed", "DeviceError")


@pytest.mark.req("CPS-06")
@pytest.mark.parametrize(
    "death",
    [exceptions.SessionHandleInvalid(), exceptions.DeviceRemoved(), exceptions.UserNotLoggedIn()],
    ids=lambda death: type(death).__name__,
)
@pytest.mark.parametrize("use", ["tokens", "data", "certificates"])
def test_a_session_that_died_is_forgotten(
    source: Pkcs11TokenSource, token: FakeToken, death: Exception, use: str
) -> None:
    name = only(source).token
    source.unlock(name, PIN)
    assert only(source).pin.unlocked
    token.sessions[-1].dies_of = death
    if use == "tokens":
        assert not only(source).pin.unlocked
    else:
        assert caught(lambda: getattr(source, use)(name)).code in ("token.absent", "token.pin_needed")
    assert not only(source).pin.unlocked
    assert source.data(name) == ()


@pytest.mark.parametrize("kind", RETURN_CODES, ids=lambda kind: kind.__name__)
def test_every_return_code_is_a_typed_error_without_content(kind: type[exceptions.PKCS11Error]) -> None:
    def call() -> None:
        with told_as_card_errors():
            raise kind("PHARMACH0007512")

    failure = caught(call)
    assert failure.code.startswith("token.")
    assert "PHARMACH0007512" not in str(failure)
    assert failure.code != "token.failed" or failure.facts["reason"] == kind.__name__
