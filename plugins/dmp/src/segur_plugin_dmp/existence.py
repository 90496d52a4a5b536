"""TD0.2: does the person have an open DMP.

Source: HL7 v3, PRPA_IN201307UV02, as published examples of the DMP fill it.
"""

from datetime import UTC, datetime
from uuid import uuid4

from segur_plugin_dmp.identifiers import installation_oid
from segur_plugin_dmp.namespaces import HL7, XSI
from segur_plugin_dmp.settings import DmpSettings
from segur_sdk.context import Software
from segur_sdk.formats.cda.patient import shareable
from segur_sdk.formats.xml_writer import Xml, leaf, node
from segur_sdk.identity.seal import SealedIdentity

_NIL = {"xsi:nil": "true"}


def existence_question(patient: SealedIdentity, software: Software, settings: DmpSettings, moment: datetime) -> Xml:
    """Return the body of the question.

    Args:
        patient: whose DMP.
        software: the practice software.
        settings: OIDs.
        moment: instant of this exchange.

    Raises:
        IdentityError: those of :func:`segur_sdk.formats.cda.patient.shareable`.
    """
    matricule = shareable(patient)
    own = installation_oid(software, settings)
    return node(
        "PRPA_IN201307UV02",
        _empty("id", root=own, extension=uuid4().hex),
        _empty("creationTime", value=moment.astimezone(UTC).strftime("%Y%m%d%H%M%S")),
        _empty("interactionId", root="2.16.840.1.113883.1.6", extension="PRPA_IN201307UV02"),
        _empty("processingCode", code="D"),
        _empty("processingModeCode", code="T"),
        _empty("acceptAckCode", code="AL"),
        node("receiver", _device(settings.dmp_oid, "DMP"), attributes={"typeCode": "RCV"}),
        node("sender", _device(own, software.name), attributes={"typeCode": "SND"}),
        node("attentionLine", attributes=_NIL),
        node(
            "controlActProcess",
            _empty("reasonCode", code="TEST_EXST", codeSystem="1.2.250.1.213.1.1.4.11"),
            node(
                "queryByParameter",
                _empty("queryId", root=own, extension=uuid4().hex),
                _empty("statusCode", code="new"),
                node(
                    "parameterList",
                    node("dataSource", attributes=_NIL),
                    node(
                        "patientIdentifier",
                        _empty("value", root=matricule.oid, extension=matricule.value),
                        leaf("semanticsText", "Patient.id"),
                    ),
                ),
            ),
            attributes={"classCode": "CACT", "moodCode": "EVN"},
        ),
        attributes={"xmlns": HL7, "xmlns:xsi": XSI, "ITSVersion": "XML_1.0"},
    )


def _device(root: str, name: str) -> Xml:
    return node(
        "device",
        _empty("id", root=root),
        leaf("softwareName", name),
        attributes={"classCode": "DEV", "determinerCode": "INSTANCE"},
    )


def _empty(name: str, **attributes: str) -> Xml:
    return node(name, attributes=attributes)
