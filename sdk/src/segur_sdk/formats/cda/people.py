"""Professionals and structures of a document, each in the parts it plays."""

from datetime import datetime

from segur_sdk.formats.cda.moments import at
from segur_sdk.formats.cda.vocabulary import (
    PRACTICE_SETTINGS,
    PS_IDNAT,
    ROLES,
    STRUCT_IDNAT,
    coded,
    identifier,
    practice_setting_label,
    role_label,
)
from segur_sdk.formats.xml_writer import Xml, leaf, node
from segur_sdk.models.document import CareStructure, ClinicalDocument, DocumentProfessional, Recipient


def author(professional: DocumentProfessional, moment: datetime) -> Xml:
    """Return who wrote the document, or an entry of it."""
    assigned = node(
        "assignedAuthor",
        *_identified(professional),
        node("representedOrganization", *_organisation(professional.structure)),
        attributes={"classCode": "ASSIGNED"},
    )
    return node("author", at("time", moment), assigned, attributes={"typeCode": "AUT", "contextControlCode": "OP"})


def legal_authenticator(document: ClinicalDocument) -> Xml:
    """Return who answers for the document: with him it is *validé*."""
    return node(
        "legalAuthenticator",
        at("time", document.validated_at),
        node("signatureCode", attributes={"code": "S"}),
        assigned_entity(document.validator, document.act.practice_setting),
    )


def performer(professional: DocumentProfessional, practice_setting: str) -> Xml:
    """Return who performed an act."""
    return node("performer", assigned_entity(professional, practice_setting), attributes={"typeCode": "PRF"})


def assigned_entity(professional: DocumentProfessional, practice_setting: str) -> Xml:
    """Return a professional within the structure and the setting of the act."""
    setting = coded(
        "standardIndustryClassCode", practice_setting, PRACTICE_SETTINGS, practice_setting_label(practice_setting)
    )
    organisation = node("representedOrganization", *_organisation(professional.structure), setting)
    return node("assignedEntity", *_identified(professional), organisation)


def custodian(structure: CareStructure) -> Xml:
    """Return the structure that keeps the document."""
    organisation = node(
        "representedCustodianOrganization",
        identifier(STRUCT_IDNAT, structure.id),
        leaf("name", structure.name),
        _telecom(structure.telecom),
        _address(structure.postal_address),
    )
    return node("custodian", node("assignedCustodian", organisation))


def information_recipient(recipient: Recipient) -> Xml:
    """Return somebody to whom the document is addressed."""
    person = node("informationRecipient", _person_name(recipient.family_name, recipient.given_name))
    name = recipient.structure_name
    organisation = node("receivedOrganization", leaf("name", name)) if name is not None else Xml("")
    intended = node(
        "intendedRecipient",
        identifier(PS_IDNAT, recipient.id) if recipient.id is not None else Xml(""),
        person,
        organisation,
    )
    return node("informationRecipient", intended, attributes={"typeCode": "PRCP"})


def _identified(professional: DocumentProfessional) -> tuple[Xml, ...]:
    structure = professional.structure
    return (
        identifier(PS_IDNAT, professional.id),
        coded("code", professional.role, ROLES, role_label(professional.role)),
        _address(professional.postal_address or structure.postal_address),
        _telecom(professional.telecom or structure.telecom),
        node("assignedPerson", _person_name(professional.family_name, professional.given_name)),
    )


def _organisation(structure: CareStructure) -> tuple[Xml, ...]:
    return (
        identifier(STRUCT_IDNAT, structure.id),
        leaf("name", structure.name),
        _telecom(structure.telecom) if structure.telecom else Xml(""),
        _address(structure.postal_address) if structure.postal_address else Xml(""),
    )


def _person_name(family: str, given: str | None) -> Xml:
    return node("name", leaf("family", family), leaf("given", given))


def _telecom(address: str | None) -> Xml:
    if address is None:
        return node("telecom", attributes={"nullFlavor": "NASK"})
    return node("telecom", attributes={"value": address, "use": "WP"})


def _address(lines: str | None) -> Xml:
    if lines is None or not lines.strip():
        return node("addr", attributes={"nullFlavor": "NASK"})
    return node("addr", *(leaf("streetAddressLine", line.strip()) for line in lines.splitlines() if line.strip()))
