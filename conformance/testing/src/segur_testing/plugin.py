"""Fixtures, available as soon as the distribution is installed. Heavy imports wait until one is used."""

# ruff: noqa: PLC0415 - what a fixture needs is imported when it is used, so that coverage sees those lines
# ruff: noqa: ARG001 - a host is opened once calls are recorded, which is asked for by name alone

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from segur_conformance.canaries import Canaries
    from segur_host import Host
    from segur_host.config.model import HostConfig
    from segur_sandbox.running import RunningSandbox
    from segur_testing.cards import Cards
    from segur_testing.faults import Faults
    from segur_testing.hosts import HostFactory
    from segur_testing.recorder import HookRecorder


@pytest.fixture(scope="session")
def segur_sandbox_process(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[RunningSandbox]":
    """Every national service on loopback, started once for the whole run."""
    from segur_sandbox.running import running

    with running(tmp_path_factory.mktemp("segur-sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def segur_sandbox(segur_sandbox_process: "RunningSandbox") -> "RunningSandbox":
    """The sandbox as it was when it started: no fault, no exchange, its first cards."""
    segur_sandbox_process.reset()
    return segur_sandbox_process


@pytest.fixture(scope="session")
def pcsc_sandbox(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[RunningSandbox]":
    """A sandbox with a virtual PC/SC reader of two slots, started once for the whole run; nobody resets it.

    Its slots are ``pcsc_readers``; programs see them with ``PCSCLITE_CSOCK_NAME`` set to ``pcscd_socket``. Where pcscd
    or its virtual reader is not installed, tests that ask for it are skipped, but fail under ``CI=true``.
    """
    from segur_sandbox.running import running
    from segur_testing.pcsc import require_pcsc

    require_pcsc()
    with running(tmp_path_factory.mktemp("pcsc"), pcsc=True) as sandbox:
        yield sandbox


@pytest.fixture
def segur_pcsc_sandbox(pcsc_sandbox: "RunningSandbox") -> "RunningSandbox":
    """The sandbox with a PC/SC reader as it was when it started: no fault, no exchange, its first cards."""
    pcsc_sandbox.reset()
    return pcsc_sandbox


@pytest.fixture
def segur_config(segur_sandbox: "RunningSandbox", tmp_path: Path) -> "HostConfig":
    """The sandbox's configuration, with data of its own for this test."""
    from segur_host.config.loading import load_config

    return load_config(segur_sandbox.config).model_copy(update={"data": tmp_path / "host"})


@pytest.fixture
def segur_recorder() -> "Iterator[HookRecorder]":
    """Every call of a hook, with its event and outcomes, of each host opened in this test."""
    from segur_testing.recorder import recording

    with recording() as recorder:
        yield recorder


@pytest.fixture
def segur_host(segur_config: "HostConfig", segur_recorder: "HookRecorder") -> "Iterator[Host]":
    """A host with every installed plugin, against the sandbox; nobody answers its questions."""
    from segur_host import Host

    with Host(segur_config) as host:
        yield host


@pytest.fixture
def segur_host_with(tmp_path: Path, segur_recorder: "HookRecorder") -> "Iterator[HostFactory]":
    """Open hosts sealed around chosen plugins: with their settings, scripted answers, a clock, the sandbox or not."""
    from segur_testing.hosts import HostFactory

    with ExitStack() as opened:
        yield HostFactory(tmp_path, opened)


@pytest.fixture
def segur_faults(segur_sandbox: "RunningSandbox") -> "Iterator[Faults]":
    """Make services of the sandbox fail; they are well again when the test ends."""
    from segur_testing.faults import Faults

    faults = Faults(segur_sandbox)
    yield faults
    faults.mend()


@pytest.fixture
def segur_cards(request: pytest.FixtureRequest) -> "Iterator[Cards]":
    """Present virtual cards of the sandbox, or scripted ones, to a host."""
    from segur_testing.cards import Cards

    with ExitStack() as presented:
        yield Cards(lambda: request.getfixturevalue("segur_sandbox"), presented)


@pytest.fixture(scope="session")
def segur_canaries() -> "Canaries":
    """Search for patient data where none may be."""
    from segur_conformance.canaries import Canaries

    return Canaries()
