"""The walk over virtual PC/SC readers: the cards go through pcscd and its driver, and nothing else changes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from segur_sandbox.running import RunningSandbox
from segur_testing.pcsc import require_pcsc


def walk(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "segur_host.cli", "demo", "comptoir", "--cards", "pcsc", "--json", *arguments],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=100,
        env=os.environ | environment,
    )


@pytest.mark.pcsc
@pytest.mark.req("S000-11")
def test_the_walk_reads_its_cards_through_pcscd(segur_pcsc_sandbox: RunningSandbox) -> None:
    done = walk("--sandbox", str(segur_pcsc_sandbox.path))
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0
    assert len(lines) == 22
    assert {line["status"] for line in lines[:-1]} == {"ok"}
    assert lines[-1] == {"result": "ok"}
    read = {exchange["operation"] for exchange in segur_pcsc_sandbox.exchanges("cards")}
    assert "Lecteur bifente PS 00 01" in read
    assert not read & set(segur_pcsc_sandbox.readers)


@pytest.mark.pcsc
def test_the_walk_starts_a_pcscd_of_its_own() -> None:
    require_pcsc()
    done = walk()
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[-1]) == {"result": "ok"}


def test_a_sandbox_without_pcsc_readers_cannot_carry_that_walk(segur_sandbox: RunningSandbox) -> None:
    done = walk("--sandbox", str(segur_sandbox.path))
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "config.sandbox_without_pcsc"


def test_without_what_pcscd_needs_the_walk_says_what_to_install(tmp_path: Path) -> None:
    done = walk(PATH=str(tmp_path))
    assert done.returncode == 3
    assert json.loads(done.stdout)["error"]["code"] == "config.sandbox_missing"
    assert "apt-get install" in done.stderr
