"""What commands to a professional's card amount to, from the exchanges that the sandbox saw.

Sources: ISO 7816-4 and 7816-8; external and internal specifications of the CPS PKCS#11 library of the ANS.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from segur_conformance.runner.bench import Bench

_VERIFY, _MSE = 0x20, 0x22
_CODES: Final = frozenset({_VERIFY, 0x24, 0x2C})
"""VERIFY, CHANGE REFERENCE DATA, RESET RETRY COUNTER."""
_SET: Final = frozenset({0x41, 0x81})
_KEY_TAGS: Final = frozenset({0x83, 0x84})
_NUMBER: Final = 0x7F
AUTHENTICATION: Final = 0x20
SIGNATURE: Final = 0x10
_CHIPDOC_KEY: Final = 0x91
"""Tag under which a CPS4 gets algorithm and key for a signature."""


def sent(bench: Bench) -> list[bytes]:
    """Return every command that the cards got; the sandbox masks codes, which are zeros here."""
    return [_bytes(one["request"]["body"]) for one in bench.sandbox.exchanges("cards") if one["request"]]


def codes_presented(commands: Iterable[bytes]) -> int:
    """Count the commands that present a PIN or a PUK: a VERIFY without data only asks how many tries are left."""
    return sum(1 for one in commands if len(one) > 5 and one[1] in _CODES)


def keys_used(commands: Iterable[bytes]) -> set[int]:
    """Return the references of the private keys that were chosen: ``AUTHENTICATION``, ``SIGNATURE``."""
    return {reference & _NUMBER for one in commands if one[1] == _MSE and one[2] in _SET for reference in _keys(one)}


def _keys(command: bytes) -> Iterator[int]:
    data = command[5 : 5 + command[4]]
    while len(data) >= 2:
        tag, value, data = data[0], data[2 : 2 + data[1]], data[2 + data[1] :]
        if tag in _KEY_TAGS or tag == _CHIPDOC_KEY:
            yield value[-1]


def _bytes(written: str) -> bytes:
    return bytes.fromhex(written.replace("X", "0"))
