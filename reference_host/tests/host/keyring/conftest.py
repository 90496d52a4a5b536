"""Stores of keys, with and without a host; keys and certificates for them, made once."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from reference_host.tests.keys.issuing import PASSWORD, Issued, authority, name
from segur_host.broker.keys import KeyRing
from segur_host.config.model import HostConfig
from segur_host.keyring import kept_keys
from segur_host.keyring.kept_keys import KeptKeys
from segur_host.keyring.pairs import PrivateKey
from segur_host.keyring.store import KEYS_FOLDER, KeyStore
from segur_sdk.errors import Fact

PASSPHRASE = "une phrase de passe é assez longue"
NOW = datetime(2026, 11, 22, 9, tzinfo=UTC)


@attrs.define
class MovableClock:
    """A clock that the test sets."""

    at: datetime = NOW

    def now(self) -> datetime:
        return self.at


@attrs.frozen
class Bench:
    """A store as one process sees it, and what was noted in the audit."""

    config: HostConfig
    store: KeyStore
    keys: KeyRing
    kept: KeptKeys
    clock: MovableClock
    events: list[tuple[str, dict[str, Fact]]]

    def record(self, event: str, **facts: Fact) -> None:
        self.events.append((event, facts))

    @property
    def folder(self) -> Path:
        return self.store.folder

    def order(self, use: str = "insi-auto") -> x509.CertificateSigningRequest:
        return x509.load_pem_x509_csr(self.kept.new_key(use, use.upper(), self.record).csr)

    def install(self, chain: tuple[bytes, ...], use: str = "insi-auto", offered: PrivateKey | None = None) -> None:
        self.kept.install(use, chain, self.record, offered)

    def drop(self, use: str = "insi-auto") -> None:
        """Have every key dropped that waits for its certificate."""
        known = [self.store.facts(use, key).public_key for key in self.store.standing(use).awaiting]
        for public_key in known or ["0" * 64]:
            self.kept.drop_new_key(use, public_key, self.record)

    def take_back(self, use: str = "insi-auto") -> None:
        self.kept.take_back(use, self.record)


@pytest.fixture(autouse=True)
def passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEYRING_PASSPHRASE", PASSPHRASE)
    monkeypatch.setenv("P12_PASSWORD", PASSWORD)


@pytest.fixture
def changed_passphrase(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The table of the configuration while the passphrase is being changed."""
    monkeypatch.setenv("NEXT_PASSPHRASE", "la phrase de passe suivante, longue aussi")
    return {"passphrase": {"env": "NEXT_PASSPHRASE"}, "former_passphrase": {"env": "KEYRING_PASSPHRASE"}}


@pytest.fixture
def quick_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make elliptic keys, which takes no time."""
    monkeypatch.setattr(kept_keys, "new_private_key", lambda: ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def ca() -> Issued:
    return authority("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", "0002 187512751", "IGC-SANTE TEST")


@pytest.fixture(scope="session")
def certify(ca: Issued) -> Callable[..., tuple[bytes, ...]]:
    """Issue a certificate for a request: DER, with that of the authority."""

    def certify(
        csr: x509.CertificateSigningRequest, *, begins: datetime = NOW, days: int = 1095, number: int = 7
    ) -> tuple[bytes, ...]:
        made = (
            x509.CertificateBuilder()
            .subject_name(name("INSI-AUTO", "10B0152872"))
            .issuer_name(ca.certificate.subject)
            .public_key(csr.public_key())
            .serial_number(number)
            .not_valid_before(begins)
            .not_valid_after(begins + timedelta(days=days))
            .sign(ca.key, SHA256())
        )
        return made.public_bytes(Encoding.DER), ca.certificate.public_bytes(Encoding.DER)

    return certify


@pytest.fixture
def bench(make_config: Callable[..., HostConfig], ca: Issued, tmp_path: Path) -> Callable[..., Bench]:
    """Look at the store of this test's data folder, as another process each time. Tables of ``keys`` by name."""
    (tmp_path / "ours.pem").write_bytes(ca.pem())

    def bench(instance: str = "uuid-1", clock: MovableClock | None = None, **changes: Any) -> Bench:
        tables = {"keyring": {"passphrase": {"env": "KEYRING_PASSPHRASE"}}, "trust": {"ours": tmp_path / "ours.pem"}}
        config = make_config(**{**tables, **changes})
        at = clock or MovableClock()
        former = config.keyring.former_passphrase
        store = KeyStore(config.data / KEYS_FOLDER, config.keyring.passphrase, instance, former)
        keys = KeyRing(config, None, at, store)
        return Bench(config, store, keys, KeptKeys(keys, store, at, config.environment), at, [])

    return bench


@pytest.fixture
def files_of() -> Callable[[Path], dict[str, bytes]]:
    """Read every file of a folder, by its path in it."""

    def files_of(folder: Path) -> dict[str, bytes]:
        found = (Path(root) / one for root, _, names in os.walk(folder) for one in names)
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}

    return files_of
