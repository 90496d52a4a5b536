"""What both signatures of a message have in common: algorithms, canonical forms, certificates.

Inclusive canonical forms are taken of a subtree read again as a document of its own: taken in place, libxml2 declares
namespaces that were never undeclared. What was received outside of the two published forms is refused: what is not
understood cannot hide.
"""

import base64
import binascii
import hashlib
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from segur_sandbox.dmp.namespaces import DS, XML, in_
from segur_sandbox.dmp.refusal import SoapRefusedError
from segur_sandbox.dmp.soap import elements, stray_text, text_of

EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE_WITH_COMMENTS: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_DIGESTS: Final = {
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2000/09/xmldsig#sha1": "sha1",
}
_METHODS: Final = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": "sha256",
    "http://www.w3.org/2000/09/xmldsig#rsa-sha1": "sha1",
}
ID_ATTRIBUTES: Final = ("ID", "Id", "id", f"{{{XML}}}id")


class SignatureRefusedError(Exception):
    """A signature that is not of a published form, or does not fit.

    Args:
        detail: What is wrong.
        algorithm: Whether it is that an algorithm is not accepted.
    """

    def __init__(self, detail: str, *, algorithm: bool = False) -> None:
        super().__init__(detail)
        self.detail: Final = detail
        self.algorithm: Final = algorithm

    def as_fault(self) -> SoapRefusedError:
        """Return the fault that says so."""
        return SoapRefusedError("algorithm" if self.algorithm else "signature", self.detail)


def children(parent: etree._Element, *names: str) -> list[etree._Element]:
    """Return the children of an element of XML Signature, which must be exactly these.

    Raises:
        SignatureRefusedError: they are others.
    """
    found = elements(parent)
    if [one.tag for one in found] != [in_(DS, name) for name in names] or stray_text(parent):
        raise SignatureRefusedError(f"{etree.QName(parent).localname} does not hold exactly {', '.join(names)}")
    return found


def algorithm_of(element: etree._Element) -> str:
    """Return the algorithm that an element names, which has no parameters.

    Raises:
        SignatureRefusedError: it has some.
    """
    if set(element.attrib) != {"Algorithm"} or elements(element):
        raise SignatureRefusedError(f"{etree.QName(element).localname} has parameters", algorithm=True)
    return str(element.get("Algorithm"))


def digest(method: etree._Element, content: bytes, *, sha1: bool) -> bytes:
    """Return the digest of `content` by a DigestMethod.

    Raises:
        SignatureRefusedError: it is not one that is accepted.
    """
    return hashlib.new(_accepted(_DIGESTS, algorithm_of(method), sha1=sha1), content, usedforsecurity=False).digest()


def check_value(
    method: etree._Element, value: etree._Element, signed: bytes, certificate: x509.Certificate, *, sha1: bool
) -> None:
    """Verify a SignatureValue.

    Raises:
        SignatureRefusedError: it is not that of the certificate's key.
    """
    name = _accepted(_METHODS, algorithm_of(method), sha1=sha1)
    public = certificate.public_key()
    if not isinstance(public, rsa.RSAPublicKey):
        raise SignatureRefusedError("the certificate has no RSA key", algorithm=True)
    # SHA-1 is refused unless a setting asks for it, as older software does.
    chosen: hashes.HashAlgorithm = hashes.SHA256() if name == "sha256" else hashes.SHA1()  # noqa: S303
    try:
        public.verify(decoded(value), signed, padding.PKCS1v15(), chosen)
    except InvalidSignature:
        raise SignatureRefusedError("the signature is not that of the certificate's key") from None


def _accepted(known: dict[str, str], algorithm: str, *, sha1: bool) -> str:
    name = known.get(algorithm)
    if name is None or (name == "sha1" and not sha1):
        raise SignatureRefusedError("an algorithm that is not accepted", algorithm=True)
    return name


def certificate_in(key_info: etree._Element) -> x509.Certificate:
    """Return the one certificate of a KeyInfo.

    Raises:
        SignatureRefusedError: it holds something else.
    """
    (data,) = children(key_info, "X509Data")
    found = [one for one in elements(data) if one.tag == in_(DS, "X509Certificate")]
    if not found or len(found) != len(elements(data)):
        raise SignatureRefusedError("X509Data holds something else than certificates")
    try:
        certificate = x509.load_der_x509_certificate(decoded(found[0]))
        # Names and extensions are parsed late.
        _ = certificate.subject, certificate.issuer, certificate.extensions
    except (ValueError, TypeError, x509.DuplicateExtension):
        raise SignatureRefusedError("X509Certificate is not a certificate") from None
    return certificate


def decoded(element: etree._Element) -> bytes:
    """Return the bytes that an element holds in base64.

    Raises:
        SignatureRefusedError: it holds something else.
    """
    if len(element):
        raise SignatureRefusedError(f"{etree.QName(element).localname} is not text")
    try:
        return base64.b64decode("".join(text_of(element).split()), validate=True)
    except (binascii.Error, ValueError):
        raise SignatureRefusedError(f"{etree.QName(element).localname} is not base64") from None


def exclusive(element: etree._Element, prefixes: list[str] | None = None) -> bytes:
    """Return the exclusive canonical form of an element where it stands, without comments.

    Raises:
        SignatureRefusedError: it has none, because of a relative namespace for example.
    """
    try:
        return etree.tostring(
            element, method="c14n", exclusive=True, with_comments=False, inclusive_ns_prefixes=prefixes
        )
    except etree.C14NError:
        raise SignatureRefusedError("it has no canonical form") from None


def inclusive(element: etree._Element) -> bytes:
    """Return the canonical form of an element where it stands, with comments.

    Raises:
        SignatureRefusedError: it has none, or an ancestor has an attribute `xml:` that it would inherit.
    """
    for one in element.iterancestors():
        if any(str(name).startswith(f"{{{XML}}}") for name in one.attrib):
            raise SignatureRefusedError("an attribute xml: above what is signed")
    alone = etree.fromstring(etree.tostring(element, with_tail=False), etree.XMLParser(resolve_entities=False))
    return canonical_document(alone)


def canonical_document(root: etree._Element) -> bytes:
    """Return the canonical form of a whole document, with comments and what stands beside its root.

    Raises:
        SignatureRefusedError: it has none.
    """
    try:
        return etree.tostring(root.getroottree(), method="c14n", exclusive=False, with_comments=True)
    except etree.C14NError:
        raise SignatureRefusedError("it has no canonical form") from None
