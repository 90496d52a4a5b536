"""Every way in which a service may fail has its code, and tells whether the service may have acted."""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from segur_sdk.errors import SegurError, ServiceError
from segur_sdk.manifest import NetworkUse

Make = Callable[..., Any]

BEGUN = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"


def use(key: str | None = None) -> NetworkUse:
    return NetworkUse(purpose="p", trust="ours", auth="mtls" if key else "none", key=key)


def failure_of(made: Any, call: Any, network: NetworkUse | None = None, **request: Any) -> SegurError:
    with pytest.raises(SegurError) as raised:
        made.client(network or use(), call).request("POST", **({"body": b"x" * 100} | request))
    return raised.value


def told(failure: SegurError) -> tuple[str, bool]:
    assert isinstance(failure, ServiceError)
    return failure.code, failure.maybe_processed


def close(connection: socket.socket) -> None:
    connection.close()


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def say_nothing(_: socket.socket) -> None:
    threading.Event().wait(3)


def speak_plainly(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")


BEFORE: dict[str, tuple[Callable[[socket.socket], None], str]] = {
    "closed_at_once": (close, "service.unreachable"),
    "reset_at_once": (reset, "service.unreachable"),
    "no_tls": (speak_plainly, "service.unreachable"),
    "handshake_never_ends": (say_nothing, "service.timed_out"),
}
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
ANSWERS: dict[str, tuple[tuple[bytes, ...], dict[str, Any], str]] = {
    "closed_without_answer": ((), {"end": close}, "service.answer_lost"),
    "reset_without_answer": ((), {"end": reset}, "service.answer_lost"),
    "half_the_headers": ((BEGUN[:20],), {"end": close}, "service.answer_lost"),
    "half_the_body": ((BEGUN + b"half",), {"end": close}, "service.answer_lost"),
    "broken_chunk": ((CHUNKED,), {"end": close}, "service.answer_lost"),
    "garbage": ((b"\x00\xff" * 100,), {"end": close}, "service.answer_lost"),
    "endless_headers": ((b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 50_000), {"end": close}, "service.answer_lost"),
    "never_answers": ((), {"end": say_nothing}, "service.timed_out"),
    "drips_headers": (
        tuple(bytes([byte]) for byte in b"HTTP/1.1 200 OK\r\n" * 5),
        {"pause": 0.1},
        "service.timed_out",
    ),
    "drips_its_body": ((BEGUN, *[b"x"] * 60), {"pause": 0.1}, "service.timed_out"),
    "too_large_announced": (
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n", b"x" * 200_000),
        {},
        "service.answer_too_large",
    ),
    "too_large_without_end": (
        (b"HTTP/1.1 200 OK\r\n\r\n", *[b"x" * 65536] * 30),
        {},
        "service.answer_too_large",
    ),
}


@pytest.fixture
def check(broker: Make, serve: Make, make_call: Make) -> Callable[..., None]:
    """Send a request to a handler and compare what is told of its failure."""

    def check(handler: Any, code: str, *, maybe_processed: bool) -> None:
        call = make_call(0.8 if code == "service.timed_out" else 10)
        server = serve(handler)
        failure = failure_of(broker(server.port), call, max_answer=100_000)
        assert told(failure) == (code, maybe_processed)
        # The tickets stand whatever came of it, and the plugin still has time to say what happened.
        place = {"purpose": "p", "host": f"127.0.0.1:{server.port}"}
        assert (call.records, call.notes) == ([("broker.connect", place)], [("broker.http", place)])
        assert call.deadline.remaining() > 0

    return check


@pytest.mark.parametrize(("handler", "code"), BEFORE.values(), ids=BEFORE)
def test_before_the_request_began_nothing_can_have_been_done(
    handler: Any, code: str, check: Callable[..., None]
) -> None:
    check(handler, code, maybe_processed=False)


@pytest.mark.parametrize(("parts", "options", "code"), ANSWERS.values(), ids=ANSWERS)
def test_once_the_request_began_the_service_may_have_acted(
    parts: tuple[bytes, ...], options: dict[str, Any], code: str, check: Callable[..., None], answering: Make
) -> None:
    check(answering(*parts, **options), code, maybe_processed=True)


SERVERS: dict[str, Callable[[Any], Any]] = {
    "another_authority": lambda pki: pki.foreign.issue("server"),
    "another_name": lambda pki: pki.ours.issue("server", host="127.0.0.2"),
    "expired": lambda pki: pki.ours.issue("server", lasts=timedelta(days=-1)),
}


@pytest.mark.parametrize("issue", SERVERS.values(), ids=SERVERS)
def test_a_server_that_does_not_prove_who_it_is_gets_no_request(
    issue: Callable[[Any], Any], pki: Any, check: Callable[..., None], answering: Make
) -> None:
    seen: list[bytes] = []
    check(answering(OK, issued=issue(pki), seen=seen), "service.server_certificate", maybe_processed=False)
    assert seen == []


def test_nobody_listens(broker: Make, serve: Make, make_call: Make) -> None:
    server = serve(close)
    server.close()
    call = make_call()
    failure = failure_of(broker(server.port), call)
    assert (told(failure), failure.retryable) == (("service.unreachable", False), True)
    assert (len(call.records), len(call.notes)) == (1, 1)


CLIENT_REFUSALS: dict[str, tuple[ssl.TLSVersion, str | None]] = {
    "foreign_tls_1_2": (ssl.TLSVersion.TLSv1_2, "k"),
    "foreign_tls_1_3": (ssl.TLSVersion.TLSv1_3, "k"),
    "none_tls_1_2": (ssl.TLSVersion.TLSv1_2, None),
    "none_tls_1_3": (ssl.TLSVersion.TLSv1_3, None),
}


@pytest.mark.parametrize(("version", "key"), CLIENT_REFUSALS.values(), ids=CLIENT_REFUSALS)
def test_a_refused_client_certificate_is_recognised(
    version: ssl.TLSVersion,
    key: str | None,
    pki: Any,
    broker: Make,
    serve: Make,
    make_call: Make,
    answering: Make,
) -> None:
    handler = answering(OK, trusted=pki.foreign.cert, verify_mode=ssl.CERT_REQUIRED, version=version)
    failure = failure_of(broker(serve(handler).port), make_call(), use(key))
    assert told(failure) == ("service.client_certificate_refused", False)


ALERTS: dict[str, tuple[int, str]] = {
    # Before the server chose anything: what we offer does not suit it, and nothing was said of us.
    "handshake_failure": (40, "service.server_certificate"),
    "bad_certificate": (42, "service.client_certificate_refused"),
    "unsupported_certificate": (43, "service.client_certificate_refused"),
    "certificate_revoked": (44, "service.client_certificate_refused"),
    "certificate_expired": (45, "service.client_certificate_refused"),
    "certificate_unknown": (46, "service.client_certificate_refused"),
    "unknown_ca": (48, "service.client_certificate_refused"),
    "access_denied": (49, "service.client_certificate_refused"),
    "protocol_version": (70, "service.server_certificate"),
    "insufficient_security": (71, "service.server_certificate"),
    "internal_error": (80, "service.unreachable"),
}


@pytest.mark.parametrize(("number", "code"), ALERTS.values(), ids=ALERTS)
def test_only_alerts_about_certificates_blame_ours(
    number: int, code: str, broker: Make, serve: Make, make_call: Make
) -> None:
    def handler(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(bytes([0x15, 3, 3, 0, 2, 2, number]))
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(65536):
            pass

    assert told(failure_of(broker(serve(handler).port), make_call(), use("k"))) == (code, False)


def test_nothing_of_the_request_is_in_an_error(broker: Make, serve: Make, make_call: Make, answering: Make) -> None:
    given: dict[str, Any] = {"path": "/TCHITCHI", "body": b"TCHITCHI", "headers": {"X": "TCHITCHI"}}
    failure = failure_of(broker(serve(answering(end=close)).port), make_call(), **given)
    assert "TCHITCHI" not in f"{failure!r} {failure} {failure.facts}"
