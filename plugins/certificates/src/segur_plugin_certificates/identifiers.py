"""Identifiers in the subjects of IGC-Santé certificates, each behind a type digit.

``OU`` names a structure: ``1`` FINESS, ``3`` SIRET, ``4`` RPPS and rang. ``CN`` of a card names a person: ``0`` ADELI,
``1`` FINESS and an internal number, ``3`` an employee of a FINESS, ``4`` RPPS and rang, ``5`` SIRET and an internal
number, ``8`` RPPS. Sources: subjects of IGC-Santé certificates; check digits as INSEE and the registers publish them.

A wrong check digit is told, not refused: the cards of the test tree bear SIRET that fail it. A FINESS never says
whether it is that of a site (*géographique*) or of a legal entity (*juridique*): only the register does.
"""

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from segur_sdk.errors import InputError
from segur_sdk.identifiers import adeli, finess, rpps, siren
from segur_sdk.identifiers.structure_id import StructureIdType

_RPPS_DIGITS: Final = 11


@attrs.frozen
class StructureIdentity:
    """A structure as a certificate names it."""

    type: StructureIdType
    value: str
    check_fits: bool
    """Whether its check digit is right."""

    def __str__(self) -> str:
        return self.type + self.value


class PersonIdType(StrEnum):
    """What the type digit of a person's identifier announces."""

    ADELI = "0"
    FINESS_INTERNAL = "1"
    FINESS_EMPLOYEE = "3"
    RPPS_RANG = "4"
    SIRET_INTERNAL = "5"
    RPPS = "8"


@attrs.frozen
class PersonIdentity:
    """A person as a card's certificate names him."""

    type: PersonIdType
    value: str
    """National number, or that of the structure, without the type digit."""
    internal: str | None
    """Number inside the structure."""
    check_fits: bool


def _rpps_rang_fits(value: str) -> bool:
    return rpps.is_valid(value[:_RPPS_DIGITS])


_STRUCTURES: Final[Mapping[str, tuple[StructureIdType, re.Pattern[str], Callable[[str], bool]]]] = MappingProxyType(
    {
        "1": (StructureIdType.FINESS, re.compile(r"[0-9][0-9AB][0-9]{7}"), finess.is_valid),
        "3": (StructureIdType.SIRET, re.compile(r"[0-9]{14}"), siren.siret_is_valid),
        "4": (StructureIdType.RPPS_RANG, re.compile(r"[0-9]{14}"), _rpps_rang_fits),
    }
)
_PERSONS: Final[Mapping[str, tuple[PersonIdType, re.Pattern[str], Callable[[str], bool]]]] = MappingProxyType(
    {
        "0": (PersonIdType.ADELI, re.compile(r"([0-9][0-9AB][0-9]{7})()"), adeli.is_valid),
        "1": (PersonIdType.FINESS_INTERNAL, re.compile(r"([0-9][0-9AB][0-9]{7})/(.{1,30})"), finess.is_valid),
        "3": (PersonIdType.FINESS_EMPLOYEE, re.compile(r"([0-9][0-9AB][0-9]{7})/(.{1,30})"), finess.is_valid),
        "4": (PersonIdType.RPPS_RANG, re.compile(r"([0-9]{14})(?:/(.{1,30}))?"), _rpps_rang_fits),
        "5": (PersonIdType.SIRET_INTERNAL, re.compile(r"([0-9]{14})/(.{1,30})"), siren.siret_is_valid),
        "8": (PersonIdType.RPPS, re.compile(r"([0-9]{11})()"), rpps.is_valid),
    }
)


def read_structure(unit: str) -> StructureIdentity:
    """Read the ``OU`` of a certificate, for example ``10B0152872``.

    Raises:
        InputError: ``certificates.structure_type`` for another type digit, ``certificates.structure_form``.
    """
    known = _STRUCTURES.get(unit[:1])
    if known is None:
        raise InputError("certificates.structure_type")
    kind, form, fits = known
    value = unit[1:]
    if not form.fullmatch(value) or not value.isascii():
        raise InputError("certificates.structure_form", type=str(kind))
    return StructureIdentity(kind, value, fits(value))


def read_person(common_name: str) -> PersonIdentity:
    """Read the ``CN`` of a card's certificate, for example ``899700218896`` or ``3760021832/000000018``.

    Raises:
        InputError: ``certificates.person_type`` for another type digit, ``certificates.person_form``.
    """
    known = _PERSONS.get(common_name[:1])
    if known is None:
        raise InputError("certificates.person_type")
    kind, form, fits = known
    found = form.fullmatch(common_name[1:])
    if found is None or not found[1].isascii():
        raise InputError("certificates.person_form", type=str(kind))
    return PersonIdentity(kind, found[1], found[2] or None, fits(found[1]))
