"""Mutants and honest variants of the plugin ``vitale``."""

from typing import Final

from segur_conformance.mutants.mutant import Mutant
from segur_conformance.mutants.vitale import card, content, host
from segur_conformance.mutants.vitale.variants import VARIANTS

__all__ = ["MUTANTS", "VARIANTS"]

MUTANTS: Final[tuple[Mutant, ...]] = (*card.MUTANTS, *content.MUTANTS, *host.MUTANTS)
