"""Sealed hosts: the reference host around the plugins under test, and nothing else."""

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from segur_host import Host
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig
from segur_host.dispatch.outcome import HookResult
from segur_host.registry.discovery import discover
from segur_host.registry.registry import PluginState
from segur_sandbox.running import RunningSandbox
from segur_sdk.context import Clock
from segur_sdk.errors import InputError
from segur_sdk.hooks import HOOKS, HookMode
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.actor import Environment
from segur_sdk.models.base import Event
from segur_sdk.models.identity import Traits
from segur_testing.answers import ScriptedAnswers

NOWHERE: Final[Mapping[str, Any]] = {
    "version": 1,
    "software": {"name": "Logiciel d’essai", "version": "1.0", "authorisation": "TESTSGIE0000"},
    "structure": {"finess": "0B0152872", "name": "PHARMACIE D’ESSAI"},
    "actor": {"name": "comptoir", "workstation": "POSTE-1"},
}
"""Configuration of a host without reader, key or address: whatever its plugins declare, they reach nothing."""


class StandingClock:
    """A clock that stands still.

    Args:
        moment: what it shows, with a time zone.
    """

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Return the moment, in UTC."""
        return self.moment.astimezone(UTC)


class SealedHost(Host):
    """The reference host, with two doors that only tests of plugins need.

    Args:
        config: its configuration.
        answers: to what its plugins ask.
        clock: instead of the system's.
    """

    def __init__(self, config: HostConfig, answers: ScriptedAnswers, clock: Clock | None = None) -> None:
        super().__init__(config, asker=answers, clock=clock)
        self.answers: Final = answers

    def decide(self, hook: str, draft: Event) -> HookResult:
        """Ask the deciders about a draft, as the gate does before anything is sent.

        Args:
            hook: one that decides, such as ``before_dmp_send``.
            draft: what would be sent.

        Returns:
            The strictest ``Decision`` as value, and every decider's own among the outcomes.

        Raises:
            InputError: ``input.hook_unknown``: no hook that decides has that name.
        """
        info = HOOKS.get(hook)
        if info is None or info.mode is not HookMode.DECIDE:
            raise InputError("input.hook_unknown")
        return self._called(hook, draft, None)

    def record(self, traits: Traits) -> SealedIdentity:
        """Record a person without asking any service, and return his identity, *provisoire*, as drafts bear it."""
        identity = self.identify(traits, search=False).identity
        if identity is None:
            raise LookupError("five strict traits were given, and nobody was recorded")
        return identity


class HostFactory:
    """Opens sealed hosts; all are closed at the end of the test.

    Args:
        folder: where each host keeps its data.
        opened: closes them.
    """

    def __init__(self, folder: Path, opened: ExitStack) -> None:
        self._folder = folder
        self._opened = opened
        self._count = 0

    def __call__(
        self,
        *plugins: str,
        settings: Mapping[str, Mapping[str, object]] | None = None,
        answers: Mapping[str, str] | None = None,
        sandbox: RunningSandbox | None = None,
        environment: Environment = Environment.SANDBOX,
        now: datetime | None = None,
    ) -> SealedHost:
        """Open a host that carries ``plugins`` and no other one.

        Args:
            plugins: ids of installed plugins, each accepted with the manifest that it has now.
            settings: by plugin, what ``[plugins.ID.settings]`` says.
            answers: to what plugins ask, by the code of the question.
            sandbox: whose readers, keys and addresses the host has; without one, it has none at all.
            environment: of a host without sandbox.
            now: moment at which the host's clock stands, with a time zone; the system's clock without one.

        Raises:
            SegurError: what keeps one of the plugins from being active, ``plugin.not_installed`` or
                ``config.plugin_settings`` for instance.
        """
        self._count += 1
        accepted = {found.id: found.sha256 for found in discover()}
        tables = {
            plugin: {
                "enabled": True,
                "manifest_sha256": accepted.get(plugin),
                "settings": dict((settings or {}).get(plugin, {})),
            }
            for plugin in plugins
        }
        given = dict(NOWHERE) if sandbox is None else _as_given(load_config(sandbox.config))
        changes = {"data": self._folder / f"host-{self._count}", "plugins": tables}
        if sandbox is None:
            changes["environment"] = environment
        config = HostConfig.model_validate(given | changes)
        clock = None if now is None else StandingClock(now)
        host = self._opened.enter_context(SealedHost(config, ScriptedAnswers(answers or {}), clock))
        for plugin in plugins:
            entry = host.plugins[plugin]
            if entry.state is not PluginState.ACTIVE and entry.reason is not None:
                raise entry.reason
        return host


def _as_given(config: HostConfig) -> dict[str, Any]:
    return {name: getattr(config, name) for name in HostConfig.model_fields}
