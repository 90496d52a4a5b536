"""Refresh the files of requirements/ and say what changed: ``python dev.py lock [--upgrade]``.

``lock.txt`` pins, with hashes, everything that any distribution, test or tool needs, but for what has to be compiled,
which ``native.txt`` pins; ``constraints.txt`` has the versions of both without hashes; ``fuzz.txt`` pins the fuzzer,
``bootstrap.txt`` what dev.py itself needs; ``workspace.txt`` lists the distributions. Versions already locked are kept
unless a requirement excludes them or ``--upgrade`` is given.
No file names the index that the packages came from.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tools.workspace import distributions, workspace_requirements

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements"
HEADER = "# Written by: python dev.py lock\n"
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?P<marker> ;[^\\]*)?", re.MULTILINE)


def pins(text: str) -> dict[str, str]:
    """Locked versions by package name; several when markers choose between them."""
    found: dict[str, str] = {}
    for match in PIN.finditer(text):
        name = match["name"]
        found[name] = f"{found[name]}, {match['version']}" if name in found else match["version"]
    return found


def without_hashes(text: str) -> str:
    """Lock file text with versions and markers only."""
    return HEADER + "".join(match.group().rstrip() + "\n" for match in PIN.finditer(text))


def changes(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """One line for each package that was added, removed or moved to another version."""
    lines = []
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name), after.get(name)
        if old is None:
            lines.append(f"+ {name} {new}")
        elif new is None:
            lines.append(f"- {name} {old}")
        elif old != new:
            lines.append(f"  {name} {old} -> {new}")
    return lines


def compile_requirements(output: str, inputs: list[str], options: list[str]) -> list[str]:
    """Resolve ``inputs`` into ``output`` with the uv beside this interpreter; returns the changes."""
    target = REQUIREMENTS / output
    before = pins(target.read_text(encoding="utf-8")) if target.exists() else {}
    uv = Path(sys.executable).with_name("uv")
    command = [str(uv), "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    command += ["--generate-hashes", "--no-header", "--no-annotate", "--no-emit-index-url", "--no-emit-find-links"]
    command += [*options, "--output-file", f"requirements/{output}"]
    command += [f"requirements/{name}" for name in inputs]
    subprocess.run(command, cwd=ROOT, check=True)
    text = target.read_text(encoding="utf-8")
    target.write_text(HEADER + text.removeprefix(HEADER), encoding="utf-8")
    return [f"{output}: {line}" for line in changes(before, pins(text))]


def main(arguments: list[str]) -> int:
    """Refresh all files; returns the exit status."""
    if not set(arguments) <= {"--upgrade"}:
        print("usage: python dev.py lock [--upgrade]", file=sys.stderr)
        return 2
    found = distributions(ROOT)
    workspace = REQUIREMENTS / "workspace.txt"
    before = workspace.read_text(encoding="utf-8").splitlines() if workspace.exists() else []
    workspace.write_text(workspace_requirements(found), encoding="utf-8")
    after = workspace.read_text(encoding="utf-8").splitlines()
    lines = [f"workspace.txt: + {line}" for line in after if line not in before]
    lines += [f"workspace.txt: - {line}" for line in before if line not in after]
    siblings = [option for one in found for option in ("--no-emit-package", one.name)]
    try:
        lines += compile_requirements("bootstrap.txt", ["bootstrap.in"], arguments)
        lines += compile_requirements("lock.txt", ["workspace.txt", "test.in", "tools.in"], arguments + siblings)
        lines += compile_requirements("native.txt", ["native.in"], arguments)
        lines += compile_requirements("fuzz.txt", ["fuzz.in"], arguments)
    except subprocess.CalledProcessError as failure:
        return int(failure.returncode)
    locked = "".join((REQUIREMENTS / name).read_text(encoding="utf-8") for name in ("lock.txt", "native.txt"))
    (REQUIREMENTS / "constraints.txt").write_text(without_hashes(locked), encoding="utf-8")
    print("\n".join(lines or ["nothing changed"]) + "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
