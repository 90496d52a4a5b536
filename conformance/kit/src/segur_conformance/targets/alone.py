"""Import every module of a package where nothing can be found but what it declares.

``python -m segur_conformance.targets.alone JOB``, JOB being JSON: ``folder`` to import from first, ``package``, and
``allowed`` top-level modules beside those of Python itself. One JSON object on standard output.
"""

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Final

from segur_conformance.targets.conversation import conversation

PLATFORM: Final = "_sysconfigdata"
"""How the one module of Python begins that each build names after its platform."""


class OnlyDeclared(MetaPathFinder):
    """Finds nothing, and lets nobody else find what is not declared.

    Args:
        allowed: top-level modules.
    """

    def __init__(self, allowed: frozenset[str]) -> None:
        self._allowed = allowed | sys.stdlib_module_names

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Refuse what is not declared; leave the rest to whoever comes next."""
        top = fullname.partition(".")[0]
        if top not in self._allowed and not top.startswith(PLATFORM):
            raise ModuleNotFoundError(fullname, name=fullname)
        return None


def modules_of(folder: Path, package: str) -> list[str]:
    """Return a package and all its modules, except those that are programs."""
    files = (one.relative_to(folder).with_suffix("") for one in (folder / package).rglob("*.py"))
    names = (".".join(file.parts).removesuffix(".__init__") for file in files)
    return sorted(
        name for name in names if all(part.isidentifier() for part in name.split(".")) and "__main__" not in name
    )


def failures(folder: Path, package: str, allowed: frozenset[str]) -> dict[str, str]:
    """Import everything; return what failed, by module: the name of what is missing, or of the exception."""
    sys.path.insert(0, str(folder))
    sys.meta_path.insert(0, OnlyDeclared(allowed | {package}))
    found = {}
    for module in modules_of(folder, package):
        try:
            import_module(module)
        except ModuleNotFoundError as missing:
            found[module] = str(missing.name)
        except BaseException as failure:  # noqa: BLE001 - whatever it is, it is named
            found[module] = type(failure).__name__
    return found


def main() -> None:
    """Import what the job names."""
    job = json.loads(sys.argv[1])
    with conversation() as line:
        line.say({"failures": failures(Path(job["folder"]), job["package"], frozenset(job["allowed"]))})


if __name__ == "__main__":
    main()
