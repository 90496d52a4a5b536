"""Find plugins and read their manifests without importing a line of them."""

import base64
import hashlib
from collections.abc import Iterator
from importlib.metadata import Distribution, EntryPoint, entry_points
from importlib.util import find_spec
from itertools import groupby
from pathlib import Path

import attrs

from segur_sdk.errors import PluginError, SegurError, UserMessage, read_catalogue
from segur_sdk.manifest import ENTRY_POINT_GROUP, MAX_MANIFEST_BYTES, PluginManifest, parse_manifest


@attrs.frozen
class Discovered:
    """A plugin as it stands on disk."""

    id: str
    """Name of its entry point; the manifest must bear the same."""
    version: str
    """Version of its distribution."""
    sha256: str | None = None
    """Of the manifest's bytes, hexadecimal."""
    manifest: PluginManifest | None = None
    messages: dict[str, UserMessage] = attrs.field(factory=dict)
    error: SegurError | None = None


def discover() -> Iterator[Discovered]:
    """Yield every plugin announced by an installed distribution, in order of id. Never raises for one of them."""
    announced = sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda found: found.name)
    for name, same in groupby(announced, key=lambda found: found.name):
        entry_point, *others = same
        yield _discovered(entry_point) if not others else _ambiguous(name, [entry_point, *others])


def _discovered(entry_point: EntryPoint) -> Discovered:
    try:
        return _read(entry_point)
    except SegurError as failure:
        error = failure
    except Exception as failure:  # noqa: BLE001 - metadata may be broken in more ways than their readers foresee
        error = PluginError("plugin.manifest_unreadable", reason=type(failure).__name__)
    return Discovered(id=entry_point.name, version=_version(entry_point.dist), error=error)


def _ambiguous(name: str, claims: list[EntryPoint]) -> Discovered:
    """Refuse an id that several distributions claim: nobody can say which of them was meant."""
    packages = ", ".join(sorted(one.value.partition(":")[0] for one in claims))
    return Discovered(id=name, version="?", error=PluginError("plugin.announced_twice", packages=packages))


def _version(distribution: Distribution | None) -> str:
    if distribution is None:
        return "?"
    try:
        return distribution.version or "?"
    except Exception:  # noqa: BLE001 - a distribution without metadata
        return "?"


def _read(entry_point: EntryPoint) -> Discovered:
    folder = _package_folder(entry_point.module)
    path = folder / (entry_point.attr or "segur_plugin.toml")
    try:
        with path.open("rb") as file:
            data = file.read(MAX_MANIFEST_BYTES + 1)
    except OSError as failure:
        raise PluginError("plugin.manifest_unreadable", reason=type(failure).__name__) from None
    manifest = parse_manifest(data)
    if manifest.id != entry_point.name:
        raise PluginError("plugin.manifest_mismatch", field="id")
    if entry_point.dist is not None:
        _check_files(entry_point.dist)
    return Discovered(
        id=entry_point.name,
        version=_version(entry_point.dist),
        sha256=hashlib.sha256(data).hexdigest(),
        manifest=manifest,
        messages=_messages(folder, manifest),
    )


def _package_folder(module: str) -> Path:
    # A dotted name would make find_spec import its parents, that is run the plugin's code.
    if "." in module:
        raise PluginError("plugin.manifest_unreadable", reason="dotted_package")
    spec = find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise PluginError("plugin.manifest_unreadable", reason="package_not_found")
    return Path(next(iter(spec.submodule_search_locations)))


def _messages(folder: Path, manifest: PluginManifest) -> dict[str, UserMessage]:
    if manifest.messages is None:
        return {}
    try:
        catalogue = read_catalogue((folder / manifest.messages).read_text("utf-8"))
    except (OSError, ValueError) as failure:
        raise PluginError("plugin.messages_unreadable", reason=type(failure).__name__) from None
    if any(not code.startswith(f"{manifest.id}.") for code in catalogue):
        raise PluginError("plugin.messages_unreadable", reason="foreign_code")
    return dict(catalogue)


def _check_files(distribution: Distribution) -> None:
    """Refuse a distribution one of whose installed files is no longer what its RECORD says."""
    for file in distribution.files or ():
        if file.hash is None or file.suffix == ".pyc":
            continue
        try:
            digest = hashlib.new(file.hash.mode, Path(str(file.locate())).read_bytes()).digest()
        except (OSError, ValueError):
            raise PluginError("plugin.files_changed", file=str(file)) from None
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii") != file.hash.value:
            raise PluginError("plugin.files_changed", file=str(file))
