"""Fixtures, available as soon as the distribution is installed. Heavy imports wait until one is used."""

# ruff: noqa: PLC0415 - what a fixture needs is imported when it is used, so that coverage sees those lines

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from segur_host import Host
    from segur_host.config.model import HostConfig
    from segur_testing.canaries import Canaries
    from segur_testing.sandbox import RunningSandbox


@pytest.fixture(scope="session")
def segur_sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[RunningSandbox]":
    """Every national service on loopback, started once for the whole run."""
    from segur_testing.sandbox import running

    with running(tmp_path_factory.mktemp("segur-sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def segur_sandbox(segur_sandbox_process: "RunningSandbox") -> "RunningSandbox":
    """The sandbox as it was when it started: no fault, no exchange, its first cards."""
    segur_sandbox_process.reset()
    return segur_sandbox_process


@pytest.fixture
def segur_config(segur_sandbox: "RunningSandbox", tmp_path: Path) -> "HostConfig":
    """The sandbox's configuration, with data of its own for this test."""
    from segur_host.config.loading import load_config

    return load_config(segur_sandbox.config).model_copy(update={"data": tmp_path / "host"})


@pytest.fixture
def segur_host(segur_config: "HostConfig") -> "Iterator[Host]":
    """A host with every installed plugin, against the sandbox; nobody answers its questions."""
    from segur_host import Host

    with Host(segur_config) as host:
        yield host


@pytest.fixture(scope="session")
def segur_canaries() -> "Canaries":
    """Search for patient data where none may be."""
    from segur_testing.canaries import Canaries

    return Canaries()
