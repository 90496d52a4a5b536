"""What interrupts a run, what is taken up again, and what no disk takes."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest

from segur_conformance.checks.check import Check
from segur_conformance.console import JsonTold
from segur_conformance.outcomes import CheckEnded, CheckOutcome, Verdict
from segur_conformance.reports.report import Report
from segur_conformance.runner import conduct as conducting
from segur_conformance.runner import folder
from segur_conformance.runner.bench import Bench
from segur_conformance.runner.conduct import Order, conduct
from segur_sdk.errors import HostError, InputError

pytestmark = pytest.mark.usefixtures("shared_services")
REPORTS = ("report.json", "report.html", "junit.xml")
Run = Callable[[Bench], None]
AddCheck = Callable[..., Callable[[Run], Run]]


def carried_out(plan: Path, out: Path, **options: Any) -> Report:
    return conduct(Order(plan, out, **options), JsonTold())


def passing(bench: Bench) -> None:
    bench.start().identify(say="hello")


def noting(ran: list[str], name: str) -> Run:
    def run(_: Bench) -> None:
        ran.append(name)

    return run


def ends_with(outcome: CheckOutcome, reason: str) -> Run:
    def run(_: Bench) -> None:
        ended = CheckEnded(reason)
        ended.outcome = outcome
        raise ended

    return run


# --- interruption and resumption --------------------------------------------------------------------------


@attrs.define
class Stopped(JsonTold):
    """Interrupts when a check begins."""

    at: str
    begun_checks: list[str] = attrs.field(factory=list)
    told_done: int = 0

    def begins(self, checks: Sequence[Check], done: int) -> None:
        self.told_done = done

    def begun(self, check: Check) -> None:
        if check.id == self.at:
            raise KeyboardInterrupt
        self.begun_checks.append(check.id)


def interrupted(plan: Path, out: Path, at: str, **options: Any) -> None:
    with pytest.raises(KeyboardInterrupt):
        conduct(Order(plan, out, **options), Stopped(at))


def test_interrupted_run_leaves_its_progress_and_no_report(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    add_check("un")(passing)
    add_check("deux")(passing)

    interrupted(plan, tmp_path / "out", "fictif.deux")

    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["evidence", "progress.jsonl"]


def test_what_was_done_is_taken_over(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    ran: list[str] = []
    for name in ("un", "deux", "trois"):
        add_check(name)(noting(ran, name))
    interrupted(plan, tmp_path / "out", "fictif.trois")
    told = Stopped("")

    report = conduct(Order(plan, tmp_path / "out", resume=True), told)

    assert ran == ["un", "deux", "trois"]
    assert (told.told_done, told.begun_checks) == (2, ["fictif.trois"])
    assert [one.id for one in report.checks] == ["fictif.un", "fictif.deux", "fictif.trois"]
    assert report.verdict is Verdict.PASS


def test_line_that_was_not_written_whole_is_no_result(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    ran: list[str] = []
    for name in ("un", "deux"):
        add_check(name)(noting(ran, name))
    add_check("trois")(passing)
    interrupted(plan, tmp_path / "out", "fictif.trois")
    progress = tmp_path / "out/progress.jsonl"
    progress.write_bytes(progress.read_bytes()[:-5])

    report = carried_out(plan, tmp_path / "out", resume=True)

    assert ran == ["un", "deux", "deux"]
    assert report.counts[CheckOutcome.PASS] == 3
    assert [json.loads(line).get("check", {}).get("id") for line in progress.read_text().splitlines()] == [
        None, "fictif.un", "fictif.deux", "fictif.trois"
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("outcome", "again"),
    [
        (CheckOutcome.PASS, False),
        (CheckOutcome.FAIL, False),
        (CheckOutcome.NOT_APPLICABLE, False),
        (CheckOutcome.REVIEW, False),
        (CheckOutcome.ERROR, True),
        (CheckOutcome.BLOCKED, True),
        (CheckOutcome.WAITING, True),
    ],
)
def test_only_what_says_nothing_of_the_target_is_tried_again(
    plan: Path, tmp_path: Path, add_check: AddCheck, outcome: CheckOutcome, again: bool
) -> None:
    ran: list[str] = []

    @add_check("un")
    def first(bench: Bench) -> None:
        ran.append("un")
        ends_with(outcome, "raison")(bench)

    add_check("deux")(passing)
    interrupted(plan, tmp_path / "out", "fictif.deux")

    carried_out(plan, tmp_path / "out", resume=True)

    assert len(ran) == 1 + again


def test_judge_of_the_run_sees_what_was_recorded_before_the_interruption(
    plan: Path, tmp_path: Path, add_check: AddCheck
) -> None:
    seen: list[dict[str, bytes]] = []

    @add_check("parle")
    def talking(bench: Bench) -> None:
        bench.record.heard("bavardage é".encode())
        bench.record.found("reste.txt", b"\x00\xff")

    @add_check("juge", judges_the_run=True)
    def judging(bench: Bench) -> None:
        seen.append({**bench.record.printed, **bench.record.left})

    interrupted(plan, tmp_path / "out", "fictif.juge")

    carried_out(plan, tmp_path / "out", resume=True)
    carried_out(plan, tmp_path / "out", resume=True)

    assert seen == [{"fictif.parle": "bavardage é".encode(), "reste.txt": b"\x00\xff"}] * 2


@pytest.mark.parametrize("what", ["plan", "target", "kit", "beneath"])
def test_run_about_something_else_is_not_taken_up(
    plan: Path, target: Path, tmp_path: Path, add_check: AddCheck, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    add_check("un")(passing)
    add_check("deux")(passing)
    interrupted(plan, tmp_path / "out", "fictif.deux")
    before = (tmp_path / "out/progress.jsonl").read_bytes()
    if what == "plan":
        plan.write_text(plan.read_text() + "# changed\n")
    elif what == "target":
        target.write_text(target.read_text() + "# changed\n")
    elif what == "kit":
        monkeypatch.setattr(conducting, "sha256_of_package", lambda _: "0" * 64)
    else:
        monkeypatch.setattr(conducting, "sha256_beneath", lambda: "0" * 64)

    with pytest.raises(InputError, match=rf"input\.resume_other \(differs={what}\)"):
        carried_out(plan, tmp_path / "out", resume=True)

    assert (tmp_path / "out/progress.jsonl").read_bytes() == before


def test_resumed_run_takes_back_what_an_earlier_one_said(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    add_check("un", asset="insi/x.xsd")(passing)
    assert carried_out(plan, tmp_path / "out").verdict is Verdict.PASS_INCOMPLETE

    interrupted(plan, tmp_path / "out", "fictif.un", resume=True)

    assert not [name for name in REPORTS if (tmp_path / "out" / name).exists()]


def test_official_file_that_came_since_completes_the_run(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    add_check("un", asset="insi/x.xsd")(passing)
    carried_out(plan, tmp_path / "out")
    (tmp_path / "assets/insi").mkdir(parents=True)
    (tmp_path / "assets/insi/x.xsd").touch()

    report = carried_out(plan, tmp_path / "out", resume=True, assets=tmp_path / "assets")

    assert report.verdict is Verdict.PASS


def test_progress_that_nobody_can_read_is_refused(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    add_check("un")(passing)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/progress.jsonl").write_text('{"plan": 3}\n')

    with pytest.raises(InputError, match="progress_unreadable"):
        carried_out(plan, tmp_path / "out", resume=True)


# --- a disk that is full ----------------------------------------------------------------------------------


@pytest.mark.parametrize("refused_at", range(1, 7))
def test_disk_that_fills_up_leaves_nothing_that_passes_for_a_report(
    plan: Path, tmp_path: Path, add_check: AddCheck, monkeypatch: pytest.MonkeyPatch, refused_at: int
) -> None:
    """Refuse the first synchronised write, then the second, and so on: progress twice, then the three reports."""
    add_check("un")(passing)
    writes = 0

    def full(descriptor: int) -> None:
        nonlocal writes
        writes += 1
        if writes == refused_at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    monkeypatch.setattr(folder, "fsync", full)
    if refused_at == 6:
        assert carried_out(plan, tmp_path / "out").verdict is Verdict.PASS
        assert writes == 5
        return

    with pytest.raises(HostError, match=r"host\.report_disk \(reason=No space left on device\)"):
        carried_out(plan, tmp_path / "out")

    assert not [one.name for one in (tmp_path / "out").iterdir() if one.name not in {"progress.jsonl", "evidence"}]


def test_evidence_that_no_disk_takes_ends_the_run_with_a_code(plan: Path, tmp_path: Path, add_check: AddCheck) -> None:
    @add_check("un")
    def blocking(_: Bench) -> None:
        (tmp_path / "out/evidence").write_text("in the way")

    add_check("deux")(passing)

    with pytest.raises(HostError, match=r"host\.report_disk"):
        carried_out(plan, tmp_path / "out")

    assert not (tmp_path / "out/report.json").exists()
