"""INSi in a professional's name: assertions by CPS signed by software nobody here wrote, and what is wrong with others.

By Pro Santé Connect: see the tests of the plugin, which meet a whole login.
"""

import base64
import copy
import subprocess
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import attrs
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureMethod
from signxml.signer import XMLSigner

from segur_sandbox.insi.refusal import RequestRefusedError
from segur_sandbox.insi.xml_signature import verified
from segur_sandbox.pki.store import PkiFiles

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
BY_TRAITS: Final = "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite"
CAROLE: Final = "899700075122"
DOCTOR: Final = "899700366240"
EXC: Final = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0
ATTRIBUTES: Final = {"identifiantFacturation": "0B0152872", "secteurActivite": "SA33"}


@attrs.frozen
class CardLeaf:
    """A signature key with its certificate, of the sandbox's authority of cards unless told otherwise."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate

    def sign(self, assertion: str, **options: Any) -> str:
        """Sign with software nobody here wrote."""
        algorithms = {"signature_algorithm": SignatureMethod.RSA_SHA256, "digest_algorithm": "sha256"}
        signer = XMLSigner(c14n_algorithm=options.pop("c14n", EXC), **{**algorithms, **options})
        root = etree.fromstring(assertion)
        root.insert(1, etree.fromstring(f'<ds:Signature xmlns:ds="{DS}" Id="placeholder"/>'))
        signed = signer.sign(
            root, key=self.key, cert=[self.certificate], reference_uri=root.get("ID"), id_attribute="ID"
        )
        return etree.tostring(signed, encoding="unicode")


@pytest.fixture(scope="module")
def leaf_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def leaf(descriptor: dict[str, Any], leaf_key: rsa.RSAPrivateKey) -> Callable[..., CardLeaf]:
    """Issue a signature certificate; what a caller names is other than on a good card."""
    folder = Path(descriptor["services"]["cards"]["ca"]).parent
    personnes = PkiFiles(folder).fort_personnes()

    def issue(
        national_id: str = CAROLE,
        *,
        usage: str = "content_commitment",
        purpose: x509.ObjectIdentifier = ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ended: timedelta = timedelta(days=-1),
        profession: int = 21,
        by: rsa.RSAPrivateKey = personnes.key,
    ) -> CardLeaf:
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.COUNTRY_NAME, "FR"),
                x509.NameAttribute(NameOID.TITLE, "Pharmacien"),
                x509.NameAttribute(NameOID.COMMON_NAME, national_id),
            ]
        )
        names = (
            "digital_signature",
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        )
        end = datetime.now(UTC) - ended
        extension = x509.UnrecognizedExtension(
            x509.ObjectIdentifier("1.2.250.1.71.1.2.7"), bytes([0x02, 0x01, profession])
        )
        certificate = (
            x509.CertificateBuilder(personnes.certificate.subject, subject, leaf_key.public_key(), 17)
            .not_valid_before(end - timedelta(days=300))
            .not_valid_after(end)
            .add_extension(x509.KeyUsage(**{one: one == usage for one in names}), critical=True)
            .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
            .add_extension(extension, critical=False)
            .sign(by, hashes.SHA256())
        )
        return CardLeaf(leaf_key, certificate)

    return issue


def assertion(
    national_id: str = CAROLE,
    *,
    issuer: str | None = None,
    issuer_format: str = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName",
    qualifier: str = "CPS",
    age: timedelta = timedelta(seconds=1),
    attributes: dict[str, str] = ATTRIBUTES,
    identifier: str | None = None,
) -> str:
    issued = (datetime.now(UTC) - age).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    told = "".join(
        f'<Attribute Name="{name}"><AttributeValue>{value}</AttributeValue></Attribute>'
        for name, value in attributes.items()
    )
    return (
        f'<Assertion xmlns="{SAML}" ID="{identifier or f"_{uuid.uuid4()}"}" IssueInstant="{issued}" Version="2.0">'
        f'<Issuer Format="{issuer_format}">{issuer or f"CN={national_id},T=Pharmacien,C=FR"}</Issuer>'
        f'<Subject><NameID NameQualifier="{qualifier}">{national_id}</NameID></Subject>'
        f"<AttributeStatement>{told}</AttributeStatement></Assertion>"
    )


@pytest.fixture
def ask(
    descriptor: dict[str, Any], by_traits: Callable[..., bytes], control: Callable[..., tuple[int, Any]]
) -> Callable[[str], tuple[int, dict[str, Any]]]:
    """Send a request with one security header, without certificate, by curl: status, and the exchange."""

    def send(security: str, *headers: str) -> tuple[int, dict[str, Any]]:
        header = f'<wsse:Security xmlns:wsse="{WSSE}">{security}</wsse:Security></soap:Header>'
        body = by_traits().replace(b"</soap:Header>", header.encode())
        command = ["curl", "-s", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", descriptor["ca"]]
        command += ["-H", f'Content-Type: application/soap+xml; charset=utf-8; action="{BY_TRAITS}"']
        command += [part for one in headers for part in ("-H", one)]
        url = descriptor["services"]["insi-ps"]["url"]
        done = subprocess.run(
            [*command, "--data-binary", "@-", url], input=body, capture_output=True, check=True, timeout=30
        )
        exchanges = control("GET", "/exchanges?service=insi-ps")[1]
        return int(done.stdout), exchanges[-1]

    return send


Ask = Callable[..., tuple[int, dict[str, Any]]]
Leaf = Callable[..., CardLeaf]


@pytest.mark.parametrize(
    ("national_id", "profession", "attributes"),
    [
        (CAROLE, 21, ATTRIBUTES),
        (DOCTOR, 10, {**ATTRIBUTES, "codeSpecialite": "01"}),
        ("00B6087510", 60, ATTRIBUTES),
        ("30B0152872/000000001", 21, ATTRIBUTES),
    ],
    ids=["pharmacist", "physician", "ADELI", "employee"],
)
def test_signed_assertion_is_accepted(
    ask: Ask, leaf: Leaf, national_id: str, profession: int, attributes: dict[str, str]
) -> None:
    card = leaf(national_id, profession=profession)
    status, exchange = ask(card.sign(assertion(national_id, attributes=attributes)))
    assert (status, exchange["reason"], exchange["client"]) == (200, None, None)


UNTRUE: Final[dict[str, tuple[dict[str, Any], dict[str, Any], str]]] = {
    "too old": ({}, {"age": timedelta(minutes=61)}, "assertion_expired"),
    "from the future": ({}, {"age": timedelta(minutes=-2)}, "assertion_future"),
    "authentication certificate": (
        {"usage": "digital_signature", "purpose": ExtendedKeyUsageOID.CLIENT_AUTH},
        {},
        "assertion_certificate",
    ),
    "usage of both": ({"purpose": ExtendedKeyUsageOID.CLIENT_AUTH}, {}, "assertion_certificate"),
    "expired certificate": ({"ended": timedelta(days=30)}, {}, "assertion_certificate"),
    "certificate not yet valid": ({"ended": timedelta(days=-400)}, {}, "assertion_certificate"),
    "another bearer": ({"national_id": DOCTOR}, {"issuer": f"CN={DOCTOR}"}, "assertion_bearer"),
    "another issuer": ({}, {"issuer": f"CN={DOCTOR},T=Pharmacien,C=FR"}, "assertion_bearer"),
    "name inside another attribute": ({}, {"issuer": f"T=a\\,CN={CAROLE},C=FR"}, "assertion_bearer"),
    "another format": ({}, {"issuer_format": "urn:f"}, "assertion_bearer"),
    "no billing number": ({}, {"attributes": {"secteurActivite": "SA33"}}, "assertion_attributes"),
    "no sector": ({}, {"attributes": {"identifiantFacturation": "1"}}, "assertion_attributes"),
    "sector of no list": ({}, {"attributes": {**ATTRIBUTES, "secteurActivite": "33"}}, "assertion_attributes"),
    "another case": (
        {},
        {"attributes": {"identifiantFacturation": "1", "SecteurActivite": "SA33"}},
        "assertion_attributes",
    ),
    "speciality of a pharmacist": ({}, {"attributes": {**ATTRIBUTES, "codeSpecialite": "01"}}, "assertion_attributes"),
    "physician without speciality": ({"profession": 10}, {}, "assertion_attributes"),
    "one more": ({}, {"attributes": {**ATTRIBUTES, "gipProfessionCode": "21"}}, "assertion_attributes"),
    "identifier that is none": ({}, {"identifier": "_1"}, "header"),
}


@pytest.mark.parametrize(("on_card", "said", "reason"), UNTRUE.values(), ids=UNTRUE)
def test_signed_assertion_that_is_not_true_is_refused_with_its_reason(
    ask: Ask, leaf: Leaf, on_card: dict[str, Any], said: dict[str, Any], reason: str
) -> None:
    status, exchange = ask(leaf(**on_card).sign(assertion(**said)))
    assert (status, exchange["unexpected"], exchange["reason"].partition(":")[0]) == (500, True, reason)
    assert f'code="sandbox_{reason}"' in exchange["answer"]["body"]


def test_certificate_of_another_authority_is_refused(ask: Ask, leaf: Leaf, leaf_key: rsa.RSAPrivateKey) -> None:
    assert ask(leaf(by=leaf_key).sign(assertion()))[1]["reason"].startswith("assertion_certificate")


def edited(edit: Callable[[etree._Element], object]) -> Callable[[str], str]:
    def apply(signed: str) -> str:
        root = etree.fromstring(signed)
        edit(root)
        return etree.tostring(root, encoding="unicode")

    return apply


def _ds(root: etree._Element, name: str) -> etree._Element:
    return next(root.iter(f"{{{DS}}}{name}"))


def _other_signature_value(root: etree._Element) -> None:
    value = bytearray(base64.b64decode(_ds(root, "SignatureValue").text or ""))
    value[7] ^= 1
    _ds(root, "SignatureValue").text = base64.b64encode(value).decode()


def _name(root: etree._Element) -> etree._Element:
    return next(root.iter(f"{{{SAML}}}NameID"))


def _wrap(root: etree._Element) -> None:
    """Hide the signed assertion in its signature, and claim something else around it."""
    original = copy.deepcopy(root)
    _name(root).text = DOCTOR
    root.set("ID", f"_{uuid.uuid4()}")
    kept = etree.SubElement(_ds(root, "Signature"), f"{{{DS}}}Object")
    kept.append(original)


def _wrap_with_the_same_id(root: etree._Element) -> None:
    _wrap(root)
    root.set("ID", _ds(root, "Reference").get("URI", "")[1:])


def _second_reference(root: etree._Element) -> None:
    _ds(root, "SignedInfo").append(copy.deepcopy(_ds(root, "Reference")))


def _signature_again(root: etree._Element) -> None:
    root.insert(2, copy.deepcopy(_ds(root, "Signature")))


def _other_key(root: etree._Element) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    known = x509.load_der_x509_certificate(base64.b64decode(_ds(root, "X509Certificate").text or ""))
    other = (
        x509.CertificateBuilder(known.issuer, known.subject, key.public_key(), known.serial_number)
        .not_valid_before(known.not_valid_before_utc)
        .not_valid_after(known.not_valid_after_utc)
        .sign(key, hashes.SHA256())
    )
    _ds(root, "X509Certificate").text = base64.b64encode(other.public_bytes(Encoding.DER)).decode()


def _comment_in_name(root: etree._Element) -> None:
    # A reader that takes the text before a comment sees another identifier; what was signed has it whole.
    name = _name(root)
    whole = name.text or ""
    name.text = whole[:5]
    name.append(etree.Comment("x"))
    name[0].tail = whole[5:]


TAMPERED: Final[dict[str, tuple[Callable[[etree._Element], object], str]]] = {
    "another bearer": (lambda root: setattr(_name(root), "text", DOCTOR), "assertion_signature"),
    "another value": (
        lambda root: setattr(next(root.iter(f"{{{SAML}}}AttributeValue")), "text", "1"),
        "assertion_signature",
    ),
    "another instant": (
        lambda root: root.set("IssueInstant", datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")),
        "assertion_signature",
    ),
    "text between": (lambda root: setattr(_ds(root, "Signature"), "tail", "x"), "assertion_signature"),
    "another signature value": (_other_signature_value, "assertion_signature"),
    "another certificate": (_other_key, "assertion_signature"),
    "another digest": (lambda root: setattr(_ds(root, "DigestValue"), "text", "AAAA"), "assertion_signature"),
    "no base64": (lambda root: setattr(_ds(root, "SignatureValue"), "text", "*"), "assertion_form"),
    "no certificate": (lambda root: setattr(_ds(root, "X509Certificate"), "text", "AAAA"), "assertion_form"),
    "wrapped": (_wrap, "assertion_form"),
    "wrapped with the same identifier": (_wrap_with_the_same_id, "assertion_form"),
    "two references": (_second_reference, "assertion_form"),
    "two signatures": (_signature_again, "assertion_form"),
    "no signature": (lambda root: root.remove(_ds(root, "Signature")), "assertion_form"),
    "reference to all": (lambda root: _ds(root, "Reference").set("URI", ""), "assertion_form"),
    "reference elsewhere": (lambda root: _ds(root, "Reference").set("URI", "#_other"), "assertion_form"),
    "transform with a parameter": (
        lambda root: etree.SubElement(_ds(root, "Transform"), "{urn:x}InclusiveNamespaces"),
        "assertion_form",
    ),
    "HMAC with a public key": (
        lambda root: _ds(root, "SignatureMethod").set(
            "Algorithm", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
        ),
        "assertion_form",
    ),
    "claimed as Vitale": (lambda root: _name(root).set("NameQualifier", "VITALE-SIMULATEUR"), "assertion_missing"),
    "no canonical form": (
        lambda root: root.append(etree.fromstring('<a xmlns="relative"/>')),
        "assertion_form",
    ),
    "claimed as PSC": (lambda root: _name(root).set("NameQualifier", "PSC"), "assertion_form"),
}


@pytest.mark.parametrize(("edit", "reason"), TAMPERED.values(), ids=TAMPERED)
def test_tampered_assertion_is_refused_beside_its_good_twin(
    ask: Ask, leaf: Leaf, edit: Callable[[etree._Element], object], reason: str
) -> None:
    signed = leaf().sign(assertion())
    assert ask(signed)[0] == 200
    status, exchange = ask(edited(edit)(signed))
    assert (status, exchange["reason"].partition(":")[0]) == (500, reason)


def test_comment_changes_nothing_of_what_was_signed(leaf: Leaf) -> None:
    root = etree.fromstring(edited(_comment_in_name)(leaf().sign(assertion())))
    assert _name(root).text == CAROLE[:5]
    assert verified(root).content.findtext(f".//{{{SAML}}}NameID") == CAROLE


@pytest.mark.parametrize(
    "options",
    [
        {"signature_algorithm": SignatureMethod.RSA_SHA512},
        {"digest_algorithm": "sha512"},
        {"c14n": CanonicalizationMethod.CANONICAL_XML_1_0},
    ],
    ids=["RSA-SHA512", "SHA-512", "inclusive"],
)
def test_other_algorithms_are_not_of_the_published_form(leaf: Leaf, options: dict[str, Any]) -> None:
    root = etree.fromstring(leaf().sign(assertion(), **options))
    with pytest.raises(RequestRefusedError) as caught:
        verified(root)
    assert caught.value.reason == "assertion_form"


@pytest.mark.parametrize(
    ("security", "reason"),
    [
        pytest.param("", "assertion_missing", id="none"),
        pytest.param("<a/>", "schema", id="no assertion"),
        pytest.param(assertion(qualifier="PSC"), "bearer", id="by PSC without a token"),
        pytest.param("bonjour", "security", id="text"),
    ],
)
def test_what_is_no_assertion_of_a_professional_is_refused(ask: Ask, security: str, reason: str) -> None:
    status, exchange = ask(security)
    assert (status, exchange["reason"].partition(":")[0]) == (500, reason)


def test_assertion_of_a_professional_does_not_serve_under_mutual_tls(
    curl: Callable[..., tuple[int, int, bytes]], by_traits: Callable[..., bytes], leaf: Leaf
) -> None:
    header = f'<wsse:Security xmlns:wsse="{WSSE}">{leaf().sign(assertion())}</wsse:Security></soap:Header>'
    body = by_traits().replace(b"</soap:Header>", header.encode())
    _, status, answer = curl(body, action=BY_TRAITS)
    assert (status, b"sandbox_security" in answer) == (500, True)


def test_token_that_nobody_issued_is_refused(ask: Ask) -> None:
    status, exchange = ask(assertion(qualifier="PSC"), "Authorization: Bearer x")
    assert (status, exchange["reason"]) == (500, "bearer: unknown token")
