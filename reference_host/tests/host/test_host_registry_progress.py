"""When something that runs aside is held to hang: by what was seen of it, on a clock that the test moves."""

from collections.abc import Iterable

import pytest

from segur_host.registry.progress import BUSY_S, STILL_S, Place, Progress

HERE: Place = ("a.py", 2)
THERE: Place = ("a.py", 4)
Look = tuple[float, Place | None, float]
"""Instant, place, processor time."""


def waits(until: float) -> Iterable[Look]:
    return ((tenth / 10, HERE, 0.01) for tenth in range(round(until * 10) + 1))


def turns(until: float, share: float = 1.0) -> Iterable[Look]:
    return ((tenth / 10, (HERE, THERE)[tenth % 2], tenth / 10 * share) for tenth in range(round(until * 10) + 1))


def gets_on(until: float, share: float) -> Iterable[Look]:
    return ((tenth / 10, ("a.py", tenth), tenth / 10 * share) for tenth in range(round(until * 10) + 1))


LOOKS: dict[str, tuple[Iterable[Look], bool, bool]] = {
    "just_begun": ([(0.0, None, 0.0)], False, False),
    "gets_on": (gets_on(1.0, 1.0), False, False),
    "slow_on_a_loaded_machine": (gets_on(60.0, 0.02), False, False),
    "waits_a_little": (waits(0.1), False, False),
    "waits": (waits(1.0), True, False),
    "waits_too_long": (waits(STILL_S + 0.2), True, True),
    "never_seen_anywhere": ([(STILL_S + 0.1, None, 0.0)], True, True),
    "turns": (turns(1.0), True, False),
    "turns_too_long": (turns(STILL_S + 0.3), True, True),
    "turns_beside_others_that_turn": (turns(STILL_S + 0.3, share=0.2), True, True),
    "never_twice_at_one_place": (gets_on(BUSY_S + 0.1, 1.0), False, True),
    "waited_and_got_on": ([*waits(1.4), (1.5, THERE, 0.02)], False, False),
}


@pytest.mark.parametrize(("looks", "hesitates", "hangs"), LOOKS.values(), ids=LOOKS)
def test_slow_is_not_stuck(looks: Iterable[Look], hesitates: bool, hangs: bool) -> None:
    progress = Progress(0.0)
    for now, place, busy_s in looks:
        progress.look(now, place, busy_s)
    assert (progress.hesitates, progress.hangs) == (hesitates, hangs)
