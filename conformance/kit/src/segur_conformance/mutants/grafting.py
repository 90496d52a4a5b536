"""Install a changed copy of a package as pip would have: a folder to import from before all others."""

import base64
import compileall
import hashlib
import shutil
from collections.abc import Iterable
from importlib.metadata import distribution, packages_distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from segur_conformance.mutants.mutant import Change

METADATA: Final = "dist-info/"
"""How the name of a file begins that belongs to the distribution's metadata, not to the package."""
_OF_THE_INSTALLATION: Final = frozenset({"RECORD", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json"})


class GraftError(Exception):
    """A change does not fit the code any more."""


def grafted(changes: Iterable[Change], site: Path) -> Path:
    """Copy every package that is changed into ``site``, change it there, and return the folder to import from.

    Raises:
        GraftError: a passage does not stand exactly once in its file.
    """
    site.mkdir(parents=True)
    changes = tuple(changes)
    packages = sorted({change.package for change in changes})
    for package in packages:
        copy_of(package, site)
    for change in changes:
        if not change.file.startswith(METADATA):
            apply(change, site / change.package / change.file)
    for package in packages:
        record(package, site, [one for one in changes if one.package == package and one.file.startswith(METADATA)])
    # The target may not write bytecode: without any, every process of it would compile the copies anew. What came with
    # them still fits, but for what was changed.
    compileall.compile_dir(site, quiet=2)
    return site


def apply(change: Change, path: Path) -> None:
    """Replace one passage of one file.

    Raises:
        GraftError: as ``changed_text``.
    """
    path.write_text(changed_text(change, path.read_text("utf-8")), "utf-8")


def changed_text(change: Change, text: str) -> str:
    """Return what a file holds once one passage of it is replaced.

    Raises:
        GraftError: the passage does not stand exactly once in it, or what comes of it is not Python.
    """
    if text.count(change.before) != 1:
        raise GraftError(f"{change.package}/{change.file}: {change.before!r}")
    changed = text.replace(change.before, change.after)
    if change.file.endswith(".py"):
        # A plugin that cannot be imported fails every check, which would prove nothing of any.
        try:
            compile(changed, change.file, "exec")
        except SyntaxError as error:
            raise GraftError(f"{change.package}/{change.file}: {error.msg}") from None
    return changed


def copy_of(package: str, site: Path) -> Path:
    """Copy the code of an installed package."""
    return Path(shutil.copytree(source_of(package), site / package))


def source_of(package: str) -> Path:
    """Return the folder that an installed package is imported from.

    Raises:
        GraftError: it is not installed.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise GraftError(package)
    return Path(next(iter(spec.submodule_search_locations)))


def record(package: str, site: Path, changes: Iterable[Change] = ()) -> None:
    """Write the metadata that an installer leaves beside a copy: the wheel's own, and RECORD with every hash.

    Args:
        package: that was copied.
        site: into this folder.
        changes: of the metadata; those of RECORD are made last, and make it lie.
    """
    changes = tuple(changes)
    installed = distribution(_distribution_of(package))
    info = site / f"{installed.name.replace('-', '_')}-{installed.version}.dist-info"
    info.mkdir()
    for file in installed.files or ():
        if file.parts[0].endswith(".dist-info") and file.name not in _OF_THE_INSTALLATION:
            copy = info.joinpath(*file.parts[1:])
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(str(file.locate()), copy)
    (info / "INSTALLER").write_text("pip\n", "utf-8")
    for change in changes:
        if change.file != f"{METADATA}RECORD":
            apply(change, info / change.file.removeprefix(METADATA))
    files = sorted(
        one
        for folder in (site / package, info)
        for one in folder.rglob("*")
        if one.is_file() and one.parent.name != "__pycache__"
    )
    lines = [f"{one.relative_to(site).as_posix()},sha256={_digest(one)},{one.stat().st_size}\n" for one in files]
    (info / "RECORD").write_text("".join([*lines, f"{info.name}/RECORD,,\n"]), "utf-8")
    for change in changes:
        if change.file == f"{METADATA}RECORD":
            apply(change, info / "RECORD")


def _distribution_of(package: str) -> str:
    # An editable distribution does not list its modules; ours are all named after their package.
    return packages_distributions().get(package, [package.replace("_", "-")])[0]


def _digest(path: Path) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(path.read_bytes()).digest()).rstrip(b"=").decode("ascii")
