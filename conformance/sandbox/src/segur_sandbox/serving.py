"""Runs a sandbox in the foreground until a signal stops it."""

import asyncio
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

from segur_sandbox.server import Sandbox


def serve(data: Path, authority_bits: int, announce: Callable[[dict[str, Any]], None]) -> None:
    """Start the sandbox of `data`, call `announce` with its descriptor, and stop it on SIGINT or SIGTERM.

    Raises:
        DataFileError: `people.json` or `settings.json` cannot be used.
    """
    asyncio.run(_serve(Sandbox(data, authority_bits=authority_bits), announce))


async def _serve(sandbox: Sandbox, announce: Callable[[dict[str, Any]], None]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stopping.set)
        except NotImplementedError:
            # Windows' event loop has no signal handlers of its own.
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stopping.set))
    descriptor = await sandbox.start()
    try:
        announce(descriptor)
        await stopping.wait()
    finally:
        await sandbox.stop()
