"""A short morning at the counter, played in a process of its own under a boundary monitor.

``python counter.py JOB.json``: violations leave as they happen, ``{"seen":…}``, one a line on standard output; what the
day gave is the last line.
"""

import json
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from segur_conformance.boundary.monitor import Monitor
from segur_conformance.boundary.packages import Packages
from segur_conformance.targets.conversation import conversation
from segur_conformance.targets.reference_host import WatchedHost, guarded_by
from segur_host import chosen
from segur_host.broker.ask import CheckedAsker
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig, ReadersTable
from segur_host.identities.desk import Identification
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import SegurError
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.card import CardNature, HostSuppliedReading, SuppliedBeneficiary
from segur_sdk.models.identity import NoProof, NoProofReason, ProofDocument, Sex, Traits
from segur_testing.people import published

ANSWERS = {"insi.sexe": "F", "insi.date_naissance": "1975-12-31"}


TYPED = published("NESSI", "MICHELANGELO")
CORSICAN = published("CORSE", "ANTHONY")
NOBODY = Traits(
    nom_naissance="HOUILLES",
    premier_prenom="PIERRE",
    prenoms_naissance=("PIERRE", "PAUL", "JACQUES"),
    sexe=Sex.MALE,
    date_naissance=date(1993, 1, 27),
    lieu_naissance="63220",
)


class Day:
    """What happens at one counter."""

    def __init__(self, host: WatchedHost, sandbox: RunningSandbox) -> None:
        self._host = host
        self._sandbox = sandbox
        self._reader = sandbox.readers[0]
        self.outcomes: list[str] = []
        self.statuses: list[str | None] = []
        self.kept: list[SealedIdentity] = []
        """A practice software holds on to what it was given, outdated or not."""

    def plain(self) -> None:
        """Somebody by card, and her document; somebody else by card; somebody typed in; nobody found."""
        self._by_card("family", 1)
        self._host.qualify(self.kept[-1].identity_ref, document=ProofDocument(type="CN"))
        self._by_card("single", 1)
        self._identified(self._host.identify(TYPED))
        self._identified(self._host.identify(NOBODY))

    def typed(self) -> None:
        """No card: somebody typed in, his document, then somebody else."""
        self._identified(self._host.identify(TYPED))
        self._host.qualify(self.kept[-1].identity_ref, document=ProofDocument(type="CN"))
        self._identified(self._host.identify(CORSICAN))

    def one_reading_per_insertion(self) -> None:
        """Three cards, each put in and read once."""
        for card in ("family", "single", "status-61"):
            self._by_card(card, 1)

    def insi_down(self) -> None:
        """Every way in which INSi fails, then it works."""
        for fault in ("error5xx", "refuse", "reset", "garbage", "answer_lost", "expired_certificate"):
            self._sandbox.fault("insi", fault, count=1)
            self._identified(self._host.identify(CORSICAN))
        self._identified(self._host.identify(CORSICAN))

    def card_swapped(self) -> None:
        """Another card lies in the reader when INSi is asked; cards that cannot be read."""
        self._sandbox.insert(self._reader, "single")
        subject = chosen(self._host.read_card(self._reader), 1)
        self._sandbox.insert(self._reader, "family")
        self._identified(self._host.identify(subject))
        for card in ("truncated", "unknown-atr", None):
            self._sandbox.insert(self._reader, card)
            self._refused(lambda: self._host.read_card(self._reader))

    def supplied(self) -> None:
        """The reading of the practice software's own component; nobody shows a document."""
        insured = SuppliedBeneficiary(nom_patronymique="ADRUN", prenom_usuel="ZOE", date="19751231", sexe=Sex.FEMALE)
        reading = self._host.read_card(
            HostSuppliedReading(component="composant 1.0", nature=CardNature.REAL, beneficiaries=(insured,))
        )
        found = self._host.identify(chosen(reading, None), document=NoProof(none_because=NoProofReason.NONE_PRESENTED))
        self._identified(found)

    def _by_card(self, card: str, position: int) -> None:
        self._sandbox.insert(self._reader, card)
        self._identified(self._host.identify(chosen(self._host.read_card(self._reader), position)))

    def _identified(self, found: Identification) -> None:
        self.outcomes += [f"{one.plugin} {one.error.code if one.error else one.status}" for one in found.outcomes]
        self.statuses.append(str(found.identity.status) if found.identity else None)
        if found.identity is not None:
            self.kept.append(found.identity)

    def _refused(self, action: Callable[[], object]) -> None:
        try:
            action()
        except SegurError as failure:
            self.outcomes.append(failure.code)


def configured(job: dict[str, Any], sandbox: RunningSandbox) -> HostConfig:
    """Return the sandbox's configuration with this run's data folder and settings of ``insi``."""
    config = load_config(sandbox.config)
    insi = config.plugins["insi"].model_copy(update={"settings": job["insi_settings"]})
    changes: dict[str, object] = {"data": Path(job["data"]), "plugins": {**config.plugins, "insi": insi}}
    # A day without cards needs no driver, and starts faster.
    return config.model_copy(update=changes | ({"readers": ReadersTable()} if job["day"] == "typed" else {}))


def main() -> None:
    """Play the day that the job names."""
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    sandbox = RunningSandbox(Path(job["sandbox"]))
    config = configured(job, sandbox)
    with conversation() as line:
        monitor = Monitor(
            Packages.installed(), guarded_by(config), lambda violation: line.say({"seen": violation.as_json()})
        )
        monitor.install()
        with WatchedHost(config, asker=CheckedAsker(lambda question: ANSWERS.get(question.code))) as host:
            day = Day(host, sandbox)
            getattr(day, job["day"])()
            audited = [{"event": one.event, "plugin": one.plugin, "facts": one.facts} for one in host.audit.records()]
            states = {name: str(entry.state) for name, entry in host.plugins.items()}
        result = {
            "states": states,
            "outcomes": day.outcomes,
            "statuses": day.statuses,
            "audited": audited,
            "connects": monitor.connects,
        }
        line.say(result)


if __name__ == "__main__":
    main()
