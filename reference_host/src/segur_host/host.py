"""The façade that practice software talks to: the verbs of the counter, each one call."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path
from typing import Self

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.broker.ask import Asker, ImpatientAsker, NobodyToAsk
from segur_host.broker.card_watch import CardEvent
from segur_host.broker.http import HttpBroker
from segur_host.broker.keys import KeyRing
from segur_host.clock import SystemClock
from segur_host.config.loading import checked, load_config
from segur_host.config.model import HostConfig
from segur_host.devices import Devices
from segur_host.dispatch.context import Caller, Resources
from segur_host.dispatch.dispatcher import Dispatcher, new_call_id
from segur_host.dispatch.outcome import HookResult
from segur_host.events.table import EventTable
from segur_host.events.teller import EventTeller
from segur_host.given_events import GivenEvents
from segur_host.identities.desk import Identification, IdentityDesk, Wish
from segur_host.identities.given import attribute_named, held_to_form
from segur_host.identities.person import Person
from segur_host.identities.policy import policy_of
from segur_host.identities.repository import Revision
from segur_host.inputs import CardInput
from segur_host.registry.discovery import discover
from segur_host.registry.registry import PluginEntry, Registry
from segur_host.sessions.providers import SessionProviders, request_for
from segur_host.sessions.sessions import Login, OpenSession, Sessions
from segur_host.storage.database import Database
from segur_host.storage.host_key import KeyPurpose
from segur_host.traces.store import TraceStore
from segur_sdk.cards.nature import check_nature
from segur_sdk.context import Clock, Software
from segur_sdk.drivers import SlotState, TokenState
from segur_sdk.errors import CardError, InputError, UserMessage
from segur_sdk.hooks import HOOKS, HookMode
from segur_sdk.hooks.card_read import CardReadEvent
from segur_sdk.hooks.session_login import SessionLoginEvent
from segur_sdk.identity.engine import change_traits, clear_attribute, invalidate_ins, set_attribute
from segur_sdk.identity.seal import SealedIdentity, Sealer
from segur_sdk.models.actor import Actor, SessionMeans
from segur_sdk.models.base import Event
from segur_sdk.models.card import ApcvContext, CardPresence, CardReading, HostSuppliedReading
from segur_sdk.models.identity import IdentityAttribute, Presentation, TraitName, Traits


class Host:
    """Carries plugins for one installation of a practice software.

    Args:
        config: a configuration, or the path of its file.
        asker: carries questions to whoever sits there; without one, calls that need an answer fail.
        clock: instead of the system's.
        safe_mode: start without any plugin.

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
    ) -> None:
        self.config = checked(config) if isinstance(config, HostConfig) else load_config(Path(config))
        self._actor = Actor(structure=self.config.structure, **self.config.actor.model_dump())
        self._asker = asker or NobodyToAsk()
        self._clock = clock or SystemClock()
        with ExitStack() as opened:
            self._open(opened, safe_mode=safe_mode)
            self._opened = opened.pop_all()

    def _open(self, opened: ExitStack, *, safe_mode: bool) -> None:
        """Open everything; what was opened is closed again if something fails, and in the reverse order at the end."""
        self._database = opened.enter_context(Database(self.config.data, self.config.tenant))
        self.audit = AuditLog(self._database, self._clock)
        opened.callback(self.audit.close)
        self.traces = TraceStore(self._database, self._clock, self.config.traces.retention_days)
        self._registry = Registry(list(discover()), self.config.plugins, safe_mode=safe_mode)
        self._devices = Devices(self.config, self._registry.drivers, self._clock)
        opened.callback(self._devices.close)
        self._devices.cards.when_relayed(
            lambda slot: self.audit.append(AuditEntry(event="broker.card.relay", facts={"slot": slot}))
        )
        keys = KeyRing(self.config, self._devices.tokens)
        self._http = HttpBroker(
            keys, self.config.environment, {name: str(one.url) for name, one in self.config.network.items()}
        )
        opened.callback(self._http.close)
        self._devices.tokens.when_locked(self._http.forget_token)
        resources = Resources(
            tenant=self.config.tenant,
            environment=self.config.environment,
            software=Software(instance=self._database.instance, **self.config.software.model_dump()),
            clock=self._clock,
            database=self._database,
            audit=self.audit,
            traces=self.traces,
            http=self._http,
            cards=self._devices.cards,
            tokens=self._devices.tokens,
            keys=keys,
        )
        self._dispatcher = Dispatcher(self._registry, resources, self.config.limits.suspend_after)
        opened.callback(self._dispatcher.close)
        events = EventTable(self._database)
        teller = EventTeller(events, self._told, self.audit)
        opened.callback(teller.close)
        providers = SessionProviders(self._registry, self._dispatcher)
        self._sessions = Sessions(
            self._database, providers, self._devices, events, teller, self.audit, self._clock, self._actor
        )
        opened.callback(self._sessions.end_all)
        if not safe_mode:
            # Without plugins there is nobody to tell, and nothing would be left for those who come back.
            teller.start()
        self._desk = IdentityDesk(
            self._database,
            Sealer(self._database.key.derive(KeyPurpose.SEAL)),
            self._dispatcher.call,
            self.audit,
            self.traces,
            self._clock,
            self.config.environment,
            policy_of(self.config.identity),
        )
        self._given = GivenEvents(self._devices.cards, self._desk.sealed, self._clock)

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
        """The session that is open on this workstation, if any; every call is made on its behalf."""
        return self._sessions.current

    def login(
        self,
        means: SessionMeans,
        *,
        slot: str | None = None,
        token_serial: str | None = None,
        exercice: str | None = None,
        asker: Asker | None = None,
    ) -> Login:
        """Sign a professional in.

        Args:
            means: by which he proves who he is.
            slot: reader of his card, when it is not the only professional's card that is there.
            token_serial: serial number of his token, when it sits in no reader.
            exercice: id of the situation d'exercice; when there are several and none is given, it is asked.
            asker: instead of the host's; asks the PIN (``token.pin``) and the situation (``session.exercice``).

        Returns:
            The session, and what every plugin adds to it. It ends with ``logout``, with the removal of the card that
            opened it, or with the host.

        Raises:
            InputError: ``session.already_open``, ``session.exercice_unknown``, ``input.session``, and those of a
                question without answer.
            PluginError: ``plugin.session_means``.
            SegurError: what the plugin said that authenticates.
        """
        request = request_for(means, slot, token_serial)
        opened = self._sessions.open(request, exercice, self._caller(asker))
        event = SessionLoginEvent(actor=opened.actor, session=opened.session, occurred_at=self._clock.now())
        return Login(opened, self._called("on_session_login", event, asker))

    def logout(self) -> None:
        """End the session that is open, if any: the card is locked, plugins are told."""
        current = self.session
        if current is not None:
            self._sessions.close(current.session.session_id)

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

    def identify(
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
        """Find a person or record him, ask for his INS, and take his proof of identity.

        Args:
            person: five strict traits; or what is known to search with; or a beneficiary of a card; or a received
                INS to verify.
            document: what was shown, or why nothing was.
            confirmed: traits on which the user, who saw both values, takes the answer's.
            automatic: nobody triggered this by hand.
            search: ask for the INS when it is not known; false for somebody who has none.
            validated: the user asked for the qualification; needed where the structure switched the automatic one
                off.
            asker: instead of the host's.

        Returns:
            The identity with its status. A service that is down shows among the outcomes; the status is as before.

        Raises:
            IdentityError: a rule of identitovigilance says no.
            InputError: ``input.identify``, ``input.matricule_key``.
        """
        wish = Wish(document, confirmed, automatic, search, validated)
        return self._desk.identify(person, self._caller(asker), wish)

    def qualify(
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
        """Bring a recorded identity further: evidence when it has no INS yet, then the proof of identity.

        Args:
            identity_ref: reference given by ``identify``.
            person: by what to search, when not by the recorded traits.
            document: as for ``identify``.
            confirmed: as for ``identify``.
            automatic: as for ``identify``.
            search: as for ``identify``.
            validated: as for ``identify``.
            asker: instead of the host's.

        Raises:
            IdentityError: ``identity.unknown``, or a rule of identitovigilance says no.
        """
        wish = Wish(document, confirmed, automatic, search, validated)
        return self._desk.qualify(identity_ref, self._caller(asker), wish, person=person)

    def correct(self, identity_ref: str, traits: Traits, *, as_super_user: bool = False) -> Identification:
        """Record corrected traits; a changed strict trait drops the INS and the proof of identity."""
        return self._desk.change(
            identity_ref,
            lambda known: change_traits(known.record, held_to_form(traits, Traits), as_super_user=as_super_user),
            self._caller(None),
        )

    def mark(self, identity_ref: str, attribute: IdentityAttribute, *, present: bool = True) -> Identification:
        """Set or clear *homonyme*, *douteux* or *fictif*."""
        engine = set_attribute if present else clear_attribute
        named = attribute_named(attribute)
        return self._desk.change(identity_ref, lambda known: engine(known.record, named), self._caller(None))

    def invalidate_ins(self, identity_ref: str) -> Identification:
        """Drop an INS that its source no longer confirms; the proof of identity remains."""
        return self._desk.change(identity_ref, lambda known: invalidate_ins(known.record), self._caller(None))

    def identity(self, identity_ref: str) -> SealedIdentity:
        """Return an identity as it stands now, sealed.

        Raises:
            IdentityError: ``identity.unknown``.
        """
        return self._desk.sealed(identity_ref)

    def admit(self, identity: object) -> SealedIdentity:
        """Let an identity through the host's door: only one that this host sealed and that is still current.

        Raises:
            IdentityError: ``identity.not_sealed``, ``identity.elsewhere``, ``identity.outdated``.
        """
        return self._desk.admit(identity)

    def search(self, birth_date: date, name: str = "", given_name: str = "") -> tuple[SealedIdentity, ...]:
        """Search before creating: people born that day whose names begin so, accents and separators aside."""
        return self._desk.search(birth_date, name, given_name)

    def history(self, identity_ref: str) -> tuple[Revision, ...]:
        """Return every revision of an identity with its date, author and events, oldest first."""
        return self._desk.history(identity_ref)

    def _called(self, hook: str, event: Event, asker: Asker | None) -> HookResult:
        result = self._dispatcher.call(hook, event, self._caller(asker))
        if isinstance(result.value, CardReading):
            check_nature(result.value.nature, self.config.environment)
        return result

    def _caller(self, asker: Asker | None) -> Caller:
        return self._sessions.caller(
            new_call_id(), ImpatientAsker(asker or self._asker, self.config.limits.ask_timeout_s)
        )

    def _told(self, hook: str, event: Event) -> HookResult:
        return self._dispatcher.call(hook, event, Caller(new_call_id(), self._actor, None, NobodyToAsk()))
