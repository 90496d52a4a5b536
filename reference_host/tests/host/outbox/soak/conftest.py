"""Long ones: collected by ``tox -e soak`` only. What they measured stands at the end of the output."""

import os
from collections.abc import Callable
from typing import Final

import pytest

collect_ignore_glob = [] if "SEGUR_SOAK" in os.environ else ["test_*.py"]
_MEASURED: Final[list[str]] = []


@pytest.fixture
def say() -> Callable[[str], None]:
    """Have a line stand at the end of the output."""
    return _MEASURED.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Write what was measured."""
    for line in _MEASURED:
        terminalreporter.write_line(line)
