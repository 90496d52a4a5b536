"""Import statements in the order that linters ask for."""

import sys
from collections.abc import Iterable
from itertools import groupby
from typing import Final

_STANDARD: Final = 0
_OTHERS: Final = 1
_OWN: Final = 2


def import_block(wanted: Iterable[str], own_package: str) -> str:
    """Write the imports of a module.

    Args:
        wanted: ``module:name`` each; one that is wanted twice is imported once.
        own_package: whose modules come last.

    Returns:
        Lines grouped into standard library, others and own, with an empty line between groups.
    """
    pairs = sorted({(module, name) for module, _, name in (one.partition(":") for one in wanted)})
    sections: dict[int, list[str]] = {}
    for module, names in groupby(pairs, key=lambda pair: pair[0]):
        line = f"from {module} import {', '.join(sorted((name for _, name in names), key=_rank))}"
        sections.setdefault(_section(module, own_package), []).append(line)
    return "\n\n".join("\n".join(sections[section]) for section in sorted(sections))


def _rank(name: str) -> tuple[int, str]:
    """Constants come before classes, and classes before functions."""
    if name.isupper():
        return 0, name
    return (1 if name[0].isupper() else 2), name


def _section(module: str, own_package: str) -> int:
    top = module.partition(".")[0]
    if top == own_package:
        return _OWN
    return _STANDARD if top in sys.stdlib_module_names else _OTHERS
