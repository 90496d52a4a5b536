"""A powered CPS3: IAS ECC application, protocol T=0.

Commands as the ANS's PKCS#11 library sends them. In T=0 a command carries data or brings some back, never both: what
it brings back waits for GET RESPONSE.
"""

from collections.abc import Mapping

from segur_sandbox.cards.command import Command
from segur_sandbox.cards.cpx.chaining import CHAIN_BIT
from segur_sandbox.cards.cpx.counters import TRIES, SecretCodes
from segur_sandbox.cards.cpx.cps3_keys import Cps3Keys
from segur_sandbox.cards.cpx.parameters import data_of, only_data, want
from segur_sandbox.cards.cpx.pkcs15 import PIN_LENGTH, PIN_REFERENCE, PUK_LENGTH, PUK_REFERENCE
from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.cards.cpx.refusal import RefusedError
from segur_sandbox.cards.cpx.session import CpxSession, Handler
from segur_sandbox.cards.status_words import (
    CONDITIONS,
    OK,
    WRONG_CLASS,
    WRONG_DATA,
    WRONG_LENGTH,
    exact_length,
    more,
)
from segur_sandbox.cards.tlv import tlv
from segur_sandbox.pki.card_leaves import CardKeys

_GET_RESPONSE = 0xC0
_MAXIMUM = 256
_TRIES_QUESTION = (b"\x4d\x08\x70\x06\xbf\x81", b"\x02\xa0\x80")


class Cps3Session(CpxSession):
    """The state of a powered CPS3."""

    def __init__(self, card: CpxRecord, keys: CardKeys, codes: SecretCodes) -> None:
        super().__init__(card, keys, codes, root_name=b"", extended=False)
        self._operations = Cps3Keys(keys, self.access)
        self._waiting = b""

    def power(self) -> None:
        """Start again as after power on or reset."""
        super().power()
        self._operations.reset()
        self._waiting = b""

    def _check_class(self, command: Command) -> None:
        if command.cla & ~CHAIN_BIT:
            raise RefusedError(WRONG_CLASS)
        if command.ins != _GET_RESPONSE:
            self._waiting = b""

    def _handlers(self) -> Mapping[int, Handler]:
        return {
            0xA4: self._select,
            0xB0: self._read,
            _GET_RESPONSE: self._get_response,
            0xCB: self._get_data,
            0x20: self._verify,
            0x24: self._change,
            0x2C: self._unblock,
            0x22: self._manage,
            0x2A: self._perform,
            0x88: self._authenticate,
        }

    def _select(self, command: Command) -> bytes:
        return self._deliver(self.selection.select(command))

    def _read(self, command: Command) -> bytes:
        if command.data or command.expected is None:
            raise RefusedError(WRONG_LENGTH)
        content = self.selection.content(command, verified=self.access.verified)
        if len(content) < command.expected:
            raise RefusedError(exact_length(len(content)))
        return content[: command.expected] + OK

    def _get_response(self, command: Command) -> bytes:
        want(command, (0, 0))
        if command.data or command.expected is None:
            raise RefusedError(WRONG_LENGTH)
        if not self._waiting:
            raise RefusedError(CONDITIONS)
        if len(self._waiting) < command.expected < _MAXIMUM:
            raise RefusedError(exact_length(len(self._waiting)))
        answer, self._waiting = self._waiting[: command.expected], self._waiting[command.expected :]
        return answer + (more(len(self._waiting)) if self._waiting else OK)

    def _get_data(self, command: Command) -> bytes:
        """Tell the tries of a code: the only object of the card's that is asked for this way."""
        want(command, (0x3F, 0xFF))
        before, after = _TRIES_QUESTION
        size = len(before) + 1 + len(after)
        question = data_of(command, size)
        if not (question.startswith(before) and question.endswith(after)):
            raise RefusedError(WRONG_DATA)
        reference = question[len(before)]
        left = self.access.tries(reference)
        counters = tlv(0x9A, bytes([TRIES])) + tlv(0x9B, bytes([left]))
        return self._deliver(tlv(0x70, tlv(0xBF8100 | reference, tlv(0xA0, counters))))

    def _verify(self, command: Command) -> bytes:
        want(command, (0, command.p2))
        if command.expected is not None:
            raise RefusedError(WRONG_LENGTH)
        if command.data:
            self.access.present(command.p2, command.data)
        elif not (command.p2 == PIN_REFERENCE and self.access.verified):
            self.access.refuse_with_tries(command.p2)
        return OK

    def _change(self, command: Command) -> bytes:
        """Replace the PIN: the old one, then the new one."""
        want(command, (0, PIN_REFERENCE))
        codes = data_of(command, 2 * PIN_LENGTH)
        self.access.present(PIN_REFERENCE, codes[:PIN_LENGTH])
        self.access.replace_pin(codes[PIN_LENGTH:])
        return OK

    def _unblock(self, command: Command) -> bytes:
        """Give the PIN its tries back and another value: the PUK stands before it, or was verified already."""
        want(command, (0x00, PIN_REFERENCE), (0x02, PIN_REFERENCE))
        if command.p1:
            self.access.require_puk()
            self.access.replace_pin(only_data(command))
            return OK
        codes = data_of(command, PUK_LENGTH + PIN_LENGTH)
        self.access.present(PUK_REFERENCE, codes[:PUK_LENGTH])
        self.access.replace_pin(codes[PUK_LENGTH:])
        return OK

    def _manage(self, command: Command) -> bytes:
        self._operations.manage(command.p1, command.p2, only_data(command))
        return OK

    def _perform(self, command: Command) -> bytes:
        return self._deliver(self._operations.perform(command))

    def _authenticate(self, command: Command) -> bytes:
        want(command, (0, 0))
        return self._deliver(self._operations.authenticate(command.data))

    def _deliver(self, data: bytes) -> bytes:
        self._waiting = data
        return more(len(data)) if data else OK
