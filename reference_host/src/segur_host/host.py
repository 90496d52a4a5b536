"""The façade that practice software talks to: the verbs of the counter, each one call."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Self

import attrs
from pydantic import SecretStr

from segur_host.broker.ask import Asker, ImpatientAsker, NobodyToAsk
from segur_host.broker.browser import OpenBrowser, system_browser
from segur_host.broker.cancelling import Cancellation
from segur_host.broker.card_watch import CardEvent
from segur_host.carrier import Carrier
from segur_host.certificates import Certificates
from segur_host.clock import SystemClock
from segur_host.config.loading import checked, load_config
from segur_host.config.model import HostConfig
from segur_host.consents.ledger import Consents
from segur_host.dispatch.context import Caller
from segur_host.dispatch.dispatcher import new_call_id
from segur_host.dispatch.outcome import HookResult
from segur_host.document_verbs import DocumentVerbs
from segur_host.documents.opening import open_documents
from segur_host.events.table import EventTable
from segur_host.events.teller import EventTeller
from segur_host.given_events import GivenEvents
from segur_host.identities.desk import IdentityDesk
from segur_host.identities.policy import policy_of
from segur_host.identity_verbs import IdentityVerbs
from segur_host.inputs import CardInput
from segur_host.operators.accounts import Accounts
from segur_host.operators.acknowledgements import Acknowledgements
from segur_host.operators.desk import OperatorDesk
from segur_host.outbox.opening import open_outbox
from segur_host.registry.registry import PluginEntry
from segur_host.scheduler.scheduler import Scheduler
from segur_host.sending_verbs import SendingVerbs
from segur_host.sessions.notices import notices_of
from segur_host.sessions.open_sessions import OpenSession, acting
from segur_host.sessions.providers import SessionProviders, request_for
from segur_host.sessions.records import SessionRecords
from segur_host.sessions.sessions import Login, SessionChange, Sessions
from segur_host.storage.host_key import KeyPurpose
from segur_sdk.cards.nature import check_nature
from segur_sdk.context import Clock
from segur_sdk.drivers import SlotState, TokenState
from segur_sdk.errors import CardError, InputError, UserMessage
from segur_sdk.hooks import HOOKS, HookMode
from segur_sdk.hooks.card_read import CardReadEvent
from segur_sdk.hooks.session_login import SessionLoginEvent
from segur_sdk.identity.seal import Sealer
from segur_sdk.models.actor import Actor, SessionMeans
from segur_sdk.models.base import Event
from segur_sdk.models.card import ApcvContext, CardPresence, CardReading, HostSuppliedReading
from segur_sdk.services.session_provider import AuthorityLogout, Device, LoginFlow


class Host(IdentityVerbs, SendingVerbs, DocumentVerbs):
    """Carries plugins for one installation of a practice software.

    Args:
        config: a configuration, or the path of its file.
        asker: carries questions to whoever sits there; without one, calls that need an answer fail.
        clock: instead of the system's.
        safe_mode: start without any plugin.
        browser: opens an address in the browser of whoever sits there, and tells whether that began; the system's
            without one. It is called on a thread of its own.

    Raises:
        ConfigError: the configuration cannot be used.
        HostError: the data folder cannot be used.
    """

    def __init__(
        self,
        config: HostConfig | Path | str,
        *,
        asker: Asker | None = None,
        clock: Clock | None = None,
        safe_mode: bool = False,
        browser: OpenBrowser = system_browser,
    ) -> None:
        self.config = checked(config) if isinstance(config, HostConfig) else load_config(Path(config))
        self._actor = Actor(structure=self.config.structure, **self.config.actor.model_dump())
        self._asker = asker or NobodyToAsk()
        self._clock = clock or SystemClock()
        self._browser = browser
        with ExitStack() as opened:
            self._open(opened, safe_mode=safe_mode)
            self._opened = opened.pop_all()

    def _open(self, opened: ExitStack, *, safe_mode: bool) -> None:
        """Open everything; what was opened is closed again if something fails, and in the reverse order at the end."""
        carrier = Carrier.opened(self.config, self._clock, self._browser, opened, safe_mode=safe_mode)
        self.audit = carrier.audit
        self.traces = carrier.traces
        self._registry = carrier.registry
        self._devices = carrier.devices
        self._dispatcher = carrier.dispatcher
        events = EventTable(carrier.database)
        teller = EventTeller(events, self._told, self.audit)
        opened.callback(teller.close)
        self.keyring = carrier.keyring
        self.keyring.when_announced(teller.wake)
        self.operators = Accounts(carrier.database, self._clock)
        self.acknowledgements = Acknowledgements(carrier.database, self._clock)
        accounts_required = self.config.sessions.accounts == "host"
        self._sessions = Sessions(
            SessionProviders(self._registry, self._dispatcher),
            OperatorDesk(self.operators, self.acknowledgements, self.audit, required=accounts_required),
            self._devices,
            SessionRecords(carrier.database, events, teller, self.audit, self._clock),
            carrier.vault,
            self._clock,
            self._actor,
            self.config.sessions,
        )
        opened.callback(self._sessions.end_all)
        if not safe_mode:
            # Without plugins there is nobody to tell, and nothing would be left for those who come back.
            teller.start()
        self._desk = IdentityDesk(
            carrier.database,
            Sealer(carrier.database.key.derive(KeyPurpose.SEAL)),
            self._dispatcher.call,
            self.audit,
            self.traces,
            self._clock,
            self.config.environment,
            policy_of(self.config.identity),
        )
        self.jobs = Scheduler(
            carrier.database, self._registry.entries.values(), self._dispatcher, self._clock, self._actor
        )
        opened.callback(self.jobs.close)
        self.certificates = Certificates(
            self.config.data,
            self.audit,
            self._registry,
            self._dispatcher,
            self.keyring,
            self._caller,
            self._nobody,
        )
        self._given = GivenEvents(self._devices.cards, self._desk.sealed, self._clock)
        self.consents = Consents(carrier.database, self.audit, self._clock)
        self.outbox = open_outbox(
            self.config, carrier, self._desk, self.consents, lambda: self._sessions.all, self._clock
        )
        opened.callback(self.outbox.close)
        self._documents = open_documents(self.config, carrier, self.outbox, self._clock)
        self._sessions.subscribe(lambda change: None if change.ended else self.outbox.wake_for_session())

    def close(self) -> None:
        """Let go of plugins, readers, connections and storage."""
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def plugins(self) -> Mapping[str, PluginEntry]:
        """Every plugin found or configured, by id, with its state."""
        return self._registry.entries

    @property
    def messages(self) -> Mapping[str, UserMessage]:
        """French texts that plugins bring."""
        return self._registry.messages

    @property
    def session(self) -> OpenSession | None:
        """The session in which calls are made here: the one named by ``acting``, or the only one; ``None`` without any.

        Raises:
            InputError: ``session.unnamed``: several are open and none is named; ``session.unknown``: the one that is
                named is over.
        """
        return self._sessions.current

    @property
    def sessions(self) -> tuple[OpenSession, ...]:
        """Every session that is open on this workstation, the oldest first."""
        return self._sessions.all

    def session_until(self, opened: OpenSession) -> datetime:
        """Return when a session that is open is over if nobody uses it any more: a call made in it may put that off.

        The nearest of: what the means and ``[sessions]`` allow at most, the time without a call, and the time after
        which its tokens can no longer be renewed.
        """
        return self._sessions.until(opened)

    def acting(self, session_id: str) -> AbstractContextManager[None]:
        """Have every call of the block, in this thread or task, made in one session."""
        return acting(session_id)

    def login(
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
        """Sign somebody in.

        Args:
            means: by which he proves who he is.
            slot: reader of his card, when it is not the only professional's card that is there.
            token_serial: serial number of his token, when it sits in no reader.
            exercice: id of the situation d'exercice; when there are several and none is given, it is asked.
            operator: name of his account, for means ``local``.
            flow: how Pro Santé Connect proves it.
            national_id: his national identifier, for the flow ``ciba``.
            device: where he answers the flow ``ciba``.
            asker: instead of the host's; asks the PIN (``token.pin``), the code (``operator.code``), the situation
                (``session.exercice``), and whether he knows that his identifier is sent (``session.acknowledge``).
            cancellation: by which another thread gives it up while its user is awaited.

        Returns:
            The session, and what every plugin adds to it. It ends with ``logout``, with the removal of the card that
            opened it, at its time, when nobody used it for long, when the authority ends it, or with the host.

        Raises:
            InputError: ``session.already_open``, ``session.signing_in``, ``session.exercice_unknown``,
                ``session.not_linked``, ``operator.refused``, ``operator.wait``, ``input.session``,
                ``input.cancelled``, and those of a question without answer.
            PluginError: ``plugin.session_means``.
            SegurError: what the plugin said that authenticates.
        """
        request = request_for(
            means=means,
            slot=slot,
            token_serial=token_serial,
            operator=operator,
            flow=flow,
            national_id=national_id,
            device=device,
        )
        given_up = cancellation or Cancellation()
        nobody = self._sessions.anybody(new_call_id(), self._patient(asker, given_up))
        opened = self._sessions.open(request, exercice, attrs.evolve(nobody, cancellation=given_up))
        event = SessionLoginEvent(actor=opened.actor, session=opened.session, occurred_at=self._clock.now())
        with acting(opened.id):
            contributions = self._called("on_session_login", event, asker)
        return Login(opened, contributions, notices_of(opened))

    def logout(self, session_id: str | None = None, *, everywhere: bool = False) -> None:
        """End a session: its card is locked, plugins are told.

        Args:
            session_id: whose; that of ``session``, if one is open, without it.
            everywhere: its user leaves Pro Santé Connect as well, for every other software.

        Raises:
            InputError: ``session.unnamed``; ``session.unknown``: the one that was named is over, or never was.
            SegurError: what the authority said to ``everywhere``; the session is over here all the same.
        """
        if session_id is None:
            current = self.session
            if current is not None:
                self._sessions.close(current.id, everywhere=everywhere)
        elif not self._sessions.close(session_id, everywhere=everywhere):
            raise InputError("session.unknown")

    def ended_elsewhere(self, means: SessionMeans, logout_token: str) -> int:
        """Take what an authority says of a session of its own that is over (OpenID Back-Channel Logout 1.0).

        Returns:
            How many sessions that ended here.

        Raises:
            InputError: it was not the authority who said so.
            SegurError: what the plugin said that authenticates by these means.
        """
        said = AuthorityLogout(logout_token=SecretStr(logout_token))
        return self._sessions.end_elsewhere(means, said, self._sessions.anybody(new_call_id(), NobodyToAsk()))

    def watch_sessions(self, listener: Callable[[SessionChange], None]) -> Callable[[], None]:
        """Call ``listener`` for every session that opens or ends from now on, from a thread of the host.

        Returns:
            What ends that.
        """
        return self._sessions.subscribe(listener)

    def watch_cards(self, listener: Callable[[CardEvent], None]) -> Callable[[], None]:
        """Call ``listener`` for every card that comes or goes from now on, from a thread of the host.

        Returns:
            What ends that.
        """
        return self._devices.watch.subscribe(listener)

    def slots(self) -> tuple[SlotState, ...]:
        """Return the slots of every reader with what sits in them."""
        return self._devices.cards.slots()

    def reader_failures(self) -> tuple[CardError, ...]:
        """Return what each driver of readers says that cannot tell its slots now, whatever the others say."""
        return self._devices.cards.survey().failures

    def tokens(self) -> tuple[TokenState, ...]:
        """Return the tokens of every driver, and where their PINs stand; no PIN is needed."""
        return tuple(found.state for found in self._devices.tokens.present())

    def token_failures(self) -> tuple[CardError, ...]:
        """Return what keeps drivers of tokens from telling theirs, whether or not others tell some."""
        return self._devices.tokens.failures()

    def call(self, hook: str, event: Event | str, *, asker: Asker | None = None) -> HookResult:
        """Call a hook and return its value with every outcome.

        Args:
            hook: its name; hooks that decide a send are not called from here.
            event: an event, or its JSON, in which a card is ``{"slot": …}`` or ``{"atr": …, "apdus": …}`` and an
                identity ``{"identity_ref": …}``.
            asker: instead of the host's.

        Raises:
            InputError: ``input.hook_unknown``, ``input.hook_decides``, ``input.event``.
            CardError: a card was read that may not be used in this environment.
        """
        info = HOOKS.get(hook)
        if info is None:
            raise InputError("input.hook_unknown")
        if info.mode is HookMode.DECIDE:
            raise InputError("input.hook_decides", hook=hook)
        if not isinstance(event, str):
            return self._called(hook, event, asker)
        with self._given.event(hook, event) as understood:
            return self._called(hook, understood, asker)

    @contextmanager
    def presented(self, card: CardInput) -> Iterator[CardPresence | HostSuppliedReading]:
        """Present a card for as long as the block lasts: needed for a recorded one, which has no slot of its own.

        Raises:
            CardError: ``card.absent``, ``card.reader_unavailable``.
        """
        with self._given.card(card) as source:
            yield source

    def read_card(
        self, card: str | CardPresence | ApcvContext | HostSuppliedReading, *, asker: Asker | None = None
    ) -> CardReading:
        """Read a card.

        Args:
            card: name of a slot, an insertion, or the reading of the practice software's own component.
            asker: instead of the host's.

        Raises:
            CardError: the card cannot be read, or may not be used in this environment.
            SegurError: what a plugin reported.
        """
        source = self._devices.cards.presence(card) if isinstance(card, str) else card
        event = CardReadEvent(card=source, occurred_at=self._clock.now())
        result = self._called("on_card_read", event, asker)
        if result.value is None:
            raise result.failure or CardError("card.unknown")
        assert isinstance(result.value, CardReading)
        return result.value

    def _called(self, hook: str, event: Event, asker: Asker | None) -> HookResult:
        result = self._dispatcher.call(hook, event, self._caller(asker))
        if isinstance(result.value, CardReading):
            check_nature(result.value.nature, self.config.environment)
        return result

    def _caller(self, asker: Asker | None) -> Caller:
        return self._sessions.caller(new_call_id(), self._patient(asker, Cancellation()))

    def _nobody(self) -> Caller:
        return self._sessions.anybody(new_call_id(), NobodyToAsk())

    def _patient(self, asker: Asker | None, cancellation: Cancellation) -> Asker:
        return ImpatientAsker(asker or self._asker, self.config.limits.ask_timeout_s, cancellation)

    def _told(self, hook: str, event: Event) -> HookResult:
        return self._dispatcher.call(hook, event, self._nobody())
