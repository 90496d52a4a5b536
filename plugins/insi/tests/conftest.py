"""A context with a scripted service, a card and a person to ask; published test identities only."""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import attrs
import pytest
from lxml import etree

from segur_plugin_insi.plugin import InsiPlugin
from segur_plugin_insi.settings import InsiSettings
from segur_sdk.context import HttpReply, Software
from segur_sdk.errors import CardError, Fact, InputError
from segur_sdk.hooks.qualify_identity import IdentityRequest, TraitsSubject
from segur_sdk.models.actor import Actor, ActorKind, Environment, Structure
from segur_sdk.models.card import Beneficiary, CardPresence
from segur_sdk.models.certificate import CertificateInfo
from segur_sdk.models.identity import NirFacturation, SearchTraits, Sex
from segur_sdk.models.notice import Question

NOW = datetime(2026, 3, 2, 7, 5, 6, 123_456, tzinfo=UTC)
SOAP = "http://www.w3.org/2003/05/soap-envelope"
RESULTAT = "http://www.cnamts.fr/INSiResultat"
LABELS = {"00": "OK", "01": "Aucune identite trouvee", "02": "Plusieurs identites trouvees"}
IMPORTS = {
    "http://www.cnamts.fr/INSiRecSans": "xsd/ServiceIdentiteCertifiee/INSi_RECSANS_INS.xsd",
    "http://www.cnamts.fr/INSiRecVit": "xsd/ServiceIdentiteCertifiee/INSi_RECVITALE_INS.xsd",
    RESULTAT: "xsd/ServiceIdentiteCertifiee/INSi_RESULTAT_INS.xsd",
    "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd": "xsd/WSSE/Security.xsd",
    "urn:siram:lps:ctxlps": "xsd/CTX/ROOT_ctxlps_CTXLPS_V01_00.xsd",
    "urn:siram:bam:ctxbam": "xsd/CTX/ROOT_ctxbam_CTXBAM_V01_02.xsd",
}
PHARMACY = Structure(finess="0B0152872", name="Pharmacie du bac à sable")
COUNTER = Actor(kind=ActorKind.OPERATOR, name="comptoir1", structure=PHARMACY, workstation="poste-1")
INSTANCE = "550e8400-e29b-41d4-a716-446655440000"
LGO = Software(name="LGO Exemple", version="4.2", authorisation="TESTSGIE0000", instance=INSTANCE)
WS_ADDRESSING = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" elementFormDefault="qualified"
  targetNamespace="http://www.w3.org/2005/08/addressing">
  <xs:element name="MessageID" type="xs:anyURI"/><xs:element name="Action" type="xs:anyURI"/></xs:schema>"""


@pytest.fixture(scope="session")
def assets() -> Path:
    """The official INSi files; they may not be redistributed."""
    folder = os.environ.get("SEGUR_ASSETS")
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail("SEGUR_ASSETS is not set: the official INSi files are needed here")
        pytest.skip("SEGUR_ASSETS is not set: the official INSi files are not at hand")
    return Path(folder) / "insi"


@pytest.fixture(scope="session")
def official_schema(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> etree.XMLSchema:
    """Every schema that the WSDL imports, WS-Addressing being replaced by a local stand-in."""
    folder = tmp_path_factory.mktemp("schema")
    (folder / "addressing.xsd").write_text(WS_ADDRESSING, "utf-8")
    places = {namespace: (assets / file).as_uri() for namespace, file in IMPORTS.items()}
    places["http://www.w3.org/2005/08/addressing"] = (folder / "addressing.xsd").as_uri()
    imports = "".join(f'<xs:import namespace="{name}" schemaLocation="{place}"/>' for name, place in places.items())
    return etree.XMLSchema(
        etree.fromstring(f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>')
    )


@attrs.define
class Sent:
    """One request that reached the scripted service."""

    purpose: str
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    max_answer: int

    @property
    def root(self) -> etree._Element:
        return etree.fromstring(self.body)

    def texts(self, local_name: str) -> list[str]:
        return [element.text or "" for element in self.root.iter(f"{{*}}{local_name}")]

    def text(self, local_name: str) -> str:
        (text,) = self.texts(local_name)
        return text


@attrs.define
class Service:
    """Answers each request with the next line of its script: a reply, a failure to raise, or a function."""

    script: list[Any] = attrs.field(factory=list)
    sent: list[Sent] = attrs.field(factory=list)


@attrs.define
class Client:
    service: Service
    purpose: str

    def request(
        self,
        method: str,
        path: str = "",
        *,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        max_answer: int = 1_048_576,
    ) -> HttpReply:
        self.service.sent.append(Sent(self.purpose, method, path, dict(headers or {}), body, max_answer))
        line = self.service.script.pop(0)
        if isinstance(line, Exception):
            raise line
        reply = line() if callable(line) else line
        assert isinstance(reply, HttpReply)
        return reply


@attrs.define
class Channel:
    """A VITALE application that signs as the sandbox's cards do."""

    commands: list[bytes]
    answers: dict[int, bytes]
    atr: bytes = bytes.fromhex("3B751300004009EA9000")

    def transmit(self, command: bytes, /) -> bytes:
        self.commands.append(command)
        if command[1] in self.answers:
            return self.answers[command[1]]
        if command[1] == 0x88:
            return hmac.digest(b"SIMULATEUR", command[5 : 5 + command[4]], hashlib.sha256)[:8] + b"\x90\x00"
        return b"\x90\x00"


@attrs.define
class Cards:
    """The reader. ``inserted`` is the number of the insertion that sits in it."""

    inserted: str = "1"
    confirmed: int = 0
    opened: int = 0
    commands: list[bytes] = attrs.field(factory=list)
    answers: dict[int, bytes] = attrs.field(factory=dict)

    def confirm(self, presence: CardPresence) -> None:
        self.confirmed += 1
        self._require(presence)

    @contextmanager
    def open(self, presence: CardPresence) -> Iterator[Channel]:
        self.opened += 1
        self._require(presence)
        yield Channel(self.commands, self.answers)

    def _require(self, presence: CardPresence) -> None:
        if not self.inserted:
            raise CardError("card.removed", slot=presence.slot)
        if presence.insertion != self.inserted:
            raise CardError("card.swapped", slot=presence.slot)


@attrs.define
class Clock:
    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@attrs.define
class Deadline:
    left: float = 30.0

    def remaining(self) -> float:
        return self.left


@attrs.define
class Audit:
    notes: list[tuple[str, dict[str, Fact]]] = attrs.field(factory=list)

    def note(self, event: str, **facts: Fact) -> None:
        self.notes.append((event, facts))


@attrs.define
class Keys:
    certificates: dict[str, CertificateInfo]

    def certificate(self, use: str) -> CertificateInfo:
        return self.certificates[use]


def _certificate(common_name: str) -> CertificateInfo:
    return CertificateInfo(
        subject_cn=common_name,
        subject_ou="10B0152872",
        issuer_cn="TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS",
        serial="0A",
        not_before=NOW - timedelta(days=300),
        not_after=NOW + timedelta(days=300),
        client_authentication=True,
    )


@attrs.define
class Context:
    """Implements what the plugin uses of ``HookContext``."""

    http_service: Service = attrs.field(factory=Service)
    plugin_settings: InsiSettings = attrs.field(factory=InsiSettings)
    environment: Environment = Environment.SANDBOX
    actor: Actor = attrs.field(factory=lambda: COUNTER)
    software: Software = attrs.field(factory=lambda: LGO)
    clock: Clock = attrs.field(factory=Clock)
    deadline: Deadline = attrs.field(factory=Deadline)
    audit: Audit = attrs.field(factory=Audit)
    cards: Cards = attrs.field(factory=Cards)
    keys: Keys = attrs.field(
        factory=lambda: Keys({"insi-auto": _certificate("INSI-AUTO"), "insi-manu": _certificate("INSI-MANU")})
    )
    answers: dict[str, str] = attrs.field(factory=dict)
    asked: list[Question] = attrs.field(factory=list)

    def settings(self, model: type[InsiSettings], /) -> InsiSettings:
        assert model is InsiSettings
        return self.plugin_settings

    def http(self, purpose: str, /) -> Client:
        return Client(self.http_service, purpose)

    def ask(self, question: Question, /) -> str:
        self.asked.append(question)
        if question.code not in self.answers:
            raise InputError("input.nobody_to_ask", question=question.code)
        return self.answers[question.code]

    @property
    def sent(self) -> list[Sent]:
        return self.http_service.sent

    @property
    def prenoms_sent(self) -> list[str]:
        return [request.text("Prenom") for request in self.sent]


@pytest.fixture
def plugin() -> InsiPlugin:
    return InsiPlugin()


@pytest.fixture
def make_ctx() -> Callable[..., Context]:
    """Make a context whose service follows ``script``."""

    def make(*script: Any, **changes: Any) -> Context:
        return Context(http_service=Service(list(script)), **changes)

    return make


@pytest.fixture(scope="session")
def envelope() -> Callable[..., bytes]:
    """Wrap content as live answers are: one prefix for the envelope, another one for the body."""

    def wrap(content: str, prefix: str = "env") -> bytes:
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<soap:Envelope xmlns:soap="{SOAP}">'
            f'<{prefix}:Body xmlns:{prefix}="{SOAP}">{content}</{prefix}:Body></soap:Envelope>'
        ).encode()

    return wrap


def _ins(matricule: str, oid: str = "1.2.250.1.213.1.4.8", after: str = "") -> str:
    key = f"<Cle>{matricule[13:]}</Cle>" if matricule[13:] else ""
    return f"<IdIndividu><NumIdentifiant>{matricule[:13]}</NumIdentifiant>{key}</IdIndividu><OID>{oid}</OID>{after}"


@pytest.fixture(scope="session")
def resultat(envelope: Callable[..., bytes]) -> Callable[..., HttpReply]:
    """Answer 200 with a return code, and ADRUN ZOE unless told otherwise when it is 00."""

    def build(
        code: str = "00",
        *,
        active: str = "275126322074974",
        oid: str = "1.2.250.1.213.1.4.8",
        history: str = "",
        tiq: Mapping[str, str | None] | None = None,
    ) -> HttpReply:
        traits: dict[str, str | None] = {
            "NomNaissance": "ADRUN",
            "ListePrenom": "ZOE",
            "Sexe": "F",
            "DateNaissance": "1975-12-31",
            "LieuNaissance": "63220",
        }
        traits.update(tiq or {})
        told = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in traits.items() if text is not None)
        found = f"<INDIVIDU><INSACTIF>{_ins(active, oid)}</INSACTIF>{history}<TIQ>{told}</TIQ></INDIVIDU>"
        content = (
            f'<RESULTAT xmlns="{RESULTAT}"><CR><CodeCR>{code}</CodeCR><LibelleCR>{LABELS[code]}</LibelleCR></CR>'
            f"{found if code == '00' else ''}</RESULTAT>"
        )
        return HttpReply(status=200, headers={"content-type": "application/soap+xml"}, body=envelope(content))

    return build


@pytest.fixture(scope="session")
def histo() -> Callable[..., str]:
    """Write one INSHISTO."""
    return lambda *told, **more: f"<INSHISTO>{_ins(*told, **more)}</INSHISTO>"


@pytest.fixture(scope="session")
def fault(envelope: Callable[..., bytes]) -> Callable[..., HttpReply]:
    """Answer 500 with a fault of the gateway, as captured."""

    def build(code: str, subcode: str = "siram_100", severity: str = "erreur", text: str = "Erreur.") -> HttpReply:
        content = (
            f'<soap:Fault xmlns:soap="{SOAP}"><soap:Code><soap:Value>soap:Sender</soap:Value><soap:Subcode>'
            f"<soap:Value>soap:{subcode}</soap:Value></soap:Subcode></soap:Code><soap:Reason>"
            f'<soap:Text xml:lang="fr">{escape(text)}</soap:Text></soap:Reason><soap:Detail><siram:Erreur '
            f'xmlns:siram="urn:siram" code="{code}" messageID="uuid:b3549edd-4ae9-472a-b26f-fd2fb4ef397f" '
            f'severite="{severity}">{escape(text)}</siram:Erreur></soap:Detail></soap:Fault>'
        )
        return HttpReply(status=500, headers={}, body=envelope(content))

    return build


@pytest.fixture(scope="session")
def insi_102(envelope: Callable[..., bytes]) -> HttpReply:
    """The back end's fault as captured (text cut), its odd severity and language included."""
    content = (
        f'<S:Fault xmlns:S="{SOAP}" xmlns:ns4="http://schemas.xmlsoap.org/soap/envelope/"><S:Code>'
        "<S:Value>S:Receiver</S:Value><S:Subcode><S:Value>S:siram_40</S:Value></S:Subcode></S:Code><S:Reason>"
        '<S:Text xml:lang="en">Le service est temporairement inaccessible.</S:Text></S:Reason><S:Detail>'
        '<siram:Erreur severite="fatal" code="insi_102" xmlns:siram="urn:siram">L appel au service de recherche avec '
        "les traits d identité renvoie une erreur technique.</siram:Erreur></S:Detail></S:Fault>"
    )
    return HttpReply(status=500, headers={}, body=envelope(content))


@pytest.fixture(scope="session")
def traits() -> Callable[..., SearchTraits]:
    """ADRUN ZOE, unless told otherwise."""

    def build(nom: str = "ADRUN", *prenoms: str, **changes: Any) -> SearchTraits:
        known: dict[str, Any] = {"sexe": Sex.FEMALE, "date_naissance": date(1975, 12, 31)}
        return SearchTraits(nom_naissance=nom, prenoms_naissance=prenoms or ("ZOE",), **(known | changes))

    return build


@pytest.fixture(scope="session")
def request_for(traits: Callable[..., SearchTraits]) -> Callable[..., IdentityRequest]:
    """Ask about somebody known by traits."""

    def build(nom: str = "ADRUN", *prenoms: str, automatic: bool = False, **changes: Any) -> IdentityRequest:
        return IdentityRequest(subject=TraitsSubject(traits=traits(nom, *prenoms, **changes)), automatic=automatic)

    return build


@pytest.fixture
def presence() -> CardPresence:
    return CardPresence(
        slot="SANDBOX 00", atr="3B751300004009EA9000", insertion="1", inserted_at=NOW - timedelta(minutes=1)
    )


@pytest.fixture(scope="session")
def beneficiary() -> Callable[..., Beneficiary]:
    """ADRUN ZOE on her own card, unless told otherwise."""

    def build(**changes: Any) -> Beneficiary:
        known: dict[str, Any] = {
            "position": 1,
            "nom": "ADRUN",
            "prenom": "ZOE",
            "date_naissance": date(1975, 12, 31),
            "date_en_carte": "19751231",
            "sexe": Sex.FEMALE,
            "nir": NirFacturation(value="275126322074974"),
        }
        return Beneficiary(**(known | changes))

    return build
