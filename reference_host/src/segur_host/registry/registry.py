"""The plugins of one host: what each is, whether it may answer, and why not."""

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from typing import Any

import attrs
import pluggy

from segur_host.config.model import PluginTable
from segur_host.registry.discovery import Discovered
from segur_host.registry.loading import Loaded, check_contract
from segur_host.registry.ordering import OrderCycleError, order_for
from segur_host.registry.startup import load_all
from segur_sdk.context import HookContext
from segur_sdk.errors import ConfigError, PluginError, SegurError, UserMessage
from segur_sdk.hooks import HOOKS, SegurHooks
from segur_sdk.hooks.markers import PROJECT
from segur_sdk.manifest import DriverUse, PluginManifest
from segur_sdk.models.actor import SessionMeans
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

    def refuse(self, failure: SegurError) -> None:
        """Let the plugin answer nothing, and say why."""
        self.state, self.reason, self.last_error = PluginState.REFUSED, failure, failure

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


@attrs.frozen
class RegisteredDriver:
    """A driver of an active plugin."""

    plugin: str
    use: DriverUse
    settings: Mapping[str, Any]
    """Keyword arguments of its class, in JSON's types."""


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
            self.entries[plugin.id] = _admitted(plugin, tables.get(plugin.id), safe_mode=safe_mode)
        self._load(tables)
        for missing in sorted(set(tables) - set(self.entries)):
            self.entries[missing] = _missing(missing)
        for hook in HOOKS:
            self._refuse_cycles(hook)
        self._answering = {hook: self._ordered(hook) for hook in HOOKS}
        self.providers = self._providers()
        self.senders = self._senders()
        """Plugins by the kind of effect that they carry out."""
        self.drivers = tuple(self._drivers(tables))
        """Drivers of active plugins, ordered by plugin."""

    def session_provider(self, means: SessionMeans) -> PluginEntry:
        """Return the plugin that authenticates by some means.

        Raises:
            PluginError: ``plugin.session_means``.
        """
        for entry in self._sorted_active():
            if entry.manifest is not None and means in entry.manifest.session_means:
                return entry
        raise PluginError("plugin.session_means", means=means.value)

    def answering(self, hook: str) -> tuple[tuple[PluginEntry, Implementation], ...]:
        """Return the plugins that implement ``hook`` and their methods, in the order in which they are asked."""
        return self._answering[hook]

    def _load(self, tables: Mapping[str, PluginTable]) -> None:
        """Load those who were admitted, and refuse those who cannot be."""
        begun = load_all((manifest, tables[manifest.id].settings) for manifest in self._active())
        for plugin, loading in begun.items():
            entry = self.entries[plugin]
            try:
                entry.loaded = loading.result()
                self._register(plugin, entry.loaded)
            except SegurError as failure:
                entry.loaded = None
                entry.refuse(failure)

    def _register(self, plugin: str, loaded: Loaded) -> None:
        try:
            self._plugins.register(loaded.instance, name=plugin)
        except Exception as failure:  # noqa: BLE001 - an instance may differ from its class in any way
            raise PluginError("plugin.import_failed", reason=type(failure).__name__, stage="registration") from None
        manifest = self.entries[plugin].manifest
        for use in manifest.hooks if manifest else ():
            if plugin not in self._implementations(use.name):
                raise PluginError("plugin.hooks_mismatch", hook=use.name, declared=True)

    def _refuse_cycles(self, hook: str) -> None:
        """Refuse those who want to precede one another, until the others can be put in order."""
        while True:
            try:
                order_for(hook, self._active())
            except OrderCycleError as failure:
                for plugin in failure.plugins:
                    self.entries[plugin].refuse(failure)
            else:
                return

    def _ordered(self, hook: str) -> tuple[tuple[PluginEntry, Implementation], ...]:
        implementations = self._implementations(hook)
        return tuple((self.entries[plugin], implementations[plugin]) for plugin in order_for(hook, self._active()))

    def _active(self) -> list[PluginManifest]:
        entries = self.entries.values()
        return [entry.manifest for entry in entries if entry.state is PluginState.ACTIVE and entry.manifest]

    def _implementations(self, hook: str) -> dict[str, Implementation]:
        return {found.plugin_name: found.function for found in getattr(self._plugins.hook, hook).get_hookimpls()}

    def _providers(self) -> dict[str, PluginEntry]:
        providers: dict[str, PluginEntry] = {}
        for entry in self._sorted_active():
            for service in entry.manifest.provides if entry.manifest else ():
                providers.setdefault(service, entry)
        return providers

    def _senders(self) -> dict[str, PluginEntry]:
        senders: dict[str, PluginEntry] = {}
        for entry in self._sorted_active():
            for kind in entry.manifest.sends if entry.manifest else ():
                senders.setdefault(kind, entry)
        return senders

    def _drivers(self, tables: Mapping[str, PluginTable]) -> Iterator[RegisteredDriver]:
        for entry in self._sorted_active():
            wanted = tables[entry.id].drivers
            for use in entry.manifest.drivers if entry.manifest else ():
                if entry.loaded is not None and (wanted is None or use.name in wanted):
                    yield RegisteredDriver(entry.id, use, entry.loaded.settings.model_dump(mode="json"))

    def _sorted_active(self) -> list[PluginEntry]:
        return [entry for _, entry in sorted(self.entries.items()) if entry.state is PluginState.ACTIVE]


def _admitted(plugin: Discovered, table: PluginTable | None, *, safe_mode: bool) -> PluginEntry:
    """Return the entry of a plugin that was found: active, to be loaded, unless something speaks against it."""
    entry = PluginEntry(
        id=plugin.id,
        version=plugin.version,
        state=PluginState.ACTIVE,
        manifest=plugin.manifest,
        sha256=plugin.sha256,
    )
    if plugin.error is not None or plugin.manifest is None:
        entry.refuse(plugin.error or PluginError("plugin.manifest_unreadable", reason="absent"))
    elif table is None or not table.enabled or safe_mode:
        entry.state = PluginState.DISABLED
        entry.reason = PluginError("plugin.safe_mode" if safe_mode else "plugin.disabled", plugin=plugin.id)
    elif table.manifest_sha256 != plugin.sha256:
        entry.state = PluginState.NEEDS_REVIEW
        entry.reason = PluginError("plugin.needs_review", plugin=plugin.id)
    else:
        try:
            check_contract(plugin.manifest)
            _check_drivers(plugin.manifest, table)
        except SegurError as failure:
            entry.refuse(failure)
    return entry


def _check_drivers(manifest: PluginManifest, table: PluginTable) -> None:
    """Refuse a table that chooses drivers which the plugin does not bring."""
    unknown = sorted(set(table.drivers or ()) - {use.name for use in manifest.drivers})
    if unknown:
        raise ConfigError("config.plugin_drivers", plugin=manifest.id, driver=unknown[0])


def _missing(plugin: str) -> PluginEntry:
    """Return the entry of a plugin that the configuration lists and nobody found."""
    entry = PluginEntry(id=plugin, version="?", state=PluginState.REFUSED)
    entry.refuse(PluginError("plugin.not_installed", plugin=plugin))
    return entry
