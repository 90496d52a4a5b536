"""Profile ``certificates``: the certificates of a structure, judged, ordered, installed and renewed."""

from typing import Final

from segur_conformance.checks.certificates import (
    calls,
    chain,
    choices,
    ends,
    installing,
    inventory,
    keys,
    killed,
    names,
    revocation,
    steps,
)
from segur_conformance.checks.check import Check

_GROUPS: Final = (inventory, names, chain, ends, revocation, keys, steps, choices, installing, calls, killed)
CHECKS: Final[tuple[Check, ...]] = tuple(check for group in _GROUPS for check in group.checks.checks)
