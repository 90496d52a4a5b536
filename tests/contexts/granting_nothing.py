"""A context that grants nothing: tests of a plugin's own parts derive from it, and give what its manifest declares."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import NoReturn

import attrs

from segur_sdk.context import (
    Cards,
    HttpClient,
    Keyring,
    Keys,
    PluginSettings,
    ServiceT,
    SettingsT,
    Software,
    Store,
    Tokens,
    Visit,
)
from segur_sdk.errors import Fact, PluginError
from segur_sdk.models.actor import Actor, ActorKind, Environment, Session, Structure
from segur_sdk.models.notice import Notice, Question


@attrs.define
class SetClock:
    """Stands where a test set it."""

    moment: datetime

    def now(self) -> datetime:
        return self.moment


@attrs.define
class SecondsLeft:
    """A deadline that does not come nearer."""

    seconds: float = 10.0

    def remaining(self) -> float:
        return self.seconds


@attrs.define
class Notes:
    """What the plugin wrote into the audit."""

    written: list[tuple[str, Mapping[str, Fact]]] = attrs.field(factory=list)

    def note(self, event: str, **facts: Fact) -> None:
        self.written.append((event, facts))


@attrs.define(slots=False)
class GrantsNothing:
    """Implements ``HookContext`` for a plugin that declares nothing, called by an operator of a pharmacy."""

    clock: SetClock = attrs.field(kw_only=True)
    plugin_settings: PluginSettings = attrs.field(factory=PluginSettings, kw_only=True)
    environment: Environment = attrs.field(default=Environment.SANDBOX, kw_only=True)
    session: Session | None = attrs.field(default=None, kw_only=True)
    deadline: SecondsLeft = attrs.field(factory=SecondsLeft, kw_only=True)
    audit: Notes = attrs.field(factory=Notes, kw_only=True)

    call_id = "call-1"
    tenant = "officine"
    software = Software(
        name="LGO", version="1.0", authorisation="TESTSGIE0000", instance="00000000-0000-4000-8000-000000000000"
    )
    actor = Actor(kind=ActorKind.OPERATOR, name="comptoir", structure=Structure(name="Officine"), workstation="poste 1")

    @property
    def store(self) -> Store:
        _refuse("store")

    @property
    def cards(self) -> Cards:
        _refuse("cards")

    @property
    def tokens(self) -> Tokens:
        _refuse("tokens")

    @property
    def keys(self) -> Keys:
        _refuse("keys")

    @property
    def keyring(self) -> Keyring:
        _refuse("keyring")

    def settings(self, model: type[SettingsT], /) -> SettingsT:
        assert isinstance(self.plugin_settings, model)
        return self.plugin_settings

    def http(self, purpose: str, /) -> HttpClient:
        _refuse(f"http:{purpose}")

    def browser(self, purpose: str, /) -> AbstractContextManager[Visit]:
        _refuse(f"browser:{purpose}")

    def service(self, protocol: type[ServiceT], /) -> ServiceT:
        _refuse(f"service:{protocol.__name__}")

    def ask(self, question: Question, /) -> str:
        _refuse("ask")

    def show(self, notice: Notice, /) -> None:
        _refuse("show")

    def wait(self, seconds: float, /) -> None:
        _refuse("wait")


def _refuse(what: str) -> NoReturn:
    raise PluginError("plugin.not_granted", what=what)
