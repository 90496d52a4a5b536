"""Parsers of the plugin ``cps``: certificates, whom they name, the data objects of a card."""

from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from typing import Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from segur_plugin_cps.ans_extensions import (
    CARD_NUMBER,
    CARD_TYPE,
    CATEGORY,
    PROFESSION,
    PROFESSION_IN_TRAINING,
    AnsExtensions,
    read_ans_extensions,
)
from segur_plugin_cps.certificates import CpxCertificate, read_certificate
from segur_plugin_cps.data_objects import Encoding as TextEncoding
from segur_plugin_cps.holder import read_card
from segur_plugin_cps.set_order import with_ordered_sets
from segur_plugin_cps.situations import read_situations
from segur_plugin_cps.speciality import LABEL, read_speciality
from segur_sdk.cards.tlv import Tlv, parse_tlv
from segur_sdk.drivers import PinState, TokenCertificate, TokenData, TokenState
from segur_sdk.models.professional import CardHolder, ExerciceSituation
from tests.fuzz.oracle import Parse
from tests.fuzz.parts import SLOT, chosen, split

KEYS: Final = ("1020", "1010")
"""``CKA_ID`` of the certificates that authenticate and sign."""
ENCODINGS: Final[tuple[TextEncoding, ...]] = ("auto", "iso-8859-1", "utf-8")
EXTENSIONS: Final = (CATEGORY, CARD_TYPE, CARD_NUMBER, PROFESSION, PROFESSION_IN_TRAINING)
LABELS: Final = (LABEL, *(f"CPS_ACTIVITY_{index:02d}_PS" for index in range(18)))
_SEQUENCE: Final = 0x30
_SUBJECT: Final = 5
"""Place of the subject in the fields of a certificate of version 3 (RFC 5280, 4.1)."""


def certificate(data: bytes) -> CpxCertificate | None:
    """Read a certificate."""
    found = read_certificate(TokenCertificate(key=KEYS[0], der=data))
    assert found is None or found.for_contract().info == found.info
    return found


def subject(data: bytes) -> CpxCertificate | None:
    """Read a certificate that is sound but for its subject, in DER."""
    return certificate(_with_subject(data))


def extensions(data: bytes) -> AnsExtensions | None:
    """Read the extensions of the ANS, each part of the input being the value of one; an empty one is not there."""
    values = [
        x509.Extension(oid, critical=False, value=x509.UnrecognizedExtension(oid, value))
        for oid, value in zip(EXTENSIONS, split(data), strict=False)
        if value
    ]
    return read_ans_extensions(x509.Extensions(values))


def set_order(data: bytes) -> bytes | None:
    """Put the sets of a certificate in order; what is in order stays so."""
    ordered = with_ordered_sets(data)
    assert ordered is None or with_ordered_sets(ordered) is None
    return ordered


def situations(data: bytes) -> tuple[ExerciceSituation, ...]:
    """Read the situations d'exercice, each part of the input being one object, the first byte of which says which."""
    encoding, rest = chosen(data, ENCODINGS)
    found = read_situations(_objects(split(rest)), encoding)
    assert list(found) == sorted(found, key=lambda one: one.number)
    return found


def speciality(data: bytes) -> str | None:
    """Read the savoir-faire."""
    found = read_speciality([TokenData(label=LABEL, private=False, value=data)])
    assert found is None or (found.isalnum() and found.isascii())
    return found


def holder(data: bytes) -> CardHolder:
    """Read a whole card: two certificates, then its data objects."""
    encoding, rest = chosen(data, ENCODINGS)
    parts = split(rest)
    card = read_card(_Token(tuple(parts[:2]), tuple(_objects(parts[2:]))))
    assert card.holder(None).situations is None
    return card.holder(read_situations(card.objects, encoding))


@attrs.frozen
class _Token:
    """A token that shows what the input says; implements ``Token``."""

    ders: tuple[bytes, ...]
    objects: tuple[TokenData, ...]

    @property
    def state(self) -> TokenState:
        return TokenState(token="1", label="", serial="1", slot=SLOT, pin=PinState(unlocked=True))

    def certificates(self) -> tuple[TokenCertificate, ...]:
        return tuple(TokenCertificate(key=key, der=der) for key, der in zip(KEYS, self.ders, strict=False))

    def data(self) -> tuple[TokenData, ...]:
        return self.objects

    def unlock(self) -> None:
        raise NotImplementedError

    def prove(self, key: str, trust: str) -> None:
        raise NotImplementedError


def _objects(parts: Iterable[bytes]) -> Iterable[TokenData]:
    for part in parts:
        label, value = chosen(part, LABELS)
        yield TokenData(label=label, private=label != LABEL, value=value)


def _with_subject(name: bytes) -> bytes:
    (whole,) = parse_tlv(_sound_certificate())
    fields, *rest = whole.children
    parts = [one.encode() for one in fields.children]
    parts[_SUBJECT] = name
    return _sequence(_sequence(b"".join(parts)) + b"".join(one.encode() for one in rest))


def _sequence(content: bytes) -> bytes:
    return Tlv(_SEQUENCE, content).encode()


@cache
def _sound_certificate() -> bytes:
    """Return a certificate with all that a card's needs, except a subject."""
    key = generate_private_key(SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "AC")])
    usage = dict.fromkeys(("key_cert_sign", "crl_sign", "encipher_only", "decipher_only"), False)
    usage |= dict.fromkeys(("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False)
    builder = (
        x509.CertificateBuilder(issuer, x509.Name([]), key.public_key(), 1)
        .not_valid_before(datetime(2026, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2029, 1, 1, tzinfo=UTC))
        .add_extension(x509.KeyUsage(digital_signature=True, **usage), critical=True)
    )
    for oid, value in ((CATEGORY, b"\x04\x01\x80"), (CARD_TYPE, b"\x02\x01\x00")):
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, value), critical=False)
    return builder.sign(key, SHA256()).public_bytes(Encoding.DER)


TARGETS: Final[dict[str, Parse]] = {
    "cps.certificate": certificate,
    "cps.subject": subject,
    "cps.extensions": extensions,
    "cps.set_order": set_order,
    "cps.situations": situations,
    "cps.speciality": speciality,
    "cps.holder": holder,
}
