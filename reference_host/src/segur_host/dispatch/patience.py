"""How long one call may wait, in all, for somebody who acts elsewhere than at this workstation."""

import time
from collections.abc import Callable
from typing import Final

from segur_host.broker.cancelling import Cancellation
from segur_sdk.errors import InputError

POLL_S: Final = 0.05


class Patience:
    """Shared by the plugins engaged in one call, of which each could otherwise stop its clock for ever.

    Args:
        seconds: in all.
    """

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    def wait(self, seconds: float, cancellation: Cancellation, require_running: Callable[[], None]) -> None:
        """Wait so long.

        Raises:
            InputError: ``input.cancelled``; ``input.no_answer``: it took too long in all.
            PluginError: ``plugin.call_over``.
        """
        wanted = max(0.0, seconds)
        granted = min(wanted, self._left)
        self._left -= granted
        ends_at = time.monotonic() + granted
        while (left := ends_at - time.monotonic()) > 0:
            require_running()
            cancellation.wait(min(left, POLL_S))
        require_running()
        cancellation.wait()
        if granted < wanted:
            raise InputError("input.no_answer", reason="timed_out")
