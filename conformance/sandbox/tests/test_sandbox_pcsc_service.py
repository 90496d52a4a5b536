"""The sandbox's own pcscd: isolated, ended with its sandbox, killed and started again, and what is said without it."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from segur_sandbox import host_config as writing
from segur_sandbox.control_client import ControlError
from segur_sandbox.pcsc import packages
from segur_sandbox.pcsc.daemon import Seen
from segur_sandbox.pcsc.errors import PcscError, PcscMissingError
from segur_sandbox.pcsc.private import SLOTS, PrivatePcscd
from segur_sandbox.pki.store import PkiFiles
from segur_sandbox.running import RunningSandbox, SandboxStartError, running
from segur_testing.pcsc import require_pcsc

PATIENCE_S = 20.0
CPS_SLOT, VITALE_SLOT = SLOTS
STARTER = """
import sys
from pathlib import Path
from segur_sandbox.running import running

with running(Path(sys.argv[1]), pcsc=True) as sandbox:
    print(sandbox.path, flush=True)
    sys.stdin.read()
"""


def rights() -> dict[str, bool]:
    """How namespaces can be made here; root can do as anybody does."""
    return {"as_root": True, "as_anybody": False} if os.geteuid() == 0 else {"as_anybody": False}


def run(work: Coroutine[Any, Any, None]) -> None:
    require_pcsc()
    asyncio.run(work)


def children(pid: int) -> set[int]:
    """Processes that `pid` started and that have not ended."""
    found = set()
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
            except (FileNotFoundError, ProcessLookupError):
                continue
            if parent == str(pid) and state != "Z":
                found.add(int(folder.name))
    return found


def ended(pids: set[int]) -> bool:
    until = time.monotonic() + PATIENCE_S
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(Path(f"/proc/{pid}").exists() for pid in pids)


def is_apart(pid: int, folder: Path) -> bool:
    """Whether nobody sees that pcscd but through its private folder, and this machine is as it was."""
    namespaces = [Path(f"/proc/{one}/ns/{kind}").readlink() for one in (pid, "self") for kind in ("mnt", "net")]
    return (
        len(set(namespaces)) == 4
        and folder.stat().st_mode & 0o777 == 0o700
        and str(folder) not in Path("/proc/self/mountinfo").read_text()
    )


def folder_of(sandbox: RunningSandbox) -> Path:
    assert sandbox.pcscd_socket is not None
    return sandbox.pcscd_socket.parents[1]


@pytest.mark.pcsc
@pytest.mark.parametrize("as_root", rights().values(), ids=rights())
def test_pcscd_runs_apart_from_the_machine_and_leaves_nothing(as_root: bool) -> None:
    async def check() -> None:
        service = PrivatePcscd(as_root=as_root)
        await service.start()
        pid, socket = service.pid, service.socket
        assert pid is not None
        assert socket is not None
        assert await service.readers(1.0) == list(SLOTS)
        assert is_apart(pid, socket.parents[1])
        await service.stop()
        assert service.pid is None
        assert ended({pid})
        assert not await asyncio.to_thread(socket.parents[1].exists)

    run(check())


@pytest.mark.pcsc
def test_two_of_them_run_side_by_side() -> None:
    async def check() -> None:
        one, other = PrivatePcscd(), PrivatePcscd()
        await asyncio.gather(one.start(), other.start())
        assert one.socket != other.socket
        await one.stop()
        assert not one.is_up
        assert await other.wait(CPS_SLOT, "empty", 1.0) is Seen.AS_ASKED
        await other.stop()

    run(check())


@pytest.mark.pcsc
def test_what_it_shows_is_waited_for_no_longer_than_asked() -> None:
    async def check() -> None:
        service = PrivatePcscd()
        await service.start()
        assert await service.wait(CPS_SLOT, "present", 0.1) is Seen.NOT_IN_TIME
        assert await service.wait("Lecteur absent", "present", 0.1) is Seen.NO_SERVICE
        await service.kill()
        assert await service.wait(CPS_SLOT, "empty", 0.1) is Seen.NO_SERVICE
        assert await service.readers(0.1) == []
        await service.stop()

    run(check())


@pytest.mark.pcsc
def test_one_that_is_stopped_half_way_does_not_hold_who_asks() -> None:
    async def check() -> None:
        service = PrivatePcscd()
        await service.start()
        assert service.pid is not None
        os.kill(service.pid, signal.SIGSTOP)
        assert await service.wait(CPS_SLOT, "empty", 0.1) is Seen.NO_SERVICE
        os.kill(service.pid, signal.SIGCONT)
        assert await service.wait(CPS_SLOT, "empty", 1.0) is Seen.AS_ASKED
        await service.stop()

    run(check())


@pytest.mark.pcsc
@pytest.mark.parametrize("by", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
def test_pcscd_and_its_cards_end_with_the_process_that_started_the_sandbox(by: signal.Signals, tmp_path: Path) -> None:
    require_pcsc()
    command = [sys.executable, "-c", STARTER, str(tmp_path / "data")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as starter:
        assert starter.stdout is not None
        sandbox = RunningSandbox(Path(starter.stdout.readline().strip()))
        mine = children(sandbox.descriptor["pid"])
        starter.send_signal(by)
    assert len(mine) == 3
    assert ended(mine | {sandbox.descriptor["pid"]})
    assert not folder_of(sandbox).exists()


@pytest.mark.pcsc
def test_pcscd_and_its_cards_end_with_a_sandbox_that_is_killed(tmp_path: Path) -> None:
    require_pcsc()
    with running(tmp_path, pcsc=True) as sandbox:
        mine = children(sandbox.descriptor["pid"])
        os.kill(sandbox.descriptor["pid"], signal.SIGKILL)
        assert len(mine) == 3
        assert ended(mine)
    assert folder_of(sandbox).exists()


@pytest.mark.pcsc
def test_what_a_killed_sandbox_left_is_swept_by_the_next_one_and_nothing_else(
    tmp_path: Path, pcsc_sandbox: RunningSandbox
) -> None:
    with running(tmp_path, pcsc=True) as killed:
        os.kill(killed.descriptor["pid"], signal.SIGKILL)
    with running(tmp_path, pcsc=True) as sandbox:
        assert not folder_of(killed).exists()
        assert folder_of(sandbox).exists()
        assert folder_of(pcsc_sandbox).exists()


@pytest.mark.pcsc
def test_pcscd_killed_and_started_again_has_its_cards_back(
    segur_pcsc_sandbox: RunningSandbox, through_pcsc: Callable[..., str]
) -> None:
    before = through_pcsc("opensc-tool", "-a", "-r", "1")
    segur_pcsc_sandbox.run_pcscd(running=False)
    assert "Lecteur" not in through_pcsc("opensc-tool", "-l")
    # The sandbox still holds the first card out, and another one is put in meanwhile.
    segur_pcsc_sandbox.insert(CPS_SLOT, "unknown-atr")
    segur_pcsc_sandbox.run_pcscd(running=True)
    until = time.monotonic() + PATIENCE_S
    while through_pcsc("opensc-tool", "-l").count(" Yes ") < 2 and time.monotonic() < until:
        time.sleep(0.05)
    assert through_pcsc("opensc-tool", "-a", "-r", "1") == before
    assert through_pcsc("opensc-tool", "-a", "-r", "0").startswith("3b:65")


@pytest.mark.pcsc
def test_reset_starts_a_killed_pcscd_again(
    segur_pcsc_sandbox: RunningSandbox, through_pcsc: Callable[..., str]
) -> None:
    segur_pcsc_sandbox.run_pcscd(running=False)
    segur_pcsc_sandbox.reset()
    assert through_pcsc("opensc-tool", "-l").count(" Yes ") == 2


def test_a_sandbox_without_pcscd_has_none_to_kill(segur_sandbox: RunningSandbox) -> None:
    assert segur_sandbox.pcsc_readers == []
    assert segur_sandbox.pcscd_socket is None
    with pytest.raises(ControlError, match="started without --pcsc"):
        segur_sandbox.run_pcscd(running=False)


@pytest.mark.pcsc
def test_the_announcement_tells_how_other_programs_see_the_reader(tmp_path: Path) -> None:
    require_pcsc()
    command = [sys.executable, "-m", "segur_sandbox", "up", "--pcsc", "--data", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        told = list(iter(process.stdout.readline, "Pour que d'autres programmes voient le lecteur PC/SC :\n"))
        told.append(process.stdout.readline())
        socket = json.loads((tmp_path / "sandbox.json").read_text())["services"]["cards"]["pcsc"]["socket"]
        process.terminate()
        process.communicate(timeout=PATIENCE_S)
    assert "  Lecteur bifente PS 00 01 PC/SC (vitale:single)\n" in told
    assert told[-1] == f"  PCSCLITE_CSOCK_NAME={socket} opensc-tool -l\n"
    assert process.returncode == 0


@pytest.mark.pcsc
def test_a_pcscd_that_does_not_come_up_is_said_with_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("segur_sandbox.pcsc.private._READER_FILE", 'FRIENDLYNAME "Sans pilote"\n')
    monkeypatch.setattr("segur_sandbox.pcsc.private._READY_S", 0.5)

    async def check() -> None:
        service = PrivatePcscd()
        with pytest.raises(PcscError, match=r"pcscd did not come up: .+"):
            await service.start()
        assert service.pid is None
        await service.stop()

    run(check())


def test_what_is_missing_is_named_with_the_line_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "VPCD", Path("/nowhere/libifdvpcd.so"))
    monkeypatch.setattr(packages, "_PATH", "/nowhere")
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(PcscMissingError) as refused:
        packages.require_all()
    assert refused.value.missing == ("pcscd", "unshare", "nsenter", "mount", "/nowhere/libifdvpcd.so")
    assert refused.value.install == (
        "sudo apt-get install -y --no-install-recommends mount pcscd util-linux vsmartcard-vpcd"
    )


def test_elsewhere_than_on_linux_there_is_nothing_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(PcscMissingError) as refused:
        packages.require_all()
    assert (refused.value.missing, refused.value.install) == (("Linux",), None)


def test_up_with_a_program_missing_is_a_typed_error_that_tells_what_to_install(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "segur_sandbox", "up", "--pcsc", "--json", "--data", str(tmp_path / "data")]
    environment = os.environ | {"PATH": str(tmp_path)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)
    error = json.loads(done.stdout)["error"]
    assert (done.returncode, done.stderr) == (1, "")
    assert error["code"] == "sandbox.pcsc_unavailable"
    assert "unshare" in error["cause"]
    assert "apt-get install" in error["action"]
    assert "util-linux" in error["action"]
    assert not (tmp_path / "data" / "sandbox.json").exists()


def test_a_sandbox_that_does_not_come_up_tells_its_starter_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SandboxStartError, match=r"not found: .*unshare"), running(tmp_path / "data", pcsc=True):
        pass


def test_the_host_configuration_leads_the_drivers_to_the_sandboxs_reader(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    plugins = {"pcsc": b"", "pkcs11": b"", "vitale": b""}
    monkeypatch.setattr(writing, "installed_plugins", lambda: plugins)
    readers: list[dict[str, Any]] = [
        {"name": "Vitale 1", "kind": "memory", "host": "127.0.0.1", "port": 1, "card": None},
        {"name": VITALE_SLOT, "kind": "pcsc", "card": None, "pid": None},
    ]

    def written(socket: Path | None) -> dict[str, Any]:
        files = PkiFiles(tmp_path)
        text = writing.host_config(
            tmp_path,
            files,
            insi_url="https://127.0.0.1/",
            professional_url="p",
            idam="0",
            readers=readers,
            psc={},
            igc={},
            dmp={},
            pcscd_socket=socket,
        )
        return tomllib.loads(text)

    config = written(tmp_path / "pcscd.comm")
    assert [slot["name"] for slot in config["readers"]["memory"]["slots"]] == ["Vitale 1"]
    assert config["plugins"]["pcsc"]["settings"] == {"socket": str(tmp_path / "pcscd.comm")}
    assert config["plugins"]["pkcs11"]["drivers"] == ["apdu"]
    assert "drivers" not in config["plugins"]["vitale"]
    assert written(None)["plugins"]["pcsc"]["settings"] == {}
