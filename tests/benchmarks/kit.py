"""What the conformance kit costs: evidence kept beside the same checks without."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from segur_conformance.checks import checks_of
from segur_conformance.checks.check import TargetKind
from segur_conformance.outcomes import CheckOutcome
from segur_conformance.runner.conduct import opened_bench
from segur_conformance.runner.folder import ReportFolder
from segur_conformance.runner.plan import Plan, PlanFile, Product
from segur_conformance.runner.product import found
from segur_conformance.runner.record import RunRecord
from segur_conformance.runner.run import carried_out
from tests.benchmarks.measuring import Result, compared

CHECKS = ("vitale.reading.absent-card", "vitale.reading.either-slot", "vitale.numbers.key", "vitale.supplied.dates")
"""Quick ones, so that what recording costs is not lost in what a check waits for."""
ROUNDS = 9


def recording() -> Iterator[Result]:
    """The same checks with evidence on disk and without any."""
    product = Product(kind=TargetKind.PLUGIN, target=("vitale",), companions=("insi",))
    plan = PlanFile("bench.toml", "0" * 64, Plan(plan=1, profiles=("vitale",), product=product))
    checks = [check for check in checks_of("vitale") if check.id in CHECKS]
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="segur-bench-kit-")))
        report = ReportFolder(folder / "report")
        report.prepare(resume=False)
        record = RunRecord()
        place = found(product, folder / "site")
        bench = opened.enter_context(opened_bench(plan, place, folder, record, None, (report.path,)))

        def run(*, evidence: bool) -> None:
            for result in carried_out(checks, bench, lambda _: None, evidence=evidence):
                if result.outcome is not CheckOutcome.PASS:
                    raise SystemExit(f"{result.check.id}: {result.outcome} {result.reason}")
                report.keep_evidence(result.check.id, result.evidence)

        yield compared(
            "kit.recording",
            lambda: run(evidence=True),
            lambda: run(evidence=False),
            rounds=ROUNDS,
            unit="ms",
            target=1.3,
            note=f"peer: the same {len(checks)} checks without evidence",
        )
