"""A full disk refuses what is new, whole; what was confirmed stays, and work goes on once there is room."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from segur_host.audit.log import AuditLog
from segur_host.storage.database import Database
from segur_host.traces.store import TraceStore
from segur_sdk.context import Clock
from segur_sdk.models.actor import Actor

LIMIT = 600_000

FILL = """
import json, resource, sys
from pathlib import Path
from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.clock import SystemClock
from segur_host.storage.database import Database
from segur_host.traces.store import TraceStore
from segur_sdk.errors import HostError
from segur_sdk.models.actor import Actor

folder, actor, limit = Path(sys.argv[1]), Actor.model_validate_json(sys.argv[2]), int(sys.argv[3])
if limit:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
database = Database(folder, "default")
audit, traces = AuditLog(database, SystemClock()), TraceStore(database, SystemClock(), 10)
confirmed, codes = 0, set()
while len(codes) == 0:
    try:
        with database.accepting():
            audit.append(AuditEntry(event="test.step"))
            traces.record("ref", "test.step", actor, {"number": confirmed, "filling": "x" * 3000}, f"c-{confirmed}")
        confirmed += 1
    except HostError as failure:
        codes.add(failure.code)
for again in range(3):
    try:
        audit.append(AuditEntry(event="test.again", facts={"filling": "x" * 100}))
        traces.record("ref", "test.again", actor, {"filling": "x" * 30_000})
    except HostError as failure:
        codes.add(failure.code)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps({"confirmed": confirmed, "codes": sorted(codes)}))
"""


def _small_disk(folder: Path) -> bool:
    """Mount a disk of 600 kB, where this account may."""
    if os.geteuid() != 0:
        return False
    mount = ["mount", "-t", "tmpfs", "-o", f"size={LIMIT},mode=700", "tmpfs", str(folder)]
    return subprocess.run(mount, check=False, capture_output=True).returncode == 0


def void(_: object) -> None:
    """Drop a result."""


@pytest.fixture(params=["small_disk", "size_limit"])
def tight(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Path, int, str, Callable[[], None]]]:
    """A folder with little room, the size limit for the process that fills it, its code, and what makes room.

    SQLite tells a full disk from other failures; a size limit is to it an input/output error like any
    other. Where nothing can be mounted, both ways are the size limit.
    """
    folder = tmp_path / "tight"
    folder.mkdir(mode=0o700)
    if request.param == "small_disk" and _small_disk(folder):
        larger = ["mount", "-o", f"remount,size={10 * LIMIT}", str(folder)]
        yield folder, 0, "storage.full", lambda: void(subprocess.run(larger, check=True))
        subprocess.run(["umount", "-l", str(folder)], check=True)
    else:
        yield folder, LIMIT, "storage.failed", lambda: None


def test_a_full_disk_refuses_whole_and_loses_nothing(
    tight: tuple[Path, int, str, Callable[[], None]], clock: Clock, operator: Actor
) -> None:
    folder, limit, code, make_room = tight
    command = [sys.executable, "-c", FILL, str(folder), operator.model_dump_json(), str(limit)]
    filling = subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)
    assert filling.returncode == 0, filling.stderr
    said = json.loads(filling.stdout)
    assert said["codes"] == [code]
    assert said["confirmed"] > 5
    make_room()
    with Database(folder, "default") as database:
        audit, traces = AuditLog(database, clock), TraceStore(database, clock, 10)
        events = [record.event for record in audit.records()]
        kept = [trace for trace in traces.of_patient("ref") if trace.kind == "test.step"]
        # Record and trace of one step came together, or neither did.
        assert events.count("test.step") == len(kept) == said["confirmed"]
        assert audit.verify().ok
        traces.record("ref", "test.after", operator, {})
        audit.close()
        assert audit.verify().ok


def test_a_first_start_on_a_full_disk_leaves_nothing_behind(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from segur_sdk.errors import HostError\n"
        "from segur_host.storage.database import Database\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))\n"
        "try: Database(Path(sys.argv[1]), 'default')\n"
        "except HostError as failure: print(failure.code)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))"
    )
    filling = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "data")], capture_output=True, text=True, timeout=60, check=False
    )
    assert filling.stdout.strip() == "storage.full", filling.stderr
    assert list((tmp_path / "data").iterdir()) == []
    Database(tmp_path / "data", "default").close()
