"""Verifies the signature of a lot: XAdES 1.1.1 over a manifest of its documents (IHE DSG, French profile of 2010).

The digests of the manifest are recomputed here from the documents received: no library does that, nothing is fetched.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from lxml import etree

from segur_sandbox.dmp.namespaces import DS, XADES, in_
from segur_sandbox.dmp.soap import elements, text_of
from segur_sandbox.dmp.xmldsig import (
    ID_ATTRIBUTES,
    INCLUSIVE_WITH_COMMENTS,
    SignatureRefusedError,
    algorithm_of,
    certificate_in,
    check_value,
    children,
    decoded,
    digest,
    inclusive,
)

_MANIFEST_TYPE: Final = "http://www.w3.org/2000/09/xmldsig#Manifest"
_MANIFEST_ID: Final = "IHEManifest"
_SIGNED_TYPE: Final = f"{XADES}SignedProperties"
_PURPOSE: Final = "1.2.840.10065.1.12.1.14"
_NOTHING: Final = b"\x00"
_URN: Final = "urn:oid:"


@attrs.frozen
class Lot:
    """What a signature must be of.

    Attributes:
        unique_id: That of the submission set.
        documents: Canonical forms, with comments, of its documents by unique id.
    """

    unique_id: str
    documents: Mapping[str, bytes]


def check_lot_signature(root: etree._Element, lot: Lot, *, sha1: bool) -> x509.Certificate:
    """Verify a signature, and return the certificate of who signed.

    Args:
        root: Its document.
        lot: What was submitted.
        sha1: Whether SHA-1 will do.

    Raises:
        SignatureRefusedError: it is not of that form, or of something else.
    """
    if root.tag != in_(DS, "Signature") or not root.get("Id"):
        raise SignatureRefusedError("the document of the signature is not a Signature with an Id")
    parts = elements(root)
    if [one.tag for one in parts[:3]] != [in_(DS, name) for name in ("SignedInfo", "SignatureValue", "KeyInfo")]:
        raise SignatureRefusedError("the Signature does not begin with SignedInfo, SignatureValue, KeyInfo")
    if len(parts) <= 3 or any(one.tag != in_(DS, "Object") for one in parts[3:]):
        raise SignatureRefusedError("the Signature has no Object")
    info, value, key_info, *objects = parts
    canonicalization, method, *references = elements(info)
    names = [one.tag for one in (canonicalization, method, *references)]
    wanted = [in_(DS, name) for name in ("CanonicalizationMethod", "SignatureMethod", "Reference", "Reference")]
    if names != wanted or algorithm_of(canonicalization) != INCLUSIVE_WITH_COMMENTS:
        raise SignatureRefusedError("SignedInfo is not canonicalized with comments, with two references")
    manifest = _referred(references, _MANIFEST_TYPE, objects, sha1=sha1)
    properties = _referred(references, _SIGNED_TYPE, objects, sha1=sha1)
    if manifest.tag != in_(DS, "Manifest") or manifest.get("Id") != _MANIFEST_ID:
        raise SignatureRefusedError("the manifest is not a Manifest with the Id IHEManifest")
    if properties.tag != in_(XADES, "SignedProperties"):
        raise SignatureRefusedError("the signed properties are not SignedProperties of XAdES 1.1.1")
    certificate = certificate_in(key_info)
    check_value(method, value, inclusive(info), certificate, sha1=sha1)
    _check_manifest(manifest, lot, sha1=sha1)
    _check_properties(properties, certificate)
    _check_purpose(objects, str(root.get("Id")))
    return certificate


def _referred(
    references: list[etree._Element], kind: str, objects: list[etree._Element], *, sha1: bool
) -> etree._Element:
    """Return the element that the one reference of a type is to, once its digest was found right."""
    found = [one for one in references if one.get("Type") == kind]
    if len(found) != 1:
        raise SignatureRefusedError("there is not one reference to the manifest and one to the signed properties")
    (reference,) = found
    method, expected = children(reference, "DigestMethod", "DigestValue")
    uri = reference.get("URI") or ""
    bearers = [
        one
        for parent in objects
        for one in parent.iter(etree.Element)
        if uri.startswith("#") and uri[1:] in map(one.get, ID_ATTRIBUTES)
    ]
    if len(bearers) != 1:
        raise SignatureRefusedError("a reference is not to exactly one element of the signature")
    # Without a transform, a reference inside the document is canonicalized without comments.
    content = _without_comments(bearers[0])
    if not hmac.compare_digest(digest(method, content, sha1=sha1), decoded(expected)):
        raise SignatureRefusedError("the digest of what a reference is to does not fit")
    return bearers[0]


def _without_comments(element: etree._Element) -> bytes:
    if next(element.iter(etree.Comment), None) is not None:
        raise SignatureRefusedError("a comment in what is signed")
    return inclusive(element)


def _check_manifest(manifest: etree._Element, lot: Lot, *, sha1: bool) -> None:
    seen: dict[str, etree._Element] = {}
    for reference in elements(manifest):
        uri = reference.get("URI") or ""
        if reference.tag != in_(DS, "Reference") or not uri.startswith(_URN) or uri in seen:
            raise SignatureRefusedError("the manifest holds something else than distinct references by OID")
        seen[uri] = reference
    if set(seen) != {_URN + one for one in (lot.unique_id, *lot.documents)}:
        raise SignatureRefusedError("the manifest is not of the submission set and of every document of the lot")
    for uri, reference in seen.items():
        identifier = uri.removeprefix(_URN)
        if identifier == lot.unique_id:
            if decoded(elements(reference)[-1]) != _NOTHING:
                raise SignatureRefusedError("the digest of the submission set is not one zero byte")
            continue
        transforms, method, expected = children(reference, "Transforms", "DigestMethod", "DigestValue")
        (transform,) = children(transforms, "Transform")
        if algorithm_of(transform) != INCLUSIVE_WITH_COMMENTS:
            raise SignatureRefusedError("a document is not canonicalized with comments", algorithm=True)
        if not hmac.compare_digest(digest(method, lot.documents[identifier], sha1=sha1), decoded(expected)):
            raise SignatureRefusedError("a digest of the manifest is not that of the document")


def _check_properties(properties: etree._Element, certificate: x509.Certificate) -> None:
    signed = properties.find(in_(XADES, "SignedSignatureProperties"))
    if signed is None or not text_of(signed.find(in_(XADES, "SigningTime"))):
        raise SignatureRefusedError("the signed properties have no SigningTime")
    if signed.find(f"{in_(XADES, 'SignaturePolicyIdentifier')}/{in_(XADES, 'SignaturePolicyImplied')}") is None:
        raise SignatureRefusedError("the policy of the signature is not implied")
    der = certificate.public_bytes(serialization.Encoding.DER)
    known = {hashlib.new(name, der, usedforsecurity=False).digest() for name in ("sha1", "sha256")}
    values = [
        one
        for tag in (in_(XADES, "DigestValue"), in_(DS, "DigestValue"))
        for one in signed.iterfind(f"{in_(XADES, 'SigningCertificate')}//{tag}")
    ]
    if not any(decoded(one) in known for one in values):
        raise SignatureRefusedError("SigningCertificate is not the certificate that signs")


def _check_purpose(objects: list[etree._Element], identifier: str) -> None:
    # The published examples write it in no namespace: its schema would want an element in the place of the text.
    tags = (in_(DS, "SignatureProperty"), "SignatureProperty")
    properties = [one for parent in objects for one in parent.iter(*tags)]
    stated = [one for one in properties if one.get("Id") == "purposeOfSignature"]
    if len(stated) != 1 or stated[0].get("Target") != f"#{identifier}":
        raise SignatureRefusedError("there is no property purposeOfSignature of this signature")
    if "".join(str(text) for text in stated[0].itertext()).strip() != _PURPOSE:
        raise SignatureRefusedError("the purpose of the signature is not that of a source")
