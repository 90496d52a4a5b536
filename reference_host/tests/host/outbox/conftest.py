"""A host whose one plugin decides and sends as the test says, and a service that counts what reached it."""

import os
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import attrs
import pytest

from reference_host.tests.host.outbox.outliving import LEDGER, SENDER, Ledger
from segur_host import Host
from segur_host.outbox.intent import Intent
from segur_sdk.errors import SegurError
from segur_sdk.hooks.dmp_send import ConsentSnapshot, DmpContent, DmpDraft, Validation
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.decision import Decision, Verdict
from segur_sdk.models.document import CareStructure, DocumentAct, DocumentProfessional, Section, WrittenBody
from segur_sdk.models.identity import InsStatus, ProofDocument, Traits
from segur_sdk.senders import Found, Needs, SendAttempt, Sent

MODULE = """
import sys
from segur_sdk.hooks import SegurHooks, hookimpl
from segur_sdk.senders import FoundOut, Needs, PreparedSend, Rehearsal, SendPart

service = sys.modules["made_up_service"]

class Plugin(SegurHooks):
    @hookimpl
    def before_dmp_send(self, event, ctx):
        return service.decide(event)

    def prepare_send(self, request, ctx):
        service.prepared += 1
        service.while_building()
        document = SendPart(name="document.xml", data=request.draft.identity.traits.nom_naissance.encode())
        return PreparedSend(
            kind=request.kind, effect_id=f"1.2.{service.prepared}", parts=(document,), needs=service.needs,
            deduplicated=service.deduplicates,
        )

    def rehearse_send(self, attempt, ctx):
        return Rehearsal(parts=(*attempt.prepared.parts, SendPart(name="message.mime", data=b"MIME")))

    def attempt_send(self, attempt, ctx):
        return service.attempt(attempt, ctx)

    def find_out(self, attempt, ctx):
        return FoundOut(found=service.find_out(attempt))
"""


@attrs.define
class Service:
    """A service that takes an effect once per id, and does what the test says meanwhile."""

    needs: Any
    clock: Callable[[], datetime]
    verdict: Decision = attrs.field(factory=lambda: Decision(verdict=Verdict.ALLOW))
    deduplicates: bool = True
    prepared: int = 0
    receptions: list[str] = attrs.field(factory=list)
    """Effect ids, each time that one arrived."""
    taken: dict[str, bytes] = attrs.field(factory=dict)
    """Documents that took effect, by effect id."""
    asked: list[str] = attrs.field(factory=list)
    actors: list[str] = attrs.field(factory=list)
    before: Callable[[SendAttempt], None] | None = None
    """Called when an attempt arrives, before it takes effect; what it raises is what the attempt raises."""
    after: Callable[[SendAttempt], None] | None = None
    """The same, once it has taken effect."""
    knows: Callable[[str], Found] | None = None
    """Instead of the truth."""
    while_judging: Callable[[], object] = lambda: None
    while_building: Callable[[], object] = lambda: None

    def decide(self, draft: DmpDraft) -> Decision:
        self.while_judging()
        return self.verdict

    def attempt(self, attempt: SendAttempt, ctx: Any) -> Sent:
        effect = attempt.prepared.effect_id
        self.actors.append(ctx.actor.name)
        self.receptions.append(effect)
        if self.before is not None:
            self.before(attempt)
        self.taken[effect] = attempt.prepared.parts[0].data
        if self.after is not None:
            self.after(attempt)
        return Sent(effect_id=effect, at=self.clock(), references={"document": effect})

    def find_out(self, attempt: SendAttempt) -> Found:
        effect = attempt.prepared.effect_id
        self.asked.append(effect)
        if self.knows is not None:
            return self.knows(effect)
        return Found.DONE if effect in self.taken else Found.NOT_DONE


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> Service:
    made = Service(needs=Needs(purpose="dmp"), clock=lambda: datetime(2026, 3, 2, 8, 0, tzinfo=UTC))
    monkeypatch.setitem(sys.modules, "made_up_service", made)
    return made


@pytest.fixture
def sending_plugins(install: Callable[..., str], service: Service) -> dict[str, str]:
    """A plugin that decides and sends ``dmp-feed``."""
    hook = '[[hooks]]\nname = "before_dmp_send"\nversion = "1.0"\n'
    return {"sender": install("sender", module=MODULE, tables=hook, top='sends = ["dmp-feed"]')}


@pytest.fixture
def another_sender(install: Callable[..., str], service: Service) -> dict[str, str]:
    """Another plugin that sends the same, and comes first."""
    hook = '[[hooks]]\nname = "before_dmp_send"\nversion = "1.0"\n'
    return {"another": install("another", module=MODULE, tables=hook, top='sends = ["dmp-feed"]')}


@pytest.fixture
def sending_host(
    source: tuple[dict[str, Any], dict[str, str]],
    sending_plugins: dict[str, str],
    open_host: Callable[..., Host],
    clock: Any,
) -> Callable[..., Host]:
    """Open a host whose plugins identify and send; by a clock that ``set_clock`` moves."""

    def opened(**options: Any) -> Host:
        return open_host({**source[1], **sending_plugins}, clock=clock, **options)

    return opened


@pytest.fixture
def qualified(
    source: tuple[dict[str, Any], dict[str, str]], evidence: Callable[..., Any], anthony: Traits
) -> Callable[[Host], SealedIdentity]:
    """Record a patient and qualify him."""

    def qualified(host: Host) -> SealedIdentity:
        source[0]["answer"] = evidence(anthony)
        found = host.identify(anthony, document=ProofDocument(type="CN")).identity
        assert found is not None
        assert found.status is InsStatus.QUALIFIEE
        return found

    return qualified


@pytest.fixture
def draft_of(clock: Any) -> Callable[..., DmpDraft]:
    """Make a validated *compte rendu d'entretien pharmaceutique* of a patient who was told."""

    def draft_of(identity: SealedIdentity, **changes: Any) -> DmpDraft:
        structure = CareStructure(id="10B0152872", name="PHARMACIE DU CENTRE")
        author = DocumentProfessional(
            id="899700218896", family_name="MARTIN", given_name="CLAIRE", role="G15_21/A", structure=structure
        )
        made = clock.now()
        content = DmpContent(
            author=author,
            authored_at=made,
            validator=author,
            act=DocumentAct(start=made),
            body=WrittenBody(sections=(Section(heading="Bilan", paragraphs=("Rien à signaler.",)),)),
        )
        fields = {
            "identity": identity,
            "document_type": "78601-2",
            "title": "Compte rendu d'entretien pharmaceutique",
            "validation": Validation(validator="10101010101", validated_at=made),
            "consents": ConsentSnapshot(informed=True, opposed=False),
            "content": content,
            **changes,
        }
        return DmpDraft.model_validate(fields)

    return draft_of


@pytest.fixture
def queued(
    sending_host: Callable[..., Host],
    qualified: Callable[[Host], SealedIdentity],
    draft_of: Callable[..., DmpDraft],
) -> Callable[..., tuple[Host, SealedIdentity, Intent]]:
    """Let one document in, on a host that sends nothing by itself."""

    def queued(**options: Any) -> tuple[Host, SealedIdentity, Intent]:
        host = sending_host(consents={"informed_by_team": True})
        identity = qualified(host)
        receipt = host.send(draft_of(identity), **options)
        assert receipt.intent is not None
        return host, identity, receipt.intent

    return queued


@pytest.fixture
def later(set_clock: Callable[[datetime], None], clock: Any) -> Callable[[timedelta], None]:
    """Let time pass."""
    return lambda wait: set_clock(clock.now() + wait)


@pytest.fixture
def raising() -> Callable[[SegurError], Callable[[SendAttempt], None]]:
    """Make what a service does that fails so."""

    def raising(failure: SegurError) -> Callable[[SendAttempt], None]:
        def arrive(_attempt: SendAttempt) -> None:
            raise failure

        return arrive

    return raising


@pytest.fixture
def ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    """What a service took that recognises nothing, written by itself."""
    made = Ledger.at(tmp_path / "ledger")
    monkeypatch.setenv(LEDGER, str(made.folder))
    yield made
    os.close(made.told)


@pytest.fixture
def outliving(
    install: Callable[..., str],
    ledger: Ledger,
    source: tuple[dict[str, Any], dict[str, str]],
    open_host: Callable[..., Host],
    qualified: Callable[[Host], SealedIdentity],
    draft_of: Callable[..., DmpDraft],
) -> tuple[dict[str, str], Callable[[str], str]]:
    """Plugins of a host that feeds that service, and drafts of a qualified patient as JSON, by a reference."""
    hook = '[[hooks]]\nname = "before_dmp_send"\nversion = "1.0"\n'
    plugins = {**source[1], "sender": install("sender", module=SENDER, tables=hook, top='sends = ["dmp-feed"]')}
    host = open_host(plugins)
    identity = qualified(host)
    host.close()

    def draft(reference: str) -> str:
        return draft_of(identity, document_ref=reference).model_dump_json()

    return plugins, draft
