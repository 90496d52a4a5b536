"""TD0.2: tells whether a patient has a DMP, open or closed, and what the user was authorised to do (HL7 v3)."""

import uuid
from datetime import datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

import attrs
from lxml import etree

from segur_sandbox.dmp.answers import BANNER
from segur_sandbox.dmp.gate import Caller
from segur_sandbox.dmp.identifiers import PatientId
from segur_sandbox.dmp.namespaces import DMP_SYSTEM, HL7, XSI, in_
from segur_sandbox.dmp.patients import DmpPatient, Patients
from segur_sandbox.dmp.refusal import SoapRefusedError
from segur_sandbox.dmp.soap import elements, stray_text
from segur_sandbox.people import Person

QUESTION: Final = in_(HL7, "PRPA_IN201307UV02")
_ORDER: Final = (
    "id",
    "creationTime",
    "interactionId",
    "processingCode",
    "processingModeCode",
    "acceptAckCode",
    "receiver",
    "sender",
    "attentionLine",
    "controlActProcess",
)
_INTERACTION: Final = "2.16.840.1.113883.1.6"
_REASON: Final = ("TEST_EXST", "1.2.250.1.213.1.1.4.11")
_SECOND: Final = len("20260101120000")


@attrs.frozen
class Question:
    """A question whose form is right."""

    message: tuple[str, str]
    query: tuple[str, str]
    patient: PatientId


def read_question(root: etree._Element) -> Question:
    """Read a `PRPA_IN201307UV02`.

    Raises:
        SoapRefusedError: `message`, when it is not of that form; `action`, when it asks for something else.
    """
    if root.tag != QUESTION or root.get("ITSVersion") != "XML_1.0":
        raise _no("the body is not a PRPA_IN201307UV02 of ITSVersion XML_1.0")
    parts = elements(root)
    if [one.tag for one in parts] != [in_(HL7, name) for name in _ORDER] or stray_text(root):
        raise _no("the parts of the message are not the expected ones, in their order")
    by_name = dict(zip(_ORDER, parts, strict=True))
    if (by_name["interactionId"].get("root"), by_name["interactionId"].get("extension")) != (
        _INTERACTION,
        "PRPA_IN201307UV02",
    ):
        raise _no("interactionId is not that of the message")
    created = by_name["creationTime"].get("value") or ""
    codes = [by_name[name].get("code") for name in ("processingCode", "processingModeCode", "acceptAckCode")]
    if not (created.isdigit() and len(created) == _SECOND) or codes[0] not in ("D", "P") or codes[1:] != ["T", "AL"]:
        raise _no("creationTime or a code of the message is wrong")
    _check_device(by_name["receiver"], "RCV", DMP_SYSTEM)
    _check_device(by_name["sender"], "SND", None)
    if by_name["attentionLine"].get(in_(XSI, "nil")) != "true":
        raise _no("attentionLine is not nil")
    act = by_name["controlActProcess"]
    if (act.get("classCode"), act.get("moodCode")) != ("CACT", "EVN"):
        raise _no("controlActProcess is not an event")
    reason = act.find(in_(HL7, "reasonCode"))
    if reason is None or (reason.get("code"), reason.get("codeSystem")) != _REASON:
        raise SoapRefusedError("action", "only the existence test is simulated here")
    query = act.find(in_(HL7, "queryByParameter"))
    if query is None:
        raise _no("queryByParameter is missing")
    status = query.find(in_(HL7, "statusCode"))
    if status is None or status.get("code") != "new":
        raise _no("the query is not a new one")
    values = query.findall("/".join(in_(HL7, name) for name in ("parameterList", "patientIdentifier", "value")))
    if len(values) != 1 or not values[0].get("root") or not values[0].get("extension"):
        raise _no("the query is not about one patient")
    return Question(
        _identifier(by_name["id"]),
        _identifier(query.find(in_(HL7, "queryId"))),
        PatientId(values[0].get("extension") or "", values[0].get("root") or ""),
    )


def _check_device(part: etree._Element, kind: str, expected: str | None) -> None:
    device = part.find(in_(HL7, "device"))
    if part.get("typeCode") != kind or device is None:
        raise _no(f"there is no device {kind}")
    if (device.get("classCode"), device.get("determinerCode")) != ("DEV", "INSTANCE"):
        raise _no(f"the device {kind} is not an instance")
    identifier = device.find(in_(HL7, "id"))
    root = identifier.get("root") if identifier is not None else None
    if not root or expected not in (None, root):
        raise _no(f"the device {kind} has no identifier, or a wrong one")


def _identifier(element: etree._Element | None) -> tuple[str, str]:
    found = (element.get("root") or "", element.get("extension") or "") if element is not None else ("", "")
    if not all(found):
        raise _no("an identifier has no root or no extension")
    return found


def answer_existence(question: Question, caller: Caller, patients: Patients, now: datetime) -> str:
    """Return the `PRPA_IN201308UV02`.

    Raises:
        SoapRefusedError: `patient`, when the message is about somebody else than the VIHF.
    """
    if caller.vihf.patient is None or question.patient != caller.vihf.patient:
        raise SoapRefusedError("patient", "the patient of the message is not that of the VIHF")
    found = patients.find(question.patient)
    blocked = found is not None and caller.vihf.name_id in found.blocked
    authorisation = "INTERDIT" if blocked else found.authorisation if found is not None else "NON_EXISTE"
    attending = found is not None and caller.vihf.name_id in found.attending
    closed = found is not None and found.status == "closed"
    detail = (
        '<acknowledgementDetail typeCode="I"><code code="DMPClosed"/><text>Le DMP est fermé.</text>'
        "</acknowledgementDetail>"
        if closed
        else ""
    )
    subject = _subject(found, patients.person(question.patient)) if found is not None else ""
    return (
        f'<PRPA_IN201308UV02 xmlns="{HL7}" xmlns:xsi="{XSI}" ITSVersion="XML_1.0">'
        f'<id root="{DMP_SYSTEM}" extension="{uuid.uuid4()}"/><creationTime value="{now:%Y%m%d%H%M%S}"/>'
        f'<interactionId root="{_INTERACTION}" extension="PRPA_IN201308UV02"/><processingCode code="P"/>'
        '<processingModeCode code="T"/><acceptAckCode code="NE"/>'
        '<receiver typeCode="RCV"><device classCode="DEV" determinerCode="INSTANCE"><id nullFlavor="NA"/></device>'
        "</receiver>"
        '<sender typeCode="SND"><device classCode="DEV" determinerCode="INSTANCE">'
        f'<id root="{DMP_SYSTEM}"/><softwareName>DMP ({BANNER})</softwareName></device></sender>'
        '<attentionLine><keyWordText code="AUTORISATION" codeSystem="1.2.250.1.213.4.1.2.6.1"/>'
        f'<value xsi:type="CV" code="{authorisation}" codeSystem="1.2.250.1.213.4.1.2.6.2"/></attentionLine>'
        '<attentionLine><keyWordText code="STATUT_MT" codeSystem="1.2.250.1.213.4.1.2.6.3"/>'
        f'<value xsi:type="BL" value="{_bool(attending)}"/></attentionLine>'
        f'<acknowledgement typeCode="AA"><targetMessage>{_id(question.message)}</targetMessage>{detail}'
        "</acknowledgement>"
        f'<controlActProcess classCode="CACT" moodCode="EVN">{subject}<queryAck>'
        f'{_id(question.query, "queryId")}<queryResponseCode code="{"OK" if found is not None else "NF"}"/></queryAck>'
        "</controlActProcess></PRPA_IN201308UV02>"
    )


def _subject(found: DmpPatient, person: Person | None) -> str:
    """Return what the DMP knows of the patient; software must not show it as his identity."""
    attached = (
        '<subjectOf><administrativeObservation classCode="OBS" moodCode="EVN">'
        '<code code="RATTACHEMENT_ENS" codeSystem="1.2.250.1.213.4.1.2.3"/>'
        f'<value xsi:type="BL" value="{_bool(found.attached)}"/></administrativeObservation></subjectOf>'
    )
    return (
        '<subject typeCode="SUBJ"><registrationEvent classCode="REG" moodCode="EVN"><statusCode code="completed"/>'
        '<subject1 typeCode="SBJ"><patient classCode="PAT">'
        f'<id root="{found.oid}" extension="{found.ins}"/>'
        f'<statusCode code="{"terminated" if found.status == "closed" else "active"}"/>{_person(person)}{attached}'
        '</patient></subject1><custodian typeCode="CST"><assignedEntity classCode="ASSIGNED">'
        f'<id root="{DMP_SYSTEM}"/></assignedEntity></custodian></registrationEvent></subject>'
    )


def _person(person: Person | None) -> str:
    if person is None:
        return ""
    return (
        '<patientPerson classCode="PSN" determinerCode="INSTANCE">'
        f"<name><given>{escape(person.prenoms[0])}</given>"
        f'<family qualifier="BR">{escape(person.nom_naissance)}</family></name>'
        f'<administrativeGenderCode code="{person.sexe}" codeSystem="2.16.840.1.113883.5.1"/>'
        f'<birthTime value="{person.date_naissance.replace("-", "")}"/></patientPerson>'
    )


def _id(pair: tuple[str, str], name: str = "id") -> str:
    return f"<{name} root={quoteattr(pair[0])} extension={quoteattr(pair[1])}/>"


def _bool(value: bool) -> str:
    return "true" if value else "false"


def _no(detail: str) -> SoapRefusedError:
    return SoapRefusedError("message", detail)
