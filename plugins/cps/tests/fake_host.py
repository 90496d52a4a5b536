"""What a host gives the plugin: tokens, readers, a store, and nothing that the manifest does not declare."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import attrs

from plugins.cps.tests.made_cards import NOW
from segur_plugin_cps.settings import CpsSettings
from segur_sdk.context import (
    AuditNotes,
    Cards,
    Clock,
    Deadline,
    HttpClient,
    Keyring,
    Keys,
    ServiceT,
    SettingsT,
    Software,
    Store,
    Token,
    Tokens,
)
from segur_sdk.drivers import OfficialReading, PinState, TokenCertificate, TokenData, TokenState
from segur_sdk.errors import CardError, Fact, PluginError
from segur_sdk.models.actor import Actor, ActorKind, Environment, Session, Structure
from segur_sdk.models.card import CardPresence
from segur_sdk.models.notice import Question


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
class Notes:
    written: list[tuple[str, Mapping[str, Fact]]] = attrs.field(factory=list)

    def note(self, event: str, **facts: Fact) -> None:
        self.written.append((event, facts))


@attrs.define
class SetClock:
    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


class Enough:
    def remaining(self) -> float:
        return 10.0


@attrs.define
class Context:
    """What a host gives; everything that the manifest does not declare is refused."""

    workstation: Workstation
    plugin_settings: CpsSettings = attrs.field(factory=CpsSettings)
    environment_of_host: Environment = Environment.SANDBOX
    set_clock: SetClock = attrs.field(factory=SetClock)
    kept: Kept = attrs.field(factory=Kept)
    notes: Notes = attrs.field(factory=Notes)

    @property
    def call_id(self) -> str:
        return "call-1"

    @property
    def tenant(self) -> str:
        return "officine"

    @property
    def environment(self) -> Environment:
        return self.environment_of_host

    @property
    def software(self) -> Software:
        return Software(
            name="LGO", version="1.0", authorisation="TESTSGIE0000", instance="00000000-0000-4000-8000-000000000000"
        )

    @property
    def actor(self) -> Actor:
        return Actor(
            kind=ActorKind.OPERATOR, name="comptoir", structure=Structure(name="Officine"), workstation="poste 1"
        )

    @property
    def session(self) -> Session | None:
        return None

    @property
    def deadline(self) -> Deadline:
        return Enough()

    @property
    def clock(self) -> Clock:
        return self.set_clock

    @property
    def audit(self) -> AuditNotes:
        return self.notes

    @property
    def store(self) -> Store:
        return self.kept

    @property
    def cards(self) -> Cards:
        return self.workstation

    @property
    def tokens(self) -> Tokens:
        return self.workstation

    @property
    def keys(self) -> Keys:
        raise PluginError("plugin.not_granted", what="keys")

    @property
    def keyring(self) -> Keyring:
        raise PluginError("plugin.not_granted", what="keyring")

    def settings(self, model: type[SettingsT], /) -> SettingsT:
        assert isinstance(self.plugin_settings, model)
        return self.plugin_settings

    def http(self, purpose: str, /) -> HttpClient:
        raise PluginError("plugin.not_granted", what=purpose)

    def service(self, protocol: type[ServiceT], /) -> ServiceT:
        raise PluginError("plugin.not_granted", what=protocol.__name__)

    def ask(self, question: Question, /) -> str:
        raise AssertionError("only the host asks for a PIN")
