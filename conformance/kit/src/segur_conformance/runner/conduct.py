"""Carry out a plan from its file to its report."""

import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

import attrs

from segur_conformance.certified import conditions
from segur_conformance.certified.fingerprint import package_folder, sha256_beneath, sha256_of_package
from segur_conformance.checks.check import Check
from segur_conformance.reports import html, junit
from segur_conformance.reports.report import (
    Finding,
    Isolation,
    Report,
    ReportedCheck,
    ReportedPlan,
    counts,
    missing_assets,
    verdict,
)
from segur_conformance.runner import doctor
from segur_conformance.runner.bench import Bench
from segur_conformance.runner.folder import REPORT, ReportFolder
from segur_conformance.runner.identification import environment, reported_kit, reported_product
from segur_conformance.runner.pcsc import has_pcsc
from segur_conformance.runner.plan import PlanFile, load_plan
from segur_conformance.runner.product import FoundProduct, found, room_for
from segur_conformance.runner.progress import NAME as PROGRESS
from segur_conformance.runner.progress import Beginning, Progress
from segur_conformance.runner.record import RunRecord
from segur_conformance.runner.run import CheckResult, carried_out
from segur_conformance.runner.selection import chosen
from segur_sandbox.running import running
from segur_sdk.errors import HostError


@attrs.frozen
class Order:
    """What was asked for.

    Attributes:
        plan: file of the plan.
        out: folder of the report.
        assets: folder of the official files.
        only: id of one check, or the beginning of several.
        certified: refuse whatever makes a result less than whole.
        resume: take up a run that was interrupted.
    """

    plan: Path
    out: Path
    assets: Path | None = None
    only: str | None = None
    certified: bool = False
    resume: bool = False


class Told(Protocol):
    """Who is told how a run goes."""

    def examined(self, findings: Sequence[Finding]) -> None:
        """The doctor has looked."""

    def begins(self, checks: Sequence[Check], done: int) -> None:
        """Checks begin; ``done`` of them are taken over from an earlier run."""

    def begun(self, check: Check) -> None:
        """One check begins."""

    def ended(self, result: ReportedCheck) -> None:
        """One check has ended."""


@contextmanager
def opened_bench(
    plan: PlanFile,
    product: FoundProduct,
    folder: Path,
    record: RunRecord,
    assets: Path | None,
    hidden: tuple[Path, ...],
) -> Iterator[Bench]:
    """Start the services and open the room of a product.

    Args:
        plan: that was loaded.
        product: as it was found.
        folder: for the services' state and the product's scratch folder.
        record: of the run.
        assets: folder of the official files.
        hidden: folders that do not exist for the product.

    Raises:
        HostError: ``host.sandbox_down``.
    """
    scratch = folder / "scratch"
    scratch.mkdir()
    with ExitStack() as opened:
        try:
            sandbox = opened.enter_context(running(folder / "sandbox", pcsc=has_pcsc(product.product)))
        except (RuntimeError, OSError, ValueError) as failure:
            raise HostError("host.sandbox_down", reason=type(failure).__name__) from None
        room = opened.enter_context(
            room_for(product, sandbox, scratch, record, hidden=hidden, limits=plan.plan.held_to)
        )
        yield Bench(product.product, product.plugin, sandbox, room, record, plan.plan.settings, assets)


def conduct(order: Order, told: Told) -> Report:
    """Carry out a plan and write its report.

    Raises:
        ConfigError: of ``load_plan`` and ``found``; ``config.not_ready``: the doctor found a problem.
        InputError: ``input.report_folder``, ``input.resume_other``, ``input.check_unknown``.
        HostError: ``host.report_disk``, ``host.sandbox_down``.
    """
    plan = load_plan(order.plan)
    checks = chosen(plan.plan.profiles, order.only)
    folder = ReportFolder(order.out.absolute())
    with tempfile.TemporaryDirectory(prefix="segur-run-") as temporary:
        product = found(plan.plan.product, Path(temporary, "site"))
        folder.prepare(resume=order.resume)
        findings = tuple(doctor.examined(product, checks, order.assets, folder.path))
        told.examined(findings)
        doctor.refuse(findings)
        record = RunRecord()
        progress = _progress(order, plan, product, folder, record)
        run = _Run(order, plan, product, folder, progress, record, tuple(checks), findings)
        return run.carry_out(Path(temporary), told)


def _progress(order: Order, plan: PlanFile, product: FoundProduct, folder: ReportFolder, record: RunRecord) -> Progress:
    beginning = Beginning(
        plan=plan.sha256,
        target=product.sha256,
        kit=sha256_of_package(package_folder("segur_conformance")),
        beneath=sha256_beneath(),
        certified=order.certified,
        started_at=datetime.now(UTC),
    )
    if not folder.interrupted:
        return Progress(folder.path / PROGRESS, beginning)
    progress = Progress.take_up(folder.path, beginning, record)
    folder.take_back()
    return progress


@attrs.frozen
class _Run:
    order: Order
    plan: PlanFile
    product: FoundProduct
    folder: ReportFolder
    progress: Progress
    record: RunRecord
    checks: tuple[Check, ...]
    findings: tuple[Finding, ...]

    def carry_out(self, temporary: Path, told: Told) -> Report:
        """Carry out what is left to do, and write the report."""
        started = time.perf_counter()
        done = {check.id: self.progress.done[check.id] for check in self.checks if check.id in self.progress.done}
        # Judges of the run look at what is recorded now, those of an earlier run looked at less.
        left = [check for check in self.checks if check.id not in done or check.judges_the_run]
        told.begins(self.checks, len(self.checks) - len(left))
        if left:
            hidden = (self.folder.path,)
            with opened_bench(self.plan, self.product, temporary, self.record, self.order.assets, hidden) as bench:
                self.progress.begin()
                for result in carried_out(left, bench, told.begun):
                    done[result.check.id] = self._kept(result)
                    told.ended(done[result.check.id])
        report = self._report(tuple(done[check.id] for check in self.checks), time.perf_counter() - started)
        by_id = {check.id: check for check in self.checks}
        self.folder.publish(
            {
                "report.html": html.page(report, by_id),
                "junit.xml": junit.document(report),
                REPORT: report.as_json(),
            }
        )
        return report

    def _kept(self, result: CheckResult) -> ReportedCheck:
        check = ReportedCheck(
            id=result.check.id,
            outcome=result.outcome,
            requirements=result.check.requirements,
            # What a target says may be no text at all; a report always is.
            reason=result.reason.encode("utf-8", "replace").decode("utf-8"),
            evidence=self.folder.keep_evidence(result.check.id, result.evidence),
            duration_ms=result.duration_ms,
        )
        self.progress.add(check, self.record)
        return check

    def _report(self, checks: tuple[ReportedCheck, ...], duration_s: float) -> Report:
        order = self.order
        reasons: tuple[str, ...] = ()
        if order.certified:
            uncertified = not self.progress.beginning.certified
            found_reasons = conditions.reasons(
                self.product.plugins, only=order.only, limits=self.plan.plan.held_to, resumed_uncertified=uncertified
            )
            reasons = tuple(found_reasons)
        return Report(
            verdict=verdict(checks, reasons, certified=order.certified),
            missing_assets=missing_assets(checks),
            counts=counts(checks),
            checks=checks,
            certified=order.certified,
            reasons=reasons,
            plan=ReportedPlan(
                file=self.plan.name, sha256=self.plan.sha256, profiles=self.plan.plan.profiles, only=order.only
            ),
            product=reported_product(self.product),
            kit=reported_kit(self.progress.beginning.kit),
            versions={name: version(name) for name in conditions.JUDGES},
            isolation=Isolation(level=self.record.isolation, limits=attrs.asdict(self.plan.plan.held_to)),
            started_at=self.progress.beginning.started_at,
            duration_ms=duration_s * 1000,
            environment=environment(),
            doctor=self.findings,
        )
