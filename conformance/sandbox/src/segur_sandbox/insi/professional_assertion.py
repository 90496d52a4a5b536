"""The assertion of a professional: by CPS, signed by his card, or by Pro Santé Connect, not signed.

That by CPS follows a published one. Of that by Pro Santé Connect only `NameQualifier` and the name of one attribute are
public, and not how a caller shows that he signed in: here by the access token, as of any service that trusts it. OURS.
"""

from datetime import datetime
from typing import Final

import attrs
from lxml import etree

from segur_sandbox.insi.namespaces import SAML
from segur_sandbox.insi.refusal import RequestRefusedError
from segur_sandbox.insi.security import require_saml_2
from segur_sandbox.insi.structure import Item, read_sequence, text_of, utc_instant

SUBJECT_NAME: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"
_PARTS: Final = (Item("Issuer", True), Item("Subject", True), Item("AttributeStatement", True))


@attrs.frozen
class ProfessionalAssertion:
    """An assertion whose form is right; nothing says yet that it is true."""

    issued_at: datetime
    issuer: str
    issuer_format: str | None
    qualifier: str
    name_id: str
    attributes: dict[str, str]


def qualifier_of(assertion: etree._Element) -> str:
    """Return the `NameQualifier` that an assertion claims, without judging it."""
    name_id = assertion.find(f"{{{SAML}}}Subject/{{{SAML}}}NameID")
    return (name_id.get("NameQualifier") or "") if name_id is not None else ""


def read_professional_assertion(assertion: etree._Element) -> ProfessionalAssertion:
    """Read an assertion, or what was signed of one.

    Raises:
        RequestRefusedError: `security` or `schema` when it is not of that form.
    """
    require_saml_2(assertion)
    parts = read_sequence(assertion, SAML, _PARTS, "security")
    name_id = read_sequence(parts["Subject"], SAML, (Item("NameID", True),), "security")["NameID"]
    return ProfessionalAssertion(
        issued_at=utc_instant(assertion.get("IssueInstant") or "", "Assertion/IssueInstant"),
        issuer=text_of(parts["Issuer"]),
        issuer_format=parts["Issuer"].get("Format"),
        qualifier=name_id.get("NameQualifier") or "",
        name_id=text_of(name_id),
        attributes=attributes_in(parts["AttributeStatement"]),
    )


def attributes_in(statement: etree._Element) -> dict[str, str]:
    """Return the attributes of a statement by name.

    Raises:
        RequestRefusedError: one is there twice, or something else is.
    """
    values: dict[str, str] = {}
    for attribute in statement.iterchildren(etree.Element):
        if attribute.tag != f"{{{SAML}}}Attribute" or attribute.get("Name") in values:
            raise RequestRefusedError("security", "AttributeStatement holds something else than distinct attributes")
        value = read_sequence(attribute, SAML, (Item("AttributeValue", True),), "security")
        values[attribute.get("Name") or ""] = text_of(value["AttributeValue"])
    return values
