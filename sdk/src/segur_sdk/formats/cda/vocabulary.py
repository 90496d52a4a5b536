"""Lists, models and labels that a CDA of CI-SIS names."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from segur_sdk.formats.xml_writer import Xml, node
from segur_sdk.models.document import Concept

HL7_V3: Final = "urn:hl7-org:v3"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
PHARMACY: Final = "urn:ihe:pharm:medication"
"""Namespace of IHE's pharmacy extension of CDA."""

PS_IDNAT: Final = "1.2.250.1.71.4.2.1"
STRUCT_IDNAT: Final = "1.2.250.1.71.4.2.2"
SECTORS: Final = "1.2.250.1.71.4.2.4"
ROLES: Final = "1.2.250.1.213.1.1.4.5"
PRACTICE_SETTINGS: Final = "1.2.250.1.213.1.1.4.9"
LOINC: Final = "2.16.840.1.113883.6.1"
CONFIDENTIALITY: Final = "2.16.840.1.113883.5.25"
ACT_CODE: Final = "2.16.840.1.113883.5.4"
CIS: Final = "1.2.250.1.213.2.3.1"
CIP: Final = "1.2.250.1.213.2.3.2"
ATC: Final = "2.16.840.1.113883.6.73"

VACCINATION_NOTE: Final = Concept(code="87273-9", system=LOINC, label="Note de vaccination")

_SYSTEM_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        LOINC: "LOINC",
        CIS: "CIS",
        CIP: "CIP",
        ATC: "ATC",
        CONFIDENTIALITY: "Confidentiality",
        "0.4.0.127.0.16.1.1.2.1": "EDQM",
        "2.16.840.1.113883.6.96": "SNOMED CT",
    }
)


@cache
def _labels() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((files(__package__) / "labels.toml").read_text("utf-8"))


def role_label(code: str) -> str | None:
    """Return the label of a profession and speciality (JDV_J01), when it is known here."""
    return _labels()["roles"].get(code)


def sector_label(code: str) -> str | None:
    """Return the label of a *secteur d'activité* (JDV_J02); ``None``: it is none."""
    return _labels()["sectors"].get(code)


def practice_setting_label(code: str) -> str | None:
    """Return the label of a *cadre d'exercice* (JDV_J04); ``None``: it is none."""
    return _labels()["practice_settings"].get(code)


def coded(name: str, code: str, system: str, label: str | None, *children: Xml) -> Xml:
    """Return an element that holds a code of a list."""
    attributes = {"code": code}
    if label is not None:
        attributes["displayName"] = label
    attributes["codeSystem"] = system
    if system in _SYSTEM_NAMES:
        attributes["codeSystemName"] = _SYSTEM_NAMES[system]
    return node(name, *children, attributes=attributes)


def concept(name: str, value: Concept, *children: Xml) -> Xml:
    """Return an element that holds a concept."""
    return coded(name, value.code, value.system, value.label, *children)


def identifier(root: str, extension: str | None = None, name: str = "id") -> Xml:
    """Return an identifier: an OID or a UUID, or what an OID's owner calls it."""
    attributes = {"root": root}
    if extension is not None:
        attributes["extension"] = extension
    return node(name, attributes=attributes)


def templates(*roots: str) -> Xml:
    """Return the models that an element follows."""
    return Xml("".join(identifier(root, name="templateId") for root in roots))
