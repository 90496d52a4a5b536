"""One feeding as somebody writes it in an afternoon: zeep for SOAP, signxml for signatures, documents inline.

It has no outbox, no test of what it sends, and a signature of the set that is not the published one.
"""

import base64
import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import zeep
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, SignatureMethod
from signxml.signer import XMLSigner
from signxml.xades.xades import XAdESSigner
from zeep.wsa import WsAddressingPlugin

DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
WSSE: Final = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
WSDL: Final = """<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap12/"
 xmlns:x="urn:ihe:iti:xds-b:2007" targetNamespace="urn:ihe:iti:xds-b:2007"><types>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" targetNamespace="urn:ihe:iti:xds-b:2007"
 elementFormDefault="qualified"><xs:element name="ProvideAndRegisterDocumentSetRequest"><xs:complexType><xs:sequence>
<xs:any processContents="skip"/><xs:element name="Document" maxOccurs="unbounded"><xs:complexType><xs:simpleContent>
<xs:extension base="xs:base64Binary"><xs:attribute name="id" type="xs:string"/></xs:extension></xs:simpleContent>
</xs:complexType></xs:element></xs:sequence></xs:complexType></xs:element>
<xs:element name="Response"><xs:complexType><xs:sequence><xs:any processContents="skip"/></xs:sequence></xs:complexType>
</xs:element></xs:schema></types>
<message name="q"><part name="body" element="x:ProvideAndRegisterDocumentSetRequest"/></message>
<portType name="p"><operation name="Feed"><input message="x:q"/></operation></portType>
<binding name="b" type="x:p"><soap:binding transport="http://schemas.xmlsoap.org/soap/http" style="document"/>
<operation name="Feed"><soap:operation soapAction="urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"/>
<input><soap:body use="literal"/></input></operation></binding>
<service name="s"><port name="r" binding="x:b"><soap:address location="@ADDRESS@"/></port></service></definitions>"""


class Naive:
    """Sends the same document again and again.

    Args:
        folder: for the WSDL.
        address: of the service.
        tls: ``ca``, ``cert`` and ``key`` of the connection.
        cachet: ``cert`` and ``key`` that sign.
        parts: what went out, by name.
    """

    def __init__(
        self, folder: Path, address: str, tls: Mapping[str, str], cachet: Mapping[str, str], parts: Mapping[str, bytes]
    ) -> None:
        wsdl = folder / "naive.wsdl"
        wsdl.write_text(WSDL.replace("@ADDRESS@", address), "utf-8")
        soap: Any = zeep
        transport = soap.transports.Transport()
        transport.session.verify, transport.session.cert = tls["ca"], (tls["cert"], tls["key"])
        # What the environment says of authorities would come before.
        transport.session.trust_env = False
        self._client = soap.Client(str(wsdl), transport=transport, plugins=[WsAddressingPlugin()])
        self._certificate = Path(cachet["cert"]).read_text("ascii")
        self._key = load_pem_private_key(Path(cachet["key"]).read_bytes(), None)
        self._parts = parts

    def __call__(self) -> None:
        """Send once."""
        document = self._parts["document.xml"]
        given = {"key": self._key, "cert": self._certificate}
        set_signer = XAdESSigner(signature_algorithm=SignatureMethod.RSA_SHA256)
        signed = etree.tostring(set_signer.sign(etree.fromstring(document), **given))  # type: ignore[arg-type]
        self._client.service.Feed(
            _value_1=etree.fromstring(self._parts["metadata.xml"]),
            Document=[
                {"_value_1": base64.b64encode(document).decode(), "id": "Document01"},
                {"_value_1": base64.b64encode(signed).decode(), "id": "Signature01"},
            ],
            _soapheaders=[self._security(given)],
        )

    def _security(self, given: Mapping[str, Any]) -> etree._Element:
        assertion = copy.deepcopy(etree.fromstring(self._parts["vihf.xml"]))
        (old,) = assertion.iterchildren(f"{DS}Signature")
        assertion.remove(old)
        name = f"_{uuid4()}"
        assertion.set("ID", name)
        signer = XMLSigner(
            signature_algorithm=SignatureMethod.RSA_SHA256,
            c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
        )
        security = etree.Element(f"{{{WSSE}}}Security")
        security.append(signer.sign(assertion, reference_uri=name, id_attribute="ID", **given))
        return security
