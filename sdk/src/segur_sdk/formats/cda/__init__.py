"""CDA R2 documents as CI-SIS wants them: header, level 1 with a PDF/A-1, level 3 for the *note de vaccination*.

Sources: CI-SIS *Structuration minimale de documents médicaux* V1.16.8; CI-SIS VAC-NOTE 2023.01; HL7 CDA R2.
"""

from segur_sdk.formats.cda.building import build_cda
from segur_sdk.formats.cda.checking import check_document

__all__ = ["build_cda", "check_document"]
