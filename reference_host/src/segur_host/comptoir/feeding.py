"""The steps of the walk about the DMP: a document fed, an opposition, an outage, and an act that waits for a proof."""

import re
from datetime import datetime, timedelta
from typing import Final, Protocol

from segur_host.comptoir.moved_clock import MovedClock
from segur_host.comptoir.sandbox import Sandbox
from segur_host.config.model import HostConfig
from segur_host.consents.ledger import InformationChannel
from segur_host.dispatch.outcome import Outcome
from segur_host.documents.document import ValidatedDocument
from segur_host.host import Host
from segur_host.identities.desk import Identification
from segur_host.outbox.intent import Intent, IntentState
from segur_host.sessions.open_sessions import OpenSession
from segur_sdk.hooks.dmp_send import DmpContent, Validation
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.decision import Verdict
from segur_sdk.models.document import (
    CareStructure,
    Concept,
    DocumentAct,
    DocumentBody,
    DocumentProfessional,
    Section,
    Vaccination,
    VaccinationBody,
    Vaccine,
    WrittenBody,
)
from segur_sdk.models.identity import InsStatus, ProofDocument

INTERVIEW: Final = "78601-2"
VACCINATION: Final = "87273-9"
_PROFESSIONAL: Final = "99900063480"
"""Who answers for a document where nobody signed in: a fictitious one of the published examples."""
_MONDAY_AT: Final = 10
_ACT_BEGAN: Final = re.compile(rb'<serviceEvent\b.*?<low value="([0-9+-]+)"', re.DOTALL)
_AFTER_THE_OUTAGE: Final = timedelta(minutes=1)
_DAYS: Final = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")
_FLU: Final = Vaccine(
    code=Concept(code="60004277", system="1.2.250.1.213.2.3.1", label="VACCIN D’ESSAI, suspension injectable"),
    translations=(
        Concept(code="J07BB02", system="2.16.840.1.113883.6.73", label="Grippe, antigène inactivé, virion fragmenté"),
    ),
    name="VACCIN D’ESSAI",
)


class FeedingSteps(Protocol):
    """Steps of a walk whose patients are known; ``Walk`` carries them."""

    _config: HostConfig
    _sandbox: Sandbox
    _outcomes: list[Outcome]
    _clock: MovedClock
    _session: OpenSession | None
    _absent: str | None
    """Reference of somebody who did not show a proof document yet."""
    _vaccinated: Intent | None

    def _known(self) -> str: ...
    def _keep(self, found: Identification) -> Identification: ...
    def _say(self, sentence: str) -> None: ...
    def _expect(self, holds: bool, expected: str) -> None: ...
    def _expect_status(self, found: Identification, status: InsStatus) -> None: ...

    def _interview_fed(self, host: Host) -> None:
        ref = self._known()
        host.inform(ref, InformationChannel.ORAL)
        fed = self._taken(host, self._interview(host, "entretien-1"))
        host.outbox.run()
        self._expect_fed(host, fed)
        self._say("Entretien pharmaceutique validé : il part de lui-même, et le DMP l’a pris, une fois.")

    def _opposed(self, host: Host) -> None:
        ref = self._known()
        host.oppose(ref)
        receipt = host.validate(self._interview(host, "entretien-2")).receipt
        self._expect(receipt is not None and receipt.verdict is Verdict.BLOCK, "rien n’est accepté")
        assert receipt is not None
        reasons = {one.code for one in receipt.reasons}
        self._expect("gate.patient_opposed" in reasons, "l’opposition est le motif")
        host.lift_opposition(ref)
        self._say("Le patient s’oppose au versement : rien ne part. Il change d’avis : l’opposition est levée.")

    def _dmp_down(self, host: Host) -> None:
        self._sandbox.fault("dmp", "error5xx", count=1)
        with self._clock.moved(-_AFTER_THE_OUTAGE):
            waiting = self._taken(host, self._interview(host, "entretien-2"))
            host.outbox.run()
        now = host.outbox.show(waiting.id)
        self._expect(
            now.state is IntentState.WAITING and bool(now.reasons), "le document attend, et l’on sait pourquoi"
        )
        host.outbox.run()
        self._expect_fed(host, waiting)
        self._say("DMP en panne : le comptoir continue. Le DMP revenu, le document est parti de lui-même, une fois.")

    def _act_held(self, host: Host) -> None:
        self._expect(self._absent is not None, "une identité récupérée")
        assert self._absent is not None
        identity = host.identity(self._absent)
        now = self._clock.now().astimezone()
        monday = _monday(now)
        before = MovedClock()
        # The same workstation on that day, where nobody is signed in: a session would not outlive such a leap.
        with before.moved(monday - now), Host(self._config, clock=before) as on_monday:
            on_monday.inform(identity.identity_ref, InformationChannel.ORAL)
            jab = VaccinationBody(vaccinations=(Vaccination(given_at=monday, vaccine=_FLU),))
            note = self._written(identity, "vaccination-1", VACCINATION, "Vaccination grippe", jab, monday)
            self._vaccinated = self._taken(on_monday, note)
        self._expect(self._vaccinated.state is IntentState.HELD, "la note de vaccination est retenue")
        reasons = {one.code for one in self._vaccinated.reasons}
        self._expect("gate.identity_not_qualified" in reasons, "l’identité récupérée est le motif")
        host.outbox.run()
        self._expect(host.outbox.show(self._vaccinated.id).state is IntentState.HELD, "elle attend la pièce")
        self._say("Vaccination faite lundi, identité récupérée : la note est retenue, avec son motif.")

    def _act_released(self, host: Host) -> None:
        held = self._vaccinated
        self._expect(held is not None, "une note retenue")
        assert held is not None
        found = self._keep(host.qualify(held.identity_ref, document=ProofDocument(type="PA")))
        self._expect_status(found, InsStatus.QUALIFIEE)
        host.outbox.run()
        now = self._clock.now().astimezone()
        began = _ACT_BEGAN.search(self._expect_fed(host, held))
        expected = f"{_monday(now):%Y%m%d%H%M%S%z}".encode()
        self._expect(began is not None and began[1] == expected, "la date de l’acte est celle de lundi")
        today = _DAYS[now.weekday()]
        self._say(f"Passeport vu {today} : la note part d’elle-même, à la date de l’acte, lundi.")

    def _interview(self, host: Host, ref: str) -> ValidatedDocument:
        words = WrittenBody(sections=(Section(heading="Bilan", paragraphs=("Bonne observance du traitement.",)),))
        now = self._clock.now().astimezone()
        identity = host.identity(self._known())
        return self._written(identity, ref, INTERVIEW, "Entretien pharmaceutique asthme", words, now)

    def _written(
        self, identity: SealedIdentity, ref: str, code: str, title: str, body: DocumentBody, at: datetime
    ) -> ValidatedDocument:
        structure = self._config.structure
        actor = self._session.actor if self._session is not None else None
        given, _, family = (actor.name if actor is not None else "MAX LIBRE").partition(" ")
        rpps = (actor.rpps if actor is not None else None) or _PROFESSIONAL
        author = DocumentProfessional(
            id=f"8{rpps}",
            family_name=family or given,
            given_name=given,
            role="G15_21/A",
            structure=CareStructure(id=f"1{structure.finess}", name=structure.name),
        )
        return ValidatedDocument(
            document_ref=ref,
            identity=identity,
            document_type=code,
            title=title,
            validation=Validation(validator=rpps, validated_at=at),
            content=DmpContent(author=author, authored_at=at, validator=author, act=DocumentAct(start=at), body=body),
        )

    def _taken(self, host: Host, document: ValidatedDocument) -> Intent:
        done = host.validate(document)
        self._outcomes.extend(done.outcomes)
        codes = " ".join(one.code for one in done.receipt.reasons) if done.receipt else ""
        self._expect(done.receipt is not None and done.receipt.intent is not None, f"le document est pris {codes}")
        assert done.receipt is not None
        assert done.receipt.intent is not None
        return done.receipt.intent

    def _expect_fed(self, host: Host, intent: Intent) -> bytes:
        """Return what the DMP holds of a document that it took once."""
        now = host.outbox.show(intent.id)
        codes = " ".join(one.code for one in now.reasons)
        self._expect(now.state is IntentState.SENT, f"le document est parti ({now.state} {codes})")
        assert now.sent is not None
        held = self._sandbox.documents(now.sent.references["document"])
        self._expect(len(held) == 1, "le DMP le tient une fois")
        return held[0]


def _monday(now: datetime) -> datetime:
    """Return the last Monday before today, at ten."""
    day = now - timedelta(days=now.weekday() or 7)
    return day.replace(hour=_MONDAY_AT, minute=0, second=0, microsecond=0)
