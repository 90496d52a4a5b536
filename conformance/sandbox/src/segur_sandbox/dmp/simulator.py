"""Puts the DMP together, opens its port, and says where it is."""

import ssl
from pathlib import Path
from typing import Any, Final

from segur_sandbox.clock import SandboxClock
from segur_sandbox.dmp.audit import Audit
from segur_sandbox.dmp.cda import CdaReader
from segur_sandbox.dmp.certificates import Judge
from segur_sandbox.dmp.control import DmpControl
from segur_sandbox.dmp.deleting import Deleting
from segur_sandbox.dmp.feeding import SERVICE, Feeding
from segur_sandbox.dmp.gate import Gate
from segur_sandbox.dmp.http import dmp_app
from segur_sandbox.dmp.options import Options
from segur_sandbox.dmp.patients import Patients
from segur_sandbox.dmp.rights import load_matrix
from segur_sandbox.dmp.searching import Searching
from segur_sandbox.dmp.service import BASE, DmpService, Transactions, operation_of
from segur_sandbox.dmp.store import Store
from segur_sandbox.dmp.value_sets import ValueSets
from segur_sandbox.exchanges import ExchangeJournal
from segur_sandbox.faults import FaultBoard
from segur_sandbox.ledger import Ledger
from segur_sandbox.people import Register
from segur_sandbox.pki.store import PkiFiles
from segur_sandbox.recording import RecordedService
from segur_sandbox.replays import ReplayQueue
from segur_sandbox.settings import DmpSettings
from segur_sandbox.tls.contexts import ClientTrust
from segur_sandbox.tls.listener import LOOPBACK, TlsListener

_SUITES: Final = "ECDHE-RSA-AES256-SHA384:ECDHE-RSA-AES256-GCM-SHA384:ECDHE-RSA-AES128-GCM-SHA256"


class DmpSimulator:
    """The DMP over mutual TLS.

    Args:
        data: The sandbox's data folder; lots go to `dmp` in it.
        settings: What official documents do not settle.
        pki: The sandbox's hierarchy.
        register: Who has a DMP.
    """

    def __init__(
        self,
        data: Path,
        settings: DmpSettings,
        pki: PkiFiles,
        register: Register,
        *,
        clock: SandboxClock,
        faults: FaultBoard,
        journal: ExchangeJournal,
        ledger: Ledger,
        replays: ReplayQueue,
    ) -> None:
        options = Options(settings)
        value_sets = ValueSets.load()
        judge = Judge(pki, clock)
        patients = Patients(register)
        store = Store(data / SERVICE)
        audit = Audit(clock)
        self.control = DmpControl(options, patients, store, audit)
        reader = CdaReader.from_environment(settings.max_bytes)
        feeding = Feeding(options, reader, judge, value_sets, patients=patients, store=store, ledger=ledger)
        service = DmpService(
            options,
            Gate(options, judge, value_sets, clock),
            load_matrix(),
            Transactions(feeding, Searching(patients, store), Deleting(value_sets, patients, store, ledger), patients),
            audit=audit,
            clock=clock,
            replays=replays,
        )
        app = RecordedService(
            SERVICE,
            dmp_app(service),
            operation_of,
            faults=faults,
            journal=journal,
            clock=clock,
            max_body=settings.max_bytes,
        )
        self._listener = TlsListener(
            SERVICE,
            app,
            pki,
            client_certificates=ssl.CERT_REQUIRED,
            faults=faults,
            journal=journal,
            trust=ClientTrust(cards=True, suites=None if settings.tls13 else _SUITES),
        )

    def start(self) -> None:
        """Open the port."""
        self._listener.start()

    async def stop(self) -> None:
        """Close the port."""
        await self._listener.stop()

    @property
    def url(self) -> str:
        """Under which its three services are."""
        return f"https://{LOOPBACK}:{self._listener.port}{BASE}"

    def tables(self) -> dict[str, dict[str, object]]:
        """Return what a host configuration says of each network purpose."""
        return {"dmp": {"url": self.url}, "dmp-cps": {"url": self.url}}

    def describe(self) -> dict[str, Any]:
        """Return what the descriptor says."""
        return {"url": self.url}
