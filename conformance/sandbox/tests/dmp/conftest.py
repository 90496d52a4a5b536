"""Messages to the DMP written by hand: templates, lxml for canonical forms, cryptography for signatures, curl to send.

Nothing here is shared with the simulator or with a client: a test has `xmlsec1` say that signatures are right.
"""

import base64
import hashlib
import subprocess
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import Message
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

BASE = "/si-dmp-server/v2/services"
SOAP = "http://www.w3.org/2003/05/soap-envelope"
WSA = "http://www.w3.org/2005/08/addressing"
EXC = "http://www.w3.org/2001/10/xml-exc-c14n#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
ACTIONS = {
    "feed": ("DocumentRepository_Service", "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"),
    "search": ("DocumentRegistry_Service", "urn:ihe:iti:2007:RegistryStoredQuery"),
    "delete": ("DocumentRegistry_Service", "urn:ihe:iti:2010:UpdateDocumentSet"),
    "exists": ("patient", "urn:hl7-org:v3:PRPA_IN201307UV02"),
}
INS = "279035121518989"
OID = "1.2.250.1.213.1.4.10"
CX = f"{INS}^^^&{OID}&ISO^NH"
PHARMACIST = "899700075122"
STRUCTURE = "10B0152872"
_COUNTER = count(1)
_RUN = uuid.uuid4().int >> 70


def oid() -> str:
    """An OID that nobody had before."""
    return f"2.25.{_RUN}.{next(_COUNTER)}"


def utc(moment: datetime | None = None) -> str:
    """An instant as assertions have it."""
    return (moment or datetime.now(UTC)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@cache
def key_of(cert: str, key: str) -> "Key":
    """A certificate and its key, read once."""
    return Key(Path(cert), Path(key))


class Key:
    """A certificate and its key."""

    def __init__(self, cert: Path, key: Path) -> None:
        self.cert_path, self.key_path = cert, key
        self.certificate = x509.load_pem_x509_certificate(cert.read_bytes())
        loaded = serialization.load_pem_private_key(key.read_bytes(), None, unsafe_skip_rsa_key_validation=True)
        assert isinstance(loaded, rsa.RSAPrivateKey)
        self.key = loaded

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def text(self) -> str:
        return base64.b64encode(self.der).decode()

    def sign(self, data: bytes, algorithm: hashes.HashAlgorithm | None = None) -> str:
        return base64.b64encode(self.key.sign(data, padding.PKCS1v15(), algorithm or hashes.SHA256())).decode()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def role(code: str, system: str) -> str:
    return (
        '<saml:AttributeValue><Role xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' xsi:type="CE" code="{code}" codeSystem="{system}" displayName="libellé"/></saml:AttributeValue>'
    )


PHARMACIST_ROLES = (("21", "1.2.250.1.71.1.2.7"), ("A", "1.2.250.1.71.4.2.6"))


def vihf_text(signer: Key, **changes: Any) -> tuple[str, str]:
    """The assertion before it is signed, its signature's place marked, and its identifier."""
    said = {
        "identifier": f"_{uuid.uuid4()}",
        "issued": utc(),
        "authenticated": utc(),
        "issuer": signer.certificate.subject.rfc4514_string(),
        "format": "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName",
        "name_id": PHARMACIST,
        "context": "urn:oasis:names:tc:SAML:2.0:ac:classes:Password",
        "conditions": "",
        "roles": PHARMACIST_ROLES,
        "purpose": ("normal", "1.2.250.1.213.1.1.4.248"),
        "patient": CX,
        "version": "2.0",
        "extra": "",
        **{name: value for name, value in changes.items() if name != "attributes"},
    }
    attributes: dict[str, str | None] = {
        "VIHF_Version": "3.0",
        "Authentification_mode": "INDIRECTE",
        "Identifiant_Structure": STRUCTURE,
        "Secteur_Activite": "SA33^1.2.250.1.71.4.2.4",
        "urn:oasis:names:tc:xacml:2.0:resource:resource-id": said["patient"],
        "Ressource_URN": "urn:dmp",
        "urn:oasis:names:tc:xspa:1.0:subject:subject-id": "Carole PHARMACH0007512",
        "LPS_ID": "essai",
        "LPS_Nom": "essai",
        "LPS_Version": "1.0",
        "LPS_ID_HOMOLOGATION_DMP": "ESSAI-0001",
        **changes.get("attributes", {}),
    }
    texts = "".join(
        f"<saml:Attribute Name={quoteattr(name)}><saml:AttributeValue>{escape(value)}</saml:AttributeValue>"
        "</saml:Attribute>"
        for name, value in attributes.items()
        if value is not None
    )
    roles = "".join(role(code, system) for code, system in said["roles"])
    code, system = said["purpose"]
    text = (
        f'<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{said["identifier"]}"'
        f' IssueInstant="{said["issued"]}" Version="{said["version"]}">'
        f'<saml:Issuer Format="{said["format"]}">{escape(said["issuer"])}</saml:Issuer>@SIGNATURE@'
        f"<saml:Subject><saml:NameID>{said['name_id']}</saml:NameID></saml:Subject>{said['conditions']}"
        f'<saml:AuthnStatement AuthnInstant="{said["authenticated"]}"><saml:AuthnContext>'
        f"<saml:AuthnContextClassRef>{said['context']}</saml:AuthnContextClassRef></saml:AuthnContext>"
        "</saml:AuthnStatement>"
        f"<saml:AttributeStatement>{texts}"
        f'<saml:Attribute Name="urn:oasis:names:tc:xacml:2.0:subject:role">{roles}</saml:Attribute>'
        '<saml:Attribute Name="urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"><saml:AttributeValue>'
        '<PurposeOfUse xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="CE"'
        f' code="{code}" codeSystem="{system}" codeSystemName="mode acces VIHF 2.0" displayName="Accès"/>'
        f"</saml:AttributeValue></saml:Attribute>{said['extra']}</saml:AttributeStatement></saml:Assertion>"
    )
    return text, str(said["identifier"])


def signed_vihf(signer: Key, *, algorithm: str = "sha256", **changes: Any) -> str:
    """The assertion, signed as its standard says."""
    text, identifier = vihf_text(signer, **changes)
    method, digest, chosen = {
        "sha256": (RSA_SHA256, SHA256, hashes.SHA256()),
        "sha1": (
            "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
            "http://www.w3.org/2000/09/xmldsig#sha1",
            hashes.SHA1(),
        ),
    }[algorithm]
    plain = etree.tostring(etree.fromstring(text.replace("@SIGNATURE@", "")), method="c14n", exclusive=True)
    value = b64(hashlib.new(algorithm, plain).digest())
    info = (
        f'<ds:SignedInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:CanonicalizationMethod Algorithm="{EXC}"/>'
        f'<ds:SignatureMethod Algorithm="{method}"/><ds:Reference URI="#{identifier}"><ds:Transforms>'
        '<ds:Transform Algorithm="http://www.w3.org/2000/09/xmldsig#enveloped-signature"/>'
        f'<ds:Transform Algorithm="{EXC}"/></ds:Transforms><ds:DigestMethod Algorithm="{digest}"/>'
        f"<ds:DigestValue>{value}</ds:DigestValue></ds:Reference></ds:SignedInfo>"
    )
    proof = signer.sign(etree.tostring(etree.fromstring(info), method="c14n", exclusive=True), chosen)
    signature = (
        f'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#">{info}<ds:SignatureValue>{proof}</ds:SignatureValue>'
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{signer.text}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>"
        "</ds:Signature>"
    )
    return text.replace("@SIGNATURE@", signature)


def slot(name: str, *values: str) -> str:
    content = "".join(f"<rim:Value>{escape(one)}</rim:Value>" for one in values)
    return f'<rim:Slot name="{name}"><rim:ValueList>{content}</rim:ValueList></rim:Slot>'


def envelope(of: str, vihf: str, body: str, **changes: str) -> bytes:
    """A SOAP 1.2 request."""
    said = {
        "soap": SOAP,
        "action": f'<wsa:Action soap:mustUnderstand="1">{of}</wsa:Action>',
        "message_id": f"<wsa:MessageID>urn:uuid:{uuid.uuid4()}</wsa:MessageID>",
        "reply_to": f'<wsa:ReplyTo soap:mustUnderstand="1"><wsa:Address>{WSA}/anonymous</wsa:Address></wsa:ReplyTo>',
        "to": "<wsa:To/>",
        "more": "",
        "head": "",
        "security": (
            '<wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/'
            f'oasis-200401-wss-wssecurity-secext-1.0.xsd">{vihf}</wsse:Security>'
        ),
        **changes,
    }
    return (
        f'{said["head"]}<soap:Envelope xmlns:soap="{said["soap"]}" xmlns:wsa="{WSA}"><soap:Header>{said["action"]}'
        f"{said['message_id']}{said['to']}{said['reply_to']}{said['security']}{said['more']}</soap:Header>"
        f"<soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


def multipart(message: bytes, parts: dict[str, bytes], of: str, **changes: str) -> tuple[str, bytes]:
    """An MTOM message."""
    said = {
        "boundary": "limite-essai",
        "encoding": "binary",
        "root": 'application/xop+xml; charset=UTF-8; type="application/soap+xml"',
        "type": "application/xop+xml",
        "start": "<racine@essai>",
        "end": "\r\n--limite-essai--\r\n",
        **changes,
    }
    pieces = [
        f"--limite-essai\r\nContent-Type: {said['root']}\r\nContent-ID: <racine@essai>\r\n\r\n".encode() + message
    ]
    for name, content in parts.items():
        head = (
            f"Content-Type: text/xml\r\nContent-Transfer-Encoding: {said['encoding']}\r\nContent-ID: <{name}>\r\n\r\n"
        )
        pieces.append(f"\r\n--limite-essai\r\n{head}".encode() + content)
    header = (
        f'multipart/related; boundary="{said["boundary"]}"; type="{said["type"]}"; start="{said["start"]}"; '
        f'start-info="application/soap+xml"; action="{of}"'
    )
    return header, b"".join(pieces) + said["end"].encode()


def existence(ins: str = INS, root: str = OID, **changes: str) -> str:
    said = {"reason": "TEST_EXST", "receiver": "1.2.250.1.213.4.1.1.1", "mode": "T", **changes}
    device = '<device classCode="DEV" determinerCode="INSTANCE"><id root="{}"/><softwareName>X</softwareName></device>'
    return (
        '<PRPA_IN201307UV02 xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
        f' ITSVersion="XML_1.0"><id root="2.25.7" extension="{uuid.uuid4()}"/><creationTime value="20260105143000"/>'
        '<interactionId root="2.16.840.1.113883.1.6" extension="PRPA_IN201307UV02"/><processingCode code="D"/>'
        f'<processingModeCode code="{said["mode"]}"/><acceptAckCode code="AL"/>'
        f'<receiver typeCode="RCV">{device.format(said["receiver"])}</receiver>'
        f'<sender typeCode="SND">{device.format("2.25.7")}</sender><attentionLine xsi:nil="true"/>'
        '<controlActProcess classCode="CACT" moodCode="EVN">'
        f'<reasonCode code="{said["reason"]}" codeSystem="1.2.250.1.213.1.1.4.11"/><queryByParameter>'
        '<queryId root="2.25.7" extension="1"/><statusCode code="new"/><parameterList><dataSource xsi:nil="true"/>'
        f'<patientIdentifier><value root="{root}" extension="{ins}"/><semanticsText>Patient.id</semanticsText>'
        "</patientIdentifier></parameterList></queryByParameter></controlActProcess></PRPA_IN201307UV02>"
    )


def query(identifier: str, slots: dict[str, str], returned: str = "LeafClass") -> str:
    content = "".join(slot(name, value) for name, value in slots.items())
    return (
        '<query:AdhocQueryRequest xmlns:query="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0"'
        ' xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">'
        f'<query:ResponseOption returnType="{returned}" returnComposedObjects="true"/>'
        f'<rim:AdhocQuery id="{identifier}">{content}</rim:AdhocQuery></query:AdhocQueryRequest>'
    )


class Answer:
    """What came back."""

    def __init__(self, code: int, status: int, header: str, body: bytes) -> None:
        self.code, self.status, self.header, self.body = code, status, header, body
        message = Message()
        message["content-type"] = header
        self.multipart = message.get_content_type() == "multipart/related"
        text = body
        if self.multipart:
            text = body.partition(b"\r\n\r\n")[2].partition(b"\r\n--")[0]
        self.xml = etree.fromstring(text) if text[:1] == b"<" else None

    @property
    def said(self) -> str:
        """The status of a registry, the first error, or the subcode of a fault; the text after a bar."""
        assert self.xml is not None, (self.code, self.status, self.body[:300])
        for one in self.xml.iter("{*}RegistryError"):
            return f"{one.get('errorCode')}|{one.get('codeContext')}"
        for one in self.xml.iter("{*}Fault"):
            values = [str(value.text) for value in one.iter("{*}Value")]
            return f"{values[-1]}|{one.findtext('.//{*}Text')}"
        for one in self.xml.iter("{*}RegistryResponse", "{*}AdhocQueryResponse"):
            return str(one.get("status")).rpartition(":")[2]
        return etree.QName(next(self.xml.iter("{*}Body"))[0]).localname


class Hands:
    """Sends messages to the DMP of the shared sandbox."""

    def __init__(self, descriptor: dict[str, Any], folder: Path, data: Path, control: Callable[..., Any]) -> None:
        self.url = descriptor["services"]["dmp"]["url"]
        self.ca = descriptor["ca"]
        self.folder = folder
        self.data = data
        self.control = control
        self.last = (0, "")
        self.keys = {name: key_of(files["cert"], files["key"]) for name, files in descriptor["certificates"].items()}
        self.auth, self.sign = self.keys["org-auth"], self.keys["org-sign"]
        self.oid = oid
        self.query = query
        self.existence = existence
        self.envelope = envelope
        self.multipart = multipart
        self.signed_vihf = signed_vihf
        self.actions = ACTIONS

    def card(self, serial: str) -> tuple[Key, Key]:
        """Authentication and signature of a card that was powered."""
        folder = self.data / "pki" / "cards" / serial
        return tuple(Key(folder / f"{one}.cert.pem", folder / f"{one}.key.pem") for one in ("aut", "sig"))  # type: ignore[return-value]

    def raw(self, path: str, header: str, body: bytes, key: Key | None = None, options: tuple[str, ...] = ()) -> bytes:
        """POST bytes with curl, and return what came back as it came."""
        question, answer = self.folder / "question", self.folder / "answer"
        question.write_bytes(body)
        answer.write_bytes(b"")
        key = key or self.auth
        address = urlsplit(self.url)
        command = ["curl", "--silent", "--max-time", "30", "--cacert", self.ca, "-D", str(self.folder / "headers")]
        command += ["--cert", str(key.cert_path), "--key", str(key.key_path), "-H", f"Content-Type: {header}"]
        command += ["-H", "Expect:", "--data-binary", f"@{question}", "-o", str(answer)]
        command += ["-w", "%{http_code} %{content_type}", *options, f"https://{address.netloc}{BASE}/{path}"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        self.last = (done.returncode, done.stdout.decode())
        return answer.read_bytes()

    def status(self, path: str, header: str, body: bytes) -> int:
        """POST bytes, and return the HTTP status only."""
        self.raw(path, header, body)
        return int(self.last[1].partition(" ")[0])

    def post(
        self, path: str, header: str, body: bytes, key: Key | None = None, options: tuple[str, ...] = ()
    ) -> Answer:
        """POST bytes, and read what came back."""
        content = self.raw(path, header, body, key, options)
        code, told = self.last
        status, _, kind = told.partition(" ")
        return Answer(code, int(status), kind, content)

    def ask(
        self, what: str, body: str, parts: dict[str, bytes] | None = None, *, key: Key | None = None, **changes: Any
    ) -> Answer:
        """Send a question: `vihf`, `soap`, `mime` change what surrounds it, `assertion` replaces the VIHF."""
        path, action = ACTIONS[what]
        signer, said = changes.pop("signer", self.sign), changes.pop("vihf", {})
        message = envelope(
            action, changes.pop("assertion", None) or signed_vihf(signer, **said), body, **changes.pop("soap", {})
        )
        mime = changes.pop("mime", {})
        path = changes.pop("path", path)
        assert not changes, changes
        if what == "exists" or parts is None:
            return self.post(path, f'application/soap+xml; charset=UTF-8; action="{action}"', message, key)
        return self.post(path, *multipart(message, parts, action, **mime), key)

    def state(self) -> dict[str, Any]:
        """What the DMP holds."""
        status, found = self.control("GET", "/dmp")
        assert status == 200
        return dict(found)

    def entries(self, unique_id: str) -> list[dict[str, Any]]:
        return [one for one in self.state()["entries"] if one["unique_id"] == unique_id]

    def counts(self, unique_id: str) -> tuple[int, int]:
        """Receptions and acceptances in the ledger."""
        _, entries = self.control("GET", "/ledger?service=dmp")
        return next(((one["receptions"], one["acceptances"]) for one in entries if one["id"] == unique_id), (0, 0))

    def settings(self, **members: Any) -> None:
        assert self.control("POST", "/dmp/settings", members)[0] == 200

    def patient(self, **members: Any) -> None:
        assert self.control("POST", "/dmp/patients", {"ins": INS, "oid": OID, **members})[0] == 200

    def fault(self, name: str, **limits: Any) -> None:
        assert self.control("POST", "/faults", {"service": "dmp", "fault": name, **limits})[0] == 200


@pytest.fixture
def dmp(descriptor: dict[str, Any], tmp_path: Path, data: Path, control: Callable[..., tuple[int, Any]]) -> Hands:
    """The hands that speak to the DMP, which begins empty."""
    return Hands(descriptor, tmp_path, data, control)


@pytest.fixture(scope="session")
def past() -> Callable[[float], str]:
    """An instant some seconds ago (negative: ahead), as assertions have it."""
    return lambda seconds: utc(datetime.now(UTC) - timedelta(seconds=seconds))
