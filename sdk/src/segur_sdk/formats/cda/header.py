"""What a CDA says of itself: which document, which version, of which kind."""

from typing import Final

from segur_sdk.formats.cda.moments import at
from segur_sdk.formats.cda.vocabulary import CONFIDENTIALITY, coded, concept, identifier, templates
from segur_sdk.formats.xml_writer import Xml, leaf, node
from segur_sdk.models.document import ClinicalDocument

_HL7_FRANCE: Final = "2.16.840.1.113883.2.8.2.1"
_CI_SIS: Final = "1.2.250.1.213.1.1.1.1"


def header(document: ClinicalDocument, model: Xml) -> Xml:
    """Return the elements from ``realmCode`` to ``versionNumber``.

    Args:
        document: the document.
        model: ``templateId`` of the model that its body follows.
    """
    version = document.version
    return Xml(
        node("realmCode", attributes={"code": "FR"})
        + identifier("2.16.840.1.113883.1.3", "POCD_HD000040", "typeId")
        + templates(_HL7_FRANCE, _CI_SIS)
        + model
        + identifier(version.id)
        + concept("code", document.type)
        + leaf("title", document.title)
        + at("effectiveTime", document.made_at)
        + coded("confidentialityCode", "N", CONFIDENTIALITY, "Normal")
        + node("languageCode", attributes={"code": "fr-FR"})
        + identifier(version.set_id, name="setId")
        + node("versionNumber", attributes={"value": str(version.number)})
    )


def replaced(document: ClinicalDocument) -> Xml:
    """Return the reference to the version that this one replaces; nothing for a first version."""
    former = document.version.replaces
    if former is None:
        return Xml("")
    parent = node("parentDocument", identifier(former))
    return node("relatedDocument", parent, attributes={"typeCode": "RPLC"})
