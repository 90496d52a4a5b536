"""The assertion of a professional (*assertion PS*): made for one call, signed by his card or not at all.

An assertion is accepted for an hour at most: one is made for each exchange.

Sources: SAML 2.0 core; XML Signature 1.0 with exclusive canonicalisation; published assertion by CPS; for Pro Santé
Connect, a sample as quoted by public libraries.
"""

from base64 import b64encode
from datetime import datetime
from typing import Final

from lxml import etree

from segur_plugin_insi.namespaces import DS, SAML
from segur_plugin_insi.professionals import Professional
from segur_plugin_insi.timestamps import utc_milliseconds
from segur_sdk.context import Signer
from segur_sdk.formats.xml_writer import Xml, leaf, node

_PLACEHOLDER: Final = node("Signature", attributes={"xmlns": DS, "Id": "placeholder"})
"""Where the signature goes: the schema of SAML wants it right after ``Issuer``."""


def professional_assertion(professional: Professional, assertion_id: str, moment: datetime) -> Xml:
    """Return the assertion of a professional, to be put into ``wsse:Security``.

    Args:
        professional: in whose name the call is made.
        assertion_id: ``_<UUID>``, of this call alone.
        moment: instant of this call.

    Raises:
        SegurError: what ``Signer.sign`` raises: nothing was sent.
    """
    issued = {} if professional.issuer_format is None else {"Format": professional.issuer_format}
    attributes = (
        node("Attribute", leaf("AttributeValue", value), attributes={"Name": name})
        for name, value in professional.attributes
    )
    assertion = node(
        "Assertion",
        leaf("Issuer", professional.issuer, issued),
        Xml("") if professional.signer is None else _PLACEHOLDER,
        node("Subject", leaf("NameID", professional.national_id, {"NameQualifier": professional.qualifier})),
        node("AttributeStatement", *attributes),
        attributes={
            "xmlns": SAML,
            "ID": assertion_id,
            "IssueInstant": utc_milliseconds(moment),
            "Version": "2.0",
        },
    )
    return assertion if professional.signer is None else _signed(assertion, assertion_id, professional.signer)


def _signed(assertion: Xml, assertion_id: str, signer: Signer) -> Xml:
    # Imported when somebody signs: the package takes a while to load.
    from signxml.algorithms import (  # noqa: PLC0415
        CanonicalizationMethod,
        DigestAlgorithm,
        SignatureConstructionMethod,
        SignatureMethod,
    )
    from signxml.signer import XMLSigner  # noqa: PLC0415

    writer = XMLSigner(
        method=SignatureConstructionMethod.enveloped,
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    writer.namespaces = {None: DS}  # type: ignore[dict-item] # the package itself takes None for the default namespace
    signed = writer.sign(
        etree.fromstring(assertion),
        key=signer,  # type: ignore[arg-type] # any object with this method signs
        key_info=_key_info(signer.chain[0]),
        reference_uri=assertion_id,
        id_attribute="ID",
    )
    return Xml(etree.tostring(signed, encoding="unicode"))


def _key_info(certificate: bytes) -> etree._Element:
    """Return ``KeyInfo`` with the one certificate whose key signs."""
    text = b64encode(certificate).decode("ascii")
    return etree.fromstring(node("KeyInfo", node("X509Data", leaf("X509Certificate", text)), attributes={"xmlns": DS}))
