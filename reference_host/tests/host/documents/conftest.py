"""A host whose one plugin proposes, decides and sends, and validated documents of a patient."""

import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from segur_host import Host
from segur_host.documents.document import ValidatedDocument
from segur_sdk.hooks.dmp_send import DmpContent, Validation
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.document import CareStructure, DocumentAct, DocumentProfessional, Section, WrittenBody
from segur_sdk.models.identity import ProofDocument, Traits

MODULE = """
import sys
from segur_sdk.documents import channels_for, kind_for_label, kinds
from segur_sdk.errors import ServiceError
from segur_sdk.hooks import SegurHooks, hookimpl
from segur_sdk.hooks.document_validated import DocumentRouting
from segur_sdk.models.decision import Decision, Verdict
from segur_sdk.models.notice import Choice, Notice, Question
from segur_sdk.senders import Found, FoundOut, Needs, PreparedSend, Rehearsal, SendPart, Sent

script = sys.modules["made_up_dmp"]

class Plugin(SegurHooks):
    @hookimpl
    def on_document_validated(self, event, ctx):
        script.asked.append(event)
        if script.routing is not None:
            return script.routing(event)
        code = event.document_type or next(iter(kind_for_label(event.label).types), None)
        channels = channels_for(code, event.document_date, event.circumstances) if code in kinds() else ()
        return DocumentRouting(document_type=code, shown=event.label or code, channels=channels)

    @hookimpl
    def before_dmp_send(self, event, ctx):
        if script.question is None or event.answers.get(script.question) == "send":
            return Decision(verdict=Verdict.ALLOW)
        asked = Question(code=script.question, text="Envoyer ?", choices=(Choice(value="send", label="Oui"),))
        return Decision(verdict=Verdict.HOLD, reasons=(Notice(code=script.question, text="?"),), question=asked)

    def prepare_send(self, request, ctx):
        script.prepared += 1
        said = request.draft.content.act.start.isoformat().encode()
        part = SendPart(name="document.xml", data=said)
        needs = Needs(purpose="dmp")
        return PreparedSend(kind=request.kind, effect_id=f"1.{script.prepared}", parts=(part,), needs=needs)

    def rehearse_send(self, attempt, ctx):
        return Rehearsal(parts=attempt.prepared.parts)

    def attempt_send(self, attempt, ctx):
        if script.lost:
            raise ServiceError("service.timeout", maybe_processed=True)
        script.fed.append((attempt.prepared.effect_id, attempt.draft.title, attempt.prepared.parts[0].data.decode()))
        before = attempt.draft.content.replaces
        script.replaced.append(before)
        said = {"document": attempt.prepared.effect_id, "document_set": "2.25.1", "version": "1"}
        if before is not None:
            said |= {"version": str(before.number + 1), "replaces": before.id}
        references = said if script.tells_versions else {}
        return Sent(effect_id=attempt.prepared.effect_id, at=ctx.clock.now(), references=references)

    def find_out(self, attempt, ctx):
        return FoundOut(found=Found.UNKNOWN)
"""
HOOKS = "".join(
    f'[[hooks]]\nname = "{name}"\nversion = "1.0"\n' for name in ("on_document_validated", "before_dmp_send")
)


@pytest.fixture
def dmp(monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the plugin saw and does.

    ``asked``, ``fed``, ``replaced`` so far; ``routing`` instead of the tables, ``lost`` answers, the ``question`` with
    which it holds, and whether it ``tells_versions`` of what it fed.
    """
    script = SimpleNamespace(
        asked=[], fed=[], replaced=[], prepared=0, routing=None, lost=False, question=None, tells_versions=False
    )
    monkeypatch.setitem(sys.modules, "made_up_dmp", script)
    return script


@pytest.fixture
def documents_plugins(
    install: Callable[..., str], dmp: Any, source: tuple[dict[str, Any], dict[str, str]]
) -> dict[str, str]:
    sender = install("sender", module=MODULE, tables=HOOKS, top='sends = ["dmp-feed"]')
    return {**source[1], "sender": sender}


@pytest.fixture
def documents_host(
    documents_plugins: dict[str, str], open_host: Callable[..., Host], clock: Any
) -> Callable[..., Host]:
    """Open a host whose patients are told of the DMP, by a clock that ``set_clock`` moves."""

    def opened(more: dict[str, str] | None = None, **options: Any) -> Host:
        plugins = {**documents_plugins, **(more or {})}
        return open_host(plugins, clock=clock, consents={"informed_by_team": True}, **options)

    return opened


@pytest.fixture
def patient(
    source: tuple[dict[str, Any], dict[str, str]], evidence: Callable[..., Any], anthony: Traits
) -> Callable[..., SealedIdentity]:
    """Record a patient whom INSi knows; *qualifié* once a proof document was seen."""

    def patient(host: Host, *, proven: bool = True) -> SealedIdentity:
        source[0]["answer"] = evidence(anthony)
        found = host.identify(anthony, document=ProofDocument(type="CN") if proven else None).identity
        assert found is not None
        return found

    return patient


@pytest.fixture
def document_of(clock: Any) -> Callable[..., ValidatedDocument]:
    """Make a validated *compte rendu d'entretien pharmaceutique*, unless told otherwise."""

    def document_of(identity: SealedIdentity, ref: str = "d-1", **changes: Any) -> ValidatedDocument:
        structure = CareStructure(id="10B0152872", name="PHARMACIE DU CENTRE")
        author = DocumentProfessional(
            id="899700218896", family_name="MARTIN", given_name="CLAIRE", role="G15_21/A", structure=structure
        )
        made = changes.pop("made", clock.now())
        content = {
            "author": author,
            "authored_at": made,
            "validator": author,
            "act": DocumentAct(start=made),
            "body": WrittenBody(
                sections=(Section(heading="Bilan", paragraphs=(changes.pop("words", "Rien à signaler."),)),)
            ),
        }
        content |= {name: changes.pop(name) for name in list(changes) if name in DmpContent.model_fields}
        fields = {
            "document_ref": ref,
            "identity": identity,
            "document_type": "78601-2",
            "title": "Entretien asthme",
            "validation": Validation(validator="99700218896", validated_at=made),
            "content": DmpContent.model_validate(content),
            **changes,
        }
        return ValidatedDocument.model_validate(fields)

    return document_of


@pytest.fixture
def fed_after(dmp: Any) -> Callable[[Host], list[str]]:
    """Take everything as far as it goes, and return the titles of what was fed so far."""

    def fed_after(host: Host) -> list[str]:
        host.outbox.run()
        return [title for _, title, _ in dmp.fed]

    return fed_after
