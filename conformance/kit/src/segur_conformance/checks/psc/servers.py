"""Servers that a check puts in the place of Pro Santé Connect, and what the target makes of them."""

import base64
import http.client
import socket
import ssl
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509

from segur_conformance.authority.between import AuthorityBetween
from segur_conformance.authority.listener import Shown, outdate
from segur_conformance.checks.psc.judging import between, expect_no_session, sign_in, signed_in, started_at
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

GOOD: Final = "serv-ssl"
"""Kind of certificate that the sandbox makes on demand, without any fault."""
REFUSED: Final = "service.server_certificate"
"""Code of the host; a plugin may name the refusal otherwise."""
ABOVE_A_SERVER: Final = ("ACR-EL-TEST", "ACI-EL-ORG-TEST")
"""Short names of the authorities in the chain of a server."""
PATIENCE_S: Final = 20.0

Demanded = Mapping[str, Any] | None
"""Of a server, as the configuration's table of the purpose says it."""
Lists = Mapping[str, str]
"""Revocation lists, DER in base 64, by name."""


@contextmanager
def made(bench: Bench) -> Iterator[Callable[[str], Shown]]:
    """Have certificates of servers made by the sandbox's authorities, by kind."""
    with tempfile.TemporaryDirectory(prefix="segur-servers-") as folder:

        def make(kind: str) -> Shown:
            files = bench.sandbox.make_material(kind, Path(folder, kind))["files"]
            return Shown(files["cert.pem"], files["key.pem"])

        yield make


def expect_served(
    bench: Bench, server: Shown, what: str, demanded: Demanded = None, lists: Lists | None = None
) -> Subject:
    """Fail unless somebody signs in where this server stands; return the target, which is open.

    Args:
        bench: of the check.
        server: stands where Pro Santé Connect is.
        what: it is, in French.
        demanded: of it.
        lists: that the host has.
    """
    with between(bench, server) as authority:
        subject = _started(bench, authority, demanded, lists)
        signed_in(bench, subject, what)
        return subject


def expect_refused(
    bench: Bench, server: Shown, what: str, reason: str, demanded: Demanded = None, lists: Lists | None = None
) -> None:
    """Fail unless nobody signs in where this server stands, for the host's ``reason``, and it is asked for nothing.

    The other arguments are those of ``expect_served``.
    """
    with between(bench, server) as authority:
        subject = _started(bench, authority, demanded, lists)
        answer = sign_in(bench, subject)
        expect_equal(authority.heard, [], f"demandes au serveur, {what}")
        expect_no_session(bench, subject, answer, what)
        if answer.error == REFUSED:
            expect(f"reason = {reason}" in answer.said, f"{what} : l’erreur ne dit pas la raison {reason}")


def expect_each_refused(bench: Bench, cases: Mapping[str, str], demanded: Demanded = None) -> None:
    """Fail unless a server without fault is served, and each of these kinds is refused for its reason."""
    with made(bench) as make:
        expect_served(bench, make(GOOD), "certificat exact", demanded)
        for kind, reason in cases.items():
            expect_refused(bench, make(kind), kind, reason, demanded)


def published_lists(bench: Bench) -> Lists:
    """Return the list of every authority above a server, as it is published now."""
    published = bench.sandbox.descriptor["services"]["igc"]["crl"]
    return {short: base64.b64encode(_fetched(published[short])).decode("ascii") for short in ABOVE_A_SERVER}


def serial_of(server: Shown) -> str:
    """Return the serial number of a server's certificate, in hexadecimal."""
    return f"{x509.load_pem_x509_certificate(server.chain.read_bytes()).serial_number:X}"


def oldest_version(bench: Bench, server: Shown) -> str | None:
    """Return the version of TLS, 1.1 at most, that a server speaks here with who is content with anything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    outdate(context)
    with between(bench, server) as authority:
        parts = urlsplit(authority.issuer)
        try:
            with (
                socket.create_connection((parts.hostname, parts.port), PATIENCE_S) as plain,
                context.wrap_socket(plain) as secured,
            ):
                return secured.version()
        except OSError:
            return None


def _started(bench: Bench, authority: AuthorityBetween, demanded: Demanded, lists: Lists | None) -> Subject:
    subject = started_at(bench, authority, demanded)
    subject.ask("lists", lists=lists or {})
    return subject


def _fetched(url: str) -> bytes:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE_S)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().read()
    finally:
        connection.close()
