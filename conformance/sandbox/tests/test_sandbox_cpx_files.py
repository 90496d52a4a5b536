"""What a professional's card holds, read with raw APDUs: number, PKCS#15 directories, certificates, data objects."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Cpx = Callable[[str], Callable[[str], str]]
Send = Callable[[str], str]
Openssl = Callable[..., str]
Control = Callable[..., tuple[int, Any]]
Situations = dict[str, tuple[str, str, str]]

SELECT_CHIPDOC = "01 A4 04 0C 08 8025000001FF0100"
VERIFY = {"CPS3": "00 20 00 01 04 31323334", "CPS4": "01 20 00 01 04 31323334"}
CARDS = [
    ("cps:pharmacist", "CPS4", "3B9B188001001225006480040100009044", "2800901100"),
    ("cps:pharmacist-cps3", "CPS3", "3BAC00402A001225006480000310009000", "2800901200"),
    ("cps:physician", "CPS4", "3B9B188001001225006480040100009044", "2800901300"),
    ("cps:expired", "CPS4", "3B9B188001001225006480040100009044", "2800901400"),
    ("cps:locked", "CPS4", "3B9B188001001225006480040100009044", "2800901500"),
    ("cpf", "CPS4", "3B9B188001001225006480040100009044", "2800902100"),
    ("cpe", "CPS4", "3B9B188001001225006480040100009044", "2800903100"),
    ("cpa", "CPS4", "3B9B188001001225006480040100009044", "2800904100"),
]
GENERATIONS = {name: generation for name, generation, _, _ in CARDS}
CARDS_BY_ID = pytest.mark.parametrize(("name", "generation", "atr", "number"), CARDS, ids=[row[0] for row in CARDS])


def _objects(content: bytes) -> Iterator[tuple[int, bytes]]:
    """Take BER-TLV objects apart: one-byte tags and 5F2D, lengths of one to three bytes."""
    while content:
        width = 2 if content[0] & 0x1F == 0x1F else 1
        tag, length, start = int.from_bytes(content[:width], "big"), content[width], width + 1
        if length > 0x80:
            start += length - 0x80
            length = int.from_bytes(content[width + 1 : start], "big")
        assert len(content) >= start + length, "cut object"
        yield tag, content[start : start + length]
        content = content[start + length :]


def _read(send: Send, generation: str, path: str) -> bytes | str:
    """Read a file by its path from 3F00; the status word when it cannot be read."""
    if generation == "CPS4":
        answer = send(f"01 A4 08 00 {len(path) // 2:02X} {path} 00")
    else:
        answer = send(f"00 A4 09 04 {len(path) // 2 + 2:02X} 3F00{path}")
        assert answer.startswith("61")
        answer = send(f"00 C0 00 00 {answer[2:]}")
    ((tag, information),) = _objects(bytes.fromhex(answer[:-4]))
    fields = dict(_objects(information))
    assert (tag, fields[0x82], fields[0x83].hex().upper()) == (0x6F, b"\x01", path[-4:])
    size = int.from_bytes(fields[0x80], "big")
    content = b""
    while len(content) < size:
        part = min(size - len(content), 0xE7)
        answer = send(f"{'01' if generation == 'CPS4' else '00'} B0 {len(content):04X} {part:02X}")
        if not answer.endswith("9000"):
            return answer
        content += bytes.fromhex(answer[:-4])
    return content


def _open(cpx: Cpx, name: str) -> tuple[Send, str]:
    send, generation = cpx(name), GENERATIONS[name]
    if generation == "CPS4":
        assert send(SELECT_CHIPDOC) == "9000"
    return send, generation


def _content(send: Send, generation: str, path: str) -> bytes:
    content = _read(send, generation, path)
    assert isinstance(content, bytes)
    return content


@CARDS_BY_ID
def test_each_card_has_the_atr_of_its_generation_and_its_own_number(
    cpx: Cpx, name: str, generation: str, atr: str, number: str
) -> None:
    send, _ = _open(cpx, name)
    assert send("04") == atr
    assert _content(send, generation, "D003") == bytes.fromhex(f"5A0A8025000001{number}")


def test_every_named_card_is_in_the_list_with_its_family_and_holder(control: Control) -> None:
    listed = {entry["name"]: entry for entry in control("GET", "/cards")[1]["cards"]}
    for name, _, atr, number in CARDS:
        entry = listed[name]
        assert (entry["family"], entry["nature"], entry["atr"], entry["serial"]) == ("cpx", "T", atr, number)
        assert (entry["holder"], entry["beneficiaries"]) == (name[:3].upper(), 0)
        assert entry["description"]
        assert entry["aliases"] == []
    single = listed["vitale:single"]
    assert (single["aliases"], single["family"], single["holder"], single["beneficiaries"]) == (
        ["single"],
        "vitale",
        None,
        1,
    )


@pytest.mark.parametrize(
    ("name", "status"),
    [("vitale:family", 200), ("family", 200), ("cpf", 200), ("cps:nobody", 400), ("vitale:cpf", 400)],
)
def test_a_card_is_found_by_its_name_only(control: Control, name: str, status: int) -> None:
    assert control("POST", "/cards", {"reader": "Vitale 1", "card": name})[0] == status


def test_ef_dir_says_where_the_pkcs15_application_is(cpx: Cpx) -> None:
    for name in ("cps:pharmacist", "cps:pharmacist-cps3"):
        send, generation = _open(cpx, name)
        ((tag, template),) = _objects(_content(send, generation, "2F00"))
        assert tag == 0x61
        assert dict(_objects(template)) == {
            0x4F: bytes.fromhex("E828BD080F8025000001FF0010"),
            0x50: b"CPS",
            0x51: bytes.fromhex("3F000001"),
        }


def _directory(send: Send, generation: str, tag: int) -> list[tuple[dict[int, bytes], dict[int, bytes], bytes]]:
    """Read one directory of PKCS#15: common attributes, class attributes, type attributes of each entry."""
    files = {}
    for kind, value in _objects(_content(send, generation, "00015031")):
        ((_, path),) = _objects(value)
        ((_, where),) = _objects(path)
        files[kind] = where.hex().upper()
    assert set(files) == {0xA0, 0xA4, 0xA7, 0xA8}
    entries = []
    for kind, entry in _objects(_content(send, generation, files[tag].removeprefix("3F00"))):
        assert kind == 0x30
        (_, common), (_, by_class), (last, by_type) = _objects(entry)
        assert last == 0xA1
        entries.append((dict(_objects(common)), dict(_objects(by_class)), by_type))
    return entries


def _label(common: dict[int, bytes]) -> str:
    return common[0x0C].decode("utf-8")


def _is_private(common: dict[int, bytes]) -> bool:
    return bool(common.get(0x03, b"\x00\x00")[1] & 0x80)


@CARDS_BY_ID
def test_the_token_info_names_the_card_after_its_number(
    cpx: Cpx, name: str, generation: str, atr: str, number: str
) -> None:
    send, _ = _open(cpx, name)
    ((_, information),) = _objects(_content(send, generation, "00015032"))
    fields = dict(_objects(information))
    assert (fields[0x02], fields[0x0C]) == (b"\x00", b"BAC A SABLE")
    assert fields[0x80].decode() == f"{generation}v{'3' if generation == 'CPS3' else '1'}-{number}"


@pytest.mark.parametrize("name", ["cps:pharmacist", "cps:pharmacist-cps3"])
def test_the_pin_has_four_digits_and_is_unblocked_by_the_puk(cpx: Cpx, name: str) -> None:
    send, generation = _open(cpx, name)
    pin, puk = _directory(send, generation, 0xA8)
    for (_, by_class, by_type), identifier, length, reference in ((pin, 1, 4, 1), (puk, 2, 8, 2)):
        ((_, attributes),) = _objects(by_type)
        values = list(_objects(attributes))
        assert by_class[0x04] == bytes([identifier])
        assert [value for tag, value in values if tag == 0x02] == [bytes([length])] * 3
        assert [value for tag, value in values if tag == 0x80] == [bytes([reference])]
        assert [value for tag, value in values if tag == 0x0A] == [b"\x01"]
    assert (_label(pin[0]), _label(puk[0])) == ("Code porteur", "Code de déblocage")
    assert pin[0][0x04] == puk[1][0x04]


@pytest.mark.parametrize("name", [row[0] for row in CARDS])
def test_each_certificate_stands_beside_its_private_key(cpx: Cpx, openssl: Openssl, name: str) -> None:
    send, generation = _open(cpx, name)
    keys = {_label(common): (by_class, common) for common, by_class, _ in _directory(send, generation, 0xA0)}
    assert set(keys) == {"CPS_PRIV_AUT", "CPS_PRIV_SIG"}
    assert all(_is_private(common) for _, common in keys.values())
    references = {label: by_class[0x02][-1] for label, (by_class, _) in keys.items()}
    assert references == {"CPS_PRIV_AUT": 0x20, "CPS_PRIV_SIG": 0x10}
    subjects, usages = set(), {}
    for common, by_class, by_type in _directory(send, generation, 0xA4):
        assert not _is_private(common)
        ((_, value),) = _objects(by_type)
        ((_, path),) = _objects(value)
        ((_, where),) = _objects(path)
        der = _content(send, generation, where.hex().upper().removeprefix("3F00"))
        shown = openssl("x509", "-inform", "der", "-noout", "-subject", "-ext", "keyUsage", given=der)
        subjects.add(shown.splitlines()[0])
        usages[by_class[0x04]] = shown.splitlines()[-1].strip()
    assert len(subjects) == 1
    assert usages == {
        keys["CPS_PRIV_AUT"][0][0x04]: "Digital Signature",
        keys["CPS_PRIV_SIG"][0][0x04]: "Non Repudiation",
    }
    assert [identifier.hex()[-4:] for identifier in usages] == ["1020", "1010"]


PHARMACIST = {
    "CPS_ACTIVITY_01_PS": ("PHARMACIE DU BAC A SABLE", "10B0152872", "SA33"),
    "CPS_ACTIVITY_03_PS": ("HOPITAL GENERIQUE", "10B0307377", "SA01"),
    "CPS_ACTIVITY_16_PS": ("PHARMACIE FICTIVE DU SEIZE", "10B0000006", "SA33"),
}
PHYSICIAN = {
    "CPS_ACTIVITY_01_PS": ("CABINET M DOC0036624", "499700366240007", "SA07"),
    "CPS_ACTIVITY_02_PS": ("HOPITAL GENERIQUE", "10B0307377", "SA01"),
}
EMPLOYEE = {"CPS_ACTIVITY_01_PS": ("PHARMACIE DU BAC A SABLE", "10B0152872", "SA33")}
NAMED = ["CPS_ID_CARD", "CPS_NAME_PS", "CPS_LANG_PS", "CPS_INFO_PS"]
DATA: list[tuple[str, list[str], Situations, list[str]]] = [
    ("cps:pharmacist", NAMED, PHARMACIST, ["CPS_SIT_FACT"]),
    ("cps:pharmacist-cps3", NAMED, PHARMACIST, ["CPS_SIT_FACT"]),
    ("cps:physician", NAMED, PHYSICIAN, ["CPS_SIT_FACT"]),
    ("cpf", NAMED, {}, []),
    ("cpe", ["CPS_ID_CARD", "CPS_LANG_PS"], EMPLOYEE, []),
    ("cpa", ["CPS_ID_CARD", "CPS_NAME_PS", "CPS_LANG_PS"], {}, []),
]


def _data_paths(send: Send, generation: str) -> dict[str, tuple[str, bool]]:
    """Return path and privacy of each data object by its label."""
    found = {}
    for common, by_class, by_type in _directory(send, generation, 0xA7):
        assert by_class == {0x0C: b"CPS"}
        ((_, path),) = _objects(by_type)
        ((_, where),) = _objects(path)
        found[_label(common)] = (where.hex().upper().removeprefix("3F00"), _is_private(common))
    return found


@pytest.mark.parametrize(("name", "public", "situations", "billing"), DATA, ids=[row[0] for row in DATA])
def test_public_data_are_free_and_private_ones_need_the_pin(
    cpx: Cpx, name: str, public: list[str], situations: Situations, billing: list[str]
) -> None:
    send, generation = _open(cpx, name)
    paths = _data_paths(send, generation)
    assert list(paths) == [*public, *situations, *billing]
    for label, (path, private) in paths.items():
        assert private == (label not in public)
        assert (_read(send, generation, path) == "6982") == private, label
    assert send(VERIFY[generation]) == "9000"
    for label, expected in situations.items():
        ((tag, value),) = _objects(_content(send, generation, paths[label][0]))
        assert tag == 0xEE
        fields = dict(_objects(value))
        assert tuple(fields[tag].decode("latin-1") for tag in (0x84, 0x85, 0x86)) == expected
    for label in billing:
        assert _content(send, generation, paths[label][0])


SPECIALITIES = [("cps:physician", "SM26"), ("cps:pharmacist", None), ("cpf", None)]


@pytest.mark.parametrize(("name", "speciality"), SPECIALITIES, ids=[row[0] for row in SPECIALITIES])
def test_professional_data_end_with_the_speciality_of_those_who_have_one(
    cpx: Cpx, name: str, speciality: str | None
) -> None:
    send, generation = _open(cpx, name)
    content = _content(send, generation, _data_paths(send, generation)["CPS_INFO_PS"][0])
    last = content[-4:].decode("latin-1")
    assert last == speciality if speciality else not re.fullmatch(r"[A-Z]{2}[0-9]{2}", last)


def test_the_name_and_number_on_the_card_are_those_of_its_certificates(cpx: Cpx) -> None:
    send, generation = _open(cpx, "cps:pharmacist")
    paths = _data_paths(send, generation)
    ((_, name),) = _objects(_content(send, generation, paths["CPS_NAME_PS"][0]))
    assert [value.decode() for _, value in _objects(name)] == ["899700075122", "PHARMACH0007512", "CAROLE"]
    ((_, card),) = _objects(_content(send, generation, paths["CPS_ID_CARD"][0]))
    assert dict(_objects(card)) == {0x80: bytes.fromhex("80250000012800901100"), 0x81: b"\x80", 0x82: b"\x00"}
    assert _content(send, generation, paths["CPS_LANG_PS"][0]) == b"\x5f\x2d\x02fr"
