"""Checks of profile ``dmp``: feeding, judged by what the services saw and took."""

from typing import Final

from segur_conformance.checks.check import Check
from segur_conformance.checks.dmp import channels, feeding, outages, rules, schemas, validating, versions

_GROUPS: Final = (channels, validating, feeding, schemas, versions, rules, outages)
CHECKS: Final[tuple[Check, ...]] = tuple(check for group in _GROUPS for check in group.checks.checks)
