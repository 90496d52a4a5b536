"""Try many mutants at a time, each against services of its own."""

import os
import tempfile
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from typing import Self

from segur_conformance.checks import checks_of
from segur_conformance.checks.check import Check
from segur_conformance.mutants.matrix import Trial, mutants_of, trial, variants_of
from segur_conformance.mutants.mutant import Mutant, Variant
from segur_sandbox.running import RunningSandbox, running


class Trials:
    """Trials in progress.

    Args:
        assets: folder of the official files, if there is one.
    """

    def __init__(self, assets: Path | None) -> None:
        self._assets = assets
        self._opened = ExitStack()
        self._idle: SimpleQueue[RunningSandbox] = SimpleQueue()

    def __enter__(self) -> Self:
        # Two for each processor: checks wait for deadlines nearly as long as they compute.
        at_once = 2 * (os.cpu_count() or 1)
        with ExitStack() as opened:
            for _ in range(at_once):
                folder = opened.enter_context(tempfile.TemporaryDirectory(prefix="segur-mutants-"))
                self._idle.put(opened.enter_context(running(Path(folder))))
            self._pool = opened.enter_context(ThreadPoolExecutor(at_once))
            opened.callback(self._pool.shutdown, cancel_futures=True)
            self._opened = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def submit(self, changed: Mutant | Variant, checks: Iterable[Check]) -> Future[Trial]:
        """Try these checks on a mutant or variant when its turn comes."""
        return self._pool.submit(self._carry_out, changed, tuple(checks))

    def _carry_out(self, changed: Mutant | Variant, checks: tuple[Check, ...]) -> Trial:
        sandbox = self._idle.get()
        try:
            return trial(changed, checks, sandbox, self._assets)
        finally:
            self._idle.put(sandbox)


def all_trials(profile: str, assets: Path | None, done: Callable[[Trial], None]) -> list[Trial]:
    """Try every check of a profile on every mutant and variant of it, and return what each gave, in their order.

    Args:
        profile: its name.
        assets: folder of the official files, if there is one.
        done: told of each in turn.
    """
    changed: list[Mutant | Variant] = [*mutants_of(profile), *variants_of(profile)]
    found = []
    with Trials(assets) as trials:
        for future in [trials.submit(one, checks_of(profile)) for one in changed]:
            found.append(future.result())
            done(found[-1])
    return found
