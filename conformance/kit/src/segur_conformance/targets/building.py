"""Build a wheel twice from the same sources, under different circumstances, and say what came out.

``python -m segur_conformance.targets.building SOURCES``, in a folder of its own: one JSON object on standard output.
The backend that the sources name builds both times (PEP 517), without network; it must be installed here.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path
from typing import Any, Final

from segur_conformance.targets.conversation import conversation

_NOT_SOURCES: Final = shutil.ignore_patterns(
    ".*", "__pycache__", "dist", "build", "node_modules", "venv", "*.egg-info", "*.pyc"
)
_BUILD: Final = (
    "import importlib, sys; sys.path.insert(0, ''); importlib.import_module(sys.argv[1]).build_wheel(sys.argv[2])"
)
CIRCUMSTANCES: Final = (
    {"folder": "one", "PYTHONHASHSEED": "1", "TZ": "UTC", "modified": "315619200", "umask": "18"},
    {"folder": "two/deeper", "PYTHONHASHSEED": "2", "TZ": "Pacific/Auckland", "modified": "1767225600", "umask": "63"},
)
"""What may differ from one machine to another without changing what is built."""


def built(sources: Path, circumstances: dict[str, str]) -> dict[str, Any]:
    """Build one wheel and return its name and hash, or why there is none."""
    folder = Path(circumstances["folder"])
    copy = _copied(sources, folder / "sources")
    for file in copy.rglob("*"):
        os.utime(file, (int(circumstances["modified"]),) * 2)
    backend = _backend(copy)
    out = (folder / "wheel").absolute()
    out.mkdir()
    environment = {key: value for key, value in os.environ.items() if key != "SOURCE_DATE_EPOCH"}
    environment |= {key: circumstances[key] for key in ("PYTHONHASHSEED", "TZ")}
    done = subprocess.run(
        [sys.executable, "-c", _BUILD, backend, str(out)],
        cwd=copy,
        env=environment,
        umask=int(circumstances["umask"]),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
    )
    wheels = sorted(out.glob("*.whl"))
    if done.returncode or len(wheels) != 1:
        last = done.stderr.decode("utf-8", "replace").strip().rpartition("\n")[2]
        missing = last.startswith("ModuleNotFoundError") and backend.partition(".")[0] in last
        return {"backend": backend, "missing": missing, "failure": last[:200]}
    digest = hashlib.sha256(wheels[0].read_bytes()).hexdigest()
    return {"backend": backend, "name": wheels[0].name, "sha256": digest}


def _copied(sources: Path, copy: Path) -> Path:
    if sources.is_dir():
        return Path(shutil.copytree(sources, copy, ignore=_NOT_SOURCES))
    copy.mkdir(parents=True)
    with tarfile.open(sources) as archive:
        archive.extractall(copy, filter="data")
    return next(one for one in copy.iterdir() if one.is_dir())


def _backend(folder: Path) -> str:
    system = tomllib.loads((folder / "pyproject.toml").read_text("utf-8")).get("build-system", {})
    return str(system.get("build-backend", "setuptools.build_meta"))


def main() -> None:
    """Build what the command line names."""
    with conversation() as line:
        line.say({"built": [built(Path(sys.argv[1]), one) for one in CIRCUMSTANCES]})


if __name__ == "__main__":
    main()
