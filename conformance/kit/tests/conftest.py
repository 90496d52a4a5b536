"""A profile of small checks, a small target and services that are started once: what the tests of the runner use."""

from __future__ import annotations

import json
import os
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from segur_conformance import checks as every_check
from segur_conformance.checks.check import CheckSet
from segur_conformance.outcomes import CheckOutcome
from segur_conformance.reports.report import (
    Environment,
    Finding,
    Isolation,
    Report,
    ReportedCheck,
    ReportedKit,
    ReportedPlan,
    ReportedProduct,
    counts,
    missing_assets,
    verdict,
)
from segur_conformance.runner import conduct
from segur_sandbox.running import RunningSandbox, running

# axe comes from npm and needs a browser: its module has an environment of its own, tox -e axe.
collect_ignore = [] if "SEGUR_AXE" in os.environ else ["test_kit_report_axe.py"]
PROFILE = "fictif"
TARGET = """\
import json, sys
for line in sys.stdin:
    asked = json.loads(line)
    given = asked.get("input", {})
    if given.get("say") == "goodbye":
        sys.exit(3)
    print(given.get("raw") or json.dumps({"id": asked["id"], "value": given}), flush=True)
"""


@pytest.fixture(scope="session")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSandbox]:
    """A sandbox, started once."""
    with running(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def shared_services(services: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """Runs of this test use the services that are started already."""

    @contextmanager
    def started(_: Path, *, pcsc: bool) -> Iterator[RunningSandbox]:
        assert not pcsc
        yield services

    monkeypatch.setattr(conduct, "running", started)
    return services


@pytest.fixture
def add_check(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Any]]:
    """Give the decorator that adds a check ``fictif.<name>``; the profile is this test's own."""
    checks = CheckSet()
    module = ModuleType(f"segur_conformance.checks.{PROFILE}")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(every_check.PROFILES, PROFILE, "Profil des essais")
    every_check.checks_of.cache_clear()

    def add(name: str, *requirements: str, **options: Any) -> Any:
        texts = {
            "purpose": f"But de {name}.",
            "steps": ("première étape", "seconde étape"),
            "expected": f"attendu de {name}",
            "mend": f"corriger {name}",
            "film": f"filmer {name}",
        }

        def register(run: Any) -> Any:
            registered = checks(f"{PROFILE}.{name}", *(requirements or ("CARD-01",)), **{**texts, **options})(run)
            module.CHECKS = tuple(checks.checks)  # type: ignore[attr-defined]
            return registered

        return register

    yield add
    every_check.checks_of.cache_clear()


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A program that gives back what it is given; it leaves at ``{"say": "goodbye"}``."""
    path = tmp_path / "target.py"
    path.write_text(TARGET, "utf-8")
    return path


@pytest.fixture
def plan(tmp_path: Path, target: Path) -> Path:
    """A plan of that profile for that program."""
    path = tmp_path / "plan.toml"
    path.write_text(
        textwrap.dedent(f"""\
            plan = 1
            profiles = ["{PROFILE}"]
            [product]
            kind = "host"
            target = [{json.dumps(sys.executable)}, "{target.name}"]
            """),
        "utf-8",
    )
    return path


def _reported(
    outcomes: dict[str, tuple[str, str]], *, certified: bool = False, reasons: tuple[str, ...] = ()
) -> Report:
    """Return a report of checks by id, each with its outcome and reason."""
    checks = tuple(
        ReportedCheck(
            id=name,
            outcome=CheckOutcome(outcome),
            requirements=("CARD-01", "S000-11"),
            reason=reason,
            evidence=(f"evidence/{name}.jsonl",),
            duration_ms=1234.56,
        )
        for name, (outcome, reason) in outcomes.items()
    )
    return Report(
        verdict=verdict(checks, reasons, certified=certified),
        missing_assets=missing_assets(checks),
        counts=counts(checks),
        checks=checks,
        certified=certified,
        reasons=reasons,
        plan=ReportedPlan(
            file="plan.toml", sha256="a" * 64, profiles=tuple(dict.fromkeys(one.profile for one in checks))
        ),
        product=ReportedProduct(kind="plugin", id="essai", version="1.0", sha256="b" * 64),
        kit=ReportedKit(version="0.1.0", sha256="c" * 64, editable=False),
        versions={"segur-sdk": "0.1.0"},
        isolation=Isolation(level="namespace", limits={"memory": 1024}),
        started_at=datetime(2026, 3, 2, 9, 30, tzinfo=UTC),
        duration_ms=61_234,
        environment=Environment(os="Linux", python="CPython 3.11", dependencies=("attrs==25.1",)),
        doctor=(Finding(check="disque", status="ok", finding="assez"),),
    )


@pytest.fixture
def report_of() -> Callable[..., Report]:
    """Give what makes a report of checks by id, each with its outcome and reason."""
    return _reported
