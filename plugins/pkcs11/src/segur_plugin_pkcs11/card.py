"""Driver ``apdu``: CPS3 and CPS4 through the card readers of the host, without any PKCS#11 module.

A card is connected for the duration of one reading; from ``unlock`` to ``lock`` it stays connected, because a card
forgets its PIN when it is let go. What was read of a card's structure and certificates is kept as long as it stays
in its reader; a card is known again by its serial number each time it is connected.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Final

import attrs

from segur_plugin_pkcs11.cps3 import Cps3Card
from segur_plugin_pkcs11.cps4 import Cps4Card
from segur_plugin_pkcs11.cps_card import CpsCard
from segur_plugin_pkcs11.failing_slot import failure_at
from segur_plugin_pkcs11.layout import CardLayout, read_certificates, read_data, read_layout
from segur_plugin_pkcs11.pin import check_pin
from segur_plugin_pkcs11.rsa_blocks import check_length, known_scheme
from segur_sdk.cards.atr import AtrFamily, recognise
from segur_sdk.drivers import CardSource, PinState, SlotState, TokenCertificate, TokenData, TokenState
from segur_sdk.errors import CardError

_GENERATIONS: Final[Mapping[AtrFamily, type[CpsCard]]] = {AtrFamily.CPS_3: Cps3Card, AtrFamily.CPS_4: Cps4Card}
"""Contact only: what a CPS3 does without contact is not known well enough."""
_EMPTY: Final = frozenset({"card.absent", "card.removed", "token.absent"})
"""The card was taken out while it was looked at."""
_HARMLESS: Final = frozenset(
    {
        "card.protected",
        "card.unreadable",
        "token.failed",
        "token.key_missing",
        "token.pin_format",
        "token.scheme_unsupported",
    }
)
"""Failures after which the card is as it was: it stays unlocked. After any other it is let go."""


@attrs.frozen
class _Channel:
    """A connected card, as card logic wants it."""

    cards: CardSource
    slot: str
    atr: bytes

    def transmit(self, command: bytes, /) -> bytes:
        return self.cards.transmit(self.slot, command)


@attrs.define
class _Known:
    """What is known of the card in a slot, as long as it stays there."""

    insertion: int
    serial: str
    layout: CardLayout
    certificates: tuple[TokenCertificate, ...] | None = None


@attrs.frozen
class _Open:
    """A connected card whose identity was checked."""

    card: CpsCard
    known: _Known


class ApduTokenSource:
    """Implements ``TokenSource`` over card readers.

    Args:
        cards: readers; the host gives its own.
        **_: settings of the other driver of this plugin.
    """

    def __init__(self, *, cards: CardSource, **_: object) -> None:
        self._cards = cards
        self._known: dict[str, _Known] = {}
        self._held: dict[str, _Open] = {}

    def tokens(self) -> tuple[TokenState, ...]:
        """Return every CPS3 and CPS4; one that cannot be read hides no other, and alone is the error."""
        states: list[TokenState] = []
        failures: list[CardError] = []
        for slot in self._slots():
            if _generation(slot) is None:
                continue
            try:
                states.append(self._state(slot))
            except CardError as failure:
                if failure.code not in _EMPTY:
                    failures.append(failure)
        if failures and not states:
            raise failures[0]
        return tuple(states)

    def at(self, slot: str) -> TokenState:
        """Return the CPS3 or CPS4 in a reader; one that cannot be read says why, whatever sits in other readers."""
        there = next((one for one in self._slots() if one.slot == slot and one.present), None)
        if there is not None and there.atr is None:
            raise CardError("card.mute", slot=slot, retryable=True)
        if there is None or _generation(there) is None:
            raise CardError("token.absent")
        try:
            return self._state(there)
        except CardError as failure:
            if failure.code in _EMPTY:
                raise CardError("token.absent") from None
            raise failure_at(slot, failure) from None

    def certificates(self, token: str) -> tuple[TokenCertificate, ...]:
        """Return the certificates; no PIN is needed."""
        with self._opened(token) as found:
            if found.known.certificates is None:
                found.known.certificates = read_certificates(found.card, found.known.layout)
            return found.known.certificates

    def data(self, token: str) -> tuple[TokenData, ...]:
        """Return the data objects: private ones only once the token is unlocked."""
        with self._opened(token) as found:
            return read_data(found.card, found.known.layout, unlocked=_slot_of(token) in self._held)

    def unlock(self, token: str, pin: str) -> PinState:
        """Verify the PIN, once: nothing is sent when the token is locked already."""
        check_pin(pin)
        slot = _slot_of(token)
        with self._opened(token) as found:
            rules = found.known.layout.pin
            check_pin(pin, shortest=rules.shortest, longest=rules.longest)
            if found.card.tries_left(rules) == 0:
                raise CardError("token.pin_locked")
            # Whatever the card answers, an earlier verification is over.
            self._held.pop(slot, None)
            found.card.verify(rules, pin)
            self._held[slot] = found
            return PinState(unlocked=True, tries_left=found.card.tries_left(rules))

    def lock(self, token: str) -> None:
        """Let the card go, which resets it; nothing happens when it was not unlocked."""
        held = self._held.get(_slot_of(token))
        if held is not None and _name(held.known.serial, _slot_of(token)) == token:
            del self._held[_slot_of(token)]
            self._disconnect(_slot_of(token))

    def sign(self, token: str, key: str, scheme: str, data: bytes) -> bytes:
        """Use a private key of an unlocked token."""
        with self._opened(token) as found:
            if _slot_of(token) not in self._held:
                raise CardError("token.pin_needed")
            private = found.known.layout.key(key)
            if private is None:
                raise CardError("token.key_missing")
            chosen = known_scheme(scheme)
            if chosen not in found.card.schemes(private):
                raise CardError("token.scheme_unsupported", scheme=chosen.value)
            check_length(chosen, data, private.modulus_length)
            return found.card.sign(private, chosen, data)

    def _slots(self) -> tuple[SlotState, ...]:
        """Look at the readers; whatever was known of a card that is not there any more is forgotten."""
        states = self._cards.slots()
        here = {state.slot: state.insertion for state in states if state.present}
        for slot, known in tuple(self._known.items()):
            if here.get(slot) != known.insertion:
                del self._known[slot]
                if self._held.pop(slot, None) is not None:
                    self._disconnect(slot)
        return states

    def _state(self, slot: SlotState) -> TokenState:
        with self._used(slot.slot, self._held.get(slot.slot) or self._connect(slot)) as found:
            return TokenState(
                token=_name(found.known.serial, slot.slot),
                label=found.known.layout.label,
                serial=found.known.serial,
                slot=slot.slot,
                pin=PinState(
                    unlocked=slot.slot in self._held, tries_left=found.card.tries_left(found.known.layout.pin)
                ),
            )

    @contextmanager
    def _opened(self, token: str) -> Iterator[_Open]:
        """Give the card of a token: the one that is held, or one connected for this use."""
        slot = _slot_of(token)
        held = self._held.get(slot)
        if held is not None and _name(held.known.serial, slot) != token:
            raise CardError("token.absent")
        with self._used(slot, held or self._connect(self._there(slot))) as found:
            if _name(found.known.serial, slot) != token:
                raise CardError("token.absent")
            yield found

    @contextmanager
    def _used(self, slot: str, found: _Open) -> Iterator[_Open]:
        """Let the card go afterwards, unless it is held and nothing happened to it."""
        try:
            yield found
        except CardError as failure:
            if failure.code not in _HARMLESS:
                self._held.pop(slot, None)
            raise
        finally:
            if slot not in self._held:
                self._disconnect(slot)

    def _there(self, slot: str) -> SlotState:
        for state in self._slots():
            if state.slot == slot and _generation(state) is not None:
                return state
        raise CardError("token.absent")

    def _connect(self, slot: SlotState) -> _Open:
        """Connect a card, find out which one it is, and read its structure if it is not the one that was there."""
        atr = self._cards.connect(slot.slot)
        try:
            generation = _generation_of(atr)
            if generation is None:
                raise CardError("token.absent")
            card = generation(_Channel(self._cards, slot.slot, atr))
            card.start()
            serial = card.serial()
            known = self._known.get(slot.slot)
            if known is None or (known.serial, known.insertion) != (serial, slot.insertion):
                known = _Known(slot.insertion, serial, read_layout(card))
                self._known[slot.slot] = known
        except CardError:
            self._disconnect(slot.slot)
            raise
        return _Open(card, known)

    def _disconnect(self, slot: str) -> None:
        # A card that is gone, or whose reader is, is let go all the same.
        with suppress(CardError):
            self._cards.disconnect(slot)


def _generation(slot: SlotState) -> type[CpsCard] | None:
    return _generation_of(bytes.fromhex(slot.atr)) if slot.present and slot.atr else None


def _generation_of(atr: bytes) -> type[CpsCard] | None:
    row = recognise(atr)
    return None if row is None else _GENERATIONS.get(row.family)


def _name(serial: str, slot: str) -> str:
    return f"{serial}@{slot}"


def _slot_of(token: str) -> str:
    return token.partition("@")[2]
