"""A counter under watch: each run is a process of its own, with the plugins as they are or with one changed."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import attrs
import pytest

from segur_conformance.boundary.monitor import Violation
from segur_conformance.boundary.reckoning import Reckoning, reckon_cards, reckon_http
from segur_conformance.mutants.grafting import apply, copy_of, record
from segur_conformance.mutants.mutant import Change
from segur_host.cli import application
from segur_host.cli.failing import run
from segur_sandbox.running import RunningSandbox

COUNTER: Final = Path(__file__).with_name("counter.py")
PATIENCE_S: Final = 100.0
SETTLING_S: Final = 10.0

Counter = Callable[..., "Run"]
PipInstall = Callable[..., Path]


@attrs.frozen
class Run:
    """What one run gave."""

    violations: tuple[Violation, ...]
    result: dict[str, Any]
    reckonings: tuple[Reckoning, ...]

    @property
    def acts(self) -> set[tuple[str, str, str, str]]:
        """Who did what where."""
        return {(one.owner, one.event, one.file, one.function) for one in self.violations}

    @property
    def uneven(self) -> dict[str, int]:
        """What the services saw beyond what the host granted."""
        return {one.what: one.seen - one.granted for one in self.reckonings if not one.even}


@pytest.fixture
def counter(segur_sandbox: RunningSandbox, tmp_path: Path) -> Counter:
    """Play a day at the counter: ``counter("plain")``, with a folder of changed plugins and settings of insi."""

    def play(day: str, site: Path | None = None, stray_connections: int = 0, **insi_settings: object) -> Run:
        job = {
            "day": day,
            "sandbox": str(segur_sandbox.path),
            "data": str(tmp_path / "host"),
            "insi_settings": {"vitale_assertion": "sandbox", **insi_settings},
        }
        (tmp_path / "job.json").write_text(json.dumps(job), "utf-8")
        environment = os.environ | ({"PYTHONPATH": str(site)} if site else {})
        done = subprocess.run(
            [sys.executable, str(COUNTER), str(tmp_path / "job.json")],
            stdout=subprocess.PIPE,
            env=environment,
            timeout=PATIENCE_S,
            check=True,
        )
        *seen, last = done.stdout.splitlines()
        told = [Violation(**json.loads(line)["seen"]) for line in seen]
        result = json.loads(last)
        return Run(tuple(told), result, reckoned(segur_sandbox, result, stray_connections))

    return play


def reckoned(sandbox: RunningSandbox, result: dict[str, Any], stray: int) -> tuple[Reckoning, ...]:
    """Hold the sandbox's side against the host's, once the sandbox has seen the end of every connection."""
    address = urlsplit(sandbox.descriptor["services"]["insi"]["url"])
    connects = result["connects"].count([address.hostname, address.port])
    until = time.monotonic() + SETTLING_S
    while True:
        seen = reckon_http(sandbox.exchanges("insi"), result["audited"], connects)
        # A connection that says nothing is known as refused only when it ends, a little later.
        if seen[1].seen >= connects + stray or time.monotonic() > until:
            return (*seen, *reckon_cards(sandbox.ledger("cards"), sandbox.exchanges("cards"), result["audited"]))
        time.sleep(0.05)


@pytest.fixture
def pip_install(tmp_path: Path) -> PipInstall:
    """Install a copy of a plugin as pip would, one passage of it changed, and return the folder to import from."""

    def install(plugin: str, file: str = "", before: str = "", inserted: str = "") -> Path:
        package, site = f"segur_plugin_{plugin}", tmp_path / "site"
        site.mkdir(exist_ok=True)
        copy = copy_of(package, site)
        if inserted:
            apply(Change(package, file, before, indented(inserted, before) + before), copy / file)
        record(package, site)
        return site

    return install


def indented(inserted: str, before: str) -> str:
    """Give lines the indentation of the line they come before."""
    margin = before[: len(before) - len(before.lstrip())]
    return "".join(f"{margin}{line}\n" for line in inserted.splitlines())


@pytest.fixture
def config_file(segur_sandbox: RunningSandbox, tmp_path: Path) -> Callable[..., Path]:
    """Write the sandbox's configuration with data of its own for this test, for commands and for child processes."""

    def write(*, readers: bool = True) -> Path:
        text = segur_sandbox.config.read_text("utf-8")
        text = re.sub(r"(?m)^data = .*$", f"data = {json.dumps(str(tmp_path / 'host'))}", text, count=1)
        if not readers:
            text = re.sub(r"(?ms)^\[readers\.memory\]\n.*?^\]\n", "", text, count=1)
        path = tmp_path / "segur.toml"
        path.write_text(text, "utf-8")
        return path

    return write


@pytest.fixture
def audit_verified(capfd: pytest.CaptureFixture[str]) -> Callable[[Path], tuple[int, dict[str, Any]]]:
    """Run ``segur audit verify --json`` and return its exit status and what it wrote."""

    def run_command(config: Path) -> tuple[int, dict[str, Any]]:
        capfd.readouterr()
        status = run(application(), ["audit", "verify", "--json", "--config", str(config)])
        return status, json.loads(capfd.readouterr().out)

    return run_command
