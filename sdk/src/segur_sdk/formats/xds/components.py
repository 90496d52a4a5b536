"""Texts of several components, as XDS writes persons, structures and identifiers (HL7 v2.5: XCN, XON, CX, CE).

Sources: IHE ITI TF-3 4.2.3.1.7; CI-SIS *Structuration minimale* V1.16.8 for the types of identifiers.
"""

import re
from typing import Final

from segur_sdk.errors import InputError

PROFESSIONALS: Final = "1.2.250.1.71.4.2.1"
STRUCTURES: Final = "1.2.250.1.71.4.2.2"
MAX_VALUE: Final = 256
"""Characters of a value (ebXML RegRep 3.0, ``LongName``)."""

_OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
_SPECIAL: Final = re.compile(r"[\\^|&~]")
_ESCAPES: Final = {"\\": "\\E\\", "^": "\\S\\", "|": "\\F\\", "&": "\\T\\", "~": "\\R\\"}
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def refused(reason: str, field: str) -> InputError:
    """Return the error of metadata that cannot be."""
    return InputError("input.xds_refused", reason=reason, field=field)


def escaped(text: str, field: str) -> str:
    """Return a component with the separators of HL7 v2 escaped, blanks made one.

    Raises:
        InputError: ``input.xds_refused``, reason ``form``: a control character.
    """
    plain = " ".join(text.split())
    if _CONTROL.search(plain):
        raise refused("form", field)
    return _SPECIAL.sub(lambda found: _ESCAPES[found[0]], plain)


def person(identifier: str, family: str, given: str, authority: str, kind: str, form: str = "D") -> str:
    """Return a person or a system (XCN).

    Args:
        identifier: within the authority.
        family: name; of a system: its software.
        given: given name; of a system: its model.
        authority: OID.
        kind: ``IDNPS`` for a professional, ``NH`` for a patient, ``RI`` for a system.
        form: ``D`` for a person, ``U`` for a system.
    """
    names = "^".join(escaped(part, "authorPerson") for part in (identifier, family, given))
    return bounded(f"{names}^^^^^^&{oid(authority, 'authorPerson')}&ISO^{form}^^^{kind}", "authorPerson")


def organization(name: str, identifier: str, authority: str = STRUCTURES) -> str:
    """Return a structure (XON)."""
    field = "authorInstitution"
    return bounded(
        f"{escaped(name, field)}^^^^^&{oid(authority, field)}&ISO^IDNST^^^{escaped(identifier, field)}", field
    )


def identifier(extension: str, authority: str, kind: str) -> str:
    """Return an identifier (CX): ``NH`` for an INS, ``PI`` for the software's own number of the patient."""
    return bounded(f"{escaped(extension, 'patientId')}^^^&{oid(authority, 'patientId')}&ISO^{kind}", "patientId")


def coded(code: str, label: str, system: str) -> str:
    """Return a coded text (CE), as ``authorSpecialty`` wants it."""
    return bounded("^".join(escaped(part, "authorSpecialty") for part in (code, label, system)), "authorSpecialty")


def oid(text: str, field: str) -> str:
    """Return an OID of at most 64 characters.

    Raises:
        InputError: ``input.xds_refused``, reason ``form``.
    """
    if len(text) > 64 or not _OID.fullmatch(text):
        raise refused("form", field)
    return text


def bounded(text: str, field: str) -> str:
    """Return a value that the registry can hold.

    Raises:
        InputError: ``input.xds_refused``, reason ``too_long``.
    """
    if len(text) > MAX_VALUE:
        raise refused("too_long", field)
    return text
