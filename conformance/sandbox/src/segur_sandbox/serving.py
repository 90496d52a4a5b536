"""Runs a sandbox in the foreground until a signal stops it."""

import asyncio
import signal
from collections.abc import Callable
from typing import Any

from segur_sandbox.server import Sandbox


def serve(sandbox: Sandbox, announce: Callable[[dict[str, Any]], None]) -> None:
    """Start a sandbox, call `announce` with its descriptor, and stop it on SIGINT or SIGTERM.

    Raises:
        PcscError: its pcscd does not start.
    """
    asyncio.run(_serve(sandbox, announce))


async def _serve(sandbox: Sandbox, announce: Callable[[dict[str, Any]], None]) -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        try:
            loop.add_signal_handler(name, stopping.set)
        except NotImplementedError:
            # Windows' event loop has no signal handlers of its own.
            signal.signal(name, lambda *_: loop.call_soon_threadsafe(stopping.set))
    try:
        announce(await sandbox.start())
        await stopping.wait()
    finally:
        await sandbox.stop()
