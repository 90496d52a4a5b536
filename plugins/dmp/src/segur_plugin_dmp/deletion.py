"""TD3.3c: one's own document is withdrawn from the DMP (ITI-57).

Source: IHE ITI Metadata Update; DMP, function *suppression*.
"""

from segur_sdk.formats.xds.entry import SubmissionSet, updates_status
from segur_sdk.formats.xds.schemes import EntryStatus
from segur_sdk.formats.xds.writing import submit_objects_request
from segur_sdk.formats.xml_writer import Xml


def deletion_request(submission: SubmissionSet, entry_uuid: str, status: EntryStatus | None) -> Xml:
    """Return the body of the request.

    Args:
        submission: the set in whose name it is asked; it brings no document.
        entry_uuid: of the document, as the registry knows it.
        status: that it has now; ``None`` when only a reference is known: ``Approved``, as of every current version.
    """
    change = updates_status(entry_uuid, status or EntryStatus.APPROVED, EntryStatus.DELETED)
    return submit_objects_request(submission, (), (change,))
