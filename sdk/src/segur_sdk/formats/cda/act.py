"""The act that a document tells of, and the care it belongs to."""

from typing import Final

from segur_sdk.formats.cda.moments import between
from segur_sdk.formats.cda.people import performer
from segur_sdk.formats.cda.vocabulary import (
    ACT_CODE,
    SECTORS,
    STRUCT_IDNAT,
    coded,
    concept,
    identifier,
    sector_label,
)
from segur_sdk.formats.xml_writer import Xml, node
from segur_sdk.models.document import ClinicalDocument, Concept

_OUT_OF_HOSPITAL: Final = frozenset({"AMBULATOIRE", "DEPISTAGE"})


def documentation_of(document: ClinicalDocument, act_code: Concept | None = None) -> Xml:
    """Return the act, dated by itself and not by the sending.

    Args:
        document: the document.
        act_code: code of the act when the document gives none.
    """
    act = document.act
    code = act.code or act_code
    event = node(
        "serviceEvent",
        identifier(act.id) if act.id is not None else Xml(""),
        concept("code", code) if code is not None else Xml(""),
        between("effectiveTime", act.start, act.stop),
        performer(act.performer or document.author, act.practice_setting),
        attributes={"classCode": "ACT"},
    )
    return node("documentationOf", event)


def component_of(document: ClinicalDocument) -> Xml:
    """Return the care during which the act was performed, and where."""
    act = document.act
    structure = (act.performer or document.author).structure
    # Only of care outside hospitals does the setting of the act tell of which kind it is.
    ambulatory = coded("code", "AMB", ACT_CODE, "Ambulatoire (hors établissement)")
    place = node(
        "healthCareFacility",
        identifier(STRUCT_IDNAT, structure.id),
        coded("code", structure.sector, SECTORS, sector_label(structure.sector)),
    )
    encounter = node(
        "encompassingEncounter",
        ambulatory if act.practice_setting in _OUT_OF_HOSPITAL else Xml(""),
        between("effectiveTime", act.start, act.stop),
        node("location", place),
    )
    return node("componentOf", encounter)
