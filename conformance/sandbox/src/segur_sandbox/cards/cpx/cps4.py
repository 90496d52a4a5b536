"""A powered CPS4: ChipDoc applet on logical channel 1, protocol T=1.

Commands as the ANS's PKCS#11 library sends them. The basic channel holds the CPS2ter applet, of which only the
selection is known here.
"""

from collections.abc import Mapping

from segur_sandbox.cards.command import Command
from segur_sandbox.cards.cpx import rsa
from segur_sandbox.cards.cpx.chaining import CHAIN_BIT
from segur_sandbox.cards.cpx.counters import SecretCodes
from segur_sandbox.cards.cpx.parameters import no_data, only_data, want
from segur_sandbox.cards.cpx.pkcs15 import PIN_REFERENCE
from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.cards.cpx.refusal import RefusedError
from segur_sandbox.cards.cpx.selection import BY_NAME
from segur_sandbox.cards.cpx.session import CpxSession, Handler
from segur_sandbox.cards.status_words import (
    CHANNEL,
    CONDITIONS,
    END_OF_FILE,
    NO_SUCH_REFERENCE,
    NOT_FOUND,
    OK,
    WRONG_CLASS,
    WRONG_DATA,
    WRONG_LENGTH,
    WRONG_P1_P2,
    exact_length,
)
from segur_sandbox.pki.card_leaves import CardKeys, CardUsage

AID_CHIPDOC = bytes.fromhex("8025000001FF0100")
AID_CPS2TER = bytes.fromhex("8025000001FF0002")
AID_ISSUER_DOMAIN = bytes.fromhex("A0000001510000")
_CHANNEL_0, _CHANNEL_1 = 0x00, 0x01
_LAST_CHANNEL = 0x03
_SELECT = 0xA4
_SHORT_ALL, _EXTENDED_ALL = 256, 65536
_ENVIRONMENT_BYTES = 4
_SIGN_HASH = (0x9E, 0x9A)
_DECIPHER = (0x80, 0x86)
_SIGNATURE_KEYS: dict[bytes, CardUsage] = {b"\x28\x90": "SIG", b"\x2c\xa0": "AUT"}
"""Algorithm and key (with the bit that says *hashed outside*): PKCS#1 with the one, PSS with the other."""
_KNOWN_KEYS = (0x90, 0xA0)
_DECIPHER_KEYS: dict[bytes, CardUsage] = {b"\x83\x01\x20": "AUT"}


class Cps4Session(CpxSession):
    """The state of a powered CPS4."""

    def __init__(self, card: CpxRecord, keys: CardKeys, codes: SecretCodes) -> None:
        super().__init__(card, keys, codes, root_name=AID_CHIPDOC, extended=True)
        self._on_channel_1 = False
        self._signing: bytes | None = None
        self._deciphering: CardUsage | None = None
        self._unblocked = False

    def power(self) -> None:
        """Start again as after power on or reset: the applet must be selected again."""
        super().power()
        self._on_channel_1 = False
        self._signing = self._deciphering = None
        self._unblocked = False

    def _check_class(self, command: Command) -> None:
        channel = command.cla & ~CHAIN_BIT
        by_name = (command.ins, command.p1) == (_SELECT, BY_NAME)
        if command.cla == _CHANNEL_0 and by_name:
            return
        if channel in range(_CHANNEL_1 + 1, _LAST_CHANNEL + 1):
            raise RefusedError(CHANNEL)
        if channel != _CHANNEL_1:
            raise RefusedError(WRONG_CLASS)
        if not (self._on_channel_1 or by_name):
            raise RefusedError(CHANNEL)

    def _handlers(self) -> Mapping[int, Handler]:
        return {
            _SELECT: self._select,
            0xB0: self._read,
            0x20: self._verify,
            0x24: self._change,
            0x2C: self._unblock,
            0x22: self._manage,
            0x2A: self._perform,
        }

    def _select(self, command: Command) -> bytes:
        elsewhere = AID_CPS2TER if command.cla == _CHANNEL_0 else AID_ISSUER_DOMAIN
        if command.p1 == BY_NAME and command.data == elsewhere:
            self._on_channel_1 = self._on_channel_1 and command.cla == _CHANNEL_0
            return OK
        if command.cla == _CHANNEL_0 or not (self._on_channel_1 or command.data == AID_CHIPDOC):
            raise RefusedError(NOT_FOUND)
        information = self.selection.select(command)
        self._on_channel_1 = True
        if information and command.expected is not None:
            return self._whole(information, command)
        return OK

    def _read(self, command: Command) -> bytes:
        if command.data or command.expected is None:
            raise RefusedError(WRONG_LENGTH)
        content = self.selection.content(command, verified=self.access.verified)
        asked_for_all = command.expected in (_SHORT_ALL, _EXTENDED_ALL)
        short = len(content) < command.expected and not asked_for_all
        return content[: command.expected] + (END_OF_FILE if short else OK)

    def _verify(self, command: Command) -> bytes:
        want(command, (0, command.p2))
        if command.expected is not None:
            raise RefusedError(WRONG_LENGTH)
        if not command.data:
            # Even once verified: this card tells the tries left, never 9000.
            self.access.refuse_with_tries(command.p2)
        self.access.present(command.p2, command.data)
        return OK

    def _change(self, command: Command) -> bytes:
        """Replace the PIN just verified, or just unblocked, by a new one; the old one is not repeated."""
        want(command, (0x01, PIN_REFERENCE))
        value = only_data(command)
        if not self._unblocked:
            self.access.require_pin()
        self.access.replace_pin(value)
        self._unblocked = False
        return OK

    def _unblock(self, command: Command) -> bytes:
        """Give the tries back after the PUK was verified; a new PIN follows with CHANGE."""
        want(command, (0x03, PIN_REFERENCE | 0x80))
        no_data(command)
        self.access.require_puk()
        self.access.unlock_pin()
        self._unblocked = True
        return OK

    def _manage(self, command: Command) -> bytes:
        data = only_data(command)
        if (command.p1, command.p2) == (0x81, 0xB6):
            self._signing = None
            if len(data) != _ENVIRONMENT_BYTES or data[:2] != b"\x91\x02":
                raise RefusedError(WRONG_DATA)
            if data[3] not in _KNOWN_KEYS:
                raise RefusedError(NO_SUCH_REFERENCE)
            if data[2:] not in _SIGNATURE_KEYS:
                raise RefusedError(WRONG_DATA)
            self._signing = data[2:]
        elif (command.p1, command.p2) == (0x41, 0xB8):
            self._deciphering = None
            if data not in _DECIPHER_KEYS:
                raise RefusedError(NO_SUCH_REFERENCE if data[:2] == b"\x83\x01" else WRONG_DATA)
            self._deciphering = _DECIPHER_KEYS[data]
        else:
            raise RefusedError(WRONG_P1_P2)
        return OK

    def _perform(self, command: Command) -> bytes:
        want(command, _SIGN_HASH, _DECIPHER)
        operation = self._sign if (command.p1, command.p2) == _SIGN_HASH else self._decipher
        return self._whole(operation(command), command)

    def _sign(self, command: Command) -> bytes:
        if self._signing is None:
            raise RefusedError(CONDITIONS)
        self.access.require_pin()
        if len(command.data) != rsa.DIGEST_BYTES or command.expected is None:
            raise RefusedError(WRONG_LENGTH)
        usage = _SIGNATURE_KEYS[self._signing]
        sign = rsa.sign_pkcs1 if usage == "SIG" else rsa.sign_pss
        return sign(self.keys.key(usage), command.data)

    def _decipher(self, command: Command) -> bytes:
        """Return the raw RSA operation; this is how the card authenticates, for want of INTERNAL AUTHENTICATE."""
        if self._deciphering is None:
            raise RefusedError(CONDITIONS)
        self.access.require_pin()
        if len(command.data) != rsa.MODULUS_BYTES or command.expected is None:
            raise RefusedError(WRONG_LENGTH)
        result = rsa.raw(self.keys.key(self._deciphering), command.data)
        if result is None:
            raise RefusedError(WRONG_DATA)
        return result

    @staticmethod
    def _whole(data: bytes, command: Command) -> bytes:
        if command.expected is not None and command.expected < len(data):
            raise RefusedError(exact_length(len(data)))
        return data + OK
