"""The gate: who connects, who signs, and a VIHF that is theirs, whole and of now."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TOKEN = "wsse:InvalidSecurityToken"
SECURITY = "wsse:InvalidSecurity"
CHECK = "wsse:FailedCheck"
ALGORITHM = "wsse:UnsupportedAlgorithm"
CERTIFICATE = "soap:DMPInvalidCertificate"
RIGHTS = "soap:DMPAccessDeniedByRightsService"
PROFESSIONS, G05, R01 = "1.2.250.1.71.1.2.7", "1.2.250.1.71.4.2.6", "1.2.250.1.71.4.2.5"
ACCESS = "1.2.250.1.213.1.1.4.248"
RESOURCE = "urn:oasis:names:tc:xacml:2.0:resource:resource-id"
SUBJECT = "urn:oasis:names:tc:xspa:1.0:subject:subject-id"
SECRECY = "urn:oasis:names:tc:xspa:1.0:resource:patient:hl7:confidentiality-code"
GOOD = "PRPA_IN201308UV02"


def _named(name: str, value: str | None) -> dict[str, Any]:
    return {"attributes": {name: value}}


VIHFS: dict[str, tuple[dict[str, Any], str, str]] = {
    "saml-1": ({"version": "1.1"}, TOKEN, "not a SAML 2.0"),
    "issuer-format": ({"format": "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"}, TOKEN, "Issuer"),
    "issuer-of-another": ({"issuer": "CN=AUTRE,OU=10B0152872,O=PHARMACIE,C=FR"}, TOKEN, "Issuer"),
    "issuer-windows-spelling": (
        {"issuer": "CN=LGO DU BAC A SABLE,OU=10B0152872,O=PHARMACIE DU BAC A SABLE,S=Haute-Corse (2B),C=FR"},
        TOKEN,
        "Issuer",
    ),
    "issuer-backwards": (
        {"issuer": "C=FR,ST=Haute-Corse (2B),O=PHARMACIE DU BAC A SABLE,OU=10B0152872,CN=LGO DU BAC A SABLE"},
        TOKEN,
        "Issuer",
    ),
    "no-name": ({"name_id": ""}, TOKEN, "NameID"),
    "name-form": ({"name_id": "Carole"}, TOKEN, "NameID"),
    "context": ({"context": "mot de passe"}, TOKEN, "AuthnContextClassRef"),
    "instant-not-utc": ({"issued": "2026-01-05T14:30:00+01:00"}, TOKEN, "IssueInstant"),
    "instant-form": ({"issued": "hier"}, TOKEN, "IssueInstant"),
    "conditions-over": (
        {"conditions": '<saml:Conditions NotOnOrAfter="2020-01-01T00:00:00Z"/>'},
        TOKEN,
        "do not hold any more",
    ),
    "conditions-to-come": (
        {"conditions": '<saml:Conditions NotBefore="2090-01-01T00:00:00Z"/>'},
        TOKEN,
        "do not hold yet",
    ),
    "version-unknown": (_named("VIHF_Version", "2.0"), TOKEN, "VIHF_Version"),
    "mode-unknown": (_named("Authentification_mode", "FORTE"), TOKEN, "none of the three"),
    "mode-direct-by-structure": (_named("Authentification_mode", "DIRECTE"), TOKEN, "by the card"),
    "structure-of-another": (_named("Identifiant_Structure", "10B0000006"), TOKEN, "that of the certificate"),
    "structure-form": (_named("Identifiant_Structure", "pharmacie"), TOKEN, "national identifier"),
    "sector-form": (_named("Secteur_Activite", "SA33"), TOKEN, "Secteur_Activite"),
    "resource-urn": (_named("Ressource_URN", "urn:mss"), TOKEN, "urn:dmp"),
    "resource-form": (_named(RESOURCE, "279035121518989"), TOKEN, "resource-id"),
    "no-subject": (_named(SUBJECT, None), TOKEN, "subject-id"),
    "no-name-of-software": (_named("LPS_Nom", None), TOKEN, "LPS_Nom"),
    "no-version-of-software": (_named("LPS_Version", None), TOKEN, "LPS_Version"),
    "no-approval": (_named("LPS_ID_HOMOLOGATION_DMP", ""), TOKEN, "LPS_ID_HOMOLOGATION_DMP"),
    "secrecy-unknown": (_named(SECRECY, "MASQUE_PS"), TOKEN, "confidentiality-code"),
    "access-unknown": ({"purpose": ("urgence", ACCESS)}, TOKEN, "access mode"),
    "access-of-another-list": ({"purpose": ("normal", "1.2.250.1.213.1.1.4.336")}, TOKEN, "access mode"),
    "role-of-another-list": ({"roles": (("21", "1.2.3"), ("A", G05))}, TOKEN, "first role"),
    "no-second-role-pharmacist": ({"roles": (("21", PROFESSIONS),)}, TOKEN, "Aucune spécialité dans le vihf"),
    "no-second-role-physician": ({"roles": (("10", PROFESSIONS),)}, TOKEN, "Aucune spécialité dans le vihf"),
    "second-role-of-physicians": ({"roles": (("21", PROFESSIONS), ("SM26", R01))}, TOKEN, "second role"),
    "second-role-unknown": ({"roles": (("21", PROFESSIONS), ("Z", G05))}, TOKEN, "second role"),
    "second-role-of-none": ({"roles": (("60", PROFESSIONS), ("A", G05))}, TOKEN, "no second role"),
    "three-roles": ({"roles": (("21", PROFESSIONS), ("A", G05), ("D", G05))}, TOKEN, "one role, or two"),
    "no-role": ({"roles": ()}, TOKEN, "with values"),
    "attribute-twice": (
        {"extra": '<saml:Attribute Name="LPS_Nom"><saml:AttributeValue>b</saml:AttributeValue></saml:Attribute>'},
        TOKEN,
        "distinct attributes",
    ),
    "demonstration-ins": (
        {"patient": "279035121518989^^^&1.2.250.1.213.1.4.11&ISO^NH"},
        "soap:sandbox_patient",
        "authority",
    ),
    "emergency-by-structure": ({"purpose": ("bris_de_glace", ACCESS)}, RIGHTS, "TD0.2"),
}


@pytest.mark.parametrize("name", VIHFS)
def test_dmp_vihf_refused(dmp: Any, name: str) -> None:
    changes, code, text = VIHFS[name]
    said = dmp.ask("exists", dmp.existence(), vihf=changes).said
    assert said.partition("|")[0] == code, said
    assert text in said
    assert dmp.ask("exists", dmp.existence()).said == GOOD


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(_named("VIHF_Version", "4.0"), id="version-4"),
        pytest.param(
            {"attributes": {"Authentification_mode": None, "Authentification_Mode": "INDIRECTE"}}, id="spelling"
        ),
        pytest.param(_named("Authentification_mode", "INDIRECTE_RENFORCEE"), id="air"),
        pytest.param({"roles": (("60", PROFESSIONS),)}, id="nurse"),
        pytest.param({"roles": (("10", PROFESSIONS), ("SM26", R01))}, id="physician"),
        pytest.param({"roles": (("AUTOMATE", "1.2.250.1.213.1.1.4.6"),)}, id="device"),
        pytest.param({"purpose": ("centre_15", ACCESS)}, id="regulation"),
        pytest.param({"conditions": '<saml:Conditions NotOnOrAfter="2090-01-01T00:00:00Z"/>'}, id="conditions"),
    ],
)
def test_dmp_vihf_accepted(dmp: Any, changes: dict[str, Any]) -> None:
    assert dmp.ask("exists", dmp.existence(), vihf=changes).said == GOOD


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        pytest.param(3700, "too old", id="old"),
        pytest.param(-120, "in the future", id="ahead"),
        pytest.param(3500, GOOD, id="nearly-old"),
        pytest.param(-30, GOOD, id="a-little-ahead"),
    ],
)
def test_dmp_vihf_holds_for_a_time(dmp: Any, past: Callable[[float], str], seconds: float, said: str) -> None:
    at = past(seconds)
    assert said in dmp.ask("exists", dmp.existence(), vihf={"issued": at, "authenticated": at}).said


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(lambda text: text.replace("INDIRECTE", "INDIRECTE "), CHECK, id="attribute-changed"),
        pytest.param(lambda text: text.replace("10B0152872</saml", "10B0152873</saml"), CHECK, id="structure-changed"),
        pytest.param(lambda text: re.sub(r"(?s)<ds:Signature .*</ds:Signature>", "", text), CHECK, id="not-signed"),
        pytest.param(
            lambda text: re.sub(r"(?s)(<ds:Signature .*</ds:Signature>)", r"\1\1", text), CHECK, id="signed-twice"
        ),
        pytest.param(
            lambda text: re.sub(r"(?s)(<saml:Issuer.*</saml:Issuer>)(<ds:Signature .*</ds:Signature>)", r"\2\1", text),
            CHECK,
            id="signature-first",
        ),
        pytest.param(lambda text: re.sub(r'URI="#[^"]+"', 'URI=""', text), CHECK, id="reference-to-the-document"),
        pytest.param(lambda text: re.sub(r' ID="[^"]+"', ' ID="_autre"', text), CHECK, id="identifier-changed"),
        pytest.param(
            lambda text: text.replace("http://www.w3.org/2001/10/xml-exc-c14n#", "urn:c14n"), ALGORITHM, id="c14n"
        ),
        pytest.param(lambda text: text.replace('#enveloped-signature"', '#base64"'), CHECK, id="transform"),
        pytest.param(
            lambda text: text.replace("<ds:X509Certificate>M", "<ds:X509Certificate>N"), CHECK, id="no-certificate"
        ),
        pytest.param(lambda text: text.replace("#rsa-sha256", "#hmac-sha256"), ALGORITHM, id="hmac"),
    ],
)
def test_dmp_vihf_signature_refused(dmp: Any, change: Callable[[str], str], code: str) -> None:
    good = dmp.signed_vihf(dmp.sign)
    bad = change(good)
    assert bad != good
    assert dmp.ask("exists", dmp.existence(), assertion=bad).said.partition("|")[0] == code
    assert dmp.ask("exists", dmp.existence(), assertion=good).said == GOOD


def test_dmp_vihf_wrapping_is_refused(dmp: Any) -> None:
    good = dmp.signed_vihf(dmp.sign)
    evil = dmp.signed_vihf(dmp.sign).replace("INDIRECTE", "DIRECTE")
    evil_unsigned = re.sub(r"(?s)<ds:Signature .*</ds:Signature>", "", evil)
    signature = re.search(r"(?s)<ds:Signature .*</ds:Signature>", good)
    assert signature is not None
    carried = signature[0].replace("</ds:Signature>", f"<ds:Object>{good}</ds:Object></ds:Signature>")
    identifier = re.search(r' ID="([^"]+)"', good)
    assert identifier is not None
    cases = {
        "two": evil_unsigned + good,
        "two-good": good + good,
        "inside-the-signature": evil_unsigned.replace("</saml:Issuer>", f"</saml:Issuer>{carried}", 1),
        "as-an-extension": evil_unsigned.replace("</saml:AttributeStatement>", f"{good}</saml:AttributeStatement>", 1),
        "beside-something": f"<x/>{good}",
        "text": f"x{good}",
    }
    for name, security in cases.items():
        said = dmp.ask("exists", dmp.existence(), assertion=security).said
        assert said.partition("|")[0] == SECURITY, (name, said)
    elsewhere = {"more": f'<x xmlns="urn:x">{good}</x>'}
    said = dmp.ask("exists", dmp.existence(), assertion=evil_unsigned, soap=elsewhere).said
    assert said.partition("|")[0] == SECURITY
    twin = {"more": f'<x xmlns="urn:x" Id="{identifier[1]}"/>'}
    assert dmp.ask("exists", dmp.existence(), assertion=good, soap=twin).said.partition("|")[0] == CHECK
    assert dmp.ask("exists", dmp.existence(), assertion=good).said == GOOD


def test_dmp_sha1_is_for_who_asks_for_it(dmp: Any) -> None:
    def sent() -> str:
        return str(dmp.ask("exists", dmp.existence(), assertion=dmp.signed_vihf(dmp.sign, algorithm="sha1")).said)

    assert sent().partition("|")[0] == ALGORITHM
    dmp.settings(sha1=True)
    assert sent() == GOOD


def test_dmp_vihf_of_these_tests_is_right_for_xmlsec1(dmp: Any, tmp_path: Path) -> None:
    file = tmp_path / "vihf.xml"
    file.write_text(dmp.signed_vihf(dmp.sign), "utf-8")
    command = ["xmlsec1", "--verify", "--pubkey-cert-pem", str(dmp.sign.cert_path), "--id-attr:ID", "Assertion"]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr


def test_dmp_vihf_signed_by_xmlsec1(dmp: Any, tmp_path: Path) -> None:
    text = dmp.signed_vihf(dmp.sign, patient="275126322074974^^^&1.2.250.1.213.1.4.8&ISO^NH")
    for name in ("DigestValue", "SignatureValue", "X509Certificate"):
        text = re.sub(rf"<ds:{name}>[^<]*</ds:{name}>", f"<ds:{name}/>", text)
    template, signed = tmp_path / "template.xml", tmp_path / "signed.xml"
    template.write_text(text, "utf-8")
    key = f"{dmp.sign.key_path},{dmp.sign.cert_path}"
    command = [
        "xmlsec1",
        "--sign",
        "--privkey-pem",
        key,
        "--id-attr:ID",
        "Assertion",
        "--output",
        str(signed),
        str(template),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    assertion = signed.read_text("utf-8").partition("?>")[2]
    question = dmp.existence("275126322074974", "1.2.250.1.213.1.4.8")
    assert dmp.ask("exists", question, assertion=assertion).said == GOOD


@pytest.mark.parametrize(
    ("connection", "signer", "code"),
    [
        pytest.param("org-auth", "org-auth", CERTIFICATE, id="authentication-signs"),
        pytest.param("org-auth", "insi-auto", CERTIFICATE, id="another-authentication-signs"),
        pytest.param("org-auth", "org-conf", CERTIFICATE, id="encryption-signs"),
        pytest.param("org-auth", "foreign-ca", CERTIFICATE, id="foreign-signs"),
        pytest.param("org-auth", "expired", CERTIFICATE, id="expired-signs"),
    ],
)
def test_dmp_certificates_that_do_not_sign(dmp: Any, connection: str, signer: str, code: str) -> None:
    said = dmp.ask("exists", dmp.existence(), key=dmp.keys[connection], signer=dmp.keys[signer]).said
    assert said == f"{code}|Not a valid signature certificate"
    assert dmp.ask("exists", dmp.existence()).said == GOOD


def test_dmp_a_revoked_signature_certificate_is_refused(dmp: Any) -> None:
    assert dmp.ask("exists", dmp.existence()).said == GOOD
    assert dmp.control("POST", "/igc/revoke", {"role": "org-sign"})[0] == 200
    said = dmp.ask("exists", dmp.existence()).said
    assert (said.partition("|")[0], "revoked" in said) == (CERTIFICATE, True)


def test_dmp_a_signature_certificate_that_is_over_is_refused(dmp: Any) -> None:
    assert dmp.control("POST", "/clock", {"advance_s": 4 * 365 * 86_400})[0] == 200
    # The connection's certificate is over too: nothing is answered at all.
    assert dmp.ask("exists", dmp.existence()).status == 0


@pytest.mark.parametrize("role", ["org-sign", "org-conf", "expired", "revoked", "foreign-ca", "wrong-usage"])
def test_dmp_handshake_wants_a_client_certificate(dmp: Any, role: str) -> None:
    refused = dmp.ask("exists", dmp.existence(), key=dmp.keys[role])
    assert (refused.code != 0, refused.status) == (True, 0)
    assert dmp.ask("exists", dmp.existence()).said == GOOD


def test_dmp_card_of_another_professional_does_not_sign(dmp: Any, cpx: Callable[[str], Callable[[str], str]]) -> None:
    for name in ("cps:pharmacist", "cps:physician"):
        cpx(name)("00 A4 04 00 00")
    authentication, signature = dmp.card("2800901100")
    _, other = dmp.card("2800901300")
    direct = _named("Authentification_mode", "DIRECTE")
    asked: dict[str, Any] = {"key": authentication, "vihf": direct}
    assert dmp.ask("exists", dmp.existence(), signer=signature, **asked).said == GOOD
    said = dmp.ask("exists", dmp.existence(), signer=other, **asked).said
    assert said.startswith(f"{CERTIFICATE}|who signs is not who connects")
    said = dmp.ask("exists", dmp.existence(), **asked).said
    assert said.startswith(f"{CERTIFICATE}|who signs is not who connects")
    someone = {"key": authentication, "signer": signature, "vihf": {**direct, "name_id": "899700366240"}}
    assert "holder of the card" in dmp.ask("exists", dmp.existence(), **someone).said


def test_dmp_subcodes_can_be_changed(dmp: Any) -> None:
    dmp.settings(fault_codes={"token": "DMPInvalidVihf"})
    assert dmp.ask("exists", dmp.existence(), vihf={"version": "1.1"}).said.startswith("soap:DMPInvalidVihf|")
