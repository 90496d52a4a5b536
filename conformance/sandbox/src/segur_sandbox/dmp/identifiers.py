"""Composite identifiers of metadata: CX of patients, XCN of persons, XON of organisations, codes (HL7 v2.5)."""

import re
from typing import Final

import attrs

from segur_sandbox.dmp.namespaces import PS_AUTHORITY, STRUCTURE_AUTHORITY

_CX: Final = re.compile(r"(?P<id>[^^&]+)\^\^\^&(?P<oid>[0-9.]+)&ISO\^(?P<type>[A-Z]{2})")
OID: Final = re.compile(r"[0-2](?:\.(?:0|[1-9][0-9]*))+")
_INS: Final = re.compile(r"[0-9]{5}[0-9AB]{2}[0-9]{8}")
_XCN_TYPE, _XCN_LIST = 9, 12
_XON_TYPE, _XON_ID = 6, 9
MAX_OID: Final = 64


@attrs.frozen
class PatientId:
    """An INS as metadata and assertions write it."""

    ins: str
    oid: str

    def __str__(self) -> str:
        return f"{self.ins}^^^&{self.oid}&ISO^NH"


@attrs.frozen
class PersonName:
    """An XCN: identifier, family name, given name, and the kind of identifier."""

    id: str
    family: str
    given: str
    authority: str
    kind: str


@attrs.frozen
class Organisation:
    """An XON: name and identifier."""

    name: str
    id: str


def read_patient(text: str) -> PatientId | None:
    """Read `<INS>^^^&<OID>&ISO^NH`; `None` when it is something else."""
    found = _CX.fullmatch(text)
    if found is None or found["type"] != "NH" or not OID.fullmatch(found["oid"]):
        return None
    return PatientId(found["id"], found["oid"])


def read_local_patient(text: str) -> bool:
    """Tell whether it is an identifier of a patient, local (`PI`) or national (`NH`)."""
    found = _CX.fullmatch(text)
    return found is not None and found["type"] in ("PI", "NH") and bool(OID.fullmatch(found["oid"]))


def looks_like_ins(text: str) -> bool:
    """Tell whether it has the 15 characters of a matricule INS and its key."""
    return bool(_INS.fullmatch(text))


def read_person(text: str) -> PersonName | None:
    """Read an XCN of 13 components; `None` when it is something else."""
    parts = text.split("^")
    if len(parts) != _XCN_LIST + 1 or not parts[0] or not parts[1]:
        return None
    authority = _authority(parts[8])
    kind = parts[_XCN_LIST]
    if authority is None or (parts[_XCN_TYPE], kind) not in (("D", "IDNPS"), ("U", "RI"), ("D", "NH"), ("L", "NH")):
        return None
    if kind == "IDNPS" and authority != PS_AUTHORITY:
        return None
    return PersonName(parts[0], parts[1], parts[2], authority, kind)


def read_organisation(text: str) -> Organisation | None:
    """Read an XON of a French structure; `None` when it is something else."""
    parts = text.split("^")
    if len(parts) != _XON_ID + 1 or not parts[0] or not parts[_XON_ID] or parts[_XON_TYPE] != "IDNST":
        return None
    return Organisation(parts[0], parts[_XON_ID]) if _authority(parts[5]) == STRUCTURE_AUTHORITY else None


def read_speciality(text: str) -> tuple[str, str] | None:
    """Read a coded `code^label^scheme`: code and scheme; `None` when it is something else."""
    parts = text.split("^")
    return (parts[0], parts[2]) if len(parts) == len(("code", "label", "scheme")) and all(parts) else None


def is_oid(text: str) -> bool:
    """Tell whether it is an OID of at most 64 characters."""
    return len(text) <= MAX_OID and bool(OID.fullmatch(text))


def _authority(text: str) -> str | None:
    parts = text.split("&")
    return parts[1] if len(parts) == len(("", "oid", "ISO")) and parts[0] == "" and parts[2] == "ISO" else None
