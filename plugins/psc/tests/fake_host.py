"""What a host gives the plugin: one authority, one browser, somebody who waits, and nothing else."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta

import attrs

from plugins.psc.tests.made_provider import ADDRESS, CLIENT, LOGIN, REDIRECT, MadeProvider
from segur_plugin_psc.settings import PscSettings
from segur_sdk.context import HttpClient, HttpReply, PluginSettings, Visit
from segur_sdk.errors import InputError, PluginError, SegurError
from segur_sdk.models.notice import Notice, Question
from tests.contexts.granting_nothing import GrantsNothing


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
        seconds: float | None = None,
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
class Context(GrantsNothing):
    """Grants what the manifest of psc declares."""

    provider: MadeProvider
    plugin_settings: PluginSettings = attrs.field(factory=lambda: PscSettings(client_id=CLIENT), kw_only=True)
    shown: list[Notice] = attrs.field(factory=list)
    waits: list[float] = attrs.field(factory=list)
    visits: list[OneVisit] = attrs.field(factory=list)
    questions: list[Question] = attrs.field(factory=list)
    typed: str = "99700366240"
    gives_up: SegurError | None = None
    """What stops the browser and the waiting."""
    while_waiting: Callable[[], object] = attrs.field(default=lambda: None)

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
        self.clock.moment += timedelta(seconds=seconds)
        self.while_waiting()
        if self.gives_up is not None:
            raise self.gives_up

    def ask(self, question: Question, /) -> str:
        self.questions.append(question)
        if not self.typed:
            raise InputError("input.no_answer")
        return self.typed
