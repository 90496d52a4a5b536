"""Puts the authority together, opens its ports, and says where it is."""

import ssl
from pathlib import Path
from typing import Any

from segur_sandbox.clock import SandboxClock
from segur_sandbox.exchanges import ExchangeJournal
from segur_sandbox.faults import FaultBoard
from segur_sandbox.igc.control import IgcControl
from segur_sandbox.igc.crl import Lists
from segur_sandbox.igc.http import igc_app, operation_of
from segur_sandbox.igc.ocsp import Responder
from segur_sandbox.igc.ordering import http as ordering
from segur_sandbox.igc.ordering.platform import OrderingPlatform
from segur_sandbox.ledger import Ledger
from segur_sandbox.pki.authorities import AUTHORITIES, ORGANISATIONS, Publication
from segur_sandbox.pki.store import PkiFiles
from segur_sandbox.recording import RecordedService
from segur_sandbox.settings import IgcSettings
from segur_sandbox.tls.listener import LOOPBACK, PlainListener, TlsListener

SERVICE = "igc"


class IgcSimulator:
    """The publication point and responder over HTTP, and the ordering platform over HTTPS.

    Args:
        data: The sandbox's data folder; orders go to `igc` in it.
        settings: How long ordering takes.
        pki: The sandbox's hierarchy.
    """

    def __init__(
        self,
        data: Path,
        settings: IgcSettings,
        pki: PkiFiles,
        *,
        clock: SandboxClock,
        faults: FaultBoard,
        journal: ExchangeJournal,
        ledger: Ledger,
    ) -> None:
        self._pki = pki
        platform = OrderingPlatform(data / "igc", pki, clock, settings)
        self.control = IgcControl(pki, clock, platform)
        published = igc_app(pki, Lists(pki, clock), Responder(pki, clock))
        pages = ordering.PlatformPages(platform, ledger).app()
        self._published = PlainListener(
            SERVICE,
            RecordedService(SERVICE, published, operation_of, faults=faults, journal=journal, clock=clock),
            faults=faults,
            journal=journal,
            port=pki.igc_port,
        )
        self._ordering = TlsListener(
            ordering.SERVICE,
            RecordedService(
                ordering.SERVICE, pages, ordering.operation_of, faults=faults, journal=journal, clock=clock
            ),
            pki,
            client_certificates=ssl.CERT_NONE,
            faults=faults,
            journal=journal,
        )

    def start(self) -> None:
        """Open the ports: where the certificates say, if nobody else is there."""
        self._published.start()
        self._ordering.start()

    async def stop(self) -> None:
        """Close the ports."""
        await self._published.stop()
        await self._ordering.stop()

    def addresses(self) -> dict[str, str]:
        """Return the addresses that matter for certificates of organisations."""
        whole = self.describe()
        return {"crl": whole["crl"][ORGANISATIONS], "ocsp": whole["ocsp"], "ordering": whole["ordering"]}

    def tables(self) -> dict[str, dict[str, object]]:
        """Return what a host configuration says of each network purpose."""
        publication = self._publication()
        return {"crl": {"url": publication.lists}, "ocsp": {"url": publication.ocsp}}

    def describe(self) -> dict[str, Any]:
        """Return what the descriptor says."""
        publication = self._publication()
        return {
            "url": publication.base,
            "in_certificates": self._pki.publication.base,
            "crl": {short: publication.crl(short) for short in AUTHORITIES},
            "authorities": {short: publication.certificate(short) for short in AUTHORITIES},
            "chain": publication.chain,
            "ocsp": publication.ocsp,
            "ordering": f"https://{LOOPBACK}:{self._ordering.port}",
        }

    def _publication(self) -> Publication:
        return Publication(f"http://{LOOPBACK}:{self._published.port}")
