"""Reading any CDA R2: the facts of its header, and the bytes of a level 1 body when somebody asks for them.

Nothing is executed and nothing is fetched. A body in base64 may be large; what is beside it may not. Needs the extra
``xml``. Sources: HL7 CDA R2; CI-SIS *Structuration minimale de documents médicaux* V1.16.8.
"""

import re
from collections.abc import Iterator
from typing import Final

import attrs
from lxml import etree

from segur_sdk.errors import InputError
from segur_sdk.formats.cda.facts import (
    CdaAct,
    CdaCode,
    CdaHeader,
    CdaId,
    CdaOrganization,
    CdaParty,
    CdaPatient,
    CdaTime,
    Level1Body,
    refused,
)
from segur_sdk.formats.xml import read_xml, text_of

CDA: Final = "urn:hl7-org:v3"
MAX_DOCUMENT: Final = 50_000_000
"""Bytes of a document, its body included; the size of messages in the DMP's own sample configuration."""
MAX_MARKUP: Final = 4 * 1_048_576
"""Bytes of a document without its large bodies."""
_NS: Final = {"h": CDA}
_MAX_BODIES: Final = 8
_LARGE: Final = re.compile(rb"(?<=>)[A-Za-z0-9+/=\t\r\n ]{65536,}+(?=<)")


def read_cda(data: bytes) -> CdaHeader:
    """Return the header of a CDA.

    Args:
        data: the document, in the encoding that it declares; at most ``MAX_DOCUMENT`` bytes.

    Raises:
        InputError: ``input.cda_refused`` with ``reason`` one of ``too_large``, ``malformed``, ``doctype``,
            ``too_deep`` (see :func:`segur_sdk.formats.xml.read_xml`), ``stylesheet`` (a document wrapped in its own
            style sheet, which would have to be executed), ``not_cda``, ``missing``, ``twice`` or ``form``, the last
            three with the ``element`` concerned. Nothing of the document is in it.
    """
    if len(data) > MAX_DOCUMENT:
        raise refused("too_large")
    markup, bodies = _without_large_bodies(data)
    try:
        root = read_xml(markup, max_bytes=MAX_MARKUP)
    except InputError as error:
        reason = error.facts.get("reason")
    else:
        if root.tag in {
            "{http://www.w3.org/1999/XSL/Transform}stylesheet",
            "{http://www.w3.org/1999/XSL/Transform}transform",
        }:
            raise refused("stylesheet")
        if root.tag != f"{{{CDA}}}ClinicalDocument":
            raise refused("not_cda")
        return _header_of(root, _texts_of(root, bodies))
    raise refused(str(reason))


def _without_large_bodies(data: bytes) -> tuple[bytes, dict[str, memoryview]]:
    """Cut the long runs of base64 out, so that the parser's own bounds hold for all the rest."""
    bodies: dict[str, memoryview] = {}
    pieces: list[memoryview] = []
    whole, end = memoryview(data), 0
    for found in _LARGE.finditer(data):
        if len(bodies) == _MAX_BODIES:
            raise refused("too_large")
        name = f"large-body-{len(bodies)}"
        bodies[name] = whole[found.start() : found.end()]
        pieces += (whole[end : found.start()], memoryview(name.encode()))
        end = found.end()
    return b"".join([*pieces, whole[end:]]), bodies


def _texts_of(root: etree._Element, bodies: dict[str, memoryview]) -> dict[etree._Element, memoryview]:
    """Find the element from which each large body was cut; one that stood elsewhere was none."""
    if not bodies:
        return {}
    cut = {element: bodies.pop(element.text) for element in root.iter(etree.Element) if element.text in bodies}
    if bodies:
        raise refused("too_large")
    return cut


def _header_of(root: etree._Element, cut: dict[etree._Element, memoryview]) -> CdaHeader:
    version = _only(root, "versionNumber")
    number = version.get("value", "") if version is not None else "1"
    if not re.fullmatch(r"[1-9][0-9]{0,8}", number):
        raise refused("form", "versionNumber")
    replaced = root.xpath("h:relatedDocument[@typeCode='RPLC']/h:parentDocument/h:id", namespaces=_NS)
    set_id = _only(root, "setId")
    return CdaHeader(
        id=_id(_needed(root, "id"), "id"),
        set_id=_id(set_id, "setId") if set_id is not None else None,
        version=int(number),
        replaces=_id(replaced[0], "parentDocument/id") if replaced else None,
        templates=tuple(one.get("root", "") for one in _children(root, "templateId")),
        type=_code(_needed(root, "code"), "code"),
        title=_text(_needed(root, "title"), "title"),
        made_at=_time(_needed(root, "effectiveTime"), "effectiveTime"),
        confidentiality=_code(_needed(root, "confidentialityCode"), "confidentialityCode"),
        language=_attribute(_needed(root, "languageCode"), "code", "languageCode"),
        patient=_patient(_needed(_needed(root, "recordTarget"), "patientRole")),
        authors=tuple(_author(one) for one in _children(root, "author")),
        custodian=_custodian(root),
        validator=_validator(root),
        acts=tuple(_acts(root)),
        facility=_facility(root),
        body=_body(root, cut),
    )


def _body(root: etree._Element, cut: dict[etree._Element, memoryview]) -> Level1Body | None:
    found = root.xpath("h:component/h:nonXMLBody/h:text", namespaces=_NS)
    if not found:
        return None
    if len(found) > 1:
        raise refused("twice", "nonXMLBody")
    text = found[0]
    if text.get("representation", "TXT") != "B64":
        raise refused("form", "nonXMLBody/text")
    content = cut.get(text)
    return Level1Body(
        media_type=_attribute(text, "mediaType", "nonXMLBody/text"),
        text=content if content is not None else _text(text, "nonXMLBody/text", blank=True).encode(),
    )


def _patient(role: etree._Element) -> CdaPatient:
    patient = _only(role, "patient")
    names = _only(patient, "name") if patient is not None else None
    gender = _only(patient, "administrativeGenderCode") if patient is not None else None
    born = _only(patient, "birthTime") if patient is not None else None
    return CdaPatient(
        ids=tuple(_id(one, "patientRole/id") for one in _children(role, "id") if one.get("nullFlavor") is None),
        birth_family=_part(names, "family", "BR"),
        birth_first_given=_part(names, "given", "BR"),
        birth_givens=_part(names, "given", None),
        used_family=_part(names, "family", "CL"),
        used_given=_part(names, "given", "CL"),
        sex=gender.get("code") if gender is not None else None,
        born=born.get("value") if born is not None else None,
        birthplace=_county(patient),
    )


def _county(patient: etree._Element | None) -> str | None:
    found = [] if patient is None else patient.xpath("h:birthplace/h:place/h:addr/h:county", namespaces=_NS)
    return _text(found[0], "county") if found else None


def _part(name: etree._Element | None, tag: str, qualifier: str | None) -> str | None:
    if name is None:
        return None
    for part in _children(name, tag):
        if part.get("qualifier") == qualifier and part.get("nullFlavor") is None:
            return _text(part, tag)
    return None


def _author(author: etree._Element) -> CdaParty:
    assigned = _needed(author, "assignedAuthor")
    device = _only(assigned, "assignedAuthoringDevice")
    if device is None:
        return _party(assigned, "assignedPerson", author)
    named = _only(device, "softwareName")
    model = _only(device, "manufacturerModelName")
    shown = [_text(one, "assignedAuthoringDevice") for one in (named, model) if one is not None]
    party = _party(assigned, "assignedPerson", author)
    return attrs.evolve(party, device=True, family=shown[0] if shown else None, given=shown[1] if shown[1:] else None)


def _validator(root: etree._Element) -> CdaParty | None:
    found = _only(root, "legalAuthenticator")
    return None if found is None else _party(_needed(found, "assignedEntity"), "assignedPerson", found)


def _party(assigned: etree._Element, person: str, of: etree._Element) -> CdaParty:
    code, time = _only(assigned, "code"), _only(of, "time")
    named = _only(assigned, person)
    name = _only(named, "name") if named is not None else None
    organization = _only(assigned, "representedOrganization")
    where = etree.QName(assigned).localname
    return CdaParty(
        id=_id(_needed(assigned, "id"), f"{where}/id"),
        role=_code(code, f"{where}/code") if code is not None and code.get("nullFlavor") is None else None,
        family=_first(name, "family"),
        given=_first(name, "given"),
        organization=_organization(organization) if organization is not None else None,
        at=_time(time, "time") if time is not None and time.get("nullFlavor") is None else None,
    )


def _first(name: etree._Element | None, tag: str) -> str | None:
    found = None if name is None else next(_children(name, tag), None)
    return None if found is None or found.get("nullFlavor") is not None else _text(found, tag).strip()


def _organization(element: etree._Element) -> CdaOrganization:
    identifier, name = next(_children(element, "id"), None), _only(element, "name")
    return CdaOrganization(
        id=_id(identifier, "organization/id")
        if identifier is not None and identifier.get("nullFlavor") is None
        else None,
        name=_text(name, "organization/name").strip() if name is not None else None,
    )


def _custodian(root: etree._Element) -> CdaOrganization | None:
    found = root.xpath("h:custodian/h:assignedCustodian/h:representedCustodianOrganization", namespaces=_NS)
    return _organization(found[0]) if found else None


def _acts(root: etree._Element) -> Iterator[CdaAct]:
    for event in root.xpath("h:documentationOf/h:serviceEvent", namespaces=_NS):
        code, when = _only(event, "code"), _only(event, "effectiveTime")
        setting = event.xpath(
            "h:performer/h:assignedEntity/h:representedOrganization/h:standardIndustryClassCode[@code]", namespaces=_NS
        )
        yield CdaAct(
            code=_code(code, "serviceEvent/code") if code is not None and code.get("code") is not None else None,
            start=_bound(when, "low"),
            stop=_bound(when, "high"),
            setting=_code(setting[0], "standardIndustryClassCode") if setting else None,
        )


def _bound(interval: etree._Element | None, tag: str) -> CdaTime | None:
    bound = _only(interval, tag) if interval is not None else None
    if bound is None or bound.get("nullFlavor") is not None:
        return None
    return _time(bound, f"serviceEvent/effectiveTime/{tag}")


def _facility(root: etree._Element) -> CdaCode | None:
    found = root.xpath("h:componentOf/h:encompassingEncounter/h:location/h:healthCareFacility/h:code", namespaces=_NS)
    return _code(found[0], "healthCareFacility/code") if found else None


def _children(parent: etree._Element, tag: str) -> Iterator[etree._Element]:
    return parent.iterchildren(f"{{{CDA}}}{tag}")


def _only(parent: etree._Element, tag: str) -> etree._Element | None:
    found = list(_children(parent, tag))
    if len(found) > 1:
        raise refused("twice", tag)
    return found[0] if found else None


def _needed(parent: etree._Element, tag: str) -> etree._Element:
    # Several names, identifiers or record targets are lawful CDA where one is looked at here: the first counts.
    found = next(_children(parent, tag), None)
    if found is None or found.get("nullFlavor") is not None:
        raise refused("missing", tag)
    if tag in _ONCE and len(list(_children(parent, tag))) > 1:
        raise refused("twice", tag)
    return found


_ONCE: Final = frozenset(
    {"code", "title", "effectiveTime", "confidentialityCode", "languageCode", "recordTarget", "patientRole"}
)


def _attribute(element: etree._Element, name: str, where: str) -> str:
    value = element.get(name)
    if not value:
        raise refused("missing", where)
    if len(value) > 255:
        raise refused("form", where)
    return value


def _id(element: etree._Element, where: str) -> CdaId:
    return CdaId(_attribute(element, "root", where), element.get("extension"))


def _code(element: etree._Element, where: str) -> CdaCode:
    code = _attribute(element, "code", where)
    return CdaCode(code, element.get("codeSystem", ""), element.get("displayName") or code)


def _text(element: etree._Element, where: str, *, blank: bool = False) -> str:
    try:
        text = text_of(element)
    except InputError:
        text = None
    if text is None:
        raise refused("form", where)
    if not text.strip() and not blank:
        raise refused("missing", where)
    return text


def _time(element: etree._Element, where: str) -> CdaTime:
    return CdaTime.read(_attribute(element, "value", where), where)
