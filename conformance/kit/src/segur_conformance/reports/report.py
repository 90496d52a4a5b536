"""The report: what was put to the test, how each check ended, and what that amounts to."""

from collections import Counter
from collections.abc import Iterable
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from segur_conformance.outcomes import CheckOutcome, Verdict
from segur_sdk.models.base import Moment, Value

ASSET: Final = "asset:"
"""Begins the reason of a check that an official file is missing for."""
SUITS: Final = frozenset({CheckOutcome.PASS, CheckOutcome.NOT_APPLICABLE})
"""Outcomes that leave nothing to do."""

Milliseconds = Annotated[float, AfterValidator(lambda value: round(value, 1))]


class ReportedCheck(Value):
    """How one check ended.

    Attributes:
        id: of the check.
        outcome: how it ended.
        requirements: ids of the requirement registry that it is about.
        reason: of any outcome but ``pass``: a French sentence, or a stable word such as ``asset:NAME``.
        evidence: files, relative to the report's folder.
        duration_ms: that it took, in milliseconds.
    """

    id: str
    outcome: CheckOutcome
    requirements: tuple[str, ...]
    reason: str = ""
    evidence: tuple[str, ...] = ()
    duration_ms: Milliseconds = Field(default=0.0, ge=0)

    @property
    def profile(self) -> str:
        """The profile that it belongs to."""
        return self.id.partition(".")[0]

    @property
    def missing_asset(self) -> str | None:
        """Name of the official file whose absence blocks it."""
        blocked = self.outcome is CheckOutcome.BLOCKED and self.reason.startswith(ASSET)
        return self.reason.removeprefix(ASSET) if blocked else None


class ReportedPlan(Value):
    """The plan that was carried out."""

    file: str
    sha256: str
    profiles: tuple[str, ...]
    only: str | None = None
    """The checks that were asked for, if not all."""


class ReportedProduct(Value):
    """What was put to the test; for a program, only its name and hash are known."""

    kind: str
    id: str
    distribution: str | None = None
    version: str | None = None
    manifest_sha256: str | None = None
    editable: bool = False
    sha256: str
    """Of all its code and its companions'."""
    companions: tuple[str, ...] = ()


class ReportedKit(Value):
    """The kit that judged."""

    version: str
    sha256: str
    editable: bool


class Isolation(Value):
    """What kept the product apart from the run that judged it.

    Attributes:
        level: ``namespace``: the report's folder did not exist for it; ``watched``: it was watched for.
        limits: how much of the machine it could take, in bytes, processes and seconds.
    """

    level: str
    limits: dict[str, float]


class Environment(Value):
    """The machine."""

    os: str
    python: str
    dependencies: tuple[str, ...]
    """Every installed distribution, ``name==version``."""


class Finding(Value):
    """One line of the doctor."""

    check: str
    status: Literal["ok", "warning", "problem"]
    finding: str
    action: str | None = None


class Report(Value):
    """A report, as ``report.json`` holds it."""

    schema_: Literal["segur-report/1"] = Field(default="segur-report/1", alias="schema")
    verdict: Verdict
    missing_assets: tuple[str, ...]
    counts: dict[CheckOutcome, int]
    checks: tuple[ReportedCheck, ...]
    certified: bool
    """Certified mode was asked for."""
    reasons: tuple[str, ...] = ()
    """Why the run cannot be certified, in French."""
    plan: ReportedPlan
    product: ReportedProduct
    kit: ReportedKit
    versions: dict[str, str]
    isolation: Isolation
    started_at: Moment
    duration_ms: Milliseconds
    environment: Environment
    doctor: tuple[Finding, ...] = ()

    def as_json(self) -> str:
        """Return the content of ``report.json``."""
        return self.model_dump_json(by_alias=True, indent=1) + "\n"


def missing_assets(checks: Iterable[ReportedCheck]) -> tuple[str, ...]:
    """Return the official files whose absence blocked a check, sorted."""
    return tuple(sorted({name for check in checks if (name := check.missing_asset) is not None}))


def counts(checks: Iterable[ReportedCheck]) -> dict[CheckOutcome, int]:
    """Return how many checks ended in each way, every outcome named."""
    found = Counter(check.outcome for check in checks)
    return {outcome: found[outcome] for outcome in CheckOutcome}


def verdict(checks: Iterable[ReportedCheck], reasons: Iterable[str], *, certified: bool) -> Verdict:
    """Return what a run amounts to.

    Args:
        checks: every check of the run.
        reasons: why it cannot be certified.
        certified: certified mode was asked for.
    """
    checks = tuple(checks)
    if certified and tuple(reasons):
        return Verdict.NOT_CERTIFIABLE
    unwell = [check for check in checks if check.outcome not in SUITS]
    if not checks or any(check.missing_asset is None for check in unwell):
        return Verdict.FAIL
    return Verdict.PASS_INCOMPLETE if unwell else Verdict.PASS
