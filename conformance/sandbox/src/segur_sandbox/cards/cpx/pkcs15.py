"""The directory files of the PKCS#15 application (ISO 7816-15), in DER.

OURS, since the directories name them: the file identifiers, the references of PIN and PUK, the label of the
authentication key, the labels of token and certificates.
"""

from segur_sandbox.cards.cpx.contents import DataObject
from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.cards.tlv import tlv
from segur_sandbox.pki.card_leaves import USAGES, CardUsage

AID_PKCS15 = bytes.fromhex("E828BD080F8025000001FF0010")
MF = b"\x3f\x00"
DF_PKCS15 = b"\x00\x01"
EF_AODF, EF_PRKDF, EF_CDF, EF_DODF = 0x7001, 0x7002, 0x7005, 0x7006
CERTIFICATE_FILES: dict[CardUsage, int] = {"AUT": 0xC020, "SIG": 0xC010}
KEY_REFERENCES: dict[CardUsage, int] = {"AUT": 0x20, "SIG": 0x10}
PIN_REFERENCE, PIN_LENGTH = 0x01, 4
PUK_REFERENCE, PUK_LENGTH = 0x02, 8
_SEQUENCE, _INTEGER, _BITS, _OCTETS, _TEXT, _ENUMERATED = 0x30, 0x02, 0x03, 0x04, 0x0C, 0x0A
_MODULUS_BITS = (2048).to_bytes(2, "big")
_PIN_ID, _PUK_ID = b"\x01", b"\x02"
_ASCII_NUMERIC = b"\x01"
_KEY_LABELS: dict[CardUsage, str] = {"AUT": "CPS_PRIV_AUT", "SIG": "CPS_PRIV_SIG"}
_CERTIFICATE_LABELS: dict[CardUsage, str] = {
    "AUT": "Certificat d'Authentification CPS",
    "SIG": "Certificat de Signature CPS",
}
# Positions in CommonObjectFlags, KeyUsageFlags, KeyAccessFlags, PinFlags and TokenFlags (ISO 7816-15, 8).
_PRIVATE = (0,)
_KEY_USES: dict[CardUsage, tuple[int, ...]] = {"AUT": (1, 2), "SIG": (2, 9)}
_KEY_ACCESS = (0, 2, 3, 4)
_PIN_FLAGS = (0, 4)
_PUK_FLAGS = (0, 2, 3, 4, 6, 7)
_TOKEN_FLAGS = (2, 3)


def application_template() -> bytes:
    """Return the content of EF.DIR: where the PKCS#15 application is."""
    return tlv(0x61, tlv(0x4F, AID_PKCS15) + tlv(0x50, b"CPS") + tlv(0x51, MF + DF_PKCS15))


def token_info(record: CpxRecord) -> bytes:
    """Return the TokenInfo; the number is not in it, EF.SN has it."""
    label = f"{record.generation}v{'3' if record.generation == 'CPS3' else '1'}-{record.serial}"
    return tlv(
        _SEQUENCE,
        _number(0) + _text("BAC A SABLE") + tlv(0x80, label.encode("ascii")) + _bits(*_TOKEN_FLAGS),
    )


def object_directory() -> bytes:
    """Return the ODF: where the other directory files are."""
    files = ((0xA0, EF_PRKDF), (0xA4, EF_CDF), (0xA7, EF_DODF), (0xA8, EF_AODF))
    return b"".join(tlv(tag, _path(file)) for tag, file in files)


def authentication_objects() -> bytes:
    """Return the AODF: the PIN, unblocked by the PUK, and the PUK."""
    pin = _text("Code porteur") + _bits(*_PRIVATE) + tlv(_OCTETS, _PUK_ID)
    puk = _text("Code de déblocage") + _bits(*_PRIVATE)
    return _code(pin, _PIN_ID, _PIN_FLAGS, PIN_REFERENCE, PIN_LENGTH) + _code(
        puk, _PUK_ID, _PUK_FLAGS, PUK_REFERENCE, PUK_LENGTH
    )


def _code(common: bytes, identifier: bytes, flags: tuple[int, ...], reference: int, length: int) -> bytes:
    minimum = stored = maximum = _number(length)
    attributes = _bits(*flags) + tlv(_ENUMERATED, _ASCII_NUMERIC) + minimum + stored + maximum
    attributes += tlv(0x80, bytes([reference]))
    return _entry(common, tlv(_OCTETS, identifier), tlv(_SEQUENCE, attributes))


def private_keys(record: CpxRecord) -> bytes:
    """Return the PrKDF. Paths are empty: with `3F00` the ANS's library refuses to sign."""
    return b"".join(_private_key(record, usage) for usage in USAGES)


def _private_key(record: CpxRecord, usage: CardUsage) -> bytes:
    attributes = (
        tlv(_OCTETS, _identifier(record, usage))
        + _bits(*_KEY_USES[usage])
        + _bits(*_KEY_ACCESS)
        + _number(KEY_REFERENCES[usage])
    )
    where = tlv(_SEQUENCE, tlv(_SEQUENCE, tlv(_OCTETS, b"")) + tlv(_INTEGER, _MODULUS_BITS))
    return _entry(_text(_KEY_LABELS[usage]) + _bits(*_PRIVATE) + tlv(_OCTETS, _PIN_ID), attributes, where)


def certificates(record: CpxRecord) -> bytes:
    """Return the CDF; a certificate shares the identifier of its key."""
    return b"".join(
        _entry(
            _text(_CERTIFICATE_LABELS[usage]),
            tlv(_OCTETS, _identifier(record, usage)),
            tlv(_SEQUENCE, _path(CERTIFICATE_FILES[usage])),
        )
        for usage in USAGES
    )


def data_directory(objects: tuple[DataObject, ...]) -> bytes:
    """Return the DODF."""
    return b"".join(
        _entry(
            _text(each.label) + (_bits(*_PRIVATE) + tlv(_OCTETS, _PIN_ID) if each.private else b""),
            _text("CPS"),
            _path(each.file),
        )
        for each in objects
    )


def _identifier(record: CpxRecord, usage: CardUsage) -> bytes:
    return bytes.fromhex(record.serial) + b"\x10" + bytes([KEY_REFERENCES[usage]])


def _entry(common: bytes, by_class: bytes, by_type: bytes) -> bytes:
    return tlv(_SEQUENCE, tlv(_SEQUENCE, common) + tlv(_SEQUENCE, by_class) + tlv(0xA1, by_type))


def _path(file: int) -> bytes:
    return tlv(_SEQUENCE, tlv(_OCTETS, MF + DF_PKCS15 + file.to_bytes(2, "big")))


def _text(value: str) -> bytes:
    return tlv(_TEXT, value.encode("utf-8"))


def _number(value: int) -> bytes:
    return tlv(_INTEGER, bytes([value]))


def _bits(*positions: int) -> bytes:
    """Return a BIT STRING of named bits: trailing zeros are left out (X.690, 11.2.2)."""
    width = max(positions) + 1
    size = (width + 7) // 8
    value = sum(1 << (8 * size - 1 - position) for position in positions)
    return tlv(_BITS, bytes([8 * size - width]) + value.to_bytes(size, "big"))
