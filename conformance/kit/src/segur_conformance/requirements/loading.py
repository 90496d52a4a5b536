"""Reads the registry's data: one TOML file per domain, one table per requirement.

A table ``[defaults]`` completes every entry of its file. An entry that ``follows`` others takes from the first of
them what it does not say itself: the same requirement under another number.
"""

import tomllib
from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, Final

from pydantic import ValidationError

from segur_conformance.requirements.model import Requirement, Source

SOURCES_FILE: Final = "sources.toml"
_TAKEN_OVER: Final = frozenset(Requirement.model_fields) - {
    "id",
    "source",
    "wave",
    "state",
    "arbitration",
    "follows",
    "note",
}
Entry = dict[str, Any]


def data_folder() -> Traversable:
    """Return the folder of the registry's data."""
    return files("segur_conformance.requirements") / "data"


def read_sources(folder: Traversable) -> Mapping[str, Source]:
    """Read where requirements come from."""
    content = tomllib.loads((folder / SOURCES_FILE).read_text("utf-8"))
    return {name: Source.model_validate(entry) for name, entry in content.items()}


def read_requirements(folder: Traversable) -> tuple[Requirement, ...]:
    """Read every requirement, in order of file name, then of the file.

    Raises:
        ValueError: an entry is written twice, follows nothing known, or breaks a rule of ``Requirement``.
    """
    entries: dict[str, Entry] = {}
    for name, entry in _written(folder):
        if name in entries:
            raise ValueError(f"{name} is written twice")
        entries[name] = entry
    return tuple(_requirement(name, entry, entries) for name, entry in entries.items())


def _written(folder: Traversable) -> Iterator[tuple[str, Entry]]:
    for file in sorted(folder.iterdir(), key=lambda one: one.name):
        if file.name == SOURCES_FILE or not file.name.endswith(".toml"):
            continue
        content = tomllib.loads(file.read_text("utf-8"))
        defaults = content.pop("defaults", {})
        for name, entry in content.items():
            # What a follower takes over wins over the defaults of its file, hence apart.
            yield name, {"own": entry, "defaults": defaults}


def _requirement(name: str, entry: Entry, entries: Mapping[str, Entry]) -> Requirement:
    own: Entry = entry["own"]
    first = next(iter(own.get("follows", ())), None)
    taken: Entry = {}
    for followed in own.get("follows", ()):
        if followed not in entries:
            raise ValueError(f"{name} follows {followed}, which is not in the registry")
        if "follows" in entries[followed]["own"]:
            raise ValueError(f"{name} follows {followed}, which follows another itself")
    if first is not None:
        said = {**entries[first]["defaults"], **entries[first]["own"]}
        taken = {field: said[field] for field in _TAKEN_OVER & said.keys()}
    try:
        return Requirement.model_validate({**entry["defaults"], **taken, **own, "id": name})
    except ValidationError as failure:
        problems = "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in failure.errors())
        raise ValueError(f"{name}: {problems}") from None
