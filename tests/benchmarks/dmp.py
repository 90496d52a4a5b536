"""Feeding the DMP: what is done on the way out of one document, beside the same bytes posted by bare httpx."""

import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, cast

import attrs
import httpx
from cryptography.hazmat.primitives.asymmetric import rsa

from segur_host import Host
from segur_host.audit.log import AuditEntry
from segur_host.config.loading import load_config
from segur_host.config.model import NetworkTable
from segur_host.consents.ledger import InformationChannel
from segur_host.dispatch.context import CallContext
from segur_host.dispatch.deadline import CallDeadline
from segur_host.dispatch.dispatcher import new_call_id
from segur_host.outbox.intent import Intent
from segur_sandbox.running import RunningSandbox, running
from segur_sdk.errors import Fact
from segur_sdk.hooks.dmp_send import ConsentSnapshot, DmpContent, DmpDraft, Validation
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.document import CareStructure, DocumentAct, DocumentProfessional, Section, WrittenBody
from segur_sdk.models.identity import ProofDocument, Sex, Traits
from segur_sdk.senders import SendAttempt, Sender, SendRequest
from tests.benchmarks.dmp_naive import Naive
from tests.benchmarks.measuring import Result, alone, compared

HERE: Final = Path(__file__).parent
ROUNDS: Final = 200
TARGET: Final = 3.0
PURPOSE: Final = "dmp"
ANSWER: Final = """<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"
 xmlns:a="http://www.w3.org/2005/08/addressing"><s:Header><a:RelatesTo>@MESSAGE@</a:RelatesTo></s:Header><s:Body>
<RegistryResponse xmlns="urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
 status="urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"/></s:Body></s:Envelope>"""
AUTHOR: Final = DocumentProfessional(
    id="899900063480",
    family_name="LIBRE",
    given_name="MAX",
    role="G15_21/A",
    structure=CareStructure(id="10B0152872", name="PHARMACIE DU BAC A SABLE"),
)
NOTE: Final = "Bonne observance. Technique d’inhalation revue avec la patiente, chambre d’inhalation conseillée. " * 8


class _TimedKey:
    """A key that says how long its last calls took."""

    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key
        self._seconds = 0.0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._key, name)

    def sign(self, *given: Any) -> bytes:
        """Sign."""
        started = time.perf_counter()
        signature = self._key.sign(*given)
        self._seconds += time.perf_counter() - started
        return signature

    def taken(self) -> float:
        """Return the seconds since this was asked the last time."""
        seconds, self._seconds = self._seconds, 0.0
        return seconds


rsa.RSAPrivateKey.register(_TimedKey)


class _Kept:
    """A store in memory: what a plugin keeps is a commit of the host's, printed apart."""

    def get(self, _key: str) -> bytes | None:
        """Find nothing."""
        return None

    def put(self, _key: str, _value: bytes) -> None:
        """Keep nothing."""

    def delete(self, _key: str) -> None:
        """Forget nothing."""


class _Uncommitted(CallContext):
    """A context whose records go nowhere: what is left is the document, the signatures' frames and the wire."""

    @property
    def store(self) -> Any:
        """Keep nothing."""
        return _Kept()

    def record(self, event: str, **facts: Fact) -> None:
        """Record nothing."""


@attrs.frozen
class _Counter:
    """A host whose DMP is the fixed-answer responder."""

    host: Host
    url: str
    tls: ssl.SSLContext
    folder: Path
    sandbox: RunningSandbox

    def context(self, made: type[CallContext] = CallContext) -> CallContext:
        dispatcher = self.host._dispatcher
        entry = self.host.plugins["dmp"]
        return made(entry, self.host._caller(None), CallDeadline(3600), dispatcher._resources, dispatcher._serve)

    @property
    def sender(self) -> Sender:
        loaded = self.host.plugins["dmp"].loaded
        assert loaded is not None
        assert isinstance(loaded.instance, Sender)
        return loaded.instance

    def naive(self, parts: Mapping[str, bytes]) -> Naive:
        """Return the peer that is written in an afternoon."""
        roles = self.sandbox.descriptor["certificates"]
        tls = {"ca": self.sandbox.descriptor["ca"], **roles["org-auth"]}
        return Naive(self.folder, f"{self.url}/DocumentRepository_Service", tls, roles["org-sign"], parts)

    def timed_key(self) -> _TimedKey:
        """Have the *cachet* say how long it takes."""
        keys = self.host._dispatcher._resources.keys
        key, _ = keys.signing_key("dmp-sign")
        timed = _TimedKey(key)
        # Registered as a key of that kind, which is all that the host asks.
        in_its_place = cast("rsa.RSAPrivateKey", timed)
        keys._pairs["dmp-sign"] = attrs.evolve(keys._pairs["dmp-sign"], key=in_its_place)
        return timed


def feeding() -> Iterator[Result]:
    """One entretien pharmaceutique, prepared once and sent again and again."""
    with tempfile.TemporaryDirectory(prefix="segur-bench-dmp-") as folder, _counter(Path(folder)) as counter:
        host, sender = counter.host, counter.sender
        draft = _draft(_patient(host))
        request = SendRequest(kind="dmp-feed", draft=draft)
        prepared = sender.prepare_send(request, counter.context())
        attempt = SendAttempt(prepared=prepared, draft=draft, number=1)
        parts = {one.name: one.data for one in sender.rehearse_send(attempt, counter.context()).parts}
        head, _, body = parts["message.mime"].partition(b"\r\n\r\n")
        content_type = head.partition(b"\r\n")[0].decode("ascii").partition(": ")[2]
        headers = {"content-type": content_type}
        key, ctx = counter.timed_key(), counter.context(_Uncommitted)
        address = f"{counter.url}/DocumentRepository_Service"
        with httpx.Client(verify=counter.tls, trust_env=False) as client:
            yield compared(
                "dmp.feeding",
                lambda: sender.attempt_send(attempt, ctx),
                lambda: client.post(address, content=body, headers=headers),
                rounds=ROUNDS,
                unit="ms",
                target=TARGET,
                note=f"{len(body)} bytes, without the two RSA signatures; peer: bare httpx with a ready body",
                spared=key.taken,
            )
        yield compared(
            "dmp.beside_zeep_and_signxml",
            lambda: sender.attempt_send(attempt, ctx),
            counter.naive(parts),
            rounds=60,
            unit="ms",
            target=1.0,
            note="both with their RSA signatures; peer: zeep and signxml, the same document inline",
        )
        wire = ctx.http(PURPOSE)
        yield alone(
            "dmp.stage_wire",
            lambda: wire.request("POST", "/DocumentRepository_Service", headers=headers, body=body),
            rounds=ROUNDS,
            unit="ms",
            note="the same bytes, ready, through the host's client",
        )
        yield alone(
            "dmp.stage_pdf", lambda: sender.prepare_send(request, ctx), rounds=30, unit="ms", note="PDF and CDA"
        )
        receipt = host.send(draft)
        if receipt.intent is None:
            raise SystemExit(f"nothing was let in: {[one.code for one in receipt.reasons]}")
        intent = receipt.intent
        yield alone(
            "dmp.stage_commit",
            lambda: _kept(host, attrs.evolve(intent, id=new_call_id())),
            rounds=100,
            unit="ms",
            note="of the outbox: one intent with its document and its record",
        )


def _kept(host: Host, intent: Intent) -> None:
    """Write an intent as the outbox does when it lets one in."""
    outbox = host.outbox
    with outbox._sending.database.accepting():
        outbox._table.add(intent)
        outbox._sending.audit.append(AuditEntry(event="outbox.accepted", plugin=intent.plugin, actor=intent.actor))


@contextmanager
def _counter(folder: Path) -> Iterator[_Counter]:
    with running(folder / "bac") as sandbox:
        pki = folder / "bac" / "pki"
        (folder / "answer.xml").write_text(ANSWER, "utf-8")
        files = (pki / "server.cert.pem", pki / "server.key.pem", pki / "ca.pem", folder / "answer.xml")
        command = [sys.executable, str(HERE / "responder.py"), *map(str, files)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            try:
                assert process.stdout is not None
                url = f"https://127.0.0.1:{int(process.stdout.readline())}/services"
                with _host(sandbox, folder, url) as host:
                    yield _Counter(host, url, _tls(sandbox), folder, sandbox)
            finally:
                process.kill()


def _host(sandbox: RunningSandbox, folder: Path, url: str) -> Host:
    config = load_config(sandbox.config)
    dmp = config.plugins["dmp"].model_copy(update={"settings": {"existence_test": "never"}})
    changes: dict[str, object] = {
        "data": folder / "host",
        "plugins": {**config.plugins, "dmp": dmp},
        "network": {**config.network, PURPOSE: NetworkTable(url=url)},
    }
    return Host(config.model_copy(update=changes))


def _tls(sandbox: RunningSandbox) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=sandbox.descriptor["ca"])
    role = sandbox.descriptor["certificates"]["org-auth"]
    context.load_cert_chain(role["cert"], role["key"])
    return context


def _patient(host: Host) -> SealedIdentity:
    traits = Traits(
        nom_naissance="ADRUN",
        premier_prenom="ZOE",
        prenoms_naissance=("ZOE",),
        sexe=Sex.FEMALE,
        date_naissance=date(1975, 12, 31),
        lieu_naissance="63220",
    )
    known = host.identify(traits).identity
    assert known is not None
    found = host.qualify(known.identity_ref, document=ProofDocument(type="CN")).identity
    assert found is not None
    host.inform(found.identity_ref, InformationChannel.ORAL)
    return found


def _draft(identity: SealedIdentity) -> DmpDraft:
    now = datetime.now(UTC)
    return DmpDraft(
        identity=identity,
        document_type="78601-2",
        title="Entretien pharmaceutique asthme",
        validation=Validation(validator="99900063480", validated_at=now),
        consents=ConsentSnapshot(informed=True, opposed=False),
        content=DmpContent(
            author=AUTHOR,
            authored_at=now,
            validator=AUTHOR,
            act=DocumentAct(start=now),
            body=WrittenBody(sections=(Section(heading="Bilan", paragraphs=(NOTE, NOTE)),)),
        ),
    )
