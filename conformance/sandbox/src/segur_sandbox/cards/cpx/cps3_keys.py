"""The keys of a CPS3: security environments and what is done in them (IAS ECC).

The algorithm references 42, 02, 40 and 1A are those that the ANS's PKCS#11 library 3.01 sends.
"""

from segur_sandbox.cards.command import Command
from segur_sandbox.cards.cpx import rsa
from segur_sandbox.cards.cpx.access import Access
from segur_sandbox.cards.cpx.last_block import BLOCK_BYTES, STATE_BYTES, finish_sha256
from segur_sandbox.cards.cpx.refusal import RefusedError
from segur_sandbox.cards.status_words import (
    CONDITIONS,
    NO_SUCH_REFERENCE,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1_P2,
)
from segur_sandbox.pki.card_leaves import CardKeys

_SIGNATURE, _AUTHENTICATION, _HASH, _CONFIDENTIALITY = 0xB6, 0xA4, 0xAA, 0xB8
_SET_COMPUTATION = 0x41
_ENVIRONMENTS = {
    _SIGNATURE: (b"\x80\x01\x42", b"\x84\x01\x10"),
    _AUTHENTICATION: (b"\x80\x01\x02", b"\x84\x01\x20"),
    _HASH: (b"\x80\x01\x40", b""),
    _CONFIDENTIALITY: (b"\x80\x01\x1a", b"\x84\x01\x20"),
}
"""Template → algorithm and key: the signature key signs, the other one authenticates and deciphers."""
_KNOWN_KEYS = (b"\x84\x01\x10", b"\x84\x01\x20")
_REFERENCE_BYTES = 3
_SIGN, _HASH_LAST, _DECIPHER = (0x9E, 0x9A), (0x90, 0xA0), (0x80, 0x86)
_LARGEST_DIGEST_INFO = rsa.MODULUS_BYTES * 2 // 5
_COUNT_BYTES = 8
_RSA_PADDING = b"\x81"


class Cps3Keys:
    """The security environments set since power on, and the operations that need them."""

    def __init__(self, keys: CardKeys, access: Access) -> None:
        self._keys = keys
        self._access = access
        self.reset()

    def reset(self) -> None:
        """Forget every environment and a digest in the making."""
        self._set: set[int] = set()
        self._digest: bytes | None = None

    def manage(self, p1: int, template: int, data: bytes) -> None:
        """Set one environment; a refused one is no longer set."""
        if p1 != _SET_COMPUTATION or template not in _ENVIRONMENTS:
            raise RefusedError(WRONG_P1_P2)
        self._set.discard(template)
        algorithm, key = _ENVIRONMENTS[template]
        if key and data[-_REFERENCE_BYTES:] not in _KNOWN_KEYS:
            raise RefusedError(NO_SUCH_REFERENCE)
        if data != algorithm + key:
            raise RefusedError(WRONG_DATA)
        self._set.add(template)

    def perform(self, command: Command) -> bytes:
        """Answer PERFORM SECURITY OPERATION: sign a digest, hash the last block, decipher."""
        operation = (command.p1, command.p2)
        if operation == _SIGN:
            return self._sign(command.data)
        if operation == _HASH_LAST:
            return self._hash(command.data)
        if operation == _DECIPHER:
            return self._decipher(command.data)
        raise RefusedError(WRONG_P1_P2)

    def authenticate(self, data: bytes) -> bytes:
        """Answer INTERNAL AUTHENTICATE: pad and sign what the terminal gives, at most 40 % of the modulus."""
        self._ready(_AUTHENTICATION)
        if not 0 < len(data) <= _LARGEST_DIGEST_INFO:
            raise RefusedError(WRONG_LENGTH)
        return rsa.sign_block(self._keys.key("AUT"), data)

    def _sign(self, data: bytes) -> bytes:
        """Sign the digest given, or the one that the card finished itself when none is given."""
        self._ready(_SIGNATURE)
        digest, self._digest = data or self._digest, None
        if digest is None:
            raise RefusedError(CONDITIONS)
        if len(digest) != rsa.DIGEST_BYTES:
            raise RefusedError(WRONG_LENGTH)
        return rsa.sign_pkcs1(self._keys.key("SIG"), digest)

    def _hash(self, data: bytes) -> bytes:
        """Finish a digest: `90` intermediate hash and bits hashed so far (or empty), `80` last block."""
        if _HASH not in self._set:
            raise RefusedError(CONDITIONS)
        self._digest = None
        size = data[1] if data[:1] == b"\x90" and len(data) > 1 else -1
        before, last = data[2 : 2 + size], data[2 + size :]
        known = size in (0, STATE_BYTES + _COUNT_BYTES) and len(before) == size
        if not known or last[:1] != b"\x80" or not 0 < len(last) - 2 == last[1] <= BLOCK_BYTES:
            raise RefusedError(WRONG_DATA)
        state, count = before[:STATE_BYTES], int.from_bytes(before[STATE_BYTES:], "big")
        if count % (8 * BLOCK_BYTES):
            raise RefusedError(WRONG_DATA)
        self._digest = finish_sha256(state, count // 8, last[2:])
        return b""

    def _decipher(self, data: bytes) -> bytes:
        self._ready(_CONFIDENTIALITY)
        if len(data) != len(_RSA_PADDING) + rsa.MODULUS_BYTES:
            raise RefusedError(WRONG_LENGTH)
        if not data.startswith(_RSA_PADDING):
            raise RefusedError(WRONG_DATA)
        block = rsa.raw(self._keys.key("AUT"), data[1:])
        message = rsa.without_encryption_padding(block) if block is not None else None
        if message is None:
            raise RefusedError(WRONG_DATA)
        return message

    def _ready(self, template: int) -> None:
        if template not in self._set:
            raise RefusedError(CONDITIONS)
        self._access.require_pin()
