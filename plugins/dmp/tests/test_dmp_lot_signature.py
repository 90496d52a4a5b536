"""The signature of a submission set: independent software verifies it, and its manifest is worked out again here."""

import hashlib
from base64 import b64decode
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from signxml.exceptions import InvalidDigest, InvalidSignature
from signxml.verifier import SignatureConfiguration, VerifyResult, XMLVerifier

from plugins.dmp.tests.canonical_xml import canonical
from plugins.dmp.tests.outside_tools import lot_verified
from plugins.dmp.tests.scripted_dmp import AUTHOR, NOW, Context, FileSigner
from segur_plugin_dmp.callers import Caller, Mode, caller_of
from segur_plugin_dmp.lot_signature import SignedDocument, sign_lot
from segur_sdk.errors import InputError

DS = "{http://www.w3.org/2000/09/xmldsig#}"
XAD = "{http://uri.etsi.org/01903/v1.1.1#}"
SET, ONE, TWO = "2.25.1", "1.2.250.1.999.2", "1.2.250.1.999.3"
DOCUMENT = (
    "<?xml version='1.0' encoding='UTF-8'?>\n<?pi x?><!-- before -->\n"
    '<ClinicalDocument b="2" xmlns="urn:hl7-org:v3" a=\'1&quot;\' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    "<title>é &amp; ]]&gt;\r\n</title><!-- in --><empty/></ClinicalDocument>\n"
).encode()


@pytest.fixture
def caller(make_ctx: Callable[..., Context]) -> Caller:
    return caller_of(Mode.INDIRECT, AUTHOR, make_ctx())


def signed(caller: Caller, *documents: bytes, **changes: str) -> bytes:
    named = [SignedDocument(name, data) for name, data in zip((ONE, TWO), documents or (DOCUMENT,), strict=False)]
    return sign_lot(SET, named, caller, NOW, **changes)  # type: ignore[arg-type] # one of the two digests


def verified(data: bytes, signer: FileSigner) -> list[VerifyResult]:
    verifier = XMLVerifier()
    verifier.excise_empty_xmlns_declarations = True
    pem = signer.certificates[0].public_bytes(Encoding.PEM).decode()
    result = verifier.verify(
        etree.fromstring(data),
        x509_cert=pem,
        id_attribute="Id",
        expect_config=SignatureConfiguration(expect_references=2),
    )
    assert isinstance(result, list)
    return result


def test_signxml_finds_both_references_right(caller: Caller, structure_signer: FileSigner) -> None:
    results = verified(signed(caller), structure_signer)
    tags = [one.signed_xml.tag for one in results if one.signed_xml is not None]
    assert tags == [f"{DS}Manifest", f"{XAD}SignedProperties"]


def test_xmlsec1_finds_it_right_without_opening_what_the_manifest_names(caller: Caller, tmp_path: Path) -> None:
    assert lot_verified(signed(caller), tmp_path)


TAMPERED: dict[str, tuple[bytes, bytes]] = {
    "another document": (ONE.encode(), TWO.encode()),
    "another set": (b"urn:oid:2.25.1", b"urn:oid:2.25.2"),
    "another moment": (b"2026-03-02T07:05:06+00:00", b"2026-03-02T07:05:07+00:00"),
    "another algorithm": (b"#rsa-sha256", b"#rsa-sha512"),
    "another certificate": (b"<xad:Cert>", b"<xad:Cert/><xad:Cert>"),
}


@pytest.mark.parametrize(("old", "new"), TAMPERED.values(), ids=TAMPERED)
def test_whatever_is_changed_is_noticed(
    caller: Caller, structure_signer: FileSigner, tmp_path: Path, old: bytes, new: bytes
) -> None:
    whole = signed(caller)
    assert old in whole
    changed = whole.replace(old, new, 1)
    assert not lot_verified(changed, tmp_path)
    with pytest.raises((InvalidDigest, InvalidSignature)):
        verified(changed, structure_signer)


def test_comment_among_the_properties_is_no_part_of_what_is_digested(caller: Caller, tmp_path: Path) -> None:
    assert lot_verified(signed(caller).replace(b"<xad:Cert>", b"<xad:Cert><!-- -->", 1), tmp_path)


def test_manifest_names_the_set_by_one_zero_and_each_document_by_its_canonical_digest(caller: Caller) -> None:
    other = b"<x xmlns='urn:hl7-org:v3'><!--c--></x>"
    (manifest,) = etree.fromstring(signed(caller, DOCUMENT, other)).iter(f"{DS}Manifest")
    found = {one.get("URI"): one.findtext(f"{DS}DigestValue") for one in manifest}
    assert manifest.get("Id") == "IHEManifest"
    assert found.pop(f"urn:oid:{SET}") == "AA=="
    assert {uri: b64decode(value or "") for uri, value in found.items()} == {
        f"urn:oid:{ONE}": hashlib.sha256(canonical(DOCUMENT)).digest(),
        f"urn:oid:{TWO}": hashlib.sha256(b'<x xmlns="urn:hl7-org:v3"><!--c--></x>').digest(),
    }
    transforms = [[t.get("Algorithm") for t in one.iter(f"{DS}Transform")] for one in manifest]
    assert transforms == [[], *[["http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"]] * 2]


def test_digests_can_be_those_of_the_old_examples(caller: Caller, structure_signer: FileSigner) -> None:
    whole = signed(caller, digest="sha1")
    (manifest,) = etree.fromstring(whole).iter(f"{DS}Manifest")
    digest = b64decode(manifest[1].findtext(f"{DS}DigestValue") or "")
    assert digest == hashlib.sha1(canonical(DOCUMENT)).digest()
    assert b"xmlenc#sha256" not in whole
    assert b"#rsa-sha256" in whole


def test_form_is_the_published_one(caller: Caller, structure_signer: FileSigner) -> None:
    root = etree.fromstring(signed(caller))
    info = root[0]
    assert info[0].get("Algorithm") == "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
    references = [(one.get("Type"), one.get("URI")) for one in info.iterchildren(f"{DS}Reference")]
    assert references == [
        ("http://www.w3.org/2000/09/xmldsig#Manifest", "#IHEManifest"),
        ("http://uri.etsi.org/01903/v1.1.1#SignedProperties", "#S0-SignedProperties"),
    ]
    (purpose,) = root.iter("SignatureProperty")
    assert (purpose.get("Id"), purpose.get("Target"), purpose.text) == (
        "purposeOfSignature",
        f"#{root.get('Id')}",
        "1.2.840.10065.1.12.1.14",
    )
    (properties,) = root.iter(f"{XAD}SignedSignatureProperties")
    assert [etree.QName(one).localname for one in properties] == [
        "SigningTime",
        "SigningCertificate",
        "SignaturePolicyIdentifier",
    ]
    assert properties[0].text == "2026-03-02T07:05:06+00:00"
    certificate = properties[1][0]
    der = structure_signer.chain[0]
    assert b64decode(certificate.findtext(f".//{DS}DigestValue") or "") == hashlib.sha256(der).digest()
    assert certificate.findtext(f".//{DS}X509SerialNumber") == str(0x0A0B0C)


def test_the_same_key_makes_the_same_bytes(caller: Caller) -> None:
    assert signed(caller) == signed(caller)


def test_it_is_not_signed_before_its_certificate_began(caller: Caller) -> None:
    early = sign_lot(SET, (SignedDocument(ONE, DOCUMENT),), caller, NOW - timedelta(days=4000))
    begins = caller.signer.certificate.not_before
    assert etree.fromstring(early).findtext(f".//{XAD}SigningTime") == begins.isoformat(timespec="seconds")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=40))
def test_digest_is_of_the_canonical_form_whatever_a_document_says(caller: Caller, text: str) -> None:
    root = ET.Element("{urn:hl7-org:v3}d", {"a": text})
    root.text = text
    data = ET.tostring(root, "utf-8", xml_declaration=True)
    (manifest,) = etree.fromstring(signed(caller, data)).iter(f"{DS}Manifest")
    digest = b64decode(manifest[1].findtext(f"{DS}DigestValue") or "")
    assert digest == hashlib.sha256(canonical(data)).digest()


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"<a>", "malformed"), (b"<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "doctype"), (b"", "malformed")],
)
def test_what_is_no_plain_xml_is_not_signed(
    caller: Caller, structure_signer: FileSigner, data: bytes, reason: str
) -> None:
    with pytest.raises(InputError) as caught:
        signed(caller, data)
    assert (caught.value.code, dict(caught.value.facts)) == ("input.xml_refused", {"reason": reason})
    assert structure_signer.signed == []
