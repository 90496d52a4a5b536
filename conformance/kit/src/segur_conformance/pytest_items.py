"""The checks of a plan as items of pytest; the services and the product are started once, when the first one runs."""

import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

import pytest

from segur_conformance.checks.check import Check
from segur_conformance.cli import given_assets
from segur_conformance.outcomes import CheckOutcome
from segur_conformance.pytest_plugin import MARKER
from segur_conformance.reports.words import OUTCOMES, reason_in_words
from segur_conformance.runner.bench import Bench
from segur_conformance.runner.conduct import opened_bench
from segur_conformance.runner.plan import PlanFile, load_plan
from segur_conformance.runner.product import found
from segur_conformance.runner.record import RunRecord
from segur_conformance.runner.run import CheckResult, carried_out
from segur_conformance.runner.selection import chosen
from segur_sdk.errors import SegurError, UserMessage, sdk_catalogue


class CheckEndedBadly(Exception):  # noqa: N818 - carries the text that pytest shows
    """A check did not pass."""


class PlanCollector(pytest.Collector):
    """A plan.

    Args:
        plan: that was loaded.
        **arguments: of pytest.
    """

    plan: PlanFile

    @classmethod
    def of(cls, session: pytest.Session, path: Path) -> Self:
        """Read a plan; what is wrong with it ends pytest as wrong usage does."""
        try:
            plan = load_plan(path)
        except SegurError as failure:
            raise pytest.UsageError(_in_words(failure)) from None
        collector: Self = cls.from_parent(session, name=plan.name, nodeid=plan.name)
        collector.plan = plan
        return collector

    def collect(self) -> "Iterator[CheckItem]":
        """Give one item a check, in the order in which checks run."""
        opened = OpenedPlan(self.plan, self.config)
        self.session.config.add_cleanup(opened.close)
        for check in chosen(self.plan.plan.profiles):
            yield CheckItem.of(self, check, opened)


class OpenedPlan:
    """Services and product of a plan, started when first needed.

    Args:
        plan: that was loaded.
        config: of pytest.
    """

    def __init__(self, plan: PlanFile, config: pytest.Config) -> None:
        self._plan = plan
        self._opened = ExitStack()
        self._bench: Bench | None = None
        named = config.getoption("--segur-assets")
        self._assets = given_assets(Path(named) if named else None)
        self.requires_assets = bool(config.getoption("--segur-require-assets"))

    def carry_out(self, check: Check) -> CheckResult:
        """Carry out one check."""
        [result] = carried_out([check], self._started(), lambda _: None)
        return result

    def close(self) -> None:
        """Stop what was started."""
        self._opened.close()

    def _started(self) -> Bench:
        if self._bench is None:
            folder = Path(self._opened.enter_context(tempfile.TemporaryDirectory(prefix="segur-pytest-")))
            product = found(self._plan.plan.product, folder / "site")
            self._bench = self._opened.enter_context(
                opened_bench(self._plan, product, folder, RunRecord(), self._assets, ())
            )
        return self._bench


class CheckItem(pytest.Item):
    """One check."""

    check: Check
    opened: OpenedPlan

    @classmethod
    def of(cls, parent: PlanCollector, check: Check, opened: OpenedPlan) -> Self:
        """Return the item of a check, with its requirement ids as properties."""
        item: Self = cls.from_parent(parent, name=check.id)
        item.check, item.opened = check, opened
        item.add_marker(MARKER)
        item.user_properties += [("requirement", one) for one in check.requirements]
        return item

    def runtest(self) -> None:
        """Carry out the check: only what does not apply, or lacks an official file, is skipped."""
        try:
            result = self.opened.carry_out(self.check)
        except SegurError as failure:
            raise CheckEndedBadly(_in_words(failure)) from None
        if result.outcome is CheckOutcome.PASS:
            return
        reason = reason_in_words(result.reason)
        lacking = result.outcome is CheckOutcome.BLOCKED and result.reason.startswith("asset:")
        if result.outcome is CheckOutcome.NOT_APPLICABLE or (lacking and not self.opened.requires_assets):
            pytest.skip(reason)
        requirements = ", ".join(self.check.requirements)
        raise CheckEndedBadly(
            f"{OUTCOMES[result.outcome].one} : {reason}\n"
            f"Attendu : {self.check.expected}\nPour corriger : {self.check.mend}\nExigences : {requirements}"
        )

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """Show the sentences of a check that did not pass, without a traceback."""
        if isinstance(excinfo.value, CheckEndedBadly):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, None, str]:
        """Return how pytest names the check."""
        return self.path, None, self.check.id


def _in_words(failure: SegurError) -> str:
    text = sdk_catalogue().get(failure.user_message_key)
    text = text or UserMessage(message="Le kit ne peut pas jouer ce plan.", cause="", action="")
    return f"{text.message} [{failure}] {text.action}".strip()
