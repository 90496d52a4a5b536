"""What each refusal of the DMP means to whoever sits there: one table, every code that is known.

A code that is not in it is carried unchanged to the host, as ``service_code``; the texts beside codes are free, could
repeat what was asked, and go nowhere. The complete list of the DMP's own codes is not public.

Sources: IHE ITI TF-3, 4.2.4.1 (error codes of XDS.b); SOAP 1.2 part 1, 5.4; WS-Addressing 1.0 SOAP binding, 6.4;
WS-Security 1.0, 12; codes of the DMP seen in published sample code and examples.
"""

import re
from collections.abc import Iterable
from types import MappingProxyType
from typing import Any, Final

import attrs

from segur_sdk.errors import ConfigError, SegurError, ServiceError

# A code goes into logs and the audit: whatever could be a number or a date of a person is not a code.
_CODE: Final = re.compile(r"(?!.*[0-9]{6})[A-Za-z][A-Za-z0-9_.\-]{0,79}")


@attrs.frozen
class Outcome:
    """What follows from a refusal."""

    code: str
    """Of the error, whose French text says what to do."""
    retryable: bool = False
    """A later attempt may succeed without anybody changing anything."""
    stored: bool = False
    """What was sent may be there nevertheless: it has to be found out."""
    installation: bool = False
    """The fault is in how this software is installed."""


BUSY: Final = Outcome("dmp.busy", retryable=True)
INTERNAL: Final = Outcome("dmp.internal_error", retryable=True)
MESSAGE: Final = Outcome("dmp.message_refused")
METADATA: Final = Outcome("dmp.metadata_refused")
ALREADY: Final = Outcome("dmp.already_there", stored=True)
TAKEN: Final = Outcome("dmp.id_taken", stored=True)
NO_RECORD: Final = Outcome("dmp.no_record")
CLOSED: Final = Outcome("dmp.closed")
PATIENT_DIFFERS: Final = Outcome("dmp.patient_differs")
REPLACED: Final = Outcome("dmp.replaced_already")
UNKNOWN_DOCUMENT: Final = Outcome("dmp.document_unknown")
UPDATE: Final = Outcome("dmp.update_refused")
CERTIFICATE: Final = Outcome("dmp.certificate_refused", installation=True)
AUTHENTICATION: Final = Outcome("dmp.authentication_refused", installation=True)
ACCESS: Final = Outcome("dmp.access_denied")
UNAVAILABLE: Final = Outcome("dmp.unavailable", retryable=True, stored=True)
REFUSED: Final = Outcome("dmp.refused")

OUTCOMES: Final = MappingProxyType(
    {
        "XDSMissingDocument": MESSAGE,
        "XDSMissingDocumentMetadata": MESSAGE,
        "XDSRegistryNotAvailable": BUSY,
        "XDSRegistryError": INTERNAL,
        "XDSRepositoryError": INTERNAL,
        "XDSRegistryDuplicateUniqueIdInMessage": MESSAGE,
        "XDSRepositoryDuplicateUniqueIdInMessage": MESSAGE,
        "XDSDuplicateUniqueIdInRegistry": ALREADY,
        "XDSNonIdenticalHash": TAKEN,
        "XDSRegistryBusy": BUSY,
        "XDSRepositoryBusy": BUSY,
        "XDSRegistryOutOfResources": BUSY,
        "XDSRepositoryOutOfResources": BUSY,
        "XDSRegistryMetadataError": METADATA,
        "XDSRepositoryMetadataError": METADATA,
        "XDSTooManyResults": MESSAGE,
        "XDSExtraMetadataNotSaved": METADATA,
        "XDSUnknownPatientId": NO_RECORD,
        "XDSPatientIdDoesNotMatch": PATIENT_DIFFERS,
        "XDSUnknownStoredQuery": MESSAGE,
        "XDSStoredQueryMissingParam": MESSAGE,
        "XDSStoredQueryParamNumber": MESSAGE,
        "XDSRegistryDeprecatedDocumentError": REPLACED,
        "XDSUnknownRepositoryId": UNKNOWN_DOCUMENT,
        "XDSDocumentUniqueIdError": UNKNOWN_DOCUMENT,
        "XDSMetadataVersionError": UPDATE,
        "XDSMetadataUpdateOperationError": UPDATE,
        "XDSMetadataUpdateError": UPDATE,
        "XDSMissingHomeCommunityId": MESSAGE,
        "DMPFound": REFUSED,
        "DMPClosed": CLOSED,
        "DMPInvalidCertificate": CERTIFICATE,
        "DMPAccessDeniedByRightsService": ACCESS,
        "DMPPatientAccessAlreadyExists": REFUSED,
        "DMPPatientAccessOTPAlreadyExists": REFUSED,
    }
)
"""What a registry answer, a fault or an acknowledgement bears → what follows."""

FAULTS: Final = MappingProxyType(
    {
        "VersionMismatch": MESSAGE,
        "MustUnderstand": MESSAGE,
        "DataEncodingUnknown": MESSAGE,
        "InvalidAddressingHeader": MESSAGE,
        "MessageAddressingHeaderRequired": MESSAGE,
        "ActionNotSupported": MESSAGE,
        "DestinationUnreachable": UNAVAILABLE,
        "EndpointUnavailable": UNAVAILABLE,
        "UnsupportedSecurityToken": AUTHENTICATION,
        "UnsupportedAlgorithm": AUTHENTICATION,
        "InvalidSecurity": AUTHENTICATION,
        "InvalidSecurityToken": AUTHENTICATION,
        "FailedAuthentication": AUTHENTICATION,
        "FailedCheck": AUTHENTICATION,
        "SecurityTokenUnavailable": AUTHENTICATION,
        "Receiver": UNAVAILABLE,
        "Sender": REFUSED,
    }
)
"""Codes of faults that are the standards', not the service's."""


def error_of(codes: Iterable[str | None]) -> SegurError:
    """Return the error of a refusal that bears these codes, the most telling first.

    A code of the service is more telling than one of a fault, wherever it stands; the first that is known counts.
    """
    said = [code for code in codes if code is not None and _CODE.fullmatch(code)]
    known = next((code for table in (OUTCOMES, FAULTS) for code in said if code in table), None)
    found = REFUSED if known is None else (OUTCOMES.get(known) or FAULTS[known])
    return raised_as(found, known or next(iter(said), None))


def raised_as(outcome: Outcome, service_code: str | None = None) -> SegurError:
    """Return the error of an outcome.

    Args:
        outcome: what follows.
        service_code: by what the service said it.
    """
    facts: dict[str, Any] = {} if service_code is None else {"service_code": service_code}
    if outcome.installation:
        return ConfigError(outcome.code, **facts)
    return ServiceError(outcome.code, retryable=outcome.retryable, maybe_processed=outcome.stored, **facts)
