"""An independent SOAP client, zeep, drives both operations from the official WSDL."""

import base64
import importlib
import socket
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
from lxml import etree

# zeep has no type information: as Any, strict checking stays on for the rest of this file.
zeep: Any = importlib.import_module("zeep")
wsa: Any = importlib.import_module("zeep.wsa")

PREFIX = "urn:ServiceIdentiteCertifiee:1.0.0:"
STUB = b"""<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" xmlns="http://www.w3.org/2005/08/addressing"
 targetNamespace="http://www.w3.org/2005/08/addressing" elementFormDefault="qualified">
 <xs:complexType name="AttributedURIType"><xs:simpleContent><xs:extension base="xs:anyURI">
 <xs:anyAttribute namespace="##other" processContents="lax"/></xs:extension></xs:simpleContent></xs:complexType>
 <xs:element name="MessageID" type="AttributedURIType"/><xs:element name="Action" type="AttributedURIType"/>
</xs:schema>"""


@pytest.fixture
def client(assets: Path, descriptor: dict[str, Any]) -> Any:
    session = requests.Session()
    session.trust_env = False
    files = descriptor["certificates"]["insi-auto"]
    session.verify, session.cert = descriptor["ca"], (files["cert"], files["key"])
    transport = zeep.Transport(session=session, timeout=20)
    from_disk = transport.load
    # The WSDL imports the W3C addressing schema by its address on the web.
    transport.load = lambda url: STUB if str(url).endswith("ws-addr.xsd") else from_disk(url)
    return zeep.Client(
        str(assets / "DESIR_ICIR_EXP_1.5.0.wsdl"),
        transport=transport,
        plugins=[wsa.WsAddressingPlugin()],
    )


def _headers(client: Any, couverture: Any, security: Any = None) -> list[Any]:
    def element(name: str) -> Any:
        return client.get_element(name)

    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    lps = {"IDAM": {"_value_1": "TESTSGIE0000", "R": "4"}, "Version": "1.0", "Nom": "urn:lps:zeep:1.0"}
    common = {"Temps": datetime.fromisoformat(now), "Emetteur": "10B0152872"}
    blocks = [
        element("{urn:siram:bam:ctxbam}ContexteBAM")(
            Id=str(uuid.uuid4()), COUVERTURE=couverture, Version="01_02", Nature="CTXBAM", **common
        ),
        element("{urn:siram:lps:ctxlps}ContexteLPS")(
            Id=str(uuid.uuid4()), LPS=lps, Version="01_00", Nature="CTXLPS", **common
        ),
    ]
    return blocks + ([security] if security is not None else [])


def _service(client: Any, descriptor: dict[str, Any]) -> Any:
    return client.create_service(
        "{http://www.cnamts.fr/webservice}ICIRServiceBinding", descriptor["services"]["insi"]["url"]
    )


def test_zeep_searches_by_traits(client: Any, descriptor: dict[str, Any]) -> None:
    answer = _service(client, descriptor).rechercherInsAvecTraitsIdentite(
        NomNaissance="ECETINSI",
        Prenom=["PIERRE-ALAIN"],
        Sexe="M",
        DateNaissance="2009-07-14",
        _soapheaders=_headers(client, {}),
    )
    assert answer.CR.CodeCR == "00"
    assert answer.INDIVIDU.INSACTIF.IdIndividu.NumIdentifiant == "1090763220834"
    assert [item.IdIndividu.NumIdentifiant for item in answer.INDIVIDU.INSHISTO] == ["2090763220834"]
    assert answer.INDIVIDU.TIQ.ListePrenom == "PIERRE-ALAIN MURIEL FLORIANT"


def test_zeep_reads_the_fault_of_a_lower_case_name(client: Any, descriptor: dict[str, Any]) -> None:
    with pytest.raises(zeep.exceptions.Fault) as raised:
        _service(client, descriptor).rechercherInsAvecTraitsIdentite(
            NomNaissance="ecetinsi",
            Prenom=["PIERRE-ALAIN"],
            Sexe="M",
            DateNaissance="2009-07-14",
            _soapheaders=_headers(client, {}),
        )
    assert raised.value.detail.find("{urn:siram}Erreur").get("code") == "sandbox_name"


def test_zeep_searches_by_card(
    client: Any,
    descriptor: dict[str, Any],
    card: Callable[[str], socket.socket],
    transmit: Callable[[socket.socket, str], str],
    control: Callable[..., tuple[int, Any]],
    assets: Path,
) -> None:
    connection = card("family")
    serial = next(item["serial"] for item in control("GET", "/cards")[1]["cards"] if item["name"] == "vitale:family")
    identifier = f"_{uuid.uuid4()}"
    instant = datetime.now(UTC).replace(microsecond=0)
    issued = instant.isoformat().replace("+00:00", "Z")
    signed = f"{identifier}|{issued}|{serial}|2".encode()
    transmit(connection, "00A404000BD250000002564954414C45")
    signature = transmit(connection, f"00880000{len(signed):02X}{signed.hex()}")
    encoded = base64.b64encode(bytes.fromhex(signature)[:8]).decode()
    security = etree.fromstring(
        '<wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/'
        'oasis-200401-wss-wssecurity-secext-1.0.xsd" xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion">'
        f'<saml:Assertion ID="{identifier}" IssueInstant="{issued}" Version="2.0"><saml:Issuer>INSI-AUTO</saml:Issuer>'
        f'<saml:Subject><saml:NameID NameQualifier="VITALE-SIMULATEUR">{serial}</saml:NameID></saml:Subject>'
        '<saml:AttributeStatement><saml:Attribute Name="rangBeneficiaire"><saml:AttributeValue>2</saml:AttributeValue>'
        '</saml:Attribute><saml:Attribute Name="signatureVitale">'
        f"<saml:AttributeValue>{encoded}</saml:AttributeValue></saml:Attribute></saml:AttributeStatement>"
        "</saml:Assertion></wsse:Security>"
    )
    etree.XMLSchema(etree.parse(str(assets / "xsd/WSSE/Security.xsd"))).assertValid(security)
    couverture = {
        "ASSURE": {"Id": {"Num": "297022A020778", "Cle": "78"}},
        "BENEFICIAIRE": {"DateNai": "1960-01-01", "Rang": 1},
    }
    answer = _service(client, descriptor).rechercherInsAvecCarteVitale(
        MatriculeOD={"NumIdentifiant": "297022A020778", "Cle": "78"},
        NomNaissance="ADRTROIS",
        DateNaissance="1960-01-01",
        RangNaissance="1",
        _soapheaders=_headers(client, couverture, security),
    )
    assert answer.CR.CodeCR == "00"
    assert answer.INDIVIDU.INSACTIF.IdIndividu.NumIdentifiant == "160012B020777"
