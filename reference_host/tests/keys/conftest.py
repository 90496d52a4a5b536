"""Certificates and a key ring for the tests of keys."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID as Eku

from reference_host.tests.keys.issuing import PASSWORD, Issued, authority, issue, name, usages
from segur_host.broker.keys import KeyRing
from segur_host.config.model import HostConfig


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
