"""SOAP 1.2, WS-Addressing and TLS as the DMP wants them; hostile XML; what is no question of its."""

import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import pytest
from lxml import etree

WSA = "http://www.w3.org/2005/08/addressing"
GOOD = "PRPA_IN201308UV02"
REQUIRED, INVALID = "wsa:MessageAddressingHeaderRequired", "wsa:InvalidAddressingHeader"
ACTION = "urn:hl7-org:v3:PRPA_IN201307UV02"

SOAPS: dict[str, tuple[dict[str, str], str]] = {
    "soap-1.1": ({"soap": "http://schemas.xmlsoap.org/soap/envelope/"}, "soap:VersionMismatch"),
    "soap-none": ({"soap": "urn:soap"}, "soap:sandbox_envelope"),
    "no-action": ({"action": ""}, REQUIRED),
    "no-message-id": ({"message_id": ""}, REQUIRED),
    "no-to": ({"to": ""}, REQUIRED),
    "no-reply-to": ({"reply_to": ""}, REQUIRED),
    "action-not-understood": ({"action": f"<wsa:Action>{ACTION}</wsa:Action>"}, INVALID),
    "reply-to-not-understood": (
        {"reply_to": f"<wsa:ReplyTo><wsa:Address>{WSA}/anonymous</wsa:Address></wsa:ReplyTo>"},
        INVALID,
    ),
    "reply-elsewhere": (
        {"reply_to": '<wsa:ReplyTo soap:mustUnderstand="1"><wsa:Address>http://ailleurs/</wsa:Address></wsa:ReplyTo>'},
        INVALID,
    ),
    "message-id-form": ({"message_id": "<wsa:MessageID>uuid:1</wsa:MessageID>"}, INVALID),
    "to-twice": ({"to": "<wsa:To/><wsa:To/>"}, INVALID),
    "action-of-another": (
        {"action": '<wsa:Action soap:mustUnderstand="1">urn:ihe:iti:2007:RegistryStoredQuery</wsa:Action>'},
        INVALID,
    ),
    "header-not-understood": ({"more": '<x xmlns="urn:x" soap:mustUnderstand="1"/>'}, "soap:MustUnderstand"),
    "no-security": ({"security": ""}, "wsse:InvalidSecurity"),
    "doctype": ({"head": '<!DOCTYPE a [<!ENTITY b "c">]>'}, "soap:sandbox_xml"),
    "entity-bomb": (
        {
            "head": '<!DOCTYPE a [<!ENTITY b "' + "c" * 99 + '"><!ENTITY d "' + "&b;" * 99 + '">]>',
            "to": "<wsa:To>&d;</wsa:To>",
        },
        "soap:sandbox_xml",
    ),
    "external-entity": (
        {"head": '<!DOCTYPE a SYSTEM "file:///etc/passwd">'},
        "soap:sandbox_xml",
    ),
    "nesting": ({"more": "<x>" * 90 + "</x>" * 90}, "soap:sandbox_xml"),
    "not-xml": ({"more": "<x>"}, "soap:sandbox_xml"),
}


@pytest.mark.parametrize("name", SOAPS)
def test_dmp_envelope_refused(dmp: Any, name: str) -> None:
    changes, code = SOAPS[name]
    answer = dmp.ask("exists", dmp.existence(), soap=changes)
    assert (answer.status, answer.said.partition("|")[0]) == (500, code)
    assert dmp.ask("exists", dmp.existence(), soap={"more": '<x xmlns="urn:x"/>'}).said == GOOD


def test_dmp_answers_relate_to_their_questions(dmp: Any) -> None:
    message = "urn:uuid:4f2cbd3c-8a1f-4d3e-9a58-6f1f6f1f0001"
    soap = {"message_id": f"<wsa:MessageID>{message}</wsa:MessageID>"}
    for body in (dmp.existence(), dmp.existence(reason="CNSLT_DATA")):
        answer = dmp.ask("exists", body, soap=soap)
        assert answer.xml.findtext(f".//{{{WSA}}}RelatesTo") == message
        assert answer.xml.findtext(f".//{{{WSA}}}To") == f"{WSA}/anonymous"
        assert answer.xml.findtext(f".//{{{WSA}}}MessageID") != message


@pytest.mark.parametrize(
    ("what", "body", "path"),
    [
        pytest.param("exists", "exists", "DocumentRegistry_Service", id="wrong-address"),
        pytest.param("exists", "search", "patient", id="wrong-body"),
        pytest.param("exists", "unknown", "patient", id="unknown-body"),
    ],
)
def test_dmp_questions_that_an_address_does_not_answer(dmp: Any, what: str, body: str, path: str) -> None:
    bodies = {
        "exists": dmp.existence(),
        "search": dmp.query("urn:uuid:5c4f972b-d56b-40ac-a5fc-c8ca9b40b9d4", {}),
        "unknown": '<q xmlns="urn:q"/>',
    }
    assert dmp.ask(what, bodies[body], path=path).said.startswith("wsa:ActionNotSupported|")


def test_dmp_action_is_that_of_the_body(dmp: Any) -> None:
    _, other = dmp.actions["search"]
    message = dmp.envelope(other, dmp.signed_vihf(dmp.sign), dmp.existence())
    assert dmp.post("patient", "application/soap+xml", message).said.startswith("wsa:ActionNotSupported|")
    message = dmp.envelope(ACTION, dmp.signed_vihf(dmp.sign), dmp.existence())
    assert dmp.post("patient", "application/soap+xml", message).said == GOOD
    header = f'application/soap+xml; action="{other}"'
    assert dmp.post("patient", header, message).said.startswith(f"{INVALID}|")


def test_dmp_two_questions_are_none(dmp: Any) -> None:
    assert dmp.ask("exists", dmp.existence() + dmp.existence()).said.startswith("soap:sandbox_envelope|")


@pytest.mark.parametrize(
    ("header", "options", "status"),
    [
        pytest.param("text/xml", (), 415, id="soap-1.1-type"),
        pytest.param("", (), 415, id="no-type"),
        pytest.param("application/soap+xml", ("-H", "Content-Encoding: gzip"), 415, id="compressed"),
    ],
)
def test_dmp_http_refused(dmp: Any, header: str, options: tuple[str, ...], status: int) -> None:
    message = dmp.envelope(ACTION, dmp.signed_vihf(dmp.sign), dmp.existence())
    assert dmp.post("patient", header, message, options=options).status == status
    assert dmp.post("patient", "application/soap+xml", message).said == GOOD


def test_dmp_says_that_it_is_a_simulation(dmp: Any) -> None:
    dmp.ask("exists", dmp.existence())
    assert "x-segur-sandbox: simulation" in (dmp.folder / "headers").read_text("latin-1")
    fault = dmp.ask("exists", "<q/>")
    assert "(simulation)" in fault.said


def test_dmp_a_message_beyond_the_limit_is_refused_and_heard(dmp: Any) -> None:
    answer = dmp.post("patient", "application/soap+xml", b" " * 50_000_001)
    assert answer.status == 413
    assert dmp.ask("exists", dmp.existence()).said == GOOD


def _context(dmp: Any) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=dmp.ca)
    context.load_cert_chain(dmp.auth.cert_path, dmp.auth.key_path)
    return context


@pytest.mark.parametrize(
    ("version", "ciphers", "works"),
    [
        pytest.param(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-GCM-SHA384", True, id="gcm-256"),
        pytest.param(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-GCM-SHA256", True, id="gcm-128"),
        pytest.param(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-SHA384", True, id="cbc-256"),
        pytest.param(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-CHACHA20-POLY1305", False, id="chacha"),
        pytest.param(ssl.TLSVersion.TLSv1_2, "AES256-GCM-SHA384", False, id="no-secrecy"),
        pytest.param(ssl.TLSVersion.TLSv1_3, None, False, id="tls-1.3-only"),
    ],
)
def test_dmp_tls_versions_and_suites(dmp: Any, version: ssl.TLSVersion, ciphers: str | None, works: bool) -> None:
    context = _context(dmp)
    context.minimum_version = version
    if ciphers is not None:
        context.maximum_version = version
        context.set_ciphers(ciphers)
    port = urlsplit(dmp.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=10) as plain:
        if works:
            with context.wrap_socket(plain, server_hostname="127.0.0.1") as secured:
                assert secured.version() == "TLSv1.2"
            return
        with pytest.raises((ssl.SSLError, ConnectionResetError)):
            context.wrap_socket(plain, server_hostname="127.0.0.1")


def test_dmp_existence_says_what_the_state_is(dmp: Any) -> None:
    hl7 = "{urn:hl7-org:v3}"

    def said() -> tuple[str | None, ...]:
        xml = dmp.ask("exists", dmp.existence()).xml
        lines = {
            one.find(f"{hl7}keyWordText").get("code"): one.find(f"{hl7}value")
            for one in xml.iter(f"{hl7}attentionLine")
        }
        status = xml.find(f".//{hl7}patient/{hl7}statusCode")
        attached = xml.find(f".//{hl7}administrativeObservation/{hl7}value")
        detail = xml.find(f".//{hl7}acknowledgementDetail/{hl7}code")
        return (
            xml.find(f".//{hl7}queryResponseCode").get("code"),
            status.get("code") if status is not None else None,
            lines["AUTORISATION"].get("code"),
            lines["STATUT_MT"].get("value"),
            attached.get("value") if attached is not None else None,
            detail.get("code") if detail is not None else None,
        )

    assert said() == ("OK", "active", "VALIDE", "false", "true", None)
    dmp.patient(attached=False, authorisation="EXPIRE", attending=["899700075122"])
    assert said() == ("OK", "active", "EXPIRE", "true", "false", None)
    dmp.patient(blocked=["899700075122"])
    assert said() == ("OK", "active", "INTERDIT", "false", "true", None)
    dmp.patient(status="closed")
    assert said() == ("OK", "terminated", "VALIDE", "false", "true", "DMPClosed")
    dmp.patient(status="none")
    assert said() == ("NF", None, "NON_EXISTE", "false", None, None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"reason": "CNSLT_DATA"}, "wsa:ActionNotSupported", id="consultation"),
        pytest.param({"receiver": "1.2.3"}, "soap:sandbox_message", id="receiver"),
        pytest.param({"mode": "D"}, "soap:sandbox_message", id="mode"),
        pytest.param({"ins": "275126322074974"}, "soap:sandbox_patient", id="somebody-else"),
        pytest.param({"root": "1.2.250.1.213.1.4.8"}, "soap:sandbox_patient", id="another-authority"),
    ],
)
def test_dmp_existence_refused(dmp: Any, changes: dict[str, str], code: str) -> None:
    assert dmp.ask("exists", dmp.existence(**changes)).said.partition("|")[0] == code
    assert dmp.ask("exists", dmp.existence()).said == GOOD


def test_dmp_existence_parts_are_in_order(dmp: Any) -> None:
    root = etree.fromstring(dmp.existence())
    for child in list(root):
        if etree.QName(child).localname == "controlActProcess":
            continue
        without = etree.fromstring(dmp.existence())
        without.remove(next(one for one in without if one.tag == child.tag))
        said = dmp.ask("exists", etree.tostring(without).decode()).said
        assert said.startswith("soap:sandbox_message|"), child.tag
