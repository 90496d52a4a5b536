"""The commands that reach a card are those of the CPS library, byte for byte, and their answers are read with care."""

import hashlib
from collections.abc import Callable
from typing import Any

import attrs
import pytest

from plugins.pkcs11.tests.fake_module import caught
from segur_plugin_pkcs11.cps3 import Cps3Card
from segur_plugin_pkcs11.cps4 import Cps4Card
from segur_plugin_pkcs11.cps_card import CpsCard
from segur_plugin_pkcs11.layout import CardLayout, read_certificates, read_data, read_layout
from segur_plugin_pkcs11.pkcs15 import Certificate, DataObject, PinRules, Place, PrivateKey
from segur_plugin_pkcs11.rsa_blocks import digest_info, padded
from segur_sdk.drivers import SignatureScheme

DIGEST = hashlib.sha256(b"").digest()
INFO = digest_info(DIGEST)
BLOCK = padded(INFO, 256)
AUTHENTICATION = PrivateKey(b"\x20", 0x20, 256, False, b"\x01")
SIGNATURE = PrivateKey(b"\x10", 0x10, 256, True, b"\x01")
PIN = PinRules(b"\x01", 0x01, 4, 4)
GENERATIONS: dict[str, type[CpsCard]] = {"cps3": Cps3Card, "cps4": Cps4Card}
DONE = b"\x90\x00"


@attrs.define
class Scripted:
    """A card channel that answers by a function and remembers what was sent."""

    answer: Callable[[bytes], bytes]
    sent: list[bytes] = attrs.field(factory=list)

    @property
    def atr(self) -> bytes:
        return b""

    def transmit(self, command: bytes, /) -> bytes:
        self.sent.append(command)
        return self.answer(command)


def scripted(generation: str, answer: Callable[[bytes], bytes]) -> tuple[CpsCard, Scripted]:
    channel = Scripted(answer)
    return GENERATIONS[generation](channel), channel


def signing(command: bytes) -> bytes:
    """Answer 256 bytes to what signs."""
    signs = command[1] == 0x88 or (command[1] == 0x2A and not command[0] & 0x10)
    return bytes(256) + DONE if signs else DONE


PKCS1, PSS, RAW = SignatureScheme.PKCS1_SHA256, SignatureScheme.PSS_SHA256, SignatureScheme.RAW
SIGNING = {
    "cps3-aut": ("cps3", AUTHENTICATION, PKCS1, ["002241A406800102840120", "0088000033" + INFO.hex()]),
    "cps3-sig": ("cps3", SIGNATURE, PKCS1, ["002241B606800142840110", "002A9E9A20" + DIGEST.hex()]),
    "cps4-aut": (
        "cps4",
        AUTHENTICATION,
        PKCS1,
        ["012241B803830120", "112A8086FF" + BLOCK[:255].hex(), "012A808601" + BLOCK[255:].hex() + "00"],
    ),
    "cps4-aut-raw": (
        "cps4",
        AUTHENTICATION,
        RAW,
        ["012241B803830120", "112A8086FF" + "00" * 255, "012A8086010000"],
    ),
    "cps4-aut-pss": ("cps4", AUTHENTICATION, PSS, ["012281B60491022CA0", "012A9E9A20" + DIGEST.hex() + "00"]),
    "cps4-sig": ("cps4", SIGNATURE, PKCS1, ["012281B604910228" + "90", "012A9E9A20" + DIGEST.hex() + "00"]),
}


@pytest.mark.req("CPS-08")
@pytest.mark.parametrize(("generation", "key", "scheme", "expected"), SIGNING.values(), ids=SIGNING)
def test_a_signature_is_asked_for_as_the_generation_wants(
    generation: str, key: PrivateKey, scheme: SignatureScheme, expected: list[str]
) -> None:
    card, channel = scripted(generation, signing)
    assert scheme in card.schemes(key)
    assert card.sign(key, scheme, bytes(256) if scheme is RAW else DIGEST) == bytes(256)
    assert [command.hex().upper() for command in channel.sent] == [command.upper() for command in expected]


def test_rows_of_that_table_are_every_scheme_of_every_key() -> None:
    offered = {
        (name, key.reference, scheme)
        for name, generation in GENERATIONS.items()
        for key in (AUTHENTICATION, SIGNATURE)
        for scheme in generation(Scripted(signing)).schemes(key)
    }
    assert offered == {(name, key.reference, scheme) for name, key, scheme, _ in SIGNING.values()}


@pytest.mark.parametrize(
    ("generation", "expected"), [("cps3", "00A4090C043F000002"), ("cps4", "01A4080C020002")], ids=GENERATIONS
)
def test_a_key_with_a_path_has_it_selected_first(generation: str, expected: str) -> None:
    card, channel = scripted(generation, signing)
    card.sign(attrs.evolve(AUTHENTICATION, path=bytes.fromhex("3F000002")), PKCS1, DIGEST)
    assert channel.sent[0].hex().upper() == expected


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(
    ("status", "code"),
    [("6982", "token.pin_needed"), ("6985", "token.pin_needed"), ("6A88", "token.failed"), ("6F00", "token.failed")],
)
@pytest.mark.parametrize("rank", [0, 1])
def test_a_refused_signature_says_whether_the_pin_is_missing(
    generation: str, status: str, code: str, rank: int
) -> None:
    card, channel = scripted(generation, lambda _: DONE)
    channel.answer = lambda command: bytes.fromhex(status) if len(channel.sent) > rank else signing(command)
    assert caught(lambda: card.sign(AUTHENTICATION, PKCS1, DIGEST)).code == code


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("length", [0, 128, 255])
def test_a_signature_of_another_length_is_none(generation: str, length: int) -> None:
    card, _ = scripted(generation, lambda _: bytes(length) + DONE)
    failure = caught(lambda: card.sign(SIGNATURE, PKCS1, DIGEST))
    assert (failure.code, failure.facts["reason"]) == ("token.failed", "signature_length")


def test_a_key_too_short_for_a_digest_signs_nothing() -> None:
    card, channel = scripted("cps4", signing)
    failure = caught(lambda: card.sign(attrs.evolve(AUTHENTICATION, modulus_length=61), PKCS1, DIGEST))
    assert (failure.code, failure.facts["reason"]) == ("token.failed", "key_length")
    assert channel.sent == []


# PIN


@pytest.mark.req("CPS-02")
@pytest.mark.parametrize(
    ("generation", "expected"),
    [("cps3", ["00A4090C023F00", "00CB3FFF0A4D087006BF810102A080"]), ("cps4", ["01200001"])],
    ids=GENERATIONS,
)
def test_tries_are_asked_for_without_presenting_anything(generation: str, expected: list[str]) -> None:
    card, channel = scripted(generation, lambda _: DONE)
    card.tries_left(PIN)
    assert [command.hex().upper() for command in channel.sent] == expected


@pytest.mark.parametrize(
    ("generation", "answer", "tries"),
    [
        ("cps3", "700CBF810108A0069A01039B01029000", 2),
        ("cps3", "9A01039B01009000", 0),
        ("cps3", "A0099A01039B01039D01009000", 0),
        ("cps3", "A0099A01039B01039D01059000", 3),
        ("cps3", "9A01039000", None),
        ("cps3", "9B01FF9000", None),
        ("cps3", "9000", None),
        ("cps3", "6A88", None),
        ("cps4", "63C3", 3),
        ("cps4", "63C0", 0),
        ("cps4", "6983", 0),
        ("cps4", "9000", None),
        ("cps4", "6300", None),
        ("cps4", "6D00", None),
    ],
)
def test_tries_are_those_that_the_card_tells(generation: str, answer: str, tries: int | None) -> None:
    card, _ = scripted(generation, lambda command: DONE if command[1] == 0xA4 else bytes.fromhex(answer))
    assert card.tries_left(PIN) == tries


@pytest.mark.req("CPS-02")
@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(
    ("status", "code", "left"),
    [
        ("63C2", "token.pin_wrong", 2),
        ("63C1", "token.pin_wrong", 1),
        ("63C0", "token.pin_locked", None),
        ("6983", "token.pin_locked", None),
        ("6700", "token.failed", None),
        ("6A88", "token.failed", None),
        ("6300", "token.failed", None),
        ("6F00", "token.failed", None),
    ],
)
def test_a_pin_is_presented_once_and_judged_by_the_card(
    generation: str, status: str, code: str, left: int | None
) -> None:
    card, channel = scripted(generation, lambda _: bytes.fromhex(status))
    failure = caught(lambda: card.verify(PIN, "1234"))
    assert (failure.code, failure.facts.get("tries_left")) == (code, left)
    assert [command.hex() for command in channel.sent] == [f"0{card.cla}2000010431323334"]


def test_a_pin_is_padded_when_the_card_says_so() -> None:
    card, channel = scripted("cps3", lambda _: DONE)
    card.verify(PinRules(b"\x01", 0x81, 4, 8, padded_to=8, filler=0xFF), "1234")
    assert channel.sent == [bytes.fromhex("002000810831323334FFFFFFFF")]


# Files


def files(generation: str, contents: dict[str, bytes], size: int | None = None) -> tuple[CpsCard, Scripted]:
    """A card with files by path, in hexadecimal; ``size``: what it says of theirs."""
    current = b""

    def answer(command: bytes) -> bytes:
        nonlocal current
        if command[1] == 0xA4:
            path = command[5 : 5 + command[4]]
            whole = path if path.startswith(b"\x3f\x00") else b"\x3f\x00" + path
            if whole.hex().upper() not in contents:
                return b"\x6a\x82"
            current = contents[whole.hex().upper()]
            told = len(current) if size is None else size
            return b"\x6f\x04\x80\x02" + told.to_bytes(2, "big") + DONE
        offset = command[2] << 8 | command[3]
        return current[offset : offset + (command[4] or 256)] + DONE if offset < len(current) else b"\x6b\x00"

    return scripted(generation, answer)


@pytest.mark.parametrize(
    ("generation", "expected"),
    [
        ("cps3", ["00A40904063F000001D101", "00B00000E7", "00B000E7E7", "00B001CE20"]),
        ("cps4", ["01A40800040001D10100", "01B00000E7", "01B000E7E7", "01B001CE20"]),
    ],
    ids=GENERATIONS,
)
def test_a_file_is_read_as_long_as_the_card_says(generation: str, expected: list[str]) -> None:
    content = bytes(range(247)) * 2
    card, channel = files(generation, {"3F000001D101": content})
    assert card.read(Place(bytes.fromhex("3F000001D101")), "data") == content
    assert [command.hex().upper() for command in channel.sent] == expected


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(
    ("content", "size", "place", "reason"),
    [
        (bytes(10), 11, Place(b"\x3f\x00\xd0\x03"), "truncated"),
        (bytes(10), 40_000, Place(b"\x3f\x00\xd0\x03"), "too_large"),
        (bytes(10), 10, Place(b"\x3f\x00\xd0\x03", 8, 3), "beyond_end"),
        (bytes(10), 10, Place(b"\x3f\x00\xd0\x04"), "not_found"),
    ],
    ids=["shorter-than-told", "too-large", "part-beyond-end", "not-there"],
)
def test_a_file_that_is_not_what_it_is_said_to_be_is_refused(
    generation: str, content: bytes, size: int, place: Place, reason: str
) -> None:
    card, _ = files(generation, {"3F00D003": content}, size)
    failure = caught(lambda: card.read(place, "EF.SN"))
    assert (failure.code, failure.facts["reason"]) == ("card.unreadable", reason)


@pytest.mark.parametrize("answer", ["", "6F00", "6F028000", "6F0480030000", "80020010", "6F05800300000A"], ids=str)
def test_a_card_that_tells_no_size_is_not_read(answer: str) -> None:
    card, _ = scripted("cps3", lambda _: bytes.fromhex(answer) + DONE)
    assert caught(lambda: card.read(Place(b"\x3f\x00\xd0\x03"), "EF.SN")).code == "card.unreadable"


def test_a_card_that_gives_more_than_its_file_holds_is_refused() -> None:
    card, channel = files("cps3", {"3F00D003": bytes(12)})
    honest = channel.answer
    channel.answer = lambda command: (
        b"\x61\x10" if command[1] == 0xB0 else bytes(16) + DONE if command[1] == 0xC0 else honest(command)
    )
    failure = caught(lambda: card.read(Place(b"\x3f\x00\xd0\x03"), "EF.SN"))
    assert (failure.code, failure.facts["reason"]) == ("card.protocol", "response_too_long")


def test_a_card_that_gives_a_file_byte_by_byte_is_not_followed_to_its_end() -> None:
    card, channel = files("cps4", {"3F00D003": bytes(600)})
    honest = channel.answer
    channel.answer = lambda command: b"\x00" + DONE if command[1] == 0xB0 else honest(command)
    failure = caught(lambda: card.read(Place(b"\x3f\x00\xd0\x03"), "EF.SN"))
    assert (failure.code, failure.facts["reason"]) == ("card.protocol", "endless_file")


def test_a_part_of_a_file_is_cut_out() -> None:
    card, _ = files("cps4", {"3F00D101": b"abcdef"})
    assert card.read(Place(b"\x3f\x00\xd1\x01", 2, 3), "data") == b"cde"


def test_the_empty_file_is_read() -> None:
    card, _ = files("cps3", {"3F00D101": b""})
    assert card.read(Place(b"\x3f\x00\xd1\x01"), "data") == b""


def test_the_applet_of_a_cps4_must_be_there() -> None:
    card, channel = scripted("cps4", lambda _: b"\x6a\x82")
    assert caught(card.start).code == "card.unreadable"
    assert channel.sent == [bytes.fromhex("01A4040C088025000001FF0100")]


# The application


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    return bytes((tag, len(content))) + content


def application(folder: str, directory: bytes | None) -> dict[str, bytes]:
    """The least application that can be used: one PIN, no key, no object."""
    four = tlv(0x02, b"\x04")
    rules = tlv(0x30, tlv(0x03, b"\x03\x88"), tlv(0x0A, b"\x01"), four * 3, tlv(0x80, b"\x01"))
    found = {
        f"{folder}5031": tlv(0xA8, tlv(0x30, tlv(0x04, b"\x44\x01"))),
        f"{folder}5032": tlv(0x30, tlv(0x02, b"\x00"), tlv(0x80, b"CPS"), tlv(0x03, b"\x00\x00")),
        f"{folder}4401": tlv(0x30, tlv(0x30), tlv(0x30, tlv(0x04, b"\x01")), tlv(0xA1, rules)),
    }
    return found if directory is None else found | {"3F002F00": directory}


AID = bytes.fromhex("E828BD080F8025000001FF0010")
DIRECTORIES = {
    "told": ("3F000001", tlv(0x61, tlv(0x4F, AID), tlv(0x51, bytes.fromhex("3F000001")))),
    "another-application": ("3F005015", tlv(0x61, tlv(0x4F, AID[:-1]))),
    "no-directory": ("3F005015", None),
    "at-the-root": ("3F00", None),
}


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize(("folder", "directory"), DIRECTORIES.values(), ids=DIRECTORIES)
def test_the_application_is_found_where_it_is(generation: str, folder: str, directory: bytes | None) -> None:
    card, _ = files(generation, application(folder, directory))
    layout = read_layout(card)
    assert (layout.label, layout.pin.shortest, layout.keys, layout.data) == ("CPS", 4, (), ())


@pytest.mark.parametrize("missing", ["5031", "5032", "4401"])
def test_an_application_without_one_of_its_files_is_refused(missing: str) -> None:
    contents = application("3F005015", None)
    del contents[f"3F005015{missing}"]
    card, _ = files("cps4", contents)
    failure = caught(lambda: read_layout(card))
    assert (failure.code, failure.facts["reason"]) == ("card.unreadable", "not_found")


def test_an_application_without_a_pin_is_refused() -> None:
    card, _ = files("cps4", application("3F00", None) | {"3F004401": b""})
    failure = caught(lambda: read_layout(card))
    assert (failure.code, failure.facts["file"]) == ("card.unreadable", "EF.AODF")


def test_the_pin_is_the_one_that_guards_the_keys() -> None:
    four = tlv(0x02, b"\x04")
    contents = application("3F00", None)
    other = tlv(0x30, tlv(0x03, b"\x03\x88"), tlv(0x0A, b"\x01"), four * 3, tlv(0x80, b"\x05"))
    contents["3F004401"] += tlv(0x30, tlv(0x30), tlv(0x30, tlv(0x04, b"\x02")), tlv(0xA1, other))
    own = tlv(0x30, tlv(0x04, b"\x20"), tlv(0x03, b"\x05\x20"), tlv(0x02, b"\x20"))
    key = tlv(0x30, tlv(0x30, tlv(0x04)), tlv(0x02, b"\x08\x00"))
    contents["3F005031"] += tlv(0xA0, tlv(0x30, tlv(0x04, b"\x44\x02")))
    contents["3F004402"] = tlv(0x30, tlv(0x30, tlv(0x04, b"\x02")), own, tlv(0xA1, key))
    card, _ = files("cps3", contents)
    assert read_layout(card).pin.reference == 5


def layout_of(**objects: Any) -> CardLayout:
    plain: dict[str, Any] = {"label": "", "pin": PIN, "keys": (), "certificates": (), "data": ()}
    return CardLayout(**(plain | objects))


def test_what_is_named_but_not_there_is_left_out() -> None:
    card, _ = files("cps4", {"3F00D101": b"x"})
    certificate = Certificate(b"\x20", "AUT", Place(b"\x3f\x00\xc0\x20"))
    objects = (
        DataObject("CPS_ACTIVITY_02_PS", False, Place(b"\x3f\x00\xd1\x21")),
        DataObject("CPS_DATA", False, Place(b"\x3f\x00\xd1\x01")),
    )
    layout = layout_of(certificates=(certificate,), data=objects)
    assert read_certificates(card, layout) == ()
    assert [one.label for one in read_data(card, layout, unlocked=True)] == ["CPS_DATA"]


@pytest.mark.parametrize("padding", [0, 1, 300])
def test_a_certificate_is_cut_out_of_its_padded_file(padding: int) -> None:
    der = b"\x30\x82\x01\x04\x04\x82\x01\x00" + bytes(256)
    card, _ = files("cps3", {"3F00C020": der + bytes(padding)})
    layout = layout_of(certificates=(Certificate(b"\x20", "AUT", Place(b"\x3f\x00\xc0\x20")),))
    (found,) = read_certificates(card, layout)
    assert (found.key, found.der, found.schemes) == ("20", der, frozenset())


@pytest.mark.parametrize("content", [b"", bytes(9), b"\x04\x01a", b"\x30\x00\x30\x00", b"\x30\x05a"], ids=repr)
def test_a_file_that_holds_no_certificate_is_refused(content: bytes) -> None:
    card, _ = files("cps3", {"3F00C020": content})
    layout = layout_of(certificates=(Certificate(b"\x20", "AUT", Place(b"\x3f\x00\xc0\x20")),))
    assert caught(lambda: read_certificates(card, layout)).code == "card.unreadable"
