"""No door lets out a document of a patient whose identity is not *qualifiée*."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import pytest
import sqlalchemy as sa

from segur_host import AsyncHost, Host
from segur_host.config.model import HostConfig
from segur_host.dispatch.context import Caller
from segur_host.dispatch.dispatcher import Dispatcher, new_call_id
from segur_host.identities.repository import revisions
from segur_host.outbox.intents import IntentState
from segur_host.outbox.rows import intents
from segur_sdk.errors import SegurError
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.identity.seal import SealedIdentity, Sealer
from segur_sdk.models.identity import InsStatus, ProofDocument, Traits
from segur_sdk.senders import Needs, PreparedSend, SendAttempt, Sender, SendPart, SendRequest

KIND = "dmp-feed"
INFORMED: dict[str, Any] = {"informed_by_team": True}


@attrs.frozen
class Counter:
    """A host that knows Anthony, whose identity is only *récupérée*, and Zoe, who is *qualifiée*."""

    host: Host
    anthony: SealedIdentity
    zoe: SealedIdentity
    draft_of: Callable[..., DmpDraft]
    config: HostConfig
    file: Path
    segur: Callable[..., tuple[int, str, str]]

    def draft(self) -> DmpDraft:
        return self.draft_of(self.anthony)

    def let_in(self, draft: DmpDraft | None = None, *, hold: bool = False) -> str:
        receipt = self.host.send(draft or self.draft(), hold=hold)
        assert receipt.intent is not None
        return receipt.intent.id

    def tried(self, intent_id: str) -> set[str]:
        """Codes by which one is refused that somebody wants sent now."""
        codes = {code_of(lambda: self.host.retry(intent_id))}
        self.host.outbox.run()
        return codes | {one.code for one in self.host.outbox.show(intent_id).reasons}

    def edit(self, statement: Any) -> None:
        """Change the database behind the host's back."""
        with self.host.outbox._sending.database.accepting() as transaction:
            assert transaction.connection.execute(statement).rowcount > 0

    def column(self, table: sa.Table, name: str, *where: Any) -> Any:
        with self.host.outbox._sending.database.reading() as connection:
            return connection.execute(sa.select(table.c[name]).where(*where).order_by(table.c.tenant)).scalars().all()


def code_of(act: Callable[[], object]) -> str:
    try:
        act()
    except SegurError as failure:
        return failure.code
    return ""


def by_the_host(counter: Counter) -> set[str]:
    return counter.tried(counter.let_in())


def by_the_host_as_json(counter: Counter) -> set[str]:
    receipt = counter.host.send(counter.draft().model_dump_json())
    return {one.code for one in receipt.reasons}


def by_a_dry_run(counter: Counter) -> set[str]:
    rehearsed = counter.host.rehearse(counter.draft())
    assert rehearsed.parts == ()
    return {one.code for one in rehearsed.decision.reasons}


def by_the_asynchronous_host(counter: Counter) -> set[str]:
    text = counter.draft().model_dump_json()

    async def sent() -> set[str]:
        async with await AsyncHost.start(counter.config) as host:
            receipt = await host.send(text)
            assert receipt.intent is not None
            await host.retry(receipt.intent.id)
            host.sync.outbox.run()
            return {one.code for intent in await host.unsent() for one in intent.reasons}

    return asyncio.run(sent())


def by_the_command(counter: Counter) -> set[str]:
    draft = json.dumps({"kind": "dmp", **json.loads(counter.draft().model_dump_json())}).encode()
    told = ("--config", counter.file, "--json")
    _, out, _ = counter.segur("send", "--input", "-", *told, stdin=draft)
    counter.segur("outbox", "retry", json.loads(out)["id"], *told)
    counter.segur("outbox", "run", *told)
    return {row["reason"] for row in json.loads(counter.segur("outbox", "list", *told)[1])}


def by_the_sender_itself(counter: Counter) -> set[str]:
    part = SendPart(name="document.xml", data=b"CORSE")
    prepared = PreparedSend(kind=KIND, effect_id="1.2.3", parts=(part,), needs=Needs(purpose="dmp"))
    return asked_directly(counter, counter.draft(), prepared)


def by_the_sender_with_a_stale_seal(counter: Counter) -> set[str]:
    part = SendPart(name="document.xml", data=b"ADRUN")
    prepared = PreparedSend(kind=KIND, effect_id="1.2.3", parts=(part,), needs=Needs(purpose="dmp"))
    stale = counter.draft_of(counter.zoe)
    counter.host.invalidate_ins(counter.zoe.identity_ref)
    return asked_directly(counter, stale, prepared)


def asked_directly(counter: Counter, draft: DmpDraft, prepared: PreparedSend) -> set[str]:
    dispatcher: Dispatcher = counter.host._dispatcher
    caller = Caller(new_call_id(), counter.host._actor, None, counter.host._asker)
    request, attempt = SendRequest(kind=KIND, draft=draft), SendAttempt(prepared=prepared, draft=draft, number=1)

    def asked(method: str, given: SendRequest | SendAttempt) -> str:
        return code_of(lambda: dispatcher.ask(counter.host.plugins["sender"], Sender, method, given, caller, 5.0))

    return {asked("prepare_send", request), asked("rehearse_send", attempt), asked("attempt_send", attempt)}


def by_a_stale_seal(counter: Counter) -> set[str]:
    stale = counter.draft_of(counter.zoe)
    counter.host.invalidate_ins(counter.zoe.identity_ref)
    return {code_of(lambda: counter.host.send(stale))}


def by_another_seal(counter: Counter) -> set[str]:
    forged = Sealer(b"k" * 32).seal(
        identity_ref=counter.anthony.identity_ref,
        revision=counter.anthony.revision,
        tenant=counter.anthony.tenant,
        environment=counter.anthony.environment,
        status=InsStatus.QUALIFIEE,
        attributes=frozenset(),
        traits=counter.anthony.traits,
        matricule=counter.anthony.matricule,
    )
    return {code_of(lambda: counter.host.send(counter.draft_of(forged)))}


def by_an_edited_status(counter: Counter) -> set[str]:
    intent, mine = counter.let_in(), revisions.c.identity_ref == counter.anthony.identity_ref
    record = json.loads(counter.column(revisions, "record", mine, revisions.c.is_current)[0])
    record["status"] = str(InsStatus.QUALIFIEE)
    counter.edit(revisions.update().where(mine, revisions.c.is_current).values(record=json.dumps(record)))
    return counter.tried(intent)


def by_the_record_of_somebody_else(counter: Counter) -> set[str]:
    intent = counter.let_in()
    mine, hers = (revisions.c.identity_ref == one.identity_ref for one in (counter.anthony, counter.zoe))
    values = {
        name: counter.column(revisions, name, hers, revisions.c.is_current)[0]
        for name in ("record", "seal", "at", "author", "events")
    }
    counter.edit(revisions.update().where(mine, revisions.c.is_current).values(values))
    return counter.tried(intent)


def by_an_earlier_revision(counter: Counter) -> set[str]:
    intent = counter.let_in(counter.draft_of(counter.zoe), hold=True)
    hers, number = revisions.c.identity_ref == counter.zoe.identity_ref, counter.zoe.revision
    counter.host.invalidate_ins(counter.zoe.identity_ref)
    counter.edit(revisions.update().where(hers).values(is_current=False))
    counter.edit(revisions.update().where(hers, revisions.c.revision == number).values(is_current=True))
    return counter.tried(intent)


def by_an_intent_that_names_somebody_else(counter: Counter) -> set[str]:
    intent = counter.let_in()
    counter.edit(intents.update().where(intents.c.id == intent).values(identity_ref=counter.zoe.identity_ref))
    return counter.tried(intent)


def by_an_edited_draft(counter: Counter) -> set[str]:
    intent = counter.let_in()
    draft = counter.column(intents, "draft", intents.c.id == intent)[0]
    changed = draft.replace(counter.anthony.identity_ref, counter.zoe.identity_ref)
    counter.edit(intents.update().where(intents.c.id == intent).values(draft=changed))
    return counter.tried(intent)


def by_a_document_frozen_for_somebody_else(counter: Counter) -> set[str]:
    part = SendPart(name="document.xml", data=b"CORSE")
    prepared = PreparedSend(kind=KIND, effect_id="1.2.3", parts=(part,), needs=Needs(purpose="dmp"))
    intent = counter.let_in(counter.draft_of(counter.zoe), hold=True)
    counter.edit(intents.update().where(intents.c.id == intent).values(prepared=prepared.model_dump_json()))
    return counter.tried(intent)


def by_an_edited_state(counter: Counter) -> set[str]:
    intent = counter.let_in()
    counter.edit(intents.update().where(intents.c.id == intent).values(state="queued", reasons="[]"))
    counter.host.outbox.run()
    return {one.code for one in counter.host.outbox.show(intent).reasons}


def by_a_state_of_a_cut_attempt(counter: Counter) -> set[str]:
    intent = counter.let_in()
    counter.edit(intents.update().where(intents.c.id == intent).values(state="sending", attempts=1))
    counter.host.outbox.run()
    return {one.code for one in counter.host.outbox.show(intent).reasons}


NOT_QUALIFIED = "gate.identity_not_qualified"
DOORS: dict[Callable[[Counter], set[str]], str] = {
    by_the_host: NOT_QUALIFIED,
    by_the_host_as_json: NOT_QUALIFIED,
    by_a_dry_run: NOT_QUALIFIED,
    by_the_asynchronous_host: NOT_QUALIFIED,
    by_the_command: NOT_QUALIFIED,
    by_the_sender_itself: "identity.not_qualified",
    by_the_sender_with_a_stale_seal: "identity.outdated",
    by_a_stale_seal: "identity.outdated",
    by_another_seal: "identity.not_sealed",
    by_an_edited_status: "identity.altered",
    by_the_record_of_somebody_else: "identity.altered",
    by_an_earlier_revision: "identity.altered",
    by_an_intent_that_names_somebody_else: "outbox.altered",
    by_an_edited_draft: "outbox.altered",
    by_a_document_frozen_for_somebody_else: "outbox.altered",
    by_an_edited_state: NOT_QUALIFIED,
    by_a_state_of_a_cut_attempt: "outbox.altered",
}


@pytest.fixture
def counter(
    source: tuple[dict[str, Any], dict[str, str]],
    evidence: Callable[..., Any],
    sending_plugins: dict[str, str],
    make_config: Callable[..., HostConfig],
    config_file: Callable[..., Path],
    open_host: Callable[..., Host],
    segur: Callable[..., tuple[int, str, str]],
    draft_of: Callable[..., DmpDraft],
    anthony: Traits,
    zoe: Traits,
) -> Counter:
    plugins = {**source[1], **sending_plugins}
    host = open_host(plugins, consents=INFORMED)
    source[0]["answer"] = evidence(zoe, matricule="275126322074974")
    qualified = host.identify(zoe, document=ProofDocument(type="CN")).identity
    source[0]["answer"] = evidence(anthony)
    found = host.identify(anthony).identity
    assert found is not None
    assert qualified is not None
    assert (found.status, qualified.status) == (InsStatus.RECUPEREE, InsStatus.QUALIFIEE)
    file = config_file(plugins, "[consents]\ninformed_by_team = true\n")
    return Counter(host, found, qualified, draft_of, make_config(plugins, consents=INFORMED), file, segur)


@pytest.mark.req("SC.DMP/CONF.09", "SC.INS/va1.53", "SC.INS/va1.59", "S000-05")
@pytest.mark.parametrize(("door", "code"), DOORS.items(), ids=[door.__name__ for door in DOORS])
def test_no_door_lets_out_a_document_of_an_identity_that_is_not_qualified(
    door: Callable[[Counter], set[str]], code: str, counter: Counter, service: Any
) -> None:
    assert code in door(counter)
    counter.host.outbox.run()
    assert service.receptions == []
    assert IntentState.SENT not in {one.state for one in counter.host.outbox.standings(settled=True)}


def test_the_same_doors_let_out_a_document_of_a_qualified_identity(counter: Counter, service: Any) -> None:
    twin = attrs.evolve(counter, anthony=counter.zoe)
    assert twin.tried(twin.let_in()) == {""}
    assert by_the_host_as_json(twin) == set()
    assert by_the_command(twin) == set()
    assert by_the_asynchronous_host(twin) == set()
    assert by_the_sender_itself(twin) == {""}
    assert len(service.receptions) == 5
