"""Mutants and honest variants of the plugin ``cps``."""

from typing import Final

from segur_conformance.mutants.cps import content, host, signing_in
from segur_conformance.mutants.cps.variants import VARIANTS
from segur_conformance.mutants.mutant import Mutant

__all__ = ["MUTANTS", "VARIANTS"]

MUTANTS: Final[tuple[Mutant, ...]] = (*content.MUTANTS, *signing_in.MUTANTS, *host.MUTANTS)
