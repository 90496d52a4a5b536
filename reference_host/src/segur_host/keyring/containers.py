"""A key that was made elsewhere, in the PKCS#12 file of whoever made it (RFC 7292). Bounds come before any work.

What is encrypted as a whole cannot be looked into before: a key in such a part, encrypted once more, may ask for any
number of rounds. Only who knows the password that is typed can have made such a file.
"""

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from segur_host.keyring.making import KEY_BITS
from segur_host.keyring.pairs import PrivateKey, fingerprint_of
from segur_sdk.errors import InputError

MAX_BYTES: Final = 1_048_576
MAX_CERTIFICATES: Final = 16
MAX_ROUNDS: Final = 2_000_000
"""Of key derivation, all parts of the file together; tools in service ask for 600 000 at most in each of three."""
_MAX_DEPTH: Final = 32
_MAX_PARTS: Final = 20_000
_SCRYPT_NUMBERS: Final = 3
_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_CONSTRUCTED: Final = 0x20
_INDEFINITE: Final = 0x80


@attrs.frozen(repr=False)
class Container:
    """What the file held."""

    key: PrivateKey
    chain: tuple[x509.Certificate, ...]
    """The certificate of the key, then the others."""


def read_container(content: bytes, password: str) -> Container:
    """Read a PKCS#12 file.

    Raises:
        InputError: ``input.p12_too_large``, ``input.p12_too_costly``, ``input.p12_unreadable`` (wrong password, or
            damaged: the library does not tell), ``input.p12_no_key``, ``input.p12_key_kind``, ``input.p12_mismatch``.
    """
    if len(content) > MAX_BYTES:
        raise InputError("input.p12_too_large", size=len(content))
    # From here on every form of the file is understood that the library understands, and its rounds were counted.
    if sum(_rounds(content)) > MAX_ROUNDS:
        raise InputError("input.p12_too_costly")
    try:
        found = pkcs12.load_pkcs12(content, password.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as failure:
        raise InputError("input.p12_unreadable", reason=type(failure).__name__) from None
    if found.key is None:
        raise InputError("input.p12_no_key")
    if not isinstance(found.key, PrivateKey) or (
        isinstance(found.key, rsa.RSAPrivateKey) and found.key.key_size < KEY_BITS
    ):
        raise InputError("input.p12_key_kind")
    others = [one.certificate for one in found.additional_certs]
    if found.cert is None or len(others) >= MAX_CERTIFICATES:
        raise InputError("input.p12_mismatch" if others else "input.p12_no_key")
    leaf = found.cert.certificate
    if fingerprint_of(leaf.public_key()) != fingerprint_of(found.key.public_key()):
        raise InputError("input.p12_mismatch")
    return Container(found.key, (leaf, *others))


def _rounds(content: bytes) -> Iterator[int]:
    """Yield every count of rounds: in each scheme it follows a salt (RFC 7292, 4 and C; RFC 8018, A.2).

    Raises:
        InputError: ``input.p12_unreadable``: the outer form is broken, or too deep.
    """
    left = [_MAX_PARTS]
    try:
        outer = list(_parts(content, 0, left))
    except ValueError:
        raise InputError("input.p12_unreadable", reason="form") from None
    yield from _rounds_in(outer, 0, left)


def _rounds_in(parts: list[tuple[int, bytes]], depth: int, left: list[int]) -> Iterator[int]:
    if depth > _MAX_DEPTH:
        raise InputError("input.p12_unreadable", reason="depth")
    for place, (tag, _) in enumerate(parts):
        # In one piece, or in several.
        if tag & ~_CONSTRUCTED == _OCTETS:
            numbers = takewhile(lambda one: one[0] == _INTEGER, parts[place + 1 :])
            yield _cost([int.from_bytes(value, "big") for _, value in numbers])
    for tag, value in parts:
        if not tag & _CONSTRUCTED and tag != _OCTETS:
            continue
        inner = value
        if tag == _OCTETS | _CONSTRUCTED:
            # In pieces (X.690, 8.7.3).
            inner = b"".join(piece for _, piece in _known(value, depth, left))
        yield from _rounds_in(_known(inner, depth, left), depth + 1, left)


def _cost(numbers: list[int]) -> int:
    """Return what the numbers after a salt ask for: N, r and p of scrypt (RFC 7914), else rounds, perhaps a length."""
    if len(numbers) >= _SCRYPT_NUMBERS:
        return numbers[0] * numbers[1] * numbers[2]
    return numbers[0] if numbers else 0


def _known(content: bytes, depth: int, left: list[int]) -> list[tuple[int, bytes]]:
    """Return the parts of what may be a sequence of them; what is none, like a salt, has no parts."""
    try:
        return list(_parts(content, depth, left))
    except ValueError:
        return []


def _parts(content: bytes, depth: int, left: list[int]) -> Iterator[tuple[int, bytes]]:
    """Yield the tag and the content of each part, definite length or not (X.690, 8.1).

    Raises:
        ValueError: it is not made of parts.
    """
    place = 0
    while place < len(content):
        tag, start, end, after = _one(content, place, depth, left)
        yield tag, content[start:end]
        place = after


def _one(content: bytes, place: int, depth: int, left: list[int]) -> tuple[int, int, int, int]:
    """Return tag, begin and end of the content, and where the next part begins."""
    left[0] -= 1
    if left[0] < 0:
        raise InputError("input.p12_unreadable", reason="parts")
    if place + 2 > len(content) or depth > _MAX_DEPTH or content[place] & 0x1F == 0x1F:
        raise ValueError("no part")
    tag, first, start = content[place], content[place + 1], place + 2
    if first == _INDEFINITE:
        if not tag & _CONSTRUCTED:
            raise ValueError("no part")
        at = start
        while content[at : at + 2] != b"\x00\x00":
            at = _one(content, at, depth + 1, left)[3]
        return tag, start, at, at + 2
    length = first
    if first > _INDEFINITE:
        size = first & 0x7F
        length = int.from_bytes(content[start : start + size], "big")
        start += size
    if start + length > len(content):
        raise ValueError("cut short")
    return tag, start, start + length, start + length
