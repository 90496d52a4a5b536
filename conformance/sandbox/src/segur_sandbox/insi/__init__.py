"""The INSi teleservice as a practice's software meets it: SOAP 1.2 over mutual TLS, both operations of WSDL 1.5.0."""
