"""The faults of the readers hold for professionals' cards as for any other; what the card did before stays done."""

import socket
from collections.abc import Callable
from typing import Any

import pytest

Card = Callable[[str], socket.socket]
Transmit = Callable[[socket.socket, str], str]
Control = Callable[..., tuple[int, Any]]

SELECT_CHIPDOC = "01A4040C088025000001FF0100"
SELECT_NUMBER = "01A4080002D00300"
INFORMATION = "6F0B8002000C8201018302D0039000"
WRONG_PIN = "012000010430303030"


def _arm(control: Control, fault: str, **more: object) -> None:
    assert control("POST", "/faults", {"service": "cards", "fault": fault, "count": 1, **more})[0] == 200


@pytest.mark.parametrize(("fault", "answer"), [("garbage", "00FF1234"), ("error5xx", "6F00")])
def test_a_wrong_answer_comes_once(card: Card, transmit: Transmit, control: Control, fault: str, answer: str) -> None:
    connection = card("cps:pharmacist")
    transmit(connection, SELECT_CHIPDOC)
    _arm(control, fault)
    assert [transmit(connection, SELECT_NUMBER), transmit(connection, SELECT_NUMBER)] == [answer, INFORMATION]


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_card_is_pulled_out_after_the_nth_apdu(card: Card, transmit: Transmit, control: Control, after: int) -> None:
    connection = card("cps:pharmacist")
    _arm(control, "reset", after=after)
    commands = [SELECT_CHIPDOC, SELECT_NUMBER, "01B000000C"]
    for command in commands[:after]:
        assert transmit(connection, command).endswith("9000")
    with pytest.raises(ConnectionResetError):
        transmit(connection, commands[after])
    assert control("GET", "/cards")[1]["readers"][0]["card"] is None
    connection = card("cps:pharmacist")
    assert [transmit(connection, command)[-4:] for command in commands] == ["9000"] * 3


def test_a_truncated_answer_ends_the_connection(card: Card, transmit: Transmit, control: Control) -> None:
    connection = card("cps:pharmacist")
    transmit(connection, SELECT_CHIPDOC)
    _arm(control, "truncated")
    connection.sendall(b"\x00\x08" + bytes.fromhex(SELECT_NUMBER))
    received = b""
    while piece := connection.recv(64):
        received += piece
    announced = len(bytes.fromhex(INFORMATION))
    assert received == announced.to_bytes(2, "big") + bytes.fromhex(INFORMATION)[: announced // 2]


def test_a_slow_card_answers_in_the_end(card: Card, transmit: Transmit, control: Control) -> None:
    connection = card("cps:pharmacist-cps3")
    _arm(control, "delay", seconds=0.3)
    assert transmit(connection, "00A4090C043F00D003") == "9000"
    (exchange,) = control("GET", "/exchanges?service=cards")[1]
    assert (exchange["fault"], exchange["answer"]["body"]) == ("delay", "9000")


def test_a_wrong_pin_costs_its_try_even_when_its_answer_is_lost(
    card: Card, transmit: Transmit, control: Control
) -> None:
    connection = card("cps:pharmacist")
    transmit(connection, SELECT_CHIPDOC)
    _arm(control, "answer_lost")
    with pytest.raises(ConnectionResetError):
        transmit(connection, WRONG_PIN)
    connection = card("cps:pharmacist")
    transmit(connection, SELECT_CHIPDOC)
    assert transmit(connection, "01200001") == "63C2"


def test_a_pin_cut_off_before_the_card_saw_it_costs_none(card: Card, transmit: Transmit, control: Control) -> None:
    connection = card("cps:pharmacist")
    transmit(connection, SELECT_CHIPDOC)
    _arm(control, "reset")
    with pytest.raises(ConnectionResetError):
        transmit(connection, WRONG_PIN)
    connection = card("cps:pharmacist")
    transmit(connection, SELECT_CHIPDOC)
    assert transmit(connection, "01200001") == "63C3"


def test_a_professionals_card_is_in_the_ledger_once_powered(card: Card, transmit: Transmit, control: Control) -> None:
    connection = card("cpe")
    connection.sendall(b"\x00\x01\x01")
    assert transmit(connection, SELECT_CHIPDOC) == "9000"
    (opening,) = control("GET", "/ledger?service=cards")[1]
    assert (opening["card"], opening["serial"], opening["reader"]) == ("cpe", "2800903100", "Vitale 1")
