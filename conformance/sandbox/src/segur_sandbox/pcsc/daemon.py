"""A pcscd with virtual readers, seen from the process that puts cards into them."""

import asyncio
import contextlib
import enum
import json
import os
import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from segur_sandbox.pcsc import states
from segur_sandbox.pcsc.packages import SOCKET_VARIABLE

_GRACE_S = 2.0


class Seen(enum.IntEnum):
    """What `states.py` answers."""

    AS_ASKED = 0
    NOT_IN_TIME = 1
    NO_SERVICE = 3


class Pcscd(ABC):
    """One pcscd: the sandbox's own, or this machine's."""

    socket: Path | None = None
    """Where it listens; nothing for the usual place."""

    @property
    @abstractmethod
    def is_up(self) -> bool:
        """Whether it runs, and cards can be dialled in."""

    def entering(self) -> Sequence[str]:
        """Return what stands before a command so that it runs where the readers' ports are."""
        return ()

    async def wait(self, reader: str, wanted: str, seconds: float) -> Seen:
        """Wait until pcscd shows a reader as `present` or `empty`.

        Returns:
            `NO_SERVICE` also for a reader that it does not know.
        """
        return (await self._look(seconds, reader, wanted))[0]

    async def readers(self, seconds: float) -> list[str]:
        """Return the names of the readers, waiting until there is one; none when pcscd does not answer."""
        return (await self._look(seconds))[1]

    async def _look(self, seconds: float, *arguments: str) -> tuple[Seen, list[str]]:
        environment = dict(os.environ)
        environment.pop(SOCKET_VARIABLE, None)
        if self.socket is not None:
            environment[SOCKET_VARIABLE] = str(self.socket)
        process = await asyncio.create_subprocess_exec(
            *alone(states.__file__, str(seconds), *arguments),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=environment,
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), seconds + _GRACE_S)
        except TimeoutError:
            # libpcsclite waits for a pcscd that was stopped half-way, whatever it was asked.
            return Seen.NO_SERVICE, []
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        status = process.returncode
        if status not in (Seen.AS_ASKED, Seen.NOT_IN_TIME):
            return Seen.NO_SERVICE, []
        return Seen(status), list(json.loads(output))


def alone(script: str, *arguments: str) -> list[str]:
    """Return the command that runs a script with the standard library alone, so that it starts at once."""
    return [sys.executable, "-I", "-S", script, *arguments]
