"""kill -9 in mid-call: what was confirmed is there, nothing is there by half, and the audit says so."""

import json
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from segur_host import Host
from segur_sandbox.running import RunningSandbox

RECEIPTS: Final = Path(__file__).with_name("receipts.py")
AT_WORK: Final = 3
"""Receipts after which a counter is killed at any moment."""
ROUNDS: Final = (None, None, None, "delay", "drip", "delay")
"""What INSi suffers while each counter is killed: most of those are then in the middle of a call."""


def killed_counter(config: Path, moment: float) -> list[dict[str, Any]]:
    """Start a counter, kill it ``moment`` seconds after its first receipts, and return every receipt it gave."""
    with subprocess.Popen([sys.executable, str(RECEIPTS), str(config)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(AT_WORK)]
        time.sleep(moment)
        process.kill()
        lines += process.stdout.read().splitlines(keepends=True)
    assert process.returncode == -signal.SIGKILL
    return [json.loads(line) for line in lines if line.endswith("\n")]


def recorded(host: Host, refs: set[str]) -> set[tuple[str, int, str]]:
    """Return every revision of these people as the host finds them now, once numbered without gap."""
    histories = {ref: host.history(ref) for ref in refs}
    for ref, revisions in histories.items():
        assert [one.number for one in revisions] == list(range(1, len(revisions) + 1))
        assert host.identity(ref).revision == len(revisions)
        assert host.identity(ref).status is revisions[-1].record.status
    return {(ref, one.number, str(one.record.status)) for ref, revisions in histories.items() for one in revisions}


def test_a_killed_host_keeps_what_it_confirmed_and_nothing_by_half(
    segur_sandbox: RunningSandbox,
    config_file: Callable[..., Path],
    audit_verified: Callable[[Path], tuple[int, dict[str, Any]]],
) -> None:
    config = config_file(readers=False)
    chance = random.Random(2026)
    confirmed: set[tuple[str, int, str]] = set()
    for fault in ROUNDS:
        segur_sandbox.reset()
        if fault is not None:
            segur_sandbox.fault("insi", fault, seconds=0.3)
        given = killed_counter(config, chance.uniform(0, 0.4))
        assert len(given) >= AT_WORK
        confirmed |= {(one["ref"], one["revision"], one["status"]) for one in given}

        status, verdict = audit_verified(config)
        assert (status, verdict["ok"], verdict["first_bad_seq"], verdict["lost"]) == (0, True, None, 0)
        with Host(config) as host:
            audited = [
                (facts["identity"], facts["revision"], facts["status"])
                for record in host.audit.records()
                if record.event == "identity.revision" and (facts := json.loads(record.facts))
            ]
            found = recorded(host, {ref for ref, _, _ in audited})
            traced = [
                (ref, trace.payload["revision"], trace.payload["status"])
                for ref in {ref for ref, _, _ in audited}
                for trace in host.traces.of_patient(ref)
                if trace.kind == "identity.revision"
            ]
        assert confirmed <= found
        # Revision, trace and audit record of one change stand or fall together.
        assert sorted(audited) == sorted(traced) == sorted(found)
    assert {status for _, _, status in confirmed} == {"PROV", "RECUP", "QUAL"}
