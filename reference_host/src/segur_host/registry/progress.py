"""Does something that runs aside get on, or does it hang? Judged by looks at it; slow is not stuck."""

from typing import Final

import attrs

LOOK_EVERY_S: Final = 0.05
HESITATES_S: Final = 0.1
"""After so long without getting on, others are not kept waiting."""
STILL_S: Final = 1.5
"""After so long without getting on it is held to hang."""
BUSY_S: Final = 1.8
"""What it may compute in all. Processor time of its own thread: a loaded machine does not use it up."""

Place = tuple[object, int]
"""Code and line."""


@attrs.define
class Progress:
    """How far a thread has got.

    To get on is to be seen where it was never seen before: a thread that waits stays at one place, one that turns in
    a loop comes back to a few.
    """

    moved_at: float
    """Instant at which it began, then at which it was last seen at a new place."""
    _now: float = attrs.field(init=False)
    _busy_s: float = 0.0
    _places: set[Place] = attrs.field(factory=set)

    def __attrs_post_init__(self) -> None:
        self._now = self.moved_at

    def look(self, now: float, place: Place | None, busy_s: float) -> None:
        """Take in one look.

        Args:
            now: instant of a steady clock, in seconds.
            place: where the thread is; ``None`` when it is nowhere yet, or no more.
            busy_s: processor time that it has used.
        """
        self._now, self._busy_s = now, busy_s
        if place is not None and place not in self._places:
            self._places.add(place)
            self.moved_at = now

    @property
    def hesitates(self) -> bool:
        """Whether others should go ahead."""
        return self._now - self.moved_at > HESITATES_S

    @property
    def hangs(self) -> bool:
        """Whether it is given up."""
        return self._now - self.moved_at > STILL_S or self._busy_s > BUSY_S
