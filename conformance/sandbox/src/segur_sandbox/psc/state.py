"""Everything the endpoints share."""

from datetime import datetime, timedelta
from pathlib import Path

import attrs

from segur_sandbox.clock import SandboxClock
from segur_sandbox.ledger import Ledger
from segur_sandbox.private_files import make_private_folder
from segur_sandbox.psc.addresses import Addresses
from segur_sandbox.psc.answers import NextAnswers
from segur_sandbox.psc.catalogue import CATALOGUE
from segur_sandbox.psc.clients import Clients
from segur_sandbox.psc.grants import Grants
from segur_sandbox.psc.options import PscOptions
from segur_sandbox.psc.pending import CibaRequests, Pages
from segur_sandbox.psc.professionals import Professionals, added_professionals
from segur_sandbox.psc.sessions import Sessions
from segur_sandbox.psc.signing import SigningKeys
from segur_sandbox.settings import PscSettings


@attrs.frozen
class PscState:
    """The parts of the simulator, one instance of each."""

    clock: SandboxClock
    ledger: Ledger
    options: PscOptions
    professionals: Professionals
    keys: SigningKeys
    sessions: Sessions
    clients: Clients = attrs.Factory(Clients)
    grants: Grants = attrs.Factory(Grants)
    pages: Pages = attrs.Factory(Pages)
    ciba: CibaRequests = attrs.Factory(CibaRequests)
    answers: NextAnswers = attrs.Factory(NextAnswers)
    addresses: Addresses = attrs.Factory(Addresses)

    def after(self, seconds: float) -> datetime:
        """Return the instant that comes `seconds` after now."""
        return self.clock.now() + timedelta(seconds=seconds)

    def reset(self) -> None:
        """Go back to the start: first clients, keys and settings, nobody logged in."""
        self.options.reset()
        self.keys.reset()
        self.sessions.reset()
        self.clients.reset()
        self.grants.reset()
        self.pages.reset()
        self.ciba.reset()
        self.answers.reset()


def open_state(data: Path, settings: PscSettings, clock: SandboxClock, ledger: Ledger) -> PscState:
    """Return the state of a sandbox whose data folder is `data`.

    Raises:
        DataFileError: `professionals.json` cannot be used.
    """
    options = PscOptions(settings)
    folder = make_private_folder(data / "psc")
    return PscState(
        clock=clock,
        ledger=ledger,
        options=options,
        professionals=Professionals((*CATALOGUE, *added_professionals(data / "professionals.json"))),
        keys=SigningKeys(folder / "signing.key.pem"),
        sessions=Sessions(clock, options),
    )
