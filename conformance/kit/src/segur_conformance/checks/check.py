"""What a check is: one thing a target must do, how it is tried, and what to do when it does not."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import attrs

if TYPE_CHECKING:
    from segur_conformance.runner.bench import Bench

_ID: Final = re.compile(r"[a-z]+(?:\.[a-z0-9]+(?:-[a-z0-9]+)*)+")


class TargetKind(StrEnum):
    """What is put to the test."""

    PLUGIN = "plugin"
    """A plugin that is installed here, named by its id."""
    WHEEL = "wheel"
    """A plugin's wheel, named by its file."""
    HOST = "host"
    """A program that carries everything itself and answers line by line."""


PLUGIN_KINDS: Final = frozenset({TargetKind.PLUGIN, TargetKind.WHEEL})
EVERY_KIND: Final = frozenset(TargetKind)


@attrs.frozen
class Check:
    """One check. Its texts are French: certifiers and editors read them.

    Attributes:
        id: stable, ``profile.group.what``; never reused for something else.
        requirements: ids of the requirement registry that it proves.
        purpose: why it matters, in one sentence.
        steps: what the kit does.
        expected: what the target must do then.
        mend: what to look at when it fails.
        film: what to show in a video for Convergence, for the editor's own screens.
        run: does it; ends normally when the target does as expected.
        kinds: of target that it applies to.
        asset: official file it cannot do without, ``insi/…``; its absence blocks the check.
        judges_the_run: looks at what all other checks of the run recorded, and therefore comes last.
    """

    id: str = attrs.field(validator=attrs.validators.matches_re(_ID))
    requirements: tuple[str, ...] = attrs.field(validator=attrs.validators.min_len(1))
    purpose: str
    steps: tuple[str, ...]
    expected: str
    mend: str
    film: str
    run: "Callable[[Bench], None]"
    kinds: frozenset[TargetKind] = EVERY_KIND
    asset: str | None = None
    judges_the_run: bool = False

    @property
    def profile(self) -> str:
        """The profile that it belongs to: the first part of its id."""
        return self.id.partition(".")[0]


@attrs.frozen
class CheckSet:
    """The checks of one module, in the order in which they are written there."""

    checks: list[Check] = attrs.field(factory=list, init=False)

    def __call__(
        self,
        id: str,  # noqa: A002 - what it is called in reports
        *requirements: str,
        purpose: str,
        steps: tuple[str, ...],
        expected: str,
        mend: str,
        film: str,
        kinds: frozenset[TargetKind] = EVERY_KIND,
        asset: str | None = None,
        judges_the_run: bool = False,
    ) -> "Callable[[Callable[[Bench], None]], Callable[[Bench], None]]":
        """Register the decorated function as a check; see ``Check`` for the arguments."""

        def register(run: "Callable[[Bench], None]") -> "Callable[[Bench], None]":
            self.checks.append(
                Check(id, requirements, purpose, steps, expected, mend, film, run, kinds, asset, judges_the_run)
            )
            return run

        return register
