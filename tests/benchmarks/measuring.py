"""Ratios within one run: the two sides are measured in turn, so that a busy machine slows both."""

import statistics
import time
from collections.abc import Callable
from typing import Any

import attrs


@attrs.frozen
class Result:
    """One line of the benchmark."""

    id: str
    value: float
    unit: str
    peer: float | None = None
    ratio: float | None = None
    target: float | None = None
    spread: str = ""
    note: str = ""

    @property
    def met(self) -> bool | None:
        """Whether the target, if there is one, was reached."""
        return None if self.target is None or self.ratio is None else self.ratio <= self.target

    def as_json(self) -> dict[str, Any]:
        """Return the line as ``dev.py bench --json`` prints it."""
        return attrs.asdict(self) | {"met": self.met}


def compared(
    name: str,
    ours: Callable[[], object],
    peer: Callable[[], object],
    *,
    rounds: int,
    unit: str = "µs",
    target: float | None = None,
    note: str = "",
    before: Callable[[], object] = lambda: None,
    spared: Callable[[], float] = lambda: 0.0,
) -> Result:
    """Measure two calls alternately and compare their medians.

    ``before`` precedes each and is not measured; ``spared`` says how many seconds of our last call do not count.
    """
    scale = {"µs": 1e6, "ms": 1e3}[unit]
    times: tuple[list[float], list[float]] = ([], [])
    for turn in range(-1, rounds):
        for call, found in zip((ours, peer), times, strict=True):
            before()
            seconds = _timed(call)
            if call is ours:
                seconds -= spared()
            # The first turn is for warming up.
            if turn >= 0:
                found.append(seconds * scale)
    ours_s, peer_s = times
    mine, other = statistics.median(ours_s), statistics.median(peer_s)
    return Result(
        id=name,
        value=round(mine, 3),
        unit=unit,
        peer=round(other, 3),
        ratio=round(mine / other, 3),
        target=target,
        spread=f"{_quartiles(ours_s)} / {_quartiles(peer_s)}",
        note=note,
    )


def alone(name: str, call: Callable[[], object], *, rounds: int, unit: str = "µs", note: str = "") -> Result:
    """Measure one call."""
    scale = {"µs": 1e6, "ms": 1e3}[unit]
    call()
    times = [_timed(call) * scale for _ in range(rounds)]
    return Result(id=name, value=round(statistics.median(times), 3), unit=unit, spread=_quartiles(times), note=note)


def _timed(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _quartiles(times: list[float]) -> str:
    low, _, high = statistics.quantiles(times, n=4)
    return f"{low:.3g}–{high:.3g}"
