"""``pytest --segur-plan PLAN``: every check of a plan as a test, for an author's own continuous integration.

Named by the entry point ``pytest11``, hence loaded by every pytest of the environment: nothing else is imported before
a plan is given.
"""

# ruff: noqa: PLC0415 - see above

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

MARKER = "segur_check"


def pytest_addoption(parser: "pytest.Parser") -> None:
    """Add the options of the kit."""
    group = parser.getgroup("segur-conformance", "kit de conformité Ségur")
    group.addoption("--segur-plan", metavar="PLAN", help="joue chaque contrôle de ce plan comme un test")
    group.addoption("--segur-assets", metavar="DIR", help="dossier des fichiers officiels (sinon SEGUR_ASSETS)")
    group.addoption(
        "--segur-require-assets", action="store_true", help="un fichier officiel absent est un échec, pas un test sauté"
    )


def pytest_configure(config: "pytest.Config") -> None:
    """Register the marker that every check bears."""
    config.addinivalue_line("markers", f"{MARKER}: contrôle du kit de conformité Ségur")


def pytest_collection_modifyitems(
    session: "pytest.Session", config: "pytest.Config", items: "list[pytest.Item]"
) -> None:
    """Add the checks of the plan, before options such as ``-k`` and ``-m`` choose among all tests."""
    plan = config.getoption("--segur-plan")
    if plan is None:
        return
    from segur_conformance.pytest_items import PlanCollector

    items.extend(PlanCollector.of(session, Path(plan)).collect())
