"""CPS4: the ChipDoc applet on logical channel 1. Source of the commands: the published CPS PKCS#11 library."""

from typing import ClassVar, Final

from segur_plugin_pkcs11.cps_card import PERFORM_SECURITY_OPERATION, SELECT, VERIFY, CpsCard, tries_told
from segur_plugin_pkcs11.pkcs15 import MASTER_FILE, PinRules, PrivateKey
from segur_plugin_pkcs11.rsa_blocks import digest_info, padded
from segur_sdk.cards.apdu import MAX_SHORT_DATA, MAX_SHORT_LE, CommandApdu, ResponseApdu
from segur_sdk.cards.iso7816 import refusal
from segur_sdk.cards.status_words import Behaviour, meaning_of
from segur_sdk.drivers import SignatureScheme

APPLET: Final = bytes.fromhex("8025000001FF0100")

_BY_IDENTIFIER: Final = 0x00
_BY_NAME: Final = 0x04
_FROM_MASTER_FILE: Final = 0x08
_FCI: Final = 0x00
_NO_ANSWER: Final = 0x0C
_CHAINED: Final = 0x10
_DECIPHER: Final = (0x80, 0x86)
_SET_FOR_SIGNATURE: Final = (0x81, 0xB6)
_SET_FOR_DECIPHERING: Final = (0x41, 0xB8)
_SHA256_PKCS1: Final = 0x28
_SHA256_PSS: Final = 0x2C
_HASHED: Final = 0x80
"""Added to the reference of a key that is given a digest."""


class Cps4Card(CpsCard):
    """Its AUT key deciphers any block and does PSS, its SIG key signs a digest."""

    cla: ClassVar[int] = 0x01
    answers_at_once: ClassVar[bool] = True

    def start(self) -> None:
        """Select the applet, which opens the channel."""
        answer = self._iso.send(CommandApdu(self.cla, SELECT, _BY_NAME, _NO_ANSWER, data=APPLET))
        if meaning_of(answer.sw).behaviour is not Behaviour.DONE:
            raise refusal(answer.sw, "applet")

    def tries_left(self, pin: PinRules) -> int | None:
        """Present no PIN at all: the card answers how many tries are left, whether it was verified or not."""
        return tries_told(self._iso.send(CommandApdu(self.cla, VERIFY, 0x00, pin.reference)).sw)

    def schemes(self, key: PrivateKey) -> frozenset[SignatureScheme]:
        """Return what the CPS library was seen to use each key for."""
        if key.signs_documents:
            return frozenset({SignatureScheme.PKCS1_SHA256})
        return frozenset(SignatureScheme)

    def sign(self, key: PrivateKey, scheme: SignatureScheme, data: bytes) -> bytes:
        """Sign a digest of 32 bytes, or a whole block for ``raw``."""
        if key.signs_documents or scheme is SignatureScheme.PSS_SHA256:
            algorithm = _SHA256_PKCS1 if key.signs_documents else _SHA256_PSS
            environment = bytes((0x91, 0x02, algorithm, key.reference | _HASHED))
            self._prepare(key, *_SET_FOR_SIGNATURE, environment)
            return self._sign_digest(key, data)
        block = data if scheme is SignatureScheme.RAW else padded(digest_info(data), key.modulus_length)
        self._prepare(key, *_SET_FOR_DECIPHERING, bytes((0x83, 0x01, key.reference)))
        return self._signature(key, self._decipher(block))

    def _decipher(self, block: bytes) -> ResponseApdu:
        """Have a block raised to the private exponent; it is longer than one short command can carry."""
        for start in range(0, len(block) - MAX_SHORT_DATA, MAX_SHORT_DATA):
            part = block[start : start + MAX_SHORT_DATA]
            command = CommandApdu(self.cla | _CHAINED, PERFORM_SECURITY_OPERATION, *_DECIPHER, data=part)
            answer = self._iso.send(command)
            if meaning_of(answer.sw).behaviour is not Behaviour.DONE:
                return answer
        rest = block[(len(block) - 1) // MAX_SHORT_DATA * MAX_SHORT_DATA :]
        return self._ask(PERFORM_SECURITY_OPERATION, *_DECIPHER, rest)

    def _select(self, path: bytes, *, with_answer: bool) -> ResponseApdu:
        below = path.removeprefix(MASTER_FILE)
        return self._iso.send(
            CommandApdu(
                self.cla,
                SELECT,
                _FROM_MASTER_FILE if below else _BY_IDENTIFIER,
                _FCI if with_answer else _NO_ANSWER,
                data=below or MASTER_FILE,
                le=MAX_SHORT_LE if with_answer else None,
            )
        )
