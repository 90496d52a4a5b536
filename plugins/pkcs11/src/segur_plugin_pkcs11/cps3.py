"""CPS3 in contact: IAS ECC over T=0. Source of the commands: the published CPS PKCS#11 library, ``card-cps3.c``."""

from collections.abc import Iterable
from typing import ClassVar, Final

from segur_plugin_pkcs11.cps_card import SELECT, CpsCard
from segur_plugin_pkcs11.pkcs15 import MASTER_FILE, PinRules, PrivateKey
from segur_plugin_pkcs11.rsa_blocks import digest_info
from segur_sdk.cards.apdu import CommandApdu, ResponseApdu
from segur_sdk.cards.status_words import StatusWord
from segur_sdk.cards.tlv import Tlv, parse_tlv
from segur_sdk.drivers import SignatureScheme

_BY_PATH: Final = 0x09
_FCI: Final = 0x04
_NO_ANSWER: Final = 0x0C
_GET_DATA: Final = (0xCB, 0x3F, 0xFF)
_INTERNAL_AUTHENTICATE: Final = (0x88, 0x00, 0x00)
_SET: Final = 0x41
_FOR_SIGNATURE: Final = 0xB6
_FOR_AUTHENTICATION: Final = 0xA4
_SHA256_PKCS1: Final = 0x42
_PKCS1: Final = 0x02
_TRIES_LEFT: Final = 0x9B
_USES_LEFT: Final = 0x9D
_MOST_TRIES: Final = 15


class Cps3Card(CpsCard):
    """Its AUT key authenticates (the card pads a DigestInfo), its SIG key signs a digest; neither does PSS."""

    cla: ClassVar[int] = 0x00
    answers_at_once: ClassVar[bool] = False

    def start(self) -> None:
        """Nothing is to be done: the IAS part is there from the start."""

    def tries_left(self, pin: PinRules) -> int | None:
        """Ask the card for the object that holds its PIN's counters."""
        self._select(MASTER_FILE, with_answer=False)
        wanted = bytes((0x4D, 0x08, 0x70, 0x06, 0xBF, 0x81, pin.reference, 0x02, 0xA0, 0x80))
        answer = self._ask(*_GET_DATA, wanted)
        if answer.sw != StatusWord.OK:
            return None
        found = {one.tag: int.from_bytes(one.value, "big") for one in _primitives(parse_tlv(answer.data, file="PIN"))}
        if found.get(_USES_LEFT) == 0:
            return 0
        left = found.get(_TRIES_LEFT)
        return left if left is None or left <= _MOST_TRIES else None

    def schemes(self, key: PrivateKey) -> frozenset[SignatureScheme]:
        """Return PKCS#1 v1.5 with SHA-256, which is all that either key does."""
        return frozenset({SignatureScheme.PKCS1_SHA256})

    def sign(self, key: PrivateKey, scheme: SignatureScheme, data: bytes) -> bytes:
        """Sign a digest of 32 bytes."""
        algorithm = _SHA256_PKCS1 if key.signs_documents else _PKCS1
        environment = bytes((0x80, 0x01, algorithm, 0x84, 0x01, key.reference))
        if key.signs_documents:
            self._prepare(key, _SET, _FOR_SIGNATURE, environment)
            return self._sign_digest(key, data)
        self._prepare(key, _SET, _FOR_AUTHENTICATION, environment)
        return self._signature(key, self._ask(*_INTERNAL_AUTHENTICATE, digest_info(data)))

    def _select(self, path: bytes, *, with_answer: bool) -> ResponseApdu:
        p2 = _FCI if with_answer else _NO_ANSWER
        return self._iso.send(CommandApdu(self.cla, SELECT, _BY_PATH, p2, data=path))


def _primitives(objects: Iterable[Tlv]) -> Iterable[Tlv]:
    for one in objects:
        if one.children:
            yield from _primitives(one.children)
        else:
            yield one
