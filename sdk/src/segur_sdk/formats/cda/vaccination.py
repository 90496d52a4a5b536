"""Level 3: the body of a *note de vaccination* (CI-SIS VAC-NOTE 2023.01), one vaccination in each."""

from typing import Final
from uuid import NAMESPACE_OID, uuid5

from segur_sdk.formats.cda.moments import hl7_date
from segur_sdk.formats.cda.narrative import cell, reference, table
from segur_sdk.formats.cda.people import author, performer
from segur_sdk.formats.cda.vocabulary import (
    ACT_CODE,
    CIS,
    LOINC,
    PHARMACY,
    coded,
    concept,
    identifier,
    templates,
)
from segur_sdk.formats.xml_writer import Xml, characters, leaf, node
from segur_sdk.models.document import (
    ClinicalDocument,
    Concept,
    DocumentProfessional,
    Vaccination,
    VaccinationBody,
    Vaccine,
)

MODEL: Final = Xml(
    templates("1.3.6.1.4.1.19376.1.5.3.1.1.18.1.2") + identifier("1.2.250.1.213.1.1.1.46", "2023.01", name="templateId")
)
_SECTION: Final = templates("2.16.840.1.113883.10.20.1.6", "1.3.6.1.4.1.19376.1.5.3.1.3.23", "1.2.250.1.213.1.1.2.147")
_ENTRY: Final = templates("2.16.840.1.113883.10.20.1.24", "1.3.6.1.4.1.19376.1.5.3.1.4.12", "1.2.250.1.213.1.1.3.45")
_PRODUCT: Final = templates("2.16.840.1.113883.10.20.1.53", "1.3.6.1.4.1.19376.1.5.3.1.4.7.2", "1.2.250.1.213.1.1.3.43")
_RANK: Final = templates("2.16.840.1.113883.10.20.1.46", "1.2.250.1.213.1.1.3.82")
_COMMENT: Final = templates("2.16.840.1.113883.10.20.1.40", "1.3.6.1.4.1.19376.1.5.3.1.4.2", "1.2.250.1.213.1.1.3.32")
_HEADINGS: Final = (
    "Date",
    "Vaccin",
    "Numéro de lot",
    "Péremption",
    "Rang de la dose",
    "Voie",
    "Site",
    "Remarque",
    "Administré par",
)
_DONE: Final = node("statusCode", attributes={"code": "completed"})


def vaccine_codes(vaccine: Vaccine) -> tuple[Concept, ...]:
    """Return every code of a vaccine, that of the speciality (CIS) first."""
    codes = (*((vaccine.code,) if vaccine.code is not None else ()), *vaccine.translations)
    return tuple(sorted(codes, key=lambda code: code.system != CIS))


def vaccination_body(document: ClinicalDocument, body: VaccinationBody) -> Xml:
    """Return the structured body: one section, its text and an entry for each vaccination."""
    rows, entries = [], []
    for rank, one in enumerate(body.vaccinations, start=1):
        anchor = f"vaccination-{rank}"
        rows.append(_row(one, one.performer or document.author, anchor))
        entries.append(node("entry", _administration(document, one, anchor)))
    section = node(
        "section",
        _SECTION,
        _identity(document, "section"),
        coded("code", "11369-6", LOINC, "Historique des vaccinations"),
        leaf("title", document.title),
        table(_HEADINGS, rows),
        *entries,
    )
    return node("component", node("structuredBody", node("component", section)))


def _row(one: Vaccination, vaccinator: DocumentProfessional, anchor: str) -> tuple[Xml, ...]:
    vaccine = one.vaccine
    return (
        cell(f"{one.given_at:%d/%m/%Y}"),
        cell(vaccine.name, anchor),
        cell(vaccine.lot),
        cell(f"{vaccine.expires_on:%d/%m/%Y}" if vaccine.expires_on else None),
        cell(str(one.dose_rank) if one.dose_rank else None),
        cell(one.route.label if one.route else None),
        cell(one.site.label if one.site else None, f"{anchor}-site"),
        cell(one.comment, f"{anchor}-comment"),
        cell(f"{vaccinator.given_name} {vaccinator.family_name}"),
    )


def _administration(document: ClinicalDocument, one: Vaccination, anchor: str) -> Xml:
    site = one.site
    return node(
        "substanceAdministration",
        _ENTRY,
        _identity(document, anchor),
        # Whether it begins a series or recalls one is not known here.
        coded("code", "IMMUNIZ", ACT_CODE, "Vaccination sans autre précision"),
        node("text", reference(anchor)),
        _DONE,
        node("effectiveTime", attributes={"value": hl7_date(one.given_at)}),
        concept("routeCode", one.route) if one.route is not None else Xml(""),
        concept("approachSiteCode", site, node("originalText", reference(f"{anchor}-site"))) if site else Xml(""),
        node("consumable", _product(one.vaccine, anchor), attributes={"typeCode": "CSM"}),
        performer(one.performer or document.author, document.act.practice_setting),
        author(document.author, document.authored_at),
        _dose_rank(one.dose_rank) if one.dose_rank is not None else Xml(""),
        _comment(one.comment, f"{anchor}-comment") if one.comment is not None else Xml(""),
        attributes={"classCode": "SBADM", "moodCode": "EVN", "negationInd": "false"},
    )


def _product(vaccine: Vaccine, anchor: str) -> Xml:
    main, *others = vaccine_codes(vaccine)
    translations = [concept("translation", other) for other in others]
    lot = leaf("lotNumberText", vaccine.lot)
    expiry = Xml("")
    if vaccine.expires_on is not None:
        high = node("pharm:high", attributes={"value": hl7_date(vaccine.expires_on)})
        expiry = node("pharm:expirationTime", high, attributes={"xmlns:pharm": PHARMACY})
    material = node(
        "manufacturedMaterial",
        concept("code", main, node("originalText", reference(anchor)), *translations),
        leaf("name", vaccine.name),
        lot or node("lotNumberText", attributes={"nullFlavor": "UNK"}),
        expiry,
    )
    return node("manufacturedProduct", _PRODUCT, material)


def _dose_rank(rank: int) -> Xml:
    observation = node(
        "observation",
        _RANK,
        coded("code", "30973-2", LOINC, "Rang de la vaccination"),
        _DONE,
        node("value", attributes={"xsi:type": "INT", "value": str(rank)}),
        attributes={"classCode": "OBS", "moodCode": "EVN"},
    )
    return node("entryRelationship", observation, attributes={"typeCode": "SUBJ"})


def _comment(text: str, anchor: str) -> Xml:
    act = node(
        "act",
        _COMMENT,
        coded("code", "48767-8", LOINC, "Commentaire"),
        node("text", reference(anchor), characters(text)),
        _DONE,
        attributes={"classCode": "ACT", "moodCode": "EVN"},
    )
    return node("entryRelationship", act, attributes={"typeCode": "SUBJ"})


def _identity(document: ClinicalDocument, part: str) -> Xml:
    # Made from the version's own identifier: the same document is the same bytes.
    return identifier(str(uuid5(NAMESPACE_OID, f"{document.version.id}/{part}")).upper())
