"""The plugin as a host sees it: it decides, proposes, and sends two kinds of effects."""

from segur_plugin_dmp.deciding import decide
from segur_plugin_dmp.feeding import attempt_once, find_out, prepare, rehearse
from segur_plugin_dmp.proposing import propose
from segur_sdk.context import HookContext
from segur_sdk.hooks import SegurHooks, hookimpl
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.hooks.document_validated import DocumentRouting, DocumentValidatedEvent
from segur_sdk.models.decision import Decision
from segur_sdk.senders import FoundOut, PreparedSend, Rehearsal, SendAttempt, SendRequest, Sent


class DmpPlugin(SegurHooks):
    """Feeds the DMP: new documents, replacing versions, and withdrawals; implements ``Sender``."""

    @hookimpl
    def before_dmp_send(self, event: DmpDraft, ctx: HookContext) -> Decision | None:
        """Say every reason of the DMP's own against a draft; see :mod:`segur_plugin_dmp.rules`."""
        return decide(event, ctx)

    @hookimpl
    def on_document_validated(self, event: DocumentValidatedEvent, ctx: HookContext) -> DocumentRouting | None:
        """Propose channels by the dated rules of the SDK; see :func:`segur_plugin_dmp.proposing.propose`."""
        return propose(event)

    def prepare_send(self, request: SendRequest, ctx: HookContext) -> PreparedSend:
        """Build what is frozen; see :func:`segur_plugin_dmp.feeding.prepare`."""
        return prepare(request, ctx)

    def rehearse_send(self, attempt: SendAttempt, ctx: HookContext) -> Rehearsal:
        """Return what would go out; see :func:`segur_plugin_dmp.feeding.rehearse`."""
        return rehearse(attempt, ctx)

    def attempt_send(self, attempt: SendAttempt, ctx: HookContext) -> Sent:
        """Send; see :func:`segur_plugin_dmp.feeding.attempt_once`."""
        return attempt_once(attempt, ctx)

    def find_out(self, attempt: SendAttempt, ctx: HookContext) -> FoundOut:
        """Ask what became of an attempt; see :func:`segur_plugin_dmp.feeding.find_out`."""
        return find_out(attempt, ctx)
