"""How many rounds of key derivation a PKCS#12 file asks for, before the library goes through any of them.

What is encrypted as a whole is opened here, once its own rounds were found to be few enough: a key in it, encrypted
once more, may ask for any number. Only PBES2 with AES is opened, as tools in service write it; of a part of another
scheme (those of RFC 7292, C) what it holds stays uncounted.
"""

from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Final

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC
from cryptography.hazmat.primitives.hashes import SHA1, SHA224, SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from segur_sdk.errors import InputError

Parts = list[tuple[int, bytes]]
"""Tag and content of each part of something."""
_MAX_DEPTH: Final = 32
_MAX_PARTS: Final = 20_000
_SCRYPT_NUMBERS: Final = 3
_ENCRYPTED_PARTS: Final = 3
_INTEGER: Final = 0x02
_OCTETS: Final = 0x04
_OID: Final = 0x06
_SEQUENCE: Final = 0x30
_CONTEXT_0: Final = 0x80
_CONSTRUCTED: Final = 0x20
_INDEFINITE: Final = 0x80
_DATA: Final = bytes.fromhex("2a864886f70d010701")
_PBES2: Final = bytes.fromhex("2a864886f70d01050d")
_PBKDF2: Final = bytes.fromhex("2a864886f70d01050c")
_HASHES: Final[Mapping[bytes, type[HashAlgorithm]]] = {
    bytes.fromhex("2a864886f70d02") + bytes([number]): kind
    for number, kind in ((7, SHA1), (8, SHA224), (9, SHA256), (10, SHA384), (11, SHA512))
}
"""By the identifiers of their HMAC (RFC 8018, B.1)."""
_KEY_BYTES: Final = {
    bytes.fromhex("6086480165030401") + bytes([number]): size for number, size in ((2, 16), (22, 24), (42, 32))
}
"""By the identifiers of AES in CBC mode."""


def total_rounds(content: bytes, password: bytes, most: int) -> int:
    """Return how many rounds a file asks for: in each scheme their number follows a salt (RFC 7292, 4; RFC 8018, A.2).

    Args:
        content: the file.
        password: opens its encrypted parts.
        most: no part is opened when the others ask for more than that.

    Raises:
        InputError: ``input.p12_nested``; ``input.p12_unreadable``: it has more parts than anybody needs.
    """
    left = [_MAX_PARTS]
    waiting = [_known(content, 0, left)]
    total = 0
    while waiting:
        encrypted: list[tuple[bytes, bytes]] = []
        total += sum(_rounds_in(waiting.pop(), 0, left, encrypted))
        if total > most:
            return total
        opened = (_opened(*one, password, left) for one in encrypted)
        waiting += [_known(one, 0, left) for one in opened if one is not None]
    return total


def _rounds_in(parts: Parts, depth: int, left: list[int], encrypted: list[tuple[bytes, bytes]]) -> Iterator[int]:
    if depth > _MAX_DEPTH:
        raise InputError("input.p12_nested")
    if (part := _encrypted(parts, depth, left)) is not None:
        encrypted.append(part)
    for place, (tag, _) in enumerate(parts):
        # In one piece, or in several.
        if tag & ~_CONSTRUCTED == _OCTETS:
            numbers = takewhile(lambda one: one[0] == _INTEGER, parts[place + 1 :])
            yield _cost([_number(value) for _, value in numbers])
    for tag, value in parts:
        if not tag & _CONSTRUCTED and tag != _OCTETS:
            continue
        inner = value
        if tag == _OCTETS | _CONSTRUCTED:
            # In pieces (X.690, 8.7.3).
            inner = b"".join(piece for _, piece in _known(value, depth, left))
        yield from _rounds_in(_known(inner, depth, left), depth + 1, left, encrypted)


def _cost(numbers: list[int]) -> int:
    """Return what the numbers after a salt ask for: N, r and p of scrypt (RFC 7914), else rounds, perhaps a length."""
    if len(numbers) >= _SCRYPT_NUMBERS:
        return numbers[0] * numbers[1] * numbers[2]
    return numbers[0] if numbers else 0


def _encrypted(parts: Parts, depth: int, left: list[int]) -> tuple[bytes, bytes] | None:
    """Return algorithm and content of an ``EncryptedContentInfo`` (RFC 2315, 10.1); ``None`` when it is none."""
    if len(parts) < _ENCRYPTED_PARTS or parts[0] != (_OID, _DATA) or parts[1][0] != _SEQUENCE:
        return None
    tag, content = parts[2]
    if tag & ~_CONSTRUCTED != _CONTEXT_0:
        return None
    if tag & _CONSTRUCTED:
        content = b"".join(piece for _, piece in _known(content, depth, left))
    return parts[1][1], content


def _opened(algorithm: bytes, content: bytes, password: bytes, left: list[int]) -> bytes | None:
    """Return what a part holds that is encrypted by PBES2 (RFC 8018, 6.2); ``None`` for another scheme or password."""
    try:
        scheme, parameters = _parts(algorithm, 0, left)
        derivation, cipher = _parts(parameters[1], 0, left)
        method, asked = _parts(derivation[1], 0, left)
        (_, cipher_name), (_, vector) = _parts(cipher[1], 0, left)
        if (scheme[1], method[1]) != (_PBES2, _PBKDF2):
            return None
        salt, rounds, *more = _parts(asked[1], 0, left)
        # Only what was counted is gone through.
        if (salt[0], rounds[0]) != (_OCTETS, _INTEGER):
            return None
        kind: type[HashAlgorithm] = SHA1
        for hashing in (value for tag, value in more if tag == _SEQUENCE):
            (_, name), *_ = _parts(hashing, 0, left)
            kind = _HASHES[name]
        made = PBKDF2HMAC(kind(), _KEY_BYTES[cipher_name], salt[1], _number(rounds[1]))
        decryptor = Cipher(AES(made.derive(password)), CBC(vector)).decryptor()
        unpadder = PKCS7(AES.block_size).unpadder()
        return unpadder.update(decryptor.update(content) + decryptor.finalize()) + unpadder.finalize()
    except (ValueError, LookupError):
        return None


def _number(content: bytes) -> int:
    return int.from_bytes(content, "big")


def _known(content: bytes, depth: int, left: list[int]) -> Parts:
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
