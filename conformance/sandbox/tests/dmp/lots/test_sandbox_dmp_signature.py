"""The signature of a lot: verified, of these very documents, by who calls."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree
from signxml.verifier import SignatureConfiguration, XMLVerifier

BYTES = "XDSRepositoryMetadataError"
DS = "http://www.w3.org/2000/09/xmldsig#"


def _changed(lot: Any, change: Callable[[str], str]) -> bytes:
    _, parts = lot.body()
    good = parts["signature@essai"].decode()
    bad = change(good)
    assert bad != good
    return bad.encode()


SIGNATURES: dict[str, Callable[[str], str]] = {
    "no-id": lambda text: text.replace(' Id="SIG"', "", 1),
    "value": lambda text: re.sub(r"(<ds:SignatureValue>)..", r"\1AA", text),
    "manifest-changed": lambda text: text.replace("AA==", "AQ=="),
    "properties-changed": lambda text: re.sub(r"(<xad:SigningTime>)20", r"\g<1>19", text),
    "policy": lambda text: text.replace("SignaturePolicyImplied", "SignaturePolicyId"),
    "purpose": lambda text: text.replace(">1.2.840.10065.1.12.1.14<", ">1.2.840.10065.1.12.1.1<"),
    "purpose-of-another": lambda text: text.replace('Target="#SIG">1.2', 'Target="#AUTRE">1.2'),
    "c14n-without-comments": lambda text: text.replace("20010315#WithComments", "20010315", 1),
    "no-manifest": lambda text: re.sub(r"(?s)<ds:Manifest .*?</ds:Manifest>", "", text),
    "manifest-twice": lambda text: re.sub(r"(?s)(<ds:Manifest .*?</ds:Manifest>)", r"\1\1", text),
    "type-of-reference": lambda text: text.replace('xmldsig#Manifest"', 'xmldsig#Object"', 1),
    "comment": lambda text: text.replace("<xad:SignedSignatureProperties>", "<xad:SignedSignatureProperties><!--c-->"),
    "doctype": lambda text: '<!DOCTYPE a [<!ENTITY b "c">]>' + text,
    "another-root": lambda text: f"<x>{text}</x>",
    "not-xml": lambda text: text[:-9],
    "hmac": lambda text: text.replace("#rsa-sha256", "#hmac-sha256", 1),
}


@pytest.mark.parametrize("name", SIGNATURES)
def test_dmp_lot_signature_refused(dmp: Any, name: str) -> None:
    lot = dmp.lot()
    lot.raw_signature = _changed(lot, SIGNATURES[name])
    assert dmp.feed(lot).said.partition("|")[0] == BYTES
    assert dmp.counts(lot.document_id) == (0, 0)
    lot.raw_signature = None
    assert dmp.feed(lot).said == "Success"


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        pytest.param({"digest": "AAAA"}, "not that of the document", id="digest-of-another"),
        pytest.param({"nothing": "AAA="}, "not one zero byte", id="digest-of-the-set"),
        pytest.param({"purpose": "1.2.3"}, "purpose", id="purpose"),
    ],
)
def test_dmp_well_signed_nonsense_is_refused(dmp: Any, changes: dict[str, str], text: str) -> None:
    said = dmp.feed(dmp.lot(signature=changes)).said
    assert (said.partition("|")[0], text in said) == (BYTES, True)
    assert dmp.feed(dmp.lot()).said == "Success"


def test_dmp_signature_of_another_lot_is_refused(dmp: Any) -> None:
    first, second = dmp.lot(), dmp.lot()
    second.raw_signature = first.body()[1]["signature@essai"]
    assert "the manifest is not of the submission set" in dmp.feed(second).said
    second.raw_signature = None
    assert dmp.feed(second).said == "Success"


def test_dmp_signed_certificate_is_that_of_the_signer(dmp: Any) -> None:
    lot = dmp.lot(signature={"certificate": dmp.auth.text})
    assert "SigningCertificate is not the certificate" in dmp.feed(lot).said


@pytest.mark.parametrize("role", ["org-auth", "org-conf", "foreign-ca", "wrong-usage"])
def test_dmp_lot_is_signed_by_who_calls(dmp: Any, role: str) -> None:
    said = dmp.feed(dmp.lot(signer=dmp.keys[role])).said
    # Another good signature certificate of the same structure will do.
    assert said.partition("|")[0] == ("Success" if role == "wrong-usage" else "DMPInvalidCertificate")


def test_dmp_lot_signature_of_these_tests_is_right_for_signxml(dmp: Any) -> None:
    _, parts = dmp.lot().body()
    configuration = SignatureConfiguration(expect_references=2, location="./")
    verified = XMLVerifier().verify(
        etree.fromstring(parts["signature@essai"]),
        x509_cert=dmp.sign.certificate,
        id_attribute="Id",
        expect_config=configuration,
        validate_schema=False,
    )
    assert isinstance(verified, list)
    assert len(verified) == len(("manifest", "properties"))
