"""DMP_3.1b: the technical identifier of a document that was fed, found by the identifier that it was given.

Who may not read the DMP may ask this of his own documents, to replace or delete them, and to know what became of one.
Source: IHE ITI TF-2, ITI-18 (stored queries GetDocuments and FindDocuments).
"""

from typing import Final

from segur_plugin_dmp.settings import DmpSettings
from segur_plugin_dmp.vihf import ins_of
from segur_sdk.formats.xds.queries import find_documents, get_documents
from segur_sdk.formats.xds.schemes import EntryStatus, ReturnType
from segur_sdk.formats.xml_writer import Xml
from segur_sdk.identity.seal import SealedIdentity

_LISTED: Final = (EntryStatus.APPROVED, EntryStatus.DEPRECATED, EntryStatus.ARCHIVED)


def reference_question(patient: SealedIdentity, unique_id: str, settings: DmpSettings) -> Xml:
    """Return the body of the question.

    Args:
        patient: whose document.
        unique_id: ``uniqueId`` of the document.
        settings: form of the query, and what it asks for.

    Raises:
        IdentityError: those of :func:`segur_plugin_dmp.vihf.ins_of`.
    """
    wanted = ReturnType(settings.reference_return)
    if settings.reference_query == "find_documents":
        return find_documents(ins_of(patient), unique_ids=[unique_id], statuses=_LISTED, returns=wanted)
    return get_documents([unique_id], returns=wanted)
