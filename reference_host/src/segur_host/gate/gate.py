"""The verdict on one draft: the host's rules and every decider, the strictest wins, every reason is kept."""

from collections.abc import Callable

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.consents.ledger import Consents
from segur_host.dispatch.context import Caller
from segur_host.dispatch.outcome import HookResult
from segur_host.gate.rules import Finding, GateView, findings
from segur_host.identities.desk import IdentityDesk
from segur_host.registry.registry import PluginEntry
from segur_sdk.errors import IdentityError
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.actor import Environment
from segur_sdk.models.base import Event
from segur_sdk.models.decision import Decision, Verdict
from segur_sdk.models.identity import InsStatus
from segur_sdk.models.notice import Notice

CallHook = Callable[[str, Event, Caller], HookResult]
DECIDING_HOOK = "before_dmp_send"


class Gate:
    """Judges what would be sent.

    Args:
        desk: knows identities, and seals them.
        consents: of the patients.
        call: asks plugins.
        audit: of the host.
        environment: of the installation.
        informed_by_team: as the configuration says.
        consents_by_software: as the configuration says.
    """

    def __init__(
        self,
        desk: IdentityDesk,
        consents: Consents,
        call: CallHook,
        audit: AuditLog,
        environment: Environment,
        *,
        informed_by_team: bool,
        consents_by_software: bool,
    ) -> None:
        self._desk = desk
        self._consents = consents
        self._call = call
        self._audit = audit
        self._environment = environment
        self._informed_by_team = informed_by_team
        self._consents_by_software = consents_by_software

    def judge(self, draft: DmpDraft, sender: PluginEntry, caller: Caller) -> Decision:
        """Judge a draft whole: host's rules, then every decider. Audited.

        Args:
            draft: its identity is one that this host sealed, and its current revision.
            sender: the plugin that would send it; it must allow the draft itself.
            caller: on whose behalf.

        Raises:
            IdentityError: ``identity.not_sealed``, ``identity.elsewhere``, ``identity.outdated``.
        """
        identity = self._desk.admit(draft.identity)
        found = findings(self._view(draft, identity))
        result = self._call(DECIDING_HOOK, draft, caller)
        decision = _with_host(_held_to(result, sender), found)
        self._audit.append(
            AuditEntry(
                event="gate.judged",
                call_id=caller.call_id,
                actor=caller.actor,
                plugin=sender.id,
                facts={
                    "identity": identity.identity_ref,
                    "verdict": str(decision.verdict),
                    "reasons": " ".join(reason.code for reason in decision.reasons)[:120],
                },
            )
        )
        return decision

    def standing(self, draft: DmpDraft) -> tuple[tuple[Finding, ...], SealedIdentity]:
        """Apply the host's rules again to what was let in before, as things are now.

        Returns:
            What speaks against it, and the identity as it is now.

        Raises:
            IdentityError: ``identity.unknown``.
        """
        identity = self._desk.sealed(draft.identity.identity_ref)
        return findings(self._view(draft, identity)), identity

    def admit(self, draft: DmpDraft) -> None:
        """Let a draft through to a sender, whoever asks: its identity is of this host, current and *qualifiée*.

        Raises:
            IdentityError: ``identity.not_sealed``, ``identity.elsewhere``, ``identity.outdated``,
                ``identity.altered``, ``identity.not_qualified``.
        """
        identity = self._desk.admit(draft.identity)
        if identity.status is not InsStatus.QUALIFIEE:
            raise IdentityError("identity.not_qualified", status=str(identity.status))

    def _view(self, draft: DmpDraft, identity: SealedIdentity) -> GateView:
        return GateView(
            draft=draft,
            identity=identity,
            consents=self._consents.state(identity.identity_ref),
            environment=self._environment,
            informed_by_team=self._informed_by_team,
            consents_by_software=self._consents_by_software,
        )


def _held_to(result: HookResult, sender: PluginEntry) -> Decision:
    """Return what deciders say; without the word of the one that would send it, it is blocked."""
    decision = result.value
    assert isinstance(decision, Decision)
    spoke = any(outcome.plugin == sender.id and isinstance(outcome.value, Decision) for outcome in result.outcomes)
    if spoke:
        return decision
    silent = Notice(
        code="gate.sender_silent",
        text=f"Le module « {sender.id} », qui enverrait ce document, ne s’est pas prononcé.",
        action="Consultez « segur doctor ».",
    )
    return decision.model_copy(update={"verdict": Verdict.BLOCK, "reasons": (*decision.reasons, silent)})


def _with_host(decision: Decision, found: tuple[Finding, ...]) -> Decision:
    verdict = max((decision.verdict, *(one.verdict for one in found)), key=lambda one: one.strictness)
    reasons = (*(one.notice for one in found), *decision.reasons)
    asked = next((one.question for one in found if one.question is not None), None)
    question = (asked or decision.question) if verdict is Verdict.HOLD else None
    return Decision(verdict=verdict, reasons=reasons, suggestions=decision.suggestions, question=question)
