"""Namespaces and operations of the INSi WSDL 1.5.0."""

SOAP = "http://www.w3.org/2003/05/soap-envelope"
SOAP_11 = "http://schemas.xmlsoap.org/soap/envelope/"
WSA = "http://www.w3.org/2005/08/addressing"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "http://www.w3.org/2000/09/xmldsig#"
CTXBAM = "urn:siram:bam:ctxbam"
CTXLPS = "urn:siram:lps:ctxlps"
SIRAM = "urn:siram"
RECSANS = "http://www.cnamts.fr/INSiRecSans"
RECVIT = "http://www.cnamts.fr/INSiRecVit"
RESULTAT = "http://www.cnamts.fr/INSiResultat"

ACTION_PREFIX = "urn:ServiceIdentiteCertifiee:1.0.0:"
BY_TRAITS = "rechercherInsAvecTraitsIdentite"
BY_CARD = "rechercherInsAvecCarteVitale"
BODY_ROOTS = {f"{{{RECSANS}}}RECSANSVITALE": BY_TRAITS, f"{{{RECVIT}}}RECVITALE": BY_CARD}
