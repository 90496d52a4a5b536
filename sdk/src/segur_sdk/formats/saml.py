"""Assertions of SAML 2.0, signed by whoever makes them: *assertion PS*, VIHF.

The signature is enveloped, right after ``Issuer`` as the schema of SAML wants it, over the exclusive canonical form,
RSA-SHA256, with the one certificate whose key signs. Needs the extra ``saml``.

Sources: SAML 2.0 core, 5; XML Signature 1.0; Exclusive XML Canonicalization 1.0; RFC 6931 for the names of algorithms.
"""

import hashlib
from base64 import b64encode
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256 as HASH
from lxml import etree

from segur_sdk.context import Signer
from segur_sdk.formats.xml_writer import Xml, leaf, node

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
EXCLUSIVE_C14N: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
RSA_SHA256: Final = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
SHA256: Final = "http://www.w3.org/2001/04/xmlenc#sha256"
SUBJECT_NAME: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
"""``Format`` of an ``Issuer`` that is the subject of a certificate."""


def assertion(
    assertion_id: str,
    moment: datetime,
    issuer: Xml,
    *statements: Xml,
    signer: Signer | None = None,
    namespaces: Mapping[str, str] | None = None,
) -> Xml:
    """Return an assertion.

    Args:
        assertion_id: ``_<UUID>``, of this assertion alone.
        moment: when it is issued.
        issuer: the element ``Issuer``.
        statements: what follows the signature, in the order of the schema: ``Subject``, ``Conditions``, statements.
            They stand in the default namespace.
        signer: who signs it; nobody for an assertion that is not signed.
        namespaces: prefixes that the statements use, declared at the root.

    Raises:
        ValueError: a character that XML 1.0 cannot express.
        SegurError: what ``Signer.sign`` raises.
    """
    attributes = {
        "xmlns": SAML,
        **{f"xmlns:{prefix}": name for prefix, name in (namespaces or {}).items()},
        "ID": assertion_id,
        "IssueInstant": utc_milliseconds(moment),
        "Version": "2.0",
    }
    unsigned = node("Assertion", issuer, *statements, attributes=attributes)
    if signer is None:
        return unsigned
    return node("Assertion", issuer, _signature(unsigned, assertion_id, signer), *statements, attributes=attributes)


def utc_milliseconds(moment: datetime) -> str:
    """Return ``moment`` as an ``xsd:dateTime`` in UTC with milliseconds, ``2026-01-31T08:05:00.123Z``.

    Args:
        moment: an instant with its time zone.
    """
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def key_info(certificate: bytes, prefix: str = "") -> Xml:
    """Return ``KeyInfo`` with one certificate.

    Args:
        certificate: DER.
        prefix: of the namespace of XML Signature where it will stand, with its colon; empty where that is the default.
    """
    text = leaf(f"{prefix}X509Certificate", b64encode(certificate).decode("ascii"))
    return node(f"{prefix}KeyInfo", node(f"{prefix}X509Data", text))


def signature_value(signer: Signer, canonical: bytes) -> str:
    """Return what ``SignatureValue`` holds: the signature RSA-SHA256 of a canonical ``SignedInfo``."""
    return b64encode(signer.sign(canonical, PKCS1v15(), HASH())).decode("ascii")


def _signature(unsigned: Xml, assertion_id: str, signer: Signer) -> Xml:
    # The enveloped transform takes away what is added here, and nothing else: this is what its digest is made of.
    canonical = etree.tostring(etree.fromstring(unsigned), method="c14n", exclusive=True, with_comments=False)
    digest = b64encode(hashlib.sha256(canonical).digest()).decode("ascii")
    algorithms = (
        node("CanonicalizationMethod", attributes={"Algorithm": EXCLUSIVE_C14N}),
        node("SignatureMethod", attributes={"Algorithm": RSA_SHA256}),
        node(
            "Reference",
            node(
                "Transforms",
                node("Transform", attributes={"Algorithm": ENVELOPED}),
                node("Transform", attributes={"Algorithm": EXCLUSIVE_C14N}),
            ),
            node("DigestMethod", attributes={"Algorithm": SHA256}),
            leaf("DigestValue", digest),
            attributes={"URI": f"#{assertion_id}"},
        ),
    )
    # Written so that this is its canonical form: no element is empty-tagged, none has two attributes.
    signed = node("SignedInfo", *algorithms, attributes={"xmlns": DS})
    return node(
        "Signature",
        node("SignedInfo", *algorithms),
        leaf("SignatureValue", signature_value(signer, signed.encode())),
        key_info(signer.chain[0]),
        attributes={"xmlns": DS},
    )
