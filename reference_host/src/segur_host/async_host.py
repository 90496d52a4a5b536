"""The same verbs for programs that run an event loop: each one runs in a thread."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Self

from segur_host.broker.ask import Asker
from segur_host.broker.browser import OpenBrowser, system_browser
from segur_host.broker.cancelling import Cancellation
from segur_host.broker.card_watch import CardEvent
from segur_host.config.model import HostConfig
from segur_host.consents.ledger import ConsentState, InformationChannel
from segur_host.dispatch.outcome import HookResult
from segur_host.document_verbs import LeftOut, NotValidated
from segur_host.documents.desk import Validated
from segur_host.documents.document import ValidatedDocument
from segur_host.host import Host
from segur_host.identities.desk import Identification
from segur_host.identities.person import Person
from segur_host.identities.repository import Revision
from segur_host.inputs import CardInput
from segur_host.outbox.intents import Intent, IntentState
from segur_host.outbox.kinds import FEEDING
from segur_host.outbox.outbox import DryRun, Receipt
from segur_host.registry.registry import PluginEntry
from segur_host.sessions.open_sessions import OpenSession
from segur_host.sessions.sessions import Login, SessionChange
from segur_sdk.context import Clock
from segur_sdk.drivers import SlotState, TokenState
from segur_sdk.errors import CardError, UserMessage
from segur_sdk.hooks.dmp_send import DmpDraft
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.base import Event
from segur_sdk.models.card import ApcvContext, CardPresence, CardReading, HostSuppliedReading
from segur_sdk.models.identity import IdentityAttribute, Presentation, TraitName, Traits
from segur_sdk.services.session_provider import Device, LoginFlow


class AsyncHost:
    """Async twin of ``Host``; see there for every verb.

    A task that is cancelled stops waiting; the call it made ends by its own deadline.
    """

    def __init__(self, host: Host) -> None:
        self.sync = host

    @classmethod
    async def start(
        cls,
        config: HostConfig | Path | str,
        *,
        asker: Asker | None = None,
        clock: Clock | None = None,
        safe_mode: bool = False,
        browser: OpenBrowser = system_browser,
    ) -> Self:
        """Start a host; see ``Host``."""
        return cls(
            await asyncio.to_thread(Host, config, asker=asker, clock=clock, safe_mode=safe_mode, browser=browser)
        )

    async def close(self) -> None:
        """Let go of readers, connections and storage."""
        await asyncio.to_thread(self.sync.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def slots(self) -> tuple[SlotState, ...]:
        """See ``Host.slots``."""
        return await asyncio.to_thread(self.sync.slots)

    async def tokens(self) -> tuple[TokenState, ...]:
        """See ``Host.tokens``."""
        return await asyncio.to_thread(self.sync.tokens)

    async def call(self, hook: str, event: Event | str, *, asker: Asker | None = None) -> HookResult:
        """See ``Host.call``."""
        return await asyncio.to_thread(self.sync.call, hook, event, asker=asker)

    @property
    def session(self) -> OpenSession | None:
        """See ``Host.session``."""
        return self.sync.session

    async def login(
        self,
        means: SessionMeans,
        *,
        slot: str | None = None,
        token_serial: str | None = None,
        exercice: str | None = None,
        operator: str | None = None,
        flow: LoginFlow | None = None,
        national_id: str | None = None,
        device: Device | None = None,
        asker: Asker | None = None,
        cancellation: Cancellation | None = None,
    ) -> Login:
        """See ``Host.login``; a task that is cancelled gives the login up."""
        given_up = cancellation or Cancellation()
        try:
            return await asyncio.to_thread(
                self.sync.login,
                means,
                slot=slot,
                token_serial=token_serial,
                exercice=exercice,
                operator=operator,
                flow=flow,
                national_id=national_id,
                device=device,
                asker=asker,
                cancellation=given_up,
            )
        except asyncio.CancelledError:
            given_up.cancel()
            raise

    async def logout(self, session_id: str | None = None, *, everywhere: bool = False) -> None:
        """See ``Host.logout``."""
        await asyncio.to_thread(self.sync.logout, session_id, everywhere=everywhere)

    async def ended_elsewhere(self, means: SessionMeans, logout_token: str) -> int:
        """See ``Host.ended_elsewhere``."""
        return await asyncio.to_thread(self.sync.ended_elsewhere, means, logout_token)

    @property
    def sessions(self) -> tuple[OpenSession, ...]:
        """See ``Host.sessions``."""
        return self.sync.sessions

    async def session_until(self, opened: OpenSession) -> datetime:
        """See ``Host.session_until``."""
        return await asyncio.to_thread(self.sync.session_until, opened)

    def acting(self, session_id: str) -> AbstractContextManager[None]:
        """See ``Host.acting``: holds for the calls that the task awaits within the block."""
        return self.sync.acting(session_id)

    def watch_sessions(self, listener: Callable[[SessionChange], None]) -> Callable[[], None]:
        """See ``Host.watch_sessions``: the listener is called from a thread of the host, not in the event loop."""
        return self.sync.watch_sessions(listener)

    async def reader_failures(self) -> tuple[CardError, ...]:
        """See ``Host.reader_failures``."""
        return await asyncio.to_thread(self.sync.reader_failures)

    async def token_failures(self) -> tuple[CardError, ...]:
        """See ``Host.token_failures``."""
        return await asyncio.to_thread(self.sync.token_failures)

    def watch_cards(self, listener: Callable[[CardEvent], None]) -> Callable[[], None]:
        """See ``Host.watch_cards``: the listener is called from a thread of the host, not in the event loop."""
        return self.sync.watch_cards(listener)

    @property
    def plugins(self) -> Mapping[str, PluginEntry]:
        """See ``Host.plugins``."""
        return self.sync.plugins

    @property
    def messages(self) -> Mapping[str, UserMessage]:
        """See ``Host.messages``."""
        return self.sync.messages

    @asynccontextmanager
    async def presented(self, card: CardInput) -> AsyncIterator[CardPresence | HostSuppliedReading]:
        """See ``Host.presented``."""
        presented = self.sync.presented(card)
        source = await asyncio.to_thread(presented.__enter__)
        try:
            yield source
        finally:
            await asyncio.to_thread(presented.__exit__, None, None, None)

    async def read_card(
        self, card: str | CardPresence | ApcvContext | HostSuppliedReading, *, asker: Asker | None = None
    ) -> CardReading:
        """See ``Host.read_card``."""
        return await asyncio.to_thread(self.sync.read_card, card, asker=asker)

    async def identify(
        self,
        person: Person,
        *,
        document: Presentation | None = None,
        confirmed: frozenset[TraitName] = frozenset(),
        automatic: bool = False,
        search: bool = True,
        validated: bool = False,
        asker: Asker | None = None,
    ) -> Identification:
        """See ``Host.identify``."""
        return await asyncio.to_thread(
            self.sync.identify,
            person,
            document=document,
            confirmed=confirmed,
            automatic=automatic,
            search=search,
            validated=validated,
            asker=asker,
        )

    async def qualify(
        self,
        identity_ref: str,
        *,
        person: Person | None = None,
        document: Presentation | None = None,
        confirmed: frozenset[TraitName] = frozenset(),
        automatic: bool = False,
        search: bool = True,
        validated: bool = False,
        asker: Asker | None = None,
    ) -> Identification:
        """See ``Host.qualify``."""
        return await asyncio.to_thread(
            self.sync.qualify,
            identity_ref,
            person=person,
            document=document,
            confirmed=confirmed,
            automatic=automatic,
            search=search,
            validated=validated,
            asker=asker,
        )

    async def correct(self, identity_ref: str, traits: Traits, *, as_super_user: bool = False) -> Identification:
        """See ``Host.correct``."""
        return await asyncio.to_thread(self.sync.correct, identity_ref, traits, as_super_user=as_super_user)

    async def mark(self, identity_ref: str, attribute: IdentityAttribute, *, present: bool = True) -> Identification:
        """See ``Host.mark``."""
        return await asyncio.to_thread(self.sync.mark, identity_ref, attribute, present=present)

    async def invalidate_ins(self, identity_ref: str) -> Identification:
        """See ``Host.invalidate_ins``."""
        return await asyncio.to_thread(self.sync.invalidate_ins, identity_ref)

    async def identity(self, identity_ref: str) -> SealedIdentity:
        """See ``Host.identity``."""
        return await asyncio.to_thread(self.sync.identity, identity_ref)

    async def admit(self, identity: object) -> SealedIdentity:
        """See ``Host.admit``."""
        return await asyncio.to_thread(self.sync.admit, identity)

    async def search(self, birth_date: date, name: str = "", given_name: str = "") -> tuple[SealedIdentity, ...]:
        """See ``Host.search``."""
        return await asyncio.to_thread(self.sync.search, birth_date, name, given_name)

    async def history(self, identity_ref: str) -> tuple[Revision, ...]:
        """See ``Host.history``."""
        return await asyncio.to_thread(self.sync.history, identity_ref)

    async def send(
        self,
        draft: DmpDraft | str,
        *,
        kind: str = FEEDING,
        idempotency_key: str | None = None,
        hold: bool = False,
    ) -> Receipt:
        """See ``Host.send``."""
        return await asyncio.to_thread(self.sync.send, draft, kind=kind, idempotency_key=idempotency_key, hold=hold)

    async def validate(self, document: ValidatedDocument | str, *, feed: bool = False, hold: bool = False) -> Validated:
        """See ``Host.validate``."""
        return await asyncio.to_thread(self.sync.validate, document, feed=feed, hold=hold)

    async def validate_all(
        self, documents: Iterable[ValidatedDocument | str], *, feed: bool = False, hold: bool = False
    ) -> Iterator[Validated | NotValidated]:
        """See ``Host.validate_all``; all are taken before the first answer is given."""
        return iter(await asyncio.to_thread(lambda: tuple(self.sync.validate_all(documents, feed=feed, hold=hold))))

    async def feed_past(
        self, documents: Iterable[ValidatedDocument | str]
    ) -> Iterator[Validated | NotValidated | LeftOut]:
        """See ``Host.feed_past``; all are taken before the first answer is given."""
        return iter(await asyncio.to_thread(lambda: tuple(self.sync.feed_past(documents))))

    async def rehearse(self, draft: DmpDraft | str, *, kind: str = FEEDING) -> DryRun:
        """See ``Host.rehearse``."""
        return await asyncio.to_thread(self.sync.rehearse, draft, kind=kind)

    async def unsent(self, *states: IntentState) -> Iterator[Intent]:
        """See ``Host.unsent``; all are read before the first is given."""
        return iter(await asyncio.to_thread(lambda: tuple(self.sync.unsent(*states))))

    async def retry(self, intent_id: str) -> Intent:
        """See ``Host.retry``."""
        return await asyncio.to_thread(self.sync.retry, intent_id)

    async def cancel(self, intent_id: str) -> Intent:
        """See ``Host.cancel``."""
        return await asyncio.to_thread(self.sync.cancel, intent_id)

    async def inform(
        self, identity_ref: str, channel: InformationChannel, *, at: datetime | None = None
    ) -> ConsentState:
        """See ``Host.inform``."""
        return await asyncio.to_thread(self.sync.inform, identity_ref, channel, at=at)

    async def oppose(
        self, identity_ref: str, *, motive: str | None = None, document: str | None = None
    ) -> ConsentState:
        """See ``Host.oppose``."""
        return await asyncio.to_thread(self.sync.oppose, identity_ref, motive=motive, document=document)

    async def judge_opposition(
        self, identity_ref: str, *, judge: str, accepted: bool, document: str | None = None
    ) -> ConsentState:
        """See ``Host.judge_opposition``."""
        return await asyncio.to_thread(
            self.sync.judge_opposition, identity_ref, judge=judge, accepted=accepted, document=document
        )

    async def lift_opposition(self, identity_ref: str, *, document: str | None = None) -> ConsentState:
        """See ``Host.lift_opposition``."""
        return await asyncio.to_thread(self.sync.lift_opposition, identity_ref, document=document)

    async def consents_of(self, identity_ref: str) -> ConsentState:
        """See ``Host.consents_of``."""
        return await asyncio.to_thread(self.sync.consents_of, identity_ref)
