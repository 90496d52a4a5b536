"""Whom a certificate names: its subject, attribute by attribute, never by position.

The department stands in ``ST``, in older certificates in ``L``; the last RDN of a card holds several attributes whose
order varies. Sources: X.501; subjects of IGC-Santé certificates.
"""

import re
from contextlib import suppress
from functools import lru_cache
from typing import Final

import attrs
from cryptography import x509
from cryptography.x509.oid import NameOID

from segur_plugin_certificates.identifiers import PersonIdentity, StructureIdentity, read_person, read_structure
from segur_sdk.errors import InputError

MAX_TEXT: Final = 100
_READ: Final = {
    NameOID.COUNTRY_NAME: "C",
    NameOID.STATE_OR_PROVINCE_NAME: "ST",
    NameOID.LOCALITY_NAME: "L",
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COMMON_NAME: "CN",
    NameOID.TITLE: "title",
    NameOID.SURNAME: "SN",
    NameOID.GIVEN_NAME: "GN",
    NameOID.PSEUDONYM: "pseudonym",
}
_DEPARTMENT: Final = re.compile(r"(.{1,60}) \(((?:[0-9]{2,3})|2[AB])\)")


@attrs.frozen
class Department:
    """A department: ``Seine-Maritime``, ``76``."""

    name: str
    number: str


@attrs.frozen
class Subject:
    """What a subject says. What it says twice, or in another form, is not believed: its code stands in ``faults``."""

    country: str | None
    department: Department | None
    organisation: str | None
    structure: StructureIdentity | None
    common_name: str | None
    """The *service applicatif*, or a person's identifier."""
    title: str | None
    surname: str | None
    given_name: str | None
    pseudonym: str | None
    person: PersonIdentity | None
    """Only of a subject that bears a title, a surname or a pseudonym: those of cards and of the offer PRO do."""
    faults: tuple[str, ...]


def read_subject(name: x509.Name) -> Subject:
    """Read a subject, whatever the order and the grouping of its attributes. Nothing is raised."""
    texts: dict[str, str] = {}
    faults: list[str] = []
    twice: set[str] = set()
    for attribute in name:
        label = _READ.get(attribute.oid)
        if label is None:
            continue
        value = attribute.value
        if label in texts or label in twice:
            twice.add(label)
            texts.pop(label, None)
            faults.append("certificates.subject_twice")
        elif isinstance(value, str) and len(value) <= MAX_TEXT and value.isprintable():
            if text := value.strip():
                # A name is compared as it stands: services take « INSI-AUTO » and nothing that only looks like it.
                texts[label] = value if label == "CN" else text
        else:
            faults.append("certificates.subject_text")
    structure = _structure(texts.get("OU"), faults)
    personal = not _PERSONAL.isdisjoint(texts)
    return Subject(
        country=texts.get("C"),
        department=_department(texts.get("ST", texts.get("L")), faults),
        organisation=texts.get("O"),
        structure=structure,
        common_name=texts.get("CN"),
        title=texts.get("title"),
        surname=texts.get("SN"),
        given_name=texts.get("GN"),
        pseudonym=texts.get("pseudonym"),
        person=_person(texts.get("CN"), faults) if personal else None,
        faults=tuple(dict.fromkeys(faults)),
    )


_PERSONAL: Final = frozenset({"title", "SN", "pseudonym"})


def _department(text: str | None, faults: list[str]) -> Department | None:
    if text is None:
        return None
    found = _read_department(text)
    if found is None:
        faults.append("certificates.department_form")
    return found


# An installation has few structures, and many certificates of each.
@lru_cache(maxsize=256)
def _read_department(text: str) -> Department | None:
    found = _DEPARTMENT.fullmatch(text)
    return Department(found[1], found[2]) if found is not None and found[2].isascii() else None


def _structure(unit: str | None, faults: list[str]) -> StructureIdentity | None:
    if unit is None:
        return None
    found, code = _read_structure(unit)
    if code is not None:
        faults.append(code)
    return found


@lru_cache(maxsize=256)
def _read_structure(unit: str) -> tuple[StructureIdentity | None, str | None]:
    try:
        found = read_structure(unit)
    except InputError as failure:
        return None, failure.code
    return found, None if found.check_fits else "certificates.structure_check"


def _person(common_name: str | None, faults: list[str]) -> PersonIdentity | None:
    if common_name is None:
        return None
    with suppress(InputError):
        found = read_person(common_name)
        if not found.check_fits:
            faults.append("certificates.person_check")
        return found
    return None
