"""Rules that hold for every test of the workspace."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

REFUSED = "CI=true accepts no skip and no xfail"


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skipped or expectedly failed report into a failure when ``CI`` is ``true``."""
    if report.outcome != "skipped" or os.environ.get("CI") != "true":
        return
    if hasattr(report, "wasxfail"):
        reason = f"xfail: {report.wasxfail}"
        del report.wasxfail
    else:
        reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    report.outcome = "failed"
    report.longrepr = f"{REFUSED}. {reason}"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """A test may not be skipped or expected to fail."""
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A module may not be skipped either."""
    report = yield
    refuse_skip(report)
    return report
