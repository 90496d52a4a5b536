"""Certificates, a software token, and ``openssl s_server`` at the other end."""

import ssl
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from reference_host.tests.host.token_tls.counterparts import OpensslServer, Pki, SoftwareToken, client_context
from reference_host.tests.keys.issuing import authority, issue, name, server_context


@pytest.fixture(scope="session")
def pki() -> Pki:
    root = authority("AC RACINE")
    basic = x509.BasicConstraints(ca=True, path_length=None)
    middle = issue(name("AC INTERMEDIAIRE"), root, (basic,))
    client = issue(name("CARTE"), middle, (), rsa.generate_private_key(public_exponent=65537, key_size=2048))
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    return Pki(root, middle, client, issue(name("localhost"), root, (names,)))


@pytest.fixture
def token(pki: Pki) -> SoftwareToken:
    return SoftwareToken(pki.rsa_key)


@pytest.fixture
def client(pki: Pki) -> ssl.SSLContext:
    return client_context(pki)


@pytest.fixture
def server(pki: Pki, tmp_path: Path) -> ssl.SSLContext:
    return server_context(tmp_path, pki.server, pki.root)


@pytest.fixture
def s_server(pki: Pki, tmp_path: Path) -> Iterator[Callable[..., OpensslServer]]:
    """Start ``openssl s_server``, which demands a certificate of the client and shows it on a page."""
    (tmp_path / "root.pem").write_bytes(pki.root.pem())
    (tmp_path / "server.pem").write_bytes(pki.server.key_pem() + pki.server.pem())

    with ExitStack() as started:

        def start(*options: str) -> OpensslServer:
            process = started.enter_context(
                subprocess.Popen(
                    [
                        *("openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-Verify", "1"),
                        *("-verify_return_error", "-cert", "server.pem", "-CAfile", "root.pem", *options),
                    ],
                    cwd=tmp_path,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.DEVNULL,
                    text=True,
                )
            )
            started.callback(process.kill)
            assert process.stdout is not None
            line = next(line for line in process.stdout if line.startswith("ACCEPT"))
            port = int(line.rpartition(":")[2])
            return OpensslServer(f"https://127.0.0.1:{port}/", port)

        yield start
