"""Mutants and honest variants of the plugin ``psc``."""

from typing import Final

from segur_conformance.mutants.mutant import Mutant
from segur_conformance.mutants.psc import id_token, keeping, person, servers, sessions, way_there
from segur_conformance.mutants.psc.variants import VARIANTS

__all__ = ["MUTANTS", "VARIANTS"]

_GROUPS: Final = (way_there, id_token, person, keeping, servers, sessions)
MUTANTS: Final[tuple[Mutant, ...]] = tuple(mutant for group in _GROUPS for mutant in group.MUTANTS)
