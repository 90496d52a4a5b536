"""The entry of the signature that every lot carries (IHE DSG, French profile of 2010).

Source: GIE SESAM-Vitale, messages of feeding; IHE ITI TF-1 25 (DSG).
"""

from datetime import datetime
from typing import Final

from segur_sdk.formats.xds.codes import HIDDEN, NORMAL
from segur_sdk.formats.xds.entry import SIGNATURE_ID, DocumentEntry, SubmissionSet
from segur_sdk.formats.xds.moments import in_utc
from segur_sdk.models.document import Concept, Visibility

_TYPE: Final = Concept(code="E1762", system="ASTM", label="Full Document")
_CLASS: Final = Concept(code="urn:oid:1.3.6.1.4.1.19376.1.2.1.1.1", system="URN", label="Digital Signature")
_FORMAT: Final = Concept(code="http://www.w3.org/2000/09/xmldsig#", system="URN", label="Default Signature Style")
_PURPOSE: Final = Concept(code="1.2.840.10065.1.12.1.14", system="1.2.840.10065.1.12", label="Source")
_KEPT_FROM: Final = (Visibility.MASQUE_PS, Visibility.INVISIBLE_PATIENT)


def signature_entry(
    submission: SubmissionSet, document: DocumentEntry, *, unique_id: str, made_at: datetime
) -> DocumentEntry:
    """Return the entry of the signature of a lot.

    Args:
        submission: the lot; its author signs.
        document: a document of the lot, whose place of care the signature shares.
        unique_id: OID of the signature, given once.
        made_at: when it was signed, with its time zone.
    """
    moment = in_utc(made_at)
    return DocumentEntry(
        object_id=SIGNATURE_ID,
        unique_id=unique_id,
        patient_id=submission.patient_id,
        source_patient_id=submission.patient_id,
        source_patient_info=(),
        creation_time=moment,
        service_start=moment,
        service_stop=moment,
        language="art",
        mime_type="text/xml",
        title="Source",
        comments=None,
        authors=(submission.author,),
        legal_authenticator=submission.author.person,
        type_code=_TYPE,
        class_code=_CLASS,
        format_code=_FORMAT,
        confidentiality=(NORMAL, *(HIDDEN[one] for one in _KEPT_FROM)),
        facility=document.facility,
        practice_setting=document.practice_setting,
        event_codes=(_PURPOSE,),
    )
