"""Verifies that an assertion is signed as a whole by the signature in it, and returns what was signed.

Nobody looks at what was received any more: only at the bytes whose digest was signed, read again.
"""

import hmac
from typing import Final

import attrs
from cryptography import x509
from lxml import etree

from segur_sandbox.dmp.namespaces import DS, SAML, in_
from segur_sandbox.dmp.soap import elements
from segur_sandbox.dmp.xmldsig import (
    ENVELOPED,
    EXCLUSIVE,
    ID_ATTRIBUTES,
    SignatureRefusedError,
    algorithm_of,
    certificate_in,
    check_value,
    children,
    decoded,
    digest,
    exclusive,
)
from segur_sandbox.xml_reader import XmlRefusedError, read_xml

_INCLUSIVE_NAMESPACES: Final = f"{{{EXCLUSIVE}}}InclusiveNamespaces"


@attrs.frozen
class Signed:
    """What was signed, and by which certificate; nothing says yet whose that is.

    Attributes:
        content: The assertion without its signature, read from the bytes that were signed.
        certificate: The one of `KeyInfo`.
    """

    content: etree._Element
    certificate: x509.Certificate


def verified(assertion: etree._Element, *, sha1: bool) -> Signed:
    """Verify the signature that an assertion holds of itself, right after its Issuer.

    Args:
        assertion: In the document in which it was received; it loses its signature.
        sha1: Whether SHA-1 will do.

    Raises:
        SignatureRefusedError: it is not signed in that form, or does not fit.
    """
    inside = elements(assertion)
    signatures = list(assertion.iter(in_(DS, "Signature")))
    if len(signatures) != 1:
        raise SignatureRefusedError("the assertion has not exactly one signature")
    (signature,) = signatures
    if [one.tag for one in inside[:2]] != [in_(SAML, "Issuer"), in_(DS, "Signature")]:
        raise SignatureRefusedError("the signature is not right after Issuer")
    info, value, key_info = children(signature, "SignedInfo", "SignatureValue", "KeyInfo")
    canonicalization, method, reference = children(info, "CanonicalizationMethod", "SignatureMethod", "Reference")
    certificate = certificate_in(key_info)
    check_value(method, value, exclusive(info, _exclusive_prefixes(canonicalization)), certificate, sha1=sha1)
    signed = _check_reference(reference, assertion, signature, sha1=sha1)
    try:
        return Signed(read_xml(signed), certificate)
    except XmlRefusedError as error:
        raise SignatureRefusedError(error.reason) from None


def _check_reference(
    reference: etree._Element, assertion: etree._Element, signature: etree._Element, *, sha1: bool
) -> bytes:
    identifier = assertion.get("ID") or ""
    if not identifier or dict(reference.attrib) != {"URI": f"#{identifier}"}:
        raise SignatureRefusedError("the reference is not to this assertion")
    document = assertion.getroottree().getroot()
    bearers = [one for one in document.iter(etree.Element) if identifier in map(one.get, ID_ATTRIBUTES)]
    if bearers != [assertion]:
        raise SignatureRefusedError("another element has the identifier of the assertion")
    transforms, method, expected = children(reference, "Transforms", "DigestMethod", "DigestValue")
    enveloped, canonical = children(transforms, "Transform", "Transform")
    if algorithm_of(enveloped) != ENVELOPED:
        raise SignatureRefusedError("the first transform is not enveloped-signature", algorithm=True)
    prefixes = _exclusive_prefixes(canonical)
    _taken_out(signature, assertion)
    signed = exclusive(assertion, prefixes)
    if not hmac.compare_digest(digest(method, signed, sha1=sha1), decoded(expected)):
        raise SignatureRefusedError("the digest is not that of the assertion")
    return signed


def _exclusive_prefixes(element: etree._Element) -> list[str]:
    """Return the prefixes that an exclusive canonicalization is to treat as the inclusive one does."""
    parameters = elements(element)
    if dict(element.attrib) != {"Algorithm": EXCLUSIVE}:
        raise SignatureRefusedError("it is not canonicalized by the exclusive method", algorithm=True)
    if not parameters:
        return []
    if len(parameters) != 1 or parameters[0].tag != _INCLUSIVE_NAMESPACES or len(parameters[0]):
        raise SignatureRefusedError("a canonicalization has an unknown parameter", algorithm=True)
    return (parameters[0].get("PrefixList") or "").split()


def _taken_out(signature: etree._Element, assertion: etree._Element) -> None:
    """Take the signature out of its assertion, where namespaces stay what they are; nothing takes its place."""
    before = assertion[assertion.index(signature) - 1]
    before.tail = (before.tail or "") + (signature.tail or "")
    signature.tail = None
    assertion.remove(signature)
