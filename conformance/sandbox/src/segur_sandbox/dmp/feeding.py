"""TD2.1: takes a lot of documents whole, or refuses it whole (ITI-41)."""

from collections.abc import Mapping
from typing import Any, Final

import attrs
from lxml import etree

from segur_sandbox.dmp import namespaces as ns
from segur_sandbox.dmp.cda import Cda, CdaReader
from segur_sandbox.dmp.certificates import Judge
from segur_sandbox.dmp.ebxml import RegistryObject
from segur_sandbox.dmp.gate import Caller
from segur_sandbox.dmp.identifiers import PatientId, read_organisation, read_person
from segur_sandbox.dmp.lot_signature import Lot as Signable
from segur_sandbox.dmp.lot_signature import check_lot_signature
from segur_sandbox.dmp.lots import Lot, read_lot
from segur_sandbox.dmp.metadata import (
    check_against_document,
    check_author_of,
    check_entry,
    check_lot,
    check_signature_entry,
)
from segur_sandbox.dmp.options import Options
from segur_sandbox.dmp.patients import Patients
from segur_sandbox.dmp.refusal import RegistryRefusedError, SoapRefusedError, bad_metadata
from segur_sandbox.dmp.store import Entry, Store, new_uuid, sha1_of
from segur_sandbox.dmp.value_sets import ValueSets
from segur_sandbox.dmp.vihf import DIRECT
from segur_sandbox.dmp.xmldsig import SignatureRefusedError
from segur_sandbox.ledger import Ledger
from segur_sandbox.xml_reader import XmlRefusedError, read_xml

SERVICE: Final = "dmp"
DUPLICATE: Final = "XDSDuplicateUniqueIdInRegistry"
_KEPT: Final = "INVISIBLE_REPRESENTANTS_LEGAUX"


class Feeding:
    """Takes lots.

    Args:
        options: Settings in force.
        reader: Reads documents.
        judge: Knows certificates.
        value_sets: Codes.
        patients: Whose DMP is open.
        store: Where lots go.
        ledger: Counts receptions and acceptances.
    """

    def __init__(
        self,
        options: Options,
        reader: CdaReader,
        judge: Judge,
        value_sets: ValueSets,
        *,
        patients: Patients,
        store: Store,
        ledger: Ledger,
    ) -> None:
        self._options = options
        self._reader = reader
        self._judge = judge
        self._value_sets = value_sets
        self._patients = patients
        self._store = store
        self._ledger = ledger

    def take(
        self,
        question: etree._Element,
        documents: dict[str, bytes],
        caller: Caller,
        *,
        connection: str,
        duplicates: str | None = None,
    ) -> tuple[str, ...]:
        """Take a lot and return the unique ids of its documents.

        Args:
            question: The body of the request.
            documents: Bytes by `id` of `Document`.
            caller: Who feeds.
            connection: As named in the journal.
            duplicates: What becomes of duplicates, instead of what the settings say.

        Raises:
            SoapRefusedError: it is another message.
            RegistryRefusedError: it is refused, whole.
        """
        patient = open_patient(self._patients, caller)
        lot = read_lot(question, documents)
        check_lot(lot.set, patient, self._value_sets)
        check_author_of(lot.set, ns.LOT_AUTHOR, caller.vihf, person=True)
        cdas = {one.id: self._checked(one, lot, patient, caller) for one in lot.entries}
        check_signature_entry(lot.signature, patient)
        self._check_signature(lot, cdas, caller)
        unique_ids = tuple(one.external[ns.UNIQUE_ID] for one in lot.entries)
        try:
            known = self._known(lot, duplicates or self._options.now.duplicates)
        except RegistryRefusedError as error:
            if error.error.code == DUPLICATE:
                self._count(lot, patient, connection, accepted=False)
            raise
        if not known:
            self._check_replaced(lot, cdas, patient)
            self._commit(lot, cdas, patient)
        self._count(lot, patient, connection, accepted=not known)
        return unique_ids

    def _count(self, lot: Lot, patient: PatientId, connection: str, *, accepted: bool) -> None:
        """Note a reception in the ledger: of the lot, of each of its documents."""
        for one in lot.entries:
            facts = {"patient": str(patient), "lot": lot.unique_id, "type": one.coded(ns.TYPE)[0].code}
            unique_id = one.external[ns.UNIQUE_ID]
            if accepted or self._store.with_unique_id(unique_id):
                self._ledger.record(SERVICE, unique_id, "document", connection, accepted=accepted, **facts)
        if accepted or self._store.has_lot(lot.unique_id):
            documents = [one.external[ns.UNIQUE_ID] for one in lot.entries]
            self._ledger.record(SERVICE, lot.unique_id, "lot", connection, accepted=accepted, documents=documents)

    def _checked(self, entry: RegistryObject, lot: Lot, patient: PatientId, caller: Caller) -> Cda:
        check_entry(entry, patient, self._value_sets, cumulated=self._options.now.cumulated)
        codes = [one.code for one in entry.coded(ns.CONFIDENTIALITY)]
        if caller.vihf.secret and _KEPT not in codes:
            raise bad_metadata("with a secret connection documents are hidden from the representatives", entry.id)
        check_author_of(entry, ns.AUTHOR, caller.vihf, person=caller.vihf.mode == DIRECT)
        cda = self._reader.read(lot.documents[entry.id], entry.id)
        check_against_document(entry, cda, self._value_sets)
        self._check_hash(entry, lot.documents[entry.id])
        return cda

    @staticmethod
    def _check_hash(entry: RegistryObject, content: bytes) -> None:
        stated = (entry.slot("hash") or sha1_of(content), entry.slot("size") or str(len(content)))
        if stated != (sha1_of(content), str(len(content))):
            raise RegistryRefusedError(
                "XDSRepositoryMetadataError", "hash or size is not that of the document", entry.id
            )

    def _check_signature(self, lot: Lot, cdas: Mapping[str, Cda], caller: Caller) -> None:
        where = lot.signature.id
        signable = Signable(lot.unique_id, {one.unique_id: one.canonical for one in cdas.values()})
        try:
            root = read_xml(lot.documents[where])
            certificate = check_lot_signature(root, signable, sha1=self._options.now.sha1)
        except XmlRefusedError as error:
            raise RegistryRefusedError("XDSRepositoryMetadataError", f"the signature: {error.reason}", where) from None
        except SignatureRefusedError as error:
            raise RegistryRefusedError("XDSRepositoryMetadataError", f"the signature: {error.detail}", where) from None
        if certificate != caller.signer.certificate:
            try:
                holder = self._judge.signer(certificate, self._judge.holder(caller.signer.certificate))
            except SoapRefusedError as error:
                raise RegistryRefusedError("DMPInvalidCertificate", error.detail, where) from None
            if holder.identifier != caller.signer.identifier:
                raise RegistryRefusedError("DMPInvalidCertificate", "who signs the lot is not who calls", where)

    def _known(self, lot: Lot, duplicates: str) -> bool:
        """Tell whether the lot is done already.

        Raises:
            RegistryRefusedError: some of it is there, and that is not to be.
        """
        there = []
        for one in lot.members:
            found = self._store.with_unique_id(one.external[ns.UNIQUE_ID])
            if any(entry.sha1 != sha1_of(lot.documents[one.id]) for entry in found):
                raise RegistryRefusedError("XDSNonIdenticalHash", "the uniqueId is that of other bytes", one.id)
            if found:
                there.append(one)
        clinical = [one for one in there if one is not lot.signature]
        if duplicates == "accept":
            return False
        if duplicates == "idempotent" and len(clinical) == len(lot.entries):
            return True
        if there:
            raise RegistryRefusedError(DUPLICATE, "the uniqueId is known already", there[0].id)
        if self._store.has_lot(lot.unique_id):
            raise RegistryRefusedError(DUPLICATE, "the uniqueId of the submission set is known already", lot.set.id)
        return False

    def _check_replaced(self, lot: Lot, cdas: Mapping[str, Cda], patient: PatientId) -> None:
        for one in lot.entries:
            cda, target = cdas[one.id], lot.replaced.get(one.id)
            if target is None:
                if cda.replaces:
                    raise bad_metadata("the document replaces another one, and no RPLC says so", one.id)
                continue
            old = self._store.find(target)
            if old is None or old.patient != str(patient) or old.signature:
                raise bad_metadata("RPLC is not to a document that is known of this patient", one.id)
            if old.status != ns.APPROVED:
                raise RegistryRefusedError(
                    "XDSRegistryDeprecatedDocumentError", "RPLC is to a document out of use", one.id
                )
            if (cda.replaces, cda.set_id) != (old.unique_id, old.set_id) or cda.version <= old.number:
                raise bad_metadata("the document is not a later version of the one that RPLC is to", one.id)

    def _commit(self, lot: Lot, cdas: Mapping[str, Cda], patient: PatientId) -> None:
        entries = [self._entry(one, lot, cdas.get(one.id), patient) for one in lot.members]
        self._store.commit(lot.unique_id, entries, dict.fromkeys(lot.replaced.values(), ns.DEPRECATED))

    def _entry(self, one: RegistryObject, lot: Lot, cda: Cda | None, patient: PatientId) -> Entry:
        content = lot.documents[one.id]
        identifier = new_uuid()
        authors = [author.slots for author in one.coded(ns.AUTHOR)]
        people = [read_person(text) for slots in authors for text in slots.get("authorPerson", ())]
        structures = [read_organisation(text) for slots in authors for text in slots.get("authorInstitution", ())]
        return Entry(
            entry_uuid=identifier,
            logical_id=identifier,
            unique_id=one.external[ns.UNIQUE_ID],
            patient=str(patient),
            lot=lot.unique_id,
            sha1=self._store.keep(content),
            size=len(content),
            status=ns.APPROVED,
            people=tuple(person.id for person in people if person is not None),
            structures=tuple(structure.id for structure in structures if structure is not None),
            set_id=cda.set_id if cda is not None else "",
            number=cda.version if cda is not None else 1,
            metadata=_as_json(one),
            signature=cda is None,
        )


def open_patient(patients: Patients, caller: Caller) -> PatientId:
    """Return the patient of a message, whose DMP is open.

    Raises:
        SoapRefusedError: the VIHF names nobody.
        RegistryRefusedError: his DMP is closed, or there is none.
    """
    patient = caller.vihf.patient
    if patient is None:
        raise SoapRefusedError("patient", "the VIHF names no patient")
    found = patients.find(patient)
    if found is None:
        raise RegistryRefusedError("XDSUnknownPatientId", "there is no DMP for this patient")
    if found.status == "closed":
        raise RegistryRefusedError("DMPClosed", "the DMP of this patient is closed")
    return patient


def _as_json(one: RegistryObject) -> dict[str, Any]:
    plain: dict[str, Any] = attrs.asdict(one)
    return plain
