"""Who gets through the handshake, tried with curl, openssl s_client and raw TLS sockets."""

import socket
import ssl
import subprocess
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

Curl = Callable[..., tuple[int, int, bytes]]
REFUSED = {
    "expired": "certificate has expired",
    "revoked": "certificate revoked",
    "wrong-usage": "unsuitable certificate purpose",
    "foreign-ca": "unable to get local issuer certificate",
    None: "PEER_DID_NOT_RETURN_A_CERTIFICATE",
}


@pytest.mark.parametrize(("role", "reason"), REFUSED.items(), ids=[str(role) for role in REFUSED])
def test_a_bad_certificate_is_refused_in_the_handshake_and_journalled(
    curl: Curl,
    by_traits: Callable[..., bytes],
    exchanges: Callable[[], list[dict[str, Any]]],
    role: str | None,
    reason: str,
) -> None:
    exit_code, status, body = curl(by_traits(), role)
    assert exit_code != 0
    assert (status, body) == (0, b"")
    (entry,) = exchanges()
    assert (entry["unexpected"], entry["request"], entry["answer"]) == (True, None, None)
    assert entry["reason"] == f"handshake: {reason}"


@pytest.mark.parametrize("role", ["insi-auto", "insi-manu", "wrong-cn"])
def test_a_good_certificate_passes_the_handshake_and_is_named(
    curl: Curl,
    by_traits: Callable[..., bytes],
    exchanges: Callable[[], list[dict[str, Any]]],
    role: str,
    descriptor: dict[str, Any],
) -> None:
    assert curl(by_traits(), role)[0] == 0
    (entry,) = exchanges()
    shown = subprocess.run(
        ["openssl", "x509", "-in", descriptor["certificates"][role]["cert"], "-noout", "-subject", "-serial"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert f"CN = {entry['client']['cn']}\n" in shown
    assert int(shown.partition("serial=")[2], 16) == int(entry["client"]["serial"], 16)


def _address(descriptor: dict[str, Any]) -> tuple[str, int]:
    parts = urlsplit(descriptor["services"]["insi"]["url"])
    assert parts.hostname == "127.0.0.1"
    assert parts.port is not None
    return parts.hostname, parts.port


@pytest.mark.parametrize(("option", "accepted"), [("-tls1_2", True), ("-tls1_3", True), ("-tls1_1", False)])
def test_tls_1_2_is_the_oldest_version_spoken(descriptor: dict[str, Any], option: str, accepted: bool) -> None:
    host, port = _address(descriptor)
    files = descriptor["certificates"]["insi-auto"]
    done = subprocess.run(
        [
            *("openssl", "s_client", "-connect", f"{host}:{port}", option, "-CAfile", descriptor["ca"]),
            *("-cert", files["cert"], "-key", files["key"], "-verify_return_error", "-verify_ip", "127.0.0.1"),
        ],
        input=b"",
        capture_output=True,
        check=False,
        timeout=30,
    )
    assert (b"Verify return code: 0 (ok)" in done.stdout and done.returncode == 0) is accepted


def test_a_client_that_trusts_another_root_refuses_the_sandbox(descriptor: dict[str, Any]) -> None:
    context = ssl.create_default_context()
    with socket.create_connection(_address(descriptor), timeout=10) as plain, pytest.raises(ssl.SSLError):
        context.wrap_socket(plain, server_hostname="127.0.0.1")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost"])
def test_the_server_certificate_bears_both_loopback_names(descriptor: dict[str, Any], name: str) -> None:
    context = ssl.create_default_context(cafile=descriptor["ca"])
    files = descriptor["certificates"]["insi-auto"]
    context.load_cert_chain(files["cert"], files["key"])
    with (
        socket.create_connection(_address(descriptor), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        assert secured.version() in ("TLSv1.2", "TLSv1.3")


def test_plain_http_is_not_answered(descriptor: dict[str, Any], exchanges: Callable[[], list[dict[str, Any]]]) -> None:
    with socket.create_connection(_address(descriptor), timeout=10) as plain:
        plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert not plain.recv(4096).startswith(b"HTTP")
    assert exchanges()[0]["reason"].startswith("handshake:")


def test_the_clock_past_the_certificates_end_refuses_it_and_back_again_passes(
    curl: Curl,
    by_traits: Callable[..., bytes],
    control: Callable[..., tuple[int, Any]],
    exchanges: Callable[[], list[dict[str, Any]]],
) -> None:
    assert control("POST", "/clock", {"advance_s": 4 * 365 * 86400})[0] == 200
    assert curl(by_traits())[0] != 0
    assert exchanges()[-1]["reason"] == "certificate: outside its validity by the sandbox's clock"
    control("POST", "/clock", {"advance_s": -4 * 365 * 86400})
    assert curl(by_traits())[:2] == (0, 200)


def test_exchanges_of_one_connection_share_its_identifier(
    descriptor: dict[str, Any], exchanges: Callable[[], list[dict[str, Any]]]
) -> None:
    url = descriptor["services"]["insi"]["url"]
    files = descriptor["certificates"]["insi-auto"]
    command = ["curl", "-s", "--cacert", descriptor["ca"], "--cert", files["cert"], "--key", files["key"]]
    subprocess.run([*command, "-d", "x", url, "-d", "x", url], check=True, capture_output=True, timeout=30)
    subprocess.run([*command, "-d", "x", url], check=True, capture_output=True, timeout=30)
    first, second, third = (entry["connection"] for entry in exchanges())
    assert first == second != third


def test_what_is_not_http_inside_tls_is_refused_and_journalled(
    descriptor: dict[str, Any], exchanges: Callable[[], list[dict[str, Any]]]
) -> None:
    context = ssl.create_default_context(cafile=descriptor["ca"])
    files = descriptor["certificates"]["insi-auto"]
    context.load_cert_chain(files["cert"], files["key"])
    with (
        socket.create_connection(_address(descriptor), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        secured.sendall(b"\x00\x01bonjour\r\n\r\n")
        assert secured.recv(12) == b"HTTP/1.1 400"
    (entry,) = exchanges()
    assert (entry["unexpected"], entry["reason"], entry["client"]["cn"]) == (True, "http: not HTTP", "INSI-AUTO")
