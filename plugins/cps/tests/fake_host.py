"""What a host gives the plugin: tokens, readers, a store, and nothing that the manifest does not declare."""

from collections.abc import Callable
from typing import Any

import attrs

from plugins.cps.tests.made_cards import NOW
from segur_plugin_cps.settings import CpsSettings
from segur_sdk.context import Cards, PluginSettings, Token, Tokens
from segur_sdk.drivers import OfficialReading, PinState, TokenCertificate, TokenData, TokenState
from segur_sdk.errors import CardError
from segur_sdk.models.card import CardPresence
from segur_sdk.models.notice import Question
from tests.contexts.granting_nothing import GrantsNothing, SetClock


@attrs.define
class FakeToken:
    """A card behind a driver: implements ``segur_sdk.context.Token`` as a host would."""

    found: tuple[TokenCertificate, ...]
    objects: tuple[TokenData, ...] = ()
    slot: str | None = "Lecteur 1"
    serial: str = "80250000012800636234"
    locked: bool = False
    unlocked: bool = False
    fails: dict[str, CardError] = attrs.field(factory=dict)
    """By method, what the driver says."""
    before: dict[str, Callable[[], object]] = attrs.field(factory=dict)
    """By method, what happens just before."""
    calls: list[tuple[str, ...]] = attrs.field(factory=list)

    @property
    def state(self) -> TokenState:
        pin = PinState(unlocked=self.unlocked, tries_left=0 if self.locked else 3)
        return TokenState(
            token=f"jeton {self.serial}", label="CPS4v1-2800636234", serial=self.serial, slot=self.slot, pin=pin
        )

    def certificates(self) -> tuple[TokenCertificate, ...]:
        self._called("certificates")
        return self.found

    def data(self) -> tuple[TokenData, ...]:
        self._called("data")
        return tuple(one for one in self.objects if self.unlocked or not one.private)

    def unlock(self) -> None:
        self._called("unlock")
        if self.locked:
            raise CardError("token.pin_locked")
        self.unlocked = True

    def prove(self, key: str, trust: str) -> None:
        self._called("prove", key, trust)
        if not self.unlocked:
            raise CardError("token.pin_needed")
        if key not in {one.key for one in self.found}:
            raise CardError("token.key_missing")

    def _called(self, name: str, *arguments: str) -> None:
        self.before.get(name, lambda: None)()
        self.calls.append((name, *arguments))
        if name in self.fails:
            raise self.fails[name]


@attrs.define
class Workstation:
    """The host's side of readers and tokens: implements ``Tokens`` and ``Cards``."""

    tokens: list[FakeToken] = attrs.field(factory=list)
    failure: CardError | None = None
    """What the driver says instead of showing tokens."""
    insertion: str = "7"
    removed: bool = False

    def present(self) -> tuple[TokenState, ...]:
        return tuple(one.state for one in self.tokens)

    def at(self, slot: str) -> Token:
        return self._first(lambda one: one.slot == slot)

    def of_serial(self, serial: str) -> Token:
        return self._first(lambda one: one.serial == serial)

    def _first(self, fits: Callable[[FakeToken], bool]) -> FakeToken:
        if self.failure is not None:
            raise self.failure
        for one in self.tokens:
            if fits(one):
                return one
        raise CardError("token.absent")

    def open(self, presence: CardPresence) -> Any:
        raise AssertionError("this plugin sends no command to a card")

    def read_officially(self, presence: CardPresence) -> OfficialReading:
        raise AssertionError("no official component reads professionals' cards")

    def confirm(self, presence: CardPresence) -> None:
        if self.removed:
            raise CardError("card.removed", slot=presence.slot)
        if presence.insertion != self.insertion:
            raise CardError("card.swapped", slot=presence.slot)


@attrs.define
class Kept:
    """A plugin's store."""

    values: dict[str, bytes] = attrs.field(factory=dict)
    writes: int = 0

    def get(self, key: str) -> bytes | None:
        return self.values.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.writes += 1
        self.values[key] = value

    def delete(self, key: str) -> None:
        self.values.pop(key, None)


@attrs.define
class Context(GrantsNothing):
    """Grants what the manifest of cps declares."""

    workstation: Workstation
    clock: SetClock = attrs.field(factory=lambda: SetClock(NOW), kw_only=True)
    plugin_settings: PluginSettings = attrs.field(factory=CpsSettings, kw_only=True)
    store: Kept = attrs.field(factory=Kept)

    @property
    def cards(self) -> Cards:
        return self.workstation

    @property
    def tokens(self) -> Tokens:
        return self.workstation

    def ask(self, question: Question, /) -> str:
        raise AssertionError("only the host asks for a PIN")
