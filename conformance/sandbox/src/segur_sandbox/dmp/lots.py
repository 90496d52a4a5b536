"""Reads a lot as a whole: its submission set, its documents one to one with their entries, its associations."""

import attrs
from lxml import etree

from segur_sandbox.dmp import namespaces as ns
from segur_sandbox.dmp.ebxml import Association, RegistryObject, Submission, read_submission
from segur_sandbox.dmp.metadata import is_signature
from segur_sandbox.dmp.namespaces import in_
from segur_sandbox.dmp.refusal import RegistryRefusedError, SoapRefusedError, bad_metadata
from segur_sandbox.dmp.soap import elements, stray_text

_REQUEST = in_(ns.XDSB, "ProvideAndRegisterDocumentSetRequest")


@attrs.frozen
class Lot:
    """A lot whose parts fit together; nothing says yet that what they say is true.

    Attributes:
        set: The submission set.
        entries: Those of clinical documents.
        signature: The entry of the signature.
        documents: Bytes by `id` of the entry.
        replaced: `id` of an entry → `entry_uuid` of the one it replaces.
    """

    set: RegistryObject
    entries: tuple[RegistryObject, ...]
    signature: RegistryObject
    documents: dict[str, bytes]
    replaced: dict[str, str]

    @property
    def unique_id(self) -> str:
        """That of the submission set."""
        return self.set.external.get(ns.LOT_UNIQUE_ID, "")

    @property
    def members(self) -> tuple[RegistryObject, ...]:
        """Every entry, the signature last."""
        return (*self.entries, self.signature)


def read_lot(question: etree._Element, documents: dict[str, bytes]) -> Lot:
    """Read a request of ITI-41.

    Args:
        question: The body of the request.
        documents: Bytes by `id` of `Document`.

    Raises:
        SoapRefusedError: it is another message.
        RegistryRefusedError: its parts do not fit together.
    """
    first, *others = elements(question) or (None,)
    if question.tag != _REQUEST or first is None or stray_text(question):
        raise SoapRefusedError("message", "the body is not a ProvideAndRegisterDocumentSetRequest")
    if first.tag != in_(ns.LCM, "SubmitObjectsRequest") or any(one.tag != in_(ns.XDSB, "Document") for one in others):
        raise SoapRefusedError("message", "the request is not one SubmitObjectsRequest, then documents")
    submission = read_submission(first)
    if len(submission.packages) != 1:
        raise bad_metadata("a lot is exactly one submission set")
    signatures = [one for one in submission.entries if is_signature(one)]
    entries = tuple(one for one in submission.entries if not is_signature(one))
    if not entries:
        raise RegistryRefusedError("XDSMissingDocumentMetadata", "the lot has no document")
    if len(signatures) != 1:
        raise bad_metadata("a lot has exactly one signature")
    _match(submission, documents)
    _check_unique(submission)
    replaced = _check_associations(submission, signatures[0])
    return Lot(submission.packages[0], entries, signatures[0], documents, replaced)


def _match(submission: Submission, documents: dict[str, bytes]) -> None:
    wanted = {one.id for one in submission.entries}
    for identifier in sorted(wanted - set(documents)):
        raise RegistryRefusedError("XDSMissingDocument", "an entry has no document", identifier)
    for identifier in sorted(set(documents) - wanted):
        raise RegistryRefusedError("XDSMissingDocumentMetadata", "a document has no entry", identifier)


def _check_unique(submission: Submission) -> None:
    found = [one.external.get(ns.UNIQUE_ID, "") for one in submission.entries]
    found += [one.external.get(ns.LOT_UNIQUE_ID, "") for one in submission.packages]
    if len(set(found)) != len(found):
        raise RegistryRefusedError("XDSRepositoryDuplicateUniqueIdInMessage", "two objects have the same uniqueId")


def _check_associations(submission: Submission, signature: RegistryObject) -> dict[str, str]:
    (package,) = submission.packages
    identifiers = {one.id for one in submission.entries}
    members: list[str] = []
    signs: list[Association] = []
    replaced: dict[str, str] = {}
    for one in submission.associations:
        if one.type == ns.HAS_MEMBER:
            if (
                one.source != package.id
                or one.target not in identifiers
                or one.slot("SubmissionSetStatus") != "Original"
            ):
                raise bad_metadata("a HasMember is not from the submission set to an entry, Original", one.id)
            members.append(one.target)
        elif one.type == ns.SIGNS:
            signs.append(one)
        elif one.type == ns.RPLC:
            if one.source not in identifiers - {signature.id} or one.source in replaced:
                raise bad_metadata("a RPLC is not from a document of the lot, once", one.id)
            replaced[one.source] = one.target
        else:
            raise bad_metadata("an association of a type that is not expected", one.id)
    if sorted(members) != sorted(identifiers):
        raise bad_metadata("the entries are not each once a member of the submission set")
    if [(one.source, one.target) for one in signs] != [(signature.id, package.id)]:
        raise bad_metadata("the signature does not sign the submission set, once")
    return replaced
