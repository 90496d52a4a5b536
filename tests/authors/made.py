"""Packages of authors, made from the template and installed beside this environment."""

import os
import subprocess
import sys
from pathlib import Path

import attrs


@attrs.frozen
class Made:
    """Packages that stand side by side in one folder, and are installed in another one."""

    folder: Path
    installed: Path

    @property
    def packages(self) -> list[Path]:
        """Folder of each."""
        return sorted(self.folder.glob("segur-plugin-*"))

    def run(self, *command: str, **environment: str) -> str:
        """Run a program of this environment over them; return what it writes if it does not end with 0."""
        done = subprocess.run(
            [sys.executable, "-m", *command],
            cwd=self.folder,
            env=os.environ | {"PYTHONPATH": str(self.installed)} | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=280,
            check=False,
        )
        return done.stdout if done.returncode else ""
