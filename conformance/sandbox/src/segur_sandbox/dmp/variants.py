"""Answers asked for with the fault `wrong_answer`: every published error code, and answers out of shape.

A refusal takes no effect; an answer out of shape comes after what it answers took effect.
"""

from typing import Final

from segur_sandbox.dmp.answers import Shape, SoapAnswer
from segur_sandbox.dmp.mtom import SOAP_MEDIA, put_together

REGISTRY_ERRORS: Final = (
    "XDSRepositoryError",
    "XDSMissingDocument",
    "XDSMissingDocumentMetadata",
    "XDSRegistryNotAvailable",
    "XDSRegistryError",
    "XDSRegistryDuplicateUniqueIdInMessage",
    "XDSRepositoryDuplicateUniqueIdInMessage",
    "XDSDuplicateUniqueIdInRegistry",
    "XDSNonIdenticalHash",
    "XDSRegistryBusy",
    "XDSRepositoryBusy",
    "XDSRegistryOutOfResources",
    "XDSRepositoryOutOfResources",
    "XDSRegistryMetadataError",
    "XDSRepositoryMetadataError",
    "XDSTooManyResults",
    "XDSExtraMetadataNotSaved",
    "XDSUnknownPatientId",
    "XDSPatientIdDoesNotMatch",
    "XDSUnknownStoredQuery",
    "XDSStoredQueryMissingParam",
    "XDSStoredQueryParamNumber",
    "XDSRegistryDeprecatedDocumentError",
    "XDSUnknownRepositoryId",
    "XDSDocumentUniqueIdError",
    "XDSMetadataVersionError",
    "XDSMetadataUpdateOperationError",
    "XDSMetadataUpdateError",
    "XDSMissingHomeCommunityId",
    "DMPClosed",
)
SOAP_FAULTS: Final = ("DMPInvalidCertificate", "DMPAccessDeniedByRightsService")
ACCEPT_DUPLICATES: Final = "accept_duplicates"
WARNING: Final = "warning"
_SHAPES: Final = ("wrong_relates_to", "no_relates_to", "wrong_action")
_WRAPPINGS: Final = ("plain_answer", "wrong_boundary", "truncated_mime", "oversize", "empty_body")
DMP_VARIANTS: Final = (*REGISTRY_ERRORS, *SOAP_FAULTS, WARNING, *_SHAPES, *_WRAPPINGS, ACCEPT_DUPLICATES)
_TOO_MUCH: Final = 60_000_000


def shape_of(variant: str | None, message_id: str) -> Shape:
    """Return the headers of an answer."""
    if variant == "wrong_relates_to":
        return Shape("urn:uuid:00000000-0000-4000-8000-000000000000")
    if variant == "no_relates_to":
        return Shape(None)
    if variant == "wrong_action":
        return Shape(message_id, "urn:ihe:iti:2007:RetrieveDocumentSetResponse")
    return Shape(message_id)


def wrapped(answer: SoapAnswer, variant: str | None, *, multipart: bool) -> tuple[str, bytes]:
    """Return the Content-Type and the body of an answer, as MTOM when the request was."""
    body = answer.envelope
    if variant == "empty_body":
        head, _, _ = body.partition(b"<soap:Body>")
        body = head + b"<soap:Body></soap:Body></soap:Envelope>"
    if not multipart or variant == "plain_answer":
        if variant == "oversize":
            body += b" " * _TOO_MUCH
        return f'{SOAP_MEDIA}; charset=UTF-8; action="{answer.action}"', body
    header, content = put_together(body, answer.action)
    if variant == "wrong_boundary":
        return header.replace('boundary="bac-', 'boundary="autre-'), content
    if variant == "truncated_mime":
        return header, content[: len(content) - len(body) // 2]
    return header, content + b" " * (_TOO_MUCH if variant == "oversize" else 0)


def without_effect(variant: str | None) -> bool:
    """Tell whether a variant is a refusal."""
    return variant == "" or variant in REGISTRY_ERRORS or variant in SOAP_FAULTS
