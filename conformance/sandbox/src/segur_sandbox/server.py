"""Puts the sandbox together and runs it."""

import os
import secrets
import ssl
from pathlib import Path
from typing import Any

from segur_sandbox.cards.rack import CardRack
from segur_sandbox.cards.vault import CardVault
from segur_sandbox.clock import SandboxClock
from segur_sandbox.control import Control
from segur_sandbox.descriptor import NAME, describe, write_descriptor
from segur_sandbox.dmp.simulator import DmpSimulator
from segur_sandbox.exchanges import ExchangeJournal
from segur_sandbox.faults import FaultBoard
from segur_sandbox.host_config import KEYRING_FILE, host_config
from segur_sandbox.igc.simulator import IgcSimulator
from segur_sandbox.insi.callers import Callers, ProfessionalCallers, StructureCallers
from segur_sandbox.insi.http import PATH, insi_app, operation_of
from segur_sandbox.insi.schemas import OfficialSchemas
from segur_sandbox.insi.service import InsiService
from segur_sandbox.ledger import Ledger
from segur_sandbox.pcsc.private import PrivatePcscd
from segur_sandbox.people import load_register
from segur_sandbox.pki.store import open_pki
from segur_sandbox.private_files import make_private_folder, write_private
from segur_sandbox.psc.simulator import PscSimulator
from segur_sandbox.recording import RecordedService
from segur_sandbox.replays import ReplayQueue
from segur_sandbox.settings import load_settings
from segur_sandbox.tls.listener import LOOPBACK, TlsListener

CONFIG_NAME = "segur.toml"


class Sandbox:
    """The national services on loopback, for one data folder.

    Args:
        data: Keeps PKI, token, ledger and cards; `people.json`, `professionals.json` and `settings.json` in it are
            read when present.
        authority_bits: RSA size of the authorities when the PKI is made.
        pcsc: Run a pcscd of its own with a virtual PC/SC reader.

    Raises:
        DataFileError: one of these files cannot be used.
    """

    def __init__(self, data: Path, *, authority_bits: int = 2048, pcsc: bool = False) -> None:
        self._data = make_private_folder(data.absolute())
        settings = load_settings(self._data / "settings.json")
        register = load_register(self._data / "people.json")
        self._idam = settings.insi.idam
        self._pki = open_pki(self._data / "pki", authority_bits)
        self._token_file = self._data / "control.token"
        token = secrets.token_urlsafe(32)
        write_private(self._token_file, token.encode("ascii"))
        passphrase = self._data / KEYRING_FILE
        if not passphrase.exists():
            # Kept: the host's own data folder, which is beside, holds what is encrypted with it.
            write_private(passphrase, secrets.token_urlsafe(32).encode("ascii"))
        clock = SandboxClock()
        faults = FaultBoard()
        journal = ExchangeJournal(clock)
        ledger = Ledger(self._data / "ledger.jsonl", clock)
        replays = ReplayQueue()
        self._pcscd = PrivatePcscd() if pcsc else None
        vault = CardVault(self._data / "cards", self._pki)
        self._rack = CardRack(vault=vault, faults=faults, journal=journal, ledger=ledger, pcscd=self._pcscd)
        self._psc = PscSimulator(
            self._data, settings.psc, self._pki, clock=clock, faults=faults, journal=journal, ledger=ledger
        )
        self._igc = IgcSimulator(
            self._data, settings.igc, self._pki, clock=clock, faults=faults, journal=journal, ledger=ledger
        )
        self._dmp = DmpSimulator(
            self._data,
            settings.dmp,
            self._pki,
            register,
            clock=clock,
            faults=faults,
            journal=journal,
            ledger=ledger,
            replays=replays,
        )
        schemas = OfficialSchemas.from_environment()
        issuer_of_cards = self._pki.fort_personnes().certificate

        def insi(name: str, callers: Callers, certificates: ssl.VerifyMode) -> TlsListener:
            service = InsiService(
                register, settings.insi, schemas, callers, clock=clock, ledger=ledger, replays=replays
            )
            app = RecordedService(name, insi_app(service), operation_of, faults=faults, journal=journal, clock=clock)
            return TlsListener(name, app, self._pki, client_certificates=certificates, faults=faults, journal=journal)

        self._insi = insi("insi", StructureCallers(), ssl.CERT_REQUIRED)
        self._professionals = insi(
            "insi-ps",
            ProfessionalCallers(issuer_of_cards, self._psc.signed_in, settings.insi, clock),
            # A token may be bound to the certificate of whoever shows it.
            ssl.CERT_OPTIONAL,
        )
        control = Control(
            token,
            clock=clock,
            faults=faults,
            journal=journal,
            ledger=ledger,
            replays=replays,
            rack=self._rack,
            pcscd=self._pcscd,
            psc=self._psc.control,
            igc=self._igc.control,
            dmp=self._dmp.control,
        )
        self._control = TlsListener(
            "control", control.app(), self._pki, client_certificates=ssl.CERT_NONE, faults=faults, journal=journal
        )

    async def start(self) -> dict[str, Any]:
        """Open every port, write `segur.toml` and the descriptor, and return the descriptor.

        Raises:
            PcscError: its pcscd does not start.
        """
        if self._pcscd is not None:
            await self._pcscd.start()
        self._insi.start()
        self._professionals.start()
        self._psc.start()
        self._igc.start()
        self._dmp.start()
        self._control.start()
        await self._rack.start()
        readers = self._rack.own_readers()
        pcscd_socket = self._pcscd.socket if self._pcscd is not None else None
        insi_url = f"https://{LOOPBACK}:{self._insi.port}{PATH}"
        professional_url = f"https://{LOOPBACK}:{self._professionals.port}{PATH}"
        config = self._data / CONFIG_NAME
        write_private(
            config,
            host_config(
                self._data,
                self._pki,
                insi_url=insi_url,
                professional_url=professional_url,
                idam=self._idam,
                readers=readers,
                pcscd_socket=pcscd_socket,
                psc=self._psc.tables(),
                igc=self._igc.tables(),
                dmp=self._dmp.tables(),
                back_channel=self._psc.back_channel(),
            ).encode("utf-8"),
        )
        descriptor = describe(
            pid=os.getpid(),
            ca=self._pki.ca,
            config=config,
            control_url=f"https://{LOOPBACK}:{self._control.port}",
            token_file=self._token_file,
            certificates=self._pki.certificates(),
            services={
                "insi": {"url": insi_url, "idam": self._idam},
                "insi-ps": {"url": professional_url},
                "psc": self._psc.describe(),
                "igc": self._igc.describe(),
                "pki": self._igc.addresses(),
                "dmp": self._dmp.describe(),
                "cards": {
                    # The process of a card changes with each insertion: the control API tells it.
                    "readers": [{key: value for key, value in one.items() if key != "pid"} for one in readers],
                    "ca": str(self._pki.ca_fort),
                    "pcsc": {"socket": str(pcscd_socket) if pcscd_socket is not None else None},
                },
            },
        )
        write_descriptor(self._data, descriptor)
        return descriptor

    async def stop(self) -> None:
        """Close every port and remove the descriptor; what the data folder keeps stays."""
        await self._insi.stop()
        await self._professionals.stop()
        await self._psc.stop()
        await self._igc.stop()
        await self._dmp.stop()
        await self._control.stop()
        await self._rack.stop()
        if self._pcscd is not None:
            await self._pcscd.stop()
        (self._data / NAME).unlink(missing_ok=True)
