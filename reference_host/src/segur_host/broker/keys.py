"""Keys by use: files that the host alone opens and keys of tokens; facts for plugins, TLS contexts for its brokers."""

import os
import secrets
import ssl
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID, ObjectIdentifier

from segur_host.broker.key_usage import authenticates_clients, signs
from segur_host.broker.tokens import TokenBroker, TokenKeyFound
from segur_host.broker.trust import TrustStore, refuse_other_world
from segur_host.config.model import HostConfig, KeyTable, TokenKeyTable
from segur_host.storage.private_files import NotPrivateError, read_private
from segur_sdk.errors import ConfigError
from segur_sdk.models.actor import Environment
from segur_sdk.models.certificate import CertificateInfo

MAX_KEY_FILE_BYTES: Final = 1_048_576


@attrs.frozen(repr=False)
class _Pair:
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]
    """The certificate of the key, then those that came with it."""
    facts: CertificateInfo


class KeyRing:
    """The keys of the configuration, read when first used. Every method may be called from any thread.

    Args:
        config: its ``keys``, ``trust`` and ``environment``.
        tokens: where keys stay that are on no disk; without them such a key is missing.
    """

    def __init__(self, config: HostConfig, tokens: TokenBroker | None = None) -> None:
        self._tables = config.keys
        self._tokens = tokens
        self._environment: Environment = config.environment
        self._trust = TrustStore(config.trust, config.environment)
        self._lock = threading.Lock()
        self._pairs: dict[str, _Pair] = {}
        self._contexts: dict[tuple[str | None, str], ssl.SSLContext] = {}

    def has(self, use: str) -> bool:
        """Tell whether a key is configured for a use; whether it can be read is not asked."""
        return use in self._tables

    def certificate(self, use: str) -> CertificateInfo:
        """Return the facts of the certificate configured for a use. Whether it is in date is not judged here.

        Raises:
            ConfigError: ``config.key_missing``, ``config.key_unreadable`` (wrong password, or no key),
                ``config.key_permissions``, ``config.key_mismatch`` (the certificate is not that of the key),
                ``config.certificate_environment``, and those of the password's reference.
            CardError: ``token.absent``, ``token.key_missing``, and what its driver says, for a key on a token.
        """
        table = self._tables.get(use)
        if table is not None and table.token is not None:
            return facts_of(self._on_token(use, table.token).certificate)
        with self._lock:
            return self._pair(use).facts

    def ssl_context(self, use: str | None, trust: str) -> ssl.SSLContext:
        """Return the TLS client context of a key and of named anchors, the same object each time.

        Args:
            use: of the key the client authenticates with; ``None`` for a client without certificate.
            trust: name of the anchors.

        Raises:
            ConfigError: those of ``certificate``, ``config.trust_missing``, ``config.trust_unreadable``;
                ``config.key_usage``: the certificate is one that signs; those of ``load_token_key`` for a key on a
                token.
            CardError: those of ``certificate``.
        """
        with self._lock:
            context = self._contexts.get((use, trust))
        if context is None:
            # Not while others wait: a token may take its time.
            made = self._trust.context(trust)
            if use is not None:
                self._give(made, use)
            with self._lock:
                context = self._contexts.setdefault((use, trust), made)
        return context

    def signing_key(self, use: str) -> tuple[rsa.RSAPrivateKey, tuple[x509.Certificate, ...]]:
        """Return the key of a file that signs, and its chain.

        Raises:
            ConfigError: those of ``certificate``; ``config.key_usage``: its usages do not say that it signs;
                ``config.key_missing`` with ``reason`` ``token``: a card signs in its holder's session only.
        """
        table = self._tables.get(use)
        if table is not None and table.token is not None:
            raise ConfigError("config.key_missing", use=use, reason="token")
        with self._lock:
            pair = self._pair(use)
        if not (signs(pair.chain[0]) and isinstance(pair.key, rsa.RSAPrivateKey)):
            raise ConfigError("config.key_usage", use=use, wanted="signature")
        return pair.key, pair.chain

    def forget_token(self, serial: str) -> frozenset[str]:
        """Drop the contexts that authenticate with keys of a token, and return the uses of those keys."""
        uses = frozenset(
            use for use, table in self._tables.items() if table.token is not None and table.token.serial == serial
        )
        with self._lock:
            self._contexts = {place: context for place, context in self._contexts.items() if place[0] not in uses}
        return uses

    def _give(self, context: ssl.SSLContext, use: str) -> None:
        """Let a context authenticate with a key."""
        table = self._tables.get(use)
        if table is None or table.token is None:
            with self._lock:
                pair = self._pair(use)
            if signs(pair.chain[0]):
                raise ConfigError("config.key_usage", use=use, wanted="authentication")
            _load(context, pair, use)
            return
        # Imported when a key stays on a token: what it needs takes a while to load, and most hosts have no such key.
        from segur_host.broker.token_tls import load_token_key  # noqa: PLC0415

        found = self._on_token(use, table.token)
        assert self._tokens is not None
        tokens, serial, key = self._tokens, table.token.serial, found.key
        load_token_key(
            context,
            (found.certificate,),
            found.schemes,
            lambda scheme, data: tokens.sign(serial, key, scheme, data),
        )

    def _on_token(self, use: str, table: TokenKeyTable) -> TokenKeyFound:
        if self._tokens is None:
            raise ConfigError("config.key_missing", use=use, reason="no_token")
        found = self._tokens.key_of(table.serial, table.key, authenticates_clients)
        refuse_other_world(found.certificate, self._environment, use)
        return found

    def _pair(self, use: str) -> _Pair:
        pair = self._pairs.get(use)
        if pair is None:
            table = self._tables.get(use)
            if table is None:
                raise ConfigError("config.key_missing", use=use, reason="not_configured")
            pair = _read(table, use)
            refuse_other_world(pair.chain[0], self._environment, use)
            self._pairs[use] = pair
        return pair


def _read(table: KeyTable, use: str) -> _Pair:
    password = table.password.resolve().reveal().encode() if table.password is not None else None
    try:
        pair = _from_p12(table.p12, password) if table.p12 is not None else _from_pem(table, password)
        same = _public(pair.key.public_key()) == _public(pair.chain[0].public_key())
    except FileNotFoundError:
        raise ConfigError("config.key_missing", use=use, reason="no_file") from None
    except NotPrivateError:
        raise ConfigError("config.key_permissions", use=use) from None
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as failure:
        # The library's own sentences tell wrong passwords from garbage no better than we can.
        raise ConfigError("config.key_unreadable", use=use, reason=type(failure).__name__) from None
    if not same:
        raise ConfigError("config.key_mismatch", use=use)
    return pair


def _from_p12(path: Path, password: bytes | None) -> _Pair:
    content = pkcs12.load_pkcs12(path.read_bytes(), password)
    if content.key is None or content.cert is None:
        raise ValueError("no key with its certificate")
    others = (extra.certificate for extra in content.additional_certs)
    return _checked(content.key, (content.cert.certificate, *others))


def _from_pem(table: KeyTable, password: bytes | None) -> _Pair:
    assert table.key is not None
    assert table.cert is not None
    key = load_pem_private_key(read_private(table.key, MAX_KEY_FILE_BYTES), password)
    return _checked(key, tuple(x509.load_pem_x509_certificates(table.cert.read_bytes())))


def _checked(key: object, chain: tuple[x509.Certificate, ...]) -> _Pair:
    if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
        raise TypeError("neither RSA nor EC")
    return _Pair(key, chain, facts_of(chain[0]))


def _public(key: CertificatePublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


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


def _load(context: ssl.SSLContext, pair: _Pair, use: str) -> None:
    """Give the chain and its key to OpenSSL, which takes them from a file only.

    The key is written encrypted with a passphrase that exists for this call only, and in memory where the system
    has anonymous files (Linux); elsewhere in a temporary file of mode 0600, removed at once. Neither a crash nor
    a copy of the disk ever gives it in clear.
    """
    passphrase = secrets.token_bytes(32).hex().encode()
    content = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))
    content += b"".join(certificate.public_bytes(Encoding.PEM) for certificate in pair.chain)
    with _short_lived_file(content) as path:
        try:
            context.load_cert_chain(path, password=passphrase)
        except ssl.SSLError as failure:
            # For example a key too small for the security level of OpenSSL.
            raise ConfigError("config.key_unreadable", use=use, reason=failure.reason or "tls") from None


@contextmanager
def _short_lived_file(content: bytes) -> Iterator[str]:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("segur", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            yield f"/proc/self/fd/{descriptor}"
        return
    descriptor, name = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        yield name
    finally:
        Path(name).unlink()
