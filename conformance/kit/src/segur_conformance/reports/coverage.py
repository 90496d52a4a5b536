"""Coverage by domain: of what the profiles ask, how much this run showed."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

import attrs

from segur_conformance.outcomes import CheckOutcome
from segur_conformance.reports.report import ReportedCheck
from segur_conformance.requirements import Domain, Registry
from segur_conformance.requirements.wording import DOMAINS


class Shown(StrEnum):
    """What a run showed of one requirement."""

    HELD = "held"
    """Every check that names it and applies passed."""
    BROKEN = "broken"
    """A check that names it failed."""
    OPEN = "open"
    """No check failed, and one could not be judged."""
    NOT_LOOKED_AT = "not_looked_at"
    """No check of this run that applies names it."""


@attrs.frozen
class DomainCoverage:
    """One domain of a report.

    Attributes:
        title: in French.
        shown: how many requirements, by what the run showed of them.
    """

    title: str
    shown: Mapping[Shown, int]

    @property
    def total(self) -> int:
        """How many requirements it has in these profiles."""
        return sum(self.shown.values())


def by_domain(checks: Iterable[ReportedCheck], profiles: Iterable[str]) -> tuple[DomainCoverage, ...]:
    """Return what a run showed of the requirements of its profiles, domain by domain.

    Args:
        checks: of the run.
        profiles: of its plan.
    """
    registry = Registry.load()
    named: dict[str, list[CheckOutcome]] = {}
    for check in checks:
        for requirement in check.requirements:
            named.setdefault(requirement, []).append(check.outcome)
    asked = [one for profile in profiles for one in registry.by_profile(profile) if one.counted]
    domains = {one.id: one.domain for one in asked}
    domains |= {one: registry.get(one).domain for one in named if one in registry}
    found: dict[Domain, dict[Shown, int]] = {}
    for requirement, domain in domains.items():
        numbers = found.setdefault(domain, dict.fromkeys(Shown, 0))
        numbers[shown(named.get(requirement, ()))] += 1
    return tuple(DomainCoverage(DOMAINS[domain], found[domain]) for domain in DOMAINS if domain in found)


def shown(outcomes: Iterable[CheckOutcome]) -> Shown:
    """Return what checks with these outcomes show of the requirement that they name."""
    applied = {*outcomes} - {CheckOutcome.NOT_APPLICABLE}
    if CheckOutcome.FAIL in applied:
        return Shown.BROKEN
    if applied == {CheckOutcome.PASS}:
        return Shown.HELD
    return Shown.OPEN if applied else Shown.NOT_LOOKED_AT
