"""Reads a VIHF, or what was signed of one: the assertion that says who acts for whom, for which patient and why."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import attrs
from lxml import etree

from segur_sandbox.dmp.identifiers import PatientId, read_patient
from segur_sandbox.dmp.namespaces import HL7, SAML, XSI, in_
from segur_sandbox.dmp.refusal import SoapRefusedError
from segur_sandbox.dmp.soap import elements, stray_text, text_of

DIRECT: Final = "DIRECTE"
INDIRECT: Final = "INDIRECTE"
AIR: Final = "INDIRECTE_RENFORCEE"
MODES: Final = (DIRECT, INDIRECT, AIR)
ACCESS_MODES: Final = {"normal": "n", "centre_15": "r", "bris_de_glace": "b"}
SUBJECT_NAME: Final = "urn:oasis:names:tc:SAML:1.1:nameid-format:X509SubjectName"

MODE: Final = "Authentification_mode"
STRUCTURE: Final = "Identifiant_Structure"
SECTOR: Final = "Secteur_Activite"
RESOURCE: Final = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"
SUBJECT: Final = "urn:oasis:names:tc:xspa:1.0:subject:subject-id"
ROLE: Final = "urn:oasis:names:tc:xacml:2.0:subject:role"
PURPOSE: Final = "urn:oasis:names:tc:xspa:1.0:subject:purposeofuse"
SECRECY: Final = "urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code"
_SPELLINGS: Final = {"Authentification_Mode": MODE}
_CODED: Final = {ROLE: "Role", PURPOSE: "PurposeOfUse"}
_PARTS: Final = ("Issuer", "Subject", "Conditions", "AuthnStatement", "AttributeStatement")


@attrs.frozen
class Code:
    """A coded value."""

    code: str
    system: str


@attrs.frozen
class Vihf:
    """A VIHF whose form is right; nothing says yet that it is true.

    Attributes:
        issued_at: `IssueInstant`.
        authenticated_at: `AuthnInstant`.
        issuer: Text of `Issuer`.
        issuer_format: Its `Format`.
        name_id: Who acts.
        context: `AuthnContextClassRef`.
        not_before: Of `Conditions`, if it says so.
        not_on_or_after: Likewise.
        attributes: Text attributes by name.
        roles: One or two.
        purpose: Access mode.
        patient: Whom it is about, if anybody.
    """

    issued_at: datetime
    authenticated_at: datetime
    issuer: str
    issuer_format: str
    name_id: str
    context: str
    not_before: datetime | None
    not_on_or_after: datetime | None
    attributes: Mapping[str, str]
    roles: tuple[Code, ...]
    purpose: Code
    patient: PatientId | None

    @property
    def mode(self) -> str:
        """How its user authenticated."""
        return self.attributes.get(MODE, "")

    @property
    def structure(self) -> str:
        """`Struct_IdNat` for which its user acts."""
        return self.attributes.get(STRUCTURE, "")

    @property
    def secret(self) -> bool:
        """Whether the patient is a minor whose representatives are not to know."""
        return SECRECY in self.attributes


def only_assertion(security: etree._Element) -> etree._Element:
    """Return the one assertion of a message, which is all that its `wsse:Security` holds.

    Raises:
        SoapRefusedError: `security`, when there is another one anywhere, or something else.
    """
    inside = elements(security)
    if [one.tag for one in inside] != [in_(SAML, "Assertion")] or stray_text(security):
        raise _security("wsse:Security does not hold exactly one assertion")
    everywhere = security.getroottree().getroot().iter(in_(SAML, "Assertion"))
    if len(list(everywhere)) != 1:
        raise _security("there is another assertion in the message")
    return inside[0]


def read_vihf(assertion: etree._Element) -> Vihf:
    """Read an assertion, without its signature.

    Raises:
        SoapRefusedError: `token`, when it is not of that form.
    """
    if assertion.tag != in_(SAML, "Assertion") or assertion.get("Version") != "2.0":
        raise _token("it is not a SAML 2.0 assertion")
    parts = {etree.QName(one).localname: one for one in elements(assertion)}
    found = [one.tag for one in elements(assertion)]
    wanted = [in_(SAML, name) for name in _PARTS if name != "Conditions" or name in parts]
    if found != wanted or stray_text(assertion):
        raise _token("the parts of the assertion are not the expected ones, in their order")
    conditions = parts.get("Conditions")
    texts, codes = _attributes(parts["AttributeStatement"])
    if len(codes[PURPOSE]) != 1:
        raise _token("there is not one PurposeOfUse")
    resource = texts.get(RESOURCE)
    patient = read_patient(resource) if resource is not None else None
    if resource is not None and patient is None:
        raise _token("resource-id is not an INS")
    return Vihf(
        issued_at=_instant(assertion.get("IssueInstant"), "IssueInstant"),
        authenticated_at=_instant(parts["AuthnStatement"].get("AuthnInstant"), "AuthnInstant"),
        issuer=text_of(parts["Issuer"]),
        issuer_format=parts["Issuer"].get("Format") or "",
        name_id=text_of(_only(parts["Subject"], "NameID")),
        context=_context(parts["AuthnStatement"]),
        not_before=_optional(conditions, "NotBefore"),
        not_on_or_after=_optional(conditions, "NotOnOrAfter"),
        attributes=texts,
        roles=codes[ROLE],
        purpose=codes[PURPOSE][0],
        patient=patient,
    )


def _context(statement: etree._Element) -> str:
    (context,) = elements(statement) if len(elements(statement)) == 1 else (None,)
    if context is None or context.tag != in_(SAML, "AuthnContext") or not len(context):
        raise _token("AuthnStatement does not hold one AuthnContext")
    first = elements(context)[0]
    if first.tag != in_(SAML, "AuthnContextClassRef"):
        raise _token("AuthnContext does not begin with AuthnContextClassRef")
    return text_of(first)


def _attributes(statement: etree._Element) -> tuple[dict[str, str], dict[str, tuple[Code, ...]]]:
    texts: dict[str, str] = {}
    codes: dict[str, tuple[Code, ...]] = {ROLE: (), PURPOSE: ()}
    seen: set[str] = set()
    for attribute in elements(statement):
        name = attribute.get("Name") or ""
        name = _SPELLINGS.get(name, name)
        values = elements(attribute)
        if attribute.tag != in_(SAML, "Attribute") or not name or name in seen or not values:
            raise _token("AttributeStatement does not hold distinct attributes with values")
        if any(one.tag != in_(SAML, "AttributeValue") for one in values):
            raise _token("an attribute holds something else than values")
        seen.add(name)
        if name in _CODED:
            codes[name] = tuple(_code(one, _CODED[name]) for one in values)
            continue
        if len(values) != 1 or len(values[0]):
            raise _token("a text attribute has not one text")
        texts[name] = text_of(values[0])
    return texts, codes


def _code(value: etree._Element, name: str) -> Code:
    inside = elements(value)
    if [one.tag for one in inside] != [in_(HL7, name)] or stray_text(value):
        raise _token(f"a value is not a {name} of HL7 v3")
    (coded,) = inside
    if (coded.get(in_(XSI, "type")) or "").rpartition(":")[2] != "CE":
        raise _token(f"a {name} is not of the type CE")
    if not all(coded.get(one) for one in ("code", "codeSystem", "displayName")):
        raise _token(f"a {name} has no code, codeSystem or displayName")
    return Code(coded.get("code") or "", coded.get("codeSystem") or "")


def _only(parent: etree._Element, name: str) -> etree._Element:
    inside = elements(parent)
    if [one.tag for one in inside] != [in_(SAML, name)]:
        raise _token(f"{etree.QName(parent).localname} does not hold exactly {name}")
    return inside[0]


def _optional(conditions: etree._Element | None, name: str) -> datetime | None:
    value = conditions.get(name) if conditions is not None else None
    return _instant(value, name) if value is not None else None


def _instant(value: str | None, name: str) -> datetime:
    text = value or ""
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        raise _token(f"{name} is not an instant") from None
    if not text.endswith("Z") or "T" not in text:
        raise _token(f"{name} is not in UTC, written with Z")
    return instant


def _token(detail: str) -> SoapRefusedError:
    return SoapRefusedError("token", detail)


def _security(detail: str) -> SoapRefusedError:
    return SoapRefusedError("security", detail)
