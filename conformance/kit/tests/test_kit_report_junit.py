"""``junit.xml`` is what continuous integration reads: its grammar is that of Jenkins, its statuses those of the kit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from lxml import etree

from segur_conformance.reports import junit
from segur_conformance.reports.report import Report

GRAMMAR = etree.XMLSchema(etree.parse(str(Path(__file__).with_name("junit_jenkins.xsd"))))
REASON = 'attendu <a> & "b" \x00\x1b\ud800 é 🙂'
OUTCOMES = ("pass", "fail", "error", "blocked", "not_applicable", "waiting", "review")
EVERY = {f"fictif.groupe.{one.replace('_', '-')}": (one, "" if one == "pass" else REASON) for one in OUTCOMES}


def read(report: Report) -> etree._Element:
    return etree.fromstring(junit.document(report).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("certified", [False, True])
def test_file_is_in_the_grammar_of_jenkins(report_of: Callable[..., Report], certified: bool) -> None:
    GRAMMAR.assertValid(read(report_of(EVERY | {"vitale.a.b": ("pass", "")}, certified=certified)))


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param('<testsuites><testsuite name="x" tests="1" failures="0"/></testsuites>', id="no-errors"),
        pytest.param("<testsuites><testcase name='x'/></testsuites>", id="case-without-suite"),
        pytest.param(
            '<testsuites><testsuite name="x" tests="1" failures="0" errors="0"><testcase name="y"><properties/>'
            "</testcase></testsuite></testsuites>",
            id="properties-of-a-case",
        ),
        pytest.param(
            '<testsuites><testsuite name="x" tests="1" failures="0" errors="0" time="1e3"/></testsuites>', id="time"
        ),
    ],
)
def test_grammar_refuses_what_jenkins_refuses(broken: str) -> None:
    assert not GRAMMAR.validate(etree.fromstring(broken))


@pytest.mark.parametrize(
    ("outcome", "element", "certified_element"),
    [
        ("pass", None, None),
        ("fail", "failure", "failure"),
        ("error", "error", "error"),
        ("blocked", "skipped", "failure"),
        ("not_applicable", "skipped", "skipped"),
        ("waiting", "skipped", "skipped"),
        ("review", "skipped", "skipped"),
    ],
)
@pytest.mark.parametrize("certified", [False, True])
def test_outcome_becomes_its_element(
    report_of: Callable[..., Report], outcome: str, element: str | None, certified_element: str | None, certified: bool
) -> None:
    [case] = read(report_of({"fictif.groupe.essai": (outcome, "raison")}, certified=certified)).iter("testcase")

    found = [(one.tag, one.get("type"), one.get("message")) for one in case if one.tag != "system-out"]
    expected = certified_element if certified else element
    assert found == ([] if expected is None else [(expected, outcome, "raison")])
    assert (case.get("classname"), case.get("name"), case.get("time")) == (
        "fictif.groupe", "fictif.groupe.essai", "1.235"
    )  # fmt: skip


def test_suite_is_a_profile_with_the_requirements_of_its_checks(report_of: Callable[..., Report]) -> None:
    whole = read(report_of(EVERY | {"vitale.a.b": ("pass", "")}))

    assert [one.get("name") for one in whole.iter("testsuite")] == ["fictif", "vitale"]
    [fictif, _] = whole.iter("testsuite")
    properties = {one.get("name"): one.get("value") for one in fictif.iter("property")}
    assert properties["requirements.fictif.groupe.fail"] == "CARD-01 S000-11"
    assert {name for name in properties if str(name).split(".")[0] in OUTCOMES} == {
        "blocked.fictif.groupe.blocked",
        "not_applicable.fictif.groupe.not-applicable",
        "waiting.fictif.groupe.waiting",
        "review.fictif.groupe.review",
    }
    assert [fictif.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["7", "1", "1", "4"]
    assert [whole.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["8", "1", "1", None]


def test_text_that_no_xml_may_hold_is_replaced(report_of: Callable[..., Report]) -> None:
    [failure] = read(report_of({"fictif.a.b": ("fail", REASON)})).iter("failure")

    assert failure.get("message") == 'attendu <a> & "b" \ufffd\ufffd\ufffd é 🙂'
