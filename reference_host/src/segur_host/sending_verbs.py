"""Verbs of a host about what is sent of a patient, and about what he was told and said."""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from pydantic import ValidationError

from segur_host.broker.ask import Asker
from segur_host.consents.ledger import Consents, ConsentState, InformationChannel
from segur_host.dispatch.context import Caller
from segur_host.identities.desk import IdentityDesk
from segur_host.outbox.intents import Intent, IntentState
from segur_host.outbox.kinds import FEEDING
from segur_host.outbox.outbox import DryRun, Outbox, Receipt
from segur_sdk.errors import InputError, SegurError, invalid_input
from segur_sdk.hooks.dmp_send import DmpDraft


class SendingVerbs(Protocol):
    """What a host offers about sending; ``Host`` carries it."""

    outbox: Outbox
    consents: Consents
    _desk: IdentityDesk

    def _caller(self, asker: Asker | None) -> Caller: ...

    def send(
        self,
        draft: DmpDraft | str,
        *,
        kind: str = FEEDING,
        idempotency_key: str | None = None,
        hold: bool = False,
    ) -> Receipt:
        """Let a document in to be sent: the gate first, then the outbox, which sends it in the background.

        Args:
            draft: what is to be sent, or its JSON, in which the identity is ``{"identity_ref": …}``.
            kind: of effect.
            idempotency_key: at most 128 characters; the same key gives the same receipt, and nothing is let in twice.
            hold: the user holds this one document; nothing of it is remembered for the next.

        Returns:
            The verdict with every reason. What was let in is on the disk when this returns.

        Raises:
            InputError: ``input.send``: it is not a draft.
            IdentityError: ``identity.not_sealed``, ``identity.elsewhere``, ``identity.outdated``, ``identity.unknown``.
            PluginError: ``plugin.sender_missing``, or the plugin cannot build it.
            HostError: it cannot be kept; nothing was let in.
        """
        if idempotency_key is not None and not 0 < len(idempotency_key) <= 128:
            raise InputError("input.send", fields="idempotency_key:length")
        understood = self._draft(draft)
        return self.outbox.send(understood, kind, self._caller(None), idempotency_key=idempotency_key, hold=hold)

    def rehearse(self, draft: DmpDraft | str, *, kind: str = FEEDING) -> DryRun:
        """Pass the gate and return what would go out; nothing is kept, nothing is sent. Errors as ``send``."""
        return self.outbox.rehearse(self._draft(draft), kind, self._caller(None))

    def unsent(self, *states: IntentState) -> Iterator[Intent]:
        """Yield what was let in and neither sent nor taken back, oldest first, with why; or what is in some states."""
        return self.outbox.list(*states)

    def retry(self, intent_id: str) -> Intent:
        """Have something sent as soon as it can be, if it is not settled; it is judged again first.

        Raises:
            InputError: ``outbox.unknown``, ``outbox.settled``, ``outbox.busy``.
        """
        return self.outbox.retry(intent_id, self._caller(None))

    def cancel(self, intent_id: str) -> Intent:
        """Take back something that was not sent.

        Raises:
            InputError: ``outbox.unknown``, ``outbox.settled``; ``outbox.busy``: it is being sent, or may have been.
        """
        return self.outbox.cancel(intent_id, self._caller(None))

    def inform(self, identity_ref: str, channel: InformationChannel, *, at: datetime | None = None) -> ConsentState:
        """Record that a patient was told that his DMP is fed; what waited for it leaves by itself.

        Args:
            identity_ref: of the patient.
            channel: how he was told.
            at: when, if another software recorded it.

        Raises:
            IdentityError: ``identity.unknown``.
        """
        actor = self._known(identity_ref).actor
        return self._woken(self.consents.inform(identity_ref, channel, actor, at=at))

    def oppose(self, identity_ref: str, *, motive: str | None = None, document: str | None = None) -> ConsentState:
        """Record that a patient opposes that his DMP is fed, or that one document is; it counts at once.

        Args:
            identity_ref: of the patient.
            motive: in his words; kept encrypted, in no trace.
            document: the one meant, by ``DmpDraft.document_ref``.

        Raises:
            IdentityError: ``identity.unknown``.
            InputError: ``consent.motive_too_long``.
        """
        actor = self._known(identity_ref).actor
        return self._woken(self.consents.oppose(identity_ref, actor, motive=motive, document=document))

    def judge_opposition(
        self, identity_ref: str, *, judge: str, accepted: bool, document: str | None = None
    ) -> ConsentState:
        """Record what a professional said of the motive of an opposition: the software never judges.

        Raises:
            IdentityError: ``identity.unknown``.
            InputError: ``consent.not_opposed``.
        """
        actor = self._known(identity_ref).actor
        judged = self.consents.judge(identity_ref, actor, judge=judge, accepted=accepted, document=document)
        return self._woken(judged)

    def lift_opposition(self, identity_ref: str, *, document: str | None = None) -> ConsentState:
        """Record that a patient opposes no longer.

        Raises:
            IdentityError: ``identity.unknown``.
            InputError: ``consent.not_opposed``.
        """
        actor = self._known(identity_ref).actor
        return self._woken(self.consents.lift(identity_ref, actor, document=document))

    def consents_of(self, identity_ref: str) -> ConsentState:
        """Return what a patient was told and said.

        Raises:
            IdentityError: ``identity.unknown``.
        """
        self._desk.sealed(identity_ref)
        return self.consents.state(identity_ref)

    def _draft(self, draft: DmpDraft | str) -> DmpDraft:
        resolve = {"resolve_identity": self._desk.sealed}
        # The exception of a failed validation holds its input: it must not become the context of an error.
        try:
            if isinstance(draft, str):
                return DmpDraft.model_validate_json(draft, context=resolve)
            return DmpDraft.model_validate(draft)
        except ValidationError as failure:
            refused: SegurError = invalid_input("input.send", failure, DmpDraft)
        raise refused

    def _known(self, identity_ref: str) -> Caller:
        self._desk.sealed(identity_ref)
        return self._caller(None)

    def _woken(self, state: ConsentState) -> ConsentState:
        self.outbox.wake()
        return state
