import ssl
import tempfile
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from cryptography.x509.oid import NameOID

from segur_host.broker.keys import KeyRing
from segur_host.config.model import HostConfig
from segur_sdk.errors import ConfigError

PASSWORD = "mot de passe é"
START = datetime(2026, 1, 1, tzinfo=UTC)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@attrs.frozen
class Issued:
    key: Key
    certificate: x509.Certificate

    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def key_pem(self, encryption: KeySerializationEncryption | None = None) -> bytes:
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())

    def p12(self, password: str = PASSWORD, *others: "Issued") -> bytes:
        chain = [other.certificate for other in others]
        encryption = BestAvailableEncryption(password.encode())
        return pkcs12.serialize_key_and_certificates(b"segur", self.key, self.certificate, chain, encryption)


def name(common_name: str, *units: str) -> x509.Name:
    parts = [(NameOID.COUNTRY_NAME, "FR"), (NameOID.ORGANIZATION_NAME, "PHARMACIE DU CENTRE")]
    parts += [(NameOID.ORGANIZATIONAL_UNIT_NAME, unit) for unit in units]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in [*parts, (NameOID.COMMON_NAME, common_name)]])


def issue(
    subject: x509.Name,
    issuer: Issued | None = None,
    extensions: tuple[x509.ExtensionType, ...] = (),
    key: Key | None = None,
) -> Issued:
    own = key or ec.generate_private_key(ec.SECP256R1())
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(own.public_key())
        .serial_number(0xAB12CD)
        .not_valid_before(START)
        .not_valid_after(START + timedelta(days=3650))
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    signer = issuer.key if issuer else own
    return Issued(own, builder.sign(signer, None if isinstance(signer, ed25519.Ed25519PrivateKey) else SHA256()))


def usages(*allowed: str) -> x509.KeyUsage:
    names = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{one: one in allowed for one in names})


def authority(common_name: str, *units: str) -> Issued:
    return issue(name(common_name, *units), None, (x509.BasicConstraints(ca=True, path_length=None),))


@pytest.fixture(scope="module")
def ca() -> Issued:
    return authority("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", "0002 187512751", "IGC-SANTE TEST")


@pytest.fixture(scope="module")
def client(ca: Issued) -> Issued:
    extensions = (usages("digital_signature"), x509.ExtendedKeyUsage([Eku.CLIENT_AUTH]))
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return issue(name("INSI-AUTO", "10B0152872"), ca, extensions, key)


@pytest.fixture(scope="module")
def server(ca: Issued) -> Issued:
    return issue(name("localhost"), ca, (x509.SubjectAlternativeName([x509.DNSName("localhost")]),))


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., KeyRing]:
    """Make a ring from files: by keyword ``keys`` and ``trust`` tables, and the environment."""
    monkeypatch.setenv("P12_PASSWORD", PASSWORD)

    def make(
        keys: Mapping[str, Any] | None = None, trust: Mapping[str, bytes] | None = None, environment: str = "sandbox"
    ) -> KeyRing:
        anchors = {}
        for anchor, content in (trust or {}).items():
            anchors[anchor] = tmp_path / f"{anchor}.pem"
            anchors[anchor].write_bytes(content)
        config = {
            "version": 1,
            "environment": environment,
            "data": tmp_path / "data",
            "software": {"name": "LGO", "version": "1", "authorisation": "TESTSGIE0000"},
            "structure": {"name": "PHARMACIE DU CENTRE"},
            "actor": {"name": "Comptoir 1", "workstation": "poste-1"},
            "keys": keys or {},
            "trust": anchors,
        }
        return KeyRing(HostConfig.model_validate(config))

    return make


def p12_table(folder: Path, content: bytes) -> dict[str, Any]:
    path = folder / "key.p12"
    path.write_bytes(content)
    return {"p12": path, "password": {"env": "P12_PASSWORD"}}


def pem_table(folder: Path, cert: bytes, key: bytes, mode: int = 0o600) -> dict[str, Any]:
    (folder / "cert.pem").write_bytes(cert)
    (folder / "key.pem").write_bytes(key)
    (folder / "key.pem").chmod(mode)
    return {"cert": folder / "cert.pem", "key": folder / "key.pem"}


def handshake(client_side: ssl.SSLContext, server_side: ssl.SSLContext, host: str = "localhost") -> ssl.SSLObject:
    """Shake hands in memory; returns the server's end."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client_side.wrap_bio(to_client, to_server, server_hostname=host)
    theirs = server_side.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    for _ in range(10):
        for side in tuple(waiting):
            try:
                side.do_handshake()
                waiting.remove(side)
            except ssl.SSLWantReadError:
                continue
    assert not waiting
    return theirs


def server_context(folder: Path, server: Issued, ca: Issued) -> ssl.SSLContext:
    path = folder / "server.pem"
    path.write_bytes(server.key_pem() + server.pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=ca.pem().decode())
    return context


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


def test_facts_are_found_by_type_in_a_name_of_several_values(
    ring: Callable[..., KeyRing], tmp_path: Path, ca: Issued
) -> None:
    several = [
        (NameOID.GIVEN_NAME, "CAROLE"),
        (NameOID.COMMON_NAME, "899700075122"),
        (NameOID.SURNAME, "PHARMACH0007512"),
    ]
    subject = x509.Name(
        [
            x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")]),
            x509.RelativeDistinguishedName([x509.NameAttribute(oid, value) for oid, value in several]),
        ]
    )
    card = issue(subject, ca)
    facts = ring({"sign": p12_table(tmp_path, card.p12())}).certificate("sign")
    assert (facts.subject_cn, facts.subject_ou) == ("899700075122", None)


USAGES: dict[str, tuple[tuple[x509.ExtensionType, ...], bool]] = {
    "nothing_stated": ((), True),
    "signature_and_client": ((usages("digital_signature"), x509.ExtendedKeyUsage([Eku.CLIENT_AUTH])), True),
    "any_purpose": ((x509.ExtendedKeyUsage([Eku.ANY_EXTENDED_KEY_USAGE]),), True),
    "client_and_server": ((x509.ExtendedKeyUsage([Eku.SERVER_AUTH, Eku.CLIENT_AUTH]),), True),
    "server_only": ((usages("digital_signature"), x509.ExtendedKeyUsage([Eku.SERVER_AUTH])), False),
    "mail_only": ((x509.ExtendedKeyUsage([Eku.EMAIL_PROTECTION]),), False),
    "seal_only": ((usages("content_commitment"),), False),
    "encryption_only": ((usages("key_encipherment"), x509.ExtendedKeyUsage([Eku.CLIENT_AUTH])), False),
}


@pytest.mark.parametrize(("extensions", "expected"), USAGES.values(), ids=USAGES.keys())
def test_usages_tell_whether_a_certificate_authenticates_a_client(
    ring: Callable[..., KeyRing],
    tmp_path: Path,
    ca: Issued,
    extensions: tuple[x509.ExtensionType, ...],
    expected: bool,
) -> None:
    table = p12_table(tmp_path, issue(name("X"), ca, extensions).p12())
    assert ring({"use": table}).certificate("use").client_authentication is expected


def only_certificates(ca: Issued) -> bytes:
    encryption = BestAvailableEncryption(PASSWORD.encode())
    return pkcs12.serialize_key_and_certificates(b"x", None, None, [ca.certificate], encryption)


def edwards() -> Issued:
    return issue(name("X"), None, (), ed25519.Ed25519PrivateKey.generate())


def nameless(ca: Issued) -> Issued:
    return issue(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "FR")]), ca)


OTHER = BestAvailableEncryption(b"other")
PROTECTED = {"password": {"env": "P12_PASSWORD"}}
UNREADABLE, MISSING, MISMATCH = "config.key_unreadable", "config.key_missing", "config.key_mismatch"
BAD: dict[str, tuple[Callable[[Path, Issued, Issued], dict[str, Any]], str]] = {
    "p12_wrong_password": (lambda at, ca, own: p12_table(at, own.p12("other")), UNREADABLE),
    "p12_garbage": (lambda at, ca, own: p12_table(at, b"\x30\x82garbage"), UNREADABLE),
    "p12_empty": (lambda at, ca, own: p12_table(at, b""), UNREADABLE),
    "p12_without_key": (lambda at, ca, own: p12_table(at, only_certificates(ca)), UNREADABLE),
    "p12_other_kind_of_key": (lambda at, ca, own: p12_table(at, edwards().p12()), UNREADABLE),
    "p12_nameless": (lambda at, ca, own: p12_table(at, nameless(ca).p12()), UNREADABLE),
    "p12_is_a_folder": (lambda at, ca, own: {"p12": at} | PROTECTED, UNREADABLE),
    "p12_missing": (lambda at, ca, own: {"p12": at / "none"} | PROTECTED, MISSING),
    "password_missing": (
        lambda at, ca, own: p12_table(at, own.p12()) | {"password": {"env": "NOT_SET_ANYWHERE"}},
        "config.secret_missing",
    ),
    "pem_wrong_password": (lambda at, ca, own: pem_table(at, own.pem(), own.key_pem(OTHER)) | PROTECTED, UNREADABLE),
    "pem_password_not_given": (lambda at, ca, own: pem_table(at, own.pem(), own.key_pem(OTHER)), UNREADABLE),
    "pem_password_not_needed": (lambda at, ca, own: pem_table(at, own.pem(), own.key_pem()) | PROTECTED, UNREADABLE),
    "pem_key_garbage": (lambda at, ca, own: pem_table(at, own.pem(), b"garbage"), UNREADABLE),
    "pem_cert_garbage": (lambda at, ca, own: pem_table(at, b"garbage", own.key_pem()), UNREADABLE),
    "pem_cert_missing": (
        lambda at, ca, own: pem_table(at, own.pem(), own.key_pem()) | {"cert": at / "none"},
        MISSING,
    ),
    "pem_readable_by_group": (
        lambda at, ca, own: pem_table(at, own.pem(), own.key_pem(), 0o640),
        "config.key_permissions",
    ),
    "pem_readable_by_all": (
        lambda at, ca, own: pem_table(at, own.pem(), own.key_pem(), 0o604),
        "config.key_permissions",
    ),
    "pem_of_two_keys": (lambda at, ca, own: pem_table(at, own.pem(), ca.key_pem()), MISMATCH),
    "pem_chain_in_wrong_order": (lambda at, ca, own: pem_table(at, ca.pem() + own.pem(), own.key_pem()), MISMATCH),
}


@pytest.mark.parametrize(("make", "code"), BAD.values(), ids=BAD.keys())
def test_a_key_that_cannot_be_used_says_why(
    ring: Callable[..., KeyRing],
    tmp_path: Path,
    ca: Issued,
    client: Issued,
    make: Callable[[Path, Issued, Issued], dict[str, Any]],
    code: str,
) -> None:
    keys = ring({"insi-auto": make(tmp_path, ca, client)}, {"igc-sante": ca.pem()})
    for use in (lambda: keys.certificate("insi-auto"), lambda: keys.ssl_context("insi-auto", "igc-sante")):
        with pytest.raises(ConfigError) as raised:
            use()
        assert raised.value.code == code
        assert PASSWORD not in str(raised.value)
        assert raised.value.__cause__ is None
        assert raised.value.__suppress_context__ or raised.value.__context__ is None


def test_a_use_without_key_is_told(ring: Callable[..., KeyRing], ca: Issued) -> None:
    keys = ring(trust={"igc-sante": ca.pem()})
    with pytest.raises(ConfigError) as raised:
        keys.certificate("vihf")
    assert (raised.value.code, raised.value.facts["reason"]) == ("config.key_missing", "not_configured")


def test_a_repaired_key_is_read_again(ring: Callable[..., KeyRing], tmp_path: Path, ca: Issued, client: Issued) -> None:
    table = pem_table(tmp_path, client.pem(), client.key_pem(), 0o644)
    keys = ring({"insi-auto": table})
    with pytest.raises(ConfigError):
        keys.certificate("insi-auto")
    (tmp_path / "key.pem").chmod(0o600)
    assert keys.certificate("insi-auto").subject_cn == "INSI-AUTO"


@pytest.mark.parametrize(
    "content", [b"", b"garbage", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
def test_anchors_that_are_none_are_told(ring: Callable[..., KeyRing], content: bytes) -> None:
    with pytest.raises(ConfigError) as raised:
        ring(trust={"igc-sante": content}).ssl_context(None, "igc-sante")
    assert raised.value.code == "config.trust_unreadable"


def test_missing_anchors_are_told(ring: Callable[..., KeyRing], tmp_path: Path, ca: Issued) -> None:
    keys = ring(trust={"igc-sante": ca.pem()})
    (tmp_path / "igc-sante.pem").unlink()
    for anchors, reason in (("igc-sante", "no_file"), ("other", "not_configured")):
        with pytest.raises(ConfigError) as raised:
            keys.ssl_context(None, anchors)
        assert (raised.value.code, raised.value.facts["reason"]) == ("config.trust_missing", reason)


@pytest.mark.parametrize(
    ("unit", "environment", "refused"),
    [
        ("IGC-SANTE TEST", "production", True),
        ("IGC-SANTE", "production", False),
        ("IGC-SANTE TEST", "test", False),
        ("IGC-SANTE", "test", True),
        ("IGC-SANTE", "sandbox", True),
    ],
)
def test_certificates_of_tests_and_of_production_stay_apart(
    ring: Callable[..., KeyRing], tmp_path: Path, unit: str, environment: str, refused: bool
) -> None:
    root = authority("AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", "0002 187512751", unit)
    leaf = issue(name("INSI-AUTO"), root)
    keys = ring({"insi-auto": p12_table(tmp_path, leaf.p12())}, {"igc-sante": root.pem()}, environment)
    for use in (lambda: keys.certificate("insi-auto"), lambda: keys.ssl_context(None, "igc-sante")):
        if refused:
            with pytest.raises(ConfigError) as raised:
                use()
            assert raised.value.code == "config.certificate_environment"
        else:
            assert use() is not None
