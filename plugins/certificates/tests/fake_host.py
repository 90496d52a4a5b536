"""What a host gives the plugin: a keyring, a store, what authorities publish, and nothing else."""

from collections.abc import Callable, Mapping
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
from segur_sdk.context import HttpReply, PluginSettings
from segur_sdk.errors import PluginError, ServiceError
from segur_sdk.jobs import JobDone, JobRun
from segur_sdk.models.actor import Environment
from segur_sdk.services.structure_certificates import (
    CertificateRow,
    InstallRequest,
    InventoryRequest,
    OrderProgress,
    OrderRequest,
    RenewRequest,
)
from tests.contexts.granting_nothing import GrantsNothing, SetClock

BASES: Final = {"crl": "http://127.0.0.1:8080/CRL", "ocsp": "http://127.0.0.1:8080/ocsp"}
"""Where the configuration has them: not where certificates say."""


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
class Publisher:
    """What authorities publish, by purpose and path; ``None`` for what does not answer."""

    answers: dict[tuple[str, str], bytes | int | Callable[[bytes], bytes]] = attrs.field(factory=dict)
    asked: list[tuple[str, str, str]] = attrs.field(factory=list)
    awaited: list[float | None] = attrs.field(factory=list)
    """For how long each was asked to answer."""

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
        seconds: float | None = None,
    ) -> HttpReply:
        self.publisher.asked.append((self.purpose, method, path))
        self.publisher.awaited.append(seconds)
        found = self.publisher.answers.get((self.purpose, path))
        if found is None:
            raise ServiceError("service.unreachable", retryable=True)
        if isinstance(found, int):
            return HttpReply(status=found, headers={}, body=b"")
        return HttpReply(status=200, headers={}, body=found if isinstance(found, bytes) else found(body))


@attrs.define
class Context(GrantsNothing):
    """Grants what the manifest of certificates declares."""

    clock: SetClock = attrs.field(factory=lambda: SetClock(NOW), kw_only=True)
    plugin_settings: PluginSettings = attrs.field(factory=CertificatesSettings, kw_only=True)
    environment: Environment = attrs.field(default=Environment.TEST, kw_only=True)
    stop: Stop = attrs.field(factory=Stop)
    keyring: FakeKeyring = attrs.field(init=False)
    store: Memory = attrs.field(init=False)
    publisher: Publisher = attrs.field(factory=Publisher)
    plugin: CertificatesPlugin = attrs.field(factory=CertificatesPlugin)

    def __attrs_post_init__(self) -> None:
        self.keyring, self.store = FakeKeyring(self.stop), Memory(self.stop)

    def http(self, purpose: str, /) -> Line:
        if purpose not in BASES:
            raise PluginError("plugin.not_granted", what=purpose)
        return self.publisher.line(purpose)

    def set(self, **settings: Any) -> None:
        """Configure the plugin."""
        self.plugin_settings = CertificatesSettings.model_validate(settings)

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
    place: str | None = None,
) -> bytes:
    """Return a list of an authority, in DER; ``place`` is where it says that it is published."""
    builder = x509.CertificateRevocationListBuilder().issuer_name(authority.certificate.subject)
    builder = builder.last_update(begin).next_update(end)
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    if place is not None:
        name = [x509.UniformResourceIdentifier(place)]
        scope = x509.IssuingDistributionPoint(name, None, False, False, None, False, False)
        builder = builder.add_extension(scope, critical=True)
    for one in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number).revocation_date(begin)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign((signer or authority).key, hashes.SHA256()).public_bytes(Encoding.DER)
