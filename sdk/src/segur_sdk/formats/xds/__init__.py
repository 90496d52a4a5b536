"""XDS.b as the DMP speaks it: metadata of documents, lots, their ebXML, questions to the registry.

Needs the extra ``xml``. Sources: IHE ITI TF-2 and TF-3; ebXML RegRep 3.0; CI-SIS; NOS.
"""

from segur_sdk.formats.xds.entry import (
    SIGNATURE_ID,
    SUBMISSION_ID,
    Association,
    DocumentEntry,
    EntryAuthor,
    SubmissionSet,
    has_member,
    replaces,
    signs,
    updates_status,
)
from segur_sdk.formats.xds.mapping import entry_of
from segur_sdk.formats.xds.queries import adhoc_query_request, find_documents, get_documents, listed, quoted
from segur_sdk.formats.xds.reading import Submission, read_entry, read_submit_objects
from segur_sdk.formats.xds.schemes import AssociationType, EntryStatus, ReturnType, StoredQuery
from segur_sdk.formats.xds.signature import signature_entry
from segur_sdk.formats.xds.writing import submit_objects_request

__all__ = [
    "SIGNATURE_ID",
    "SUBMISSION_ID",
    "Association",
    "AssociationType",
    "DocumentEntry",
    "EntryAuthor",
    "EntryStatus",
    "ReturnType",
    "StoredQuery",
    "Submission",
    "SubmissionSet",
    "adhoc_query_request",
    "entry_of",
    "find_documents",
    "get_documents",
    "has_member",
    "listed",
    "quoted",
    "read_entry",
    "read_submit_objects",
    "replaces",
    "signature_entry",
    "signs",
    "submit_objects_request",
    "updates_status",
]
