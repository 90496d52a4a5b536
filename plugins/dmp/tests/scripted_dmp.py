"""A context with a scripted DMP, a structure's keys and a store; published test identities only."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

from segur_plugin_dmp import mtom
from segur_plugin_dmp.namespaces import SOAP, WSA
from segur_plugin_dmp.settings import DmpSettings
from segur_sdk.context import HttpReply, NamedAlgorithm, PluginSettings
from segur_sdk.errors import SegurError
from segur_sdk.hooks.dmp_send import ConsentSnapshot, DmpContent, DmpDraft, Validation
from segur_sdk.identity.seal import SealedIdentity, Sealer
from segur_sdk.models.actor import Actor, Environment
from segur_sdk.models.certificate import CertificateInfo
from segur_sdk.models.document import CareStructure, DocumentAct, DocumentProfessional, Section, WrittenBody
from segur_sdk.models.identity import InsStatus, MatriculeIns, Sex, Traits
from tests.contexts.granting_nothing import GrantsNothing, SetClock

NOW = datetime(2026, 3, 2, 7, 5, 6, 123_456, tzinfo=UTC)
PARIS = datetime.fromisoformat("2026-03-02T08:00:00+01:00")
MATRICULE = "279035121518989"
PHARMACY = CareStructure(id="10B0152872", name="Pharmacie du bac à sable")
AUTHOR = DocumentProfessional(
    id="899900063480", family_name="LIBRE", given_name="MAX", role="G15_21/A", structure=PHARMACY
)
RS = "urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0"
RIM = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"
QUERY = "urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"
SUCCESS = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
FAILURE = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Failure"
SEALER = Sealer(bytes(range(32)))

Answer = Callable[[str], HttpReply]
"""From the ``MessageID`` of a question to its reply."""


def identity(**changes: Any) -> SealedIdentity:
    """PAT-TROIS DOMINIQUE, *qualifiée*, unless told otherwise."""
    traits: dict[str, Any] = {
        "nom_naissance": "PAT-TROIS",
        "premier_prenom": "DOMINIQUE",
        "prenoms_naissance": ("DOMINIQUE", "MARIE-LOUISE"),
        "sexe": Sex.FEMALE,
        "date_naissance": date(1979, 3, 28),
        "lieu_naissance": "51215",
    }
    own = {name: changes.pop(name) for name in list(changes) if name in traits}
    record: dict[str, Any] = {
        "identity_ref": "id-1",
        "revision": 1,
        "tenant": "officine",
        "environment": Environment.SANDBOX,
        "status": InsStatus.QUALIFIEE,
        "attributes": frozenset(),
        "matricule": MatriculeIns(value=MATRICULE, oid="1.2.250.1.213.1.4.10"),
    }
    return SEALER.seal(traits=Traits(**(traits | own)), **(record | changes))


def draft(**changes: Any) -> DmpDraft:
    """An entretien pharmaceutique, unless told otherwise."""
    content: dict[str, Any] = {
        "author": AUTHOR,
        "authored_at": PARIS,
        "validator": AUTHOR,
        "act": DocumentAct(start=PARIS),
        "body": WrittenBody(sections=(Section(heading="Bilan", paragraphs=("Bonne observance.",)),)),
    }
    own = {name: changes.pop(name) for name in list(changes) if name in DmpContent.model_fields}
    given: dict[str, Any] = {
        "identity": identity(),
        "document_type": "78601-2",
        "title": "Entretien pharmaceutique asthme",
        "validation": Validation(validator="99900063480", validated_at=PARIS),
        "consents": ConsentSnapshot(informed=True, opposed=False),
        "content": DmpContent(**(content | own)),
    }
    return DmpDraft(**(given | changes))


@attrs.define
class FileSigner:
    """A key that signs, with the certificate of whoever holds it."""

    key: rsa.RSAPrivateKey
    certificates: tuple[x509.Certificate, ...]
    failure: SegurError | None = None
    signed: list[bytes] = attrs.field(factory=list)

    @property
    def certificate(self) -> CertificateInfo:
        own = self.certificates[0]

        def named(oid: x509.ObjectIdentifier) -> str | None:
            found = own.subject.get_attributes_for_oid(oid)
            return str(found[0].value) if found else None

        return CertificateInfo(
            subject_cn=named(NameOID.COMMON_NAME) or "",
            subject_ou=named(NameOID.ORGANIZATIONAL_UNIT_NAME),
            issuer_cn="AC",
            serial=f"{own.serial_number:X}",
            not_before=own.not_valid_before_utc,
            not_after=own.not_valid_after_utc,
            client_authentication=False,
        )

    @property
    def chain(self) -> tuple[bytes, ...]:
        return tuple(one.public_bytes(Encoding.DER) for one in self.certificates)

    def sign(self, data: bytes, padding: NamedAlgorithm, algorithm: NamedAlgorithm) -> bytes:
        assert isinstance(padding, PKCS1v15)
        assert isinstance(algorithm, SHA256)
        if self.failure is not None:
            raise self.failure
        self.signed.append(data)
        return self.key.sign(data, padding, algorithm)


def certified(key: rsa.RSAPrivateKey, *names: tuple[x509.ObjectIdentifier, str], days: int = 300) -> x509.Certificate:
    """Return a self-signed certificate with these names."""
    subject = x509.Name([x509.NameAttribute(oid, value) for oid, value in names])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(0x0A0B0C)
        .not_valid_before(NOW - timedelta(days=300))
        .not_valid_after(NOW + timedelta(days=days))
        .sign(key, SHA256())
    )


@attrs.define
class Sent:
    """One request that reached the scripted service."""

    purpose: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def received(self) -> mtom.Received:
        return mtom.read(self.headers["Content-Type"], self.body)

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.received.root)

    @property
    def message_id(self) -> str:
        return self.root.findtext(f".//{{{WSA}}}MessageID") or ""


@attrs.define
class Service:
    """Answers each request with the next line of its script: a reply, a failure to raise, or a function."""

    script: list[Any] = attrs.field(factory=list)
    sent: list[Sent] = attrs.field(factory=list)


@attrs.define
class Client:
    service: Service
    purpose: str
    address: str = "https://dmp.example/services"

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
        assert method == "POST"
        sent = Sent(self.purpose, path, headers or {}, body)
        self.service.sent.append(sent)
        line = self.service.script.pop(0)
        if isinstance(line, Exception):
            raise line
        reply = line(sent.message_id) if callable(line) else line
        assert isinstance(reply, HttpReply)
        return reply


@attrs.define
class MemoryStore:
    kept: dict[str, bytes] = attrs.field(factory=dict)

    def get(self, key: str) -> bytes | None:
        return self.kept.get(key)

    def put(self, key: str, value: bytes) -> None:
        self.kept[key] = value

    def delete(self, key: str) -> None:
        self.kept.pop(key, None)


@attrs.define
class Keys:
    signers: dict[str, FileSigner]

    def certificate(self, use: str) -> CertificateInfo:
        return self.signers[use].certificate

    def signer(self, use: str) -> FileSigner:
        return self.signers[use]


@attrs.define
class Context(GrantsNothing):
    """Grants what the manifest of dmp declares."""

    keys: Keys
    clock: SetClock = attrs.field(factory=lambda: SetClock(NOW), kw_only=True)
    plugin_settings: PluginSettings = attrs.field(factory=DmpSettings, kw_only=True)
    service_of_dmp: Service = attrs.field(factory=Service, kw_only=True)
    store: MemoryStore = attrs.field(factory=MemoryStore, kw_only=True)
    actor: Actor = attrs.field(factory=lambda: GrantsNothing.actor, kw_only=True)

    def http(self, purpose: str, /) -> Client:
        return Client(self.service_of_dmp, purpose)

    @property
    def sent(self) -> list[Sent]:
        return self.service_of_dmp.sent


def answering(content: str, *, status: int = 200) -> Answer:
    """Return an answer of the DMP that bears ``content``."""

    def reply(message_id: str) -> HttpReply:
        envelope = (
            f'<s:Envelope xmlns:s="{SOAP}" xmlns:a="{WSA}"><s:Header><a:RelatesTo>{message_id}</a:RelatesTo></s:Header>'
            f"<s:Body>{content}</s:Body></s:Envelope>"
        ).encode()
        return HttpReply(status=status, headers={"content-type": "application/soap+xml; charset=UTF-8"}, body=envelope)

    return reply


def registry(*codes: str, status: str = FAILURE, severity: str = "Error") -> Answer:
    """Return a registry's answer; without codes, success."""
    errors = "".join(
        f'<RegistryError errorCode="{code}" codeContext="{MATRICULE}" location=""'
        f' severity="urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:{severity}"/>'
        for code in codes
    )
    listed = f"<RegistryErrorList>{errors}</RegistryErrorList>" if errors else ""
    return answering(
        f'<RegistryResponse xmlns="{RS}" status="{status if codes else SUCCESS}">{listed}</RegistryResponse>'
    )


def found(*entries: str) -> Answer:
    """Return what a stored query found: elements of the registry."""
    return answering(
        f'<q:AdhocQueryResponse xmlns:q="{QUERY}" xmlns="{RIM}" status="{SUCCESS}"><RegistryObjectList>'
        f"{''.join(entries)}</RegistryObjectList></q:AdhocQueryResponse>"
    )


def reference(number: int = 1) -> str:
    return f'<ObjectRef id="urn:uuid:00000000-0000-4000-8000-{number:012}"/>'


def fault(*codes: str, status: int = 500) -> Answer:
    """Return a fault, its codes the outermost first."""
    inner = ""
    for code in reversed(codes[1:]):
        inner = f"<s:Subcode><s:Value>s:{code}</s:Value>{inner}</s:Subcode>"
    return answering(
        f"<s:Fault><s:Code><s:Value>s:{codes[0]}</s:Value>{inner}</s:Code><s:Reason>"
        f'<s:Text xml:lang="fr">{MATRICULE} PAT-TROIS</s:Text></s:Reason></s:Fault>',
        status=status,
    )


def existence(status: str = "active", query: str = "OK", acknowledged: str = "AA", detail: str = "") -> Answer:
    """Return what the DMP answers to TD0.2."""
    details = f'<acknowledgementDetail><code code="{detail}"/></acknowledgementDetail>' if detail else ""
    subject = (
        f'<subject><registrationEvent><subject1><patient><statusCode code="{status}"/></patient></subject1>'
        "</registrationEvent></subject>"
    )
    return answering(
        f'<PRPA_IN201308UV02 xmlns="urn:hl7-org:v3"><acknowledgement typeCode="{acknowledged}">{details}'
        f"</acknowledgement><controlActProcess>{subject if query == 'OK' else ''}<queryAck>"
        f'<queryResponseCode code="{query}"/></queryAck></controlActProcess></PRPA_IN201308UV02>'
    )
