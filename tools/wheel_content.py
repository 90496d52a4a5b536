"""What a wheel of this workspace must contain, read from the archive without installing it."""

from __future__ import annotations

import configparser
import email
import zipfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tools.workspace import Distribution


def problems_of_wheel(wheel: Path, one: Distribution) -> list[str]:
    """What is wrong with a wheel; empty when nothing is."""
    with zipfile.ZipFile(wheel) as archive:
        return list(_problems(archive, one))


def _problems(archive: zipfile.ZipFile, one: Distribution) -> Iterator[str]:
    names = set(archive.namelist())
    info = f"{one.package}-{one.version}.dist-info"
    for required in (f"{one.package}/__init__.py", f"{one.package}/py.typed", f"{info}/licenses/LICENSE"):
        if required not in names:
            yield f"{required} is missing"
    strangers = sorted({name.partition("/")[0] for name in names} - {one.package, info})
    if strangers:
        yield f"installs more than its package: {', '.join(strangers)}"
    metadata = email.message_from_bytes(archive.read(f"{info}/METADATA"))
    if metadata["License-Expression"] != "Apache-2.0":
        yield f"license is {metadata['License-Expression']}, not Apache-2.0"
    for plugin, resource in _entry_points(archive, info, "segur.plugins"):
        package, _, name = resource.partition(":")
        if f"{package.replace('.', '/')}/{name}" not in names:
            yield f"entry point {plugin} names {resource}, which is not in the wheel"


def _entry_points(archive: zipfile.ZipFile, info: str, group: str) -> list[tuple[str, str]]:
    if f"{info}/entry_points.txt" not in archive.namelist():
        return []
    parser = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    parser.read_string(archive.read(f"{info}/entry_points.txt").decode())
    return parser.items(group) if parser.has_section(group) else []
