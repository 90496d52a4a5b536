"""Driver ``pkcs11``: objects of a module are bounded, and keys never leave."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from pkcs11 import Attribute, TokenFlag, exceptions

from plugins.pkcs11.tests.fake_module import PIN, FakeToken, Key, caught, only
from segur_plugin_pkcs11.module import Pkcs11TokenSource
from segur_plugin_pkcs11.module_loading import load
from segur_sandbox.cards.cpx.catalogue import CPX_CARDS


def data_object(**attributes: object) -> dict[Attribute, Any]:
    plain: dict[Attribute, Any] = {
        Attribute.CLASS: pkcs11.ObjectClass.DATA,
        Attribute.LABEL: "CPS_DATA",
        Attribute.PRIVATE: False,
        Attribute.VALUE: b"value",
    }
    return plain | {Attribute[name]: value for name, value in attributes.items()}


class Raising(dict[Attribute, Any]):
    """An object whose attributes cannot be unpacked."""

    def __getitem__(self, attribute: Attribute) -> Any:
        if attribute is Attribute.LABEL:
            raise UnicodeDecodeError("utf-8", b"PHARMACH0007512", 0, 1, "invalid")
        return super().__getitem__(attribute)


@pytest.mark.parametrize(
    ("objects", "reason"),
    [
        ([data_object()] * 129, "too_many_objects"),
        ([data_object(VALUE=bytes(65_537))], "too_large"),
        ([Raising(data_object())], "UnicodeDecodeError"),
    ],
    ids=["many", "large", "no-text"],
)
def test_what_a_module_gives_has_bounds(
    source: Pkcs11TokenSource, token: FakeToken, objects: list[dict[Attribute, Any]], reason: str
) -> None:
    token.objects = objects
    failure = caught(lambda: source.data(only(source).token))
    assert (failure.code, failure.facts["reason"]) == ("token.failed", reason)
    assert "PHARMACH0007512" not in str(failure)
    assert token.sessions[-1].closed


@pytest.mark.parametrize("label", ["", " \0"], ids=["empty", "blank"])
def test_a_data_object_without_label_is_left_out(source: Pkcs11TokenSource, token: FakeToken, label: str) -> None:
    token.objects = [data_object(LABEL=label), data_object(LABEL="L" * 100)]
    assert [one.label for one in source.data(only(source).token)] == ["L" * 64]


@pytest.mark.parametrize("identifier", [b"", bytes(65)], ids=["none", "endless"])
def test_a_certificate_that_names_no_key_is_left_out(
    source: Pkcs11TokenSource, token: FakeToken, identifier: bytes
) -> None:
    token.objects = [
        {
            Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
            Attribute.ID: identifier,
            Attribute.VALUE: b"0\0",
            Attribute.LABEL: "",
        }
    ]
    assert source.certificates(only(source).token) == ()


def certificate(key: Any, *, authority: bool | None) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "essai")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    builder = (
        x509.CertificateBuilder(name, name, key.public_key(), 1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
    )
    if authority is not None:
        builder = builder.add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.mark.parametrize(
    ("authority", "kind", "usable"),
    [(None, "rsa", True), (False, "rsa", True), (True, "rsa", False), (None, "ec", False), (None, "none", False)],
    ids=["bare", "leaf", "authority", "elliptic", "no-certificate"],
)
@pytest.mark.parametrize("unlocked", [False, True], ids=["locked", "unlocked"])
def test_a_certificate_is_taken_to_have_its_key_until_keys_can_be_seen(
    source: Pkcs11TokenSource,
    token: FakeToken,
    vault: Any,
    authority: bool | None,
    kind: str,
    usable: bool,
    unlocked: bool,
) -> None:
    key = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else vault.keys(pharmacist()).key("AUT")
    der = b"none" if kind == "none" else certificate(key, authority=authority)
    token.objects = [
        {
            Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
            Attribute.ID: b"\x01",
            Attribute.VALUE: der,
            Attribute.LABEL: "AC",
        }
    ]
    name = only(source).token
    if unlocked:
        source.unlock(name, PIN)
    (found,) = source.certificates(name)
    assert found.der == der
    assert bool(found.schemes) is (usable and not unlocked)


def pharmacist() -> Any:
    return next(card for card in CPX_CARDS if card.name == "cps:pharmacist")


# Keys


def private_key(**attributes: object) -> Key:
    plain: dict[Attribute, Any] = {
        Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY,
        Attribute.ID: b"\x20",
        Attribute.MODULUS: bytes(256),
    }
    return Key(plain | {Attribute[name]: value for name, value in attributes.items()})


def test_schemes_are_those_that_the_module_has_a_mechanism_for(source: Pkcs11TokenSource, token: FakeToken) -> None:
    token.objects = [private_key()]
    name = only(source).token
    source.unlock(name, PIN)
    assert source.sign(name, "20", "pkcs1_sha256", bytes(32)) == b"signature"
    for scheme, length in (("pss_sha256", 32), ("raw", 256)):
        failure = caught(lambda scheme=scheme, length=length: source.sign(name, "20", scheme, bytes(length)))  # type: ignore[misc]
        assert (failure.code, failure.facts["scheme"]) == ("token.scheme_unsupported", scheme)


@pytest.mark.parametrize("missing", ["sensitive", "absent"])
def test_an_attribute_that_a_token_does_not_give_is_done_without(
    source: Pkcs11TokenSource, token: FakeToken, missing: str
) -> None:
    class Missing(dict[Attribute, Any]):
        def __getitem__(self, attribute: Attribute) -> Any:
            if attribute is Attribute.PRIVATE:
                raise exceptions.AttributeSensitive if missing == "sensitive" else exceptions.AttributeTypeInvalid
            return super().__getitem__(attribute)

    token.objects = [Missing(data_object())]
    assert [one.private for one in source.data(only(source).token)] == [False]


def test_keys_of_the_token_cannot_be_extracted(softhsm: Path) -> None:
    (token,) = (one for one in load([softhsm]).get_tokens() if TokenFlag.TOKEN_INITIALIZED in one.flags)
    with token.open(user_pin=PIN) as session:
        keys = list(session.get_objects({Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY}))
        assert len(keys) == 2
        for key in keys:
            assert key[Attribute.EXTRACTABLE] is False
            assert key[Attribute.SENSITIVE] is True
            for secret in (Attribute.PRIVATE_EXPONENT, Attribute.PRIME_1, Attribute.PRIME_2):
                with pytest.raises(exceptions.AttributeSensitive):
                    key[secret]


def test_private_keys_cannot_be_seen_before_the_pin(softhsm: Path) -> None:
    (token,) = (one for one in load([softhsm]).get_tokens() if TokenFlag.TOKEN_INITIALIZED in one.flags)
    with token.open() as session:
        assert list(session.get_objects({Attribute.CLASS: pkcs11.ObjectClass.PRIVATE_KEY})) == []
