"""The signature of a submission set (*lot*): what was submitted together, by whom, at which moment.

It signs a manifest, which holds the digest of the canonical form of each document; nothing that only verifies
signatures looks at these digests. Written by hand, because the published form is one that no library makes: XAdES of
1.1.1, a manifest, no transform on what is in the signature itself.

Sources: IHE ITI Document Digital Signature (2009, French profile); XAdES 1.1.1; XML Signature 1.0; Canonical XML 1.0.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from functools import lru_cache
from typing import Final, Literal

import attrs
from cryptography import x509
from lxml import etree

from segur_plugin_dmp.callers import Caller
from segur_sdk.errors import InputError
from segur_sdk.formats.saml import DS, RSA_SHA256, key_info, signature_value
from segur_sdk.formats.xml_writer import Xml, leaf, node

XADES: Final = "http://uri.etsi.org/01903/v1.1.1#"
C14N_WITH_COMMENTS: Final = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315#WithComments"
MANIFEST: Final = "http://www.w3.org/2000/09/xmldsig#Manifest"
SOURCE: Final = "1.2.840.10065.1.12.1.14"
"""ASTM E1762: signed by who is the source of the documents."""
_DIGESTS: Final[dict[str, tuple[str, Callable[[bytes], bytes]]]] = {
    "sha256": ("http://www.w3.org/2001/04/xmlenc#sha256", lambda data: hashlib.sha256(data).digest()),
    "sha1": (
        "http://www.w3.org/2000/09/xmldsig#sha1",
        lambda data: hashlib.sha1(data, usedforsecurity=False).digest(),
    ),
}
_PREFIXES: Final = {"xmlns:ds": DS}
_XADES_PREFIXES: Final = {"xmlns:ds": DS, "xmlns:xad": XADES}


@attrs.frozen
class SignedDocument:
    """A document of the set."""

    unique_id: str
    data: bytes = attrs.field(repr=False)


def sign_lot(
    set_id: str,
    documents: Sequence[SignedDocument],
    caller: Caller,
    moment: datetime,
    digest: Literal["sha256", "sha1"] = "sha256",
) -> bytes:
    """Return the signature of a submission set: a document of its own, UTF-8.

    The same key signing the same set makes the same bytes: what is sent again is what was sent.

    Args:
        set_id: ``uniqueId`` of the submission set.
        documents: in the order of the manifest.
        caller: who signs.
        moment: when the set was made; not before the certificate that signs begins.
        digest: of documents, manifest, properties and certificates.

    Raises:
        InputError: ``input.xml_refused``: a document is no XML.
        SegurError: what ``Signer.sign`` raises.
    """
    method, compute = _DIGESTS[digest]
    digests = _Digests(method, compute)
    signature_id = f"SIG-{set_id}"
    manifest = (
        # The submission set has no bytes of its own: one byte of zero stands for its digest.
        digests.reference({"URI": f"urn:oid:{set_id}"}, Xml(""), b64encode(b"\0").decode("ascii")),
        *(digests.of_document(one) for one in documents),
    )
    begins = caller.signer.certificate.not_before
    properties = _signed_properties(max(moment, begins), caller.signer.chain, digests)
    manifest_id, properties_id = {"Id": "IHEManifest"}, {"Id": "S0-SignedProperties"}
    signed_info = (
        node("ds:CanonicalizationMethod", attributes={"Algorithm": C14N_WITH_COMMENTS}),
        node("ds:SignatureMethod", attributes={"Algorithm": RSA_SHA256}),
        digests.of_part(
            {"Type": MANIFEST, "URI": "#IHEManifest"},
            node("ds:Manifest", *manifest, attributes={**_PREFIXES, **manifest_id}),
        ),
        digests.of_part(
            {"Type": f"{XADES}SignedProperties", "URI": "#S0-SignedProperties"},
            node("xad:SignedProperties", properties, attributes={**_XADES_PREFIXES, **properties_id}),
        ),
    )
    canonical = _canonical(node("ds:SignedInfo", *signed_info, attributes=_PREFIXES).encode(), comments=True)
    signature = node(
        "ds:Signature",
        node("ds:SignedInfo", *signed_info),
        leaf("ds:SignatureValue", signature_value(caller.signer, canonical)),
        key_info(caller.signer.chain[0], "ds:"),
        node("ds:Object", node("ds:Manifest", *manifest, attributes=manifest_id)),
        node(
            "ds:Object",
            node(
                # In no namespace, as the published examples have it: the schema wants no text there.
                "SignatureProperties",
                leaf("SignatureProperty", SOURCE, {"Id": "purposeOfSignature", "Target": f"#{signature_id}"}),
            ),
        ),
        node(
            "ds:Object",
            node(
                "xad:QualifyingProperties",
                node("xad:SignedProperties", properties, attributes=properties_id),
                attributes={"xmlns:xad": XADES, "Target": f"#{signature_id}"},
            ),
        ),
        attributes={**_PREFIXES, "Id": signature_id},
    )
    return f"<?xml version='1.0' encoding='UTF-8'?>\n{signature}".encode()


@attrs.frozen
class _Digests:
    method: str
    compute: Callable[[bytes], bytes]

    def value(self, data: bytes) -> str:
        return b64encode(self.compute(data)).decode("ascii")

    def method_element(self) -> Xml:
        return node("ds:DigestMethod", attributes={"Algorithm": self.method})

    def reference(self, attributes: dict[str, str], transforms: Xml, value: str) -> Xml:
        return node(
            "ds:Reference", transforms, self.method_element(), leaf("ds:DigestValue", value), attributes=attributes
        )

    def of_part(self, attributes: dict[str, str], part: Xml) -> Xml:
        # What a reference into the same document without transforms is digested as: canonical, without comments.
        return self.reference(attributes, Xml(""), self.value(_canonical(part.encode(), comments=False)))

    def of_document(self, document: SignedDocument) -> Xml:
        transform = node("ds:Transform", attributes={"Algorithm": C14N_WITH_COMMENTS})
        canonical = _canonical(document.data, comments=True)
        return self.reference(
            {"URI": f"urn:oid:{document.unique_id}"}, node("ds:Transforms", transform), self.value(canonical)
        )


def _signed_properties(moment: datetime, chain: Sequence[bytes], digests: _Digests) -> Xml:
    return node(
        "xad:SignedSignatureProperties",
        leaf("xad:SigningTime", moment.isoformat(timespec="seconds")),
        node("xad:SigningCertificate", *(_certificate(one, digests) for one in chain)),
        node("xad:SignaturePolicyIdentifier", node("xad:SignaturePolicyImplied")),
    )


def _certificate(der: bytes, digests: _Digests) -> Xml:
    issuer, serial = _named_by(der)
    return node(
        "xad:Cert",
        node("xad:CertDigest", digests.method_element(), leaf("ds:DigestValue", digests.value(der))),
        node("xad:IssuerSerial", leaf("ds:X509IssuerName", issuer), leaf("ds:X509SerialNumber", serial)),
    )


@lru_cache(maxsize=16)
def _named_by(der: bytes) -> tuple[str, str]:
    """Return the issuer of a certificate and its serial number: of the same few at every set."""
    read = x509.load_der_x509_certificate(der)
    return read.issuer.rfc4514_string(), str(read.serial_number)


def _canonical(data: bytes, *, comments: bool) -> bytes:
    """Return Canonical XML 1.0 of a whole document.

    Each part is its own document here: of a part within another one, lxml would write declarations of no namespace
    that the standard has not.
    """
    # A document holds its PDF in one text, which may be longer than what is taken from others.
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, dtd_validation=False, huge_tree=True
    )
    root = None
    # What the parser raises quotes the document: it must not become the context of an error.
    with suppress(etree.XMLSyntaxError):
        root = etree.fromstring(data, parser)
    if root is None:
        raise InputError("input.xml_refused", reason="malformed")
    if root.getroottree().docinfo.doctype:
        raise InputError("input.xml_refused", reason="doctype")
    # The whole tree: comments and instructions beside the root are part of a document's canonical form.
    return etree.tostring(root.getroottree(), method="c14n", with_comments=comments)
