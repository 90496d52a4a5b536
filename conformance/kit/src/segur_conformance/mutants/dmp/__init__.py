"""Mutants of profile ``dmp``: plugin, host or SDK, each with one behaviour changed."""

from typing import Final

from segur_conformance.mutants.dmp import feeding, outages, rules, validating
from segur_conformance.mutants.dmp.variants import VARIANTS
from segur_conformance.mutants.mutant import Mutant

__all__ = ["MUTANTS", "VARIANTS"]

_GROUPS: Final = (validating, feeding, rules, outages)
MUTANTS: Final[tuple[Mutant, ...]] = tuple(mutant for group in _GROUPS for mutant in group.MUTANTS)
