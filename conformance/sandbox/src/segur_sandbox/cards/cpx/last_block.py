"""SHA-256 of which a card computes the end only: a terminal hashed the blocks before (FIPS 180-4, 6.2.2)."""

import hashlib
import math
from typing import Final

BLOCK_BYTES = 64
STATE_BYTES = 32
_MASK = 0xFFFFFFFF
_ROUNDS = 64


def _cube_root_fractions() -> tuple[int, ...]:
    """The round constants: 32 bits of the fractional part of the cube roots of the first primes (FIPS 180-4, 4.2.2)."""
    primes = [
        number for number in range(2, 312) if all(number % divisor for divisor in range(2, math.isqrt(number) + 1))
    ]
    return tuple(_cube_root(prime << 96) & _MASK for prime in primes[:_ROUNDS])


def _cube_root(value: int) -> int:
    low, high = 0, 1 << (value.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= value else (low, middle - 1)
    return low


_CONSTANTS: Final = _cube_root_fractions()


def finish_sha256(state: bytes, hashed_bytes: int, last: bytes) -> bytes:
    """Return the digest of a message.

    Args:
        state: The intermediate hash, 32 bytes, or nothing when `last` is the whole message.
        hashed_bytes: How many bytes it stands for, a multiple of 64.
        last: The rest, at most 64 bytes.
    """
    if not state:
        return hashlib.sha256(last).digest()
    size = 8 * (hashed_bytes + len(last))
    filling = b"\x80" + bytes(-(len(last) + 9) % BLOCK_BYTES)
    rest = last + filling + size.to_bytes(8, "big")
    words = [int.from_bytes(state[at : at + 4], "big") for at in range(0, STATE_BYTES, 4)]
    for at in range(0, len(rest), BLOCK_BYTES):
        words = _compress(words, rest[at : at + BLOCK_BYTES])
    return b"".join(word.to_bytes(4, "big") for word in words)


def _compress(state: list[int], block: bytes) -> list[int]:
    schedule = [int.from_bytes(block[at : at + 4], "big") for at in range(0, BLOCK_BYTES, 4)]
    for _ in range(_ROUNDS - len(schedule)):
        older, newer = schedule[-15], schedule[-2]
        low = _rotate(older, 7) ^ _rotate(older, 18) ^ older >> 3
        high = _rotate(newer, 17) ^ _rotate(newer, 19) ^ newer >> 10
        schedule.append(schedule[-16] + low + schedule[-7] + high & _MASK)
    a, b, c, d, e, f, g, h = state
    for word, constant in zip(schedule, _CONSTANTS, strict=True):
        first = h + (_rotate(e, 6) ^ _rotate(e, 11) ^ _rotate(e, 25)) + (e & f ^ ~e & g) + constant + word
        second = (_rotate(a, 2) ^ _rotate(a, 13) ^ _rotate(a, 22)) + (a & b ^ a & c ^ b & c)
        a, b, c, d, e, f, g, h = first + second & _MASK, a, b, c, d + first & _MASK, e, f, g
    return [old + new & _MASK for old, new in zip(state, (a, b, c, d, e, f, g, h), strict=True)]


def _rotate(word: int, count: int) -> int:
    return (word >> count | word << 32 - count) & _MASK
