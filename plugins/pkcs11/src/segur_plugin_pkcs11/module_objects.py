"""Certificates, data objects and keys of a token, as a PKCS#11 module shows them."""

from collections.abc import Container, Iterator, Mapping
from itertools import islice
from typing import Any, Final

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from pkcs11 import MGF, Attribute, CertificateType, KeyType, Mechanism, ObjectClass, Session, SignMixin, Slot
from pkcs11.exceptions import AttributeSensitive, AttributeTypeInvalid

from segur_plugin_pkcs11.rsa_blocks import digest_info
from segur_sdk.drivers import SignatureScheme, TokenCertificate, TokenData
from segur_sdk.errors import CardError

_MECHANISMS: Final[Mapping[SignatureScheme, Mechanism]] = {
    SignatureScheme.PKCS1_SHA256: Mechanism.RSA_PKCS,
    SignatureScheme.PSS_SHA256: Mechanism.RSA_PKCS_PSS,
    SignatureScheme.RAW: Mechanism.RSA_X_509,
}
"""RSA_PKCS over a DigestInfo is what every generation of CPS offers for every key; its SHA256_RSA_PKCS is not."""
_PSS_PARAMETERS: Final = (Mechanism.SHA256, MGF.SHA256, 32)

MAX_OBJECTS: Final = 128
MAX_VALUE: Final = 65_536
_LABEL: Final = 64
_KEY_BYTES: Final = 64

_X509: Final = {Attribute.CLASS: ObjectClass.CERTIFICATE, Attribute.CERTIFICATE_TYPE: CertificateType.X_509}


def offered(slot: Slot) -> frozenset[SignatureScheme]:
    """Return the schemes for which the token in ``slot`` has a mechanism."""
    mechanisms = slot.get_mechanisms()
    return frozenset(scheme for scheme, mechanism in _MECHANISMS.items() if mechanism in mechanisms)


def read_certificates(
    session: Session, schemes: frozenset[SignatureScheme], keys: Container[bytes] | None
) -> tuple[TokenCertificate, ...]:
    """Return the certificates that name a key, by their CKA_ID.

    Args:
        session: logged in or not.
        schemes: that the token offers.
        keys: identifiers of its private keys; nothing when they cannot be seen, because the token is locked. A
            certificate that is no authority's is then taken to have its key beside it.
    """
    found = []
    for one in _objects(session, _X509):
        key, der = bytes(_attribute(one, Attribute.ID, b"")), _value(one)
        if not 0 < len(key) <= _KEY_BYTES:
            continue
        usable = _may_have_key(der) if keys is None else key in keys
        found.append(
            TokenCertificate(
                key=key.hex().upper(), label=_label(one), der=der, schemes=schemes if usable else frozenset()
            )
        )
    return tuple(sorted(found, key=lambda one: one.key))


def read_data(session: Session) -> tuple[TokenData, ...]:
    """Return the labelled data objects that the session shows, by their labels."""
    found = (
        TokenData(label=label, private=bool(_attribute(one, Attribute.PRIVATE, False)), value=_value(one))
        for one in _objects(session, {Attribute.CLASS: ObjectClass.DATA})
        if (label := _label(one))
    )
    return tuple(sorted(found, key=lambda one: one.label))


@attrs.frozen
class SigningKey:
    """A private RSA key of the token: a hold on it, never the key."""

    handle: SignMixin
    modulus_length: int
    """Bytes."""


def private_keys(session: Session) -> Mapping[bytes, SigningKey]:
    """Return the RSA keys that sign, by CKA_ID. Nothing is ever asked of a key but its attributes and modulus."""
    wanted = {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.KEY_TYPE: KeyType.RSA}
    return {
        bytes(_attribute(one, Attribute.ID, b"")): SigningKey(one, len(one[Attribute.MODULUS]))
        for one in _objects(session, wanted)
        if isinstance(one, SignMixin)
    }


def signed(private: SigningKey, scheme: SignatureScheme, data: bytes) -> bytes:
    """Have the token sign a digest, or a whole block for ``raw``."""
    content = digest_info(data) if scheme is SignatureScheme.PKCS1_SHA256 else data
    parameters = _PSS_PARAMETERS if scheme is SignatureScheme.PSS_SHA256 else None
    return bytes(private.handle.sign(content, mechanism=_MECHANISMS[scheme], mechanism_param=parameters))


def _objects(session: Session, template: Mapping[Attribute, Any]) -> Iterator[Any]:
    found = list(islice(session.get_objects(dict(template)), MAX_OBJECTS + 1))
    if len(found) > MAX_OBJECTS:
        raise CardError("token.failed", reason="too_many_objects", limit=MAX_OBJECTS)
    return iter(found)


def _attribute(one: Any, attribute: Attribute, default: Any) -> Any:
    try:
        return one[attribute]
    except (AttributeTypeInvalid, AttributeSensitive):
        return default


def _label(one: Any) -> str:
    return str(_attribute(one, Attribute.LABEL, "")).strip("\0 ")[:_LABEL]


def _value(one: Any) -> bytes:
    value = bytes(one[Attribute.VALUE])
    if len(value) > MAX_VALUE:
        raise CardError("token.failed", reason="too_large", limit=MAX_VALUE)
    return value


def _may_have_key(der: bytes) -> bool:
    try:
        certificate = x509.load_der_x509_certificate(der)
        if not isinstance(certificate.public_key(), RSAPublicKey):
            return False
        return not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return True
    except (ValueError, UnsupportedAlgorithm):
        return False
