"""Command and response APDUs: the seven forms of ISO 7816-3, and what is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_sdk.cards.apdu import CommandApdu, ResponseApdu
from segur_sdk.errors import CardError

FORMS = {
    "case 1": ("00A40000", CommandApdu(0x00, 0xA4, 0x00, 0x00)),
    "case 2 short": ("00B0820010", CommandApdu(0x00, 0xB0, 0x82, 0x00, le=16)),
    "case 2 short, Le 00 is 256": ("00B0820000", CommandApdu(0x00, 0xB0, 0x82, 0x00, le=256)),
    "case 3 short": ("00A40000023F00", CommandApdu(0x00, 0xA4, 0x00, 0x00, data=b"\x3f\x00")),
    "case 4 short": ("00A40000023F0000", CommandApdu(0x00, 0xA4, 0x00, 0x00, data=b"\x3f\x00", le=256)),
    "case 2 extended": ("00B00000000101", CommandApdu(0x00, 0xB0, 0x00, 0x00, le=257)),
    "case 2 extended, Le 0000 is 65536": ("00B00000000000", CommandApdu(0x00, 0xB0, 0x00, 0x00, le=65_536)),
    "case 3 extended": ("80D60000000100" + "AA" * 256, CommandApdu(0x80, 0xD6, 0x00, 0x00, data=b"\xaa" * 256)),
    "case 4 extended": (
        "80D60000000100" + "AA" * 256 + "0000",
        CommandApdu(0x80, 0xD6, 0x00, 0x00, data=b"\xaa" * 256, le=65_536),
    ),
    "case 4 extended for its Le alone": (
        "00CB3FFF0000025C000200",
        CommandApdu(0x00, 0xCB, 0x3F, 0xFF, data=b"\x5c\x00", le=512),
    ),
}


@pytest.mark.parametrize(("text", "command"), FORMS.values(), ids=FORMS)
def test_command_is_built_and_parsed_in_every_form(text: str, command: CommandApdu) -> None:
    assert command.build().hex().upper() == text
    assert CommandApdu.parse(bytes.fromhex(text)) == command


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param("", "command_too_short", id="nothing"),
        pytest.param("00A400", "command_too_short", id="three bytes"),
        pytest.param("FFA40000", "command_class", id="class FF"),
        pytest.param("00610000", "command_instruction", id="instruction 6x"),
        pytest.param("00900000", "command_instruction", id="instruction 9x"),
        pytest.param("00A40000033F00", "command_length", id="data missing"),
        pytest.param("00A40000013F0000", "command_length", id="one byte too many after Le"),
        pytest.param("00A400000000", "command_length", id="extended form cut"),
        pytest.param("00A40000000000AA", "command_length", id="extended Lc of zero"),
        pytest.param("00A40000000002AA", "command_length", id="extended data missing"),
        pytest.param("00A40000000001AA00", "command_length", id="extended Le of one byte"),
    ],
)
def test_malformed_command_is_refused_with_its_reason(text: str, reason: str) -> None:
    with pytest.raises(CardError) as caught:
        CommandApdu.parse(bytes.fromhex(text))
    assert (caught.value.code, caught.value.facts["reason"]) == ("card.protocol", reason)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        pytest.param({"cla": 256}, "command_header", id="class above a byte"),
        pytest.param({"p2": -1}, "command_header", id="negative parameter"),
        pytest.param({"le": 0}, "command_le", id="Le zero"),
        pytest.param({"le": 65_537}, "command_le", id="Le above the extended maximum"),
    ],
)
def test_command_out_of_range_cannot_be_made(fields: dict[str, int], reason: str) -> None:
    header = {"cla": 0, "ins": 0xB0, "p1": 0, "p2": 0, "le": 1} | fields
    with pytest.raises(CardError) as caught:
        CommandApdu(header["cla"], header["ins"], header["p1"], header["p2"], le=header["le"])
    assert caught.value.facts["reason"] == reason


def test_command_with_too_many_data_cannot_be_made() -> None:
    with pytest.raises(CardError) as caught:
        CommandApdu(0, 0xD6, 0, 0, data=bytes(65_536))
    assert caught.value.facts["reason"] == "command_data"


BYTE = st.integers(0, 255)
INSTRUCTIONS = BYTE.filter(lambda ins: ins >> 4 not in (6, 9))
LENGTHS_EXPECTED = st.none() | st.integers(1, 65_536)


@given(st.integers(0, 254), INSTRUCTIONS, BYTE, BYTE, st.binary(max_size=600), LENGTHS_EXPECTED)
def test_every_command_survives_building_and_parsing(
    cla: int, ins: int, p1: int, p2: int, data: bytes, le: int | None
) -> None:
    command = CommandApdu(cla, ins, p1, p2, data, le)
    assert CommandApdu.parse(command.build()) == command


def parsed_or_code(data: bytes) -> CommandApdu | str:
    try:
        return CommandApdu.parse(data)
    except CardError as failure:
        return failure.code


@given(st.binary(max_size=300))
def test_any_bytes_are_a_command_or_a_card_error(data: bytes) -> None:
    outcome = parsed_or_code(data)
    if isinstance(outcome, CommandApdu):
        assert parsed_or_code(outcome.build()) == outcome
    else:
        assert outcome == "card.protocol"


def test_response_is_split_into_data_and_status_word() -> None:
    assert ResponseApdu.parse(bytes.fromhex("AABB9000")) == ResponseApdu(b"\xaa\xbb", 0x9000)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        pytest.param(b"", "response_too_short", id="nothing"),
        pytest.param(b"\x90", "response_too_short", id="half a status word"),
        pytest.param(b"\x00\x00", "status_word", id="zeroes"),
        pytest.param(b"\x60\x00", "status_word", id="null procedure byte"),
        pytest.param(b"\xff\xff", "status_word", id="ones"),
        pytest.param(bytes(65_537) + b"\x90\x00", "response_too_long", id="too long"),
    ],
)
def test_response_that_no_card_may_give_is_refused(response: bytes, reason: str) -> None:
    with pytest.raises(CardError) as caught:
        ResponseApdu.parse(response)
    assert (caught.value.code, caught.value.facts["reason"]) == ("card.protocol", reason)


def test_apdus_show_lengths_never_content() -> None:
    shown = repr(CommandApdu(0, 0x20, 0, 1, data=b"1234")) + repr(ResponseApdu(b"ADRUN", 0x9000))
    assert "1234" not in shown
    assert "ADRUN" not in shown
    assert "‹4 bytes›" in shown
    assert "9000" in shown
