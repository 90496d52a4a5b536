"""Whether somebody replaced a function or a class that belongs to others.

A ``Snapshot`` notes the identity of every callable of the modules that a plugin shares with the host, and of every
method of their classes; comparing it later names what has been replaced or removed, and methods that were added to a
class. What modules keep as data, what is added to a module, and what is done to one object alone, it does not see.
"""

import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module
from inspect import unwrap
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, Final

import attrs

SHARED: Final = frozenset(
    {
        "attrs",
        "attr",
        "builtins",
        "cryptography",
        "ctypes",
        "h11",
        "hashlib",
        "hmac",
        "httpcore",
        "httpx",
        "importlib",
        "io",
        "json",
        "locale",
        "logging",
        "lxml",
        "os",
        "pathlib",
        "pickle",
        "pluggy",
        "posixpath",
        "pydantic",
        "random",
        "secrets",
        "segur_host",
        "segur_sdk",
        "shutil",
        "signal",
        "socket",
        "sqlalchemy",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
        "tomllib",
        "urllib",
        "uuid",
        "warnings",
    }
)
"""Top-level modules that a plugin shares with the host, with every one below them."""
_IMPORTED_FIRST: Final = ("httpx", "json", "pluggy", "pydantic", "socket", "ssl", "subprocess", "urllib.request")
_MEMBERS: Final = (FunctionType, BuiltinFunctionType, classmethod, staticmethod, property)

Place = tuple[str, ...]
"""Module, attribute, and member when the attribute is a class."""


@attrs.frozen
class Patch:
    """Something that was replaced."""

    name: str
    """``module.function`` or ``module.Class.method``."""
    file: str
    """Of the code that stands there instead; empty when unknown or when nothing does."""


class Snapshot:
    """What stands where, at the moment it is made.

    Args:
        shared: top-level modules to look at.
    """

    def __init__(self, shared: Iterable[str] = SHARED) -> None:
        self._shared = frozenset(shared)
        for name in _IMPORTED_FIRST:
            with suppress(ImportError):
                import_module(name)
        self._known = dict(self._standing())
        self._told: set[Place] = set()
        self._members = {
            place: (value, frozenset(vars(value)))
            for place, value in self._known.items()
            if isinstance(value, type) and _module_of(value) == place[0]
        }

    def patches(self) -> tuple[Patch, ...]:
        """Return what has been replaced or removed since, each once."""
        found = []
        for place, value in self._known.items():
            now = _standing_at(place)
            if now is not value and place not in self._told:
                self._told.add(place)
                found.append(Patch(".".join(place), _file_of(now)))
        return (*found, *self._added())

    def _added(self) -> Iterator[Patch]:
        """Yield the methods that a class did not have: they stand before those that it inherits."""
        for (module, name), (kind, before) in self._members.items():
            if len(vars(kind)) > len(before):
                for member in vars(kind).keys() - before:
                    place = (module, name, member)
                    if isinstance(vars(kind)[member], _MEMBERS) and place not in self._told:
                        self._told.add(place)
                        yield Patch(".".join(place), _file_of(vars(kind)[member]))

    def _standing(self) -> Iterator[tuple[Place, Any]]:
        for name, module in list(sys.modules.items()):
            if name.partition(".")[0] in self._shared and isinstance(module, ModuleType):
                yield from _callables(name, module)


def _callables(name: str, module: ModuleType) -> Iterator[tuple[Place, Any]]:
    for attribute, value in list(vars(module).items()):
        if isinstance(value, FunctionType | BuiltinFunctionType):
            yield (name, attribute), value
        elif isinstance(value, type):
            yield (name, attribute), value
            if _module_of(value) == name:
                for member, held in list(vars(value).items()):
                    if isinstance(held, _MEMBERS):
                        yield (name, attribute, member), held


def _module_of(kind: type) -> object:
    # A class that was put together by hand may have none.
    return getattr(kind, "__module__", None)


def _standing_at(place: Place) -> Any:
    module, attribute, *member = place
    value = vars(sys.modules[module]).get(attribute) if module in sys.modules else None
    return vars(value).get(member[0]) if member and isinstance(value, type) else value


def _file_of(value: Any) -> str:
    held = getattr(value, "__func__", None) or getattr(value, "fget", None) or value
    with suppress(Exception):
        code = getattr(unwrap(held), "__code__", None)
        if code is not None:
            return str(code.co_filename)
        module = sys.modules.get(getattr(held, "__module__", None) or "")
        return str(getattr(module, "__file__", None) or "")
    return ""
