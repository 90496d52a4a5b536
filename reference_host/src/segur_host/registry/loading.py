"""Import a plugin and hold it to what its manifest declares."""

import inspect
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, Final

import attrs
from pydantic import ValidationError

import segur_sdk
from segur_sdk.context import PluginSettings
from segur_sdk.errors import ConfigError, PluginError, SegurError, invalid_input
from segur_sdk.hooks import HOOKS, SegurHooks
from segur_sdk.jobs import JobRunner
from segur_sdk.manifest import HookUse, PluginManifest
from segur_sdk.senders import Sender
from segur_sdk.services import SERVICES, AuthoritySessions, SessionProvider

MAX_DIGITS: Final = 9
HOSTS_OWN_SERVICES: Final = frozenset({SessionProvider.__name__, AuthoritySessions.__name__})
"""What the host alone asks: tokens are answered there."""
_NOT_PLAIN: Final = (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)


@attrs.frozen
class Loaded:
    """A plugin ready to answer."""

    instance: SegurHooks
    settings: PluginSettings


def check_contract(manifest: PluginManifest) -> None:
    """Refuse, before any import, a plugin that this host cannot carry.

    Raises:
        PluginError: ``plugin.sdk_window``, ``plugin.hook_unknown``, ``plugin.hook_version``,
            ``plugin.service_unknown``, ``plugin.extension_unknown``, ``plugin.manifest_invalid``.
    """
    low, high = manifest.sdk.split(",")
    present = _numbers(".".join(segur_sdk.__version__.split(".")[:2]))
    if present < _numbers(low.removeprefix(">=")) or present >= _numbers(high.removeprefix("<")):
        raise PluginError("plugin.sdk_window", wanted=manifest.sdk, present=segur_sdk.__version__)
    for use in manifest.hooks:
        _check_hook(use)
    for service in (*manifest.provides, *manifest.uses):
        if service not in SERVICES:
            raise PluginError("plugin.service_unknown", service=service)
    for service in sorted(HOSTS_OWN_SERVICES.intersection(manifest.uses)):
        raise PluginError("plugin.service_unknown", service=service, reason="asked_by_the_host_alone")
    if manifest.codes:
        raise PluginError("plugin.extension_unknown", kind="codes")


def _check_hook(use: HookUse) -> None:
    info = HOOKS.get(use.name)
    if info is None:
        raise PluginError("plugin.hook_unknown", hook=use.name)
    present, used = _numbers(info.version), _numbers(use.version)
    if used[0] != present[0] or used[1] > present[1]:
        raise PluginError("plugin.hook_version", hook=use.name, wanted=use.version, present=info.version)


def _numbers(version: str) -> tuple[int, ...]:
    parts = version.split(".")
    if max(map(len, parts)) > MAX_DIGITS:
        # Python itself refuses to read numbers of some thousand digits.
        raise PluginError("plugin.manifest_invalid", fields="version:too_long")
    return tuple(map(int, parts))


def load(manifest: PluginManifest, settings: Mapping[str, Any]) -> Loaded:
    """Import the plugin, validate its settings and compare it with its manifest.

    Raises:
        PluginError: it cannot be imported, or does not do what it declares.
        ConfigError: ``config.plugin_settings``: its table of the configuration is not valid.
    """
    try:
        return _load(manifest, settings)
    except SegurError:
        raise
    # What a plugin's own class does while it is looked at; one that calls sys.exit is contained like one that raises.
    except BaseException as failure:  # noqa: BLE001 - whatever it is, it is contained
        raise _failed(failure, "checks") from None


def _load(manifest: PluginManifest, settings: Mapping[str, Any]) -> Loaded:
    plugin_class = _import(manifest.entry)
    if not (inspect.isclass(plugin_class) and issubclass(plugin_class, SegurHooks)):
        raise PluginError("plugin.entry_not_a_plugin", entry=manifest.entry)
    _check_hooks(manifest, plugin_class)
    _check_services(manifest, plugin_class)
    _check_jobs(manifest, plugin_class)
    _check_sends(manifest, plugin_class)
    values = _settings(manifest, settings)
    return Loaded(instance=_contained(plugin_class, "construction"), settings=values)


def _import(path: str) -> Any:
    module, _, name = path.partition(":")
    found = _contained(lambda: import_module(module), "import")
    try:
        return getattr(found, name)
    except AttributeError:
        raise PluginError("plugin.import_failed", reason="name_missing", entry=path) from None


def _contained(action: Callable[[], Any], stage: str) -> Any:
    try:
        return action()
    except BaseException as failure:  # noqa: BLE001 - whatever it is, it is named
        raise _failed(failure, stage) from None


def _failed(failure: BaseException, stage: str) -> PluginError:
    return PluginError("plugin.import_failed", reason=type(failure).__name__, stage=stage)


def _settings(manifest: PluginManifest, given: Mapping[str, Any]) -> PluginSettings:
    model = PluginSettings if manifest.settings is None else _import(manifest.settings)
    if not (inspect.isclass(model) and issubclass(model, PluginSettings)):
        raise PluginError("plugin.settings_not_a_model", entry=manifest.settings or "")
    try:
        return model.model_validate(dict(given))
    except ValidationError as failure:
        found = invalid_input("config.plugin_settings", failure, model)
        raise ConfigError("config.plugin_settings", plugin=manifest.id, fields=found.facts["fields"]) from None
    except Exception as failure:  # noqa: BLE001 - a validator of the plugin's own
        raise _failed(failure, "settings") from None


def _check_hooks(manifest: PluginManifest, plugin_class: type[SegurHooks]) -> None:
    declared = {use.name for use in manifest.hooks}
    overridden = {name for name in HOOKS if getattr(plugin_class, name) is not getattr(SegurHooks, name)}
    for name in sorted(overridden):
        _check_implementation(name, getattr(plugin_class, name))
    if declared != overridden:
        odd = min(declared ^ overridden)
        raise PluginError("plugin.hooks_mismatch", hook=odd, declared=odd in declared)
    for name, member in inspect.getmembers(plugin_class, inspect.isfunction):
        if getattr(member, "segur_impl", None) is not None and name not in HOOKS:
            raise PluginError("plugin.hook_unknown", hook=name)


def _check_implementation(name: str, function: Any) -> None:
    options = getattr(function, "segur_impl", None)
    if options is None:
        raise PluginError("plugin.hookimpl_missing", hook=name)
    if options.get("wrapper") or options.get("hookwrapper"):
        raise PluginError("plugin.wrapper_refused", hook=name)
    _check_callable(name, function, ("self", "event", "ctx"))


def _check_callable(name: str, function: Any, parameters: tuple[str, ...]) -> None:
    if not inspect.isfunction(function):
        raise PluginError("plugin.signature", hook=name, expected=", ".join(parameters))
    if any(is_one(function) for is_one in _NOT_PLAIN):
        raise PluginError("plugin.coroutine_refused", hook=name)
    found = inspect.signature(function).parameters.values()
    plain = all(one.kind is one.POSITIONAL_OR_KEYWORD and one.default is one.empty for one in found)
    if not plain or tuple(one.name for one in found) != parameters:
        raise PluginError("plugin.signature", hook=name, expected=", ".join(parameters))


def _check_services(manifest: PluginManifest, plugin_class: type[SegurHooks]) -> None:
    for service in manifest.provides:
        for name, specified in inspect.getmembers(SERVICES[service], inspect.isfunction):
            if name.startswith("_"):
                continue
            method = getattr(plugin_class, name, None)
            if method is None:
                raise PluginError("plugin.service_incomplete", service=service, method=name)
            _check_callable(name, method, tuple(inspect.signature(specified).parameters))


def _check_jobs(manifest: PluginManifest, plugin_class: type[SegurHooks]) -> None:
    """Hold a plugin to its jobs: which of them its one method knows, only a run shows."""
    name = JobRunner.run_job.__name__
    method = getattr(plugin_class, name, None)
    if (method is not None) is not bool(manifest.jobs):
        raise PluginError("plugin.jobs_mismatch", declared=bool(manifest.jobs))
    if method is not None:
        _check_callable(name, method, tuple(inspect.signature(JobRunner.run_job).parameters))


def _check_sends(manifest: PluginManifest, plugin_class: type[SegurHooks]) -> None:
    """Hold a plugin to what it sends: all four methods of a sender, or none."""
    for name, specified in inspect.getmembers(Sender, inspect.isfunction):
        if name.startswith("_"):
            continue
        method = getattr(plugin_class, name, None)
        if (method is not None) is not bool(manifest.sends):
            raise PluginError("plugin.sends_mismatch", method=name, declared=bool(manifest.sends))
        if method is not None:
            _check_callable(name, method, tuple(inspect.signature(specified).parameters))
