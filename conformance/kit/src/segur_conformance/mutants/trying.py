"""Try many mutants at a time, each against services of its own."""

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from queue import SimpleQueue
from threading import Lock
from typing import Final, Self

from segur_conformance.checks import checks_of
from segur_conformance.checks.check import Check
from segur_conformance.mutants.matrix import Trial, mutants_of, trial, variants_of
from segur_conformance.mutants.mutant import Mutant, Variant
from segur_conformance.runner.plan import PCSC
from segur_conformance.targets.enclosure import Start, started
from segur_conformance.targets.forked import POSSIBLE, WHOLE, ForkedTargets
from segur_sandbox.running import RunningSandbox, running

PLUGIN_PREFIX: Final = "segur_plugin_"
"""How the packages begin that a target imports with its host, not before."""


class Trials:
    """Trials in progress.

    Args:
        assets: folder of the official files, if there is one.
    """

    def __init__(self, assets: Path | None) -> None:
        self._assets = assets
        self._opened = ExitStack()
        """Services."""
        self._trying = ExitStack()
        """Trials, which end before the services that they meet."""
        self._idle: SimpleQueue[RunningSandbox] = SimpleQueue()
        self._whole: ForkedTargets | None = None
        self._libraries: ForkedTargets | None = None
        self._with_pcsc: RunningSandbox | None = None
        self._pcsc = Lock()
        """Held by the trial that has the services with PC/SC readers; few need them, and one after the other."""

    def __enter__(self) -> Self:
        # Two for each processor: checks wait for deadlines nearly as long as they compute.
        at_once = 2 * (os.cpu_count() or 1)
        with ExitStack() as opened:
            opened.callback(self._opened.close)
            if POSSIBLE:
                self._whole = self._opened.enter_context(ForkedTargets(WHOLE))
                self._libraries = self._opened.enter_context(ForkedTargets(self._whole.brought_along))
            for _ in range(at_once):
                self._idle.put(self._started())
            self._pool = opened.enter_context(ThreadPoolExecutor(at_once))
            opened.callback(self._pool.shutdown, cancel_futures=True)
            self._trying = opened.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._trying.close()

    def submit(self, changed: Mutant | Variant, checks: Iterable[Check]) -> Future[Trial]:
        """Try these checks on a mutant or variant when its turn comes."""
        return self._pool.submit(self._carry_out, changed, tuple(checks))

    def _carry_out(self, changed: Mutant | Variant, checks: tuple[Check, ...]) -> Trial:
        with self._services(changed) as sandbox:
            return trial(changed, checks, sandbox, self._assets, self._start_for(changed))

    def _start_for(self, changed: Mutant | Variant) -> Start:
        """Return what begins a target: what is imported before must not be what is changed."""
        if self._whole is None or self._libraries is None:
            return started
        in_plugins = all(change.package.startswith(PLUGIN_PREFIX) for change in changed.changes)
        return (self._whole if in_plugins else self._libraries).start

    @contextmanager
    def _services(self, changed: Mutant | Variant) -> Iterator[RunningSandbox]:
        if changed.readers == PCSC:
            with self._pcsc:
                if self._with_pcsc is None:
                    self._with_pcsc = self._started(pcsc=True)
                yield self._with_pcsc
            return
        sandbox = self._idle.get()
        try:
            yield sandbox
        finally:
            self._idle.put(sandbox)

    def _started(self, *, pcsc: bool = False) -> RunningSandbox:
        folder = self._opened.enter_context(tempfile.TemporaryDirectory(prefix="segur-mutants-"))
        return self._opened.enter_context(running(Path(folder), pcsc=pcsc))


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
