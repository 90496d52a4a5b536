"""Every return code of PC/SC, wherever it comes, is an error with a stable code and nothing of the card in it."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_plugin_pcsc import winscard as pcsc
from segur_plugin_pcsc.diagnosis import told
from segur_sdk.errors import CardError, sdk_catalogue

CodeOf = Callable[[Callable[[], object]], str]
READ = bytes.fromhex("00B0820000")

AT_CONNECTION = {
    "no_service": (0x8010001D, "card.no_reader_service"),
    "service_stopped": (0x8010001E, "card.no_reader_service"),
    "pipe_broken": (0x80100013, "card.no_reader_service"),
    "refused_by_policy": (0x8010006A, "card.no_reader_service"),
    "refused_by_rights": (0x80100027, "card.no_reader_service"),
    "unknown_reader": (0x80100009, "card.reader_unavailable"),
    "reader_unplugged": (0x80100017, "card.reader_unavailable"),
    "empty": (0x8010000C, "card.absent"),
    "unresponsive": (0x80100066, "card.mute"),
    "unpowered": (0x80100067, "card.mute"),
    "no_protocol": (0x8010000F, "card.mute"),
    "unsupported": (0x80100065, "card.mute"),
    "not_ready": (0x80100010, "card.mute"),
    "undocumented": (0x80100099, "card.driver_failed"),
    "not_even_pcsc": (0x00000006, "card.driver_failed"),
}


@pytest.mark.req("CARD-01")
@pytest.mark.parametrize(("code", "expected"), AT_CONNECTION.values(), ids=AT_CONNECTION)
def test_what_keeps_from_connecting_is_told_apart(
    code: int, expected: str, scard: Any, fake_source: Callable[..., Any], code_of: CodeOf
) -> None:
    scard.plug("Lecteur")
    scard.fails["SCardConnect"] = [code]
    source = fake_source()
    assert code_of(lambda: source.connect("Lecteur")) == expected
    assert source.connect("Lecteur")


def test_return_codes_are_understood_as_signed_numbers_too(
    scard: Any, fake_source: Callable[..., Any], code_of: CodeOf
) -> None:
    scard.fails["SCardConnect"] = [0x8010000C - (1 << 32)]
    assert code_of(lambda: fake_source().connect("Lecteur")) == "card.absent"


SHARING = {
    "held_alone": ([0x8010000B, 0x8010000B], [], "card.reader_in_use"),
    "shared_then_free": ([0x8010000B], [], ""),
    "shared_and_pulled": ([0x8010000B], [0x8010000C], "card.absent"),
    "shared_and_held": ([0x8010000B], [0x8010000B], "card.reader_in_use"),
}


@pytest.mark.parametrize(("connects", "begins", "expected"), SHARING.values(), ids=SHARING)
def test_a_card_is_taken_alone_or_else_within_a_transaction(
    connects: list[int], begins: list[int], expected: str, scard: Any, fake_source: Callable[..., Any], code_of: CodeOf
) -> None:
    scard.fails.update({"SCardConnect": [*connects], "SCardBeginTransaction": [*begins]})
    assert code_of(lambda: fake_source().connect("Lecteur")) == expected
    modes = [call[2] for call in scard.calls if call[0] == "SCardConnect"]
    assert modes == [pcsc.SHARE_EXCLUSIVE, pcsc.SHARE_SHARED]
    # What was connected to without success is given back as it was found.
    gave_back = [call[1] for call in scard.calls if call[0] == "SCardDisconnect"]
    assert gave_back == ([pcsc.LEAVE] if begins else [])


STALE = {
    "reset_by_another": ("SCardBeginTransaction", 0x80100068),
    "just_replaced": ("SCardStatus", 0x80100069),
    "replaced_while_connecting": ("SCardConnect", 0x80100069),
}


@pytest.mark.parametrize(("function", "code"), STALE.values(), ids=STALE)
def test_a_connection_to_a_card_that_was_just_replaced_is_made_again(
    function: str, code: int, scard: Any, fake_source: Callable[..., Any], code_of: CodeOf
) -> None:
    def refusals(count: int) -> dict[str, list[int]]:
        shared = [0x8010000B, 0] * 3 if function == "SCardBeginTransaction" else []
        return {"SCardConnect": shared} | {function: [code] * count}

    scard.fails = refusals(2)
    source = fake_source()
    assert source.connect("Lecteur") == bytes.fromhex("3B751300004009EA9000")
    source.disconnect("Lecteur")
    scard.fails = refusals(3)
    assert code_of(lambda: source.connect("Lecteur")) == "card.removed"


AT_COMMAND = {
    "pulled": (0x80100069, "card.removed", True),
    "reset_by_another": (0x80100068, "card.removed", True),
    "empty": (0x8010000C, "card.removed", True),
    "service_gone": (0x8010001D, "card.no_reader_service", True),
    "handle_of_another_service": (0x80100003, "card.no_reader_service", True),
    "reader_unplugged": (0x80100017, "card.reader_unavailable", True),
    "unresponsive": (0x80100066, "card.mute", False),
    "undocumented": (0x80100099, "card.driver_failed", False),
}


@pytest.mark.req("CARD-02")
@pytest.mark.parametrize(("code", "expected", "lost"), AT_COMMAND.values(), ids=AT_COMMAND)
def test_what_happens_during_a_command_is_told_apart(
    code: int, expected: str, lost: bool, scard: Any, fake_source: Callable[..., Any], code_of: CodeOf
) -> None:
    source = fake_source()
    source.connect("Lecteur")
    scard.fails["SCardTransmit"] = [code]
    assert code_of(lambda: source.transmit("Lecteur", READ)) == expected
    # A card that was lost is not asked again, nor is its successor reset when it is let go of.
    assert code_of(lambda: source.transmit("Lecteur", READ)) == (expected if lost else "")
    source.disconnect("Lecteur")
    assert [call[1] for call in scard.calls if call[0] == "SCardDisconnect"] == [pcsc.LEAVE if lost else pcsc.RESET]


UNANSWERED = {
    "told_as_an_error": ([0x80100016], []),
    "data_lost": ([0x8010002F], []),
    "told_as_an_empty_answer": ([], [b""]),
}
NO_ANSWER = {"told_as_an_error": "card.mute", "data_lost": "card.mute", "told_as_an_empty_answer": ""}


@pytest.mark.req("CARD-02")
@pytest.mark.parametrize("stays", [True, False], ids=["card_stays", "card_is_pulled"])
@pytest.mark.parametrize("kind", UNANSWERED)
def test_a_command_without_answer_is_a_removal_unless_the_card_stays(
    kind: str,
    stays: bool,
    scard: Any,
    fake_source: Callable[..., Any],
    code_of: CodeOf,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("segur_plugin_pcsc.card.SETTLING_MS", 1)
    scard.plug("Lecteur", flags=0x20, counter=1)
    source = fake_source()
    source.connect("Lecteur")
    codes, scard.answers = list(UNANSWERED[kind][0]), list(UNANSWERED[kind][1])
    scard.fails["SCardTransmit"] = codes
    if not stays:
        # Not known yet when it is asked first; the slot is seen to be empty, and then the connection is known as lost.
        scard.plug("Lecteur", flags=0x10, counter=2)
        scard.fails["SCardStatus"] = [0, 0x80100069]
    assert code_of(lambda: source.transmit("Lecteur", READ)) == (NO_ANSWER[kind] if stays else "card.removed")
    assert code_of(lambda: source.transmit("Lecteur", READ)) == ("" if stays else "card.removed")


def test_a_card_that_does_not_start_in_time_is_mute_not_in_use(
    scard: Any, fake_source: Callable[..., Any], code_of: CodeOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import Event

    held = Event()
    monkeypatch.setattr(type(scard), "SCardConnect", lambda *_: (held.wait(10) and 0, 11, 1))
    scard.plug("Lecteur", flags=0x20, counter=1)
    try:
        assert code_of(lambda: fake_source(wait_s=0.05).connect("Lecteur")) == "card.mute"
        scard.plug("Lecteur", flags=0x120, counter=1)
        assert code_of(lambda: fake_source(wait_s=0.05).connect("Lecteur")) == "card.reader_in_use"
    finally:
        held.set()


def test_a_card_that_was_not_waited_for_keeps_nobody_else_waiting(
    scard: Any, fake_source: Callable[..., Any], code_of: CodeOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    from threading import Event, get_ident
    from threading import enumerate as threads

    held, makers = Event(), []

    def connect(*_: object) -> tuple[int, int, int]:
        makers.append(get_ident())
        if len(makers) == 2:
            held.wait(10)
        return 0, 11, 1

    monkeypatch.setattr(type(scard), "SCardConnect", connect)
    scard.plug("Lecteur", flags=0x20, counter=1)
    source = fake_source(wait_s=0.05)
    try:
        for expected in ("", "card.mute", "", ""):
            assert code_of(lambda: source.connect("Lecteur")) == expected
            source.disconnect("Lecteur")
        # One thread connects, and another one once the first was left to the card that did not start.
        assert (makers[0] == makers[1], makers[2] == makers[3], makers[1] == makers[2]) == (True, True, False)
    finally:
        held.set()
        source.close()
    for thread in [one for one in threads() if one.name == "segur-pcsc-connect" and one.ident in makers]:
        thread.join(10)
        assert not thread.is_alive()


@given(code=st.integers(1, 0xFFFFFFFF), connected=st.booleans())
def test_every_code_is_an_error_that_has_a_text(code: int, connected: bool) -> None:
    failure = told(pcsc.WinscardError(code), "Lecteur", connected=connected)
    assert isinstance(failure, CardError)
    assert failure.code in sdk_catalogue()
    assert set(failure.facts) <= {"slot", "reason"}
    assert not (connected and failure.code == "card.absent")
