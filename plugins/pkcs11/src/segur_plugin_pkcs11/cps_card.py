"""An open CPS: its files, its PIN and its keys, whatever the generation.

Commands are those that the published CPS PKCS#11 library (ASIP Santé, ANS) exchanges with cards of each generation;
ISO 7816-4 and 7816-8 name them. No loop over the card's answers is without end.
"""

from abc import ABC, abstractmethod
from typing import ClassVar, Final

from segur_plugin_pkcs11 import der
from segur_plugin_pkcs11.pkcs15 import PinRules, Place, PrivateKey
from segur_sdk.cards.apdu import MAX_SHORT_LE, CommandApdu, ResponseApdu
from segur_sdk.cards.channel import CardChannel
from segur_sdk.cards.iso7816 import MAX_FILE_SIZE, Iso7816Card, refusal
from segur_sdk.cards.status_words import Behaviour, StatusWord, meaning_of
from segur_sdk.cards.tlv import parse_tlv
from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import CardError

SERIAL_FILE: Final = bytes.fromhex("3F00D003")
ISSUER: Final = "8025000001"
"""Of the ANS: what comes before the number of the card, in EF.SN as in certificates."""
PKCS15_AID: Final = bytes.fromhex("E828BD080F8025000001FF0010")

SELECT: Final = 0xA4
_READ_BINARY: Final = 0xB0
VERIFY: Final = 0x20
MANAGE_SECURITY_ENVIRONMENT: Final = 0x22
PERFORM_SECURITY_OPERATION: Final = 0x2A
SIGNATURE: Final = (0x9E, 0x9A)

_READ_AT_ONCE: Final = 231
"""What the CPS library asks at most in one READ BINARY."""
_MAX_READS: Final = 512
_TRIES: Final = 0x63C0
_SERIAL_TAG: Final = 0x5A
_SERIAL_LENGTH: Final = 10
_FCI_TAGS: Final = (0x6F, 0x62)
_FCI_SIZE: Final = 0x80


class CpsCard(ABC):
    """A powered card on which nothing was done yet.

    Args:
        channel: the open card.
    """

    cla: ClassVar[int]
    answers_at_once: ClassVar[bool]
    """Whether a command with data is sent with Le (T=1), or its answer fetched by GET RESPONSE (T=0)."""

    def __init__(self, channel: CardChannel) -> None:
        self._iso = Iso7816Card(channel, self.cla)

    @abstractmethod
    def start(self) -> None:
        """Bring the card to where its files can be selected."""

    @abstractmethod
    def tries_left(self, pin: PinRules) -> int | None:
        """Return how often the PIN may still be presented; nothing when the card does not say. Costs no try."""

    @abstractmethod
    def schemes(self, key: PrivateKey) -> frozenset[SignatureScheme]:
        """Return what the key can be used for."""

    @abstractmethod
    def sign(self, key: PrivateKey, scheme: SignatureScheme, data: bytes) -> bytes:
        """Use a key with one of its schemes; the PIN was verified."""

    @abstractmethod
    def _select(self, path: bytes, *, with_answer: bool) -> ResponseApdu:
        """Select a file by its path from the master file on."""

    def serial(self) -> str:
        """Return the number of the card: the decimal digits of EF.SN after the issuer's.

        Raises:
            CardError: ``card.unreadable``, also when another issuer's number stands there.
        """
        found = parse_tlv(self.read(Place(SERIAL_FILE), "EF.SN"), file="EF.SN")
        if len(found) != 1 or found[0].tag != _SERIAL_TAG or len(found[0].value) != _SERIAL_LENGTH:
            raise der.malformed("EF.SN", _SERIAL_TAG)
        digits = found[0].value.hex().upper()
        number = digits.removeprefix(ISSUER).rstrip("F")
        if not digits.startswith(ISSUER) or not number.isdecimal():
            raise der.malformed("EF.SN", _SERIAL_TAG)
        return number

    def read(self, place: Place, file: str) -> bytes:
        """Read a file, or the part of it that ``place`` tells.

        Args:
            place: where it stands.
            file: how errors shall call it.

        Raises:
            CardError: those of :meth:`find`; ``card.unreadable``, reason ``not_found``.
        """
        content = self.find(place, file)
        if content is None:
            raise CardError("card.unreadable", reason=Behaviour.NOT_FOUND.value, file=file)
        return content

    def find(self, place: Place, file: str) -> bytes | None:
        """Read as :meth:`read` does; nothing when there is no such file.

        Raises:
            CardError: ``card.protected``, ``card.blocked``, ``card.unreadable`` (``reason`` ``too_large``,
                ``truncated``, ``pkcs15`` when the card does not tell the size, or what its status word means),
                ``card.protocol`` (``endless_file``, and those of ``Iso7816Card``); what the channel raises.
        """
        answer = self._select(place.path, with_answer=True)
        behaviour = meaning_of(answer.sw).behaviour
        if behaviour is Behaviour.NOT_FOUND:
            return None
        if behaviour is not Behaviour.DONE:
            raise refusal(answer.sw, file)
        size = _size(answer.data, file)
        if size > MAX_FILE_SIZE:
            raise CardError("card.unreadable", reason="too_large", file=file, limit=MAX_FILE_SIZE)
        content = self._read(size, file)
        end = size if place.length is None else place.offset + place.length
        if end > size:
            raise CardError("card.unreadable", reason="beyond_end", file=file)
        return content[place.offset : end]

    def verify(self, pin: PinRules, digits: str) -> None:
        """Present the PIN, once.

        Args:
            pin: how it is presented.
            digits: whose form was checked.

        Raises:
            CardError: ``token.pin_wrong`` with ``tries_left``, ``token.pin_locked`` when none is left,
                ``token.failed`` with the status word when the card did not judge it; what the channel raises.
        """
        block = digits.encode("ascii")
        if pin.padded_to is not None:
            block = block.ljust(pin.padded_to, bytes((pin.filler,)))
        sw = self._iso.send(CommandApdu(self.cla, VERIFY, 0x00, pin.reference, data=block)).sw
        if sw == StatusWord.OK:
            return
        left = tries_told(sw)
        if left is None:
            raise CardError("token.failed", step="verify", sw=f"{sw:04X}")
        raise CardError("token.pin_locked") if left == 0 else CardError("token.pin_wrong", tries_left=left)

    def _read(self, size: int, file: str) -> bytes:
        content = b""
        for _ in range(_MAX_READS):
            if len(content) == size:
                return content
            p1, p2 = divmod(len(content), 0x100)
            expected = min(size - len(content), _READ_AT_ONCE)
            answer = self._iso.send(CommandApdu(self.cla, _READ_BINARY, p1, p2, le=expected))
            behaviour = meaning_of(answer.sw).behaviour
            if behaviour not in (Behaviour.DONE, Behaviour.END_OF_FILE):
                raise refusal(answer.sw, file)
            if not answer.data:
                raise CardError("card.unreadable", reason="truncated", file=file)
            content += answer.data
            if len(content) > size:
                raise CardError("card.protocol", reason="response_too_long", limit=expected)
        raise CardError("card.protocol", reason="endless_file")

    def _ask(self, ins: int, p1: int, p2: int, data: bytes) -> ResponseApdu:
        """Send a command with data that has an answer with data."""
        le = MAX_SHORT_LE if self.answers_at_once else None
        return self._iso.send(CommandApdu(self.cla, ins, p1, p2, data=data, le=le))

    def _prepare(self, key: PrivateKey, p1: int, template: int, environment: bytes) -> None:
        """Choose key and algorithm for the next operation."""
        if key.path:
            _done(self._select(key.path, with_answer=False), "select")
        command = CommandApdu(self.cla, MANAGE_SECURITY_ENVIRONMENT, p1, template, data=environment)
        _done(self._iso.send(command), "environment")

    def _sign_digest(self, key: PrivateKey, digest: bytes) -> bytes:
        """Have the card pad a digest and sign it."""
        return self._signature(key, self._ask(PERFORM_SECURITY_OPERATION, *SIGNATURE, digest))

    @staticmethod
    def _signature(key: PrivateKey, answer: ResponseApdu) -> bytes:
        _done(answer, "sign")
        if len(answer.data) != key.modulus_length:
            raise CardError("token.failed", step="sign", reason="signature_length")
        return answer.data


def tries_told(sw: int) -> int | None:
    """Return the tries that a status word tells: ``63Cx``, or none left."""
    meaning = meaning_of(sw).behaviour
    if meaning is Behaviour.BLOCKED:
        return 0
    return sw & 0xF if sw & 0xFFF0 == _TRIES else None


def _done(answer: ResponseApdu, step: str) -> None:
    """Accept what a card answers to a command of a signature.

    Raises:
        CardError: ``token.pin_needed`` when the card forgot the PIN, ``token.failed``.
    """
    behaviour = meaning_of(answer.sw).behaviour
    if behaviour is Behaviour.PROTECTED:
        raise CardError("token.pin_needed")
    if behaviour is not Behaviour.DONE:
        raise CardError("token.failed", step=step, sw=f"{answer.sw:04X}")


def _size(fci: bytes, file: str) -> int:
    for holder in parse_tlv(fci, file=f"FCI of {file}"):
        if holder.tag in _FCI_TAGS:
            for size in holder.find_all(_FCI_SIZE):
                if 1 <= len(size.value) <= 2:
                    return int.from_bytes(size.value, "big")
    raise der.malformed(f"FCI of {file}", _FCI_SIZE)
