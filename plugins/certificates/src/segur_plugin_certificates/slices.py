"""Where the parts of a certificate lie in its DER.

To recognise an issuer or a key, their bytes are enough: nothing is decoded. Only for certificates that the library has
read: it makes sure of their form (RFC 5280, 4.1).
"""

from typing import Final

_LONG_FORM: Final = 0x80
_VERSION: Final = 0xA0


def issuer_and_key(der: bytes) -> tuple[bytes, bytes]:
    """Return the name of the issuer and the SubjectPublicKeyInfo, both with their tag and length."""
    place = _content(der, _content(der, 0))
    if der[place] == _VERSION:
        place = _end(der, place)
    issuer = _end(der, _end(der, place))
    validity = _end(der, issuer)
    key = _end(der, _end(der, validity))
    return der[issuer:validity], der[key : _end(der, key)]


def _content(der: bytes, place: int) -> int:
    first = der[place + 1]
    return place + 2 if first < _LONG_FORM else place + 2 + (first & 0x7F)


def _end(der: bytes, place: int) -> int:
    first = der[place + 1]
    if first < _LONG_FORM:
        return place + 2 + first
    begin = place + 2 + (first & 0x7F)
    return begin + int.from_bytes(der[place + 2 : begin], "big")
