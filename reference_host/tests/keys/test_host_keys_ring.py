import ssl
import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
)

from reference_host.tests.keys.issuing import (
    PASSWORD,
    START,
    Issued,
    authority,
    handshake,
    issue,
    name,
    p12_table,
    pem_table,
    server_context,
)
from segur_host.broker.keys import KeyRing


@pytest.mark.parametrize("form", ["p12", "pem", "encrypted_pem"])
def test_a_key_authenticates_its_client(
    ring: Callable[..., KeyRing], tmp_path: Path, ca: Issued, client: Issued, server: Issued, form: str
) -> None:
    if form == "p12":
        table = p12_table(tmp_path, client.p12())
    else:
        encryption = BestAvailableEncryption(PASSWORD.encode()) if form == "encrypted_pem" else None
        table = pem_table(tmp_path, client.pem(), client.key_pem(encryption))
        if encryption:
            table["password"] = {"env": "P12_PASSWORD"}
    keys = ring({"insi-auto": table}, {"igc-sante": ca.pem()})
    context = keys.ssl_context("insi-auto", "igc-sante")
    theirs = handshake(context, server_context(tmp_path, server, ca))
    assert theirs.getpeercert(True) == client.certificate.public_bytes(Encoding.DER)
    facts = keys.certificate("insi-auto")
    assert (facts.subject_cn, facts.subject_ou, facts.serial) == ("INSI-AUTO", "10B0152872", "AB12CD")
    assert facts.issuer_cn == "TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"
    assert (facts.not_before, facts.not_after) == (START, START + timedelta(days=3650))
    assert facts.client_authentication


def test_the_chain_that_comes_with_a_key_is_shown_to_the_server(
    ring: Callable[..., KeyRing], tmp_path: Path, ca: Issued, server: Issued
) -> None:
    between = issue(name("between"), ca, (x509.BasicConstraints(ca=True, path_length=0),))
    leaf = issue(name("INSI-MANU"), between)
    keys = ring({"insi-manu": p12_table(tmp_path, leaf.p12(PASSWORD, between))}, {"igc-sante": ca.pem()})
    theirs = handshake(keys.ssl_context("insi-manu", "igc-sante"), server_context(tmp_path, server, ca))
    assert theirs.getpeercert(True) == leaf.certificate.public_bytes(Encoding.DER)


def test_a_context_is_made_once_per_key_and_anchors(
    ring: Callable[..., KeyRing], tmp_path: Path, ca: Issued, client: Issued
) -> None:
    keys = ring({"insi-auto": p12_table(tmp_path, client.p12())}, {"one": ca.pem(), "two": ca.pem()})
    context = keys.ssl_context("insi-auto", "one")
    assert keys.ssl_context("insi-auto", "one") is context
    assert len({context, keys.ssl_context("insi-auto", "two"), keys.ssl_context(None, "one")}) == 3


def test_a_context_checks_the_server(ring: Callable[..., KeyRing], ca: Issued) -> None:
    context = ring(trust={"igc-sante": ca.pem()}).ssl_context(None, "igc-sante")
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2


@pytest.mark.parametrize("case", ["other_anchors", "other_host"])
def test_a_server_that_is_not_the_one_named_is_refused(
    ring: Callable[..., KeyRing], tmp_path: Path, ca: Issued, client: Issued, server: Issued, case: str
) -> None:
    anchors = authority("Elsewhere") if case == "other_anchors" else ca
    keys = ring({"insi-auto": p12_table(tmp_path, client.p12())}, {"igc-sante": anchors.pem()})
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(
            keys.ssl_context("insi-auto", "igc-sante"),
            server_context(tmp_path, server, ca),
            "example.org" if case == "other_host" else "localhost",
        )


def test_neither_the_system_nor_the_environment_has_a_say(
    ring: Callable[..., KeyRing],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ca: Issued,
    client: Issued,
    server: Issued,
) -> None:
    trusted_by_the_system = tmp_path / "system.pem"
    trusted_by_the_system.write_bytes(ca.pem())
    key_log = tmp_path / "keys.log"
    monkeypatch.setenv("SSL_CERT_FILE", str(trusted_by_the_system))
    monkeypatch.setenv("SSLKEYLOGFILE", str(key_log))
    other = authority("Elsewhere")
    keys = ring(
        {"insi-auto": p12_table(tmp_path, client.p12())}, {"igc-sante": ca.pem() + other.pem(), "other": other.pem()}
    )
    found = keys.ssl_context(None, "igc-sante").get_ca_certs(binary_form=True)
    assert sorted(found) == sorted(one.certificate.public_bytes(Encoding.DER) for one in (ca, other))
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(keys.ssl_context("insi-auto", "other"), server_context(tmp_path, server, ca))
    handshake(keys.ssl_context("insi-auto", "igc-sante"), server_context(tmp_path, server, ca))
    assert not key_log.exists()


@pytest.mark.parametrize("in_memory", [True, False], ids=["in_memory", "in_a_file"])
def test_a_key_is_never_written_in_clear(
    ring: Callable[..., KeyRing],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ca: Issued,
    client: Issued,
    in_memory: bool,
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    if not in_memory:
        monkeypatch.delattr("os.memfd_create")
    seen: list[tuple[Path, bytes, int]] = []
    load = ssl.SSLContext.load_cert_chain

    def spy(context: ssl.SSLContext, path: str, **options: Any) -> None:
        seen.append((Path(path), Path(path).read_bytes(), Path(path).stat().st_mode & 0o077))
        load(context, path, **options)

    monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", spy)
    ring({"insi-auto": p12_table(tmp_path, client.p12())}, {"igc-sante": ca.pem()}).ssl_context(
        "insi-auto", "igc-sante"
    )
    [(path, content, others)] = seen
    assert b"BEGIN ENCRYPTED PRIVATE KEY" in content
    assert b"BEGIN PRIVATE KEY" not in content
    assert (path.parent == temporary) is not in_memory
    assert in_memory or others == 0
    assert list(temporary.iterdir()) == []
