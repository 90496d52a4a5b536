"""``junit.xml``: the report for continuous integration, in the grammar of Jenkins.

That grammar has no properties below a test case: requirement ids stand in the properties of the suite, under the id of
the check, and once more in the text of each case.
"""

import re
from collections.abc import Iterable
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from segur_conformance.checks import PROFILES
from segur_conformance.outcomes import CheckOutcome
from segur_conformance.reports.report import Report, ReportedCheck

_FAILED: Final = {CheckOutcome.FAIL: "failure", CheckOutcome.ERROR: "error", CheckOutcome.PASS: None}
"""Elements by outcome; every other outcome is ``skipped``, and named in a property."""
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def document(report: Report) -> str:
    """Return the content of ``junit.xml``."""
    whole = Element("testsuites", {"name": f"segur-conformance {report.product.id}"} | _numbers(report.checks, report))
    whole.attrib.pop("skipped")  # only a suite has it
    for profile in dict.fromkeys(check.profile for check in report.checks):
        _suite(whole, profile, report)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(whole, encoding="unicode") + "\n"


def element_of(check: ReportedCheck, *, certified: bool) -> str | None:
    """Return the element that says how a check ended; nothing for one that passed.

    A blocked check leaves a question open, which a certified run may not.
    """
    if certified and check.outcome is CheckOutcome.BLOCKED:
        return "failure"
    return _FAILED.get(check.outcome, "skipped")


def _suite(whole: Element, profile: str, report: Report) -> None:
    checks = [check for check in report.checks if check.profile == profile]
    moment = report.started_at.replace(tzinfo=None).isoformat(timespec="seconds")
    head = {"name": profile, "package": "segur-conformance", "timestamp": moment}
    suite = SubElement(whole, "testsuite", head | _numbers(checks, report))
    properties = SubElement(suite, "properties")

    def tell(name: str, value: str) -> None:
        SubElement(properties, "property", {"name": name, "value": _printable(value)})

    tell("title", PROFILES.get(profile, profile))
    tell("verdict", report.verdict)
    tell("kit", f"{report.kit.version} {report.kit.sha256}")
    for check in checks:
        tell(f"requirements.{check.id}", " ".join(check.requirements))
        if check.outcome not in _FAILED:
            tell(f"{check.outcome}.{check.id}", check.reason or str(check.outcome))
    for check in checks:
        _case(suite, check, certified=report.certified)


def _case(suite: Element, check: ReportedCheck, *, certified: bool) -> None:
    group = check.id.rpartition(".")[0]
    case = SubElement(suite, "testcase", {"classname": group, "name": check.id, "time": _seconds([check])})
    ended = element_of(check, certified=certified)
    if ended is not None:
        told = SubElement(case, ended, {"type": str(check.outcome), "message": _printable(check.reason)})
        told.text = _printable(check.reason)
    lines = [f"requirements: {' '.join(check.requirements)}", *(f"evidence: {name}" for name in check.evidence)]
    SubElement(case, "system-out").text = _printable("\n".join(lines))


def _numbers(checks: Iterable[ReportedCheck], report: Report) -> dict[str, str]:
    checks = tuple(checks)
    elements = [element_of(check, certified=report.certified) for check in checks]
    return {
        "tests": str(len(checks)),
        "failures": str(elements.count("failure")),
        "errors": str(elements.count("error")),
        "skipped": str(elements.count("skipped")),
        "time": _seconds(checks),
    }


def _seconds(checks: Iterable[ReportedCheck]) -> str:
    return f"{sum(check.duration_ms for check in checks) / 1000:.3f}"


def _printable(text: str) -> str:
    """Return ``text`` without the characters that no XML may hold."""
    return _NOT_XML.sub("\ufffd", text)
