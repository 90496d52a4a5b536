"""The reference plugins, installed from their wheels, pass the conformance kit in certified mode.

Each plugin that has plans (``conformance*.toml``) in its folder is put to the test as any other product would be: by
the command that its users type, in an environment that holds wheels and nothing else.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tools.workspace import Distribution

PLANS = "conformance*.toml"
KIT = "kit"


def plans(found: Sequence[Distribution]) -> list[Path]:
    """The plans of every plugin."""
    return [plan for one in found for plan in sorted(one.folder.glob(PLANS))]


def certify(plan: Path, environment: Path, work: Path) -> tuple[str, list[str]]:
    """Run one plan in certified mode.

    Args:
        plan: of a plugin that is installed in ``environment``.
        environment: with the kit and every plugin, from wheels.
        work: where the report goes.

    Returns:
        What was found, for the report, and what is wrong.
    """
    programs = environment / ("Scripts" if sys.platform == "win32" else "bin")
    name = f"{plan.parent.name}/{plan.stem}"
    out = work / "certified" / name
    command = [programs / "segur", "conformance", "run", plan, "--out", out, "--certified", "--json"]
    if "SEGUR_ASSETS" in os.environ:
        command.append("--require-assets")
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, check=False, cwd=work)
    report = out / "report.json"
    if not report.is_file():
        return "", [f"{name}: no report\n{done.stdout}{done.stderr}"]
    content = json.loads(report.read_text(encoding="utf-8"))
    told = f"{name}: certified run: {content['verdict']}, {content['counts']}"
    if done.returncode == 0:
        return told, []
    unwell = [one for one in content["checks"] if one["outcome"] not in {"pass", "not_applicable"}]
    lines = [f"  {one['id']}: {one['outcome']} {one['reason']}" for one in unwell]
    return told, [told, *map(str, content.get("reasons", ())), *lines]
