"""Commands on T=0, and the trace that tells of them without a word of what was said."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_plugin_pcsc.tpdu import for_t0
from segur_plugin_pcsc.trace import LEVEL, trace
from segur_sdk.cards.apdu import CommandApdu
from segur_sdk.errors import CardError

COMMANDS = st.builds(
    CommandApdu,
    cla=st.integers(0, 0xFE),
    ins=st.integers(0, 0xFF).filter(lambda ins: ins >> 4 not in (6, 9)),
    p1=st.integers(0, 0xFF),
    p2=st.integers(0, 0xFF),
    data=st.binary(max_size=300),
    le=st.none() | st.integers(1, 300),
)


@given(command=COMMANDS)
def test_a_t0_command_keeps_everything_but_what_t0_has_no_place_for(command: CommandApdu) -> None:
    sent = for_t0(command.build())
    if command.extended:
        assert sent == command.build()
    elif not command.data and command.le is None:
        assert sent == command.build() + b"\x00"
    else:
        without_le = CommandApdu(command.cla, command.ins, command.p1, command.p2, command.data)
        assert sent == (without_le.build() if command.data else command.build())


@given(command=st.binary(min_size=4, max_size=600))
def test_what_is_no_short_command_is_sent_as_it_is(command: bytes) -> None:
    sent = for_t0(command)
    assert sent in {command, command + b"\x00", command[:-1]}
    if sent == command[:-1]:
        # Its form is what counts; a header drawn by chance may be none of a command's.
        parsed = CommandApdu.parse(b"\x00\xa4" + command[2:])
        assert parsed.data
        assert parsed.le


@given(
    header=st.binary(min_size=4, max_size=4),
    secret=st.binary(min_size=3, max_size=40),
    answer=st.none() | st.binary(min_size=3, max_size=40),
)
def test_the_trace_shows_no_data_of_a_command_or_an_answer(header: bytes, secret: bytes, answer: bytes | None) -> None:
    logger = logging.getLogger("segur.apdu")
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger.addHandler(handler)
    logger.setLevel(LEVEL)
    try:
        trace("Lecteur", header + secret, answer)
    finally:
        logger.setLevel(logging.NOTSET)
        logger.removeHandler(handler)
    status = "-" if answer is None else answer[-2:].hex().upper()
    assert lines == [f"Lecteur: {header.hex().upper()} +{len(secret)} -> {max(len(answer or b'') - 2, 0)} {status}"]


@pytest.mark.req("CPS-02")
@pytest.mark.parametrize("level", [LEVEL, logging.DEBUG], ids=["asked_for", "debug"])
def test_a_pin_is_in_no_log_and_exchanges_are_traced_only_on_request(
    level: int, scard: Any, fake_source: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(level, "segur.apdu")
    source = fake_source()
    source.connect("Lecteur")
    scard.answers = [b"\x63\xc2", b"TCHITCHI\x90\x00", b"\x90"]
    source.transmit("Lecteur", bytes.fromhex("0020000104") + b"1234")
    source.transmit("Lecteur", bytes.fromhex("00B0820000"))
    source.transmit("Lecteur", bytes.fromhex("00B0820000"))
    scard.fails["SCardTransmit"] = [0x80100069]
    with pytest.raises(CardError):
        source.transmit("Lecteur", bytes.fromhex("00B08200"))
    lines = [record.getMessage() for record in caplog.records]
    expected = [
        "Lecteur: 00200001 +5 -> 0 63C2",
        "Lecteur: 00B08200 +1 -> 8 9000",
        "Lecteur: 00B08200 +1 -> 0 short",
        "Lecteur: 00B08200 +0 -> 0 -",
    ]
    assert lines == (expected if level == LEVEL else [])
