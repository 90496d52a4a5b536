"""The context of one plugin in one call: what its manifest declares, and nothing once the call is over."""

# ruff: noqa: D102 - what each property is for stands in the protocol, segur_sdk.context.HookContext

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import TypeVar

import attrs

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.broker.ask import Asker, show
from segur_host.broker.browser import BrowserBroker
from segur_host.broker.cancelling import Cancellation
from segur_host.broker.cards import CardBroker
from segur_host.broker.http import HttpBroker
from segur_host.broker.keys import KeyRing
from segur_host.broker.lending import usable_seconds
from segur_host.broker.signing import SigningBroker
from segur_host.broker.store import PluginStore
from segur_host.broker.tokens import FoundToken, TokenBroker
from segur_host.dispatch.deadline import CallDeadline
from segur_host.dispatch.patience import Patience
from segur_host.keyring.host_keyring import HostKeyring
from segur_host.keyring.lent import LentKeyring
from segur_host.operators.rights import NATIONAL
from segur_host.registry.registry import PluginEntry
from segur_host.sessions.vault import TokenVault
from segur_host.storage.database import Database
from segur_host.traces.store import TraceStore
from segur_sdk.cards.channel import CardChannel
from segur_sdk.context import Clock, HttpClient, PluginSettings, Signer, Software, Visit
from segur_sdk.drivers import OfficialReading, TokenCertificate, TokenData, TokenState
from segur_sdk.errors import Fact, InputError, PluginError
from segur_sdk.manifest import NetworkUse, PluginManifest
from segur_sdk.models.actor import Actor, Environment, Session
from segur_sdk.models.card import CardPresence
from segur_sdk.models.certificate import CertificateInfo
from segur_sdk.models.notice import Notice, Question
from segur_sdk.services import SERVICES

SettingsT = TypeVar("SettingsT", bound=PluginSettings)
ServiceT = TypeVar("ServiceT")


@attrs.frozen
class Resources:
    """What the host lends to plugins, the same for every call."""

    tenant: str
    environment: Environment
    software: Software
    clock: Clock
    database: Database
    audit: AuditLog
    traces: TraceStore
    http: HttpBroker
    browser: BrowserBroker
    vault: TokenVault
    patience_s: float
    """How long a call may wait, in all, for somebody who acts elsewhere."""
    cards: CardBroker
    tokens: TokenBroker
    keys: KeyRing
    signing: SigningBroker
    keyring: HostKeyring


@attrs.frozen
class Caller:
    """On whose behalf a call is made."""

    call_id: str
    actor: Actor
    session: Session | None
    asker: Asker
    cancellation: Cancellation = attrs.field(factory=Cancellation)
    """By which the person gives up what he is asked to do."""


class CallContext:
    """Implements ``HookContext`` for one plugin and one call.

    Args:
        entry: the plugin.
        caller: on whose behalf.
        deadline: of the call.
        resources: what may be lent.
        serve: makes the proxy of a service for this context.
        within: the context that asks for a service, when this one serves it.
    """

    def __init__(
        self,
        entry: PluginEntry,
        caller: Caller,
        deadline: CallDeadline,
        resources: Resources,
        serve: "Callable[[CallContext, type], object]",
        within: "CallContext | None" = None,
    ) -> None:
        if entry.manifest is None or entry.loaded is None:
            raise PluginError("plugin.not_loaded", plugin=entry.id)
        self._entry = entry
        self._manifest: PluginManifest = entry.manifest
        self._settings = entry.loaded.settings
        self._resources = resources
        self._serve = serve
        self._over = False
        self.caller = caller
        self.chain: tuple[str, ...] = (*(within.chain if within else ()), entry.id)
        """Plugins engaged in this call, outermost first, to refuse a circle of services."""
        self.call_deadline = deadline
        self.may_ask: bool = self._manifest.prompts and (within is None or within.may_ask)
        self.notes: list[AuditEntry] = within.notes if within else []
        """What plugins noted; written with the outcome, in one go."""
        self.patience: Patience = within.patience if within else Patience(resources.patience_s)
        """For those who act elsewhere, the same for every plugin engaged in this call."""

    def end(self) -> None:
        """Make every proxy refuse from now on: a call that was given up has no effect any more."""
        self._over = True

    @property
    def plugin(self) -> str:
        """Id of the plugin."""
        return self._entry.id

    @property
    def call_id(self) -> str:
        return self.caller.call_id

    @property
    def tenant(self) -> str:
        return self._resources.tenant

    @property
    def environment(self) -> Environment:
        return self._resources.environment

    @property
    def software(self) -> Software:
        return self._resources.software

    @property
    def actor(self) -> Actor:
        return self.caller.actor

    @property
    def session(self) -> Session | None:
        return self.caller.session

    @property
    def deadline(self) -> CallDeadline:
        return self.call_deadline

    @property
    def clock(self) -> Clock:
        return self._resources.clock

    @property
    def audit(self) -> "_Notes":
        self._require(granted=True, what="audit")
        return _Notes(self)

    @property
    def store(self) -> "_StoreProxy":
        self._require(granted=bool(self._manifest.data.stores), what="store")
        return _StoreProxy(self, PluginStore(self._resources.database, self.tenant, self.plugin))

    @property
    def cards(self) -> "_CardProxy":
        self._require(granted=self._manifest.cards, what="cards")
        return _CardProxy(self, self._resources.cards)

    @property
    def tokens(self) -> "_TokensProxy":
        self._require(granted=self._manifest.tokens, what="tokens")
        # A token module goes to the readers by itself.
        self._resources.cards.settle(self.call_id)
        return _TokensProxy(self, self._resources.tokens)

    @property
    def keys(self) -> "_KeyProxy":
        return _KeyProxy(self, self._resources.keys, self._resources.signing)

    @property
    def keyring(self) -> LentKeyring:
        self._require(granted=self._manifest.keyring, what="keyring")
        return LentKeyring(self._resources.keyring, self)

    def settings(self, model: type[SettingsT], /) -> SettingsT:
        if not isinstance(self._settings, model):
            raise PluginError("plugin.not_granted", plugin=self.plugin, what="settings")
        return self._settings

    def http(self, purpose: str, /) -> HttpClient:
        use = self._purpose(("https", "http"), purpose, what=f"http:{purpose}")
        # Without TLS nothing is sent by which anybody is known.
        if use.protocol == "https":
            self.require_acknowledged()
        return self._resources.http.client(use, self, self._access_token)

    def browser(self, purpose: str, /) -> AbstractContextManager[Visit]:
        use = self._purpose(("browser",), purpose, what=f"browser:{purpose}")
        return self._resources.browser.visit(use, self, self.caller.cancellation)

    def service(self, protocol: type[ServiceT], /) -> ServiceT:
        # The very protocol of the SDK: another class of that name could name any method of the provider.
        granted = protocol.__name__ in self._manifest.uses and SERVICES.get(protocol.__name__) is protocol
        self._require(granted=granted, what=f"service:{protocol.__name__}")
        proxy = self._serve(self, protocol)
        assert isinstance(proxy, protocol)
        return proxy

    def ask(self, question: Question, /) -> str:
        self._require(granted=self.may_ask, what="ask")
        with self.call_deadline.paused():
            return self.caller.asker.ask(question)

    def show(self, notice: Notice, /) -> None:
        self._require(granted=self.may_ask, what="show")
        with self.call_deadline.paused():
            show(self.caller.asker, notice)

    def wait(self, seconds: float, /) -> None:
        self._require(granted=self.may_ask, what="wait")
        with self.call_deadline.paused():
            self.patience.wait(seconds, self.caller.cancellation, self.require_running)

    def record(self, event: str, **facts: Fact) -> None:
        """Add an audit record in the name of this plugin, now."""
        self._resources.audit.append(self._entry_of(event, facts))

    def note(self, event: str, **facts: Fact) -> None:
        """Keep an audit record in the name of this plugin, to be written with the outcome of its part."""
        self.require_running()
        self.notes.append(self._entry_of(event, facts))

    def declares_key(self, use: str, *, signs: bool = False) -> bool:
        """Tell whether the manifest declares a key for ``use``, and one that signs if that is asked."""
        return any(key.use == use and (key.signs or not signs) for key in self._manifest.keys)

    def require_running(self) -> None:
        """Refuse what a call asks for after it was given up.

        Raises:
            PluginError: ``plugin.call_over``.
        """
        if self._over or self.call_deadline.is_given_up:
            raise PluginError("plugin.call_over", plugin=self.plugin)

    def require_acknowledged(self) -> None:
        """Call no national service in the name of somebody who does not know that his identifier is sent.

        Raises:
            InputError: ``session.not_acknowledged``.
        """
        session = self.caller.session
        # Who authenticated him has his identifier already, and has to end what it began.
        if session is not None and NATIONAL not in session.rights and not self._manifest.session_means:
            raise InputError("session.not_acknowledged")

    def _purpose(self, protocols: tuple[str, ...], purpose: str, *, what: str) -> NetworkUse:
        """Return what the manifest declares of a purpose of one of those protocols."""
        of_that_name = (use for use in self._manifest.network if use.purpose == purpose)
        use = next((use for use in of_that_name if use.protocol in protocols), None)
        self._require(granted=use is not None, what=what)
        assert use is not None
        return use

    def _access_token(self) -> str:
        session = self.caller.session
        return self._resources.vault.access_token(session.session_id if session else None, usable_seconds(self))

    def _entry_of(self, event: str, facts: Mapping[str, Fact]) -> AuditEntry:
        return AuditEntry(event=event, call_id=self.call_id, plugin=self.plugin, actor=self.actor, facts=facts)

    def _require(self, *, granted: bool, what: str) -> None:
        self.require_running()
        if not granted:
            raise PluginError("plugin.not_granted", plugin=self.plugin, what=what)


class _Notes:
    def __init__(self, ctx: CallContext) -> None:
        self._ctx = ctx

    def note(self, event: str, **facts: Fact) -> None:
        self._ctx.note(f"{self._ctx.plugin}.{event}", **facts)


class _StoreProxy:
    def __init__(self, ctx: CallContext, store: PluginStore) -> None:
        self._ctx = ctx
        self._store = store

    def get(self, key: str) -> bytes | None:
        self._ctx.require_running()
        return self._store.get(key)

    def put(self, key: str, value: bytes) -> None:
        self._ctx.require_running()
        self._store.put(key, value)

    def delete(self, key: str) -> None:
        self._ctx.require_running()
        self._store.delete(key)


class _KeyProxy:
    def __init__(self, ctx: CallContext, keys: KeyRing, signing: SigningBroker) -> None:
        self._ctx = ctx
        self._keys = keys
        self._signing = signing

    def certificate(self, use: str) -> CertificateInfo:
        self._ctx.require_running()
        if not self._ctx.declares_key(use):
            raise PluginError("plugin.not_granted", plugin=self._ctx.plugin, what=f"key:{use}")
        return self._keys.certificate(use)

    def signer(self, use: str) -> Signer:
        self._ctx.require_running()
        if not self._ctx.declares_key(use, signs=True):
            raise PluginError("plugin.not_granted", plugin=self._ctx.plugin, what=f"sign:{use}")
        self._ctx.require_acknowledged()
        return self._signing.signer(use, self._ctx.session, self._ctx)


class _CardProxy:
    def __init__(self, ctx: CallContext, cards: CardBroker) -> None:
        self._ctx = ctx
        self._cards = cards

    def open(self, presence: CardPresence) -> AbstractContextManager[CardChannel]:
        self._ctx.require_running()
        return self._cards.open(presence, self._ctx)

    def read_officially(self, presence: CardPresence) -> OfficialReading:
        self._ctx.require_running()
        return self._cards.read_officially(presence, self._ctx)

    def confirm(self, presence: CardPresence) -> None:
        self._ctx.require_running()
        self._cards.confirm(presence, self._ctx)


class _TokensProxy:
    def __init__(self, ctx: CallContext, tokens: TokenBroker) -> None:
        self._ctx = ctx
        self._tokens = tokens

    def present(self) -> tuple[TokenState, ...]:
        return tuple(found.state for found in self._tokens.present(self._ctx))

    def at(self, slot: str) -> "_TokenProxy":
        return _TokenProxy(self._ctx, self._tokens, self._tokens.at(slot, self._ctx))

    def of_serial(self, serial: str) -> "_TokenProxy":
        return _TokenProxy(self._ctx, self._tokens, self._tokens.of_serial(serial, self._ctx))


class _TokenProxy:
    def __init__(self, ctx: CallContext, tokens: TokenBroker, found: FoundToken) -> None:
        self._ctx = ctx
        self._tokens = tokens
        self._found = found

    @property
    def state(self) -> TokenState:
        return self._found.state

    def certificates(self) -> tuple[TokenCertificate, ...]:
        return self._tokens.certificates(self._found, self._ctx)

    def data(self) -> tuple[TokenData, ...]:
        return self._tokens.data(self._found, self._ctx)

    def unlock(self) -> None:
        self._tokens.unlock(self._found, self._ctx.ask, self._ctx)

    def prove(self, key: str, trust: str) -> None:
        self._tokens.prove(self._found, key, trust, self._ctx)
