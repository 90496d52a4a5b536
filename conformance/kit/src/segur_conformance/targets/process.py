"""The process of a target, however it was started."""

import os
from typing import IO, Final, Protocol

OF_THE_KIT: Final = ("COVERAGE_", "PYTEST_")
"""How variables begin that are meant for the process of the kit."""


class TargetProcess(Protocol):
    """As ``subprocess.Popen``, with pipes for its three standard streams."""

    stdin: IO[bytes] | None
    stdout: IO[bytes] | None
    stderr: IO[bytes] | None

    @property
    def pid(self) -> int:
        """Its number."""

    def poll(self) -> int | None:
        """Return its status, if it has ended."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end and return its status; ``subprocess.TimeoutExpired`` when it goes on."""

    def kill(self) -> None:
        """End it."""


def surroundings() -> dict[str, str]:
    """Return the variables that a target finds: what measures the kit is not to be judged with it."""
    return {name: value for name, value in os.environ.items() if not name.startswith(OF_THE_KIT)}


def interpreted() -> dict[str, str]:
    """Return them for a target in Python: what it prints is heard during the check in which it does."""
    return {**surroundings(), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
