"""``segur doctor``: what is wrong with this installation, and the mend of each."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Final

import attrs
from rich.markup import escape
from rich.table import Table

from segur_host.broker.keys import KeyRing
from segur_host.broker.loopback import Loopback
from segur_host.broker.network import Network
from segur_host.broker.token_tls import self_test
from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, JsonOption, config_path
from segur_host.cli.output import console, only_json
from segur_host.clock import SystemClock
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig
from segur_host.host import Host
from segur_host.messages import explain
from segur_host.registry.registry import PluginState
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError, SegurError, UserMessage
from segur_sdk.manifest import NetworkUse

WARN_BEFORE: Final = timedelta(days=30)
"""A certificate is announced as expiring from then on (*guide de commande de certificats*: one month before)."""
_LIBRARY: Final = frozenset({"token.module_missing", "token.module_unusable"})


@attrs.frozen
class Check:
    """One line of the doctor."""

    check: str
    status: str
    """``ok``, ``warning`` or ``problem``."""
    finding: str
    action: str | None = None


def doctor(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Examine l’installation : configuration, données, audit, modules, certificats, lecteurs."""
    with only_json() as output:
        checks = list(examine(lambda: load_config(config_path(config))))
        if json:
            output.write([attrs.asdict(check) for check in checks])
    if not json:
        table = Table("Examen", "État", "Constat", "À faire")
        for one in checks:
            table.add_row(one.check, one.status, escape(one.finding), escape(one.action or ""))
        console.print(table)
    fail(ExitCode.NO, when=any(one.status == "problem" for one in checks))


def examine(load: Callable[[], HostConfig]) -> Iterator[Check]:
    """Make every check that can be made; one that fails does not stop those it says nothing about."""
    try:
        config = load()
    except SegurError as failure:
        yield _problem("configuration", failure)
        return
    yield Check("configuration", "ok", f"environnement {config.environment}")
    yield from _keys(config)
    yield from _trust(config)
    try:
        with Host(config) as host:
            yield Check("données", "ok", "base chiffrée lisible")
            yield from _audit(host)
            yield from _plugins(host)
            yield from _purposes(host)
            yield from _readers(host)
    except SegurError as failure:
        yield _problem("données", failure)


def _keys(config: HostConfig) -> Iterator[Check]:
    ring = KeyRing(config)
    now = SystemClock().now()
    for use in sorted(config.keys):
        name = f"certificat {use}"
        if config.keys[use].token is not None:
            yield _token_key(name)
            continue
        try:
            found = ring.certificate(use)
        except SegurError as failure:
            yield _problem(name, failure)
            continue
        until = f"{found.subject_cn}, valable jusqu’au {found.not_after:%d/%m/%Y}"
        if found.not_after <= now:
            yield Check(name, "problem", f"{until} : expiré", "Commandez un nouveau certificat et installez-le.")
        elif found.not_before > now:
            yield Check(name, "problem", f"{until} : pas encore valable", "Vérifiez l’heure de la machine.")
        elif found.not_after <= now + WARN_BEFORE:
            yield Check(name, "warning", f"{until} : expire bientôt", "Commandez dès maintenant son renouvellement.")
        else:
            yield Check(name, "ok", until)


def _token_key(name: str) -> Check:
    """Tell whether this machine can use a key that stays on a card; the card itself need not be there."""
    obstacle = self_test()
    if obstacle is not None:
        return _problem(name, obstacle)
    return Check(name, "ok", "sur une carte ; utilisable dès qu’une session est ouverte avec elle")


def _trust(config: HostConfig) -> Iterator[Check]:
    ring = KeyRing(config)
    for name in sorted(config.trust):
        try:
            ring.ssl_context(None, name)
        except SegurError as failure:
            yield _problem(f"autorités {name}", failure)
        else:
            yield Check(f"autorités {name}", "ok", "lisibles")


def _audit(host: Host) -> Iterator[Check]:
    try:
        found = host.audit.verify()
    except SegurError as failure:
        yield _problem("audit", failure)
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


def _plugins(host: Host) -> Iterator[Check]:
    for entry in sorted(host.plugins.values(), key=lambda one: one.id):
        name = f"module {entry.id}"
        if entry.state is PluginState.ACTIVE:
            yield Check(name, "ok", f"version {entry.version}, actif")
        elif entry.state is PluginState.DISABLED:
            yield Check(name, "warning", "désactivé", _action(entry.reason, host.messages))
        elif entry.reason is not None:
            yield _problem(name, entry.reason, host.messages)


def _purposes(host: Host) -> Iterator[Check]:
    """Tell whether active plugins can authenticate at an authority, and whether a browser can come back from one."""
    network = Network(host.config.environment, host.config.network)
    active = [entry for entry in host.plugins.values() if entry.state is PluginState.ACTIVE and entry.manifest]
    for use in [use for entry in active if entry.manifest for use in entry.manifest.network]:
        if use.auth == "client" and use.key not in host.config.keys:
            yield _client(network, use)
        elif use.protocol == "browser":
            yield _return(network, use)


def _client(network: Network, use: NetworkUse) -> Check:
    name = f"client {use.purpose}"
    try:
        client = network.client(use)
        client.secret.resolve()
    except SegurError as failure:
        return _problem(name, failure)
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
        return _problem(name, failure)


def _readers(host: Host) -> Iterator[Check]:
    said: list[CardError] = []
    try:
        slots = host.slots()
    except CardError as failure:
        said.append(failure)
    else:
        said.extend(host.reader_failures())
        yield from map(_reader, slots)
    yield from (_warning("lecteurs", one) for one in said)
    # Drivers of tokens say of readers what their own drivers say.
    codes = {one.code for one in said}
    yield from (_token(one) for one in host.token_failures() if one.code not in codes)


def _reader(slot: SlotState) -> Check:
    name = f"lecteur {slot.slot}"
    if slot.present and slot.in_use:
        return _warning(name, CardError("card.reader_in_use", slot=slot.slot))
    if slot.present and slot.atr is None:
        return _warning(name, CardError("card.mute", slot=slot.slot))
    return Check(name, "ok", "carte présente" if slot.present else "vide")


def _token(failure: CardError) -> Check:
    """Tell a library that cannot be used from a card that cannot be read now."""
    return _problem("jetons", failure) if failure.code in _LIBRARY else _warning("jetons", failure)


def _action(failure: SegurError | None, messages: Mapping[str, UserMessage]) -> str | None:
    return explain(failure, messages).action if failure is not None else None


def _problem(check: str, failure: SegurError, messages: Mapping[str, UserMessage] | None = None) -> Check:
    text = explain(failure, messages)
    return Check(check, "problem", f"{text.message} [{failure}]", text.action)


def _warning(check: str, failure: SegurError) -> Check:
    return attrs.evolve(_problem(check, failure), status="warning")
