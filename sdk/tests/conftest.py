"""Official files, where somebody has them, and a CDA whose every fact is written here."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

CdaWith = Callable[..., bytes]

HEADER = """<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3">
<realmCode code="FR"/><typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
<templateId root="2.16.840.1.113883.2.8.2.1"/><templateId root="1.2.250.1.213.1.1.1.1"/>
<templateId root="1.3.6.1.4.1.19376.1.2.20"/>
<id root="1.2.250.1.999.1.1.7898.3.42"/>
<code code="78601-2" codeSystem="2.16.840.1.113883.6.1" displayName="CR d'entretien pharmaceutique"/>
<title>Entretien asthme</title>
<effectiveTime value="20260702101500+0200"/>
<confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25" displayName="Normal"/>
<languageCode code="fr-FR"/>
<setId root="1.2.250.1.999.1.1.7898.3.40"/><versionNumber value="2"/>
<recordTarget><patientRole>
<id root="1.2.250.1.213.1.4.8" extension="275126322074974"/><id root="1.2.250.1.999.1.1.7898.2" extension="4567"/>
<patient>
<name><family qualifier="BR">ADRUN</family><given>ZOE</given><given qualifier="BR">ZOE</given>
<family qualifier="CL">USUEL</family><given qualifier="CL">ZOÉ</given></name>
<administrativeGenderCode code="F" codeSystem="2.16.840.1.113883.5.1"/><birthTime value="19751231"/>
<birthplace><place><addr><county>63220</county></addr></place></birthplace>
</patient></patientRole></recordTarget>
<author><time value="20260702101400+0200"/><assignedAuthor>
<id root="1.2.250.1.71.4.2.1" extension="899900063480"/>
<code code="G15_21/A" codeSystem="1.2.250.1.213.1.1.4.5" displayName="Pharmacien titulaire d'officine"/>
<assignedPerson><name><family>LIBRE</family><given>MAX</given></name></assignedPerson>
<representedOrganization><id root="1.2.250.1.71.4.2.2" extension="10B0127189"/><name>PHARMACIE DE LA GARE</name>
</representedOrganization></assignedAuthor></author>
<custodian><assignedCustodian><representedCustodianOrganization>
<id root="1.2.250.1.71.4.2.2" extension="10B0127189"/><name>PHARMACIE DE LA GARE</name>
</representedCustodianOrganization></assignedCustodian></custodian>
<legalAuthenticator><time value="20260702101500+0200"/><signatureCode code="S"/><assignedEntity>
<id root="1.2.250.1.71.4.2.1" extension="899900063498"/>
<assignedPerson><name><family>BONNET</family><given>JEANNE</given></name></assignedPerson>
</assignedEntity></legalAuthenticator>
<documentationOf><serviceEvent>
<effectiveTime><low value="20260629093000+0200"/><high value="20260629101000+0200"/></effectiveTime>
<performer typeCode="PRF"><assignedEntity><id root="1.2.250.1.71.4.2.1" extension="899900063480"/>
<representedOrganization><standardIndustryClassCode code="AMBULATOIRE" codeSystem="1.2.250.1.213.1.1.4.9"
 displayName="Ambulatoire"/></representedOrganization></assignedEntity></performer>
</serviceEvent></documentationOf>
<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.250.1.999.1.1.7898.3.41"/></parentDocument>
</relatedDocument>
<componentOf><encompassingEncounter><effectiveTime nullFlavor="UNK"/><location><healthCareFacility>
<code code="SA33" codeSystem="1.2.250.1.71.4.2.4" displayName="Pharmacie d'officine"/>
</healthCareFacility></location></encompassingEncounter></componentOf>
<component><nonXMLBody><text mediaType="application/pdf" representation="B64">JVBERi0xLjQ=</text></nonXMLBody>
</component></ClinicalDocument>"""


@pytest.fixture(scope="session")
def cda_with() -> CdaWith:
    """A document with passages replaced: pairs of what stands in it, and what shall stand there."""

    def made(*replaced: tuple[str, str]) -> bytes:
        text = HEADER
        for old, new in replaced:
            assert text.count(old) == 1, f"{text.count(old)} times in the document: {old}"
            text = text.replace(old, new)
        return text.encode()

    return made


@pytest.fixture(scope="session")
def cda_examples() -> Path:
    """The official example documents; they may not be redistributed."""
    folder = os.environ.get("SEGUR_ASSETS")
    if folder is None:
        if os.environ.get("CI") == "true":
            pytest.fail("SEGUR_ASSETS is not set: the official CDA examples are needed here")
        pytest.skip("SEGUR_ASSETS is not set: the official CDA examples are not at hand")
    return Path(folder) / "cda" / "examples"
