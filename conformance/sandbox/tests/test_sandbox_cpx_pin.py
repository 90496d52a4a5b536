"""The PIN and the PUK of professionals' cards: the tries are the card's, whatever the session."""

import json
import socket
import ssl
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Cpx = Callable[[str], Callable[[str], str]]
Send = Callable[[str], str]
Control = Callable[..., tuple[int, Any]]

SELECT_CHIPDOC = "01 A4 04 0C 08 8025000001FF0100"
CLASSES = {"cps:pharmacist": "01", "cps:pharmacist-cps3": "00", "cps:locked": "01"}
BOTH = pytest.mark.parametrize("name", ["cps:pharmacist", "cps:pharmacist-cps3"], ids=["cps4", "cps3"])
RIGHT, WRONG = "31323334", "30303030"


def _open(cpx: Cpx, name: str) -> Send:
    send = cpx(name)
    if CLASSES[name] == "01":
        assert send(SELECT_CHIPDOC) == "9000"
    return lambda command: send(f"{CLASSES[name]} {command}")


@BOTH
def test_three_wrong_pins_lock_the_card_and_the_right_one_comes_too_late(cpx: Cpx, name: str) -> None:
    send = _open(cpx, name)
    answers = [send(f"20 00 01 04 {pin}") for pin in (WRONG, WRONG, WRONG, WRONG, RIGHT)]
    assert answers == ["63C2", "63C1", "63C0", "6983", "6983"]


@BOTH
def test_the_right_pin_gives_every_try_back(cpx: Cpx, name: str) -> None:
    send = _open(cpx, name)
    answers = [send(f"20 00 01 04 {pin}") for pin in (WRONG, WRONG, RIGHT, WRONG, WRONG)]
    assert answers == ["63C2", "63C1", "9000", "63C2", "63C1"]


def test_a_cps4_tells_its_tries_even_once_verified(cpx: Cpx) -> None:
    send = _open(cpx, "cps:pharmacist")
    assert [send("20 00 01"), send(f"20 00 01 04 {WRONG}"), send("20 00 01")] == ["63C3", "63C2", "63C2"]
    assert [send(f"20 00 01 04 {RIGHT}"), send("20 00 01")] == ["9000", "63C3"]
    for _ in range(3):
        send(f"20 00 01 04 {WRONG}")
    assert send("20 00 01") == "6983"


def test_a_cps3_says_9000_once_verified_and_its_tries_before(cpx: Cpx) -> None:
    send = _open(cpx, "cps:pharmacist-cps3")
    assert [send("20 00 01"), send(f"20 00 01 04 {WRONG}"), send("20 00 01")] == ["63C3", "63C2", "63C2"]
    assert [send(f"20 00 01 04 {RIGHT}"), send("20 00 01"), send("20 00 02")] == ["9000", "9000", "63C3"]


def test_a_cps3_tells_its_tries_by_get_data(cpx: Cpx) -> None:
    send = _open(cpx, "cps:pharmacist-cps3")
    question = "CB 3F FF 0A 4D08 7006 BF8101 02 A080"
    assert [send(question), send("C0 00 00 0E")] == ["610E", "700CBF810108A0069A01039B01039000"]
    send(f"20 00 01 04 {WRONG}")
    assert [send(question), send("C0 00 00 0E")] == ["610E", "700CBF810108A0069A01039B01029000"]


GET_DATA = [
    ("CB 3F FF 0A 4D08 7006 BF8102 02 A080", "610E", "puk"),
    ("CB 3F FF 0A 4D08 7006 BF8103 02 A080", "6A88", "unknown-code"),
    ("CB 3F FF 0A 4D08 7006 BF8101 02 A180", "6A80", "unknown-question"),
    ("CB 3F FF 09 4D08 7006 BF8101 02 A0", "6700", "cut-question"),
    ("CB 3F FF", "6700", "no-question"),
    ("CB 00 FF 0A 4D08 7006 BF8101 02 A080", "6A86", "wrong-p1"),
]


@pytest.mark.parametrize(("command", "status"), [row[:2] for row in GET_DATA], ids=[row[2] for row in GET_DATA])
def test_get_data_answers_one_question_and_refuses_the_others(cpx: Cpx, command: str, status: str) -> None:
    send = _open(cpx, "cps:pharmacist-cps3")
    assert send(command) == status
    assert send(GET_DATA[0][0]) == "610E"


COSTLESS = [
    ("20 00 01 03 313233", "6700", "three-digits"),
    ("20 00 01 05 3132333435", "6700", "five-digits"),
    ("20 00 01 08 31323334FFFFFFFF", "6700", "padded"),
    ("20 00 01 04 31323334 00", "6700", "answer-wanted"),
    ("20 01 01 04 31323334", "6A86", "wrong-p1"),
    ("20 00 03 04 31323334", "6A88", "unknown-reference"),
    ("20 00 81 04 31323334", "6A88", "local-reference"),
    ("20 00 03", "6A88", "tries-of-unknown-reference"),
]


@BOTH
@pytest.mark.parametrize(("command", "status"), [row[:2] for row in COSTLESS], ids=[row[2] for row in COSTLESS])
def test_a_misshapen_verify_costs_no_try(cpx: Cpx, name: str, command: str, status: str) -> None:
    send = _open(cpx, name)
    assert send(command) == status
    assert send("20 00 01") == "63C3"
    assert send(f"20 00 01 04 {RIGHT}") == "9000"


@BOTH
def test_four_bytes_that_are_no_digits_are_a_wrong_pin(cpx: Cpx, name: str) -> None:
    assert _open(cpx, name)("20 00 01 04 FFFFFFFF") == "63C2"


PRIVATE = {"cps:pharmacist": "A4 08 00 04 0001D120 00", "cps:pharmacist-cps3": "A4 09 0C 06 3F000001D120"}


@BOTH
def test_a_wrong_pin_ends_what_the_right_one_had_opened(cpx: Cpx, name: str) -> None:
    send = _open(cpx, name)
    send(PRIVATE[name])
    assert send("B0 00 00 04") == "6982"
    send(f"20 00 01 04 {RIGHT}")
    assert send("B0 00 00 02").endswith("9000")
    send(f"20 00 01 04 {WRONG}")
    assert send("B0 00 00 02") == "6982"


POWER = pytest.mark.parametrize("code", ["00", "01", "02"], ids=["off", "on", "reset"])
Connected = tuple[Send, Callable[[str], None]]


@pytest.fixture
def connected(card: Callable[[str], socket.socket], transmit: Callable[..., str]) -> Callable[[str], Connected]:
    """Insert a card: what sends it commands without their class, and what sends a control code to its reader."""

    def insert(name: str) -> Connected:
        connection = card(name)

        def power(code: str) -> None:
            connection.sendall(b"\x00\x01" + bytes.fromhex(code))
            if CLASSES[name] == "01":
                assert transmit(connection, SELECT_CHIPDOC) == "9000"

        power("01")
        return lambda command: transmit(connection, f"{CLASSES[name]} {command}"), power

    return insert


@BOTH
@POWER
def test_power_and_reset_forget_the_pin_and_no_wrong_try(
    connected: Callable[[str], Connected], name: str, code: str
) -> None:
    send, power = connected(name)
    assert send(f"20 00 01 04 {WRONG}") == "63C2"
    power(code)
    assert send("20 00 01") == "63C2"
    assert send(f"20 00 01 04 {RIGHT}") == "9000"
    send(PRIVATE[name])
    assert send("B0 00 00 02").endswith("9000")
    power(code)
    send(PRIVATE[name])
    assert send("B0 00 00 02") == "6982"


FORGOTTEN = [
    ("cps:pharmacist", ("22 81 B6 04 91022890",), f"2A 9E 9A 20 {'00' * 32} 00", "6985", "cps4-signature"),
    ("cps:pharmacist", ("22 41 B8 03 830120",), f"2A 80 86 000100 {'00' * 256} 0000", "6985", "cps4-deciphering"),
    ("cps:pharmacist", ("20 00 02 08 3132333435363738",), "2C 03 81", "6982", "cps4-puk"),
    ("cps:pharmacist", ("20 00 02 08 3132333435363738", "2C 03 81"), "24 01 01 04 35353535", "6982", "cps4-unblocked"),
    ("cps:pharmacist-cps3", ("22 41 B6 06 800142840110",), f"2A 9E 9A 20 {'00' * 32}", "6985", "cps3-signature"),
    ("cps:pharmacist-cps3", ("A4 09 04 04 3F00D003",), "C0 00 00 00", "6985", "cps3-waiting-answer"),
    ("cps:pharmacist-cps3", ("A4 09 0C 04 3F00D003",), "B0 00 00 02", "6986", "cps3-current-file"),
    ("cps:pharmacist", ("A4 08 0C 02 D003",), "B0 00 00 02", "6986", "cps4-current-file"),
]


@POWER
@pytest.mark.parametrize(
    ("name", "before", "command", "status"), [row[:4] for row in FORGOTTEN], ids=[row[4] for row in FORGOTTEN]
)
def test_power_and_reset_forget_everything_else_too(
    connected: Callable[[str], Connected], name: str, before: tuple[str, ...], command: str, status: str, code: str
) -> None:
    send, power = connected(name)
    for each in before:
        assert send(each)[-4:-2] in ("90", "61")
    power(code)
    assert send(command) == status
    for each in before:
        send(each)
    assert send(command) != status


@POWER
def test_power_and_reset_end_an_unfinished_chain(
    card: Callable[[str], socket.socket], transmit: Callable[..., str], code: str
) -> None:
    connection = card("cps:pharmacist-cps3")
    assert transmit(connection, "10 2A 80 86 01 81") == "9000"
    connection.sendall(b"\x00\x01" + bytes.fromhex(code))
    assert transmit(connection, "00 20 00 01") == "63C3"


@POWER
def test_power_and_reset_close_the_channel_of_a_cps4(
    card: Callable[[str], socket.socket], transmit: Callable[..., str], code: str
) -> None:
    connection = card("cps:pharmacist")
    assert [transmit(connection, SELECT_CHIPDOC), transmit(connection, "01 20 00 01")] == ["9000", "63C3"]
    connection.sendall(b"\x00\x01" + bytes.fromhex(code))
    assert transmit(connection, "01 20 00 01") == "6881"


@BOTH
def test_tries_survive_removal_and_a_stay_in_another_reader(cpx: Cpx, control: Control, name: str) -> None:
    assert _open(cpx, name)(f"20 00 01 04 {WRONG}") == "63C2"
    control("POST", "/cards", {"reader": "Vitale 1", "card": None})
    control("POST", "/cards", {"reader": "Vitale 2", "card": name})
    control("POST", "/cards", {"reader": "Vitale 2", "card": None})
    assert _open(cpx, name)("20 00 01") == "63C2"


def test_tries_are_the_cards_own(cpx: Cpx) -> None:
    _open(cpx, "cps:pharmacist")(f"20 00 01 04 {WRONG}")
    assert _open(cpx, "cps:pharmacist-cps3")("20 00 01") == "63C3"


def test_a_lock_and_a_new_pin_survive_a_restart_of_the_sandbox(
    start: Callable[[Path], Any], stop: Callable[..., int], transmit: Callable[..., str], tmp_path: Path
) -> None:
    def insert(descriptor: dict[str, Any], name: str) -> socket.socket:
        token = Path(descriptor["control"]["token_file"]).read_text()
        request = urllib.request.Request(
            descriptor["control"]["url"] + "/cards",
            json.dumps({"reader": "Vitale 1", "card": name}).encode(),
            {"authorization": f"Bearer {token}"},
        )
        context = ssl.create_default_context(cafile=descriptor["ca"])
        with urllib.request.urlopen(request, context=context, timeout=20) as answer:
            assert answer.status == 200
        reader = descriptor["services"]["cards"]["readers"][0]
        return socket.create_connection((reader["host"], reader["port"]), timeout=10)

    process, descriptor = start(tmp_path)
    with insert(descriptor, "cps:pharmacist-cps3") as connection:
        assert transmit(connection, "00 24 00 01 08 31323334 34333231") == "9000"
    with insert(descriptor, "cps:pharmacist") as connection:
        transmit(connection, SELECT_CHIPDOC)
        answers = [transmit(connection, f"01 20 00 01 04 {WRONG}") for _ in range(3)]
        assert answers[-1] == "63C0"
    assert stop(process) == 0
    kept = list((tmp_path / "cards").iterdir())
    assert {path.name for path in kept} == {"2800901100.json", "2800901200.json"}
    assert {path.stat().st_mode & 0o777 for path in kept} == {0o600}
    process, descriptor = start(tmp_path)
    with insert(descriptor, "cps:pharmacist") as connection:
        transmit(connection, SELECT_CHIPDOC)
        assert transmit(connection, f"01 20 00 01 04 {RIGHT}") == "6983"
    with insert(descriptor, "cps:pharmacist-cps3") as connection:
        assert transmit(connection, f"00 20 00 01 04 {RIGHT}") == "63C2"
        assert transmit(connection, "00 20 00 01 04 34333231") == "9000"
    assert stop(process) == 0


def test_reset_gives_cards_as_they_were_delivered(cpx: Cpx, control: Control) -> None:
    send = _open(cpx, "cps:pharmacist")
    for _ in range(3):
        send(f"20 00 01 04 {WRONG}")
    cps3 = _open(cpx, "cps:pharmacist-cps3")
    assert cps3("24 00 01 08 31323334 34333231") == "9000"
    assert control("POST", "/reset")[0] == 200
    assert _open(cpx, "cps:pharmacist")(f"20 00 01 04 {RIGHT}") == "9000"
    assert _open(cpx, "cps:pharmacist-cps3")(f"20 00 01 04 {RIGHT}") == "9000"


def test_a_card_delivered_locked_stays_so_after_a_reset(cpx: Cpx, control: Control) -> None:
    for _ in range(2):
        send = _open(cpx, "cps:locked")
        assert [send("20 00 01"), send(f"20 00 01 04 {RIGHT}")] == ["6983", "6983"]
        control("POST", "/reset")


def test_a_cps4_changes_a_verified_pin_without_repeating_it(cpx: Cpx) -> None:
    send = _open(cpx, "cps:pharmacist")
    assert send("24 01 01 04 34333231") == "6982"
    assert send(f"20 00 01 04 {RIGHT}") == "9000"
    assert send("24 01 01 04 34333231") == "9000"
    assert [send(f"20 00 01 04 {RIGHT}"), send("20 00 01 04 34333231")] == ["63C2", "9000"]


def test_a_cps3_changes_its_pin_given_the_old_one(cpx: Cpx) -> None:
    send = _open(cpx, "cps:pharmacist-cps3")
    assert send("24 00 01 08 30303030 34333231") == "63C2"
    assert send("24 00 01 08 31323334 34333231") == "9000"
    assert [send(f"20 00 01 04 {RIGHT}"), send("20 00 01 04 34333231")] == ["63C2", "9000"]


CHANGES = [
    ("cps:pharmacist", "24 00 01 08 31323334 34333231", "6A86", "cps4-old-and-new"),
    ("cps:pharmacist", "24 01 02 08 3132333435363738", "6A86", "cps4-puk"),
    ("cps:pharmacist", "24 01 01 05 3433323130", "6700", "cps4-too-long"),
    ("cps:pharmacist", "24 01 01", "6700", "cps4-nothing"),
    ("cps:pharmacist", "24 01 01 04 41424344", "6A80", "cps4-letters"),
    ("cps:pharmacist-cps3", "24 01 01 04 34333231", "6A86", "cps3-new-alone"),
    ("cps:pharmacist-cps3", "24 00 01 04 34333231", "6700", "cps3-cut"),
    ("cps:pharmacist-cps3", "24 00 01 08 31323334 41424344", "6A80", "cps3-letters"),
]


@pytest.mark.parametrize(("name", "command", "status"), [row[:3] for row in CHANGES], ids=[row[3] for row in CHANGES])
def test_a_refused_change_leaves_the_pin_as_it_is(cpx: Cpx, name: str, command: str, status: str) -> None:
    send = _open(cpx, name)
    assert send(f"20 00 01 04 {RIGHT}") == "9000"
    assert send(command) == status
    assert send(f"20 00 01 04 {RIGHT}") == "9000"


PUK = "3132333435363738"


def _lock(send: Send) -> None:
    for _ in range(3):
        send(f"20 00 01 04 {WRONG}")


def test_a_cps4_is_unblocked_by_its_puk_and_takes_a_new_pin(cpx: Cpx) -> None:
    send = _open(cpx, "cps:pharmacist")
    _lock(send)
    assert send("2C 03 81") == "6982"
    assert [send("20 00 02"), send(f"20 00 02 08 {PUK}"), send("2C 03 81")] == ["63C3", "9000", "9000"]
    assert send("24 01 01 04 35353535") == "9000"
    assert send("24 01 01 04 36363636") == "6982"
    assert [send("20 00 01"), send("20 00 01 04 35353535")] == ["63C3", "9000"]


@pytest.mark.parametrize(
    "unblock",
    [(f"2C 00 01 0C {PUK} 35353535",), (f"20 00 02 08 {PUK}", "2C 02 01 04 35353535")],
    ids=["at-once", "puk-verified-before"],
)
def test_a_cps3_is_unblocked_by_its_puk_and_a_new_pin(cpx: Cpx, unblock: tuple[str, ...]) -> None:
    send = _open(cpx, "cps:pharmacist-cps3")
    _lock(send)
    assert send("2C 02 01 04 35353535") == "6982"
    assert [send(command) for command in unblock] == ["9000"] * len(unblock)
    assert [send("20 00 01"), send("20 00 01 04 35353535")] == ["63C3", "9000"]


UNBLOCKS = [
    ("cps:pharmacist", "2C 00 01 0C 3132333435363738 35353535", "6A86", "cps4-at-once"),
    ("cps:pharmacist", "2C 03 01", "6A86", "cps4-without-its-bit"),
    ("cps:pharmacist", "2C 03 81 04 35353535", "6700", "cps4-with-data"),
    ("cps:pharmacist-cps3", "2C 03 81", "6A86", "cps3-like-a-cps4"),
    ("cps:pharmacist-cps3", "2C 00 01 08 3132333435363738", "6700", "cps3-puk-alone"),
    ("cps:pharmacist-cps3", "2C 00 01 0C 3132333435363738 41424344", "6A80", "cps3-letters"),
]


@pytest.mark.parametrize(("name", "command", "status"), [row[:3] for row in UNBLOCKS], ids=[row[3] for row in UNBLOCKS])
def test_a_refused_unblocking_leaves_the_card_locked(cpx: Cpx, name: str, command: str, status: str) -> None:
    send = _open(cpx, name)
    _lock(send)
    assert send(f"20 00 02 08 {PUK}") == "9000"
    assert send(command) == status
    assert send(f"20 00 01 04 {RIGHT}") == "6983"


@BOTH
def test_a_wrong_puk_has_tries_of_its_own(cpx: Cpx, name: str) -> None:
    send = _open(cpx, name)
    answers = [send(f"20 00 02 08 {code}") for code in ("3030303030303030",) * 3 + (PUK,)]
    assert answers == ["63C2", "63C1", "63C0", "6983"]
    assert send(f"20 00 01 04 {RIGHT}") == "9000"


@BOTH
def test_no_code_is_in_the_journal(cpx: Cpx, control: Control, name: str) -> None:
    send = _open(cpx, name)
    send(f"20 00 01 04 {RIGHT}")
    send(f"20 00 02 08 {PUK}")
    send("24 00 01 08 31323334 34333231")
    send(f"2C 00 01 0C {PUK} 34333231")
    bodies = [exchange["request"]["body"] for exchange in control("GET", "/exchanges?service=cards")[1]]
    assert [body[2:] for body in bodies[-4:]] == [
        "20000104" + "XX" * 4,
        "20000208" + "XX" * 8,
        "24000108" + "XX" * 8,
        "2C00010C" + "XX" * 12,
    ]
    assert not any(RIGHT in body for body in bodies)
