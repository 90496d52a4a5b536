"""Profile ``identity``: what becomes of an identity at the counter, whoever carries the plugins.

The target is a whole host: plugins carried by the reference host, or a program that carries everything itself. All
but two checks use the words ``identify``, ``mark`` and ``correct`` alone, and judge by their answers and by what the
sandbox's INSi saw.
"""

from itertools import chain
from typing import Final

from segur_conformance.checks.check import Check
from segur_conformance.checks.identity import (
    answers,
    asking,
    attributes,
    creation,
    numbers,
    proofs,
    statuses,
    strict_traits,
)

_GROUPS: Final = (statuses, attributes, strict_traits, creation, answers, proofs, asking, numbers)
CHECKS: Final[tuple[Check, ...]] = tuple(chain.from_iterable(group.checks.checks for group in _GROUPS))
