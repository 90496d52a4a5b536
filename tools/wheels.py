"""What users install: every distribution builds reproducibly, and its wheel works alone.

Each distribution is built twice: once as a source archive and a wheel made from that archive, once with both
made from the work tree; all four files must match byte for byte. Then each wheel goes into an empty environment
with nothing but what it declares: siblings from the wheels just built, third parties at the locked versions. At last
the plugins, installed from those wheels, pass the conformance kit (``tools.certified``).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tools.certified import KIT, certify, plans
from tools.wheel_content import problems_of_wheel
from tools.workspace import Distribution, distributions

if TYPE_CHECKING:
    from collections.abc import Sequence

ALONE = Path(__file__).with_name("wheel_alone.py")
WORKERS = 2


class GateError(Exception):
    """A distribution failed; the message is for the developer."""


def carry_out(command: Sequence[object], what: str) -> str:
    """Run one program; returns its output.

    Raises:
        GateError: it failed.
    """
    result = subprocess.run(
        [str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if result.returncode:
        raise GateError(f"{what} failed\n{result.stdout}")
    return result.stdout


def build(one: Distribution, work: Path) -> Path:
    """Build one distribution twice.

    Returns:
        Its wheel.

    Raises:
        GateError: a build fails, or the two differ.
    """
    first, second = work / "first" / one.name, work / "second" / one.name
    command = [sys.executable, "-m", "build", "--no-isolation", one.folder, "--outdir"]
    carry_out([*command, first], f"{one.name}: wheel from its source archive")
    carry_out([*command, second, "--sdist", "--wheel"], f"{one.name}: source archive and wheel from the work tree")
    names = sorted(path.name for path in first.iterdir())
    if names != sorted(path.name for path in second.iterdir()):
        raise GateError(f"{one.name}: two builds made different files")
    for name in names:
        if (first / name).read_bytes() != (second / name).read_bytes():
            raise GateError(f"{one.name}: two builds of {name} differ")
    return next(first.glob("*.whl"))


def install_alone(one: Distribution, wheel: Path, constraints: Path, work: Path) -> str:
    """Install one wheel into an empty environment and use it there, without its extras, then with them.

    Returns:
        What was found, for the report.

    Raises:
        GateError: it does not install, import or answer.
    """
    environment = work / "alone" / one.name
    uv = Path(sys.executable).with_name("uv")
    carry_out([uv, "venv", "--python", sys.executable, environment], f"{one.name}: empty environment")
    programs = environment / ("Scripts" if sys.platform == "win32" else "bin")
    install = [uv, "pip", "install", "--python", programs / "python", "--constraint", constraints]
    carry_out([*install, wheel], f"{one.name}: installation")
    check = [programs / "python", "-I", ALONE, one.name, one.package]
    found = carry_out([*check, *(["--extras-missing"] if one.extras else [])], f"{one.name}: use without anything else")
    if one.extras:
        carry_out([*install, f"{one.name}[{','.join(one.extras)}] @ {wheel.as_uri()}"], f"{one.name}: extras")
        found = f"{found.rstrip()}; with all extras: {carry_out(check, f'{one.name}: use with all extras')}"
    return found.strip()


def check_all(root: Path, work: Path) -> list[str]:
    """Check every distribution of a workspace, and say what was found.

    Returns:
        What is wrong.
    """
    found = distributions(root)
    with ThreadPoolExecutor(WORKERS) as pool:
        try:
            wheels = list(pool.map(lambda one: build(one, work), found))
        except GateError as error:
            return [str(error)]
        constraints = work / "constraints.txt"
        locked = (root / "requirements/constraints.txt").read_text(encoding="utf-8")
        siblings = "".join(f"{one.name} @ {wheel.as_uri()}\n" for one, wheel in zip(found, wheels, strict=True))
        constraints.write_text(locked + siblings, encoding="utf-8")
        problems = [
            f"{one.name}: {problem}"
            for one, wheel in zip(found, wheels, strict=True)
            for problem in problems_of_wheel(wheel, one)
        ]
        reports = [
            pool.submit(install_alone, one, wheel, constraints, work) for one, wheel in zip(found, wheels, strict=True)
        ]
        for one, report in zip(found, reports, strict=True):
            try:
                print(f"{one.name} {one.version}: two builds alike; alone: {report.result()}", flush=True)
            except GateError as error:
                problems.append(str(error))
    return problems or certified(found, wheels, constraints, work)


def with_extras(one: Distribution) -> str:
    """Name of a distribution as it is installed for a certified run: plugins with all that they can use."""
    return f"{one.name}[{','.join(one.extras)}]" if one.kind == "plugin" and one.extras else one.name


def certified(found: Sequence[Distribution], wheels: Sequence[Path], constraints: Path, work: Path) -> list[str]:
    """Install kit and plugins from their wheels, and run every plugin's plan in certified mode.

    Returns:
        What is wrong.
    """
    wanted = plans(found)
    if not wanted:
        return []
    environment = work / "alone" / "certified"
    chosen = [
        f"{with_extras(one)} @ {wheel.as_uri()}"
        for one, wheel in zip(found, wheels, strict=True)
        if one.kind in {KIT, "plugin"}
    ]
    uv = Path(sys.executable).with_name("uv")
    python = environment / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    try:
        carry_out([uv, "venv", "--python", sys.executable, environment], "environment of the certified runs")
        install = [uv, "pip", "install", "--python", python, "--constraint", constraints]
        carry_out([*install, *chosen], "installation of kit and plugins")
    except GateError as error:
        return [str(error)]
    problems = []
    # Each run waits for its sandbox, its target and its readers most of the time.
    with ThreadPoolExecutor(WORKERS) as runs:
        for told, wrong in runs.map(lambda plan: certify(plan, environment, work), wanted):
            print(told, flush=True)
            problems += wrong
    return problems


def main(arguments: Sequence[str]) -> int:
    """Check one workspace; returns the exit status."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args(arguments).root.resolve()
    with tempfile.TemporaryDirectory() as work:
        problems = check_all(root, Path(work))
    print(*problems, f"wheels: {'FAILED' if problems else 'ok'}", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
