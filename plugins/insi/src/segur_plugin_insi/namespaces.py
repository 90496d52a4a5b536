"""Names that INSi messages are made of (INSi WSDL 1.5.0 and its schemas)."""

from enum import StrEnum
from typing import Final

SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
WSA: Final = "http://www.w3.org/2005/08/addressing"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
CTXBAM: Final = "urn:siram:bam:ctxbam"
CTXLPS: Final = "urn:siram:lps:ctxlps"
SIRAM: Final = "urn:siram"
RECSANS: Final = "http://www.cnamts.fr/INSiRecSans"
RECVIT: Final = "http://www.cnamts.fr/INSiRecVit"
RESULTAT: Final = "http://www.cnamts.fr/INSiResultat"


class Operation(StrEnum):
    """The two operations of the public WSDL. Verification of a known INS (WS_INS3 to 5) has no public one."""

    BY_TRAITS = "rechercherInsAvecTraitsIdentite"
    BY_CARD = "rechercherInsAvecCarteVitale"

    @property
    def action(self) -> str:
        """SOAP action; its ``1.0.0`` is not the version of the WSDL."""
        return f"urn:ServiceIdentiteCertifiee:1.0.0:{self.value}"
