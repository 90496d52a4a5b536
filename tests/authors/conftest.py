"""Packages made by ``segur plugins new``, and environments in which they are installed."""

import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest

from segur_sdk.hooks import HOOKS
from tests.authors.environment import OFFLINE
from tests.authors.made import Made

SCRIPTS = Path(sys.executable).parent
LONGEST = "le_plus_long_des_noms_qui_soient_permis_"
PACKAGES = {
    **{f"seul-{place}": (hook,) for place, hook in enumerate(HOOKS, start=1)},
    f"{LONGEST[:39]}s": tuple(HOOKS),
    "ab": tuple(HOOKS)[:1],
}
"""Hooks by name: each alone, and all of them under the longest of names; a name may also be short."""


def new_package(out: Path, name: str, hooks: Iterable[str]) -> None:
    options = [word for hook in hooks for word in ("--hook", hook)]
    subprocess.run(
        [str(SCRIPTS / "segur"), "plugins", "new", name, *options, "--out", str(out)],
        check=True,
        stdout=subprocess.DEVNULL,
    )


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A package for each hook alone, and one for all."""
    folder, installed = tmp_path_factory.mktemp("packages"), tmp_path_factory.mktemp("installed")
    for name, hooks in PACKAGES.items():
        new_package(folder, name, hooks)
    install = ["pip", "install", "--quiet", "--python", sys.executable, "--no-deps", "--target", str(installed)]
    uv = [str(SCRIPTS / "uv"), *install, *(str(one) for one in sorted(folder.iterdir()))]
    subprocess.run(uv, check=True, env=os.environ | OFFLINE)
    return Made(folder, installed)
