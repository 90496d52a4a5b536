"""TD3.3c: takes back documents that a user, or his structure, produced (ITI-57, UpdateAvailabilityStatus)."""

import attrs
from lxml import etree

from segur_sandbox.dmp import namespaces as ns
from segur_sandbox.dmp.ebxml import Association, read_submission
from segur_sandbox.dmp.feeding import DUPLICATE, SERVICE, open_patient
from segur_sandbox.dmp.gate import Caller
from segur_sandbox.dmp.metadata import check_author_of, check_lot
from segur_sandbox.dmp.patients import Patients
from segur_sandbox.dmp.refusal import RegistryRefusedError, bad_metadata
from segur_sandbox.dmp.rights import Right
from segur_sandbox.dmp.store import Entry, Store
from segur_sandbox.dmp.value_sets import ValueSets
from segur_sandbox.ledger import Ledger


@attrs.frozen
class Deleting:
    """Deletes documents.

    Attributes:
        value_sets: Codes.
        patients: Whose DMP is open.
        store: Where entries are.
        ledger: Notes what was deleted.
    """

    value_sets: ValueSets
    patients: Patients
    store: Store
    ledger: Ledger

    def delete(self, question: etree._Element, caller: Caller, right: Right, *, connection: str) -> tuple[str, ...]:
        """Delete documents, and return their unique ids.

        Args:
            question: The body of the request, a SubmitObjectsRequest.
            caller: Who deletes.
            right: Whose documents he may delete.
            connection: As named in the journal.

        Raises:
            RegistryRefusedError: it is refused, whole.
        """
        patient = open_patient(self.patients, caller)
        submission = read_submission(question, complete=False)
        if len(submission.packages) != 1 or submission.entries:
            raise bad_metadata("an update of statuses is one submission set and associations")
        (package,) = submission.packages
        check_lot(package, patient, self.value_sets)
        check_author_of(package, ns.LOT_AUTHOR, caller.vihf, person=True)
        lot = package.external[ns.LOT_UNIQUE_ID]
        if self.store.has_lot(lot):
            raise RegistryRefusedError(DUPLICATE, "the uniqueId of the submission set is known already")
        if not submission.associations:
            raise bad_metadata("there is no association")
        targets = [self._target(one, package.id, str(patient), caller, right) for one in submission.associations]
        if len({one.entry_uuid for one in targets}) != len(targets):
            raise bad_metadata("a document is deleted twice")
        self.store.commit(lot, (), dict.fromkeys((one.entry_uuid for one in targets), ns.DELETED))
        for one in targets:
            self.ledger.record(SERVICE, f"{one.unique_id}#deleted", "deletion", connection, accepted=True, lot=lot)
        return tuple(one.unique_id for one in targets)

    def _target(self, one: Association, package: str, patient: str, caller: Caller, right: Right) -> Entry:
        if one.type != ns.UPDATE_STATUS or one.source != package:
            raise bad_metadata("an association does not update a status from the submission set", one.id)
        if one.slot("NewStatus") != ns.DELETED:
            raise RegistryRefusedError("XDSMetadataUpdateOperationError", "only deletion is simulated", one.id)
        entry = self.store.find(one.target)
        if entry is None or entry.patient != patient or entry.signature:
            raise RegistryRefusedError("XDSMetadataUpdateError", "the target is not a document of this patient", one.id)
        if entry.status == ns.DELETED or one.slot("OriginalStatus") != entry.status:
            raise RegistryRefusedError("XDSMetadataUpdateError", "OriginalStatus is not that of the document", one.id)
        if not is_own(entry, caller, right):
            raise RegistryRefusedError("DMPAccessDeniedByRightsService", "the document is somebody else's", one.id)
        return entry


def is_own(entry: Entry, caller: Caller, right: Right) -> bool:
    """Tell whether a document is the user's (`own`), or otherwise his structure's."""
    if right == "own":
        return caller.vihf.name_id in entry.people
    return caller.vihf.structure in entry.structures
