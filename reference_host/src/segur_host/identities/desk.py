"""Find or record a person, ask for evidence, take the proof document: what the counter does with identities."""

from collections.abc import Callable
from datetime import date
from typing import Final

import attrs

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.dispatch.context import Caller
from segur_host.dispatch.outcome import HookResult, Outcome
from segur_host.identities.given import held_to_form
from segur_host.identities.person import Person, search_traits_of, subject_of
from segur_host.identities.recognition import Recognition
from segur_host.identities.repository import IdentityRepository, Revision
from segur_host.storage.database import Database
from segur_host.traces.store import TraceStore
from segur_sdk.context import Clock
from segur_sdk.errors import IdentityError, InputError
from segur_sdk.hooks.qualify_identity import CardSubject, IdentityRequest
from segur_sdk.identity.comparison import compare
from segur_sdk.identity.engine import (
    Asking,
    Change,
    IdentityPolicy,
    apply_evidence,
    asking,
    create,
    create_from_evidence,
    present_document,
    search_permission,
)
from segur_sdk.identity.notices import notice
from segur_sdk.identity.seal import SealedIdentity, Sealer
from segur_sdk.models.actor import Environment
from segur_sdk.models.base import Event
from segur_sdk.models.identity import (
    CrCode,
    Divergence,
    InsCandidate,
    InsEvidence,
    NoProof,
    Presentation,
    ProofDocument,
    SearchTraits,
    TraitName,
    Traits,
)
from segur_sdk.models.notice import Notice

_PEOPLE: Final = (Traits, SearchTraits, CardSubject, InsCandidate)
CallHook = Callable[[str, Event, Caller], HookResult]
INCOMPLETE: Final = Notice(
    code="identity.traits_missing",
    text="La personne n’est pas enregistrée : il manque un trait obligatoire.",
    action="Complétez nom de naissance, premier prénom, sexe, date et lieu de naissance.",
)


@attrs.frozen
class Wish:
    """What the counter wants for one person; see ``Host.identify`` for each part."""

    document: Presentation | None = None
    confirmed: frozenset[TraitName] = frozenset()
    automatic: bool = False
    search: bool = True
    validated: bool = False


NO_WISH: Final = Wish()


@attrs.frozen
class Identification:
    """What became of one person at the counter."""

    identity: SealedIdentity | None
    """``None`` when the person could not be recorded: the five strict traits are needed."""
    outcomes: tuple[Outcome, ...] = ()
    cr: CrCode | None = None
    """What the source answered, when it was asked and did."""
    divergences: tuple[Divergence, ...] = ()
    notices: tuple[Notice, ...] = ()
    asking: Asking | None = None
    """Whether a proof of identity is to be asked for now."""


class IdentityDesk:
    """Applies the engine of identitovigilance to what is recorded.

    Args:
        database: where identities, traces and audit are written together.
        sealer: seals what leaves here.
        call: asks plugins.
        audit: of the host.
        traces: of the host.
        clock: of the host.
        environment: of the installation.
        policy: what the structure decided.
    """

    def __init__(
        self,
        database: Database,
        sealer: Sealer,
        call: CallHook,
        audit: AuditLog,
        traces: TraceStore,
        clock: Clock,
        environment: Environment,
        policy: IdentityPolicy,
    ) -> None:
        self._database = database
        self._repository = IdentityRepository(database)
        self._people = Recognition(self._repository)
        self._traces = traces
        self._sealer = sealer
        self._call = call
        self._audit = audit
        self._clock = clock
        self._environment = environment
        self._policy = policy

    def identify(self, person: Person, caller: Caller, wish: Wish) -> Identification:
        """Find the person or record him, then qualify him; see ``Host.identify``."""
        person = held_to_form(person, *_PEOPLE)
        if isinstance(person, InsCandidate) and not person.matricule.key_is_valid:
            raise InputError("input.matricule_key")
        known: Revision | None
        told: tuple[Notice, ...] = ()
        if isinstance(person, Traits):
            known, told = self._found_or_added(person, caller)
        else:
            known = self._people.known(person)
        if known is None:
            return self._newcomer(person, caller, wish)
        found = self.qualify(known.identity_ref, caller, wish, person=person)
        return attrs.evolve(found, notices=told + found.notices)

    def qualify(self, identity_ref: str, caller: Caller, wish: Wish, *, person: Person | None = None) -> Identification:
        """Ask for evidence if the INS is not known yet, then take the document; see ``Host.qualify``."""
        person = None if person is None else held_to_form(person, *_PEOPLE)
        known = self._repository.current(identity_ref)
        found = Identification(identity=None)
        if known.record.matricule is None and wish.search:
            search_permission(known.record)
            result, evidence = self._ask(person or known.record.traits, caller, wish)
            self._traces.attach(result.call_id, identity_ref)
            found = attrs.evolve(found, outcomes=result.outcomes)
            if evidence is not None:
                known, found = self._import(known, evidence, found, caller, wish)
        return self._after_document(known, found, caller, wish)

    def change(self, identity_ref: str, engine: Callable[[Revision], Change], caller: Caller) -> Identification:
        """Apply one function of the engine to an identity and keep the outcome."""
        known = self._repository.current(identity_ref)
        change = engine(known)
        known = self._apply(known, change, caller)
        found = Identification(identity=None, divergences=change.divergences, notices=change.notices)
        return self._after_document(known, found, caller, NO_WISH)

    def sealed(self, identity_ref: str) -> SealedIdentity:
        """Return the current revision, sealed.

        Raises:
            IdentityError: ``identity.unknown``.
        """
        return self._seal(self._repository.current(identity_ref))

    def admit(self, identity: object) -> SealedIdentity:
        """Return ``identity`` if this host sealed it, unchanged, and no later revision exists.

        Raises:
            IdentityError: ``identity.not_sealed``, ``identity.elsewhere``, ``identity.outdated``.
        """
        if not self._sealer.is_genuine(identity) or not isinstance(identity, SealedIdentity):
            raise IdentityError("identity.not_sealed")
        if identity.tenant != self._database.tenant or identity.environment is not self._environment:
            raise IdentityError("identity.elsewhere")
        if self._repository.current(identity.identity_ref).number != identity.revision:
            raise IdentityError("identity.outdated", retryable=True)
        return identity

    def search(self, birth_date: date, name: str = "", given_name: str = "") -> tuple[SealedIdentity, ...]:
        """Return the people born that day whose names begin so (SC.INS/va1.02)."""
        return tuple(self._seal(found) for found in self._repository.search(birth_date, name, given_name))

    def history(self, identity_ref: str) -> tuple[Revision, ...]:
        """Return every revision of an identity, oldest first."""
        return self._repository.history(identity_ref)

    def _newcomer(self, person: Person, caller: Caller, wish: Wish) -> Identification:
        """Record somebody of whom only a part is known, if a source supplies the rest (S000-25)."""
        if not wish.search:
            return Identification(identity=None, notices=(INCOMPLETE,))
        asked = search_traits_of(person)
        self._people.refuse_doubtful(asked)
        result, evidence = self._ask(person, caller, wish)
        found = Identification(identity=None, outcomes=result.outcomes)
        if evidence is None:
            return found
        found = attrs.evolve(found, cr=evidence.cr)
        if evidence.individual is None:
            told = notice("identity.ins_several" if evidence.cr is CrCode.SEVERAL else "identity.ins_not_found")
            return attrs.evolve(found, notices=(told, INCOMPLETE))
        differing = compare(asked, evidence.individual.traits)
        if unconfirmed := tuple(one for one in differing if one.trait not in wish.confirmed):
            return attrs.evolve(found, divergences=unconfirmed, notices=(notice("identity.divergences"),))
        with self._database.accepting():
            created = create_from_evidence(
                evidence, environment=self._environment, policy=self._policy, validated_by_user=wish.validated
            )
            self._people.refuse_doubtful(created.record.traits.for_search())
            known = self._people.holder(evidence.individual) or self._people.known(created.record.traits)
            if known is None:
                known = self._add(created, caller)
                found = attrs.evolve(found, notices=created.notices + self._people.warnings(known))
            else:
                known, found = self._import(known, evidence, found, caller, wish)
            self._traces.attach(result.call_id, known.identity_ref)
            if known.record.matricule is not None:
                self._people.remember(person, known)
        return self._after_document(known, found, caller, wish)

    def _import(
        self, known: Revision, evidence: InsEvidence, found: Identification, caller: Caller, wish: Wish
    ) -> tuple[Revision, Identification]:
        change = apply_evidence(
            known.record,
            evidence,
            environment=self._environment,
            policy=self._policy,
            confirmed=wish.confirmed,
            validated_by_user=wish.validated,
        )
        known = self._apply(known, change, caller)
        notices = change.notices + self._people.warnings(known)
        return known, attrs.evolve(found, cr=evidence.cr, divergences=change.divergences, notices=notices)

    def _ask(self, person: Person, caller: Caller, wish: Wish) -> tuple[HookResult, InsEvidence | None]:
        request = IdentityRequest(
            subject=subject_of(person),
            automatic=wish.automatic,
            occurred_at=self._clock.now(),
            event_id=caller.call_id,
        )
        result = self._call("qualify_identity", request, caller)
        return result, result.value if isinstance(result.value, InsEvidence) else None

    def _after_document(self, known: Revision, found: Identification, caller: Caller, wish: Wish) -> Identification:
        if wish.document is not None:
            presentation = held_to_form(wish.document, ProofDocument, NoProof)
            change = present_document(known.record, presentation, self._policy, on=self._clock.now().date())
            known = self._apply(known, change, caller)
            found = attrs.evolve(found, notices=found.notices + change.notices)
        return attrs.evolve(found, identity=self._seal(known), asking=asking(known.record, self._policy))

    def _found_or_added(self, traits: Traits, caller: Caller) -> tuple[Revision, tuple[Notice, ...]]:
        # In one write: two counters that record the same person at once must not make two files of him.
        with self._database.accepting():
            known = self._people.known(traits)
            if known is not None:
                return known, ()
            created = create(traits)
            return self._add(created, caller), created.notices

    def _add(self, change: Change, caller: Caller) -> Revision:
        with self._database.accepting():
            revision = self._repository.add(
                change.record, self._clock.now(), caller.actor.name, ("created", *map(str, change.events))
            )
            self._account(revision, caller)
        return revision

    def _apply(self, known: Revision, change: Change, caller: Caller) -> Revision:
        if change.record == known.record:
            return known
        with self._database.accepting():
            revision = self._repository.replace(
                known, change.record, self._clock.now(), caller.actor.name, tuple(map(str, change.events))
            )
            self._account(revision, caller)
        return revision

    def _account(self, revision: Revision, caller: Caller) -> None:
        self._traces.record(
            revision.identity_ref,
            kind="identity.revision",
            actor=caller.actor,
            payload={"revision": revision.number, "events": list(revision.events), "status": revision.record.status},
            call_id=caller.call_id,
        )
        self._audit.append(
            AuditEntry(
                event="identity.revision",
                call_id=caller.call_id,
                actor=caller.actor,
                facts={
                    "identity": revision.identity_ref,
                    "revision": revision.number,
                    "status": str(revision.record.status),
                    "events": " ".join(revision.events),
                },
            )
        )

    def _seal(self, revision: Revision) -> SealedIdentity:
        record = revision.record
        return self._sealer.seal(
            identity_ref=revision.identity_ref,
            revision=revision.number,
            tenant=self._database.tenant,
            environment=self._environment,
            status=record.status,
            attributes=record.attributes,
            traits=record.traits,
            matricule=record.matricule,
        )
