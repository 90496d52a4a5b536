"""What carries plugins: storage, readers, connections, keys, and the dispatcher that lends them."""

from collections.abc import Iterator
from contextlib import ExitStack, suppress

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
from segur_host.events.table import EventTable
from segur_host.keyring.announcements import Announcements
from segur_host.keyring.host_keyring import HostKeyring
from segur_host.keyring.kept_keys import KeptKeys
from segur_host.keyring.kept_lists import KeptLists
from segur_host.keyring.sealed import SealedSecrets
from segur_host.keyring.store import KEYS_FOLDER, KeyStore
from segur_host.registry.discovery import discover
from segur_host.registry.registry import PluginState, Registry
from segur_host.sessions.vault import TokenVault
from segur_host.storage.database import Database
from segur_host.traces.store import TraceStore
from segur_sdk.context import Clock, Software
from segur_sdk.errors import Fact, HostError
from segur_sdk.manifest import PluginManifest


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
    keyring: HostKeyring

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
        passphrase, former = config.keyring.passphrase, config.keyring.former_passphrase
        store = KeyStore(config.data / KEYS_FOLDER, passphrase, database.instance, former)
        keys = KeyRing(config, devices.tokens, clock, store)

        def record(event: str, **facts: Fact) -> None:
            audit.append(AuditEntry(event=event, facts=facts))

        keyring = HostKeyring(
            keys,
            store,
            KeptKeys(keys, store, clock, config.environment),
            SealedSecrets(database, passphrase, former),
            KeptLists(config.data / CRL_FOLDER, clock),
            Announcements(database, EventTable(database).add, clock),
            lambda: _enabled(registry),
            record,
        )
        # Without it nothing of the store changes; a host starts all the same.
        with suppress(HostError):
            keyring.adopt()
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
            keyring=keyring,
        )
        dispatcher = Dispatcher(registry, resources, config.limits.suspend_after)
        at_end.callback(dispatcher.close)
        return cls(database, audit, traces, registry, devices, vault, dispatcher, keyring)


def _enabled(registry: Registry) -> Iterator[PluginManifest]:
    """Yield the manifests of the plugins that may use keys."""
    for entry in registry.entries.values():
        if entry.manifest is not None and entry.state in {PluginState.ACTIVE, PluginState.SUSPENDED}:
            yield entry.manifest
