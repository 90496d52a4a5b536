"""What outcomes amount to, and what a report says of itself."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from segur_conformance.cli import status_of
from segur_conformance.outcomes import CheckOutcome, Verdict
from segur_conformance.reports.report import Report, ReportedCheck, counts, missing_assets, verdict
from segur_conformance.reports.words import OUTCOMES, VERDICTS, reason_in_words

PASS, ASSET = ("pass", ""), ("blocked", "asset:insi/x.xsd")


def check(outcome: str, reason: str) -> ReportedCheck:
    return ReportedCheck(id="p.g.w", outcome=CheckOutcome(outcome), requirements=("CARD-01",), reason=reason)


@pytest.mark.parametrize(
    ("ended", "expected"),
    [
        pytest.param([PASS], "pass", id="pass"),
        pytest.param([PASS, ("not_applicable", "kind:host")], "pass", id="not-applicable"),
        pytest.param([PASS, ASSET], "pass_incomplete", id="asset"),
        pytest.param([PASS, ASSET, ("fail", "non")], "fail", id="asset-and-failure"),
        pytest.param([PASS, ("blocked", "op:mark")], "fail", id="blocked"),
        pytest.param([PASS, ("fail", "asset:insi/x.xsd")], "fail", id="failure-that-speaks-of-an-asset"),
        pytest.param([PASS, ("error", "")], "fail", id="error"),
        pytest.param([PASS, ("waiting", "")], "fail", id="waiting"),
        pytest.param([PASS, ("review", "")], "fail", id="review"),
        pytest.param([], "fail", id="nothing-was-checked"),
    ],
)
@pytest.mark.parametrize("certified", [False, True])
def test_verdict_of_outcomes(ended: list[tuple[str, str]], expected: str, certified: bool) -> None:
    checks = [check(*one) for one in ended]

    assert verdict(checks, (), certified=certified) == expected
    assert verdict(checks, ("raison",), certified=True) is Verdict.NOT_CERTIFIABLE


@pytest.mark.parametrize(
    ("found", "require_assets", "status"),
    [
        ("pass", False, 0),
        ("pass", True, 0),
        ("pass_incomplete", False, 0),
        ("pass_incomplete", True, 5),
        ("fail", False, 1),
        ("fail", True, 1),
        ("not_certifiable", False, 5),
    ],
)
def test_exit_code_of_a_verdict(found: str, require_assets: bool, status: int) -> None:
    assert status_of(Verdict(found), require_assets=require_assets) == status


def test_missing_assets_are_named_once() -> None:
    checks = [check(*ASSET), check("blocked", "asset:cda/b"), check(*ASSET), check("fail", "asset:cda/c"), check(*PASS)]

    assert missing_assets(checks) == ("cda/b", "insi/x.xsd")
    assert counts(checks)[CheckOutcome.BLOCKED] == 3
    assert sum(counts(checks).values()) == 5


def test_report_can_be_read_back(report_of: Callable[..., Report]) -> None:
    report = report_of({"vitale.reading.absent-card": ("fail", "« é » <b>"), "insi.a.b": ASSET})

    assert Report.model_validate_json(report.as_json()) == report


def test_every_outcome_and_verdict_has_its_words() -> None:
    assert set(OUTCOMES) == set(CheckOutcome)
    assert set(VERDICTS) == set(Verdict)
    assert len({one.mark for one in OUTCOMES.values()}) == len(OUTCOMES)


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("asset:insi/x.xsd", "Le fichier officiel « insi/x.xsd » n’a pas été fourni."),
        ("kind:host", "Ne concerne pas un produit de cette nature (host)."),
        ("op:mark", "Le produit ne connaît pas la demande « mark »."),
        ("statut : 'PROV', attendu 'VALI'", "statut : 'PROV', attendu 'VALI'"),
        ("", ""),
    ],
)
def test_stable_words_of_reasons_are_sentences_for_people(reason: str, words: str) -> None:
    assert reason_in_words(reason) == words
