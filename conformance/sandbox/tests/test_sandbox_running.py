"""A sandbox in a process of its own ends with whoever started it."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from segur_sandbox.control_client import ControlError, call_control
from segur_sandbox.running import RunningSandbox

STARTER = """
import sys
from pathlib import Path
from segur_sandbox.running import running

with running(Path(sys.argv[1])) as sandbox:
    print(sandbox.path, flush=True)
    sys.stdin.read()
"""
PATIENCE_S = 30.0


@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
def test_sandbox_ends_with_the_process_that_started_it(by: signal.Signals, tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTER, str(tmp_path / "data")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        sandbox = RunningSandbox(Path(starter.stdout.readline().strip()))
        assert sandbox.exchanges("insi") == []
        starter.send_signal(by)

    until = time.monotonic() + PATIENCE_S
    while answers(sandbox) and time.monotonic() < until:
        time.sleep(0.05)
    assert not answers(sandbox)


def answers(sandbox: RunningSandbox) -> bool:
    try:
        call_control(sandbox.descriptor, "GET", "/clock")
    except ControlError:
        return False
    return True
