"""Sending the commands that are known to follow together with the one that is asked for."""

from collections import deque
from collections.abc import Sequence
from typing import Final

from segur_sdk.cards.channel import CardChannel, Step, transmit_all
from segur_sdk.cards.status_words import StatusWord

Row = tuple[bytes, ...]
"""Commands of which each follows whenever the one before was answered ``9000``; the last one reads a file."""
_READ_BINARY: Final = 0xB0
_BY_SHORT_ID: Final = 0x80
_READ_ON: Final = Step(bytes((0x00, _READ_BINARY, 0x00, 0x00, 0x00)), StatusWord.OFFSET_OUTSIDE_FILE, reads_on=True)
"""Whether the file ended with the first answer, which it does on most cards."""


class AheadChannel:
    """Implements ``CardChannel`` for the reading of several files in a known order.

    What is asked next is answered from what was sent already. All rows are sent at the beginning, when the first
    command of the next one is asked for, or behind a command that reads on in a file; the card's first unexpected
    answer ends that.

    Args:
        channel: the open card.
        rows: one for each file.
    """

    def __init__(self, channel: CardChannel, rows: Sequence[Row]) -> None:
        self._channel = channel
        self._rows = deque(rows)
        self._answered: deque[tuple[bytes, bytes]] = deque()

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        return self._channel.atr

    def send_all(self) -> bool:
        """Begin: send all rows, and tell whether each file ended as expected, so that nothing is left to ask."""
        return self._send(self._rows[0][0])

    def transmit(self, command: bytes, /) -> bytes:
        """Answer one command, which goes to the card now unless it has gone there."""
        if not self._answered:
            self._send(command)
        sent, answer = self._answered.popleft()
        assert sent == command, "a row was sent that nobody asked for"
        return answer

    def _send(self, command: bytes) -> bool:
        begins = bool(self._rows) and command == self._rows[0][0]
        steps = [] if begins else [Step(command, StatusWord.OFFSET_OUTSIDE_FILE)]
        begun = []
        if begins or _reads_on(command):
            for row in self._rows:
                begun.append(len(steps))
                steps += [*map(Step, row), _READ_ON]
        answers = transmit_all(self._channel, steps)
        for place in begun:
            if place < len(answers):
                self._rows.popleft()
        before = b""
        for step, answer in zip(steps, answers, strict=False):
            self._answered.append((step.after(before) or b"", answer))
            before = answer
        return len(answers) == len(steps) and before[-2:] == steps[-1].then.to_bytes(2, "big")


def _reads_on(command: bytes) -> bool:
    _, instruction, p1, p2 = command[:4]
    return instruction == _READ_BINARY and not p1 & _BY_SHORT_ID and (p1, p2) != (0, 0)
