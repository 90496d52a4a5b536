"""What happens once a professional answers for a document: it is routed, and fed if it leaves by itself."""

import hmac
import json
from collections.abc import Callable
from hashlib import sha256
from typing import Any, Final, Literal

import attrs

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.dispatch.context import Caller
from segur_host.dispatch.outcome import HookResult, Outcome
from segur_host.documents import notices
from segur_host.documents.document import ValidatedDocument
from segur_host.documents.past import PastRules
from segur_host.documents.routing import Routing, routed
from segur_host.outbox import notices as outbox_notices
from segur_host.outbox.intent import IntentState, Standing
from segur_host.outbox.outbox import Outbox, Receipt, Seen
from segur_sdk.context import Clock
from segur_sdk.documents import kinds
from segur_sdk.hooks.document_validated import DocumentRouting, DocumentValidatedEvent
from segur_sdk.models.base import Event
from segur_sdk.models.channels import Channel
from segur_sdk.models.document import DocumentVersion
from segur_sdk.models.notice import Notice

CallHook = Callable[[str, Event, Caller], HookResult]
ROUTING_HOOK: Final = "on_document_validated"
_LEAVING: Final = frozenset({IntentState.SENDING, IntentState.IN_DOUBT})
_DIGITS: Final = 32


@attrs.frozen
class Validated:
    """What became of one validated document."""

    document_ref: str
    routing: Routing
    receipt: Receipt | None = None
    """Of what was given to be fed; ``None``: ``kept_back`` says why nothing was."""
    kept_back: Notice | None = None
    is_new: bool = False
    """It was let in by this call, and not by an earlier one for the same version."""
    outcomes: tuple[Outcome, ...] = ()
    """What each plugin answered that was asked where it goes."""


class DocumentDesk:
    """Takes validated documents. Every method may be called from any thread.

    Args:
        call: asks plugins.
        outbox: lets in what is fed.
        feeding: whether documents leave by themselves, or when somebody sends them from a window.
        kind: of the effect of feeding.
        past: which documents of the past are fed in a run.
        audit: of the host.
        clock: says what time it is.
        key: 32 bytes; names of documents are kept under it.
    """

    def __init__(
        self,
        call: CallHook,
        outbox: Outbox,
        feeding: Literal["automatic", "window"],
        kind: str,
        past: PastRules,
        audit: AuditLog,
        clock: Clock,
        key: bytes,
    ) -> None:
        self._call = call
        self._outbox = outbox
        self._feeding = feeding
        self._kind = kind
        self.past = past
        self._audit = audit
        self._clock = clock
        self._key = key

    def validate(self, document: ValidatedDocument, caller: Caller, *, feed: bool, hold: bool) -> Validated:
        """Route a document and let in what leaves by itself, or is sent.

        Args:
            document: which one; its identity is one that this host sealed.
            caller: on whose behalf.
            feed: the user sends it, whether or not it leaves by itself.
            hold: the user holds this very document.

        Raises:
            SegurError: it cannot be judged, built or kept; nothing was let in.
        """
        event = DocumentValidatedEvent(
            document_ref=document.document_ref,
            document_type=document.document_type,
            label=document.label,
            document_date=document.day,
            circumstances=document.circumstances,
            validation=document.validation,
            occurred_at=self._clock.now(),
        )
        result = self._call(ROUTING_HOOK, event, caller)
        answers = {one.plugin: one.value for one in result.outcomes if isinstance(one.value, DocumentRouting)}
        routing = routed(document, answers)
        done = Validated(
            document.document_ref,
            routing,
            kept_back=self._kept_back(routing, feed=feed, all_well=result.all_well),
            outcomes=result.outcomes,
        )
        if done.kept_back is None:
            done = self._given(document, done, caller, feed=feed, hold=hold)
        self._record(document, done, caller)
        return done

    def _kept_back(self, routing: Routing, *, feed: bool, all_well: bool) -> Notice | None:
        """Return why nothing of a document is given to be fed."""
        if routing.has_no_way:
            return notices.NO_WAY
        if routing.document_type is None:
            return notices.NO_TYPE
        if feed:
            return None
        towards = routing.towards(Channel.DMP)
        reasons = (
            (towards is None, notices.NO_RULE),
            (towards is not None and towards.held, notices.SENSITIVE),
            (towards is not None and not towards.automatic, notices.ON_DEMAND),
            (not all_well, notices.PROPOSAL_MISSING),
            (self._feeding == "window", notices.WINDOW),
        )
        return next((notice for holds, notice in reasons if holds), None)

    def _given(
        self, document: ValidatedDocument, asked: Validated, caller: Caller, *, feed: bool, hold: bool
    ) -> Validated:
        """Give a version to be fed, once, in the place of those before it that did not leave yet."""
        assert asked.routing.document_type is not None
        every, same = self._names(document)
        known, own = self._outbox.under(every), self._outbox.under(same)
        latest = own[-1] if own and own[-1].id == known[-1].id else None
        is_new = latest is None or self._said_anew(latest, document, feed=feed)
        number = len(own) if is_new else len(own) - 1
        instead_of: tuple[str, ...] = ()
        replaces: DocumentVersion | None = None
        if is_new:
            before = [one for one in known if one.state is not IntentState.CANCELLED]
            if any(one.state in _LEAVING for one in before):
                return attrs.evolve(asked, kept_back=notices.LEAVING)
            left = [one for one in before if one.state is IntentState.SENT]
            replaces = self._version_of(left[-1]) if left else None
            if left and replaces is None and document.content.replaces is None:
                return attrs.evolve(asked, kept_back=notices.ALREADY_THERE)
            pending = [one for one in before if one.state is not IntentState.SENT]
            # Whoever held a document held its next version too: it is the same document.
            held = outbox_notices.HELD_BY_USER.code in {reason.code for one in pending for reason in one.reasons}
            hold = hold or (held and not feed)
            instead_of = tuple(one.id for one in pending)
        receipt = self._outbox.send(
            document.draft(asked.routing.document_type, replaces),
            self._kind,
            caller,
            idempotency_key=f"{same}{number}",
            hold=hold,
            instead_of=instead_of,
            seen=Seen(every, tuple(one.id for one in known)),
        )
        return attrs.evolve(asked, receipt=receipt, is_new=is_new and receipt.intent is not None)

    def _said_anew(self, latest: Standing, document: ValidatedDocument, *, feed: bool) -> bool:
        """Tell whether somebody wants a version to leave that was taken back, or answers otherwise what held it."""
        if latest.state is IntentState.HELD:
            answered: Any = json.loads(self._outbox.show(latest.id).draft_json or "{}").get("answers", {})
            return bool(answered != document.answers)
        return feed and latest.state is IntentState.CANCELLED

    def _version_of(self, standing: Standing) -> DocumentVersion | None:
        """Return the version that was fed, as far as its sender told."""
        sent = self._outbox.show(standing.id).sent
        said = {} if sent is None else sent.references
        try:
            return DocumentVersion(
                id=said["document"],
                set_id=said["document_set"],
                number=int(said["version"]),
                replaces=said.get("replaces"),
            )
        except (KeyError, ValueError):
            return None

    def _names(self, document: ValidatedDocument) -> tuple[str, str]:
        """Return how keys begin of every version of a document, and of this one."""
        every = f"document/{self._whole(document)}/"
        return every, f"{every}{self._name(document.digest())}."

    def _whole(self, document: ValidatedDocument) -> str:
        """Return what stands for a document, all its versions, where no name of the practice software may."""
        return self._name(f"{document.identity.identity_ref}\n{document.document_ref}".encode())

    def _name(self, data: bytes) -> str:
        return hmac.new(self._key, data, sha256).hexdigest()[:_DIGITS]

    def _record(self, document: ValidatedDocument, done: Validated, caller: Caller) -> None:
        receipt, code = done.receipt, done.routing.document_type
        self._audit.append(
            AuditEntry(
                event="document.validated",
                call_id=caller.call_id,
                actor=caller.actor,
                facts={
                    "document": self._whole(document),
                    "kind": code if code in kinds() else "",
                    "intent": receipt.intent.id if receipt is not None and receipt.intent is not None else "",
                    "kept_back": done.kept_back.code if done.kept_back is not None else "",
                },
            )
        )
