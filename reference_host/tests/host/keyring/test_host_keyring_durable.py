"""What a change wrote is on the disk before its name is, and its name before anybody is told that it is done."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from segur_host.keyring.durable import make_folder, replace_private

pytestmark = pytest.mark.skipif(os.name != "posix", reason="other systems do not let a folder be synced")
Step = tuple[str, int]


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> list[Step]:
    """Note what is synced and what gets its name, by inode, in their order."""
    found: list[Step] = []
    sync, rename, replace = os.fsync, Path.rename, Path.replace

    def synced(descriptor: int) -> None:
        sync(descriptor)
        found.append(("synced", os.fstat(descriptor).st_ino))

    def naming(call: Callable[[Path, Path], Path]) -> Callable[[Path, Path], Path]:
        def named(own: Path, target: Path) -> Path:
            found.append(("named", own.stat().st_ino))
            return call(own, target)

        return named

    monkeypatch.setattr(os, "fsync", synced)
    monkeypatch.setattr(Path, "rename", naming(rename))
    monkeypatch.setattr(Path, "replace", naming(replace))
    return found


def test_a_file_that_is_replaced_outlives_a_power_failure(tmp_path: Path, steps: list[Step]) -> None:
    path = tmp_path / "standing.json"
    replace_private(path, b"former")
    steps.clear()
    replace_private(path, b"next")
    own, folder = path.stat().st_ino, tmp_path.stat().st_ino
    assert steps == [("synced", own), ("named", own), ("synced", folder)]


def test_a_folder_that_is_made_outlives_a_power_failure(tmp_path: Path, steps: list[Step]) -> None:
    made = tmp_path / "0123456789abcdef"
    make_folder(made, {"key.pem": b"a", "key.json": b"b"})
    files = [("synced", (made / name).stat().st_ino) for name in ("key.pem", "key.json")]
    own, folder = made.stat().st_ino, tmp_path.stat().st_ino
    assert steps == [*files, ("synced", own), ("named", own), ("synced", folder)]
