"""A pcscd that was started by somebody else, with the virtual reader that Debian's vsmartcard-vpcd configures.

It runs in namespaces of its own here, with everything that talks to it: the machine's is left alone.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from segur_sandbox.pcsc.packages import SOCKET_VARIABLE
from segur_testing.pcsc import require_pcsc

pytestmark = pytest.mark.pcsc

PATIENCE_S = 20.0
FIRST, SECOND = "Virtual PCD 00 00", "Virtual PCD 00 01"
APART = """
import sys
from pathlib import Path
from segur_sandbox.pcsc import isolation

isolation._raise_loopback()
isolation._mount("-t", "tmpfs", "tmpfs", "/run")
Path("/run/pcscd").mkdir()
print("ready", flush=True)
sys.stdin.read()
"""
OTHER_CARD = """
import socket, sys
with socket.create_connection(("127.0.0.1", 35963)) as connection:
    while size := connection.recv(2, socket.MSG_WAITALL):
        message = connection.recv(int.from_bytes(size, "big"), socket.MSG_WAITALL)
        if message == b"\\x04" or len(message) > 1:
            connection.sendall(b"\\x00\\x02" + (b"\\x6a\\x82" if len(message) > 1 else b"\\x3b\\x00"))
"""


def _own() -> dict[str, str]:
    """Return an environment that names no daemon: a driver that ran in this process may have named its own."""
    return {name: value for name, value in os.environ.items() if name != SOCKET_VARIABLE}


class Machine:
    """Starts programs where the pcscd of this test runs."""

    def __init__(self, entering: list[str], folder: Path, started: ExitStack) -> None:
        self._entering = entering
        self._folder = folder
        self._started = started

    def start(self, *command: str) -> "subprocess.Popen[str]":
        process = subprocess.Popen([*self._entering, *command], stdout=subprocess.PIPE, text=True, env=_own())
        self._started.callback(finish, process)
        return process

    def start_pcscd(self) -> "subprocess.Popen[str]":
        process = self.start("/usr/sbin/pcscd", "--foreground")
        self.until(lambda: FIRST in self.run("opensc-tool", "-l"))
        return process

    def start_sandbox(self) -> "subprocess.Popen[str]":
        process = self.start(sys.executable, "-m", "segur_sandbox", "up", "--json", "--data", str(self._folder))
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["services"]["cards"]["pcsc"] == {"socket": None}
        return process

    def run(self, *command: str) -> str:
        done = subprocess.run(
            [*self._entering, *command],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
            env=_own(),
        )
        return done.stdout

    def cards(self, *arguments: str) -> dict[str, Any]:
        told = self.run(
            sys.executable, "-m", "segur_sandbox", "cards", *arguments, "--sandbox", str(self._folder), "--json"
        )
        found: dict[str, Any] = json.loads(told)
        return found

    def readers(self) -> dict[str, str | None]:
        return {one["name"]: one["card"] for one in self.cards("list")["readers"]}

    @staticmethod
    def until(holds: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < end
            time.sleep(0.05)


def finish(process: "subprocess.Popen[str]") -> int:
    process.terminate()
    process.communicate(timeout=PATIENCE_S)
    return process.returncode


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    require_pcsc("opensc-tool", "pcsc_scan")
    root = os.geteuid() == 0
    making = ["unshare", "--mount", "--net", *([] if root else ["--map-root-user"])]
    with ExitStack() as started:
        apart = started.enter_context(
            subprocess.Popen(
                [*making, sys.executable, "-c", APART], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
        assert apart.stdout is not None
        assert apart.stdout.readline() == "ready\n"
        user = [] if root else ["--user", "--preserve-credentials"]
        entering = ["nsenter", "--target", str(apart.pid), "--mount", "--net", f"--wd={tmp_path}", *user]
        yield Machine(entering, tmp_path / "data", started)


def test_readers_of_a_pcscd_started_by_hand_are_there_without_any_option(machine: Machine) -> None:
    machine.start_pcscd()
    machine.start_sandbox()
    assert machine.readers() == {"Vitale 1": "vitale:single", "Vitale 2": None, FIRST: None, SECOND: None}
    inserted = machine.cards("insert", FIRST, "vitale:family")["readers"]
    assert [(one["name"], one["kind"], one["card"]) for one in inserted[2:]] == [
        (FIRST, "pcsc", "vitale:family"),
        (SECOND, "pcsc", None),
    ]
    machine.cards("insert", SECOND, "cps:physician")
    assert re.findall(r"^\d +(Yes|No) +(.*\S)", machine.run("opensc-tool", "-l"), re.MULTILINE) == [
        ("Yes", FIRST),
        ("Yes", SECOND),
    ]
    assert machine.run("opensc-tool", "-a", "-r", "0").startswith("3b:75")
    assert "3B 9B 18" in machine.run("pcsc_scan", "-n", "-q", "-t", "1")
    machine.cards("remove", FIRST)
    assert re.findall(r"^\d +(Yes|No)", machine.run("opensc-tool", "-l"), re.MULTILINE) == ["No", "Yes"]


def test_without_pcscd_its_readers_are_unknown(machine: Machine) -> None:
    machine.start_sandbox()
    assert machine.readers() == {"Vitale 1": "vitale:single", "Vitale 2": None}
    error = machine.cards("insert", FIRST, "vitale:family")["error"]
    assert (error["code"], error["cause"]) == (
        "sandbox.control_failed",
        "aucun lecteur de ce nom ; les noms connus sont : Vitale 1, Vitale 2",
    )


def test_a_card_outlasts_a_restart_of_pcscd(machine: Machine) -> None:
    pcscd = machine.start_pcscd()
    machine.start_sandbox()
    machine.cards("insert", FIRST, "vitale:family")
    pcscd.send_signal(signal.SIGKILL)
    pcscd.wait(PATIENCE_S)
    assert machine.readers() == {"Vitale 1": "vitale:single", "Vitale 2": None}
    machine.run("rm", "-f", "/run/pcscd/pcscd.comm", "/run/pcscd/pcscd.pid")
    machine.start_pcscd()
    machine.until(lambda: machine.run("opensc-tool", "-a", "-r", "0").startswith("3b:75"))
    assert machine.readers()[FIRST] == "vitale:family"


def test_a_slot_that_holds_the_card_of_another_program_is_refused(machine: Machine) -> None:
    machine.start_pcscd()
    machine.start_sandbox()
    other = machine.start(sys.executable, "-c", OTHER_CARD)
    machine.until(lambda: machine.run("opensc-tool", "-a", "-r", "0").startswith("3b:00"))
    error = machine.cards("insert", FIRST, "vitale:family")["error"]
    assert error["cause"] == f"{FIRST} n'est pas vide : la carte d'un autre programme s'y trouve"
    assert machine.readers()[FIRST] is None
    finish(other)
    machine.cards("insert", FIRST, "vitale:family")
    assert machine.run("opensc-tool", "-a", "-r", "0").startswith("3b:75")


def test_cards_leave_with_the_sandbox(machine: Machine) -> None:
    machine.start_pcscd()
    sandbox = machine.start_sandbox()
    machine.cards("insert", FIRST, "vitale:family")
    assert finish(sandbox) == 0
    machine.until(lambda: " Yes " not in machine.run("opensc-tool", "-l"))
