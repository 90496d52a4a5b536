"""The virtual cards, spoken to over raw sockets with the framing of the vpcd virtual reader."""

import hashlib
import hmac
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

SELECT_MF = "00A40000023F00"
SELECT_MF_BY_NAME = "00A404000ED2500000024D465F564954414C45"
SELECT_VITALE = "00A404000BD250000002564954414C45"
READ_SFI_2 = "00B0820000"
Transmit = Callable[[socket.socket, str], str]
Card = Callable[[str], socket.socket]
Control = Callable[..., tuple[int, Any]]


def _objects(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Read BER-TLV as a card reader does: up to the zero padding."""
    while content and content[0]:
        tag, length, start = content[0], content[1], 2
        if length == 0x81:
            length, start = content[2], 3
        assert len(content) >= start + length, "cut object"
        yield tag, content[start : start + length]
        content = content[start + length :]


def _read_all(connection: socket.socket, transmit: Transmit) -> bytes:
    """Read the whole of short file 2, 256 bytes at a time."""
    answer = transmit(connection, READ_SFI_2)
    content = b""
    while answer.endswith("9000"):
        content += bytes.fromhex(answer[:-4])
        if len(content) % 256:
            break
        answer = transmit(connection, f"00B0{len(content):04X}00")
    return content


def _beneficiaries(connection: socket.socket, transmit: Transmit) -> list[tuple[str, ...]]:
    assert transmit(connection, SELECT_MF) == "9000"
    people = [dict(_objects(value)) for tag, value in _objects(_read_all(connection, transmit)) if tag == 0x65]
    assert transmit(connection, SELECT_VITALE) == "9000"
    numbers = [dict(_objects(value)) for tag, value in _objects(_read_all(connection, transmit)) if tag == 0x65]
    return [
        (person[0x80].decode("latin-1"), person[0x81].decode("latin-1"), person[0x82].decode(), number[0x93].decode())
        for person, number in zip(people, numbers, strict=True)
    ]


NIR_FAMILY, NIR_TWINS, NIR_ACCENTS = "297022A02077878", "277076322082910", "101066322075460"
CONTENT = [
    ("single", [("ADRUN", "ZOE", "19751231", "275126322074974")]),
    (
        "family",
        [
            ("ADRTROIS", "DOMINIQUE", "19970226", NIR_FAMILY),
            ("ADRTROIS", "TOUSSAINT", "19600101", NIR_FAMILY),
            ("NESSI", "MICHELANGELO", "20100807", NIR_FAMILY),
        ],
    ),
    (
        "twins",
        [
            ("NESSI", "RUTH", "19770714", NIR_TWINS),
            ("NESSI", "MICHELANGELO", "20100807", NIR_TWINS),
            ("NESSI", "DONATELLO", "20100807", NIR_TWINS),
        ],
    ),
    (
        "same-birthdate",
        [("CORSE", "ANTHONY", "19800302", "180032B02040123"), ("HERMANN", "GATIEN", "19800302", "180032B02040123")],
    ),
    ("lunar", [("ADRUN", "ZOE", "19752000", "275126322074974")]),
    ("no-century", [("ADRUN", "ZOE", "751231", "275126322074974")]),
    (
        "corsica",
        [("CORSE", "ANTHONY", "19800302", "180032B02040123"), ("ADRTROIS", "DOMINIQUE", "19970226", NIR_FAMILY)],
    ),
    (
        "accents",
        [
            ("D'ARTAGNAN DE L'HÉRAULT", "PIERRE-ALAIN", "20010617", NIR_ACCENTS),
            ("ADRUN", "ZOÉ", "19751231", NIR_ACCENTS),
        ],
    ),
    ("several", [("DE VINCI", "LEONARDO", "20140201", NIR_TWINS)]),
    ("none", [("HOUILLES", "PIERRE", "19930127", "275126322074974")]),
]


@pytest.mark.parametrize(("name", "people"), CONTENT, ids=[row[0] for row in CONTENT])
def test_a_named_card_holds_its_people_in_order(
    card: Card, transmit: Transmit, name: str, people: list[tuple[str, ...]]
) -> None:
    assert _beneficiaries(card(name), transmit) == people


def test_nineteen_beneficiaries_need_reads_beyond_256_bytes(card: Card, transmit: Transmit) -> None:
    people = _beneficiaries(card("nineteen"), transmit)
    assert len(people) == len({row[:3] for row in people}) == 19
    assert {row[3] for row in people} == {"275126322074974"}


def test_every_catalogued_nir_has_a_right_key(card: Card, transmit: Transmit, control: Control) -> None:
    seen = set()
    for entry in control("GET", "/cards")[1]["cards"]:
        if entry["beneficiaries"] and entry["name"] not in ("vitale:truncated", "vitale:status-61", "vitale:status-6c"):
            seen |= {row[3] for row in _beneficiaries(card(entry["name"]), transmit)}
    for nir in seen:
        number = int(nir[:13].replace("2A", "19").replace("2B", "18"))
        assert int(nir[13:]) == 97 - number % 97
    assert len(seen) >= 4


@pytest.mark.parametrize(("name", "nature"), [("production", "R"), ("single", "R"), ("test", "T"), ("demo", "D")])
def test_the_nature_of_a_card_is_shown(card: Card, transmit: Transmit, name: str, nature: str) -> None:
    connection = card(name)
    transmit(connection, SELECT_MF)
    validity = dict(next(value for tag, value in _walk(_read_all(connection, transmit)) if tag == 0x66))
    assert validity == {0x80: b"20200101", 0xC1: nature.encode()}


def _walk(content: bytes) -> Iterator[tuple[int, list[tuple[int, bytes]]]]:
    for tag, value in _objects(content):
        yield tag, list(_objects(value))


def test_the_second_twin_has_rank_2_and_the_others_none(card: Card, transmit: Transmit) -> None:
    connection = card("twins")
    transmit(connection, SELECT_MF)
    ranks = [dict(objects).get(0xC2) for tag, objects in _walk(_read_all(connection, transmit)) if tag == 0x65]
    assert ranks == [None, None, b"2"]


def test_each_card_has_its_own_serial_number_of_12_digits(card: Card, transmit: Transmit, control: Control) -> None:
    serials = {}
    for entry in control("GET", "/cards")[1]["cards"]:
        if entry["beneficiaries"]:
            connection = card(entry["name"])
            assert transmit(connection, SELECT_MF) == "9000"
            assert transmit(connection, "00A40200022F02") == "9000"
            answer = transmit(connection, "00B000000C")
            if answer.startswith("61"):
                answer = transmit(connection, f"00C00000{answer[2:]}")
            serials[entry["name"]] = bytes.fromhex(answer[:-4]).decode()
            assert serials[entry["name"]] == entry["serial"]
    assert len(set(serials.values())) == len(serials)
    assert all(serial.isdigit() and len(serial) == 12 for serial in serials.values())


STATUS = [
    ("00A4000002BEEF", "6A82", "unknown-file"),
    ("00A404000BD250000002564954414C46", "6A82", "unknown-application"),
    ("00B0830000", "6A82", "unknown-short-file"),
    ("00B0000000", "6986", "no-current-file"),
    ("00B082FF00", "6B00", "offset-outside"),
    ("BCC0000008", "6E00", "wrong-class"),
    ("80A40000023F00", "6E00", "proprietary-class"),
    ("00FF0000", "6D00", "unknown-instruction"),
    ("00A40700023F00", "6A86", "wrong-p1"),
    ("00A400000A3F00", "6700", "length-beyond-the-end"),
    ("00A40000033F0000", "6700", "file-id-too-long"),
    ("00B08200", "6700", "read-without-length"),
    ("00A4", "6700", "header-cut"),
    ("0088000001AA", "6985", "authentication-outside-vitale"),
    ("00C0000010", "6985", "nothing-waiting"),
]


@pytest.mark.parametrize(("apdu", "status"), [row[:2] for row in STATUS], ids=[row[2] for row in STATUS])
def test_a_wrong_command_gets_its_status_word_and_the_card_goes_on(
    card: Card, transmit: Transmit, apdu: str, status: str
) -> None:
    connection = card("single")
    assert transmit(connection, apdu) == status
    assert transmit(connection, SELECT_MF) == "9000"
    assert transmit(connection, READ_SFI_2).endswith("9000")


def test_a_protected_file_answers_6982_and_its_neighbour_can_be_read(card: Card, transmit: Transmit) -> None:
    connection = card("single")
    transmit(connection, SELECT_VITALE)
    assert transmit(connection, "00A40000022005") == "9000"
    assert transmit(connection, "00B0000000") == "6982"
    assert transmit(connection, "00A40000022002") == "9000"
    assert transmit(connection, "00B0000000") == transmit(connection, READ_SFI_2)


def test_the_pointers_name_the_applications_and_files(card: Card, transmit: Transmit) -> None:
    connection = card("single")
    transmit(connection, SELECT_VITALE)
    transmit(connection, "00A40000022001")
    content = bytes.fromhex(transmit(connection, "00B0000000")[:-4])
    ((tag, whole),) = _objects(content)
    assert tag == 0xE0
    applications, *files = _objects(whole)
    aids = [value[4:] for tag, value in _objects(applications[1]) if tag == 0x82]
    assert aids == [bytes.fromhex("D250000002") + name for name in (b"MF_VITALE", b"VITALE")]
    for _, value in files:
        name, application, file = value[:8], value[8:10], value[10:12].hex()
        transmit(connection, SELECT_MF if application == b"\x00\x01" else SELECT_VITALE)
        assert transmit(connection, f"00A4000002{file}") == "9000", name


def test_the_mf_can_be_selected_by_name_and_answers_its_template_when_asked(card: Card, transmit: Transmit) -> None:
    connection = card("single")
    assert transmit(connection, SELECT_VITALE) == "9000"
    assert transmit(connection, SELECT_MF_BY_NAME) == "9000"
    assert b"ADRUN" in bytes.fromhex(transmit(connection, READ_SFI_2))
    assert transmit(connection, SELECT_VITALE + "00").startswith("6F0D840BD250000002564954414C45")


def test_reading_goes_on_at_an_offset_with_the_asked_length(card: Card, transmit: Transmit) -> None:
    connection = card("single")
    transmit(connection, SELECT_MF)
    whole = transmit(connection, READ_SFI_2)[:-4]
    assert transmit(connection, "00B0000010") == whole[:32] + "9000"
    assert transmit(connection, "00B0001010") == whole[32:64] + "9000"
    assert transmit(connection, "00B0821008") == whole[32:48] + "9000"


def test_files_end_with_zeroes(card: Card, transmit: Transmit) -> None:
    connection = card("single")
    transmit(connection, SELECT_MF)
    content = _read_all(connection, transmit)
    assert len(content) % 64 == 0
    assert content.endswith(b"\x00\x00")


def test_a_truncated_card_ends_in_the_middle_of_an_object(card: Card, transmit: Transmit) -> None:
    connection = card("truncated")
    transmit(connection, SELECT_MF)
    content = _read_all(connection, transmit)
    with pytest.raises(AssertionError, match="cut object"):
        list(_objects(content))


def test_status_61_is_followed_by_get_response(card: Card, transmit: Transmit) -> None:
    connection = card("single")
    transmit(connection, SELECT_MF)
    expected = transmit(connection, READ_SFI_2)
    connection = card("status-61")
    assert transmit(connection, SELECT_MF) == "9000"
    first = transmit(connection, READ_SFI_2)
    assert first == f"61{len(expected) // 2 - 2:02X}"
    assert transmit(connection, "00C0000004") == expected[:8] + f"61{len(expected) // 2 - 6:02X}"
    assert transmit(connection, "00C0000000") == expected[8:]
    assert transmit(connection, "00C0000000") == "6985"


def test_status_6c_asks_for_the_exact_length(card: Card, transmit: Transmit) -> None:
    connection = card("status-6c")
    transmit(connection, SELECT_MF)
    answer = transmit(connection, READ_SFI_2)
    assert answer.startswith("6C")
    assert transmit(connection, f"00B08200{answer[2:]}").endswith("9000")


def test_internal_authenticate_answers_the_simulators_signature(card: Card, transmit: Transmit) -> None:
    connection = card("single")
    transmit(connection, SELECT_VITALE)
    expected = hmac.new(b"SIMULATEUR", b"bonjour", hashlib.sha256).digest()[:8]
    assert transmit(connection, "0088000007" + b"bonjour".hex()) == expected.hex().upper() + "9000"
    assert transmit(connection, "0088000007" + b"bonjour".hex() + "08") == expected.hex().upper() + "9000"


@pytest.mark.parametrize(("name", "atr"), [("single", "3B751300004009EA9000"), ("unknown-atr", "3B6500002063CB6600")])
def test_the_answer_to_reset_is_given_at_any_moment(card: Card, transmit: Transmit, name: str, atr: str) -> None:
    connection = card(name)
    assert transmit(connection, "04") == atr
    transmit(connection, SELECT_MF)
    assert transmit(connection, "04") == atr


def test_a_card_of_another_kind_knows_no_vitale(card: Card, transmit: Transmit) -> None:
    connection = card("unknown-atr")
    assert transmit(connection, SELECT_MF) == "6A82"
    assert transmit(connection, SELECT_VITALE) == "6A82"


def test_an_unreadable_card_gives_its_atr_and_nothing_else(card: Card, transmit: Transmit) -> None:
    connection = card("unreadable")
    assert transmit(connection, "04") == "3B751300004009EA9000"
    connection.sendall(b"\x00\x07" + bytes.fromhex(SELECT_MF))
    assert transmit(connection, "04") == "3B751300004009EA9000"


@pytest.mark.parametrize("code", [0, 1, 2], ids=["off", "on", "reset"])
def test_power_and_reset_put_the_card_back_at_its_root_without_any_answer(
    card: Card, transmit: Transmit, code: int
) -> None:
    connection = card("single")
    transmit(connection, SELECT_VITALE)
    connection.sendall(b"\x00\x01" + bytes([code]))
    assert transmit(connection, "0088000001AA") == "6985"


def test_an_empty_slot_closes_the_connection_at_once(descriptor: dict[str, Any]) -> None:
    reader = descriptor["services"]["cards"]["readers"][1]
    assert (reader["name"], reader["card"]) == ("Vitale 2", None)
    with socket.create_connection((reader["host"], reader["port"]), timeout=10) as connection:
        assert connection.recv(1) == b""


@pytest.mark.parametrize("successor", ["family", None], ids=["swap", "removal"])
def test_swapping_or_removing_a_card_ends_its_connections(
    card: Card, transmit: Transmit, control: Control, successor: str | None
) -> None:
    connection = card("single")
    assert transmit(connection, SELECT_MF) == "9000"
    control("POST", "/cards", {"reader": "Vitale 1", "card": successor})
    assert connection.recv(1) == b""


def test_openings_are_in_the_ledger_and_apdus_in_the_journal(card: Card, transmit: Transmit, control: Control) -> None:
    connection = card("family")
    connection.sendall(b"\x00\x01\x01")
    transmit(connection, SELECT_MF)
    (opening,) = control("GET", "/ledger?service=cards")[1]
    assert (opening["kind"], opening["card"], opening["reader"]) == ("opening", "vitale:family", "Vitale 1")
    assert opening["receptions"] == 1
    (exchange,) = control("GET", "/exchanges?service=cards")[1]
    assert (exchange["request"]["body"], exchange["answer"]["body"]) == (SELECT_MF, "9000")
    assert exchange["connection"] in opening["connections"]


def test_looking_at_a_card_is_no_opening(card: Card, control: Control) -> None:
    connection = card("family")
    connection.sendall(b"\x00\x01\x04")
    assert len(connection.recv(100)) > 2
    assert control("GET", "/ledger?service=cards")[1] == []
