"""Object identifiers of the national identifiers, with their names.

Sources: CI-SIS kit (labels of the CDA style sheet), HL7 FR Core ``fr-core-cs-v2-0203``, ANS registry of OIDs.
"""

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

import attrs

from segur_sdk.errors import InputError

_FORM: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")


class OidUse(StrEnum):
    """What the identifiers of an OID are good for."""

    INS = "ins"
    INS_TEST = "ins_test"
    """A matricule of a test or demonstration base: never in production."""
    INS_FORMER = "ins_former"
    """INS calculé, replaced in 2021: never a matricule of today."""
    BILLING = "billing"
    """A social security number for billing: never the INS."""
    OTHER_PERSON = "other_person"
    PROFESSIONAL = "professional"
    STRUCTURE = "structure"


@attrs.frozen
class NamedOid:
    """An OID, its official short name and what it is used for."""

    value: str
    name: str
    use: OidUse


_NAMED: Final = (
    NamedOid("1.2.250.1.213.1.4.2", "INS-C", OidUse.INS_FORMER),
    NamedOid("1.2.250.1.213.1.4.6", "INS-C de test", OidUse.INS_FORMER),
    NamedOid("1.2.250.1.213.1.4.7", "INS-C de démonstration", OidUse.INS_FORMER),
    NamedOid("1.2.250.1.213.1.4.8", "INS-NIR", OidUse.INS),
    NamedOid("1.2.250.1.213.1.4.9", "INS-NIA", OidUse.INS),
    NamedOid("1.2.250.1.213.1.4.10", "INS-NIR de test", OidUse.INS_TEST),
    NamedOid("1.2.250.1.213.1.4.11", "INS-NIR de démonstration", OidUse.INS_TEST),
    NamedOid("1.2.250.1.213.1.4.12", "SI-SAMU", OidUse.OTHER_PERSON),
    NamedOid("1.2.250.1.213.1.4.13", "N°SS-NIR", OidUse.BILLING),
    NamedOid("1.2.250.1.213.1.4.14", "N°SS-NIA", OidUse.BILLING),
    NamedOid("1.2.250.1.71.4.2.1", "Identifiant national de professionnel", OidUse.PROFESSIONAL),
    NamedOid("1.2.250.1.71.4.2.2", "Identifiant national de structure", OidUse.STRUCTURE),
)

OIDS: Final[Mapping[str, NamedOid]] = MappingProxyType({entry.value: entry for entry in _NAMED})
"""Every OID that is named here, by its value."""


def parse(text: str) -> str:
    """Return an OID in dotted notation; ``urn:oid:`` before it is taken off.

    Raises:
        InputError: ``input.oid_form``.
    """
    value = text.strip().removeprefix("urn:oid:")
    if not _FORM.fullmatch(value):
        raise InputError("input.oid_form")
    return value


def format_urn(value: str) -> str:
    """Return the OID as a URN (RFC 3061): ``urn:oid:1.2.250.1.213.1.4.8``."""
    return f"urn:oid:{value}"
