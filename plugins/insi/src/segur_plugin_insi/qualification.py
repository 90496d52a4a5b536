"""``qualify_identity``: from a person to evidence, through as many searches as it takes."""

from functools import partial

from segur_plugin_insi.attempts import Attempts
from segur_plugin_insi.callers import caller_of
from segur_plugin_insi.card_person import person_on_card
from segur_plugin_insi.completion import completed, short_date
from segur_plugin_insi.criteria import Criteria, sendable_names
from segur_plugin_insi.searches import search_by_card, search_by_traits
from segur_plugin_insi.settings import InsiSettings
from segur_plugin_insi.strategy import search_steps
from segur_sdk.context import HookContext
from segur_sdk.errors import IdentityError, InputError
from segur_sdk.hooks.qualify_identity import CandidateSubject, CardSubject, IdentityRequest
from segur_sdk.identity.comparison import compare
from segur_sdk.models.card import CardPresence
from segur_sdk.models.identity import (
    CrCode,
    EvidenceSource,
    InsEvidence,
    InsIndividual,
    MatriculeIns,
    SearchTraits,
)
from segur_sdk.services.ins_lookup import CardQuery


class Qualification:
    """Answers one ``IdentityRequest``.

    Args:
        event: the person, and whether a human triggered the call.
        ctx: context of this plugin.

    Raises:
        ConfigError: the certificate does not allow the call; the assertion of the sandbox outside of it.
    """

    def __init__(self, event: IdentityRequest, ctx: HookContext) -> None:
        settings = ctx.settings(InsiSettings)
        self._by_card = settings.makes_assertions(ctx.environment)
        self._caller = caller_of(ctx, automatic=event.automatic)
        self._attempts = Attempts(settings.retries)
        self._event = event
        self._ctx = ctx

    def evidence(self) -> InsEvidence:
        """Search, and return what INSi said with every attempt.

        Raises:
            SegurError: see ``InsiPlugin.qualify_identity``.
        """
        subject = self._event.subject
        if isinstance(subject, CardSubject):
            if self._by_card and subject.presence is not None:
                return self._from_card(subject, subject.presence)
            born = short_date(subject.beneficiary.date_en_carte)
            return self._from_traits(subject.beneficiary.for_search(), subject.presence, born=born)
        if isinstance(subject, CandidateSubject):
            found = self._from_traits(subject.candidate.traits)
            if found.individual is not None:
                _confirm(subject.candidate.matricule, found.individual)
            return found
        return self._from_traits(subject.traits)

    def _from_traits(self, given: SearchTraits, presence: CardPresence | None = None, *, born: str = "") -> InsEvidence:
        # What cannot be sent is refused before anybody is asked for the rest.
        names = sendable_names(given)
        traits = completed(given, self._ctx, born=born)
        whole = Criteria.from_traits(traits, names)
        steps = search_steps(whole.prenoms, birthplace_known=whole.lieu_naissance is not None)
        step = next(steps)
        while True:
            criteria = whole.for_step(step)
            answer = self._attempts.run(partial(search_by_traits, criteria, self._caller, self._ctx, presence=presence))
            try:
                step = steps.send(answer.cr)
            except StopIteration as end:
                return self._evidence(EvidenceSource.INSI_TRAITS, end.value, answer.individual, traits)

    def _from_card(self, subject: CardSubject, presence: CardPresence) -> InsEvidence:
        if subject.serial is None:
            raise InputError("insi.card_serial_missing")
        query = CardQuery(presence=presence, serial=subject.serial, beneficiary=subject.beneficiary)
        person = person_on_card(subject.beneficiary, self._ctx)
        answer = self._attempts.run(partial(search_by_card, query, person, self._caller, self._ctx))
        return self._evidence(EvidenceSource.INSI_CARD, answer.cr, answer.individual, query.beneficiary.for_search())

    def _evidence(
        self, source: EvidenceSource, code: CrCode, found: InsIndividual | None, asked: SearchTraits
    ) -> InsEvidence:
        return InsEvidence(
            source=source,
            cr=code,
            individual=found,
            attempts=self._attempts.made,
            divergences=compare(asked, found.traits) if found is not None else (),
            obtained_at=self._ctx.clock.now(),
        )


def _confirm(scanned: MatriculeIns, found: InsIndividual) -> None:
    """Hold a scanned matricule against the one found by its traits; a former one still designates the person.

    OIDs are not compared: the qualification platform answers those of production for fictitious people.
    """
    known = {found.matricule.value, *(former.matricule.value for former in found.history)}
    if scanned.value not in known:
        raise IdentityError("insi.matricule_differs")
