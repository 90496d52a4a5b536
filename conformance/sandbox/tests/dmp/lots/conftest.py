"""Lots of documents written by hand: CDA, metadata, signature, and what puts them together."""

import base64
import hashlib
import uuid
from itertools import count
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from lxml import etree

INC = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
RSA_SHA256 = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
INS = "279035121518989"
OID = "1.2.250.1.213.1.4.10"
CX = f"{INS}^^^&{OID}&ISO^NH"
PHARMACIST = "899700075122"
STRUCTURE = "10B0152872"
PERSON = f"{PHARMACIST}^PHARMACH0007512^CAROLE^^^^^^&1.2.250.1.71.4.2.1&ISO^D^^^IDNPS"
INSTITUTION = f"PHARMACIE DU BAC A SABLE^^^^^&1.2.250.1.71.4.2.2&ISO^IDNST^^^{STRUCTURE}"
SPECIALITY = "G15_21/A^Pharmacien - Titulaire^1.2.250.1.213.1.1.4.5"
PDF = b"%PDF-1.4 essai"
_COUNTER = count(1)
_RUN = uuid.uuid4().int >> 70


def slot(name: str, *values: str) -> str:
    content = "".join(f"<rim:Value>{escape(one)}</rim:Value>" for one in values)
    return f'<rim:Slot name="{name}"><rim:ValueList>{content}</rim:ValueList></rim:Slot>'


def cda(**changes: Any) -> bytes:
    """An unstructured document, whole and valid."""
    said = {
        "unique_id": oid(),
        "extension": "",
        "type": ("78601-2", "2.16.840.1.113883.6.1"),
        "title": "Entretien pharmaceutique",
        "made_at": "20260105143000+0100",
        "confidentiality": "N",
        "language": "fr-FR",
        "ins": INS,
        "ins_oid": OID,
        "set_id": oid(),
        "version": "1",
        "related": "",
        "author": PHARMACIST,
        "act": "20260105100000+0100",
        "practice": "AMBULATOIRE",
        "facility": "SA33",
        "media": "application/pdf",
        "body": _b64(PDF),
        "signature_code": '<signatureCode code="S"/>',
        "head": "",
        **changes,
    }
    structure = (
        f'<id root="1.2.250.1.71.4.2.2" extension="{STRUCTURE}"/><name>PHARMACIE DU BAC A SABLE</name>'
        '<telecom value="tel:0100000000"/><addr nullFlavor="NASK"/>'
    )
    person = (
        f'<id root="1.2.250.1.71.4.2.1" extension="{said["author"]}"/>'
        '<code code="G15_21/A" displayName="Pharmacien - Titulaire" codeSystem="1.2.250.1.213.1.1.4.5"/>'
        '<addr nullFlavor="NASK"/><telecom nullFlavor="NASK"/>'
    )
    name = "<assignedPerson><name><family>PHARMACH0007512</family><given>CAROLE</given></name></assignedPerson>"
    code, system = said["type"]
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{said["head"]}<ClinicalDocument xmlns="urn:hl7-org:v3">'
        '<realmCode code="FR"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>'
        '<templateId root="2.16.840.1.113883.2.8.2.1"/><templateId root="1.2.250.1.213.1.1.1.1"/>'
        f'<templateId root="1.3.6.1.4.1.19376.1.2.20"/><id root="{said["unique_id"]}"{said["extension"]}/>'
        f'<code code="{code}" codeSystem="{system}" displayName="libellé"/><title>{said["title"]}</title>'
        f'<effectiveTime value="{said["made_at"]}"/>'
        f'<confidentialityCode code="{said["confidentiality"]}" codeSystem="2.16.840.1.113883.5.25"/>'
        f'<languageCode code="{said["language"]}"/><setId root="{said["set_id"]}"/>'
        f'<versionNumber value="{said["version"]}"/><recordTarget><patientRole>'
        f'<id extension="{said["ins"]}" root="{said["ins_oid"]}"/><addr nullFlavor="NASK"/><telecom nullFlavor="NASK"/>'
        '<patient><name><family qualifier="BR">PAT-TROIS</family><given>DOMINIQUE MARIE-LOUISE</given>'
        '<given qualifier="BR">DOMINIQUE</given></name>'
        '<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19790328"/>'
        "<birthplace><place><addr><county>51215</county></addr></place></birthplace></patient></patientRole>"
        "</recordTarget>"
        f'<author><time value="{said["made_at"]}"/><assignedAuthor>{person}{name}'
        f"<representedOrganization>{structure}</representedOrganization></assignedAuthor></author>"
        "<custodian><assignedCustodian><representedCustodianOrganization>"
        f'<id root="1.2.250.1.71.4.2.2" extension="{STRUCTURE}"/><name>PHARMACIE DU BAC A SABLE</name>'
        '<telecom value="tel:0100000000"/><addr nullFlavor="NASK"/></representedCustodianOrganization>'
        "</assignedCustodian>"
        f'</custodian><legalAuthenticator><time value="{said["made_at"]}"/>{said["signature_code"]}<assignedEntity>'
        f"{person}{name}<representedOrganization>{structure}</representedOrganization></assignedEntity></legalAuthenticator>"
        f'<documentationOf><serviceEvent><effectiveTime><low value="{said["act"]}"/></effectiveTime>'
        f'<performer typeCode="PRF"><assignedEntity>{person}<representedOrganization>{structure}'
        f'<standardIndustryClassCode code="{said["practice"]}" codeSystem="1.2.250.1.213.1.1.4.9"/>'
        "</representedOrganization></assignedEntity></performer></serviceEvent></documentationOf>"
        f'{said["related"]}<componentOf><encompassingEncounter><code code="AMB" codeSystem="2.16.840.1.113883.5.4"/>'
        '<effectiveTime nullFlavor="UNK"/><location><healthCareFacility>'
        f'<code code="{said["facility"]}" codeSystem="1.2.250.1.71.4.2.4"/></healthCareFacility></location>'
        f'</encompassingEncounter></componentOf><component><nonXMLBody><text mediaType="{said["media"]}"'
        f' representation="B64">{said["body"]}</text></nonXMLBody></component></ClinicalDocument>'
    ).encode()


def replacing(old: str) -> str:
    return f'<relatedDocument typeCode="RPLC"><parentDocument><id root="{old}"/></parentDocument></relatedDocument>'


def named(text: str, tag: str = "Name") -> str:
    return f'<rim:{tag}><rim:LocalizedString charset="UTF8" xml:lang="FR" value={quoteattr(text)}/></rim:{tag}>'


def coded(owner: str, scheme: str, code: str, system: str, label: str = "libellé") -> str:
    return (
        f'<rim:Classification id="c{next(_COUNTER)}" classificationScheme="urn:uuid:{scheme}"'
        f' classifiedObject="{owner}"'
        f" nodeRepresentation={quoteattr(code)}>{slot('codingScheme', system)}{named(label)}</rim:Classification>"
    )


def authored(
    owner: str, scheme: str, person: str = PERSON, institution: str = INSTITUTION, speciality: str = SPECIALITY
) -> str:
    return (
        f'<rim:Classification id="c{next(_COUNTER)}" classificationScheme="urn:uuid:{scheme}"'
        f' classifiedObject="{owner}"'
        f' nodeRepresentation="">{slot("authorPerson", person)}{slot("authorSpecialty", speciality)}'
        f"{slot('authorInstitution', institution)}</rim:Classification>"
    )


def external(owner: str, scheme: str, value: str) -> str:
    return (
        f'<rim:ExternalIdentifier id="e{next(_COUNTER)}" identificationScheme="urn:uuid:{scheme}"'
        f' registryObject="{owner}"'
        f" value={quoteattr(value)}>{named('identifiant')}</rim:ExternalIdentifier>"
    )


def entry(identifier: str, unique_id: str, **changes: Any) -> str:
    """The entry of a clinical document; `replace` gives text → text."""
    said = {
        "patient": CX,
        "type": ("78601-2", "2.16.840.1.113883.6.1"),
        "class": ("10", "1.2.250.1.213.1.1.4.1"),
        "visibility": (),
        "title": "Entretien pharmaceutique",
        "created": "20260105133000",
        "started": "20260105090000",
        "person": PERSON,
        "institution": INSTITUTION,
        "format": ("urn:ihe:iti:xds-sd:pdf:2008", "1.3.6.1.4.1.19376.1.2.3"),
        "facility": ("SA33", "1.2.250.1.71.4.2.4"),
        "practice": ("AMBULATOIRE", "1.2.250.1.213.1.1.4.9"),
        "language": "fr-FR",
        "more_slots": "",
        **changes,
    }
    visibility = "".join(
        coded(identifier, "f4f85eac-e6cb-4883-b524-f2705394840f", one, "1.2.250.1.213.1.1.4.13")
        for one in said["visibility"]
    )
    return (
        f'<rim:ExtrinsicObject id="{identifier}" mimeType="text/xml"'
        ' objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">'
        f"{slot('creationTime', said['created'])}{slot('languageCode', said['language'])}"
        f"{slot('legalAuthenticator', PERSON)}{slot('serviceStartTime', said['started'])}"
        f"{slot('sourcePatientId', said['patient'])}"
        f"{slot('sourcePatientInfo', 'PID-5|PAT-TROIS^DOMINIQUE^^^^^L', 'PID-7|19790328', 'PID-8|F')}"
        f"{said['more_slots']}{named(said['title'])}"
        f"{authored(identifier, '93606bcf-9494-43ec-9b4e-a7748d1a838d', said['person'], said['institution'])}"
        f"{coded(identifier, '41a5887f-8865-4c09-adf7-e362475b143a', *said['class'])}"
        f"{coded(identifier, 'f0306f51-975f-434e-a61c-c59651d33983', *said['type'])}"
        f"{coded(identifier, 'f4f85eac-e6cb-4883-b524-f2705394840f', 'N', '2.16.840.1.113883.5.25')}{visibility}"
        f"{coded(identifier, 'a09d5840-386c-46f2-b5ad-9c3699a4309d', *said['format'])}"
        f"{coded(identifier, 'f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1', *said['facility'])}"
        f"{coded(identifier, 'cccf5598-8b07-4b77-a05e-ae952c785ead', *said['practice'])}"
        f"{external(identifier, '58a6f841-87b3-4a3e-92fd-a8ffeff98427', said['patient'])}"
        f"{external(identifier, '2e82c1f6-a085-4c72-9da3-8640a32e42ab', unique_id)}</rim:ExtrinsicObject>"
    )


def signature_entry(identifier: str, unique_id: str, patient: str) -> str:
    scheme = "f4f85eac-e6cb-4883-b524-f2705394840f"
    hidden = "".join(
        coded(identifier, scheme, one, "1.2.250.1.213.1.1.4.13") for one in ("MASQUE_PS", "INVISIBLE_PATIENT")
    )
    at = "20260105134000"
    return (
        f'<rim:ExtrinsicObject id="{identifier}" mimeType="text/xml"'
        ' objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">'
        f"{slot('creationTime', at)}{slot('languageCode', 'art')}{slot('serviceStartTime', at)}"
        f"{slot('serviceStopTime', at)}{slot('sourcePatientId', patient)}{named('Source')}"
        f"{authored(identifier, '93606bcf-9494-43ec-9b4e-a7748d1a838d')}"
        f"{coded(identifier, '41a5887f-8865-4c09-adf7-e362475b143a', 'urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1', 'URN')}"
        f"{coded(identifier, 'f0306f51-975f-434e-a61c-c59651d33983', 'E1762', 'ASTM')}"
        f"{coded(identifier, scheme, 'N', '2.16.840.1.113883.5.25')}{hidden}"
        f"{coded(identifier, 'a09d5840-386c-46f2-b5ad-9c3699a4309d', 'http://www.w3.org/2000/09/xmldsig#', 'URN')}"
        f"{coded(identifier, '2c6b8cb7-8b2a-4051-b291-b1ae6a575ef4', '1.2.840.10065.1.12.1.14', '1.2.840.10065.1.12')}"
        f"{external(identifier, '58a6f841-87b3-4a3e-92fd-a8ffeff98427', patient)}"
        f"{external(identifier, '2e82c1f6-a085-4c72-9da3-8640a32e42ab', unique_id)}</rim:ExtrinsicObject>"
    )


def package(unique_id: str, patient: str = CX, **changes: str) -> str:
    said = {"person": PERSON, "institution": INSTITUTION, "at": "20260105134000", **changes}
    owner = "SubmissionSet01"
    return (
        f'<rim:RegistryPackage id="{owner}">{slot("submissionTime", said["at"])}{named("Lot")}'
        f"{authored(owner, 'a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d', said['person'], said['institution'])}"
        f"{coded(owner, 'aa543740-bdda-424e-8c96-df4873be8500', 'SA33', '1.2.250.1.71.4.2.4')}"
        f'<rim:Classification id="c{next(_COUNTER)}" classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"'
        f' classifiedObject="{owner}"/>{external(owner, "6b5aea1a-874d-4603-a4bc-96a0a7b38446", patient)}'
        f"{external(owner, '554ac39e-e3fe-47fe-b233-965d2a147832', '2.25.1')}"
        f"{external(owner, '96fdda7c-d067-4183-912e-bf5ee74998a8', unique_id)}</rim:RegistryPackage>"
    )


def association(kind: str, source: str, target: str, slots: str = "") -> str:
    return (
        f'<rim:Association id="a{next(_COUNTER)}" associationType="{kind}" sourceObject="{source}"'
        f' targetObject="{target}">{slots}</rim:Association>'
    )


def member(target: str) -> str:
    kind = "urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
    return association(kind, "SubmissionSet01", target, slot("SubmissionSetStatus", "Original"))


def submission(*objects: str) -> str:
    return (
        '<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"'
        ' xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0"><rim:RegistryObjectList>'
        f"{''.join(objects)}</rim:RegistryObjectList></lcm:SubmitObjectsRequest>"
    )


def _standing(text: str) -> bytes:
    return etree.tostring(etree.fromstring(text), method="c14n", with_comments=False)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def oid() -> str:
    """An OID that nobody had before."""
    return f"2.25.{_RUN}.{next(_COUNTER)}"


def lot_signature(signer: Any, lot: str, documents: dict[str, bytes], **changes: str) -> bytes:
    """The signature of a lot; `changes` replace digests, purposes, forms."""
    said = {"nothing": "AA==", "purpose": "1.2.840.10065.1.12.1.14", "certificate": _b64(signer.der), **changes}
    ds, xades = "http://www.w3.org/2000/09/xmldsig#", "http://uri.etsi.org/01903/v1.1.1#"
    method = f'<ds:DigestMethod Algorithm="{SHA256}"/>'
    lines = "".join(
        f'<ds:Reference URI="urn:oid:{name}"><ds:Transforms><ds:Transform Algorithm="{INC}"/></ds:Transforms>{method}'
        f"<ds:DigestValue>{said.get('digest') or _b64(hashlib.sha256(_whole(one)).digest())}</ds:DigestValue>"
        "</ds:Reference>"
        for name, one in documents.items()
    )
    both = f'xmlns:ds="{ds}" xmlns:xad="{xades}"'
    manifest = (
        f'<ds:Manifest @ Id="IHEManifest"><ds:Reference URI="urn:oid:{lot}">{method}'
        f"<ds:DigestValue>{said['nothing']}</ds:DigestValue></ds:Reference>{lines}</ds:Manifest>"
    )
    digest = _b64(hashlib.sha256(base64.b64decode(said["certificate"])).digest())
    properties = (
        '<xad:SignedProperties @ Id="S0-SignedProperties"><xad:SignedSignatureProperties>'
        f"<xad:SigningTime>2026-01-05T13:40:00Z</xad:SigningTime><xad:SigningCertificate><xad:Cert><xad:CertDigest>{method}"
        f"<ds:DigestValue>{digest}</ds:DigestValue></xad:CertDigest></xad:Cert></xad:SigningCertificate>"
        "<xad:SignaturePolicyIdentifier><xad:SignaturePolicyImplied/></xad:SignaturePolicyIdentifier>"
        "</xad:SignedSignatureProperties></xad:SignedProperties>"
    )
    references = (
        (f"{ds}Manifest", "IHEManifest", manifest),
        (f"{xades}SignedProperties", "S0-SignedProperties", properties),
    )
    refs = "".join(
        f'<ds:Reference Type="{kind}" URI="#{name}">{method}'
        f"<ds:DigestValue>{_b64(hashlib.sha256(_standing(part.replace('@', both, 1))).digest())}</ds:DigestValue>"
        "</ds:Reference>"
        for kind, name, part in references
    )
    info = (
        f'<ds:SignedInfo @><ds:CanonicalizationMethod Algorithm="{INC}"/><ds:SignatureMethod Algorithm="{RSA_SHA256}"/>'
        f"{refs}</ds:SignedInfo>"
    )
    proof = signer.sign(_standing(info.replace("@", both, 1)))
    return (
        f'<ds:Signature {both} Id="SIG"><ds:SignedInfo>{info.partition("@>")[2]}<ds:SignatureValue>{proof}'
        f"</ds:SignatureValue><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{signer.text}</ds:X509Certificate></ds:X509Data>"
        f"</ds:KeyInfo><ds:Object>{manifest.replace(' @', '', 1)}</ds:Object><ds:Object><ds:SignatureProperties>"
        f'<ds:SignatureProperty Id="purposeOfSignature" Target="#SIG">{said["purpose"]}</ds:SignatureProperty>'
        '</ds:SignatureProperties></ds:Object><ds:Object><xad:QualifyingProperties Target="#SIG">'
        f"{properties.replace(' @', '', 1)}</xad:QualifyingProperties></ds:Object></ds:Signature>"
    ).encode()


def _whole(document: bytes) -> bytes:
    try:
        return etree.tostring(etree.fromstring(document).getroottree(), method="c14n", with_comments=True)
    except etree.XMLSyntaxError:
        return document


class Lot:
    """A lot before it is put together; every part may be changed."""

    def __init__(self, signer: Any, **changes: Any) -> None:
        self.signer = signer
        self.unique_id = oid()
        self.signature_id = oid()
        self.patient = changes.pop("patient", CX)
        self.replaced: str | None = changes.pop("replaced", None)
        self.document_changes: dict[str, Any] = changes.pop("document", {})
        self.entry_changes: dict[str, Any] = changes.pop("entry", {})
        self.package_changes: dict[str, str] = changes.pop("package", {})
        self.signature_changes: dict[str, str] = changes.pop("signature", {})
        self.swaps: dict[str, str] = changes.pop("swaps", {})
        assert not changes
        self.document_id = self.document_changes.pop("unique_id", None) or oid()
        self.document = cda(unique_id=self.document_id, **self.document_changes)
        self.raw: bytes | None = None
        self.raw_signature: bytes | None = None

    def body(self) -> tuple[str, dict[str, bytes]]:
        """The body of the request and its parts, by Content-ID."""
        document = self.document if self.raw is None else self.raw
        signature = self.raw_signature or lot_signature(
            self.signer, self.unique_id, {self.document_id: document}, **self.signature_changes
        )
        links = member("Document01") + member("Signature01")
        links += association("urn:ihe:iti:2007:AssociationType:signs", "Signature01", "SubmissionSet01")
        if self.replaced is not None:
            links += association("urn:ihe:iti:2007:AssociationType:RPLC", "Document01", self.replaced)
        objects = submission(
            package(self.unique_id, self.patient, **self.package_changes),
            entry("Document01", self.document_id, **{"patient": self.patient, **self.entry_changes}),
            signature_entry("Signature01", self.signature_id, self.patient),
            links,
        )
        include = '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:{}"/>'
        text = (
            f'<xdsb:ProvideAndRegisterDocumentSetRequest xmlns:xdsb="urn:ihe:iti:xds-b:2007">{objects}'
            f'<xdsb:Document id="Document01">{include.format("document@essai")}</xdsb:Document>'
            f'<xdsb:Document id="Signature01">{include.format("signature@essai")}</xdsb:Document>'
            "</xdsb:ProvideAndRegisterDocumentSetRequest>"
        )
        for old, new in self.swaps.items():
            assert old in text, old
            text = text.replace(old, new)
        return text, {"document@essai": document, "signature@essai": signature}


def deletion(lot: str, target: str, original: str, new: str, **changes: str) -> str:
    kind = "urn:ihe:iti:2010:AssociationType:UpdateAvailabilityStatus"
    said = slot("OriginalStatus", original) + slot("NewStatus", new)
    return submission(package(lot, **changes), association(kind, "SubmissionSet01", target, said))


class Feeder:
    """Hands that know lots too."""

    def __init__(self, hands: Any) -> None:
        self._hands = hands
        self.cda, self.replacing, self.deletion, self.lot_signature = cda, replacing, deletion, lot_signature

    def __getattr__(self, name: str) -> Any:
        return getattr(self._hands, name)

    def lot(self, **changes: Any) -> Lot:
        """A lot to be fed."""
        return Lot(changes.pop("signer", self._hands.sign), **changes)

    def feed(self, lot: Lot | None = None, **changes: Any) -> Any:
        """Feed a lot."""
        body, parts = (lot or self.lot()).body()
        return self._hands.ask("feed", body, parts, **changes)


@pytest.fixture
def dmp(dmp: Any) -> Feeder:
    """The hands that feed the DMP, which begins empty."""
    return Feeder(dmp)


@pytest.fixture(scope="session")
def schemas(assets: Path) -> Path:
    """The official schemas of CDA, beside those of INSi."""
    return assets.parent / "cda" / "xsd"
