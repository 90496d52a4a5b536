"""The assertion of a professional (*assertion PS*): made for one call, signed by his card or not at all.

An assertion is accepted for an hour at most: one is made for each exchange.

Sources: SAML 2.0 core; XML Signature 1.0 with exclusive canonicalisation; published assertion by CPS; for Pro Santé
Connect, a sample as quoted by public libraries.
"""

from datetime import datetime

from segur_plugin_insi.professionals import Professional
from segur_sdk.formats.saml import assertion
from segur_sdk.formats.xml_writer import Xml, leaf, node


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
    return assertion(
        assertion_id,
        moment,
        leaf("Issuer", professional.issuer, issued),
        node("Subject", leaf("NameID", professional.national_id, {"NameQualifier": professional.qualifier})),
        node("AttributeStatement", *attributes),
        signer=professional.signer,
    )
