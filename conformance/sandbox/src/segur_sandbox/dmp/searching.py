"""TD3.1, as far as feeding needs it: finds the technical id of a document (ITI-18, FindDocuments and GetDocuments)."""

import re
from collections.abc import Callable, Mapping
from typing import Final

import attrs
from lxml import etree

from segur_sandbox.dmp import namespaces as ns
from segur_sandbox.dmp.deleting import is_own
from segur_sandbox.dmp.feeding import open_patient
from segur_sandbox.dmp.gate import Caller
from segur_sandbox.dmp.namespaces import in_
from segur_sandbox.dmp.patients import Patients
from segur_sandbox.dmp.refusal import RegistryRefusedError, SoapRefusedError
from segur_sandbox.dmp.rights import Right
from segur_sandbox.dmp.soap import elements, stray_text, text_of
from segur_sandbox.dmp.store import Entry, Store

FIND_DOCUMENTS: Final = "urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d"
GET_DOCUMENTS: Final = "urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4"
LEAF, REFERENCE = "LeafClass", "ObjectRef"
_STATUSES: Final = (ns.APPROVED, ns.DEPRECATED, ns.ARCHIVED)
_PREFIX: Final = "$XDSDocumentEntry"
_QUOTED: Final = re.compile(r"'((?:[^']|'')*)'")
_LIST: Final = re.compile(rf"\(\s*{_QUOTED.pattern}(?:\s*,\s*{_QUOTED.pattern})*\s*\)")
_DATE: Final = re.compile(r"[0-9]{4}(?:[0-9]{2}){0,5}")
_PATIENT, _STATUS, _UNIQUE_ID, _UUID = "PatientId", "Status", "UniqueId", "EntryUUID"
_CODES: Final = {"TypeCode": ns.TYPE, "ClassCode": ns.CLASS}
_TIMES: Final = {"CreationTime": "creationTime", "ServiceStartTime": "serviceStartTime"}
_OPTIONAL: Final = frozenset({*_CODES, *(f"{name}{end}" for name in _TIMES for end in ("From", "To")), _UNIQUE_ID})


@attrs.frozen
class Found:
    """What a query found.

    Attributes:
        entries: The entries.
        leaf: Whether they are wanted whole.
        full: Whether the user may read metadata; otherwise only what identifies a document.
    """

    entries: tuple[Entry, ...]
    leaf: bool
    full: bool


@attrs.frozen
class Searching:
    """Answers stored queries.

    Attributes:
        patients: Whose DMP is open.
        store: Where entries are.
    """

    patients: Patients
    store: Store

    def find(self, question: etree._Element, caller: Caller, right: Right) -> Found:
        """Answer a stored query.

        Args:
            question: The body of the request, an AdhocQueryRequest.
            caller: Who asks.
            right: Whether he may read metadata, or only find his own documents.

        Raises:
            SoapRefusedError: it is another message, or the patient keeps him out.
            RegistryRefusedError: it is refused.
        """
        patient = open_patient(self.patients, caller)
        found = self.patients.find(patient)
        if found is not None and caller.vihf.name_id in found.blocked and right == "yes":
            raise SoapRefusedError("rights", "the patient keeps this user out")
        leaf, query, parameters = _read(question)
        if query == FIND_DOCUMENTS:
            chosen = self._find_documents(parameters, str(patient))
        elif query == GET_DOCUMENTS:
            chosen = self._get_documents(parameters, str(patient))
        else:
            raise RegistryRefusedError("XDSUnknownStoredQuery", "only FindDocuments and GetDocuments are simulated")
        full = right == "yes"
        if not full:
            chosen = [one for one in chosen if is_own(one, caller, "structure") or is_own(one, caller, "own")]
        elif found is None or caller.vihf.name_id not in found.attending:
            chosen = [one for one in chosen if not _masked(one) or is_own(one, caller, "own")]
        return Found(tuple(chosen), leaf, full)

    def _find_documents(self, parameters: Mapping[str, tuple[str, ...]], patient: str) -> list[Entry]:
        for name in (_PATIENT, _STATUS):
            if name not in parameters:
                raise RegistryRefusedError("XDSStoredQueryMissingParam", f"{_PREFIX}{name} is missing")
        if set(parameters) - _OPTIONAL - {_PATIENT, _STATUS}:
            raise RegistryRefusedError("XDSStoredQueryParamNumber", "a parameter is not one of FindDocuments")
        if parameters[_PATIENT] != (patient,):
            raise RegistryRefusedError("XDSPatientIdDoesNotMatch", "the patient asked for is not that of the VIHF")
        if set(parameters[_STATUS]) - set(_STATUSES):
            raise RegistryRefusedError("XDSRegistryError", "a status that cannot be asked for")
        tests = [_test(name, values) for name, values in parameters.items() if name not in (_PATIENT, _STATUS)]
        return [
            one
            for one in self.store.all()
            if one.patient == patient
            and not one.signature
            and one.status in parameters[_STATUS]
            and all(test(one) for test in tests)
        ]

    def _get_documents(self, parameters: Mapping[str, tuple[str, ...]], patient: str) -> list[Entry]:
        if set(parameters) not in ({_UNIQUE_ID}, {_UUID}):
            raise RegistryRefusedError("XDSStoredQueryParamNumber", "GetDocuments wants either EntryUUID or UniqueId")
        unique_ids = parameters.get(_UNIQUE_ID, ())
        uuids = parameters.get(_UUID, ())
        return [
            one
            for one in self.store.all()
            if one.patient == patient
            and one.status != ns.DELETED
            and (one.unique_id in unique_ids or one.entry_uuid in uuids)
        ]


def _masked(one: Entry) -> bool:
    """Tell whether only its authors and the attending physician see an entry."""
    return any(each["code"] == "MASQUE_PS" for each in one.metadata["classifications"])


def _test(name: str, values: tuple[str, ...]) -> Callable[[Entry], bool]:
    if name == _UNIQUE_ID:
        return lambda one: one.unique_id in values
    if name in _CODES:
        return lambda one: any(code in values for code in _codes(one, _CODES[name]))
    stem, end = (name[:-4], "From") if name.endswith("From") else (name[:-2], "To")
    if len(values) != 1 or not _DATE.fullmatch(values[0]):
        raise RegistryRefusedError("XDSRegistryError", f"{_PREFIX}{name} is not a date")
    slot = _TIMES[stem]

    def within(one: Entry) -> bool:
        value = next(iter(one.metadata["slots"].get(slot, ())), "").ljust(14, "0")
        bound = values[0].ljust(14, "0")
        return value >= bound if end == "From" else value < bound

    return within


def _codes(one: Entry, scheme: str) -> list[str]:
    return [
        f"{each['code']}^^{next(iter(each['slots'].get('codingScheme', ())), '')}"
        for each in one.metadata["classifications"]
        if each["scheme"] == scheme
    ]


def _read(question: etree._Element) -> tuple[bool, str, dict[str, tuple[str, ...]]]:
    parts = elements(question)
    if question.tag != in_(ns.QUERY, "AdhocQueryRequest") or stray_text(question):
        raise SoapRefusedError("message", "the body is not an AdhocQueryRequest")
    if [one.tag for one in parts] != [in_(ns.QUERY, "ResponseOption"), in_(ns.RIM, "AdhocQuery")]:
        raise SoapRefusedError("message", "the request is not one ResponseOption, then one AdhocQuery")
    option, query = parts
    kind = option.get("returnType")
    if kind not in (LEAF, REFERENCE) or option.get("returnComposedObjects") not in ("true", "1"):
        raise RegistryRefusedError("XDSRegistryError", "ResponseOption is not LeafClass or ObjectRef, composed")
    parameters: dict[str, tuple[str, ...]] = {}
    for slot in elements(query):
        name = slot.get("name") or ""
        values = [text_of(one) for one in slot.iterfind(f"{in_(ns.RIM, 'ValueList')}/{in_(ns.RIM, 'Value')}")]
        key = name.removeprefix(_PREFIX)
        if slot.tag != in_(ns.RIM, "Slot") or not values:
            raise RegistryRefusedError("XDSRegistryError", "a parameter has no value")
        if not name.startswith(_PREFIX) or key in parameters:
            raise RegistryRefusedError("XDSStoredQueryParamNumber", "a parameter is unknown or repeated")
        parameters[key] = _values(key, values)
    return kind == LEAF, query.get("id") or "", parameters


def _values(name: str, texts: list[str]) -> tuple[str, ...]:
    """Read values: one in quotes, or lists of them in parentheses; a date has no quotes."""
    if name.endswith(("TimeFrom", "TimeTo")):
        return tuple(one.strip("'") for one in texts)
    found: list[str] = []
    for text in texts:
        single = _QUOTED.fullmatch(text)
        wanted = single is not None if name == _PATIENT else bool(single or _LIST.fullmatch(text))
        if not wanted:
            raise RegistryRefusedError("XDSRegistryError", "a value is not in quotes, or a list not in parentheses")
        found += [one.replace("''", "'") for one in _QUOTED.findall(text)]
    return tuple(found)
