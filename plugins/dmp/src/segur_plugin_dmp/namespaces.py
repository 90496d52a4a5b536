"""Names that messages of the DMP are made of.

Sources: SOAP 1.2; WS-Addressing 1.0; WS-Security 1.0; IHE ITI TF-2 (ITI-18, ITI-41, ITI-57); ebXML RegRep 3.0; HL7 v3.
"""

from enum import StrEnum
from typing import Final

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
WSA: Final = "http://www.w3.org/2005/08/addressing"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
XOP: Final = "http://www.w3.org/2004/08/xop/include"
HL7: Final = "urn:hl7-org:v3"
XDSB: Final = "urn:ihe:iti:xds-b:2007"
XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
ANONYMOUS: Final = "http://www.w3.org/2005/08/addressing/anonymous"


class Transaction(StrEnum):
    """What is asked of the DMP, by its ``wsa:Action``."""

    EXISTENCE = "urn:hl7-org:v3:PRPA_IN201307UV02"
    """TD0.2."""
    FEED = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
    """TD2.1, ITI-41."""
    QUERY = "urn:ihe:iti:2007:RegistryStoredQuery"
    """DMP_3.1b, ITI-18."""
    UPDATE = "urn:ihe:iti:2010:UpdateDocumentSet"
    """TD3.3c, ITI-57."""

    @property
    def path(self) -> str:
        """Of the service, below the address of the DMP's services."""
        return _PATHS[self]

    @property
    def answers(self) -> str:
        """``wsa:Action`` of its answer."""
        return _ANSWERS[self]

    @property
    def attaches(self) -> bool:
        """The message is MTOM, whether or not it brings an attachment."""
        return self is not Transaction.EXISTENCE


_PATHS: Final = {
    Transaction.EXISTENCE: "/patient",
    Transaction.FEED: "/DocumentRepository_Service",
    Transaction.QUERY: "/DocumentRegistry_Service",
    Transaction.UPDATE: "/DocumentRegistry_Service",
}
_ANSWERS: Final = {
    Transaction.EXISTENCE: "urn:hl7-org:v3:PRPA_IN201308UV02",
    Transaction.FEED: "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-bResponse",
    Transaction.QUERY: "urn:ihe:iti:2007:RegistryStoredQueryResponse",
    Transaction.UPDATE: "urn:ihe:iti:2010:UpdateDocumentSet-Response",
}
