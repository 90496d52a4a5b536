"""Whatever bytes come in, the readers answer: a fault, a refusal or a status word, never a crash."""

import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from segur_sandbox.cards.catalogue import CATALOGUE
from segur_sandbox.cards.command import parse_command
from segur_sandbox.cards.session import CardSession
from segur_sandbox.clock import SandboxClock
from segur_sandbox.exchanges import Client, ExchangeJournal
from segur_sandbox.insi.http import content_type, operation_of
from segur_sandbox.insi.schemas import OfficialSchemas
from segur_sandbox.insi.service import InsiService
from segur_sandbox.ledger import Ledger
from segur_sandbox.people import load_register
from segur_sandbox.replays import ReplayQueue
from segur_sandbox.settings import InsiSettings
from segur_sandbox.xml_reader import XmlRefusedError, read_xml

BY_TRAITS = "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite"
KEPT = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@given(st.binary(max_size=2000))
@KEPT
def test_any_bytes_are_xml_or_refused(body: bytes) -> None:
    reason, root = "", None
    try:
        root = read_xml(body)
    except XmlRefusedError as error:
        reason = error.reason
    assert reason or isinstance(root, etree._Element)


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY e "x">]><a>&e;</a>',
        b'<!DOCTYPE a SYSTEM "http://127.0.0.1/x.dtd"><a/>',
        b"<a>" * 65 + b"</a>" * 65,
        b"<a>" + b" " * (1 << 20) + b"</a>",
        b'<?xml version="1.0" encoding="nonsense"?><a/>',
        b"<a>&undefined;</a>",
        "<a/>".encode("utf-16-le"),
        b"<a\x00/>",
    ],
    ids=["entity", "external-dtd", "deep", "large", "charset", "undefined-entity", "utf-16-without-mark", "nul"],
)
def test_hostile_xml_is_refused(body: bytes) -> None:
    with pytest.raises(XmlRefusedError):
        read_xml(body)


@pytest.mark.parametrize("body", [b"<a>" * 64 + b"</a>" * 64, "\ufeff<a>é</a>".encode()], ids=["64-deep", "bom"])
def test_plain_xml_is_read(body: bytes) -> None:
    assert read_xml(body).tag == "a"


@pytest.fixture
def service(tmp_path: Path) -> Callable[[bytes], int]:
    clock = SandboxClock()
    journal = ExchangeJournal(clock)
    insi = InsiService(
        load_register(),
        InsiSettings(),
        OfficialSchemas(None),
        clock=clock,
        ledger=Ledger(tmp_path / "ledger", clock),
        replays=ReplayQueue(),
    )

    def ask(body: bytes) -> int:
        exchange = journal.open("insi", "c1", Client("INSI-AUTO", "1"))
        answer = insi.answer(body, BY_TRAITS, exchange, None)
        etree.fromstring(answer.body)
        assert exchange.unexpected == (answer.status == 500)
        return answer.status

    return ask


@given(data=st.data())
@KEPT
def test_a_mutated_request_is_answered_by_well_formed_soap(
    service: Callable[[bytes], int], by_traits: Callable[..., bytes], data: st.DataObject
) -> None:
    body = bytearray(by_traits())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(body)))
        end = min(len(body), start + data.draw(st.integers(0, 40)))
        body[start:end] = data.draw(
            st.one_of(st.binary(max_size=10), st.sampled_from([b"", b"<", b"</", b'"', b"<a/>", b"\xc3\xa9", b"]]>"]))
        )
    assert service(bytes(body)) in (200, 500)


@given(
    nom=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30),
    prenom=st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), max_size=30),
)
@KEPT
def test_any_name_is_searched_or_refused(
    service: Callable[[bytes], int], by_traits: Callable[..., bytes], nom: str, prenom: str
) -> None:
    allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ '-")
    status = service(by_traits(nom, prenom))
    if not nom or not prenom or not set(nom + prenom) <= allowed:
        assert status == 500


@given(st.text(max_size=200), st.binary(max_size=200))
@KEPT
def test_any_content_type_is_read(header: str, body: bytes) -> None:
    media_type, action = content_type(header)
    assert isinstance(media_type, str)
    assert action is None or isinstance(action, str)
    operation_of({"content-type": header}, body)


APDUS = st.one_of(
    st.binary(min_size=2, max_size=300),
    st.builds(
        lambda ins, p1, p2, tail: bytes([0, ins, p1, p2]) + tail,
        st.sampled_from([0xA4, 0xB0, 0x88, 0xC0]),
        st.integers(0, 255),
        st.integers(0, 255),
        st.binary(max_size=20),
    ),
)


@given(st.sampled_from(sorted(set(CATALOGUE) - {"vitale:unreadable"})), st.lists(APDUS, max_size=8))
@KEPT
def test_a_card_answers_any_apdus_by_data_and_a_status_word(name: str, apdus: list[bytes]) -> None:
    session = CardSession(CATALOGUE[name])
    for apdu in apdus:
        answer = session.transmit(apdu)
        assert answer is not None
        assert 2 <= len(answer) <= 258
        assert answer[-2] in (0x61, 0x67, 0x69, 0x6A, 0x6B, 0x6C, 0x6D, 0x6E, 0x90)
        assert len(answer) == 2 or answer[-2] in (0x61, 0x90)


@given(st.binary(max_size=300))
@KEPT
def test_a_command_is_taken_apart_without_loss_or_not_at_all(apdu: bytes) -> None:
    command = parse_command(apdu)
    if command is not None:
        head = bytes([command.cla, command.ins, command.p1, command.p2])
        body = bytes([len(command.data)]) + command.data if command.data else b""
        tail = bytes([command.expected % 256]) if command.expected is not None else b""
        assert head + body + tail == apdu


@pytest.mark.parametrize(
    "frames",
    [b"\x00", b"\xff\xff\x00", b"\x00\x00", b"\x00\x01\xaa", b"\x00\x03\x00\xa4", b"GET / HTTP/1.1\r\n\r\n"],
    ids=["half-length", "cut", "empty", "unknown-control", "cut-apdu", "http"],
)
def test_broken_frames_harm_nobody_else(
    card: Callable[[str], socket.socket], transmit: Callable[[socket.socket, str], str], frames: bytes
) -> None:
    connection = card("single")
    connection.sendall(frames)
    connection.close()
    assert transmit(card("single"), "00A40000023F00") == "9000"
