"""Use one installed distribution and nothing else: run by ``tools.wheels`` in an otherwise empty environment.

Imports every module, loads every entry point, asks every command for its help.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path


def modules(package: str) -> list[str]:
    """The package and all its modules, except those that are programs."""
    root = importlib.import_module(package)
    names = [info.name for info in pkgutil.walk_packages(root.__path__, f"{package}.", onerror=lambda _: None)]
    return [package, *(name for name in names if not name.endswith(".__main__"))]


def import_all(package: str) -> tuple[int, dict[str, str]]:
    """Import every module; returns how many did and which others lack a module, with its name."""
    lacking: dict[str, str] = {}
    names = modules(package)
    for name in names:
        try:
            importlib.import_module(name)
        except ModuleNotFoundError as error:
            lacking[name] = str(error.name)
    return len(names) - len(lacking), lacking


def commands_answer(name: str) -> list[str]:
    """Load the distribution's entry points and run its commands' help; returns the commands."""
    commands = []
    for entry in distribution(name).entry_points:
        if entry.group == "console_scripts":
            program = Path(sys.executable).with_name(entry.name)
            answer = subprocess.run([str(program), "--help"], capture_output=True, text=True, check=False)
            if answer.returncode or not answer.stdout.strip():
                sys.exit(f"{entry.name} --help does not answer\n{answer.stderr}")
            commands.append(entry.name)
        elif entry.group != "segur.plugins":  # those name a manifest, which is read without importing
            entry.load()
    return commands


def main() -> int:
    """Use the distribution; returns 1 when a module lacks what is not declared."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("package")
    parser.add_argument("--extras-missing", action="store_true", help="modules may lack what an extra brings")
    options = parser.parse_args()
    count, lacking = import_all(options.package)
    for module, missing in lacking.items():
        print(f"{module} lacks {missing}", end="; ")
    commands = commands_answer(options.name)
    answers = f", {', '.join(commands)} --help answers" if commands else ""
    print(f"{count} modules import{answers}")
    return 1 if lacking and not options.extras_missing else 0


if __name__ == "__main__":
    sys.exit(main())
