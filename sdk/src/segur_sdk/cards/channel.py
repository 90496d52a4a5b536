"""The one method that separates card logic from readers."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple, Protocol

STATUS_LENGTH: Final = 2
MAX_PLACE: Final = 0x7FFF


class CardChannel(Protocol):
    """An open card."""

    @property
    def atr(self) -> bytes:
        """Answer to reset."""
        ...

    def transmit(self, command: bytes, /) -> bytes:
        """Send one command APDU and return the response APDU, status word included.

        Raises:
            CardError: ``card.removed``, ``card.mute``, ``card.reader_unavailable``.
        """
        ...


class Step(NamedTuple):
    """One of several commands that go to a card in a row."""

    command: bytes
    """Command APDU."""
    then: int = 0x9000
    """Status word upon which the next command is sent."""
    reads_on: bool = False
    """A READ BINARY whose place is the number of bytes that the command before was answered; not sent when it was none
    (P1 and P2 are filled in; ISO 7816-4, 11.2.3)."""

    def after(self, before: bytes) -> bytes | None:
        """Return the command to send behind the answer ``before``, status word included; nothing when there is none."""
        place = len(before) - STATUS_LENGTH
        if not self.reads_on:
            return self.command
        if not 0 < place <= MAX_PLACE:
            return None
        return self.command[:2] + place.to_bytes(2, "big") + self.command[4:]


class RowChannel(CardChannel, Protocol):
    """An open card that takes several commands at once."""

    def transmit_all(self, steps: Sequence[Step], /) -> tuple[bytes, ...]:
        """Send one command after the other and return the response APDUs; see ``transmit_all``."""
        ...


def transmit_all(channel: CardChannel, steps: Sequence[Step]) -> tuple[bytes, ...]:
    """Send commands whose order depends on no answer, and stop behind the first that is answered otherwise.

    A host whose readers are in another process sends them there in one go (:class:`RowChannel`); any other channel gets
    them one by one.

    Args:
        channel: the open card.
        steps: the commands.

    Returns:
        The response APDUs that there are, in that order: as many as ``steps``, or fewer.

    Raises:
        CardError: as ``CardChannel.transmit``; what the card answered before is lost then.
    """
    own: Callable[[Sequence[Step]], tuple[bytes, ...]] | None = getattr(channel, "transmit_all", None)
    return one_by_one(channel.transmit, steps) if own is None else own(steps)


def one_by_one(transmit: Callable[[bytes], bytes], steps: Sequence[Step]) -> tuple[bytes, ...]:
    """Do what ``transmit_all`` does by means of something that sends one command."""
    answers: list[bytes] = []
    for step in steps:
        command = step.after(answers[-1] if answers else b"")
        if command is None:
            break
        answers.append(transmit(command))
        if answers[-1][-2:] != step.then.to_bytes(2, "big"):
            break
    return tuple(answers)
