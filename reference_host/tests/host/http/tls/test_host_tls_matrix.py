"""The matrix: every bad server against every client of this host. Nothing of a request is sent; the reason is told."""

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.x509.oid import ExtendedKeyUsageOID

from reference_host.tests.host.http.tls.hierarchy import (
    AUTHORITY,
    DAY,
    LOOPBACK,
    SERVER,
    Hierarchy,
    Made,
    issue,
    serving,
)
from reference_host.tests.host.http.tls.reached import DOUBTED, USES, assert_refused
from segur_host.broker.tls.refusal import Reason
from segur_sandbox.pki.der import signed_again

Make = Callable[..., Any]
SHA256_RSA, SHA1_RSA = bytes.fromhex("2a864886f70d01010b"), bytes.fromhex("2a864886f70d010105")


@attrs.frozen
class BadServer:
    """What is wrong with a server, and what is told of it."""

    reason: Reason
    issued: Callable[[Hierarchy], Made] = lambda made: made.good
    table: Mapping[str, str] = {}
    lists: Callable[[Hierarchy], list[bytes]] = lambda _: []
    serving: Mapping[str, Any] = {}


def over_sha1(made: Hierarchy) -> Made:
    """Issue a certificate as authorities did until 2017; libraries sign none so any more."""
    above = issue("AC SERVEURS RSA", made.root, made.more_rsa, AUTHORITY)
    leaf = issue("127.0.0.1", above, made.rsa, LOOPBACK, SERVER)
    # SHA-1 is what it is about.
    der = signed_again(leaf.certificate, made.more_rsa, SHA256_RSA, SHA1_RSA, SHA1())
    return attrs.evolve(leaf, certificate=x509.load_der_x509_certificate(der))


SERVERS: dict[str, BadServer] = {
    "expired": BadServer(Reason.EXPIRED, lambda made: made.server(end=-DAY)),
    "not_yet_valid": BadServer(Reason.NOT_YET_VALID, lambda made: made.server(begin=DAY)),
    "wrong_host": BadServer(
        Reason.HOSTNAME,
        lambda made: made.server(names=x509.SubjectAlternativeName([x509.DNSName("example.org")])),
    ),
    "name_in_the_subject_only": BadServer(Reason.HOSTNAME, lambda made: made.server(names=None)),
    "other_tree_of_the_same_names": BadServer(Reason.UNKNOWN_AUTHORITY, lambda made: made.server(above=made.foreign)),
    "self_signed": BadServer(Reason.SELF_SIGNED, lambda made: made.self_signed()),
    "certificate_of_a_client": BadServer(
        Reason.USAGE, lambda made: made.server(usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]))
    ),
    "certificate_for_mail": BadServer(
        Reason.USAGE, lambda made: made.server(usage=x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]))
    ),
    "key_of_1024_bits": BadServer(Reason.WEAK, lambda made: made.server(key=rsa.generate_private_key(65537, 1024))),
    "signed_over_sha1": BadServer(Reason.WEAK, over_sha1),
    "issued_by_no_authority": BadServer(
        Reason.CHAIN, lambda made: made.server(above=issue("SERVEUR", made.servers, made.rsa, SERVER))
    ),
    "expired_authority": BadServer(
        Reason.EXPIRED,
        lambda made: made.server(above=issue("AC SERVEURS", made.root, made.servers.key, AUTHORITY, end=-DAY)),
    ),
    "issued_by_another_authority": BadServer(
        Reason.AUTHORITY, lambda made: made.server(above=made.persons), {"authority": "CN=AC SERVEURS"}
    ),
    "revoked": BadServer(Reason.REVOKED, lists=lambda made: [made.root.revoking(), made.servers.revoking(made.good)]),
    "authority_revoked": BadServer(
        Reason.REVOKED, lists=lambda made: [made.root.revoking(made.servers), made.servers.revoking()]
    ),
    "revocation_unknown": BadServer(Reason.REVOCATION_UNKNOWN, table={"revocation": "hard"}),
    "tls_1_1": BadServer(Reason.PROTOCOL, serving={"version": ssl.TLSVersion.TLSv1_1}),
    "weak_suite": BadServer(
        Reason.PROTOCOL, serving={"version": ssl.TLSVersion.TLSv1_2, "ciphers": "ECDHE-RSA-AES256-SHA"}
    ),
    "key_exchange_without_secrecy": BadServer(
        Reason.PROTOCOL, serving={"version": ssl.TLSVersion.TLSv1_2, "ciphers": "AES256-GCM-SHA384"}
    ),
}


@pytest.mark.req("SC.MSS/CONF.01", "SC.MSS/CONF.22", "SC.MSS/CONF.27")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
@pytest.mark.parametrize("kind", USES)
@pytest.mark.parametrize("bad", SERVERS.values(), ids=SERVERS)
def test_no_client_sends_anything_to_a_bad_server(
    kind: str, bad: BadServer, made: Hierarchy, client: Make, start: Make, lists: Path, tmp_path: Path
) -> None:
    for number, content in enumerate(bad.lists(made)):
        (lists / f"{number}.crl").write_bytes(content)
    port, seen = start(serving(bad.issued(made).file(tmp_path), **bad.serving))
    assert_refused(client(port, kind, **bad.table), bad.reason)
    assert seen == []


@pytest.mark.parametrize("kind", USES)
def test_every_client_speaks_to_a_good_server(
    kind: str, made: Hierarchy, client: Make, start: Make, tmp_path: Path
) -> None:
    port, seen = start(serving(made.good.file(tmp_path)))
    assert client(port, kind) == DOUBTED
    assert len(seen) == 1
