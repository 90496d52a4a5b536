"""What carries plugins: storage, readers, connections, keys, and the dispatcher that lends them."""

from contextlib import ExitStack

import attrs

from segur_host.audit.log import AuditEntry, AuditLog
from segur_host.broker.browser import BrowserBroker, OpenBrowser
from segur_host.broker.http import HttpBroker
from segur_host.broker.keys import KeyRing
from segur_host.broker.network import Network
from segur_host.broker.signing import SigningBroker
from segur_host.broker.tls.crl_folder import CRL_FOLDER, CrlFolder
from segur_host.config.model import HostConfig
from segur_host.devices import Devices
from segur_host.dispatch.context import Resources
from segur_host.dispatch.dispatcher import Dispatcher
from segur_host.registry.discovery import discover
from segur_host.registry.registry import Registry
from segur_host.sessions.vault import TokenVault
from segur_host.storage.database import Database
from segur_host.traces.store import TraceStore
from segur_sdk.context import Clock, Software


@attrs.frozen
class Carrier:
    """The parts of an open host that its verbs use."""

    database: Database
    audit: AuditLog
    traces: TraceStore
    registry: Registry
    devices: Devices
    vault: TokenVault
    dispatcher: Dispatcher

    @classmethod
    def opened(
        cls, config: HostConfig, clock: Clock, browser: OpenBrowser, at_end: ExitStack, *, safe_mode: bool
    ) -> "Carrier":
        """Open everything; ``at_end`` closes it in the reverse order.

        Raises:
            ConfigError: the configuration cannot be used.
            HostError: the data folder cannot be used.
        """
        database = at_end.enter_context(Database(config.data, config.tenant))
        audit = AuditLog(database, clock)
        at_end.callback(audit.close)
        traces = TraceStore(database, clock, config.traces.retention_days)
        registry = Registry(list(discover()), config.plugins, safe_mode=safe_mode)
        devices = Devices(config, registry.drivers, clock)
        at_end.callback(devices.close)
        devices.cards.when_relayed(
            lambda slot: audit.append(AuditEntry(event="broker.card.relay", facts={"slot": slot}))
        )
        keys = KeyRing(config, devices.tokens)
        network = Network(config.environment, config.network)
        http = HttpBroker(keys, network, CrlFolder(config.data / CRL_FOLDER, clock))
        at_end.callback(http.close)
        visits = BrowserBroker(browser, network, config.limits.ask_timeout_s)
        at_end.callback(visits.close)
        devices.tokens.when_locked(http.forget_token)
        vault = TokenVault(clock)
        resources = Resources(
            tenant=config.tenant,
            environment=config.environment,
            software=Software(instance=database.instance, **config.software.model_dump()),
            clock=clock,
            database=database,
            audit=audit,
            traces=traces,
            http=http,
            browser=visits,
            vault=vault,
            patience_s=config.limits.ask_timeout_s,
            cards=devices.cards,
            tokens=devices.tokens,
            keys=keys,
            signing=SigningBroker(keys, devices.tokens, config.environment),
        )
        dispatcher = Dispatcher(registry, resources, config.limits.suspend_after)
        at_end.callback(dispatcher.close)
        return cls(database, audit, traces, registry, devices, vault, dispatcher)
