"""Drivers: hardware and native libraries, each in a child process that the host may kill.

A driver is a plain class whose keyword arguments are the settings of its plugin; the host calls its methods over a
pipe, so that everything here is a value. One that watches for changes may keep a thread of its own: it is alone in
its process.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Final, Protocol

from pydantic import Field

from segur_sdk.models.base import Value
from segur_sdk.privacy import Patient

PIN_SHORTEST: Final = 4
PIN_LONGEST: Final = 12
"""Digits of a PIN (*code porteur*), by ISO 9564-1; what its card wants of it, each driver knows."""


class DriverKind(StrEnum):
    """What a driver gives access to."""

    CARDS = "cards"
    """Readers and the cards in them: implements :class:`CardSource`."""
    TOKENS = "tokens"
    """Keys, certificates and data objects behind a PIN: implements :class:`TokenSource`."""
    READINGS = "readings"
    """A component that reads cards by its own means: implements :class:`ReadingSource`."""


class SlotState(Value):
    """One slot of one reader, as it is now."""

    slot: str = Field(min_length=1, max_length=120)
    present: bool
    atr: str | None = Field(default=None, pattern=r"^(?:[0-9A-F]{2}){2,33}$")
    """Nothing when the slot is empty, or when the card in it gives no answer to reset."""
    insertion: int = Field(default=0, ge=0)
    """Another number for each insertion into this slot: never one that an earlier process of the driver gave."""
    in_use: bool = False
    """Another program holds the card for itself alone."""


class CardSource(Protocol):
    """Driver of card readers.

    The host keeps one child process that looks (``slots``, ``watch``) and one for each slot in which it opens a card
    (``connect``, ``transmit``, ``disconnect``): a card that hangs costs its own process and nothing else.

    Failures are raised as ``CardError``: ``card.no_reader_service``, ``card.reader_unavailable``,
    ``card.reader_in_use``, ``card.absent``, ``card.removed``, ``card.mute``.
    """

    def slots(self) -> tuple[SlotState, ...]:
        """Return every slot with what sits in it."""
        ...

    def watch(self, changed: Callable[[], None]) -> None:
        """Call ``changed`` from now on, from any thread, when ``slots`` would answer something else; return at once.

        What makes looking impossible for a while (a reader unplugged, the system's service stopped and started again)
        is a change like another and never ends the watch.
        """
        ...

    def connect(self, slot: str) -> bytes:
        """Power the card of ``slot``, keep it for this caller alone, and return its ATR."""
        ...

    def transmit(self, slot: str, command: bytes) -> bytes:
        """Send a command APDU to the connected card and return its response APDU."""
        ...

    def disconnect(self, slot: str) -> None:
        """Reset the card and let others use it."""
        ...


class PinState(Value):
    """Where the PIN of a token stands."""

    unlocked: bool
    """The PIN was verified and private objects may be used."""
    tries_left: int | None = Field(default=None, ge=0, le=15)
    """Verifications left before the token locks itself; nothing when the token does not say."""

    @property
    def locked(self) -> bool:
        """Whether the token refuses every PIN until it is unblocked by its issuer's procedure."""
        return self.tries_left == 0


class SignatureScheme(StrEnum):
    """How a private key of a token is used."""

    PKCS1_SHA256 = "pkcs1_sha256"
    """RSASSA-PKCS1-v1_5 over a SHA-256 digest of 32 bytes (RFC 8017, 8.2)."""
    PSS_SHA256 = "pss_sha256"
    """RSASSA-PSS over a SHA-256 digest of 32 bytes, MGF1 with SHA-256, salt of 32 bytes (RFC 8017, 8.1)."""
    RAW = "raw"
    """RSASP1 over a block as long as the modulus, padded by the caller (RFC 8017, 5.2.1)."""


class TokenState(Value):
    """One token, as it is now."""

    token: str = Field(min_length=1, max_length=200)
    """By which the driver knows it, as long as it stays where it is."""
    label: str = Field(max_length=64)
    """For example ``CPS3v3-2800385266``."""
    serial: str = Field(min_length=1, max_length=64)
    slot: str | None = Field(default=None, min_length=1, max_length=120)
    """Reader in which it sits; nothing for a token that is no card."""
    pin: PinState


class TokenCertificate(Value):
    """A certificate that stands on a token, and what the private key beside it can do."""

    key: str = Field(pattern=r"^(?:[0-9A-F]{2})+$", max_length=128)
    """``CKA_ID`` shared with the private key, upper-case hexadecimal."""
    label: str = Field(default="", max_length=64)
    der: bytes
    schemes: frozenset[SignatureScheme] = frozenset()
    """Of the private key; nothing when the token has no such key."""


class TokenData(Value):
    """A data object of a token, as it is stored."""

    label: str = Field(min_length=1, max_length=64)
    """For example ``CPS_ACTIVITY_01_PS``."""
    private: bool
    value: bytes


class TokenSource(Protocol):
    """Driver of tokens: one child process, in which all of these are called one after the other.

    A driver that reaches its tokens through card readers has a keyword argument ``cards``: the host gives it a
    :class:`CardSource` whose calls it carries to its own readers.

    Failures are raised as ``CardError``: ``token.absent``, ``token.module_missing``, ``token.module_unusable``,
    ``token.pin_wrong`` (with ``tries_left``), ``token.pin_locked``, ``token.pin_needed``, ``token.pin_format``,
    ``token.key_missing``, ``token.scheme_unsupported``, ``token.failed``, and those of a card.
    """

    def tokens(self) -> tuple[TokenState, ...]:
        """Return every token that is there."""
        ...

    def at(self, slot: str) -> TokenState:
        """Return the token that sits in a reader.

        Raises:
            CardError: ``token.absent``; what keeps that very card from being read, with ``slot``, whatever sits in the
                others.
        """
        ...

    def certificates(self, token: str) -> tuple[TokenCertificate, ...]:
        """Return the certificates; no PIN is needed."""
        ...

    def data(self, token: str) -> tuple[TokenData, ...]:
        """Return the data objects that can be read now: private ones only once the token is unlocked."""
        ...

    def unlock(self, token: str, pin: str) -> PinState:
        """Verify the PIN, once: nothing is sent when the token is locked already."""
        ...

    def lock(self, token: str) -> None:
        """Forget that the PIN was verified; nothing happens when it was not."""
        ...

    def sign(self, token: str, key: str, scheme: str, data: bytes) -> bytes:
        """Use a private key of an unlocked token.

        Args:
            token: as ``tokens`` gave it.
            key: as ``certificates`` gave it.
            scheme: a ``SignatureScheme``.
            data: a digest, or a whole block for ``raw``.
        """
        ...


class OfficialReading(Value):
    """What an official component read of a carte Vitale."""

    component: str = Field(min_length=1, max_length=100)
    """What read the card, with its version: for the trace."""
    nature: str = Field(default="", max_length=1)
    """``R`` real, ``T`` test, ``D`` demonstration; empty when the component does not say."""
    serial: str | None = Field(default=None, pattern=r"^[0-9]{1,12}$")
    document: Patient[bytes] = Field(max_length=1_048_576)
    """The beneficiaries, as XML with the names of the *API de lecture Vitale* (``listeBenef``)."""


class ReadingSource(Protocol):
    """Driver of a component that reads cards by its own means, such as the *API de lecture Vitale*.

    Failures are raised as ``CardError``: ``card.official_api_missing``, ``card.official_api_failed``, and those of a
    card.
    """

    def read(self, slot: str) -> OfficialReading:
        """Read the card that sits in the reader ``slot``, known to the component by the same name."""
        ...
