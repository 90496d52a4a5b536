"""What crosses the contract of the keyring and of a structure's certificates: references and public halves only."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from segur_sdk.errors import PluginError
from segur_sdk.hooks import HOOKS, HookMode, SegurHooks
from segur_sdk.hooks.certificate_expiring import CertificateExpiringEvent
from segur_sdk.keyring import KeyPlace, KeyReference, KeyRequest
from segur_sdk.manifest import NetworkUse, parse_manifest
from segur_sdk.models.certificate import CertificateInfo, ExpiryLevel
from segur_sdk.services import SERVICES
from segur_sdk.services.structure_certificates import OrderProgress

KEY = "0F" * 32
NOW = datetime(2026, 11, 22, tzinfo=UTC)
MANIFEST = """
manifest_version = 1
id = "liste"
display_name = "Listes"
description = "Listes de révocation."
license = "Apache-2.0"
maintainers = ["nobody"]
sdk = ">=0.1,<2"
entry = "liste.plugin:Plugin"
"""


def test_reference_is_shown_without_its_certificates() -> None:
    reference = KeyReference(
        use="insi-auto", place=KeyPlace.STORE, where="keys", certificate=b"DER-LEAF", chain=(b"DER-CA",), public_key=KEY
    )
    assert "DER" not in repr(reference)
    assert KeyReference.model_validate_json(reference.model_dump_json()) == reference


@pytest.mark.parametrize("key", ["0f" * 32, "0F" * 31, "0F" * 32 + "\n", ""], ids=["lower", "short", "line", "empty"])
def test_public_key_is_named_by_its_fingerprint_only(key: str) -> None:
    with pytest.raises(ValidationError):
        KeyRequest(use="insi-auto", csr=b"", public_key=key, made_at=NOW)


@pytest.mark.parametrize(
    ("fields", "allowed"),
    [
        ({"protocol": "http", "addresses": {"production": "http://igc-sante.esante.gouv.fr/CRL"}}, True),
        ({"protocol": "http", "addresses": {"production": "https://igc-sante.esante.gouv.fr/CRL"}}, False),
        ({"protocol": "http", "trust": "igc-sante"}, False),
        ({"protocol": "http", "auth": "none"}, False),
        ({"protocol": "http", "key": "insi-auto"}, False),
        ({"trust": "t", "auth": "none", "addresses": {"production": "http://service.fr"}}, False),
        ({"protocol": "browser", "addresses": {"production": "http://service.fr"}}, False),
        ({"protocol": "http", "addresses": {"production": "ldap://annuaire-igc.esante.gouv.fr"}}, False),
    ],
    ids=["signed", "tls", "anchors", "auth", "key", "https-without", "browser-without", "ldap"],
)
def test_plain_http_is_for_what_is_signed_and_for_nothing_secret(fields: dict[str, Any], allowed: bool) -> None:
    if allowed:
        assert NetworkUse(purpose="crl", **fields).protocol == "http"
        return
    with pytest.raises(ValidationError):
        NetworkUse(purpose="crl", **fields)


def test_keyring_is_declared() -> None:
    assert not parse_manifest(MANIFEST.encode()).keyring
    assert parse_manifest(f"{MANIFEST}keyring = true\n".encode()).keyring
    with pytest.raises(PluginError) as caught:
        parse_manifest(f'{MANIFEST}keyring = "all"\n'.encode())
    assert caught.value.code == "plugin.manifest_invalid"


def test_end_of_a_certificate_is_told_to_observers() -> None:
    info = HOOKS["on_certificate_expiring"]
    assert (info.mode, info.event) == (HookMode.OBSERVE, CertificateExpiringEvent)
    assert hasattr(SegurHooks, "on_certificate_expiring")
    event = CertificateExpiringEvent(
        use="insi-auto",
        certificate=CertificateInfo(
            subject_cn="INSI-AUTO",
            issuer_cn="TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS",
            serial="0A",
            not_before=NOW,
            not_after=NOW,
            client_authentication=True,
        ),
        level=ExpiryLevel.ENDED,
        days_left=0,
    )
    assert CertificateExpiringEvent.model_validate_json(event.model_dump_json()) == event


def test_service_of_certificates_is_known_and_its_steps_are_eleven() -> None:
    assert "StructureCertificates" in SERVICES
    with pytest.raises(ValidationError):
        OrderProgress(use="insi-auto", step=12, title="t", to_do=(), missing=(), possible=())
