"""Profile ``vitale``: cards of the virtual readers and readings handed over, through ``on_card_read``."""

from typing import Final

from segur_conformance.checks.check import Check
from segur_conformance.checks.vitale import files, insertion, nature, numbers, people, reading, service, supplied

_GROUPS: Final = (reading, insertion, service, files, people, numbers, nature, supplied)
CHECKS: Final[tuple[Check, ...]] = tuple(check for group in _GROUPS for check in group.checks.checks)
