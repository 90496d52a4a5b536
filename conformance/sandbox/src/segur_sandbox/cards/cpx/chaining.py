"""Puts the pieces of a chained command together (ISO 7816-4, 5.1.1.1); only PSO DECIPHER is long enough to need it."""

import attrs

from segur_sandbox.cards.command import Command
from segur_sandbox.cards.cpx.refusal import RefusedError
from segur_sandbox.cards.status_words import CHAINING, LAST_OF_CHAIN_EXPECTED, WRONG_LENGTH

CHAIN_BIT = 0x10
_CHAINED = (0x2A, 0x80, 0x86)
_MOST = 512


class Chain:
    """The pieces received so far."""

    def __init__(self) -> None:
        self._pieces = b""

    def reset(self) -> None:
        """Forget an unfinished chain."""
        self._pieces = b""

    def complete(self, command: Command) -> Command | None:
        """Return the whole command, or `None` while pieces are missing.

        Raises:
            RefusedError: another command in the middle of a chain (which ends there), a command that cannot be
                chained, or too much data.
        """
        more_follows = bool(command.cla & CHAIN_BIT)
        chained = (command.ins, command.p1, command.p2) == _CHAINED
        earlier, self._pieces = self._pieces, b""
        if earlier and not chained:
            raise RefusedError(LAST_OF_CHAIN_EXPECTED)
        if more_follows and not chained:
            raise RefusedError(CHAINING)
        whole = earlier + command.data
        if len(whole) > _MOST or (more_follows and not command.data):
            raise RefusedError(WRONG_LENGTH)
        if more_follows:
            self._pieces = whole
            return None
        return attrs.evolve(command, cla=command.cla & ~CHAIN_BIT, data=whole)
