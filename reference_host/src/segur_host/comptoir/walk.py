"""The walk: somebody signs in, then one patient after another at the counter, each step with what it should give.

Every patient is one of the published test identities of INSi.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Final

import attrs

from segur_host.broker.ask import CheckedAsker
from segur_host.comptoir.feeding import FeedingSteps
from segur_host.comptoir.moved_clock import MovedClock
from segur_host.comptoir.sandbox import ReaderKind, Sandbox
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig, ReadersTable
from segur_host.dispatch.outcome import Outcome
from segur_host.host import Host
from segur_host.identities.beneficiary import chosen
from segur_host.identities.desk import Identification
from segur_host.operators.desk import ACKNOWLEDGE_QUESTION
from segur_host.outbox.intent import Intent
from segur_host.sessions.choosing import EXERCICE_QUESTION
from segur_host.sessions.open_sessions import OpenSession
from segur_sdk.errors import SegurError, UserMessage
from segur_sdk.hooks.qualify_identity import CardSubject
from segur_sdk.identity.engine import Asking
from segur_sdk.models.actor import Environment, SessionMeans
from segur_sdk.models.card import CardReading, HostSuppliedReading, SuppliedBeneficiary
from segur_sdk.models.identity import CrCode, InsStatus, NoProof, NoProofReason, ProofDocument, Sex, Traits
from segur_sdk.models.notice import Question

SEX_QUESTION: Final = "insi.sexe"
PSC: Final = "psc"
DMP: Final = "dmp"
PHARMACIST: Final = "pharmacien-titulaire"
"""Who signs in: a professional of the sandbox."""


@attrs.frozen
class StepReport:
    """What one step gave."""

    step: str
    ok: bool
    said: tuple[str, ...]
    """French sentences for the person who watches."""
    screen: tuple[str, ...]
    """What the counter's screen shows: fictitious people here, patients elsewhere. For a person's eyes only."""
    outcomes: tuple[Outcome, ...]
    messages: Mapping[str, UserMessage]
    """French texts that the plugins of this host bring."""
    duration_ms: float


class Unexpected(Exception):  # noqa: N818 - a step that ended otherwise than it should is a finding
    """Ends a step; its text says, in French, what was expected."""


class Walk(FeedingSteps):
    """Plays the steps in order on hosts of its own.

    Args:
        sandbox: the national services.
        folder: where the hosts keep their data.
        kind: of the reader in which cards are put; the host has no other one.
    """

    def __init__(self, sandbox: Sandbox, folder: Path, kind: ReaderKind = ReaderKind.MEMORY) -> None:
        self._sandbox = sandbox
        self._reader = sandbox.vitale_reader(kind)
        self._config = _with_readers(load_config(sandbox.config), kind, folder / "sandbox")
        self._production = _production(self._config, folder / "production")
        self._signs_in = sandbox.offers_psc and PSC in self._config.plugins
        self._feeds = sandbox.offers_dmp and DMP in self._config.plugins
        self._asker = CheckedAsker(_answer)
        self._said: list[str] = []
        self._screen: list[str] = []
        self._outcomes: list[Outcome] = []
        self._reading: CardReading | None = None
        self._subject: CardSubject | None = None
        self._found: Identification | None = None
        self._absent: str | None = None
        self._vaccinated: Intent | None = None
        self._clock = MovedClock()
        self._session: OpenSession | None = None

    def play(self) -> Iterator[StepReport]:
        """Play every step; one that fails does not stop the next ones."""
        with Host(self._config, asker=self._asker, clock=self._clock, browser=self._sandbox.browse) as host:
            for step, action in self._steps():
                self._said, self._screen, self._outcomes = [], [], []
                started = time.perf_counter()
                ok = self._attempt(action, host)
                duration = (time.perf_counter() - started) * 1000
                yield StepReport(
                    step,
                    ok,
                    tuple(self._said),
                    tuple(self._screen),
                    tuple(self._outcomes),
                    host.messages,
                    duration,
                )

    def _steps(self) -> tuple[tuple[str, Callable[[Host], None]], ...]:
        patients: tuple[tuple[str, Callable[[Host], None]], ...] = (
            ("card_read", self._card_read),
            ("beneficiary_chosen", self._beneficiary_chosen),
            ("insi", self._insi),
            ("document", self._document),
            ("qualified", self._qualified),
            ("no_document", self._no_document),
            ("refused", self._refused),
            ("patient_absent", self._patient_absent),
            ("differs", self._differs),
            ("several", self._several),
            ("none", self._none),
            ("insi_down", self._insi_down),
            ("card_swapped", self._card_swapped),
            ("test_card_in_production", self._test_card_in_production),
        )
        if self._feeds:
            patients += (
                ("interview_fed", self._interview_fed),
                ("opposed", self._opposed),
                ("dmp_down", self._dmp_down),
                ("act_held", self._act_held),
                ("act_released", self._act_released),
            )
        if not self._signs_in:
            return patients
        return (("signed_in", self._signed_in), *patients, ("signed_out", self._signed_out))

    def _attempt(self, action: Callable[[Host], None], host: Host) -> bool:
        try:
            action(host)
        except Unexpected as finding:
            self._say(f"Inattendu : {finding}")
            return False
        except SegurError as failure:
            self._say(f"Inattendu : {failure.code}")
            return False
        return True

    def _signed_in(self, host: Host) -> None:
        self._sandbox.sign_in_next(PHARMACIST)
        self._session = host.login(SessionMeans.PSC).opened
        self._expect(self._session.authority_session in self._sandbox.psc_sessions(), "Pro Santé Connect le connaît")
        self._say(
            "Connexion par Pro Santé Connect : chaque appel national se fait désormais au nom de ce professionnel."
        )
        self._show([f"{self._session.actor.name}, RPPS {self._session.actor.rpps}"])

    def _signed_out(self, host: Host) -> None:
        self._expect(self._session is not None, "une session ouverte")
        assert self._session is not None
        host.logout(self._session.id, everywhere=True)
        self._expect(host.session is None, "la session est fermée")
        self._expect(
            self._session.authority_session not in self._sandbox.psc_sessions(), "Pro Santé Connect l’a déconnecté"
        )
        self._say("Déconnexion complète, de ce logiciel et de Pro Santé Connect.")

    def _card_read(self, host: Host) -> None:
        self._sandbox.insert(self._reader, "family")
        self._reading = host.read_card(self._reader)
        people = len(self._reading.beneficiaries)
        self._expect(people > 1, "plusieurs bénéficiaires sur la carte")
        self._say(f"Carte Vitale lue : {people} bénéficiaires, aucun n’est choisi d’office.")
        self._show(
            f"{one.position}. {one.nom} {one.prenom}, {one.date_en_carte}" for one in self._reading.beneficiaries
        )

    def _beneficiary_chosen(self, host: Host) -> None:
        self._expect(self._reading is not None, "une carte lue")
        assert self._reading is not None
        self._subject = chosen(self._reading, 2)
        self._say("Le deuxième bénéficiaire est choisi : un ayant droit, facturé sous le numéro de l’assurée.")

    def _insi(self, host: Host) -> None:
        self._expect(self._subject is not None, "un bénéficiaire choisi")
        assert self._subject is not None
        self._found = self._keep(host.identify(self._subject))
        self._expect(self._found.cr is CrCode.FOUND, "INSi trouve la personne")
        self._expect_status(self._found, InsStatus.RECUPEREE)
        self._say("INSi répond : identité récupérée, avec son propre matricule. La pièce reste à voir.")

    def _document(self, host: Host) -> None:
        self._found = self._keep(host.qualify(self._known(), document=ProofDocument(type="CN")))
        self._say("Carte nationale d’identité vue, traits identiques.")

    def _qualified(self, host: Host) -> None:
        identity = host.admit(host.identity(self._known()))
        self._expect(identity.status is InsStatus.QUALIFIEE, "l’identité est qualifiée")
        asked_again = self._keep(host.qualify(identity.identity_ref))
        self._expect(asked_again.asking is Asking.CONFIRMED, "la pièce n’est plus demandée")
        self._say("Identité qualifiée. Elle est mémorisée : rien ne sera redemandé.")

    def _no_document(self, host: Host) -> None:
        found = self._retrieved(host, _ZOE)
        answers = NoProof(none_because=NoProofReason.NONE_PRESENTED)
        limit = self._config.identity.max_document_requests
        for _ in range(limit):
            self._expect(found.asking is Asking.ASK, "la pièce est demandée")
            found = self._again(host, found, answers)
        self._expect(found.asking is Asking.EXHAUSTED, "la question n’est plus posée")
        self._expect_status(found, InsStatus.RECUPEREE)
        self._say(f"Aucune pièce présentée, {limit} fois : l’identité reste récupérée, on ne demande plus.")

    def _refused(self, host: Host) -> None:
        found = self._retrieved(host, _MICHELANGELO)
        found = self._again(host, found, NoProof(none_because=NoProofReason.REFUSED))
        self._expect(found.asking is Asking.REFUSED, "le refus est noté")
        self._expect_status(found, InsStatus.RECUPEREE)
        self._say("Refus de présenter une pièce : noté, on ne demande plus.")

    def _patient_absent(self, host: Host) -> None:
        found = self._retrieved(host, _ANTHONY)
        for _ in range(self._config.identity.max_document_requests + 1):
            found = self._again(host, found, NoProof(none_because=NoProofReason.PATIENT_ABSENT))
        self._expect(found.asking is Asking.ASK, "l’absence ne compte pas")
        self._absent = found.identity.identity_ref if found.identity is not None else None
        self._say("Patient absent, un proche vient pour lui : cela ne compte pas, la pièce sera demandée.")

    def _differs(self, host: Host) -> None:
        found = self._retrieved(host, _PIERRE_ALAIN)
        found = self._again(host, found, NoProof(none_because=NoProofReason.DIFFERS))
        self._expect_status(found, InsStatus.PROVISOIRE)
        self._expect(found.identity is not None and found.identity.matricule is None, "l’INS est retiré")
        self._say("La pièce diffère : INS retiré, identité provisoire, notice de correction proposée.")

    def _several(self, host: Host) -> None:
        found = self._keep(host.identify(_LEONARDO))
        self._expect(found.cr is CrCode.SEVERAL, "INSi trouve plusieurs identités")
        self._expect_status(found, InsStatus.PROVISOIRE)
        self._say("Plusieurs identités trouvées : rien n’est importé, les traits sont à compléter.")

    def _none(self, host: Host) -> None:
        found = self._keep(host.identify(_HOUILLES))
        self._expect(found.cr is CrCode.NOT_FOUND, "INSi ne trouve personne")
        self._expect_status(found, InsStatus.PROVISOIRE)
        self._say("Aucune identité trouvée, prénom par prénom puis liste entière : l’identité reste provisoire.")

    def _insi_down(self, host: Host) -> None:
        self._sandbox.fault("insi", "error5xx", count=1)
        found = self._keep(host.identify(_DOMINIQUE))
        self._expect(found.cr is None and bool(found.outcomes), "INSi ne répond pas")
        self._expect(found.outcomes[0].error is not None, "la panne est nommée")
        self._expect_status(found, InsStatus.PROVISOIRE)
        self._say("INSi en panne : le comptoir continue, le statut ne change pas.")

    def _card_swapped(self, host: Host) -> None:
        self._sandbox.insert(self._reader, "single")
        subject = chosen(host.read_card(self._reader), 1)
        self._sandbox.insert(self._reader, "family")
        found = self._keep(host.identify(subject))
        error = found.outcomes[0].error if found.outcomes else None
        self._expect(error is not None and error.code == "card.swapped", "la carte changée est reconnue")
        self._say("Carte changée après la lecture : INSi n’est pas interrogé.")

    def _test_card_in_production(self, host: Host) -> None:
        self._sandbox.insert(self._reader, "test")
        supplied = _as_supplied(host.read_card(self._reader))
        with Host(self._production) as production:
            try:
                production.read_card(supplied)
            except SegurError as failure:
                self._expect(failure.code == "card.test_in_production", "la carte de test est refusée")
            else:
                raise Unexpected("la carte de test est refusée")
        self._say("Carte de test dans une installation de production : refusée.")

    def _retrieved(self, host: Host, person: Traits) -> Identification:
        found = self._keep(host.identify(person))
        self._expect_status(found, InsStatus.RECUPEREE)
        return found

    def _again(self, host: Host, found: Identification, answer: NoProof) -> Identification:
        assert found.identity is not None
        return self._keep(host.qualify(found.identity.identity_ref, document=answer))

    def _known(self) -> str:
        self._expect(self._found is not None and self._found.identity is not None, "une identité connue")
        assert self._found is not None
        assert self._found.identity is not None
        return self._found.identity.identity_ref

    def _keep(self, found: Identification) -> Identification:
        self._outcomes.extend(found.outcomes)
        return found

    def _show(self, lines: Iterable[str]) -> None:
        self._screen.extend(lines)

    def _say(self, sentence: str) -> None:
        self._said.append(sentence)

    def _expect(self, holds: bool, expected: str) -> None:
        if not holds:
            raise Unexpected(expected)

    def _expect_status(self, found: Identification, status: InsStatus) -> None:
        self._expect(found.identity is not None and found.identity.status is status, f"statut {status}")


def play(sandbox: Sandbox, kind: ReaderKind = ReaderKind.MEMORY) -> Iterator[StepReport]:
    """Play the walk, with cards in such a reader, on hosts whose data disappear afterwards."""
    with tempfile.TemporaryDirectory(prefix="segur-comptoir-") as folder:
        yield from Walk(sandbox, Path(folder), kind).play()


def _answer(question: Question) -> str | None:
    """Answer as the person at the counter: he agrees, and of several situations d'exercice the first is his."""
    if question.code == SEX_QUESTION:
        return "M"
    return question.choices[0].value if question.code in {ACKNOWLEDGE_QUESTION, EXERCICE_QUESTION} else None


def _with_readers(config: HostConfig, kind: ReaderKind, data: Path) -> HostConfig:
    """The sandbox's configuration with one kind of readers: those of a driver need no line in it."""
    changes: dict[str, object] = {"data": data}
    if kind is not ReaderKind.MEMORY:
        changes["readers"] = ReadersTable()
    return config.model_copy(update=changes)


def _production(config: HostConfig, data: Path) -> HostConfig:
    """The same workstation, had it been installed for production: nothing of the sandbox is left to reach."""
    changes = {"environment": Environment.PRODUCTION, "network": {}, "readers": ReadersTable(), "data": data}
    return config.model_copy(update=changes)


def _as_supplied(reading: CardReading) -> HostSuppliedReading:
    """The same card, had the practice software's own component read it: production has no virtual reader."""
    return HostSuppliedReading(
        component="comptoir",
        nature=reading.nature,
        serial=reading.serial,
        beneficiaries=tuple(
            SuppliedBeneficiary(
                nom_patronymique=one.nom,
                prenom_usuel=one.prenom,
                date_en_carte=one.date_en_carte,
                nir=one.nir.value if one.nir else None,
            )
            for one in reading.beneficiaries
        ),
    )


def _person(name: str, names: str, sex: Sex, born: str, place: str) -> Traits:
    given = tuple(names.split())
    return Traits(
        nom_naissance=name,
        premier_prenom=given[0],
        prenoms_naissance=given,
        sexe=sex,
        date_naissance=date.fromisoformat(born),
        lieu_naissance=place,
    )


_ZOE: Final = _person("ADRUN", "ZOE", Sex.FEMALE, "1975-12-31", "63220")
_MICHELANGELO: Final = _person("NESSI", "MICHELANGELO ANTHONY", Sex.MALE, "2010-08-07", "63220")
_ANTHONY: Final = _person("CORSE", "ANTHONY", Sex.MALE, "1980-03-02", "2B020")
_PIERRE_ALAIN: Final = _person(
    "D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN MURIEL FLORIANT", Sex.MALE, "2001-06-17", "63220"
)
_LEONARDO: Final = _person("DE VINCI", "LEONARDO", Sex.MALE, "2014-02-01", "63220")
_HOUILLES: Final = _person("HOUILLES", "PIERRE PAUL JACQUES", Sex.MALE, "1993-01-27", "63220")
_DOMINIQUE: Final = _person("ADRTROIS", "DOMINIQUE", Sex.FEMALE, "1997-02-26", "2A020")
