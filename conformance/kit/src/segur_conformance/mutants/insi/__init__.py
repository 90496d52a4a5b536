"""Mutants of the plugin ``insi``, and of the host where the host decides."""

from typing import Final

from segur_conformance.mutants.insi import answering, asking, professional, variants
from segur_conformance.mutants.mutant import Mutant, Variant

MUTANTS: Final[tuple[Mutant, ...]] = (*asking.MUTANTS, *answering.MUTANTS, *professional.MUTANTS)
VARIANTS: Final[tuple[Variant, ...]] = variants.VARIANTS
