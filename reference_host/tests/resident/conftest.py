"""A resident host with made-up verbs, and a back channel."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reference_host.tests.resident.door import Place
from reference_host.tests.resident.made_up_verbs import VERBS
from segur_host.resident.place import RUNTIME_VARIABLE
from segur_host.resident.server import Resident


@pytest.fixture
def runtime(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A runtime folder whose name is short enough for the addresses of sockets."""
    with tempfile.TemporaryDirectory(prefix="segur-") as folder:
        monkeypatch.setenv(RUNTIME_VARIABLE, folder)
        yield Path(folder)


@pytest.fixture
def data(tmp_path: Path, runtime: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder


@pytest.fixture
def resident(data: Path) -> Iterator[Resident]:
    resident = Resident(data, VERBS, {})
    yield resident
    resident.close()


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.channel.close()
