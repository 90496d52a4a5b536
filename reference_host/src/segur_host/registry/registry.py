"""The plugins of one host: what each is, whether it may answer, and why not."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any

import attrs
import pluggy

from segur_host.config.model import PluginTable
from segur_host.registry.discovery import Discovered
from segur_host.registry.loading import Loaded, check_contract, load
from segur_host.registry.ordering import order_for
from segur_sdk.context import HookContext
from segur_sdk.errors import PluginError, SegurError, UserMessage
from segur_sdk.hooks import HOOKS, SegurHooks
from segur_sdk.hooks.markers import PROJECT
from segur_sdk.manifest import PluginManifest
from segur_sdk.models.base import Event

Implementation = Callable[[Event, HookContext], Any]


class PluginState(StrEnum):
    """Where a plugin stands."""

    ACTIVE = "active"
    DISABLED = "disabled"
    NEEDS_REVIEW = "needs_review"
    REFUSED = "refused"
    SUSPENDED = "suspended"


@attrs.define
class PluginEntry:
    """One plugin and its state; the only part of the registry that changes while the host runs."""

    id: str
    version: str
    state: PluginState
    manifest: PluginManifest | None = None
    loaded: Loaded | None = None
    sha256: str | None = None
    reason: SegurError | None = None
    """Why it is not active."""
    last_error: SegurError | None = None
    hung_calls: int = 0

    def count_hung_call(self, limit: int) -> bool:
        """Count a call that outlived its deadline; at ``limit`` the plugin is suspended until the host restarts.

        Returns:
            Whether this call was the one too many.
        """
        self.hung_calls += 1
        if self.hung_calls < limit or self.state is PluginState.SUSPENDED:
            return False
        self.state = PluginState.SUSPENDED
        self.reason = PluginError("plugin.suspended", plugin=self.id, hung_calls=self.hung_calls)
        return True


class Registry:
    """Loads what the configuration lists, contains what is broken, computes who answers what.

    Args:
        found: plugins on this machine.
        tables: ``[plugins.ID]`` of the configuration.
        safe_mode: load nothing.
    """

    def __init__(self, found: list[Discovered], tables: Mapping[str, PluginTable], *, safe_mode: bool = False) -> None:
        self._plugins = pluggy.PluginManager(PROJECT)
        self._plugins.add_hookspecs(SegurHooks)
        self.entries: dict[str, PluginEntry] = {}
        self.messages: dict[str, UserMessage] = {}
        for plugin in found:
            self.messages.update(plugin.messages)
            self.entries[plugin.id] = self._admit(plugin, tables.get(plugin.id), safe_mode=safe_mode)
        for missing in sorted(set(tables) - set(self.entries)):
            self.entries[missing] = _refused(
                Discovered(id=missing, version="?"), PluginError("plugin.not_installed", plugin=missing)
            )
        self._answering = {hook: self._ordered(hook) for hook in HOOKS}
        self.providers = self._providers()

    def answering(self, hook: str) -> tuple[tuple[PluginEntry, Implementation], ...]:
        """Return the plugins that implement ``hook`` and their methods, in the order in which they are asked."""
        return self._answering[hook]

    def _admit(self, plugin: Discovered, table: PluginTable | None, *, safe_mode: bool) -> PluginEntry:
        entry = PluginEntry(
            id=plugin.id,
            version=plugin.version,
            state=PluginState.DISABLED,
            manifest=plugin.manifest,
            sha256=plugin.sha256,
        )
        if plugin.error is not None or plugin.manifest is None:
            return _refused(plugin, plugin.error or PluginError("plugin.manifest_unreadable"))
        if table is None or not table.enabled or safe_mode:
            entry.reason = PluginError("plugin.safe_mode" if safe_mode else "plugin.disabled", plugin=plugin.id)
            return entry
        if table.manifest_sha256 != plugin.sha256:
            entry.state = PluginState.NEEDS_REVIEW
            entry.reason = PluginError("plugin.needs_review", plugin=plugin.id)
            return entry
        try:
            check_contract(plugin.manifest)
            entry.loaded = load(plugin.manifest, table.settings)
            self._plugins.register(entry.loaded.instance, name=plugin.id)
        except SegurError as failure:
            return attrs.evolve(_refused(plugin, failure), manifest=plugin.manifest, sha256=plugin.sha256)
        except pluggy.PluginValidationError:
            return _refused(plugin, PluginError("plugin.signature", plugin=plugin.id))
        entry.state = PluginState.ACTIVE
        return entry

    def _ordered(self, hook: str) -> tuple[tuple[PluginEntry, Implementation], ...]:
        active = [entry.manifest for entry in self.entries.values() if entry.loaded and entry.manifest]
        try:
            order = order_for(hook, active)
        except PluginError as failure:
            # Nobody can say who answers first: none of those who claim this hook does.
            for manifest in active:
                if any(use.name == hook for use in manifest.hooks):
                    entry = self.entries[manifest.id]
                    entry.state, entry.reason = PluginState.REFUSED, failure
            return ()
        implementations = {
            found.plugin_name: found.function for found in getattr(self._plugins.hook, hook).get_hookimpls()
        }
        return tuple((self.entries[plugin], implementations[plugin]) for plugin in order)

    def _providers(self) -> dict[str, PluginEntry]:
        providers: dict[str, PluginEntry] = {}
        for plugin in sorted(self.entries):
            entry = self.entries[plugin]
            if entry.state is PluginState.ACTIVE and entry.manifest is not None:
                for service in entry.manifest.provides:
                    providers.setdefault(service, entry)
        return providers


def _refused(plugin: Discovered, failure: SegurError) -> PluginEntry:
    return PluginEntry(
        id=plugin.id, version=plugin.version, state=PluginState.REFUSED, reason=failure, last_error=failure
    )
