"""What a host gives the plugin: a keyring, a store, what authorities publish, and nothing else."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any, Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from plugins.certificates.tests.fake_keyring import FakeKeyring, Stop
from plugins.certificates.tests.made_pki import DAY, NOW, Made
from segur_plugin_certificates.plugin import CertificatesPlugin
from segur_plugin_certificates.settings import CertificatesSettings
from segur_sdk.context import Cards, Deadline, HttpReply, Keys, ServiceT, SettingsT, Software, Tokens, Visit
from segur_sdk.errors import Fact, PluginError, ServiceError
from segur_sdk.jobs import JobDone, JobRun
from segur_sdk.models.actor import Actor, ActorKind, Environment, Session, Structure
from segur_sdk.models.notice import Notice, Question
from segur_sdk.services.structure_certificates import (
    CertificateRow,
    InstallRequest,
    InventoryRequest,
    OrderProgress,
    OrderRequest,
    RenewRequest,
)

BASES: Final = {"crl": "http://127.0.0.1:8080/CRL", "ocsp": "http://127.0.0.1:8080/ocsp"}
"""Where the configuration has them: not where certificates say."""


@attrs.define
class Moved:
    """A clock that tests set."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


class Enough:
    def remaining(self) -> float:
        return 10.0


@attrs.define
class Memory:
    """The plugin's store."""

    stop: Stop = attrs.field(factory=Stop)
    kept: dict[str, bytes] = attrs.field(factory=dict)

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.kept[key] = value
        self.stop.instant()

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


@attrs.define
class Notes:
    written: list[tuple[str, Mapping[str, Fact]]] = attrs.field(factory=list)

    def note(self, event: str, **facts: Fact) -> None:
        self.written.append((event, facts))


@attrs.define
class Publisher:
    """What authorities publish, by purpose and path; ``None`` for what does not answer."""

    answers: dict[tuple[str, str], bytes | int | Callable[[bytes], bytes]] = attrs.field(factory=dict)
    asked: list[tuple[str, str, str]] = attrs.field(factory=list)

    def line(self, purpose: str) -> "Line":
        return Line(self, purpose, BASES[purpose])


@attrs.frozen
class Line:
    publisher: Publisher
    purpose: str
    address: str

    def request(
        self,
        method: str,
        path: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_answer: int = 1_048_576,
    ) -> HttpReply:
        self.publisher.asked.append((self.purpose, method, path))
        found = self.publisher.answers.get((self.purpose, path))
        if found is None:
            raise ServiceError("service.unreachable", retryable=True)
        if isinstance(found, int):
            return HttpReply(status=found, headers={}, body=b"")
        return HttpReply(status=200, headers={}, body=found if isinstance(found, bytes) else found(body))


@attrs.define
class Context:
    """What a host gives; everything that the manifest does not declare is refused."""

    stop: Stop = attrs.field(factory=Stop)
    keyring: FakeKeyring = attrs.field(init=False)
    store: Memory = attrs.field(init=False)
    clock: Moved = attrs.field(factory=Moved)
    audit: Notes = attrs.field(factory=Notes)
    publisher: Publisher = attrs.field(factory=Publisher)
    own: CertificatesSettings = attrs.field(factory=CertificatesSettings)
    environment: Environment = Environment.TEST
    plugin: CertificatesPlugin = attrs.field(factory=CertificatesPlugin)

    call_id: str = "call-1"
    tenant: str = "cabinet"
    software: Software = attrs.field(
        factory=lambda: Software(
            name="LGO", version="1.0", authorisation="TESTSGIE0000", instance="00000000-0000-4000-8000-000000000000"
        )
    )
    session: Session | None = None
    deadline: Deadline = attrs.field(factory=Enough)

    def __attrs_post_init__(self) -> None:
        self.keyring, self.store = FakeKeyring(self.stop), Memory(self.stop)

    @property
    def actor(self) -> Actor:
        return Actor(
            kind=ActorKind.OPERATOR, name="comptoir", structure=Structure(name="Cabinet"), workstation="poste 1"
        )

    @property
    def cards(self) -> Cards:
        raise PluginError("plugin.not_granted", what="cards")

    @property
    def tokens(self) -> Tokens:
        raise PluginError("plugin.not_granted", what="tokens")

    @property
    def keys(self) -> Keys:
        raise PluginError("plugin.not_granted", what="keys")

    def settings(self, model: type[SettingsT], /) -> SettingsT:
        assert isinstance(self.own, model)
        return self.own

    def http(self, purpose: str, /) -> Line:
        if purpose not in BASES:
            raise PluginError("plugin.not_granted", what=purpose)
        return self.publisher.line(purpose)

    def browser(self, purpose: str, /) -> AbstractContextManager[Visit]:
        raise PluginError("plugin.not_granted", what=purpose)

    def show(self, notice: Notice, /) -> None:
        raise PluginError("plugin.not_granted", what="show")

    def wait(self, seconds: float, /) -> None:
        raise PluginError("plugin.not_granted", what="wait")

    def ask(self, question: Question, /) -> str:
        raise PluginError("plugin.not_granted", what="ask")

    def service(self, protocol: type[ServiceT], /) -> ServiceT:
        raise PluginError("plugin.not_granted", what=protocol.__name__)

    def set(self, **settings: Any) -> None:
        """Configure the plugin."""
        self.own = CertificatesSettings.model_validate(settings)

    def rows(self, *uses: str, online: bool = False) -> dict[str, CertificateRow]:
        """Return the inventory, by use."""
        found = self.plugin.inventory(InventoryRequest(uses=uses, online=online), self)
        return {one.id: one for one in found.rows}

    def codes(self, use: str, *, online: bool = False) -> list[str]:
        """Return what is said of one certificate."""
        return [short(one.notice.code) for one in self.rows(use, online=online)[use].findings]

    def job(self, name: str) -> JobDone:
        return self.plugin.run_job(JobRun(job=name), self)

    def order(self, use: str = "insi-auto", **given: Any) -> OrderProgress:
        """Begin an order, or look at it."""
        return self.plugin.order(OrderRequest.model_validate({"use": use, **given}), self)

    def does(self, kind: str, use: str = "insi-auto", **fields: Any) -> OrderProgress:
        """Lead an order on."""
        return self.order(use, action={"kind": kind, **fields})

    def install(self, data: bytes, use: str = "insi-auto", *, own: rsa.RSAPrivateKey | None = None) -> OrderProgress:
        """Install a certificate; ``own`` is the key that stood beside it in a PKCS#12."""
        with self.keyring.offering(use, own):
            return self.plugin.install(InstallRequest(use=use, certificates=data), self)

    def renew(self, use: str = "insi-auto") -> OrderProgress:
        return self.plugin.renew(RenewRequest(use=use), self)


def short(code: str) -> str:
    return code.removeprefix("certificates.")


def crl_of(
    authority: Made,
    *revoked: Made,
    begin: datetime = NOW - DAY / 24,
    end: datetime = NOW + 7 * DAY,
    signer: Made | None = None,
    number: int | None = None,
) -> bytes:
    """Return a list of an authority, in DER."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(begin).next_update(end)
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number).revocation_date(begin)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign((signer or authority).key, hashes.SHA256()).public_bytes(Encoding.DER)
