"""What is spoken, and what is not: versions, cipher suites, key exchanges, of servers in Python and of OpenSSL."""

import base64
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from reference_host.tests.host.http.tls.hierarchy import Hierarchy, serving
from reference_host.tests.host.http.tls.reached import DOUBTED, assert_refused
from segur_host.broker.tls.contexts import OVER_A_CURVE, TLS12_SUITES
from segur_host.broker.tls.refusal import Reason

Make = Callable[..., Any]
TLS12 = ssl.TLSVersion.TLSv1_2
OAKLEY_2 = bytes.fromhex(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B"
    "302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE6"
    "49286651ECE65381FFFFFFFFFFFFFFFF"
)
"""RFC 2409, 6.2: 1024 bits."""


@pytest.mark.req("SC.MSS/CONF.03")
@pytest.mark.parametrize("suite", [one for one in TLS12_SUITES if one.startswith("ECDHE")])
def test_a_suite_of_the_requirements_is_spoken(
    suite: str, made: Hierarchy, client: Make, start: Make, tmp_path: Path
) -> None:
    port, seen = start(serving(made.good.file(tmp_path), version=TLS12, ciphers=suite))
    assert (client(port).failure, len(seen)) == (None, 1)


PROTOCOLS: dict[str, dict[str, Any]] = {
    "aes_cbc_sha1": {"version": TLS12, "ciphers": "ECDHE-RSA-AES256-SHA"},
    "rsa_key_exchange": {"version": TLS12, "ciphers": "AES256-GCM-SHA384"},
    "good_elsewhere_but_not_of_the_requirements": {"version": TLS12, "ciphers": "ECDHE-RSA-CHACHA20-POLY1305"},
    "anonymous": {"version": TLS12, "ciphers": "ADH-AES256-GCM-SHA384"},
}


@pytest.mark.req("SC.MSS/CONF.01", "SC.MSS/CONF.03")
@pytest.mark.parametrize("options", PROTOCOLS.values(), ids=PROTOCOLS)
@pytest.mark.parametrize("kind", ["none", "mtls"])
def test_what_is_weak_is_not_spoken_and_our_certificate_is_not_blamed(
    kind: str, options: dict[str, Any], made: Hierarchy, client: Make, start: Make, tmp_path: Path
) -> None:
    port, seen = start(serving(made.good.file(tmp_path), **options))
    assert_refused(client(port, kind), Reason.PROTOCOL)
    assert seen == []


@pytest.mark.parametrize("suite", OVER_A_CURVE)
def test_a_server_whose_key_is_an_elliptic_one_is_spoken_to(
    suite: str, made: Hierarchy, client: Make, start: Make, tmp_path: Path
) -> None:
    server = made.server(key=ec.generate_private_key(ec.SECP256R1())).file(tmp_path)
    assert client(start(serving(server, version=TLS12, ciphers=suite))[0]).failure is None
    weak = serving(server, version=TLS12, ciphers="ECDHE-ECDSA-AES256-SHA")
    assert_refused(client(start(weak)[0]), Reason.PROTOCOL)


@pytest.mark.req("SC.MSS/CONF.03")
def test_diffie_hellman_of_1024_bits_is_refused(made: Hierarchy, client: Make, start: Make, tmp_path: Path) -> None:
    # PKCS #3: a sequence of the prime and the generator 2.
    short = base64.encodebytes(bytes.fromhex("30818702818100") + OAKLEY_2 + bytes.fromhex("020102")).decode()
    (tmp_path / "dh.pem").write_text(f"-----BEGIN DH PARAMETERS-----\n{short}-----END DH PARAMETERS-----\n")
    weak = serving(made.good.file(tmp_path), version=TLS12, ciphers="DHE-RSA-AES256-GCM-SHA384", dh=tmp_path / "dh.pem")
    port, seen = start(weak)
    assert_refused(client(port), Reason.PROTOCOL)
    assert seen == []


OPENSSL: dict[str, tuple[tuple[str, ...], Reason | None]] = {
    "as_it_comes": ((), None),
    "dhe_aes_256": (("-tls1_2", "-cipher", "DHE-RSA-AES256-GCM-SHA384"), None),
    "dhe_aes_128": (("-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256"), None),
    "tls_1_1": (("-tls1_1", "-cipher", "ALL:@SECLEVEL=0"), Reason.PROTOCOL),
    "rsa_key_exchange": (("-tls1_2", "-cipher", "AES128-SHA256:@SECLEVEL=0"), Reason.PROTOCOL),
}


@pytest.mark.req("SC.MSS/CONF.01", "SC.MSS/CONF.03")
@pytest.mark.parametrize(("options", "reason"), OPENSSL.values(), ids=OPENSSL)
def test_a_server_of_openssl_is_judged_alike(
    options: tuple[str, ...], reason: Reason | None, made: Hierarchy, client: Make, tmp_path: Path
) -> None:
    path = str(made.good.file(tmp_path))
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", path, "-cert_chain", path, *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            line = next(line for line in process.stdout if line.startswith("ACCEPT"))
            reached = client(int(line.rpartition(":")[2]), authority="CN=AC SERVEURS")
        finally:
            process.kill()
    if reason is not None:
        assert_refused(reached, reason)
    else:
        assert reached == DOUBTED


@pytest.mark.parametrize("version", [TLS12, ssl.TLSVersion.TLSv1_3])
def test_a_client_without_the_certificate_that_is_demanded_is_told_so(
    version: ssl.TLSVersion, made: Hierarchy, client: Make, start: Make, tmp_path: Path
) -> None:
    context = serving(made.good.file(tmp_path), version=version)
    context.minimum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=(made.root.pem + made.persons.pem).decode())
    port, seen = start(context)
    failure = client(port).failure
    assert (failure and failure.code, seen) == ("service.client_certificate_refused", [])
    assert (client(port, "mtls").failure, len(seen)) == (None, 1)
