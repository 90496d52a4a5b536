"""``python dev.py bench [--json]``: what the design promises about speed, as ratios within one run."""

import concurrent.futures
import json
import os
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import httpx
import pluggy

from segur_host import Host
from segur_host.audit.log import AuditEntry
from segur_host.config.model import PluginTable
from segur_host.dispatch.context import CallContext
from segur_host.dispatch.deadline import CallDeadline
from segur_host.dispatch.dispatcher import Dispatcher
from segur_host.registry.discovery import Discovered, discover
from segur_host.registry.registry import Registry
from segur_sdk.context import HttpClient, HttpReply
from segur_sdk.hooks import HOOKS, SegurHooks
from segur_sdk.hooks.markers import PROJECT
from segur_sdk.hooks.qualify_identity import IdentityRequest, TraitsSubject
from segur_sdk.hooks.session_login import SessionLoginEvent
from segur_sdk.manifest import HookUse, PluginManifest
from segur_sdk.models.actor import Actor, ActorKind, Session, SessionMeans, Structure
from segur_sdk.models.identity import SearchTraits, Sex
from tests.benchmarks.cards import card_readings
from tests.benchmarks.certificates import certificates
from tests.benchmarks.dmp import feeding
from tests.benchmarks.kit import recording
from tests.benchmarks.measuring import Result, alone, compared
from tests.benchmarks.noop_plugins import Noop
from tests.benchmarks.sessions import sessions
from tests.benchmarks.setting import ANSWER, Setting, setting
from tests.benchmarks.tokens import token_keys

SUBPROCESS_ROUNDS = 9
FIRST_MODEL = "from pydantic import BaseModel\nclass A(BaseModel):\n    x: int = 0\nA(x=1)"
HEADERS = {
    "content-type": "application/soap+xml; charset=utf-8;"
    ' action="urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite"'
}


def main() -> int:
    """Run every benchmark; exit 1 if a target is missed."""
    as_json = "--json" in sys.argv
    manifests = {found.id: found.sha256 for found in discover() if found.sha256}
    with tempfile.TemporaryDirectory(prefix="segur-bench-") as folder, setting(Path(folder), manifests) as place:
        # What needs programs of the system comes first: without them nothing is measured in vain.
        results = [*card_readings(), *token_keys(place)]
        results += [
            *dispatching(place),
            *importing(place),
            *calling_insi(place),
            *memory(place),
            *recording(),
            *sessions(),
            *certificates(),
            *feeding(),
        ]
    if as_json:
        print(json.dumps([result.as_json() for result in results], ensure_ascii=False))  # noqa: T201
    else:
        for one in results:
            against = f" vs {one.peer:g} = ×{one.ratio:g}" if one.ratio is not None else ""
            wanted = f" (target ×{one.target:g}: {'met' if one.met else 'MISSED'})" if one.target else ""
            print(f"{one.id:42} {one.value:10g} {one.unit}{against}{wanted} [{one.spread}] {one.note}")  # noqa: T201
    return int(any(one.met is False for one in results))


def dispatching(place: Setting) -> Iterator[Result]:
    """Five no-op plugins, with deadline, outcome and audit, beside one executor call and five audit appends."""
    with Host(place.config, safe_mode=True) as host:
        dispatcher = Dispatcher(_five_plugins(), host._dispatcher._resources, suspend_after=3)
        caller = host._caller(None)
        event = _login()
        executor = concurrent.futures.ThreadPoolExecutor(1)
        entry = AuditEntry(event="bench.peer", call_id=caller.call_id, plugin="noop", actor=caller.actor)

        def peer() -> None:
            executor.submit(lambda: None).result(10)
            for _ in range(5):
                host.audit.append(entry)

        yield compared(
            "dispatch.five_noop_plugins",
            lambda: dispatcher.call("on_session_login", event, caller),
            peer,
            rounds=300,
            target=2.0,
            note="peer: executor submit().result(timeout) + five audit appends",
        )
        yield alone("dispatch.audit_append", lambda: host.audit.append(entry), rounds=300)
        executor.shutdown()
    manager = pluggy.PluginManager(PROJECT)
    manager.add_hookspecs(SegurHooks)
    for number in range(5):
        manager.register(Noop(), name=f"noop{number}")
    yield alone(
        "dispatch.raw_pluggy",
        lambda: manager.hook.on_session_login(event=event, ctx=None),
        rounds=2000,
        note="neither deadline, nor outcome, nor audit",
    )


def importing(place: Setting) -> Iterator[Result]:
    """Import times, each in a fresh interpreter."""
    yield _processes("import.segur_sdk", "import segur_sdk", FIRST_MODEL, target=1.3, note="peer: pydantic + a model")
    imports = "import segur_host.host, segur_plugin_insi.plugin, segur_plugin_vitale.plugin"
    first = (
        f"from segur_host import Host\nwith Host({str(place.config)!r}) as host:\n"
        '    host.call(\'on_prescription_scanned\', \'{"symbology":"qr","payload":"x","origin":"file"}\')'
    )
    yield _processes("host.cold_start_to_first_dispatch", first, imports, note="peer: the imports alone")


def calling_insi(place: Setting) -> Iterator[Result]:
    """One INSi call through the host beside the bare httpx call, both on a warm connection."""
    request = IdentityRequest(
        subject=TraitsSubject(
            traits=SearchTraits(
                nom_naissance="ADRUN",
                prenoms_naissance=("ZOE",),
                sexe=Sex.FEMALE,
                date_naissance=date(1975, 12, 31),
                lieu_naissance="63220",
            )
        )
    )
    context = ssl.create_default_context(cafile=str(place.ca))
    context.load_cert_chain(*map(str, place.client))
    body = ANSWER.encode("utf-8")
    with Host(place.config) as host, httpx.Client(verify=context, trust_env=False) as client:
        result = host.call("qualify_identity", request)
        if result.value is None:
            raise SystemExit(f"the call failed: {result.failure}")
        yield compared(
            "insi.one_call",
            lambda: host.call("qualify_identity", request),
            lambda: client.post(place.url, content=body, headers=HEADERS),
            rounds=400,
            unit="ms",
            target=1.5,
            note="peer: bare httpx with a ready body",
        )
        yield from _stages(host, request, body)


class _WithoutWire(CallContext):
    """A context whose service answers at once and whose records go nowhere: what is left is the plugin."""

    reply: HttpReply

    @property
    def address(self) -> str:
        """Where nothing is."""
        return "https://127.0.0.1"

    def http(self, purpose: str, /) -> HttpClient:
        return self

    def request(self, *_: object, **__: object) -> HttpReply:
        """Answer at once."""
        return self.reply


def _stages(host: Host, request: IdentityRequest, body: bytes) -> Iterator[Result]:
    """The same call in its parts: the document written and read, the wire with its guards, the commit."""
    dispatcher = host._dispatcher
    resources, caller = dispatcher._resources, host._caller(None)
    [(entry, qualify)] = host._registry.answering("qualify_identity")
    assert entry.manifest is not None
    alone_ctx = _WithoutWire(entry, caller, CallDeadline(600), resources, dispatcher._serve)
    alone_ctx.reply = HttpReply(status=200, headers={"content-type": "application/soap+xml"}, body=body)
    yield alone("insi.stage_document", lambda: qualify(request, alone_ctx), rounds=300, unit="ms")
    ctx = CallContext(entry, caller, CallDeadline(600), resources, dispatcher._serve)
    use = next(use for use in entry.manifest.network if use.purpose == "insi-manu")
    client = resources.http.client(use, ctx)
    yield alone("insi.stage_wire", lambda: client.request("POST", headers=HEADERS, body=body), rounds=300, unit="ms")
    result = host.call("qualify_identity", request)
    info = HOOKS["qualify_identity"]
    yield alone("insi.stage_commit", lambda: dispatcher._account(info, result.outcomes, caller), rounds=300, unit="ms")


def memory(place: Setting) -> Iterator[Result]:
    """Resident memory of a host with all plugins beside the same without any."""
    script = (
        "import sys\nfrom segur_host import Host\nwith Host({config!r}, safe_mode={safe}) as host:\n"
        "    print(next(l.split()[1] for l in open('/proc/self/status') if l.startswith('VmRSS')))"
    )
    with_all = _resident(script.format(config=str(place.config), safe=False))
    without = _resident(script.format(config=str(place.config), safe=True))
    plugins = sum(1 for _ in discover())
    yield Result("memory.per_enabled_plugin", round((with_all - without) / plugins / 1024, 2), "MiB")
    yield Result("memory.host_without_plugins", round(without / 1024, 2), "MiB")


def _resident(script: str) -> float:
    found = [
        int(subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout) for _ in range(3)
    ]
    return statistics.median(found)


def _processes(name: str, ours: str, peer: str, *, target: float | None = None, note: str = "") -> Result:
    # The interpreter's own start is on both sides: it would flatter the ratio, and is taken away.
    bare = min(_seconds("pass") for _ in range(SUBPROCESS_ROUNDS))
    mine, other = [], []
    for _ in range(SUBPROCESS_ROUNDS):
        mine.append((_seconds(ours) - bare) * 1000)
        other.append((_seconds(peer) - bare) * 1000)
    value, against = statistics.median(mine), statistics.median(other)
    return Result(
        id=name,
        value=round(value, 1),
        unit="ms",
        peer=round(against, 1),
        ratio=round(value / against, 3),
        target=target,
        spread=f"{min(mine):.0f}–{max(mine):.0f} / {min(other):.0f}–{max(other):.0f}",
        note=note,
    )


def _seconds(code: str) -> float:
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env=os.environ | {"PYTHONDONTWRITEBYTECODE": ""})
    return time.perf_counter() - started


def _five_plugins() -> Registry:
    found, tables = [], {}
    for number in range(5):
        manifest = PluginManifest(
            manifest_version=1,
            id=f"noop{number}",
            display_name="Rien à dire",
            description="Décline tout.",
            license="Apache-2.0",
            maintainers=("banc",),
            sdk=">=0.1,<2",
            entry="tests.benchmarks.noop_plugins:Noop",
            hooks=(HookUse(name="on_session_login", version="1.0"),),
        )
        found.append(Discovered(id=manifest.id, version="1", sha256="0" * 64, manifest=manifest))
        tables[manifest.id] = PluginTable(enabled=True, manifest_sha256="0" * 64)
    return Registry(found, tables)


def _login() -> SessionLoginEvent:
    actor = Actor(kind=ActorKind.OPERATOR, name="banc", structure=Structure(name="BANC"), workstation="BANC")
    return SessionLoginEvent(actor=actor, session=Session(session_id="1", means=SessionMeans.LOCAL))


if __name__ == "__main__":
    sys.exit(main())
