"""Checks of the profile ``package``: what any plugin owes to those who install it, whatever it is there for."""

from typing import Final

from segur_conformance.checks.check import Check
from segur_conformance.checks.package import (
    answers,
    boundary,
    distribution,
    importing,
    jobs,
    manifest,
    privacy,
    services,
    settings,
    threads,
    wording,
)

CHECKS: Final[tuple[Check, ...]] = tuple(
    check
    for group in (
        manifest,
        distribution,
        importing,
        settings,
        answers,
        threads,
        services,
        jobs,
        wording,
        privacy,
        boundary,
    )
    for check in group.checks.checks
)
