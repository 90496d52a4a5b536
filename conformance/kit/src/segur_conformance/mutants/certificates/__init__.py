"""Mutants and honest variants of the plugin ``certificates``."""

from typing import Final

from segur_conformance.mutants.certificates import calling, going_on, judging, living, ordering
from segur_conformance.mutants.certificates.variants import VARIANTS
from segur_conformance.mutants.mutant import Mutant

__all__ = ["MUTANTS", "VARIANTS"]

_GROUPS: Final = (judging, living, ordering, calling, going_on)
MUTANTS: Final[tuple[Mutant, ...]] = tuple(mutant for group in _GROUPS for mutant in group.MUTANTS)
