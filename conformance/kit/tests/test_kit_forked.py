"""Targets that are forked from a process that imported what they need: the same targets, sooner."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from segur_conformance.mutants.grafting import grafted
from segur_conformance.mutants.matrix import TRIED_ON
from segur_conformance.mutants.mutant import Change
from segur_conformance.runner.record import RunRecord
from segur_conformance.targets.enclosure import Enclosure, enclosed_target
from segur_conformance.targets.forked import WHOLE, ForkedTargets
from segur_conformance.targets.installed import InstalledPlugin
from segur_conformance.targets.process import interpreted
from segur_conformance.targets.room import ReferenceRoom
from segur_sandbox.running import RunningSandbox

COMMAND = [sys.executable, "-m", "segur_conformance.targets.reference_host"]
REFUSED = {"id": 7, "op": "call", "hook": "on_card_read", "event": {}}


@pytest.fixture(scope="module")
def whole() -> Iterator[ForkedTargets]:
    with ForkedTargets(WHOLE) as forked:
        yield forked


@pytest.fixture(scope="module")
def libraries(whole: ForkedTargets) -> Iterator[ForkedTargets]:
    with ForkedTargets(whole.brought_along) as forked:
        yield forked


@pytest.fixture
def enclosure(whole: ForkedTargets, tmp_path: Path) -> Iterator[Enclosure]:
    with enclosed_target(COMMAND, interpreted(), tmp_path, start=whole.start) as started:
        yield started
    for stream in (started.process.stdout, started.process.stderr):
        assert stream is not None
        stream.close()


def started_in(
    folder: Path, sandbox: RunningSandbox, site: Path | None, **given: Any
) -> tuple[Any, list[tuple[str, str]], str]:
    """Return what a target says of itself, what it saw itself do, and how it was kept apart."""
    path = [str(site), *sys.path] if site is not None else sys.path
    plugins = tuple(InstalledPlugin.find(one, path) for one in (*TRIED_ON["vitale"].target, "insi"))
    record = RunRecord()
    folder.mkdir()
    with ReferenceRoom(plugins, site, sandbox, folder, record, **given) as room:
        subject = room.start({}, {}, {})
        answer = subject.call("on_card_read", {"card": {"slot": sandbox.readers[0]}})
        said = (subject.opened, answer.value["beneficiaries"], [one["status"] for one in answer.outcomes])
    return said, [(one.owner, one.event) for _, one in record.violations], record.isolation


def test_a_forked_target_is_as_one_that_is_started_by_its_command(
    whole: ForkedTargets, services: RunningSandbox, tmp_path: Path
) -> None:
    forked = started_in(tmp_path / "forked", services, None, start=whole.start)

    assert forked == started_in(tmp_path / "started", services, None)


def test_what_is_changed_is_not_what_was_imported_before(
    libraries: ForkedTargets, services: RunningSandbox, tmp_path: Path
) -> None:
    change = Change(
        "segur_sdk",
        "cards/nature.py",
        "def check_nature(",
        "__import__('sys').stderr.write('changed')\n\n\ndef check_nature(",
    )
    site = grafted([change], tmp_path / "site")
    record = RunRecord()
    plugins = (InstalledPlugin.find("vitale", [str(site), *sys.path]),)
    (tmp_path / "scratch").mkdir()
    with ReferenceRoom(plugins, site, services, tmp_path / "scratch", record, start=libraries.start) as room:
        room.start({}, {}, {})

    assert b"changed" in b"".join(record.printed.values())


def test_only_what_is_others_is_imported_before_when_anything_may_be_changed(whole: ForkedTargets) -> None:
    assert "pydantic" in whole.brought_along
    assert not [name for name in whole.brought_along if name.startswith("segur_")]


ENDS: dict[str, tuple[Callable[[Enclosure], None], int]] = {
    "left-alone": (lambda one: one.process.stdin.close() if one.process.stdin else None, 0),
    "cut": (lambda one: one.cut(), 0),
    "killed": (lambda one: one.process.kill(), -signal.SIGKILL),
}


@pytest.mark.parametrize(("end", "status"), ENDS.values(), ids=ENDS)
def test_a_forked_target_ends_for_the_kit_as_it_ended(
    enclosure: Enclosure, end: Callable[[Enclosure], None], status: int
) -> None:
    assert enclosure.process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        enclosure.process.wait(0)

    end(enclosure)

    assert enclosure.process.wait(60) == enclosure.process.poll() == status
    assert not Path(f"/proc/{enclosure.process.pid}").exists()
    enclosure.process.kill()
