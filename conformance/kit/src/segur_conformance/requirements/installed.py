"""The plugins installed here, by their manifests alone: nothing of them is imported."""

from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from importlib.util import find_spec
from pathlib import Path

from segur_sdk.errors import PluginError, SegurError
from segur_sdk.manifest import ENTRY_POINT_GROUP, MAX_MANIFEST_BYTES, PluginManifest, parse_manifest
from segur_sdk.models.base import Value


class InstalledPlugin(Value):
    """What a plugin says that it covers."""

    id: str
    version: str
    requirements: tuple[str, ...]


def installed_plugins(wanted: Sequence[str] = ()) -> tuple[tuple[InstalledPlugin, ...], tuple[tuple[str, str], ...]]:
    """Return the plugins found, in order of id, and those whose manifest cannot be used with the error's code.

    Args:
        wanted: ids; all installed plugins when empty.

    Raises:
        PluginError: ``plugin.not_installed``; or the manifest of a wanted plugin cannot be used.
    """
    found = {one.name: one for one in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda one: one.name)}
    for name in wanted:
        if name not in found:
            raise PluginError("plugin.not_installed", plugin=name[:60])
    usable: list[InstalledPlugin] = []
    broken: list[tuple[str, str]] = []
    for name in wanted or found:
        try:
            manifest = _manifest(found[name])
        except SegurError as failure:
            if wanted:
                raise
            broken.append((name, failure.code))
        else:
            distribution = found[name].dist
            version = distribution.version if distribution is not None else "?"
            usable.append(InstalledPlugin(id=name, version=version, requirements=manifest.requirements))
    return tuple(usable), tuple(broken)


def _manifest(entry_point: EntryPoint) -> PluginManifest:
    for folder in _folders(entry_point.module):
        path = folder / (entry_point.attr or "segur_plugin.toml")
        try:
            with path.open("rb") as file:
                manifest = parse_manifest(file.read(MAX_MANIFEST_BYTES + 1))
        except OSError as failure:
            raise PluginError("plugin.manifest_unreadable", reason=type(failure).__name__) from None
        if manifest.id != entry_point.name:
            raise PluginError("plugin.manifest_mismatch", field="id")
        return manifest
    raise PluginError("plugin.manifest_unreadable", reason="package_not_found")


def _folders(module: str) -> Iterator[Path]:
    # A dotted name would make find_spec import its parents, that is run the plugin's code.
    spec = find_spec(module) if "." not in module else None
    yield from map(Path, (spec.submodule_search_locations or ()) if spec is not None else ())
