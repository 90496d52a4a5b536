"""One attempt to feed or withdraw a document, as often as it is made: what was frozen, and who calls now."""

from contextlib import suppress
from typing import Final, Self

import attrs

from segur_plugin_dmp.answers import Entry, RecordState, read_entries, read_existence, read_registry, refusal_of
from segur_plugin_dmp.callers import Caller, Mode, caller_of
from segur_plugin_dmp.deletion import deletion_request
from segur_plugin_dmp.exchange import Question, exchange, only_asked
from segur_plugin_dmp.existence import existence_question
from segur_plugin_dmp.fed_versions import remember
from segur_plugin_dmp.identifiers import installation_oid
from segur_plugin_dmp.namespaces import Transaction
from segur_plugin_dmp.notices import notice
from segur_plugin_dmp.outcomes import ALREADY, REPLACED, TAKEN, UNKNOWN_DOCUMENT, raised_as
from segur_plugin_dmp.references import reference_question
from segur_plugin_dmp.settings import DmpSettings
from segur_plugin_dmp.submission import Lot, SetFacts, author_of, entry, lot_of, sign, submission_set
from segur_plugin_dmp.vihf import Habilitation, ins_of
from segur_sdk.context import HookContext
from segur_sdk.errors import IdentityError, InputError, SegurError, ServiceError
from segur_sdk.formats.xds.components import escaped
from segur_sdk.formats.xds.entry import DocumentEntry
from segur_sdk.formats.xds.schemes import EntryStatus
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.document import DocumentProfessional, Visibility
from segur_sdk.senders import Found, FoundOut, PreparedSend, SendAttempt, Sent

DELETE: Final = "dmp-delete"
DOCUMENT: Final = "document.xml"
SIGNATURE: Final = "signature.xml"
TARGET: Final = "target.txt"
"""Of a deletion: ``uniqueId`` of the document."""
_MAYBE_STORED: Final = frozenset({ALREADY.code, TAKEN.code, REPLACED.code})
"""Refusals behind which the very document may be: it was taken at an attempt whose answer was lost."""


@attrs.frozen
class Attempt:
    """What was prepared, and the caller of this attempt."""

    given: SendAttempt = attrs.field(repr=False)
    ctx: HookContext = attrs.field(repr=False)
    settings: DmpSettings = attrs.field(repr=False)
    facts: SetFacts
    author: DocumentProfessional = attrs.field(repr=False)
    caller: Caller = attrs.field(repr=False)

    @classmethod
    def of(cls, given: SendAttempt, ctx: HookContext) -> Self:
        """Look at what was prepared, and at the keys.

        Raises:
            InputError: ``dmp.content_missing``.
            SegurError: those of :func:`segur_plugin_dmp.callers.caller_of`.
        """
        content = given.draft.content
        if content is None:
            raise InputError("dmp.content_missing")
        facts = SetFacts.of(given.prepared.facts)
        caller = caller_of(facts.mode, content.author, ctx)
        return cls(given, ctx, ctx.settings(DmpSettings), facts, content.author, caller)

    def feed(self) -> Sent:
        """Send the document."""
        replaced = self.facts.document.replaces
        # Before anything is asked: what may not go out is no reason to ask about anybody.
        described = self._described()
        self._require_open_record()
        lot = self._lot(described, None if replaced is None else self._replaced(replaced).entry_uuid)
        try:
            warnings = read_registry(exchange(self.feeding(lot), self.caller, self.ctx))
        except ServiceError as failure:
            if failure.code not in _MAYBE_STORED:
                raise
            refusal = failure
        else:
            return self._fed(warnings, None)
        return self._fed((), self._stored_before(refusal))

    def delete(self) -> Sent:
        """Withdraw the document."""
        found = self._entries(self.facts.document.id)
        if not found and self.given.number > 1:
            # The registry shows nobody what was withdrawn: an attempt before this one did it.
            return self._sent((), None)
        answer = exchange(self.deletion(_only(found)), self.caller, self.ctx)
        try:
            warnings = read_registry(answer)
        except ServiceError as refusal:
            if refusal.code != ALREADY.code or self.given.number == 1:
                raise
            # This very withdrawal was carried out by an attempt whose answer was lost.
            warnings = ()
        return self._sent(warnings, None)

    def is_fed(self) -> FoundOut:
        """Ask whether the document is there."""
        found = self._entries(self.facts.document.id)
        if not found:
            return FoundOut(found=Found.NOT_DONE)
        self._remember()
        return FoundOut(found=Found.DONE, references=self._references(found[0]))

    def is_deleted(self) -> FoundOut:
        """Ask whether the document was withdrawn; who sees references only cannot tell as long as there is one."""
        found = self._entries(self.facts.document.id)
        if all(one.status is EntryStatus.DELETED for one in found):
            return FoundOut(found=Found.DONE, references=self._references(None))
        unknown = any(one.status is None for one in found)
        return FoundOut(found=Found.UNKNOWN if unknown else Found.NOT_DONE)

    def lot(self, replaced: str | None) -> Lot:
        """Return the submission set.

        Args:
            replaced: by what the version that is replaced is named.

        Raises:
            IdentityError: ``dmp.patient_changed``.
            SegurError: what signing raises.
        """
        return self._lot(self._described(), replaced)

    def feeding(self, lot: Lot) -> Question:
        """Return the question of TD2.1."""
        return Question(Transaction.FEED, lot.body, self._about, lot.attachments)

    def deletion(self, found: Entry) -> Question:
        """Return the question of TD3.3c."""
        submission = submission_set(
            self.facts,
            ins_of(self._patient),
            self.given.draft.title,
            author_of(self.author),
            self.author.structure.sector,
            installation_oid(self.ctx.software, self.settings),
        )
        return Question(Transaction.UPDATE, deletion_request(submission, found.entry_uuid, found.status), self._about)

    @property
    def _patient(self) -> SealedIdentity:
        return self.given.draft.identity

    @property
    def _about(self) -> Habilitation:
        secret = Visibility.INVISIBLE_REPRESENTANTS_LEGAUX in self.given.draft.confidentiality
        return Habilitation(self._patient, secret)

    def _described(self) -> DocumentEntry:
        """Return the metadata of the document, which names its patient as he is known now."""
        document = part_of(self.given.prepared, DOCUMENT)
        described = entry(document, self.given.draft.confidentiality, self.settings)
        _require_same_person(described, self._patient)
        return described

    def _lot(self, described: DocumentEntry, replaced: str | None) -> Lot:
        document = part_of(self.given.prepared, DOCUMENT)
        submission = submission_set(
            self.facts,
            described.patient_id,
            described.title,
            described.authors[0],
            self.author.structure.sector,
            installation_oid(self.ctx.software, self.settings),
        )
        return lot_of(document, self._signature(document), described, submission, self.facts, replaced)

    def _require_open_record(self) -> None:
        if self.settings.existence_test == "never":
            return
        with only_asked():
            question = existence_question(self._patient, self.ctx.software, self.settings, self.ctx.clock.now())
            answer = exchange(Question(Transaction.EXISTENCE, question, self._about), self.caller, self.ctx)
            state = read_existence(answer)
        if state is not RecordState.OPEN:
            raise refusal_of(state)

    def _entries(self, unique_id: str) -> tuple[Entry, ...]:
        with only_asked():
            question = reference_question(self._patient, unique_id, self.settings)
            answer = exchange(Question(Transaction.QUERY, question, self._about), self.caller, self.ctx)
            return read_entries(answer)

    def _replaced(self, unique_id: str) -> Entry:
        found = self._entries(unique_id)
        current = tuple(one for one in found if one.status is EntryStatus.APPROVED)
        return _only(current or found)

    def _stored_before(self, refusal: ServiceError) -> Entry | None:
        """Return the document that an attempt before this one left there.

        Raises:
            ServiceError: the refusal itself: it is not there.
        """
        if refusal.code == ALREADY.code and self.given.number > 1:
            return None
        found: tuple[Entry, ...] | None = None
        try:
            found = self._entries(self.facts.document.id)
        except SegurError:
            # Nobody knows: it is asked again later.
            refusal.maybe_processed = True
        if found:
            return found[0]
        if found is not None:
            refusal.maybe_processed = False
        raise refusal

    def _signature(self, document: bytes) -> bytes:
        if self.facts.mode is Mode.DIRECT:
            return part_of(self.given.prepared, SIGNATURE)
        return sign(document, self.facts, self.caller, self.settings)

    def _fed(self, warnings: tuple[str, ...], found: Entry | None) -> Sent:
        self._remember()
        return self._sent(warnings, found)

    def _remember(self) -> None:
        # The document is there, whether or not its digest can be kept.
        with suppress(SegurError):
            remember(self.given.draft, self.facts.document.id, self.ctx)

    def _sent(self, warnings: tuple[str, ...], found: Entry | None) -> Sent:
        return Sent(
            effect_id=self.facts.set_id,
            at=self.ctx.clock.now(),
            references=self._references(found),
            warnings=(notice("dmp.taken_with_warnings"),) if warnings else (),
        )

    def _references(self, found: Entry | None) -> dict[str, str]:
        said = self.facts.references
        return said if found is None else said | {"entry": found.entry_uuid}


def part_of(prepared: PreparedSend, name: str) -> bytes:
    """Return a frozen part.

    Raises:
        InputError: ``dmp.part_missing``.
    """
    for part in prepared.parts:
        if part.name == name:
            return part.data
    raise InputError("dmp.part_missing", part=name)


def _only(found: tuple[Entry, ...]) -> Entry:
    if not found:
        raise raised_as(UNKNOWN_DOCUMENT)
    if len(found) > 1:
        # Of several, references do not say which is current; nothing was sent yet.
        raise ServiceError("dmp.answer_unreadable", retryable=True, reason="several_entries")
    return found[0]


def _require_same_person(described: DocumentEntry, patient: SealedIdentity) -> None:
    """Return if a document names its patient as he is known now.

    Raises:
        IdentityError: ``dmp.patient_changed``: a trait or the matricule is another one since the document was made.
    """
    traits = patient.traits
    names = (escaped(one, "sourcePatientInfo") for one in (traits.nom_naissance, traits.premier_prenom))
    about = (
        f"PID-5|{'^'.join(names)}^^^^^L",
        f"PID-7|{traits.date_naissance:%Y%m%d}",
        f"PID-8|{traits.sexe.value}",
    )
    if (described.patient_id, described.source_patient_info) != (ins_of(patient), about):
        raise IdentityError("dmp.patient_changed")
