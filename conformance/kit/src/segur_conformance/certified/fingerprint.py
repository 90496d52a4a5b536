"""One hash for many files: what tells whether two runs had the same thing before them."""

import hashlib
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Final

CODE_BENEATH: Final = ("segur_sdk", "segur_host", "segur_sandbox")
"""Packages that every check stands on, beside the kit."""


def files_of(folder: Path) -> Iterator[Path]:
    """Give the files of a package, sorted, without what the interpreter keeps for itself."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path


def sha256_of(files: Iterable[Path], base: Path) -> str:
    """Return one hash of the names and contents of files."""
    digest = hashlib.sha256()
    for path in files:
        name = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
        digest.update(f"{name}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return digest.hexdigest()


def sha256_of_package(folder: Path) -> str:
    """Return one hash of a whole package."""
    return sha256_of(files_of(folder), folder)


def package_folder(package: str) -> Path:
    """Return the folder from which a package is imported."""
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(package)
    return Path(next(iter(spec.submodule_search_locations)))


def sha256_beneath() -> str:
    """Return one hash of everything that checks stand on beside the kit."""
    digest = hashlib.sha256()
    for package in CODE_BENEATH:
        digest.update(sha256_of_package(package_folder(package)).encode())
    return digest.hexdigest()
