"""Each scripted fault really happens on the wire, and what follows is right again."""

import http.client
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest

Control = Callable[..., tuple[int, Any]]
Curl = Callable[..., tuple[int, int, bytes]]
Build = Callable[..., bytes]
BY_TRAITS = "rechercherInsAvecTraitsIdentite"


@pytest.fixture
def arm(control: Control, descriptor: dict[str, Any]) -> Callable[..., None]:
    def order(fault: str, service: str = "insi", **particulars: object) -> None:
        assert control("POST", "/faults", {"service": service, "fault": fault, **particulars})[0] == 200

    return order


@contextmanager
def _https(descriptor: dict[str, Any]) -> Iterator[http.client.HTTPSConnection]:
    address = urlsplit(descriptor["services"]["insi"]["url"])
    context = ssl.create_default_context(cafile=descriptor["ca"])
    files = descriptor["certificates"]["insi-auto"]
    context.load_cert_chain(files["cert"], files["key"])
    connection = http.client.HTTPSConnection("127.0.0.1", address.port, context=context, timeout=20)
    try:
        yield connection
    finally:
        connection.close()


def _post(connection: http.client.HTTPSConnection, body: bytes) -> http.client.HTTPResponse:
    media = f'application/soap+xml; action="urn:ServiceIdentiteCertifiee:1.0.0:{BY_TRAITS}"'
    connection.request("POST", "/lps", body, {"Content-Type": media})
    return connection.getresponse()


def test_refuse_closes_before_tls_without_processing(
    curl: Curl, by_traits: Build, arm: Callable[..., None], control: Control, descriptor: dict[str, Any]
) -> None:
    arm("refuse")
    with pytest.raises((ConnectionError, ssl.SSLError)), _https(descriptor) as connection:
        connection.connect()
    assert curl(by_traits())[0] != 0
    assert control("GET", "/ledger?service=insi")[1] == []
    control("DELETE", "/faults")
    assert curl(by_traits())[:2] == (0, 200)


def test_refuse_also_ends_kept_alive_connections(
    descriptor: dict[str, Any], by_traits: Build, arm: Callable[..., None]
) -> None:
    with _https(descriptor) as connection:
        assert _post(connection, by_traits()).read().startswith(b"<?xml")
        arm("refuse", count=1)
        with pytest.raises((ConnectionError, ssl.SSLError, http.client.HTTPException)):
            _post(connection, by_traits())


def test_expired_certificate_is_seen_by_the_client_and_nothing_is_processed(
    descriptor: dict[str, Any], curl: Curl, by_traits: Build, arm: Callable[..., None], control: Control
) -> None:
    arm("expired_certificate", count=1)
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"), _https(descriptor) as connection:
        connection.connect()
    assert control("GET", "/ledger?service=insi")[1] == []
    assert curl(by_traits())[:2] == (0, 200)


def test_reset_is_a_tcp_rst_before_processing(
    descriptor: dict[str, Any], by_traits: Build, arm: Callable[..., None], control: Control
) -> None:
    arm("reset", count=1)
    with _https(descriptor) as connection, pytest.raises(ConnectionResetError):
        _post(connection, by_traits())
    assert control("GET", "/ledger?service=insi")[1] == []
    with _https(descriptor) as connection:
        assert _post(connection, by_traits()).status == 200


def test_answer_lost_processes_writes_the_ledger_and_cuts(
    descriptor: dict[str, Any], by_traits: Build, arm: Callable[..., None], control: Control
) -> None:
    arm("answer_lost", count=1)
    body = by_traits()
    with _https(descriptor) as connection, pytest.raises((ConnectionError, http.client.RemoteDisconnected)):
        _post(connection, body)
    (effect,) = control("GET", "/ledger?service=insi")[1]
    assert effect["receptions"] == 1
    (entry,) = control("GET", "/exchanges?service=insi")[1]
    assert (entry["fault"], entry["answer"]) == ("answer_lost", None)
    with _https(descriptor) as connection:
        assert _post(connection, body).status == 200
    assert control("GET", "/ledger?service=insi")[1][0]["receptions"] == 2


def test_truncated_announces_more_than_it_sends(
    descriptor: dict[str, Any], by_traits: Build, arm: Callable[..., None]
) -> None:
    arm("truncated", count=1)
    with _https(descriptor) as connection:
        answer = _post(connection, by_traits())
        announced = int(answer.headers["content-length"])
        with pytest.raises(http.client.IncompleteRead) as raised:
            answer.read()
    assert 0 < len(raised.value.partial) < announced


def test_garbage_is_not_xml(curl: Curl, by_traits: Build, arm: Callable[..., None]) -> None:
    arm("garbage", count=1)
    _, status, body = curl(by_traits())
    assert status == 200
    assert body.startswith(bytes(range(16)))


def test_error5xx_is_an_html_page_of_a_gateway(
    curl: Curl, by_traits: Build, arm: Callable[..., None], control: Control
) -> None:
    arm("error5xx", count=1)
    _, status, body = curl(by_traits())
    assert (status, body[:6]) == (503, b"<html>")
    assert control("GET", "/ledger?service=insi")[1] == []


def test_drip_sends_the_whole_answer_in_pieces(
    descriptor: dict[str, Any], by_traits: Build, arm: Callable[..., None]
) -> None:
    arm("drip", seconds=0.4, count=1)
    with _https(descriptor) as connection:
        answer = _post(connection, by_traits())
        pieces = []
        while piece := answer.read1(65536):
            pieces.append(piece)
    assert len(pieces) > 5
    assert len(b"".join(pieces)) == int(answer.headers["content-length"])


def test_delay_outlasts_an_impatient_client_and_a_patient_one_is_answered(
    curl: Curl, by_traits: Build, arm: Callable[..., None]
) -> None:
    arm("delay", seconds=3, count=1)
    exit_code, status, _ = curl(by_traits(), options=("--max-time", "1"))
    assert (exit_code, status) == (28, 0)
    arm("delay", seconds=0.2, count=1)
    assert curl(by_traits())[:2] == (0, 200)


def test_wrong_answer_is_about_somebody_else(curl: Curl, by_traits: Build, arm: Callable[..., None]) -> None:
    arm("wrong_answer", count=1)
    body = curl(by_traits())[2]
    assert b"<NomNaissance>ADRTROIS</NomNaissance>" in body
    assert b"ADRUN" not in body


def test_a_count_is_used_up_and_no_count_lasts_until_mended(
    curl: Curl, by_traits: Build, arm: Callable[..., None], control: Control
) -> None:
    arm("error5xx", count=2)
    assert [curl(by_traits())[1] for _ in range(3)] == [503, 503, 200]
    arm("error5xx")
    assert [curl(by_traits())[1] for _ in range(3)] == [503, 503, 503]
    control("DELETE", "/faults")
    assert curl(by_traits())[1] == 200


def test_seconds_end_a_fault_by_themselves(curl: Curl, by_traits: Build, arm: Callable[..., None]) -> None:
    arm("error5xx", seconds=0.001)
    assert curl(by_traits())[1] == 200
    arm("error5xx", seconds=600)
    assert curl(by_traits())[1] == 503


def test_a_fault_of_one_operation_spares_the_other(curl: Curl, by_traits: Build, arm: Callable[..., None]) -> None:
    arm("error5xx", operation="rechercherInsAvecCarteVitale")
    assert curl(by_traits())[1] == 200
    arm("error5xx", operation=BY_TRAITS)
    assert curl(by_traits())[1] == 503


def test_the_fault_that_applied_is_in_the_journal(
    curl: Curl, by_traits: Build, arm: Callable[..., None], exchanges: Callable[[], list[dict[str, Any]]]
) -> None:
    arm("refuse", count=1)
    arm("error5xx", count=1)
    for _ in range(3):
        curl(by_traits())
    assert [entry["fault"] for entry in exchanges()] == ["refuse", "error5xx", None]
    assert not any(entry["unexpected"] for entry in exchanges())


SELECT_MF = "00A40000023F00"


def _closed(connection: socket.socket) -> bytes:
    try:
        return connection.recv(1)
    except ConnectionResetError:
        return b""


def test_a_card_is_pulled_after_the_nth_apdu(
    card: Callable[[str], socket.socket],
    transmit: Callable[[socket.socket, str], str],
    arm: Callable[..., None],
    control: Control,
) -> None:
    connection = card("single")
    arm("reset", "cards", after=2, operation="Vitale 1", count=1)
    assert [transmit(connection, SELECT_MF) for _ in range(2)] == ["9000", "9000"]
    with pytest.raises(ConnectionError):
        transmit(connection, SELECT_MF)
    assert control("GET", "/cards")[1]["readers"][0]["card"] is None
    assert transmit(card("single"), SELECT_MF) == "9000"


def test_a_card_refuses_answers_garbage_an_error_or_half_an_answer(
    card: Callable[[str], socket.socket],
    transmit: Callable[[socket.socket, str], str],
    arm: Callable[..., None],
) -> None:
    arm("garbage", "cards", count=1)
    connection = card("single")
    assert transmit(connection, SELECT_MF) == "00FF1234"
    arm("error5xx", "cards", count=1)
    assert transmit(connection, SELECT_MF) == "6F00"
    arm("delay", "cards", count=1, seconds=0.2)
    assert transmit(connection, SELECT_MF) == "9000"
    arm("truncated", "cards", count=1)
    message = bytes.fromhex("00B0820000")
    connection.sendall(struct.pack(">H", len(message)) + message)
    announced = struct.unpack(">H", connection.recv(2))[0]
    received = b""
    while piece := connection.recv(4096):
        received += piece
    assert 0 < len(received) < announced
    arm("answer_lost", "cards", count=1)
    with pytest.raises(ConnectionError):
        transmit(card("single"), SELECT_MF)
    arm("refuse", "cards", count=1)
    assert _closed(card("single")) == b""
    assert transmit(card("single"), SELECT_MF) == "9000"


@pytest.mark.parametrize("fault", ["answer_lost", "truncated"])
def test_a_cut_answer_is_a_lost_contact_for_whoever_looks_at_the_card(
    fault: str,
    descriptor: dict[str, Any],
    card: Callable[[str], socket.socket],
    transmit: Callable[[socket.socket, str], str],
    arm: Callable[..., None],
) -> None:
    using, reader = card("single"), descriptor["services"]["cards"]["readers"][0]
    with socket.create_connection((reader["host"], reader["port"]), timeout=10) as looking:
        looking.sendall(b"\x00\x01\x04")
        assert len(looking.recv(100)) > 2
        arm(fault, "cards", count=1)
        using.sendall(b"\x00\x05" + bytes.fromhex("00B0820000"))
        assert looking.recv(1) == b""
    assert transmit(card("single"), SELECT_MF) == "9000"


def test_a_fault_of_one_reader_spares_the_other(
    card: Callable[[str], socket.socket],
    transmit: Callable[[socket.socket, str], str],
    arm: Callable[..., None],
) -> None:
    arm("error5xx", "cards", operation="Vitale 2")
    assert transmit(card("single"), SELECT_MF) == "9000"
