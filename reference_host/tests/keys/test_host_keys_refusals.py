from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku
from cryptography.x509.oid import NameOID

from reference_host.tests.keys.issuing import PASSWORD, Issued, authority, issue, name, p12_table, pem_table, usages
from segur_host.broker.keys import KeyRing
from segur_sdk.errors import ConfigError


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
WRONG_PASSWORD = "config.key_password"
BAD: dict[str, tuple[Callable[[Path, Issued, Issued], dict[str, Any]], str]] = {
    "p12_wrong_password": (lambda at, ca, own: p12_table(at, own.p12("other")), WRONG_PASSWORD),
    "p12_garbage": (lambda at, ca, own: p12_table(at, b"garbage"), UNREADABLE),
    "p12_cut": (lambda at, ca, own: p12_table(at, own.p12()[:-1]), "config.key_truncated"),
    "p12_deep": (lambda at, ca, own: p12_table(at, b"\x30\x80" * 40), "config.key_nested"),
    "p12_too_large": (lambda at, ca, own: p12_table(at, own.p12() + bytes(1_048_577)), "config.key_too_large"),
    "p12_empty": (lambda at, ca, own: p12_table(at, b""), "config.key_empty"),
    "p12_without_key": (lambda at, ca, own: p12_table(at, only_certificates(ca)), "config.key_absent"),
    "p12_other_kind_of_key": (lambda at, ca, own: p12_table(at, edwards().p12()), UNREADABLE),
    "p12_nameless": (lambda at, ca, own: p12_table(at, nameless(ca).p12()), UNREADABLE),
    "p12_is_a_folder": (lambda at, ca, own: {"p12": at} | PROTECTED, UNREADABLE),
    "p12_missing": (lambda at, ca, own: {"p12": at / "none"} | PROTECTED, MISSING),
    "password_missing": (
        lambda at, ca, own: p12_table(at, own.p12()) | {"password": {"env": "NOT_SET_ANYWHERE"}},
        "config.secret_missing",
    ),
    "pem_wrong_password": (
        lambda at, ca, own: pem_table(at, own.pem(), own.key_pem(OTHER)) | PROTECTED,
        WRONG_PASSWORD,
    ),
    "pem_password_not_given": (lambda at, ca, own: pem_table(at, own.pem(), own.key_pem(OTHER)), WRONG_PASSWORD),
    "pem_password_not_needed": (
        lambda at, ca, own: pem_table(at, own.pem(), own.key_pem()) | PROTECTED,
        WRONG_PASSWORD,
    ),
    "pem_key_cut": (
        lambda at, ca, own: pem_table(at, own.pem(), own.key_pem()[:-30]),
        "config.key_truncated",
    ),
    "pem_key_empty": (lambda at, ca, own: pem_table(at, own.pem(), b""), "config.key_empty"),
    "pem_cert_empty": (lambda at, ca, own: pem_table(at, b"", own.key_pem()), "config.key_empty"),
    "pem_cert_too_large": (
        lambda at, ca, own: pem_table(at, own.pem() + bytes(1_048_577), own.key_pem()),
        "config.key_too_large",
    ),
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
    # What is refused is told all the same: which certificate it is, and of which environment.
    assert keys.held_chain("insi-auto") == (leaf.certificate,)


def test_a_container_in_ber_is_read_without_a_warning_on_the_screen(
    ring: Callable[..., KeyRing], tmp_path: Path, client: Issued
) -> None:
    strict = client.p12()
    assert strict[:2] == b"\x30\x82"
    # The same, of indefinite length. The suite makes an error of each warning.
    table = p12_table(tmp_path, b"\x30\x80" + strict[4:] + b"\x00\x00")
    assert ring({"insi-auto": table}).certificate("insi-auto").subject_cn == "INSI-AUTO"
