"""An environment of an author: what is installed here is there too, and what is installed there stays there."""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import attrs

OFFLINE = {"UV_OFFLINE": "1", "UV_NO_BUILD_ISOLATION": "1"}
"""Packages are built with what is here; nothing is fetched."""

PROGRAMS = {"segur": "segur_host.cli", "pytest": "pytest"}
"""Programs that must see what the author installs, and their modules."""

SHIM = """#!{python}
import sys
from {module} import main
sys.exit(main())
"""


@attrs.frozen
class Author:
    """Somebody who works in an environment of his own.

    Args:
        environment: folder of that environment.
    """

    environment: Path

    @classmethod
    def beginning(cls, environment: Path) -> "Author":
        """Make an empty environment on top of this one."""
        venv.create(environment, symlinks=True)
        made = cls(environment)
        (site,) = environment.glob("lib/python*/site-packages")
        here = sysconfig.get_path("purelib")
        # Added as a folder of packages, not as a mere path: editable installations are to be seen too.
        (site / "workspace.pth").write_text(f"import site; site.addsitedir({here!r})\n", "utf-8")
        for program, module in PROGRAMS.items():
            script = made.scripts / program
            script.write_text(SHIM.format(python=made.scripts / "python", module=module), "utf-8")
            script.chmod(0o755)
        return made

    @property
    def scripts(self) -> Path:
        """Folder of its programs."""
        return self.environment / "bin"

    def run(self, command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        """Run a program of this environment in a folder; its output and its errors come together."""
        # Under CI, pytest writes its summary in another form than the page shows.
        around = {name: value for name, value in os.environ.items() if name != "CI"}
        programs = os.pathsep.join([str(self.scripts), str(Path(sys.executable).parent), os.environ["PATH"]])
        return subprocess.run(
            [str(self.scripts / command[0]), *command[1:]],
            cwd=folder,
            env=around | OFFLINE | {"VIRTUAL_ENV": str(self.environment), "PATH": programs},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=280,
            check=False,
        )
