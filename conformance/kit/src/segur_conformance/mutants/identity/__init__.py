"""Mutants of the engine of identitovigilance, in the SDK and in the host."""

from typing import Final

from segur_conformance.mutants.identity import answers, proofs, statuses, traits
from segur_conformance.mutants.identity.variants import VARIANTS
from segur_conformance.mutants.mutant import Mutant

MUTANTS: Final[tuple[Mutant, ...]] = (*statuses.MUTANTS, *traits.MUTANTS, *answers.MUTANTS, *proofs.MUTANTS)

__all__ = ["MUTANTS", "VARIANTS"]
