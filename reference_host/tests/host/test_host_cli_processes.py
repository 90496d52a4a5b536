"""The command line as other programs start it."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

EVENT = {
    "actor": {"kind": "operator", "name": "a", "workstation": "p", "structure": {"name": "s"}},
    "session": {"session_id": "1", "means": "local"},
}

LATE = """
import os, threading
def babble():
    while True:
        os.write(1, b"late\\n")
threading.Thread(target=babble, daemon=True).start()
return None
"""


def test_what_a_thread_left_behind_prints_never_follows_the_answer(
    install: Callable[..., str],
    config_file: Callable[..., Path],
    segur_process: Callable[..., "subprocess.CompletedProcess[str]"],
    tmp_path: Path,
) -> None:
    config = config_file({"loud": install("loud", body=LATE)})
    event = tmp_path / "event.json"
    event.write_text(json.dumps(EVENT))
    done = segur_process("call", "on_session_login", "--event", event, "--json", "--config", config)
    assert done.returncode == 0
    assert "late" in done.stderr
    assert json.loads(done.stdout)["outcomes"][0]["status"] == "declined"


def test_a_reader_that_goes_away_is_no_traceback(config_file: Callable[..., Path]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "segur_host.cli", "hooks", "--json", "--config", str(config_file())]
    try:
        done = subprocess.run(command[:-2], stdout=writing, stderr=subprocess.PIPE, check=False, timeout=60)
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert done.stderr == b""


def test_the_installed_command_is_the_module(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("segur")), "plugins", "list", "--json", "--config", "nowhere.toml"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=tmp_path)
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "config.file_missing"
