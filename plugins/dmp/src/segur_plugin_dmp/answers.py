"""What the DMP answers: a registry's answer, an acknowledgement of HL7 v3, or a fault.

Read by namespace and name. Of texts beside codes nothing is kept.
Sources: ebXML RegRep 3.0 (rs, query, rim); IHE ITI TF-2; HL7 v3 (PRPA_IN201308UV02); SOAP 1.2 part 1, 5.4.
"""

from enum import StrEnum
from typing import Final

import attrs
from lxml import etree

from segur_plugin_dmp.namespaces import HL7, SOAP
from segur_plugin_dmp.outcomes import CLOSED, NO_RECORD, error_of, raised_as
from segur_plugin_dmp.soap import is_fault, unreadable
from segur_sdk.errors import InputError, SegurError
from segur_sdk.formats.xds.schemes import QUERY, RIM, RS, EntryStatus
from segur_sdk.formats.xml import text_of

MAX_ERRORS: Final = 50
_SUCCESS: Final = "urn:oasis:names:tc:ebxml-regrep:ResponseStatusType:Success"
_STATUSES: Final = frozenset(EntryStatus)
_WARNING: Final = "urn:oasis:names:tc:ebxml-regrep:ErrorSeverityType:Warning"


@attrs.frozen
class Entry:
    """A document as the registry refers to it."""

    entry_uuid: str
    """``urn:uuid:…``."""
    status: EntryStatus | None = None
    """Nothing when only a reference was answered."""


class RecordState(StrEnum):
    """Whether a person has a DMP."""

    OPEN = "open"
    CLOSED = "closed"
    NONE = "none"


def refuse_fault(answer: etree._Element) -> None:
    """Return if an answer is none.

    Raises:
        SegurError: what the fault means, see :mod:`segur_plugin_dmp.outcomes`.
    """
    if is_fault(answer):
        raise error_of(_fault_codes(answer))


def read_registry(answer: etree._Element) -> tuple[str, ...]:
    """Return the codes of the warnings with which a registry took what was submitted.

    Raises:
        SegurError: it did not, see :mod:`segur_plugin_dmp.outcomes`.
        ServiceError: ``dmp.answer_unreadable``.
    """
    if answer.tag != f"{{{RS}}}RegistryResponse":
        raise unreadable("element")
    return _require_success(answer)


def read_entries(answer: etree._Element) -> tuple[Entry, ...]:
    """Return the documents that a stored query found.

    Raises:
        SegurError: the query was refused, see :mod:`segur_plugin_dmp.outcomes`.
        ServiceError: ``dmp.answer_unreadable``.
    """
    if answer.tag != f"{{{QUERY}}}AdhocQueryResponse":
        raise unreadable("element")
    _require_success(answer)
    found = answer.find(f"{{{RIM}}}RegistryObjectList")
    if found is None:
        raise unreadable("list")
    wanted = {f"{{{RIM}}}ExtrinsicObject", f"{{{RIM}}}ObjectRef"}
    return tuple(_entry(one) for one in found.iterchildren(etree.Element) if one.tag in wanted)


def read_existence(answer: etree._Element) -> RecordState:
    """Return whether the person has a DMP (TD0.2). The identity that comes with it is not looked at.

    Raises:
        SegurError: the question was refused, see :mod:`segur_plugin_dmp.outcomes`.
        ServiceError: ``dmp.answer_unreadable``.
    """
    if answer.tag != f"{{{HL7}}}PRPA_IN201308UV02":
        raise unreadable("element")
    acknowledged = _attribute(answer, "acknowledgement", "typeCode")
    details = [one.get("code") for one in answer.findall(_path("acknowledgement", "acknowledgementDetail", "code"))]
    if "DMPClosed" in details:
        return RecordState.CLOSED
    if acknowledged != "AA":
        raise error_of(details)
    queried = _attribute(answer, "controlActProcess", "queryAck", "queryResponseCode", "code")
    if queried == "NF":
        return RecordState.NONE
    if queried != "OK":
        raise unreadable("query_response")
    status = _attribute(
        answer, "controlActProcess", "subject", "registrationEvent", "subject1", "patient", "statusCode", "code"
    )
    if status not in {"active", "terminated"}:
        raise unreadable("status")
    return RecordState.OPEN if status == "active" else RecordState.CLOSED


def refusal_of(state: RecordState) -> SegurError:
    """Return the error of a person whose DMP is not open."""
    return raised_as(CLOSED if state is RecordState.CLOSED else NO_RECORD)


def _require_success(answer: etree._Element) -> tuple[str, ...]:
    """Return the codes of warnings of an answer that says success."""
    errors = answer.findall(f"{{{RS}}}RegistryErrorList/{{{RS}}}RegistryError")
    if len(errors) > MAX_ERRORS:
        raise unreadable("errors")
    status = answer.get("status")
    if status is None:
        raise unreadable("status")
    if status != _SUCCESS:
        # A partial success is none: one submission set is taken whole or not at all.
        raise error_of(one.get("errorCode") for one in errors if one.get("severity") != _WARNING)
    return tuple(code for one in errors if (code := one.get("errorCode")) is not None)


def _entry(element: etree._Element) -> Entry:
    entry_uuid = element.get("id") or ""
    if not entry_uuid.startswith("urn:uuid:") or len(entry_uuid) > 64:
        raise unreadable("entry")
    status = element.get("status")
    return Entry(entry_uuid, EntryStatus(status) if status in _STATUSES else None)


def _fault_codes(fault: etree._Element) -> list[str]:
    """Return the codes of a fault, the innermost first."""
    codes: list[str] = []
    for value in fault.iter(f"{{{SOAP}}}Value"):
        try:
            codes.append(text_of(value).strip().rpartition(":")[2])
        except InputError:
            continue
    return codes[::-1]


def _path(*names: str) -> str:
    return "/".join(f"{{{HL7}}}{name}" for name in names)


def _attribute(answer: etree._Element, *names: str) -> str | None:
    """Return an attribute of the one element at a path; several could not be told apart."""
    found = answer.findall(_path(*names[:-1]))
    if len(found) > 1:
        raise unreadable("repeated")
    return found[0].get(names[-1]) if found else None
