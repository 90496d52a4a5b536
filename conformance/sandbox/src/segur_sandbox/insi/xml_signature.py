"""Verifies the one form of XML signature that an assertion by CPS has, and returns what was signed.

The form is that of a published assertion. Everything else is refused, what XML Signature allows besides included: what
is not understood cannot hide anything. Nobody looks at what was received any more: only at the bytes whose digest was
signed, read again.
"""

import base64
import binascii
import copy
import hashlib
import hmac
from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from segur_sandbox.insi.namespaces import DS
from segur_sandbox.insi.refusal import RequestRefusedError
from segur_sandbox.insi.security import no_text_between
from segur_sandbox.insi.structure import text_of
from segur_sandbox.xml_reader import XmlRefusedError, read_xml

SIGNATURE: Final = f"{{{DS}}}Signature"
_EXC_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
_ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
_SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
_ID_ATTRIBUTES: Final = ("ID", "Id", "id")


@attrs.frozen
class Signed:
    """What was signed, and by which certificate; nothing says yet whose that is.

    Attributes:
        content: The assertion without its signature, read from the bytes that were signed.
        certificate: The one of `KeyInfo`.
    """

    content: etree._Element
    certificate: x509.Certificate


def verified(assertion: etree._Element) -> Signed:
    """Verify the signature that an assertion holds of itself.

    Args:
        assertion: In the document in which it was received.

    Raises:
        RequestRefusedError: `assertion_form` when it is not signed in that form, `assertion_signature` when digest or
            signature do not fit.
    """
    signatures = [one for one in assertion.iterchildren(etree.Element) if one.tag == SIGNATURE]
    if len(signatures) != 1:
        raise _form("the assertion has not exactly one signature")
    (signature,) = signatures
    info, value, key_info = _children(signature, "SignedInfo", "SignatureValue", "KeyInfo")
    expected = _digest_in(info, assertion)
    signed = _canonical(_without(assertion, signature))
    if not hmac.compare_digest(hashlib.sha256(signed).digest(), expected):
        raise RequestRefusedError("assertion_signature", "the digest is not that of the assertion")
    certificate = _certificate(key_info)
    public = certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise _form("the certificate has no RSA key")
    try:
        public.verify(_decoded(value), _canonical(info), padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        raise RequestRefusedError("assertion_signature", "the signature is not that of the certificate's key") from None
    try:
        return Signed(read_xml(signed), certificate)
    except XmlRefusedError as error:
        raise _form(error.reason) from None


def _digest_in(info: etree._Element, assertion: etree._Element) -> bytes:
    """Return the digest of the one reference, which is to this very assertion and to no other element."""
    canonicalization, method, reference = _children(info, "CanonicalizationMethod", "SignatureMethod", "Reference")
    _algorithm(canonicalization, _EXC_C14N)
    _algorithm(method, _RSA_SHA256)
    identifier = assertion.get("ID") or ""
    if not identifier or dict(reference.attrib) != {"URI": f"#{identifier}"}:
        raise _form("the reference is not to this assertion")
    document = assertion.getroottree().getroot()
    bearers = [one for one in document.iter(etree.Element) if identifier in map(one.get, _ID_ATTRIBUTES)]
    if bearers != [assertion]:
        raise _form("another element has the identifier of the assertion")
    transforms, digest_method, digest = _children(reference, "Transforms", "DigestMethod", "DigestValue")
    enveloped, canonical = _children(transforms, "Transform", "Transform")
    _algorithm(enveloped, _ENVELOPED)
    _algorithm(canonical, _EXC_C14N)
    _algorithm(digest_method, _SHA256)
    return _decoded(digest)


def _certificate(key_info: etree._Element) -> x509.Certificate:
    (data,) = _children(key_info, "X509Data")
    (text,) = _children(data, "X509Certificate")
    try:
        certificate = x509.load_der_x509_certificate(_decoded(text))
        # Names and extensions are parsed late.
        _ = certificate.subject, certificate.issuer, certificate.extensions
    except (ValueError, TypeError, x509.DuplicateExtension):
        raise _form("X509Certificate is not a certificate") from None
    return certificate


def _children(parent: etree._Element, *names: str) -> list[etree._Element]:
    found = list(parent.iterchildren(etree.Element))
    if [one.tag for one in found] != [f"{{{DS}}}{name}" for name in names]:
        raise _form(f"{etree.QName(parent).localname} does not hold exactly {', '.join(names)}")
    no_text_between(parent)
    return found


def _algorithm(element: etree._Element, expected: str) -> None:
    # A child would be a parameter, a list of prefixes for example.
    if dict(element.attrib) != {"Algorithm": expected} or len(element):
        raise _form(f"{etree.QName(element).localname} is not {expected}")


def _without(assertion: etree._Element, signature: etree._Element) -> etree._Element:
    """Return a copy of the assertion without its signature, whose place nothing takes."""
    place = assertion.index(signature)
    made = copy.deepcopy(assertion)
    removed = made[place]
    if removed.tail:
        before = made[place - 1] if place else None
        if before is None:
            made.text = (made.text or "") + removed.tail
        else:
            before.tail = (before.tail or "") + removed.tail
        removed.tail = None
    made.remove(removed)
    made.tail = None
    return made


def _canonical(element: etree._Element) -> bytes:
    try:
        return etree.tostring(element, method="c14n", exclusive=True, with_comments=False)
    except etree.C14NError:
        # A relative name of a namespace, for example.
        raise _form("it has no canonical form") from None


def _decoded(element: etree._Element) -> bytes:
    try:
        return base64.b64decode("".join(text_of(element).split()), validate=True)
    except (binascii.Error, ValueError):
        raise _form(f"{etree.QName(element).localname} is not base64") from None


def _form(detail: str) -> RequestRefusedError:
    return RequestRefusedError("assertion_form", detail)
