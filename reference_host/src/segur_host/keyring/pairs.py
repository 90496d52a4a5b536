"""A key with its certificate, read from whatever file holds them; facts for plugins, never the key."""

import warnings
from pathlib import Path
from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key, pkcs12
from cryptography.x509.oid import NameOID, ObjectIdentifier

from segur_host.broker.key_usage import authenticates_clients
from segur_host.config.model import KeyTable
from segur_host.keyring.ber_form import Damage, damage_of
from segur_host.storage.private_files import NotPrivateError, read_private
from segur_sdk.errors import ConfigError
from segur_sdk.models.certificate import CertificateInfo

MAX_KEY_FILE_BYTES: Final = 1_048_576
_DAMAGES: Final = {
    Damage.EMPTY: "config.key_empty",
    Damage.TRUNCATED: "config.key_truncated",
    Damage.NESTED: "config.key_nested",
    Damage.BROKEN: "config.key_unreadable",
}
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@attrs.frozen(repr=False)
class KeyPair:
    """A key with its certificate."""

    key: PrivateKey
    chain: tuple[x509.Certificate, ...]
    """The certificate of the key, then those that came with it."""
    facts: CertificateInfo
    public_key: str
    """As ``fingerprint_of``."""


def read_pair(table: KeyTable, use: str) -> KeyPair:
    """Read a key that the configuration says is in files.

    Raises:
        ConfigError: ``config.key_missing``, ``config.key_permissions``, ``config.key_password``,
            ``config.key_absent`` (a PKCS#12 without key), ``config.key_too_large``, ``config.key_empty``,
            ``config.key_truncated``, ``config.key_nested``, ``config.key_unreadable``, ``config.key_mismatch``, and
            those of the password's reference.
    """
    try:
        password = table.password.resolve().reveal().encode() if table.password is not None else None
        key, chain = _from_p12(table.p12, password, use) if table.p12 is not None else _from_pem(table, password, use)
        return paired(key, chain, use)
    except FileNotFoundError:
        raise ConfigError("config.key_missing", use=use, reason="no_file") from None
    except NotPrivateError:
        raise ConfigError("config.key_permissions", use=use) from None
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as failure:
        code = "config.key_password" if about_password(failure) else "config.key_unreadable"
        raise ConfigError(code, use=use, reason=type(failure).__name__) from None


def about_password(failure: Exception) -> bool:
    """Tell whether a library refused a password, or wants one. Its kinds of exceptions say nothing of that."""
    # Of an OSError the sentence has the path, which may say anything.
    return not isinstance(failure, OSError) and "password" in str(failure).lower()


def load_p12(content: bytes, password: bytes | None) -> pkcs12.PKCS12KeyAndCertificates:
    """Read a PKCS#12, in DER or in BER. Errors are those of the library, which warns of BER on nobody's screen."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PKCS#12 bundle could not be parsed as DER", UserWarning)
        return pkcs12.load_pkcs12(content, password)


def paired(key: object, chain: tuple[x509.Certificate, ...], use: str) -> KeyPair:
    """Return a key with its certificate, which belong together.

    Raises:
        ConfigError: ``config.key_mismatch``.
        TypeError: the key is of a kind that nothing here uses.
        ValueError: there is no certificate, or it bears no names.
    """
    if not isinstance(key, PrivateKey):
        raise TypeError("neither RSA nor EC")
    if not chain:
        raise ValueError("no certificate")
    facts = facts_of(chain[0])
    public_key = fingerprint_of(key.public_key())
    if public_key != fingerprint_of(chain[0].public_key()):
        raise ConfigError("config.key_mismatch", use=use)
    return KeyPair(key, chain, facts, public_key)


def fingerprint_of(key: CertificatePublicKeyTypes) -> str:
    """Return the SHA-256 of a SubjectPublicKeyInfo in DER, upper-case hexadecimal."""
    digest = Hash(SHA256())
    digest.update(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    return digest.finalize().hex().upper()


def facts_of(certificate: x509.Certificate) -> CertificateInfo:
    """Return what a plugin may know of a certificate.

    Raises:
        ValueError: it bears no names, or cannot be read after all.
    """
    subject_cn = _attribute(certificate.subject, NameOID.COMMON_NAME)
    issuer_cn = _attribute(certificate.issuer, NameOID.COMMON_NAME)
    if subject_cn is None or issuer_cn is None:
        raise ValueError("a certificate without names")
    return CertificateInfo(
        subject_cn=subject_cn,
        subject_ou=_attribute(certificate.subject, NameOID.ORGANIZATIONAL_UNIT_NAME),
        issuer_cn=issuer_cn,
        serial=f"{certificate.serial_number:X}",
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        client_authentication=authenticates_clients(certificate),
    )


def _attribute(name: x509.Name, kind: ObjectIdentifier) -> str | None:
    # By type, never by place: cards bear several attributes in one RDN, in an order that varies.
    found = name.get_attributes_for_oid(kind)
    return str(found[0].value) if found else None


def _from_p12(path: Path, password: bytes | None, use: str) -> tuple[object, tuple[x509.Certificate, ...]]:
    data = _measured(read_private(path, MAX_KEY_FILE_BYTES + 1), use)
    damage = damage_of(data)
    if damage is not None:
        raise ConfigError(_DAMAGES[damage], use=use)
    content = load_p12(data, password)
    if content.key is None:
        raise ConfigError("config.key_absent", use=use)
    if content.cert is None:
        raise ConfigError("config.key_mismatch", use=use)
    others = (extra.certificate for extra in content.additional_certs)
    return content.key, (content.cert.certificate, *others)


def _from_pem(table: KeyTable, password: bytes | None, use: str) -> tuple[object, tuple[x509.Certificate, ...]]:
    assert table.key is not None
    assert table.cert is not None
    key = _pem(read_private(table.key, MAX_KEY_FILE_BYTES + 1), use)
    with table.cert.open("rb") as file:
        certificates = _pem(file.read(MAX_KEY_FILE_BYTES + 1), use)
    return load_pem_private_key(key, password), tuple(x509.load_pem_x509_certificates(certificates))


def _pem(content: bytes, use: str) -> bytes:
    if content.count(b"-----BEGIN ") > content.count(b"-----END "):
        raise ConfigError("config.key_truncated", use=use)
    return _measured(content, use)


def _measured(content: bytes, use: str) -> bytes:
    if len(content) > MAX_KEY_FILE_BYTES:
        raise ConfigError("config.key_too_large", use=use)
    if not content:
        raise ConfigError("config.key_empty", use=use)
    return content
