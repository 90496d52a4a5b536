"""A working folder in which the examples of a page run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from docs.examples import Runner

if TYPE_CHECKING:
    from segur_sandbox.running import RunningSandbox


@pytest.fixture
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Runner]:
    """Run a page that starts everything itself."""
    monkeypatch.chdir(tmp_path)
    runner = Runner(tmp_path)
    yield runner
    runner.close()


@pytest.fixture
def beside_a_sandbox(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, segur_sandbox: RunningSandbox
) -> Iterator[Runner]:
    """Run a page that says: the sandbox of the tutorial is running in ``bac``."""
    shutil.rmtree(segur_sandbox.path.parent / "host", ignore_errors=True)
    (tmp_path / "bac").symlink_to(segur_sandbox.path.parent)
    monkeypatch.chdir(tmp_path)
    runner = Runner(tmp_path)
    yield runner
    runner.close()
