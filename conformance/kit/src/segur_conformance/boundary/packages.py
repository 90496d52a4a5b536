"""Whose code is where: the host, the SDK and every installed plugin."""

from collections.abc import Mapping
from contextlib import suppress
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path
from typing import Final, Self

import attrs

PLUGIN_GROUP: Final = "segur.plugins"
HOST: Final = "segur_host"
SDK: Final = "segur_sdk"


@attrs.frozen
class Packages:
    """Whose code is where.

    Args:
        host: folder of ``segur_host``.
        sdk: folder of ``segur_sdk``.
        plugins: folders, and modules outside of any folder, by id of the plugin.
    """

    host: Path
    sdk: Path
    plugins: Mapping[str, tuple[Path, ...]]

    @classmethod
    def installed(cls) -> Self:
        """Find them without importing a plugin: its package, and every other one that its distribution brings."""
        plugins = {found.name: _places_of(found) for found in entry_points(group=PLUGIN_GROUP)}
        return cls(_folder(HOST), _folder(SDK), plugins)

    def owners(self) -> Mapping[str, str]:
        """Return owner by folder or file."""
        return {
            str(self.host): HOST,
            str(self.sdk): SDK,
            **{str(folder): plugin for plugin, folders in self.plugins.items() for folder in folders},
        }


def _folder(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    return Path(next(iter(spec.submodule_search_locations)))


def _places_of(plugin: EntryPoint) -> tuple[Path, ...]:
    # A host refuses a plugin whose package is not found: it has no code to watch.
    with suppress(ModuleNotFoundError):
        places = {_folder(plugin.module.partition(".")[0])}
        for file in (plugin.dist.files or ()) if plugin.dist is not None else ():
            if file.suffix == ".py":
                located = Path(str(file.locate()))
                places.add(located.parents[len(file.parts) - 2] if len(file.parts) > 1 else located)
        return tuple(sorted(places))
    return ()
