"""Profile ``cps``: professionals' cards, read without their PIN, and sessions that they open."""

from typing import Final

from segur_conformance.checks.check import Check
from segur_conformance.checks.cps import code, damage, login, module, readers, reading, session, situations

_GROUPS: Final = (reading, readers, module, code, login, situations, session, damage)
CHECKS: Final[tuple[Check, ...]] = tuple(check for group in _GROUPS for check in group.checks.checks)
