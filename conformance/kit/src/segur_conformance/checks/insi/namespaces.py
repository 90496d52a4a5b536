"""Names that messages of INSi are made of, as the public WSDL 1.5.0 and its schemas have them."""

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

ACTION: Final = "urn:ServiceIdentiteCertifiee:1.0.0:"
BY_TRAITS: Final = "rechercherInsAvecTraitsIdentite"
BY_CARD: Final = "rechercherInsAvecCarteVitale"
BODY_ROOTS: Final = {f"{{{RECSANS}}}RECSANSVITALE": BY_TRAITS, f"{{{RECVIT}}}RECVITALE": BY_CARD}

OID_NIR: Final = "1.2.250.1.213.1.4.8"
OID_NIA: Final = "1.2.250.1.213.1.4.9"
