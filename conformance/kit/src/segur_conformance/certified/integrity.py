"""Is a distribution still what its wheel said: every file compared with the RECORD that came with it."""

import base64
import hashlib
import json
import marshal
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from importlib.util import MAGIC_NUMBER, source_from_cache
from pathlib import Path
from typing import Final

from segur_conformance.certified.fingerprint import package_folder

_PYC_HEADER: Final = 16


def is_editable(found: Distribution) -> bool:
    """Return whether a distribution's code is somebody's working folder, not a copy of a wheel's."""
    origin = json.loads(found.read_text("direct_url.json") or "{}")
    return bool(origin.get("dir_info", {}).get("editable"))


def alterations(name: str) -> Iterator[str]:
    """Give, in French, every way in which an installed distribution is not its wheel's.

    Args:
        name: of the distribution; its package has the same name with underscores.
    """
    package = name.replace("-", "_")
    try:
        found = distribution(name)
    except PackageNotFoundError:
        yield f"{name} : pas installé"
        return
    if is_editable(found):
        yield f"{name} : installation de développement, sans liste de fichiers à laquelle comparer"
        return
    folder = Path(str(found.locate_file(package)))
    if package_folder(package).resolve() != folder.resolve():
        yield f"{name} : le code exécuté n’est pas celui qui est installé"
        return
    yield from (f"{name} : {what}" for what in altered_files(found, folder))


def altered_files(found: Distribution, folder: Path) -> Iterator[str]:
    """Give every file that is missing, changed, or nowhere in the RECORD, by its name within the installation."""
    base = Path(str(found.locate_file("")))
    recorded: set[Path] = set()
    for file in found.files or ():
        path = Path(str(file.locate()))
        if file.hash is None or path.suffix == ".pyc":
            continue
        recorded.add(path)
        if not path.is_file():
            yield f"fichier manquant {file}"
        elif _digest(path, file.hash.mode) != file.hash.value:
            yield f"fichier modifié {file}"
    if not recorded:
        yield "liste de fichiers absente"
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path in recorded:
            continue
        if path.suffix != ".pyc" or "__pycache__" not in path.parts:
            yield f"fichier ajouté {path.relative_to(base)}"
        elif not _compiled_from_source(path):
            yield f"fichier compilé qui n’est pas celui de sa source {path.relative_to(base)}"


def _digest(path: Path, mode: str) -> str:
    found = hashlib.new(mode, path.read_bytes()).digest()
    return base64.urlsafe_b64encode(found).rstrip(b"=").decode("ascii")


def _compiled_from_source(path: Path) -> bool:
    """Return whether a cached file holds what its source says; one of another interpreter is never loaded."""
    content = path.read_bytes()
    if not content.startswith(MAGIC_NUMBER):
        return True
    try:
        source = Path(source_from_cache(str(path)))
        # Optimised code has no asserts, and is loaded only by an interpreter that was asked for it.
        optimise = int(path.name.partition(".opt-")[2].partition(".")[0] or 0)
        written = compile(source.read_bytes(), str(source), "exec", dont_inherit=True, optimize=optimise)
        return bool(marshal.loads(content[_PYC_HEADER:]) == written)  # noqa: S302 - compared, never executed
    except (OSError, ValueError, EOFError, TypeError, SyntaxError):
        return False
