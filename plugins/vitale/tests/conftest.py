"""A virtual carte Vitale 2, written without the plugin's code, and a context to read it with."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import attrs
import pytest

from segur_plugin_vitale.plugin import VitalePlugin
from segur_plugin_vitale.settings import VitaleSettings
from segur_sdk import HookContext
from segur_sdk.cards.channel import CardChannel
from segur_sdk.context import Cards
from segur_sdk.drivers import OfficialReading
from segur_sdk.errors import CardError
from segur_sdk.hooks.card_read import CardReadEvent
from segur_sdk.models.card import ApcvContext, CardPresence, CardReading, HostSuppliedReading
from tests.contexts.granting_nothing import GrantsNothing, SetClock

NOW = datetime(2026, 3, 2, 8, 5, tzinfo=UTC)
VITALE_2_ATR = "3B751300004309EA9000"
MF, VITALE = "MF", "VITALE"
AIDS = {bytes.fromhex("D250000002564954414C45"): VITALE, bytes.fromhex("D2500000024D465F564954414C45"): MF}


def data_object(tag: str, *parts: bytes) -> bytes:
    """Write one object; ``tag`` in hexadecimal."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        length = bytes((size,))
    elif size < 0x100:
        length = bytes((0x81, size))
    else:
        length = b"\x82" + size.to_bytes(2, "big")
    return bytes.fromhex(tag) + length + content


@attrs.frozen
class Person:
    nom: str = "ADRUN"
    prenom: str = "ZOE"
    date: str = "19751231"
    nir: str | None = "275126322074974"
    extra: bytes = b""


def identity_file(
    people: Sequence[Person], *, nature: str | None = "T", encoding: str = "iso-8859-1", padding: int = 16
) -> bytes:
    templates = b"".join(
        data_object(
            "65",
            data_object("80", person.nom.encode(encoding)),
            data_object("81", person.prenom.encode(encoding)),
            data_object("82", person.date.encode("ascii")),
            data_object("90", b"250"),
            person.extra,
        )
        for person in people
    )
    of_nature = b"" if nature is None else data_object("C1", nature.encode("ascii"))
    return templates + data_object("66", data_object("80", b"20200101"), of_nature) + bytes(padding)


def number_file(people: Sequence[Person], *, padding: int = 16) -> bytes:
    return b"".join(
        data_object("65", b"" if person.nir is None else data_object("93", person.nir.encode("latin-1")))
        for person in people
    ) + bytes(padding)


@attrs.define
class VirtualVitale:
    """A card: two applications, transparent files, T=0 habits, and faults by number of command."""

    identities: bytes
    numbers: bytes
    serial: bytes = b"000000001001"
    atr: str = VITALE_2_ATR
    habit: str = "plain"
    applications: frozenset[str] = frozenset((MF, VITALE))
    protected: frozenset[str] = frozenset()
    answers_instead: dict[int, bytes] = attrs.field(factory=dict)
    always_answers: bytes | None = None
    removed_at: int | None = None
    mute_at: int | None = None
    commands: list[bytes] = attrs.field(factory=list)
    _application: str = MF
    _current: str | None = None
    _waiting: bytes = b""

    def reset(self) -> None:
        self._application, self._current, self._waiting = MF, None, b""

    def transmit(self, command: bytes) -> bytes:
        index = len(self.commands)
        self.commands.append(command)
        if self.removed_at is not None and index >= self.removed_at:
            raise CardError("card.removed", slot="lecteur")
        if self.mute_at is not None and index >= self.mute_at:
            raise CardError("card.mute", slot="lecteur")
        if index in self.answers_instead:
            return self.answers_instead[index]
        if self.always_answers is not None:
            return self.always_answers
        return self._answer(command)

    def _answer(self, command: bytes) -> bytes:
        handlers = {0xA4: self._select, 0xB0: self._read, 0xC0: self._rest}
        handler = handlers.get(command[1])
        return b"\x6d\x00" if handler is None else handler(command)

    def _select(self, command: bytes) -> bytes:
        target = command[5 : 5 + command[4]]
        if command[2] == 0x04:
            application = AIDS.get(target)
            if application not in self.applications:
                return b"\x6a\x82"
            self._application, self._current = application, None
        elif target == b"\x3f\x00":
            if MF not in self.applications:
                return b"\x6a\x82"
            self._application, self._current = MF, None
        elif target == b"\x2f\x02" and self._application == MF:
            self._current = "serial"
        else:
            return b"\x6a\x82"
        return b"\x90\x00"

    def _read(self, command: bytes) -> bytes:
        offset = command[2] << 8 | command[3]
        if command[2] & 0x80:
            if command[2] & 0x1F != 2:
                return b"\x6a\x82"
            self._current, offset = "identities" if self._application == MF else "numbers", command[3]
        if self._current is None:
            return b"\x69\x86"
        if self._current in self.protected:
            return b"\x69\x82"
        content = {"identities": self.identities, "numbers": self.numbers, "serial": self.serial}[self._current]
        if offset >= len(content):
            return b"\x6b\x00"
        expected = command[4] or 256
        part = content[offset : offset + expected]
        if self.habit == "6C" and expected > len(part):
            return bytes((0x6C, len(part)))
        if self.habit == "61":
            self._waiting = part
            return bytes((0x61, len(part) & 0xFF))
        return part + b"\x90\x00"

    def _rest(self, command: bytes) -> bytes:
        expected = command[4] or 256
        part, self._waiting = self._waiting[:expected], self._waiting[expected:]
        return part + (bytes((0x61, len(self._waiting) & 0xFF)) if self._waiting else b"\x90\x00")


@attrs.frozen
class OpenCard:
    card: VirtualVitale

    @property
    def atr(self) -> bytes:
        return bytes.fromhex(self.card.atr)

    def transmit(self, command: bytes, /) -> bytes:
        return self.card.transmit(command)


@attrs.define
class Reader:
    """The host's side of the cards: one slot, exclusive, reset at the end."""

    card: VirtualVitale | None
    opened: int = 0
    closed: int = 0

    @contextmanager
    def open(self, presence: CardPresence) -> Iterator[CardChannel]:
        self.confirm(presence)
        assert self.card is not None
        self.opened += 1
        self.card.reset()
        try:
            yield OpenCard(self.card)
        finally:
            self.closed += 1

    def read_officially(self, presence: CardPresence) -> OfficialReading:
        raise CardError("card.official_api_missing", reason="no_driver")

    def confirm(self, presence: CardPresence) -> None:
        if self.card is None:
            raise CardError("card.removed", slot=presence.slot)
        if presence.atr != self.card.atr:
            raise CardError("card.swapped", slot=presence.slot)


@attrs.define
class Context(GrantsNothing):
    """Grants what the manifest of vitale declares."""

    reader: Reader

    @property
    def cards(self) -> Cards:
        return self.reader


class Bench:
    """Builds cards and reads them through the plugin's hook."""

    identities = staticmethod(identity_file)
    numbers = staticmethod(number_file)
    data_object = staticmethod(data_object)
    now = NOW

    def person(self, nom: str = "ADRUN", prenom: str = "ZOE", date: str = "19751231", **rest: Any) -> Person:
        return Person(nom, prenom, date, **rest)

    def card(self, *people: Person, nature: str | None = "T", encoding: str = "iso-8859-1") -> VirtualVitale:
        return self.raw_card(identity_file(people, nature=nature, encoding=encoding), number_file(people))

    def raw_card(self, identities: bytes, numbers: bytes) -> VirtualVitale:
        return VirtualVitale(identities, numbers)

    def presence(self, atr: str = VITALE_2_ATR) -> CardPresence:
        return CardPresence(slot="lecteur", atr=atr, insertion="7", inserted_at=NOW)

    def context(self, card: VirtualVitale | None = None, **settings: object) -> Context:
        return Context(Reader(card), clock=SetClock(NOW), plugin_settings=VitaleSettings.model_validate(settings))

    def read(self, card: VirtualVitale, **settings: object) -> CardReading | None:
        return self.call(self.presence(card.atr), self.context(card, **settings))

    def call(self, card: CardPresence | ApcvContext | HostSuppliedReading, ctx: HookContext) -> CardReading | None:
        return VitalePlugin().on_card_read(CardReadEvent(card=card), ctx)

    def outcome(self, card: VirtualVitale, **settings: object) -> CardReading | str | None:
        """Return the reading, ``None``, or the code of the error."""
        return self.outcome_in(self.context(card, **settings), card.atr)

    def outcome_in(self, ctx: HookContext, atr: str = VITALE_2_ATR) -> CardReading | str | None:
        """Return the same with a context that a test made."""
        try:
            return self.call(self.presence(atr), ctx)
        except CardError as failure:
            return failure.code


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def zoe() -> Person:
    return Person()


@pytest.fixture
def family() -> tuple[Person, ...]:
    """An insured person and two dependants under her number."""
    nir = "297022A02077878"
    return (
        Person("ADRTROIS", "DOMINIQUE", "19970226", nir),
        Person("ADRTROIS", "TOUSSAINT", "19600101", nir),
        Person("NESSI", "MICHELANGELO", "20100807", nir),
    )
