"""What a host gives the plugin: one authority, one browser, somebody who waits, and nothing else."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime, timedelta

import attrs

from plugins.psc.tests.made_provider import ADDRESS, CLIENT, LOGIN, NOW, REDIRECT, MadeProvider
from segur_plugin_psc.settings import PscSettings
from segur_sdk.context import (
    AuditNotes,
    Cards,
    Clock,
    Deadline,
    HttpClient,
    HttpReply,
    Keyring,
    Keys,
    ServiceT,
    SettingsT,
    Software,
    Store,
    Tokens,
    Visit,
)
from segur_sdk.errors import Fact, InputError, PluginError, SegurError
from segur_sdk.models.actor import Actor, ActorKind, Environment, Session, Structure
from segur_sdk.models.notice import Notice, Question


@attrs.define
class SetClock:
    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


class Enough:
    def remaining(self) -> float:
        return 10.0


@attrs.define
class Notes:
    written: list[tuple[str, Mapping[str, Fact]]] = attrs.field(factory=list)

    def note(self, event: str, **facts: Fact) -> None:
        self.written.append((event, facts))


@attrs.frozen
class Line:
    """The one purpose that the manifest declares."""

    provider: MadeProvider
    address: str = ADDRESS

    def request(
        self,
        method: str,
        path: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_answer: int = 1_048_576,
    ) -> HttpReply:
        return self.provider.request(method, path, dict(headers or {}), body)


@attrs.define
class OneVisit:
    provider: MadeProvider
    gone: bool = False
    awaited: str | None = None
    address: str = LOGIN
    redirect_uri: str = REDIRECT

    def go(self, path: str, *, state: str | None = None) -> str:
        """Hand on whatever comes: what a host turns away of itself is judged by the plugin all the same."""
        assert not self.gone
        self.gone, self.awaited = True, state
        return self.provider.visit(path)


@attrs.define
class Context:
    """What a host gives; everything that the manifest does not declare is refused."""

    provider: MadeProvider
    set_clock: SetClock
    plugin_settings: PscSettings = attrs.field(factory=lambda: PscSettings(client_id=CLIENT))
    notes: Notes = attrs.field(factory=Notes)
    shown: list[Notice] = attrs.field(factory=list)
    waits: list[float] = attrs.field(factory=list)
    visits: list[OneVisit] = attrs.field(factory=list)
    questions: list[Question] = attrs.field(factory=list)
    typed: str = "99700366240"
    gives_up: SegurError | None = None
    """What stops the browser and the waiting."""
    while_waiting: Callable[[], object] = attrs.field(default=lambda: None)

    @property
    def call_id(self) -> str:
        return "call-1"

    @property
    def tenant(self) -> str:
        return "officine"

    @property
    def environment(self) -> Environment:
        return Environment.SANDBOX

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
        raise PluginError("plugin.not_granted", what="store")

    @property
    def cards(self) -> Cards:
        raise PluginError("plugin.not_granted", what="cards")

    @property
    def tokens(self) -> Tokens:
        raise PluginError("plugin.not_granted", what="tokens")

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
        if purpose != "psc":
            raise PluginError("plugin.not_granted", what=purpose)
        return Line(self.provider)

    def browser(self, purpose: str, /) -> AbstractContextManager[Visit]:
        if purpose != "psc-login":
            raise PluginError("plugin.not_granted", what=purpose)
        return self._visit()

    @contextmanager
    def _visit(self) -> Iterator[OneVisit]:
        if self.gives_up is not None:
            raise self.gives_up
        visit = OneVisit(self.provider)
        self.visits.append(visit)
        yield visit

    def show(self, notice: Notice, /) -> None:
        self.shown.append(notice)

    def wait(self, seconds: float, /) -> None:
        self.waits.append(seconds)
        self.set_clock.moment += timedelta(seconds=seconds)
        self.while_waiting()
        if self.gives_up is not None:
            raise self.gives_up

    def service(self, protocol: type[ServiceT], /) -> ServiceT:
        raise PluginError("plugin.not_granted", what=protocol.__name__)

    def ask(self, question: Question, /) -> str:
        self.questions.append(question)
        if not self.typed:
            raise InputError("input.no_answer")
        return self.typed
