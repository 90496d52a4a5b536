"""Import contracts of the workspace, composed from its folders and held by import-linter.

import-linter has no wildcard for "every package whose name starts with segur_plugin_", so its configuration is
written here from what ``tools.workspace`` finds. Indirect imports count: a plugin may not reach the host through
anybody.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from importlinter.cli import lint_imports

from tools.workspace import Distribution, distributions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

MAY_IMPORT: dict[str, frozenset[str]] = {
    "sdk": frozenset(),
    "host": frozenset({"sdk"}),
    "sandbox": frozenset(),  # it must not judge messages with the code that made them
    "testing": frozenset({"sdk", "host", "sandbox", "kit"}),
    "kit": frozenset({"sdk", "sandbox"}),
    "plugin": frozenset({"sdk"}),
}
"""Kinds of distribution that each kind may import; never another of its own kind."""

KIT_TARGET = "segur_conformance.targets.reference_host"
"""The one module of the kit that may import the host, because the host is what it puts to the test."""

NOT_IN_SDK_CORE = ("cryptography", "httpx", "lxml", "rich", "smartcard", "sqlalchemy", "typer")
NOT_IN_SDK = ("httpx", "rich", "smartcard", "sqlalchemy", "typer")
"""What ``segur_sdk.formats`` may not import either: it reads and writes bytes, and does no I/O."""

INPUT_OUTPUT = ("ctypes", "http", "imaplib", "multiprocessing", "smtplib", "socket", "sqlite3", "ssl", "subprocess")
"""Standard modules for what only the host does: sockets, keys, storage, processes."""

DRIVER_MODULES = frozenset({"driver", "drivers"})
"""Modules of a plugin that run in a child process of their own and may load native libraries."""


def contract(name: str, sources: Iterable[str], forbidden: Iterable[str], **options: str) -> str:
    """One ``forbidden`` contract in import-linter's own configuration format."""
    lines = [f"[importlinter:contract:{name}]", f"name = {name}", "type = forbidden"]
    lines += ["source_modules =", *(f"    {module}" for module in sources)]
    lines += ["forbidden_modules =", *(f"    {module}" for module in forbidden)]
    lines += [f"{key} = {value}" for key, value in options.items()]
    return "\n".join(lines) + "\n"


def parts(distribution: Distribution, except_for: frozenset[str]) -> list[str]:
    """Direct sub-modules and sub-packages of a distribution's package, without those named."""
    found = {
        path.stem for path in distribution.source.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    return [f"{distribution.package}.{name}" for name in sorted(found - except_for - {"__init__", "__main__"})]


def part_contracts(
    name: str, distribution: Distribution, forbidden: Sequence[str], except_for: frozenset[str]
) -> Iterator[str]:
    """Contracts on a package without some of its parts: on the other parts, and on its __init__ alone."""
    if sources := parts(distribution, except_for):
        yield contract(name, sources, forbidden)
    yield contract(f"{name} (__init__)", [distribution.package], forbidden, as_packages="False")


def workspace_contract(one: Distribution, found: Sequence[Distribution]) -> Iterator[str]:
    """Contract on the packages of the workspace that one distribution may not import."""
    forbidden = [other.package for other in found if other != one and other.kind not in MAY_IMPORT[one.kind]]
    options = {}
    if one.kind == "kit":
        edges = [
            f"\n    {source} -> {target}"
            for host in (other.package for other in found if other.kind == "host")
            for source in (KIT_TARGET, f"{KIT_TARGET}.**")
            for target in (host, f"{host}.**")
        ]
        options = {"ignore_imports": "".join(edges), "unmatched_ignore_imports_alerting": "none"}
    if forbidden:
        yield contract(f"{one.package}: workspace", [one.package], forbidden, **options)


def library_contracts(one: Distribution) -> Iterator[str]:
    """Contracts on the libraries that the SDK and the plugins leave to the host."""
    everywhere = (*NOT_IN_SDK, *INPUT_OUTPUT)
    if one.kind == "sdk":
        yield contract(f"{one.package}: libraries", [one.package], everywhere)
        yield from part_contracts(f"{one.package}: core libraries", one, NOT_IN_SDK_CORE, frozenset({"formats"}))
    if one.kind == "plugin":
        yield from part_contracts(f"{one.package}: libraries", one, everywhere, DRIVER_MODULES)


def configuration(found: Sequence[Distribution]) -> str:
    """The whole configuration text for import-linter."""
    packages = "".join(f"\n    {one.package}" for one in found)
    head = f"[importlinter]\nroot_packages ={packages}\ninclude_external_packages = True\n"
    checks = (text for one in found for text in (*workspace_contract(one, found), *library_contracts(one)))
    return "\n".join([head, *checks])


def main(arguments: Sequence[str]) -> int:
    """Check the contracts of one workspace; returns import-linter's exit status."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args(arguments).root.resolve()
    found = distributions(root)
    sys.path[:0] = [str(one.folder / "src") for one in found]  # grimp looks packages up without importing them
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder, "importlinter.ini")
        config.write_text(configuration(found), encoding="utf-8")
        return lint_imports(config_filename=str(config), no_cache=True, no_logo=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
