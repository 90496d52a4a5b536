"""Commands of ISO 7816-4 over a card channel: selection and bounded reading of transparent files.

Every loop has an end: a card that answers ``61xx`` or ``6Cxx`` for ever, or never ends a file, is an error.
"""

from typing import Final

import attrs

from segur_sdk.cards.apdu import MAX_SHORT_LE, CommandApdu, ResponseApdu
from segur_sdk.cards.channel import CardChannel
from segur_sdk.cards.status_words import Behaviour, StatusWord, meaning_of
from segur_sdk.errors import CardError

MAX_FILE_SIZE: Final = 32_767
"""READ BINARY has a 15-bit offset."""

_MAX_GET_RESPONSES: Final = 64
_MAX_ANSWER: Final = 65_536
_MAX_READS: Final = 256
_SELECT: Final = 0xA4
_READ_BINARY: Final = 0xB0
_GET_RESPONSE: Final = 0xC0
_BY_FILE_ID: Final = 0x00
_BY_NAME: Final = 0x04
_BY_SHORT_ID: Final = 0x80
_MAX_SHORT_ID: Final = 30


def refusal(sw: int, step: str) -> CardError:
    """Return the error that a status word stands for.

    Args:
        sw: status word that ended the command.
        step: what was being done, lower case (``select``, ``read``): never content.
    """
    behaviour = meaning_of(sw).behaviour
    code = {
        Behaviour.PROTECTED: "card.protected",
        Behaviour.BLOCKED: "card.blocked",
    }.get(behaviour, "card.unreadable")
    return CardError(code, reason=behaviour.value, sw=f"{sw:04X}", step=step)


@attrs.frozen
class Iso7816Card:
    """A card that speaks ISO 7816-4.

    Args:
        channel: the open card.
        cla: class byte of the commands: the logical channel, without secure messaging.
    """

    channel: CardChannel = attrs.field(repr=False)
    cla: int = 0x00

    def send(self, command: CommandApdu) -> ResponseApdu:
        """Send a command, fetch what ``61xx``/``9Fxx`` announces, replay once on ``6Cxx``.

        Returns:
            All data together with the status word that ended them, whatever it is.

        Raises:
            CardError: ``card.protocol`` with ``reason`` ``status_word``, ``response_too_short``,
                ``endless_le``, ``endless_response`` or ``response_too_long``; what the channel raises.
        """
        response = self._exchange(command)
        data = response.data
        fetched = 0
        while meaning_of(response.sw).behaviour is Behaviour.MORE_DATA:
            fetched += 1
            if fetched > _MAX_GET_RESPONSES:
                raise CardError("card.protocol", reason="endless_response")
            available = response.sw & 0xFF or MAX_SHORT_LE
            response = self._exchange(CommandApdu(command.cla, _GET_RESPONSE, 0, 0, le=available))
            data += response.data
            if len(data) > _MAX_ANSWER:
                raise CardError("card.protocol", reason="response_too_long", limit=_MAX_ANSWER)
        return ResponseApdu(data, response.sw)

    def _exchange(self, command: CommandApdu) -> ResponseApdu:
        response = self._transmit(command)
        if meaning_of(response.sw).behaviour is not Behaviour.WRONG_LE:
            return response
        response = self._transmit(attrs.evolve(command, le=response.sw & 0xFF or MAX_SHORT_LE))
        if meaning_of(response.sw).behaviour is Behaviour.WRONG_LE:
            raise CardError("card.protocol", reason="endless_le")
        return response

    def _transmit(self, command: CommandApdu) -> ResponseApdu:
        response = ResponseApdu.parse(self.channel.transmit(command.build()))
        if command.le is not None and len(response.data) > command.le:
            raise CardError("card.protocol", reason="response_too_long", limit=command.le)
        return response

    def select_file(self, file_id: int) -> ResponseApdu:
        """Select a file by its identifier (16 bits); the answer's status word tells whether it is there."""
        return self.send(CommandApdu(self.cla, _SELECT, _BY_FILE_ID, 0x00, data=file_id.to_bytes(2, "big")))

    def select_application(self, aid: bytes) -> ResponseApdu:
        """Select an application by its AID (5–16 bytes); the answer's status word tells whether it is there."""
        return self.send(CommandApdu(self.cla, _SELECT, _BY_NAME, 0x00, data=aid))

    def read_short_file(self, short_id: int, *, max_size: int = MAX_FILE_SIZE) -> bytes:
        """Read a whole transparent file by its short identifier, which also makes it the current file.

        Args:
            short_id: 1–30.
            max_size: bytes beyond which the file is refused.

        Raises:
            CardError: ``card.protected``, ``card.blocked``, ``card.unreadable`` (``reason``: what the status
                word means, or ``too_large``), ``card.protocol`` (``endless_file``, and those of :meth:`send`);
                what the channel raises.
        """
        if not 1 <= short_id <= _MAX_SHORT_ID:
            raise CardError("card.protocol", reason="short_file_id")
        return self._read(_BY_SHORT_ID | short_id, max_size)

    def read_current_file(self, *, max_size: int = MAX_FILE_SIZE) -> bytes:
        """Read the whole transparent file that is selected; errors as :meth:`read_short_file`."""
        return self._read(0x00, max_size)

    def _read(self, first_p1: int, max_size: int) -> bytes:
        limit = min(max_size, MAX_FILE_SIZE)
        content, short = b"", False
        p1, p2 = first_p1, 0x00
        for _ in range(_MAX_READS):
            response = self.send(CommandApdu(self.cla, _READ_BINARY, p1, p2, le=MAX_SHORT_LE))
            behaviour = meaning_of(response.sw).behaviour
            if content and _complains_of_place(response.sw, after_short_answer=short):
                return content
            ended = behaviour is Behaviour.END_OF_FILE and bool(content or response.data)
            if not ended and behaviour is not Behaviour.DONE:
                raise refusal(response.sw, "read")
            content += response.data
            if len(content) > limit:
                raise CardError("card.unreadable", reason="too_large", limit=limit)
            if ended or not response.data:
                return content
            short = len(response.data) < MAX_SHORT_LE
            p1, p2 = divmod(len(content), 0x100)
        raise CardError("card.protocol", reason="endless_file")


def _complains_of_place(sw: int, *, after_short_answer: bool) -> bool:
    """Tell whether the card says, by refusing to read on, that the file had ended.

    A short answer to Le = 00 is the end of a file by the norm; asking once more costs one command and catches a
    reader that cuts answers. Any complaint about the command then confirms the end. After a full answer a
    complaint about the length could hide a rest, so only one about the place counts.
    """
    if meaning_of(sw).behaviour is not Behaviour.BAD_COMMAND:
        return False
    return after_short_answer or sw == StatusWord.WRONG_PARAMETERS
