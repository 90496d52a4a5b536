"""Waiting without waiting: a plugin that waits for a professional's telephone gets its time at once, and counted."""

import time
from datetime import timedelta

from segur_conformance.targets.reference_host.stepping_clock import SteppingClock
from segur_host.broker.cancelling import Cancellation
from segur_host.dispatch import patience


class HurriedTime:
    """Stands for ``time`` where the host measures how long a plugin waits."""

    def __init__(self) -> None:
        self.step = 0.0

    def monotonic(self) -> float:
        """Return the instant, with what was waited in no time."""
        return time.monotonic() + self.step


class Hurried(Cancellation):
    """By which somebody gives up; what is waited for him passes at once, on the clock of the target too.

    Args:
        hurried: the time of the host's patience.
        clock: of the target.
    """

    def __init__(self, hurried: HurriedTime, clock: SteppingClock) -> None:
        super().__init__()
        self._hurried = hurried
        self._clock = clock
        self.waited_s = 0.0

    def wait(self, seconds: float = 0) -> None:
        """Let so many seconds pass; see ``Cancellation.wait``."""
        self._hurried.step += seconds
        self._clock.step += timedelta(seconds=seconds)
        self.waited_s += seconds
        super().wait()


def hurry(clock: SteppingClock) -> Hurried:
    """Let what a plugin waits pass at once, until ``unhurried``."""
    hurried = HurriedTime()
    setattr(patience, "time", hurried)  # noqa: B010 - a name of another module
    return Hurried(hurried, clock)


def unhurried() -> None:
    """Let every second last a second again."""
    setattr(patience, "time", time)  # noqa: B010 - a name of another module
