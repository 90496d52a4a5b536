"""What both generations of professionals' cards have in common while powered."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping

from segur_sandbox.cards.command import Command, parse_command
from segur_sandbox.cards.cpx.access import Access
from segur_sandbox.cards.cpx.chaining import Chain
from segur_sandbox.cards.cpx.counters import SecretCodes
from segur_sandbox.cards.cpx.files import lay_out
from segur_sandbox.cards.cpx.records import CpxRecord
from segur_sandbox.cards.cpx.refusal import RefusedError
from segur_sandbox.cards.cpx.selection import Selection
from segur_sandbox.cards.status_words import OK, UNKNOWN_INSTRUCTION, WRONG_LENGTH
from segur_sandbox.pki.card_leaves import CardKeys

Handler = Callable[[Command], bytes]


class CpxSession(ABC):
    """One powered card; a generation adds its classes, its transport and its key operations.

    Args:
        card: The card.
        keys: Its certificates and keys.
        codes: Its PIN and PUK, which outlive the session.
        root_name: AID by which its root is selected.
        extended: Whether lengths of three bytes are understood.
    """

    def __init__(
        self, card: CpxRecord, keys: CardKeys, codes: SecretCodes, *, root_name: bytes, extended: bool
    ) -> None:
        self.card = card
        self.keys = keys
        self.access = Access(codes)
        self.selection = Selection(lay_out(card, keys, root_name))
        self._chain = Chain()
        self._extended = extended

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return self.card.atr

    def power(self) -> None:
        """Start again as after power on or reset; the tries left stay what they are."""
        self.access.reset()
        self.selection.reset()
        self._chain.reset()

    def transmit(self, apdu: bytes) -> bytes | None:
        """Answer one command APDU: data and status word."""
        command = parse_command(apdu, extended=self._extended)
        if command is None:
            return WRONG_LENGTH
        try:
            return self._answer(command)
        except RefusedError as refused:
            return refused.status

    def _answer(self, command: Command) -> bytes:
        self._check_class(command)
        whole = self._chain.complete(command)
        if whole is None:
            return OK
        handler = self._handlers().get(whole.ins)
        if handler is None:
            raise RefusedError(UNKNOWN_INSTRUCTION)
        return handler(whole)

    @abstractmethod
    def _check_class(self, command: Command) -> None:
        """Raise RefusedError for a class that the card does not have."""

    @abstractmethod
    def _handlers(self) -> Mapping[int, Handler]:
        """Return what answers each instruction."""
