"""A plugin as it is installed, read without importing a line of it."""

import hashlib
import json
import tomllib
from collections.abc import Iterable, Mapping
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any, Final, Self
from urllib.parse import urlsplit
from urllib.request import url2pathname

import attrs

from segur_sdk.errors import ConfigError
from segur_sdk.manifest import ENTRY_POINT_GROUP

MANIFEST: Final = "segur_plugin.toml"
_LEFT: Final = ("METADATA", "RECORD", "WHEEL")


@attrs.frozen
class InstalledPlugin:
    """A plugin as it is installed.

    Attributes:
        id: name of its entry point.
        distribution: name of the distribution that brings it.
        version: of that distribution.
        package: folder of its code.
        manifest: bytes of its manifest.
        editable: its code is not a copy of a wheel's, but somebody's working folder.
        sources: that folder.
        metadata: texts that its installer left, by file name: ``METADATA``, ``RECORD``, ``WHEEL``.
    """

    id: str
    distribution: str
    version: str
    package: Path
    manifest: bytes
    editable: bool
    sources: Path | None = None
    metadata: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def sha256(self) -> str:
        """Of the manifest, as the host's configuration names it."""
        return hashlib.sha256(self.manifest).hexdigest()

    @property
    def declared(self) -> dict[str, Any]:
        """What the manifest says, whether or not a host would accept it."""
        try:
            return tomllib.loads(self.manifest.decode("utf-8"))
        except ValueError:
            return {}

    @classmethod
    def find(cls, plugin: str, path: Iterable[str]) -> Self:
        """Find the plugin that comes first on ``path``.

        Raises:
            ConfigError: ``config.plan_target``: no installed distribution announces it.
        """
        for distribution in distributions(path=list(path)):
            for entry_point in distribution.entry_points:
                if entry_point.group == ENTRY_POINT_GROUP and entry_point.name == plugin:
                    return cls._read(plugin, distribution, entry_point.module, entry_point.attr or MANIFEST)
        raise ConfigError("config.plan_target", target=plugin)

    @classmethod
    def _read(cls, plugin: str, distribution: Distribution, package: str, manifest: str) -> Self:
        origin = json.loads(distribution.read_text("direct_url.json") or "{}")
        editable = bool(origin.get("dir_info", {}).get("editable"))
        base = Path(str(distribution.locate_file("")))
        # An editable installation leaves one file with the folder to import from.
        roots = [
            base,
            *(Path(line.strip()) for pth in _pth(distribution, base) for line in pth.read_text().splitlines()),
        ]
        folder = next((root / package for root in roots if (root / package).is_dir()), None)
        if folder is None or not (folder / manifest).is_file():
            raise ConfigError("config.plan_target", target=plugin)
        return cls(
            id=plugin,
            distribution=distribution.name,
            version=distribution.version,
            package=folder,
            manifest=(folder / manifest).read_bytes(),
            editable=editable,
            sources=_folder(str(origin.get("url", ""))) if editable else None,
            metadata={name: text for name in _LEFT if (text := distribution.read_text(name)) is not None},
        )


def _folder(url: str) -> Path | None:
    parts = urlsplit(url)
    return Path(url2pathname(parts.path)) if parts.scheme == "file" else None


def _pth(distribution: Distribution, base: Path) -> list[Path]:
    return [base / str(file) for file in distribution.files or () if file.suffix == ".pth"]
