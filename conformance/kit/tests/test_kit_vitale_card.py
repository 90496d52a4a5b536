"""The kit's own carte Vitale and reader answer as ISO 7816-4 has it, or its checks would judge by a faulty card."""

from __future__ import annotations

import socket
from typing import Any, Final

import pytest

from segur_conformance.checks.vitale.card_content import FAMILY, ZOE, data_object, identity_file, number_file
from segur_conformance.checks.vitale.own_reader import OwnReader
from segur_conformance.checks.vitale.virtual_card import NUMBERS, RIGHTS, VirtualCard
from segur_sandbox.cards.catalogue import CATALOGUE
from segur_sandbox.cards.files import EF_IDENTITY, EF_NIR, lay_out

SELECT_MF: Final = "00A40000023F00"
SELECT_VITALE: Final = "00A404000BD250000002564954414C45"
READ: Final = "00B0820000"


def send(card: VirtualCard, *commands: str) -> list[str]:
    return [card.transmit(bytes.fromhex(command)).hex().upper() for command in commands]


@pytest.mark.parametrize(
    ("size", "head"), [(0, "8000"), (127, "807F"), (128, "808180"), (255, "8081FF"), (256, "80820100")]
)
def test_length_is_in_its_shortest_form(size: int, head: str) -> None:
    assert data_object("80", bytes(size)) == bytes.fromhex(head) + bytes(size)


def test_files_are_those_of_the_sandbox_card_of_the_same_people() -> None:
    files = lay_out(CATALOGUE["vitale:family"])
    identities, numbers = files.mf[EF_IDENTITY], files.vitale[EF_NIR]
    assert identities is not None
    assert numbers is not None
    assert identity_file(FAMILY, "R", 0) == identities.rstrip(b"\x00")
    assert number_file(FAMILY, 0) == numbers.rstrip(b"\x00")


def test_published_sequence_gives_both_files() -> None:
    card = VirtualCard.of(ZOE)
    answers = send(card, SELECT_MF, READ, SELECT_VITALE, READ)
    assert answers == ["9000", card.identities.hex().upper() + "9000", "9000", card.numbers.hex().upper() + "9000"]
    assert card.visited == {0x2F05, NUMBERS}


@pytest.mark.parametrize(
    ("particulars", "commands", "answer"),
    [
        ({"is_vitale": False}, [SELECT_MF], "6A82"),
        ({"is_vitale": False}, [SELECT_VITALE], "6A82"),
        ({}, ["00B0000000"], "6986"),
        ({}, [SELECT_MF, "00A40000022009"], "6A82"),
        ({}, [SELECT_MF, READ, "00B0700000"], "6B00"),
        ({}, [SELECT_VITALE, "00A40000022005", "00B0000000"], "6982"),
        ({"protected": frozenset({NUMBERS})}, [SELECT_VITALE, READ], "6982"),
        ({}, ["0020000104"], "6D00"),
        ({}, ["80A40000023F00"], "6D00"),
        ({"always": b"\x61\x10"}, [SELECT_MF], "6110"),
        ({"instead": {1: b"\x6f\x00"}}, [SELECT_MF, READ], "6F00"),
        ({"endless": frozenset({NUMBERS})}, [SELECT_VITALE, READ, "00B07FFF02"], None),
    ],
)
def test_what_is_not_there_is_said_by_its_status_word(
    particulars: dict[str, Any], commands: list[str], answer: str | None
) -> None:
    last = send(VirtualCard.of(ZOE, **particulars), *commands)[-1]
    assert (last == answer) if answer else (len(last) == 8 and last.endswith("9000"))


def test_habit_61_announces_what_get_response_fetches() -> None:
    card = VirtualCard(bytes(256), bytes(10), habit="61")
    assert send(card, SELECT_MF, READ, "00C0000000") == ["9000", "6100", "00" * 256 + "9000"]
    assert send(card, "00B0000004", "00C0000002", "00C0000002") == ["6104", "00006102", "00009000"]


def test_habit_6c_tells_the_right_length() -> None:
    card = VirtualCard(b"AB", bytes(10), habit="6C")
    assert send(card, SELECT_MF, READ, "00B0820002") == ["9000", "6C02", "41429000"]


def test_protected_rights_stand_beside_the_numbers() -> None:
    card = VirtualCard.of(ZOE)
    send(card, SELECT_VITALE, "00A40000022005", "00B0000000")
    assert card.visited == {RIGHTS}


def test_recording_is_the_last_conversation() -> None:
    card = VirtualCard.of(ZOE)
    send(card, SELECT_VITALE)
    card.power()
    send(card, SELECT_MF)
    card.power()
    assert card.recorded == {"atr": card.atr, "apdus": [[SELECT_MF.lower(), "9000"]]}


def exchange(connection: socket.socket, payload: str) -> str:
    data = bytes.fromhex(payload)
    connection.sendall(len(data).to_bytes(2, "big") + data)
    head = connection.recv(2)
    return connection.recv(int.from_bytes(head, "big")).hex().upper() if head else "gone"


def connected(reader: OwnReader) -> socket.socket:
    slot = reader.tables["readers"]["memory"]["slots"][0]
    return socket.create_connection((slot["host"], slot["port"]), timeout=10)


def test_reader_speaks_the_framing_of_vpcd() -> None:
    with OwnReader(VirtualCard.of(ZOE)) as reader, connected(reader) as connection:
        assert exchange(connection, "04") == VirtualCard.of(ZOE).atr
        assert exchange(connection, SELECT_MF) == "9000"


def test_empty_reader_closes_the_connection() -> None:
    with OwnReader() as reader, connected(reader) as connection:
        assert connection.recv(1) == b""


def test_card_that_is_taken_out_closes_the_connection() -> None:
    with OwnReader(VirtualCard.of(ZOE)) as reader, connected(reader) as connection:
        assert exchange(connection, "04")
        reader.insert(None)
        assert connection.recv(1) == b""


def test_swap_happens_right_after_the_command() -> None:
    other = VirtualCard.of(*FAMILY, atr="3B751300004409EA9000")
    with OwnReader(VirtualCard.of(ZOE)) as reader:
        reader.swap_after(0, other)
        with connected(reader) as connection:
            assert exchange(connection, SELECT_MF) == "9000"
            assert connection.recv(1) == b""
        with connected(reader) as connection:
            assert exchange(connection, "04") == other.atr
