"""Whatever bytes a professional's card gets, it answers with a status word, and only its codes change its tries."""

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segur_sandbox.cards.catalogue import find
from segur_sandbox.cards.command import parse_command, without_codes
from segur_sandbox.cards.cpx.last_block import finish_sha256
from segur_sandbox.cards.powered import PoweredCard, open_session
from segur_sandbox.cards.vault import CardVault
from segur_sandbox.pki.store import open_pki

KEPT = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
NAMES = ("cps:pharmacist", "cps:pharmacist-cps3", "cpe")
Power = Callable[[str], PoweredCard]


@pytest.fixture(scope="module")
def power(tmp_path_factory: pytest.TempPathFactory) -> Power:
    """Power a card as it was delivered."""
    folder = tmp_path_factory.mktemp("cpx-fuzz")
    vault = CardVault(folder / "cards", open_pki(folder / "pki"))

    def begin(name: str) -> PoweredCard:
        vault.renew()
        record = find(name)
        assert record is not None
        return open_session(record, vault)

    return begin


def _command(cla: int, ins: int, p1: int, p2: int, data: bytes, expected: bytes) -> bytes:
    return bytes([cla, ins, p1, p2]) + (bytes([len(data)]) + data if data else b"") + expected


COMMANDS = st.builds(
    _command,
    st.sampled_from([0x00, 0x01, 0x10, 0x11, 0xA0]),
    st.sampled_from([0xA4, 0xB0, 0x20, 0x24, 0x2C, 0x22, 0x2A, 0x88, 0xC0, 0xCB, 0xFF]),
    st.sampled_from([0x00, 0x01, 0x02, 0x03, 0x04, 0x08, 0x09, 0x3F, 0x41, 0x80, 0x81, 0x90, 0x9E]),
    st.sampled_from([0x00, 0x01, 0x02, 0x04, 0x0C, 0x81, 0x86, 0x9A, 0xA0, 0xA4, 0xAA, 0xB6, 0xB8, 0xFF]),
    st.one_of(
        st.binary(max_size=255),
        st.sampled_from([b"\x3f\x00", b"\x00\x01", b"\xd0\x03", b"1234", b"12345678", b"\x91\x02\x28\x90"]),
    ),
    st.sampled_from([b"", b"\x00", b"\x10"]),
)
ANYTHING = st.one_of(COMMANDS, st.binary(min_size=1, max_size=300))
APPLET = bytes.fromhex("01A4040C088025000001FF0100")


@given(name=st.sampled_from(NAMES), commands=st.lists(ANYTHING, max_size=12))
@KEPT
def test_any_bytes_get_a_status_word(power: Power, name: str, commands: list[bytes]) -> None:
    card = power(name)
    for command in (APPLET, *commands):
        answer = card.transmit(command)
        assert answer is not None
        assert 2 <= len(answer) <= 65538
        assert answer[-2] & 0xF0 in (0x60, 0x90)
    card.power()
    assert card.atr[0] == 0x3B


@given(name=st.sampled_from(NAMES), commands=st.lists(ANYTHING, max_size=12))
@KEPT
def test_private_files_and_keys_stay_shut_without_the_pin(power: Power, name: str, commands: list[bytes]) -> None:
    card = power(name)
    prefix = b"\x00" if "cps3" in name else b"\x01"
    card.transmit(APPLET)
    for command in commands:
        if parse_command(command, extended=True) is None or command[1] not in (0x20, 0x24, 0x2C):
            card.transmit(command)
    if prefix == b"\x01":
        card.transmit(APPLET)
    path = bytes.fromhex("A4080C040001D120" if prefix == b"\x01" else "A4090C063F000001D120")
    # A chain begun among the commands ends with the first one that is no part of it.
    card.transmit(prefix + path)
    assert card.transmit(prefix + path) == b"\x90\x00"
    assert card.transmit(prefix + bytes.fromhex("B0000002")) == b"\x69\x82"


PINS = st.lists(st.sampled_from([b"1234", b"0000", b"9999", b"123", b"12345"]), max_size=10)


@given(name=st.sampled_from(NAMES), pins=PINS)
@KEPT
def test_tries_follow_the_codes_presented_whatever_is_powered_off_between(
    power: Power, name: str, pins: list[bytes]
) -> None:
    card, left = power(name), 3
    prefix = b"\x00" if "cps3" in name else b"\x01"
    for pin in pins:
        card.power()
        card.transmit(APPLET)
        answer = card.transmit(prefix + b"\x20\x00\x01" + bytes([len(pin)]) + pin)
        if len(pin) != 4:
            expected = b"\x67\x00"
        elif left == 0:
            expected = b"\x69\x83"
        elif pin == b"1234":
            left, expected = 3, b"\x90\x00"
        else:
            left -= 1
            expected = bytes([0x63, 0xC0 | left])
        assert answer == expected


@given(st.binary(max_size=400))
def test_any_bytes_are_a_command_or_none(apdu: bytes) -> None:
    for extended in (False, True):
        command = parse_command(apdu, extended=extended)
        if command is None:
            continue
        assert bytes([command.cla, command.ins, command.p1, command.p2]) == apdu[:4]
        assert command.data in apdu
        assert command.expected is None or 1 <= command.expected <= (65536 if extended else 256)


@given(st.sampled_from([0x20, 0x24, 0x2C]), st.binary(max_size=30))
def test_codes_are_masked_whatever_their_length(ins: int, rest: bytes) -> None:
    apdu = bytes([0x01, ins, 0x00, 0x01]) + rest
    shown = without_codes(apdu)
    assert len(shown) == 2 * len(apdu)
    assert shown[:10] == apdu.hex().upper()[:10]
    assert set(shown[10:]) <= {"X"}


@given(st.binary(max_size=64))
def test_a_message_of_one_block_is_hashed_like_any_other(message: bytes) -> None:
    initial = bytes.fromhex("6a09e667bb67ae853c6ef372a54ff53a510e527f9b05688c1f83d9ab5be0cd19")
    assert finish_sha256(initial, 0, message) == finish_sha256(b"", 0, message) == hashlib.sha256(message).digest()


def test_a_session_needs_nothing_but_the_data_folder(tmp_path: Path) -> None:
    record = find("cps:physician")
    assert record is not None
    first = open_session(record, CardVault(tmp_path / "cards", open_pki(tmp_path / "pki")))
    assert first.transmit(APPLET) == b"\x90\x00"
    assert not (tmp_path / "cards").exists()
