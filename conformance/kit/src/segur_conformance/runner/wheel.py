"""Install a wheel into a folder of its own: unpacked, compared with its own RECORD, and nothing of it executed."""

import base64
import csv
import hashlib
import shutil
import zipfile
import zlib
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path, PurePosixPath
from typing import Final

from segur_sdk.errors import ConfigError
from segur_sdk.manifest import ENTRY_POINT_GROUP

MAX_WHEEL_BYTES: Final = 256 * 1024 * 1024
"""Unpacked. A plugin carries code and tables, never more than that."""
_UNREADABLE: Final = (OSError, ValueError, RuntimeError, EOFError, zipfile.BadZipFile, zipfile.LargeZipFile, zlib.error)
"""What an archive raises that is none, is encrypted, or was damaged."""
_INTO_SITE: Final = frozenset({"purelib", "platlib"})


def installed_from(wheel: Path, site: Path) -> str:
    """Unpack ``wheel`` into ``site`` as an installer would, without what it depends on, and return the plugin's id.

    Raises:
        ConfigError: ``config.plan_wheel``: not a wheel, altered, or not that of exactly one plugin.
    """
    try:
        with zipfile.ZipFile(wheel) as archive:
            _unpack(archive, site, wheel.name)
    except _UNREADABLE as failure:
        raise _refused(wheel, type(failure).__name__) from None
    infos = sorted(site.glob("*.dist-info"))
    if len(infos) != 1:
        raise _refused(wheel, "dist_info")
    found = PathDistribution(infos[0])
    _compare(found, site, infos[0].name, wheel)
    (infos[0] / "INSTALLER").write_text("segur-conformance\n", "utf-8")
    announced = [one.name for one in found.entry_points if one.group == ENTRY_POINT_GROUP]
    if len(announced) != 1:
        raise _refused(wheel, "not_one_plugin")
    return announced[0]


def _refused(wheel: Path, reason: str) -> ConfigError:
    return ConfigError("config.plan_wheel", file=wheel.name, reason=reason)


def _unpack(archive: zipfile.ZipFile, site: Path, name: str) -> None:
    entries = archive.infolist()
    if sum(one.file_size for one in entries) > MAX_WHEEL_BYTES:
        raise ConfigError("config.plan_wheel", file=name, reason="too_large")
    for entry in entries:
        place = _place(PurePosixPath(entry.filename))
        if entry.is_dir() or place is None:
            continue
        path = site / place
        path.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(entry) as source, path.open("xb") as target:
            shutil.copyfileobj(source, target)


def _place(name: PurePosixPath) -> PurePosixPath | None:
    """Return where a file goes, or nothing for scripts and data, which no import needs.

    Raises:
        ValueError: it would land outside of the folder.
    """
    if name.is_absolute() or ".." in name.parts or not name.parts or "\\" in str(name) or ":" in str(name):
        raise ValueError("a path that leaves the folder")
    if not name.parts[0].endswith(".data"):
        return name
    return PurePosixPath(*name.parts[2:]) if len(name.parts) > 2 and name.parts[1] in _INTO_SITE else None


def _compare(found: Distribution, site: Path, info: str, wheel: Path) -> None:
    """Refuse a wheel one of whose files is not what its RECORD says, or stands nowhere in it."""
    record = found.read_text("RECORD")
    if record is None:
        raise _refused(wheel, "record_missing")
    recorded: set[Path] = set()
    for row in csv.reader(record.splitlines()):
        if len(row) != 3:
            raise _refused(wheel, "record_invalid")
        try:
            place = _place(PurePosixPath(row[0]))
        except ValueError:
            raise _refused(wheel, "record_invalid") from None
        if place is None:
            continue
        path = site / place
        recorded.add(path)
        own = f"{info}/RECORD" == row[0] or row[0].startswith((f"{info}/RECORD.",))
        if not own and not (path.is_file() and row[1] == _recorded_hash(path)):
            raise _refused(wheel, "record_differs")
    if {path for path in site.rglob("*") if path.is_file()} - recorded:
        raise _refused(wheel, "not_recorded")


def _recorded_hash(path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).digest()
    return f"sha256={base64.urlsafe_b64encode(digest).rstrip(b'=').decode('ascii')}"
