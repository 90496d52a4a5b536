"""Fixtures shared by the tests of the host."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from segur_host.audit.entries import AuditEntry
from segur_host.audit.findings import Verification
from segur_host.audit.log import AuditLog
from segur_host.storage.database import Database
from segur_sdk.context import Clock
from segur_sdk.models.actor import Actor, ActorKind, Structure


class _MovableClock:
    def __init__(self) -> None:
        self.moment = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def set(self, moment: datetime) -> None:
        self.moment = moment


@pytest.fixture
def movable_clock() -> _MovableClock:
    return _MovableClock()


@pytest.fixture
def clock(movable_clock: _MovableClock) -> Clock:
    """A clock that stands still on 2 March 2026, 08:00 UTC, until ``set_clock`` moves it."""
    return movable_clock


@pytest.fixture
def set_clock(movable_clock: _MovableClock) -> Callable[[datetime], None]:
    return movable_clock.set


@pytest.fixture
def data_folder(tmp_path: Path) -> Path:
    """Where a host keeps its key, database and audit; not made yet."""
    return tmp_path / "data"


@pytest.fixture
def database(data_folder: Path) -> Iterator[Database]:
    with Database(data_folder, "default") as opened:
        yield opened


@pytest.fixture
def operator() -> Actor:
    structure = Structure(finess="0B0152872", name="PHARMACIE DU CENTRE")
    return Actor(kind=ActorKind.OPERATOR, name="Comptoir 1", structure=structure, workstation="poste-1")


@pytest.fixture
def fill(data_folder: Path, clock: Clock, operator: Actor) -> Callable[..., None]:
    """Append records to an audit and leave it as a killed host does, without a closing record."""

    def append(count: int = 5, folder: Path = data_folder) -> None:
        with Database(folder, "default") as database:
            log = AuditLog(database, clock)
            for number in range(1, count + 1):
                facts = {"number": number}
                log.append(AuditEntry("test.step", f"c-{number}", "insi", operator, facts))

    return append


@pytest.fixture
def verify(data_folder: Path, clock: Clock) -> Callable[[], Verification]:
    """Verify the audit of ``data_folder`` as a command does: opened for it, closed afterwards."""

    def opened() -> Verification:
        with Database(data_folder, "default") as database:
            return AuditLog(database, clock).verify()

    return opened
