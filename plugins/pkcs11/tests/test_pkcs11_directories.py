"""Directory files of PKCS#15: what is read of them, what is left out, what is refused; no crash, no content told."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segur_plugin_pkcs11.directories import (
    read_aodf,
    read_cdf,
    read_dir,
    read_dodf,
    read_odf,
    read_prkdf,
    read_token_info,
)
from segur_plugin_pkcs11.pkcs15 import Application, PinRules, Place, PrivateKey
from segur_sdk.errors import CardError

AID = bytes.fromhex("E828BD080F8025000001FF0010")
FOLDER = bytes.fromhex("3F000001")
CANARY = "PHARMACH0007512"


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    size = len(content)
    length = bytes((size,)) if size < 0x80 else b"\x82" + size.to_bytes(2, "big")
    return tag.to_bytes((tag.bit_length() + 7) // 8, "big") + length + content


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def number(value: int) -> bytes:
    return tlv(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def flags(*places: int) -> bytes:
    value = sum(0x8000 >> place for place in places).to_bytes(2, "big")
    return tlv(0x03, b"\x00" + value)


def label(text: str) -> bytes:
    return tlv(0x0C, text.encode())


def path(text: str, *more: bytes) -> bytes:
    return sequence(tlv(0x04, bytes.fromhex(text)), *more)


def entry(common: bytes, own: bytes, typed: bytes) -> bytes:
    return sequence(sequence(common), sequence(own), tlv(0xA1, typed))


def key_entry(
    usage: bytes = flags(2), reference: bytes = number(0x20), where: bytes = path(""), size: bytes = number(2048)
) -> bytes:
    common = label("CPS_PRIV_AUT") + flags(0) + tlv(0x04, b"\x07")
    own = tlv(0x04, b"\x20") + usage + tlv(0x01, b"\xff") + flags(0, 2) + reference
    return entry(common, own, sequence(where, size))


def pin_entry(
    what: tuple[int, ...] = (0, 4),
    lengths: bytes = number(4) * 3,
    rest: bytes = tlv(0x80, b"\x01"),
    own: bytes = b"\x07",
) -> bytes:
    return entry(label("Code porteur"), tlv(0x04, own), sequence(flags(*what), tlv(0x0A, b"\x01"), lengths, rest))


def data_entry(name: str = "CPS_DATA", common: bytes = b"", where: bytes = path("3F00D101")) -> bytes:
    return entry(label(name) + common, label("CPS"), where)


def caught(call: Callable[[], object]) -> CardError:
    with pytest.raises(CardError) as failure:
        call()
    return failure.value


# EF.DIR, ODF, TokenInfo


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (tlv(0x61, tlv(0x4F, AID), tlv(0x51, FOLDER)), Application.in_folder(FOLDER)),
        (tlv(0x61, tlv(0x4F, AID)), Application.in_folder(bytes.fromhex("3F005015"))),
        (tlv(0x61, tlv(0x4F, AID), tlv(0x51, FOLDER[2:])), Application.in_folder(FOLDER)),
        (tlv(0x61, tlv(0x4F, AID[:-1])) + tlv(0x61, tlv(0x4F, AID), tlv(0x51, FOLDER)), Application.in_folder(FOLDER)),
        (
            tlv(0x61, tlv(0x4F, AID), tlv(0x51, FOLDER), tlv(0x73, path("4401"), tlv(0xA0, tlv(0x04, b"\x44\x02")))),
            Application(FOLDER, FOLDER + b"\x44\x01", FOLDER + b"\x44\x02"),
        ),
        (tlv(0x61, tlv(0x4F, AID[:-1] + b"\x20")), None),
        (bytes(32), None),
        (b"", None),
    ],
    ids=["path", "no-path", "relative", "second", "ddo", "contactless", "zeroes", "empty"],
)
def test_ef_dir_tells_where_the_application_is(content: bytes, expected: Application | None) -> None:
    assert read_dir(content, AID) == expected


def test_odf_names_the_directory_files() -> None:
    content = tlv(0xA0, path("4401")) + tlv(0xA0, path("3F004402")) + tlv(0xA1, path("4403")) + tlv(0xA7, path("4404"))
    assert read_odf(content + bytes(9), FOLDER) == {
        "EF.PrKDF": (FOLDER + b"\x44\x01", b"\x3f\x00\x44\x02"),
        "EF.CDF": (),
        "EF.DODF": (FOLDER + b"\x44\x04",),
        "EF.AODF": (),
    }


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (sequence(number(0), tlv(0x80, b"CPS3v3-2800385266"), flags(1)), "CPS3v3-2800385266"),
        (sequence(number(0), tlv(0x04, b"123"), label("ASIP"), tlv(0x80, b"CPS \0"), flags(1)), "CPS"),
        (sequence(number(0), flags(1)), ""),
        (sequence(number(0), tlv(0x80, b"caf\xe9")), "caf�"),
        (sequence(number(0), tlv(0x80, b"L" * 99)), "L" * 64),
    ],
    ids=["label", "all", "none", "latin-1", "long"],
)
def test_token_info_gives_the_label(content: bytes, expected: str) -> None:
    assert read_token_info(content) == expected


# AODF


def test_only_the_bearers_pin_is_kept() -> None:
    content = pin_entry() + pin_entry((0, 4, 6), own=b"\x08") + pin_entry((0, 4, 7), own=b"\x09")
    assert read_aodf(content) == (PinRules(b"\x07", 1, 4, 4),)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (pin_entry(lengths=number(4) + number(8)), PinRules(b"\x07", 1, 4, 8)),
        (pin_entry(lengths=number(4) + number(8) + number(6)), PinRules(b"\x07", 1, 4, 6)),
        (pin_entry(rest=b""), PinRules(b"\x07", 0, 4, 4)),
        (pin_entry(rest=tlv(0x80, b"\x81")), PinRules(b"\x07", 0x81, 4, 4)),
        (pin_entry(rest=tlv(0x80, b"\x00\x81")), PinRules(b"\x07", 0x81, 4, 4)),
        (
            pin_entry((0, 5), number(4) + number(8) + number(8), tlv(0x80, b"\x01") + tlv(0x04, b"\xff")),
            PinRules(b"\x07", 1, 4, 8, padded_to=8, filler=0xFF),
        ),
    ],
    ids=["stored", "maximum", "no-reference", "one-byte-reference", "two-byte-reference", "padded"],
)
def test_a_pin_is_presented_as_the_card_tells(content: bytes, expected: PinRules) -> None:
    assert read_aodf(content) == (expected,)


# PrKDF


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (key_entry(), PrivateKey(b"\x20", 0x20, 256, False, b"\x07")),
        (key_entry(flags(9)), PrivateKey(b"\x20", 0x20, 256, True, b"\x07")),
        (key_entry(flags(1, 2)), PrivateKey(b"\x20", 0x20, 256, False, b"\x07")),
        (key_entry(where=path("0002")), PrivateKey(b"\x20", 0x20, 256, False, b"\x07", FOLDER + b"\0\x02")),
        (key_entry(reference=tlv(0x02, b"\x81")), PrivateKey(b"\x20", 0x81, 256, False, b"\x07")),
        (key_entry(size=number(1024)), PrivateKey(b"\x20", 0x20, 128, False, b"\x07")),
    ],
    ids=["authentication", "signature", "deciphering-too", "path", "high-reference", "short"],
)
def test_a_private_key_is_told_by_its_use(content: bytes, expected: PrivateKey) -> None:
    assert read_prkdf(content, FOLDER) == (expected,)


@pytest.mark.parametrize(
    "content",
    [key_entry(flags(1)), key_entry(reference=b""), tlv(0xA0, sequence()), bytes(16), b""],
    ids=["deciphers-only", "no-reference", "elliptic", "zeroes", "empty"],
)
def test_a_key_that_does_not_sign_is_left_out(content: bytes) -> None:
    assert read_prkdf(content, FOLDER) == ()


# CDF and DODF


def test_a_certificate_has_its_place() -> None:
    content = entry(label("AUT"), tlv(0x04, b"\x20") + tlv(0x01, b"\x00"), sequence(path("C020")))
    (found,) = read_cdf(content, FOLDER)
    assert (found.identifier, found.label, found.place) == (b"\x20", "AUT", Place(FOLDER + b"\xc0\x20"))


def test_a_part_of_a_file_has_its_bounds() -> None:
    content = data_entry(where=path("3F00D101", number(300), tlv(0x80, b"\x10")))
    assert read_dodf(content, FOLDER)[0].place == Place(bytes.fromhex("3F00D101"), 300, 16)


@pytest.mark.parametrize(
    ("common", "private"),
    [(b"", False), (flags(1), False), (flags(0), True), (flags(0) + tlv(0x04, b"\x07"), True)],
    ids=["no-flag", "modifiable", "private", "private-with-its-pin"],
)
def test_a_data_object_says_whether_it_is_private(common: bytes, private: bool) -> None:
    (found,) = read_dodf(data_entry("CPS_ACTIVITY_01_PS", common), FOLDER)
    assert (found.label, found.private) == ("CPS_ACTIVITY_01_PS", private)


def test_data_without_a_label_are_left_out() -> None:
    content = data_entry("") + data_entry("CPS_DATA") + tlv(0xA1, sequence())
    assert [one.label for one in read_dodf(content, FOLDER)] == ["CPS_DATA"]


# Refused

READERS: dict[str, Callable[[bytes], Any]] = {
    "EF.DIR": lambda content: read_dir(content, AID),
    "EF.ODF": lambda content: read_odf(content, FOLDER),
    "EF.TokenInfo": read_token_info,
    "EF.AODF": read_aodf,
    "EF.PrKDF": lambda content: read_prkdf(content, FOLDER),
    "EF.CDF": lambda content: read_cdf(content, FOLDER),
    "EF.DODF": lambda content: read_dodf(content, FOLDER),
}
MALFORMED = {
    "dir-odd-path": ("EF.DIR", tlv(0x61, tlv(0x4F, AID), tlv(0x51, b"\x3f\x00\x01"))),
    "dir-endless-path": ("EF.DIR", tlv(0x61, tlv(0x4F, AID), tlv(0x51, bytes(18)))),
    "odf-no-path": ("EF.ODF", tlv(0xA0, sequence())),
    "odf-no-sequence": ("EF.ODF", tlv(0xA0, number(1))),
    "odf-empty-path": ("EF.ODF", tlv(0xA0, path(""))),
    "odf-many": ("EF.ODF", tlv(0xA0, path("4401")) * 129),
    "info-empty": ("EF.TokenInfo", b""),
    "info-zeroes": ("EF.TokenInfo", bytes(20)),
    "info-no-sequence": ("EF.TokenInfo", number(0)),
    "info-no-version": ("EF.TokenInfo", sequence(tlv(0x80, b"CPS"))),
    "aodf-no-identifier": ("EF.AODF", entry(b"", b"", sequence())),
    "aodf-no-flags": ("EF.AODF", entry(b"", tlv(0x04, b"\x01"), sequence(number(4)))),
    "aodf-no-length": ("EF.AODF", pin_entry(lengths=b"")),
    "aodf-endless-length": ("EF.AODF", pin_entry(lengths=tlv(0x02, bytes(5)) * 3)),
    "aodf-empty-reference": ("EF.AODF", pin_entry(rest=tlv(0x80))),
    "aodf-two-fillers": ("EF.AODF", pin_entry((0, 5), rest=tlv(0x04, b"\xff\xff"))),
    "prkdf-no-usage": ("EF.PrKDF", entry(b"", tlv(0x04, b"\x20"), sequence(path(""), number(2048)))),
    "prkdf-empty-usage": ("EF.PrKDF", key_entry(tlv(0x03))),
    "prkdf-usage-of-eight-unused-bits": ("EF.PrKDF", key_entry(tlv(0x03, b"\x08\x20"))),
    "prkdf-endless-usage": ("EF.PrKDF", key_entry(tlv(0x03, bytes(9)))),
    "prkdf-no-size": ("EF.PrKDF", key_entry(size=b"")),
    "prkdf-negative-size": ("EF.PrKDF", key_entry(size=number(-1))),
    "prkdf-no-path": ("EF.PrKDF", key_entry(where=number(1))),
    "cdf-no-identifier": ("EF.CDF", entry(b"", b"", sequence(path("C020")))),
    "cdf-empty-identifier": ("EF.CDF", entry(b"", tlv(0x04), sequence(path("C020")))),
    "cdf-endless-identifier": ("EF.CDF", entry(b"", tlv(0x04, bytes(65)), sequence(path("C020")))),
    "cdf-empty-path": ("EF.CDF", entry(b"", tlv(0x04, b"\x20"), sequence(path("")))),
    "dodf-no-type": ("EF.DODF", sequence(sequence(label("CPS_DATA")), sequence())),
    "dodf-no-class": ("EF.DODF", sequence(sequence(label("CPS_DATA")))),
    "dodf-negative-offset": ("EF.DODF", data_entry(where=path("3F00D101", number(-1), tlv(0x80, b"\x10")))),
    "dodf-many": ("EF.DODF", data_entry() * 129),
    "dodf-cut": ("EF.DODF", data_entry()[:-1]),
    "dodf-padded-with-ff": ("EF.DODF", data_entry() + b"\xff"),
}


@pytest.mark.req("CARD-06")
@pytest.mark.parametrize(("file", "content"), MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_file_is_refused_by_its_name(file: str, content: bytes) -> None:
    failure = caught(lambda: READERS[file](content))
    assert failure.code == "card.unreadable"
    assert failure.facts["file"] == file


VALID = {
    "EF.DIR": tlv(0x61, tlv(0x4F, AID), tlv(0x50, CANARY.encode()), tlv(0x51, FOLDER), tlv(0x73, path("4401"))),
    "EF.ODF": tlv(0xA0, path("4401")) + tlv(0xA4, path("4402")) + tlv(0xA8, path("4403")),
    "EF.TokenInfo": sequence(number(0), label(CANARY), tlv(0x80, CANARY.encode()), flags(1)),
    "EF.AODF": pin_entry() + pin_entry((0, 6)),
    "EF.PrKDF": key_entry() + key_entry(flags(9)),
    "EF.CDF": entry(label(CANARY), tlv(0x04, b"\x20"), sequence(path("C020"))) * 2,
    "EF.DODF": data_entry(CANARY, flags(0)) + data_entry(CANARY),
}


def refused_or_read(file: str, content: bytes) -> None:
    try:
        READERS[file](content)
    except CardError as failure:
        refusal = failure
    else:
        return
    assert refusal.code == "card.unreadable"
    assert CANARY not in str(refusal)


@settings(deadline=None)
@given(file=st.sampled_from(sorted(READERS)), content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(file: str, content: bytes) -> None:
    refused_or_read(file, content)


@settings(deadline=None)
@given(file=st.sampled_from(sorted(READERS)), data=st.data())
def test_a_spoilt_file_is_read_or_refused(file: str, data: st.DataObject) -> None:
    content = bytearray(VALID[file])
    for _ in range(data.draw(st.integers(1, 4))):
        place = data.draw(st.integers(0, len(content) - 1))
        content[place : place + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
        if not content:
            return
    refused_or_read(file, bytes(content))


@settings(deadline=None)
@given(file=st.sampled_from(sorted(READERS)), cut=st.integers(0, 400))
def test_a_cut_file_is_read_or_refused(file: str, cut: int) -> None:
    refused_or_read(file, VALID[file][:cut])


@settings(deadline=None)
@given(depth=st.integers(1, 400))
def test_objects_in_objects_have_an_end(depth: int) -> None:
    content = b""
    for _ in range(depth):
        content = sequence(content)
    for file in READERS:
        refused_or_read(file, content)
