"""Feeding one document, and withdrawing one: prepared once, rehearsed, attempted as often as it takes, found out.

What is frozen: the bytes of the document, every identifier, the moment of the set; in direct mode its signature too,
which only that card can make. In indirect mode the host that sends signs the set at each attempt: the same key makes
the same bytes.
"""

from datetime import datetime

from segur_plugin_dmp.answers import Entry
from segur_plugin_dmp.attempts import DELETE, DOCUMENT, SIGNATURE, TARGET, Attempt
from segur_plugin_dmp.callers import Mode, caller_of, mode_of, needs_of
from segur_plugin_dmp.exchange import Message, compose
from segur_plugin_dmp.identifiers import new_oid
from segur_plugin_dmp.settings import DmpSettings
from segur_plugin_dmp.submission import SetFacts, entry, sign
from segur_sdk.context import HookContext
from segur_sdk.documents import kind_of
from segur_sdk.errors import InputError
from segur_sdk.formats.cda import build_cda
from segur_sdk.formats.cda.patient import shareable
from segur_sdk.hooks.dmp_send import DmpContent, DmpDraft
from segur_sdk.models.document import ClinicalDocument, DocumentVersion
from segur_sdk.senders import FoundOut, PreparedSend, Rehearsal, SendAttempt, SendPart, SendRequest, Sent


def prepare(request: SendRequest, ctx: HookContext) -> PreparedSend:
    """Build a document, or name the one to withdraw; see ``Sender.prepare_send``.

    A draft of ``dmp-delete`` is that of the document, whose ``content.replaces`` is the version to withdraw.

    Raises:
        IdentityError: the identity may not go out.
        InputError: ``dmp.content_missing``, ``dmp.not_validated``, ``dmp.target_missing``, ``dmp.document_too_large``,
            ``input.document_type_unknown``, what ``build_cda`` and the metadata refuse.
        ConfigError: ``dmp.air_feeding``.
        SegurError: in direct mode, what signing raises.
    """
    draft, settings = request.draft, ctx.settings(DmpSettings)
    mode = mode_of(settings, ctx.session)
    if draft.content is None:
        raise InputError("dmp.content_missing")
    shareable(draft.identity)
    if request.kind == DELETE:
        facts, parts = _deletion(draft.content, mode, ctx)
    else:
        facts, parts = _feeding(draft, draft.content, mode, ctx)
    return PreparedSend(
        kind=request.kind,
        effect_id=facts.set_id,
        parts=parts,
        needs=needs_of(mode, ctx.session),
        # The DMP refuses what it has done already: an attempt made again does it once.
        deduplicated=True,
        facts=facts.as_facts(),
    )


def rehearse(given: SendAttempt, ctx: HookContext) -> Rehearsal:
    """Return every file of an attempt; see ``Sender.rehearse_send``.

    Where the registry's own identifier of a document is asked for at the attempt, the one that it was given stands
    here: of the version that is replaced, or withdrawn.
    """
    attempt = Attempt.of(given, ctx)
    if given.prepared.kind == DELETE:
        request = attempt.deletion(Entry(f"urn:oid:{attempt.facts.document.id}"))
        return Rehearsal(parts=_files(compose(request, attempt.caller, ctx), {"metadata.xml": request.body.encode()}))
    replaced = attempt.facts.document.replaces
    lot = attempt.lot(None if replaced is None else f"urn:oid:{replaced}")
    document, signature = (one.data for one in lot.attachments)
    files = {DOCUMENT: document, "metadata.xml": lot.metadata.encode(), SIGNATURE: signature}
    return Rehearsal(parts=_files(compose(attempt.feeding(lot), attempt.caller, ctx), files))


def attempt_once(given: SendAttempt, ctx: HookContext) -> Sent:
    """Send; see ``Sender.attempt_send``.

    Raises:
        IdentityError: ``dmp.patient_changed``: the document names him otherwise than he is known now; those of an
            identity that may not go out.
        ServiceError: ``dmp.no_record``, ``dmp.closed``, ``dmp.document_unknown`` and the other outcomes of
            :mod:`segur_plugin_dmp.outcomes`; those of an exchange.
        ConfigError: the installation is refused; those of the caller's keys.
        CardError: those of the caller's card.
    """
    attempt = Attempt.of(given, ctx)
    return attempt.delete() if given.prepared.kind == DELETE else attempt.feed()


def find_out(given: SendAttempt, ctx: HookContext) -> FoundOut:
    """Ask the registry what became of an attempt; see ``Sender.find_out``."""
    attempt = Attempt.of(given, ctx)
    return attempt.is_deleted() if given.prepared.kind == DELETE else attempt.is_fed()


def _feeding(
    draft: DmpDraft, content: DmpContent, mode: Mode, ctx: HookContext
) -> tuple[SetFacts, tuple[SendPart, ...]]:
    settings, now = ctx.settings(DmpSettings), ctx.clock.now()
    version = _version(content, settings)
    facts = SetFacts.new(mode, version, now, settings)
    document = build_cda(_document(draft, content, version, now))
    if len(document) > settings.max_message:
        raise InputError("dmp.document_too_large", limit=settings.max_message)
    # What the registry would refuse of its metadata is refused now.
    entry(document, draft.confidentiality, settings)
    part = SendPart(name=DOCUMENT, data=document)
    if mode is Mode.INDIRECT:
        return facts, (part,)
    caller = caller_of(mode, content.author, ctx)
    return facts, (part, SendPart(name=SIGNATURE, data=sign(document, facts, caller, settings)))


def _deletion(content: DmpContent, mode: Mode, ctx: HookContext) -> tuple[SetFacts, tuple[SendPart, ...]]:
    target = content.replaces
    if target is None:
        raise InputError("dmp.target_missing")
    facts = SetFacts.new(mode, target, ctx.clock.now(), ctx.settings(DmpSettings))
    return facts, (SendPart(name=TARGET, data=target.id.encode("ascii")),)


def _version(content: DmpContent, settings: DmpSettings) -> DocumentVersion:
    before = content.replaces
    if before is None:
        return DocumentVersion(id=new_oid(settings), set_id=new_oid(settings))
    return DocumentVersion(id=new_oid(settings), set_id=before.set_id, number=before.number + 1, replaces=before.id)


def _document(draft: DmpDraft, content: DmpContent, version: DocumentVersion, now: datetime) -> ClinicalDocument:
    if draft.validation is None:
        raise InputError("dmp.not_validated")
    # Moments that the host knows in UTC are shown as they were where the document was written.
    zone = content.authored_at.tzinfo
    return ClinicalDocument(
        version=version,
        type=kind_of(draft.document_type).type,
        title=draft.title,
        made_at=now.astimezone(zone),
        patient=draft.identity,
        author=content.author,
        authored_at=content.authored_at,
        validator=content.validator,
        validated_at=draft.validation.validated_at.astimezone(zone),
        act=content.act,
        recipients=content.recipients,
        body=content.body,
        privacy_notice=content.privacy_notice,
    )


def _files(message: Message, made: dict[str, bytes]) -> tuple[SendPart, ...]:
    whole = message.body if message.multipart is None else message.multipart.as_file()
    files = {**made, "vihf.xml": message.assertion.encode(), "message.mime": whole}
    return tuple(SendPart(name=name, data=data) for name, data in files.items())
