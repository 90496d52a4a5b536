"""``segur doctor``: what is wrong with this installation, and the mend of each."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Final

import attrs
from rich.markup import escape
from rich.table import Table

from segur_host.broker.keys import KeyRing
from segur_host.broker.loopback import Loopback
from segur_host.broker.network import Network
from segur_host.cli.check import Check, problem, warning
from segur_host.cli.doctor_certificates import certificate_checks, expiry, permission_checks, token_key
from segur_host.cli.doctor_clock import clock_check
from segur_host.cli.doctor_outbox import outbox_checks
from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, JsonOption, config_path
from segur_host.cli.output import console, only_json
from segur_host.clock import SystemClock
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig
from segur_host.host import Host
from segur_host.messages import explain
from segur_host.registry.registry import PluginState
from segur_sdk.context import Clock
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError, SegurError, UserMessage
from segur_sdk.manifest import NetworkUse

_LIBRARY: Final = frozenset({"token.module_missing", "token.module_unusable"})


def doctor(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Examine configuration, données, droits, horloge, audit, modules, certificats, envois et lecteurs."""
    with only_json() as output:
        checks = list(examine(lambda: load_config(config_path(config)), SystemClock()))
        if json:
            output.write([attrs.asdict(check) for check in checks])
    if not json:
        table = Table("Examen", "État", "Constat", "À faire")
        for one in checks:
            table.add_row(one.check, one.status, escape(one.finding), escape(one.action or ""))
        console.print(table)
    fail(ExitCode.NO, when=any(one.status == "problem" for one in checks))


def examine(load: Callable[[], HostConfig], clock: Clock) -> Iterator[Check]:
    """Make every check that can be made; one that fails does not stop those it says nothing about.

    Args:
        load: reads the configuration.
        clock: of the machine.
    """
    try:
        config = load()
    except SegurError as failure:
        yield problem("configuration", failure)
        return
    yield Check("configuration", "ok", f"environnement {config.environment}")
    yield from _trust(config)
    try:
        with Host(config, clock=clock) as host:
            yield Check("données", "ok", "base chiffrée lisible")
            yield from permission_checks(config.data)
            yield from _audit(host, clock.now())
            yield from _plugins(host)
            yield from certificate_checks(host, clock)
            yield from outbox_checks(host, clock.now())
            yield from _purposes(host)
            yield from _readers(host)
    except SegurError as failure:
        yield problem("données", failure)
        yield from _keys(config, clock)


def _keys(config: HostConfig, clock: Clock) -> Iterator[Check]:
    """Give what the files of the configuration say of its keys, when the host cannot be opened to know more."""
    ring = KeyRing(config)
    for use in sorted(config.keys):
        name = f"certificat {use}"
        if config.keys[use].token is not None:
            yield token_key(name)
            continue
        try:
            yield expiry(name, ring.certificate(use), clock.now())
        except SegurError as failure:
            yield problem(name, failure)


def _trust(config: HostConfig) -> Iterator[Check]:
    ring = KeyRing(config)
    for name in sorted(config.trust):
        try:
            ring.ssl_context(None, name)
        except SegurError as failure:
            yield problem(f"autorités {name}", failure)
        else:
            yield Check(f"autorités {name}", "ok", "lisibles")


def _audit(host: Host, now: datetime) -> Iterator[Check]:
    """Give whether the audit is whole, and whether the clock agrees with it and with what authorities dated."""
    try:
        found = host.audit.verify()
    except SegurError as failure:
        yield problem("audit", failure)
        yield clock_check(host, now, 0)
        return
    if found.ok:
        yield Check("audit", "ok", f"{found.records} enregistrements intacts")
    else:
        yield Check(
            "audit",
            "problem",
            f"altéré à l’enregistrement {found.first_bad_seq} ({found.reason})",
            "Conservez une copie du dossier de données et prévenez le responsable de la sécurité.",
        )
    yield clock_check(host, now, found.records)


def _plugins(host: Host) -> Iterator[Check]:
    for entry in sorted(host.plugins.values(), key=lambda one: one.id):
        name = f"module {entry.id}"
        if entry.state is PluginState.ACTIVE:
            yield Check(name, "ok", f"version {entry.version}, actif")
        elif entry.state is PluginState.DISABLED:
            yield Check(name, "warning", "désactivé", _action(entry.reason, host.messages))
        elif entry.reason is not None:
            yield problem(name, entry.reason, host.messages)


def _purposes(host: Host) -> Iterator[Check]:
    """Tell whether active plugins can authenticate at an authority, and whether a browser can come back from one."""
    network = Network(host.config.environment, host.config.network)
    active = [entry for entry in host.plugins.values() if entry.state is PluginState.ACTIVE and entry.manifest]
    for use in [use for entry in active if entry.manifest for use in entry.manifest.network]:
        yield from _address(network, use)
        if use.auth == "client" and use.key not in host.config.keys:
            yield _client(network, use)
        elif use.protocol == "browser":
            yield _return(network, use)


def _address(network: Network, use: NetworkUse) -> Iterator[Check]:
    """Give what is wrong with an address that is known; where none is, whoever needs it says so."""
    try:
        network.url(use)
    except SegurError as failure:
        if failure.code != "config.no_address":
            yield problem(f"adresse {use.purpose}", failure)


def _client(network: Network, use: NetworkUse) -> Check:
    name = f"client {use.purpose}"
    try:
        client = network.client(use)
        client.secret.resolve()
    except SegurError as failure:
        return problem(name, failure)
    return Check(name, "ok", f"{client.id}, par secret")


def _return(network: Network, use: NetworkUse) -> Check:
    name = f"retour {use.purpose}"
    redirects = network.redirects(use)
    if not redirects:
        action = f"Si l’autorité exige une adresse exacte, renseignez [network.{use.purpose}] redirect."
        return Check(name, "warning", "aucune adresse enregistrée : un port libre sert à chaque connexion", action)
    try:
        with Loopback(redirects, lambda: True) as loopback:
            return Check(name, "ok", f"{loopback.redirect_uri} est libre, {len(redirects)} adresse(s) enregistrée(s)")
    except SegurError as failure:
        return problem(name, failure)


def _readers(host: Host) -> Iterator[Check]:
    said: list[CardError] = []
    try:
        slots = host.slots()
    except CardError as failure:
        said.append(failure)
    else:
        said.extend(host.reader_failures())
        yield from map(_reader, slots)
    yield from (warning("lecteurs", one) for one in said)
    # Drivers of tokens say of readers what their own drivers say.
    codes = {one.code for one in said}
    yield from (_token(one) for one in host.token_failures() if one.code not in codes)


def _reader(slot: SlotState) -> Check:
    name = f"lecteur {slot.slot}"
    if slot.present and slot.in_use:
        return warning(name, CardError("card.reader_in_use", slot=slot.slot))
    if slot.present and slot.atr is None:
        return warning(name, CardError("card.mute", slot=slot.slot))
    return Check(name, "ok", "carte présente" if slot.present else "vide")


def _token(failure: CardError) -> Check:
    """Tell a library that cannot be used from a card that cannot be read now."""
    return problem("jetons", failure) if failure.code in _LIBRARY else warning("jetons", failure)


def _action(failure: SegurError | None, messages: Mapping[str, UserMessage]) -> str | None:
    return explain(failure, messages).action if failure is not None else None
