"""Ordering certificates over the wire: every refusal, each beside what passes; openssl makes the requests."""

import base64
import http.client
import json
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import pkcs12

from segur_sandbox.igc.ordering.refusals import REFUSALS

Answer = tuple[int, Any]
Call = Callable[..., Answer]
Openssl = Callable[..., str]
Control = Callable[..., Answer]
OURS = "10B0152872"
CABINET = "499700367909006"
DAY = 86400
FORM: dict[str, Any] = {
    "structure": OURS,
    "administrator": "admin",
    "signatory": "responsable",
    "signatory_mail": "direction@pharmacie.invalid",
    "boxes": ["ORG", "SERV_SSL"],
}
ORDER: dict[str, Any] = {
    "structure": OURS,
    "offer": "ORG",
    "usage": "AUTH_CLI",
    "service_applicatif": "LGO",
    "actor_mail": "certificats@pharmacie.invalid",
}
_REQUEST = "CERTIFICATE REQUEST"
CODE = "0123-abcd"
WITHDRAWAL: dict[str, Any] = {"revocation_code": CODE, "confirmation": CODE, "accept_terms": True}


def _refused(answer: Answer, code: str) -> None:
    status, content = answer
    assert content["error"] == code
    assert (status, content["message"]) == REFUSALS[code]


ORDERS = [
    ("structure_unknown", {"structure": "1999999999"}),
    ("structure_not_habilitated", {"structure": CABINET}),
    ("usage_unknown", {"usage": "SSL_SERV"}),
    ("usage_unknown", {"offer": "PRO"}),
    ("box_not_ticked", {"offer": "SERV", "usage": "SMIME", "service_applicatif": "mss.invalid"}),
    ("actor_mail_missing", {"actor_mail": ""}),
    ("actor_mail_missing", {"actor_mail": "  "}),
    ("mail_invalid", {"actor_mail": "a@b"}),
    ("mail_invalid", {"informed_mail": "quelqu'un"}),
    ("cn_missing", {"service_applicatif": " "}),
    ("cn_missing", {"service_applicatif": "x" * 65}),
    ("cn_missing", {"service_applicatif": "a\nb"}),
    ("cn_insi", {"purpose": "insi", "service_applicatif": "LGO"}),
    ("cn_insi", {"purpose": "insi", "service_applicatif": "insi-auto"}),
    ("cn_insi", {"purpose": "insi", "service_applicatif": "INSI AUTO"}),
    ("cn_insi", {"purpose": "insi", "service_applicatif": "INSI\u2011AUTO"}),
    ("cn_insi", {"purpose": "insi", "service_applicatif": "INSI-AUTO "}),
    ("server_name_invalid", {"offer": "SERV", "usage": "SSL_SERV", "service_applicatif": "pas un nom"}),
    ("csr_malformed", {"csr": "bonjour"}),
    ("csr_malformed", {"csr": "é"}),
    ("csr_malformed", {"csr": "-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"}),
    ("csr_holds_private_key", {"csr": "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----\n"}),
    ("body_malformed", {"csr": "x" * 40_000}),
]


@pytest.mark.parametrize(("code", "change"), ORDERS, ids=[f"{row[0]}-{index}" for index, row in enumerate(ORDERS)])
def test_an_order_that_cannot_be_is_refused(
    call: Call, token: str, control: Control, code: str, change: dict[str, Any]
) -> None:
    _refused(call("POST", "/orders", {**ORDER, **change}, token), code)
    assert call("GET", "/orders", None, token) == (200, [])
    entry = control("GET", "/exchanges?service=igc-pfc")[1][-2]
    assert (entry["operation"], entry["reason"]) == ("orders", f"ordering: {code}")


REQUESTS = {
    "csr_key_small": ("-newkey", "rsa:1024", "-sha256"),
    "csr_key_type": ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-sha256"),
    "csr_hash_weak": ("-newkey", "rsa:2048", "-sha1"),
}


@pytest.mark.parametrize(("code", "options"), REQUESTS.items(), ids=list(REQUESTS))
def test_a_weak_request_is_refused(
    call: Call, token: str, request_for: Callable[..., str], code: str, options: tuple[str, ...]
) -> None:
    _refused(call("POST", "/orders", {**ORDER, "csr": request_for(code, *options)}, token), code)


def test_a_request_signed_by_another_key_is_refused(
    call: Call, token: str, request_for: Callable[..., str], openssl: Openssl
) -> None:
    der = bytearray(base64.b64decode("".join(request_for("good").splitlines()[1:-1])))
    der[-1] ^= 1
    text = f"-----BEGIN {_REQUEST}-----\n{base64.encodebytes(bytes(der)).decode()}-----END {_REQUEST}-----\n"
    assert "verify failure" in openssl("req", "-verify", "-noout", given=text.encode())
    _refused(call("POST", "/orders", {**ORDER, "csr": text}, token), "csr_signature")


def test_a_key_is_certified_once(
    call: Call, token: str, request_for: Callable[..., str], openssl: Openssl, descriptor: dict[str, Any]
) -> None:
    good = {**ORDER, "csr": request_for("good")}
    assert "verify OK" in openssl("req", "-verify", "-noout", given=good["csr"].encode())
    assert call("POST", "/orders", good, token)[0] == 201
    _refused(call("POST", "/orders", good, token), "csr_key_already_certified")
    roles = descriptor["certificates"]["org-auth"]["key"]
    again = openssl("req", "-new", "-key", roles, "-subj", "/CN=x", "-sha256")
    _refused(call("POST", "/orders", {**ORDER, "csr": again}, token), "csr_key_already_certified")


def test_from_the_request_to_a_certificate_that_openssl_accepts(
    call: Call,
    token: str,
    request_for: Callable[..., str],
    openssl: Openssl,
    descriptor: dict[str, Any],
    tmp_path: Path,
) -> None:
    order = {**ORDER, "service_applicatif": "INSI-AUTO", "purpose": "insi", "csr": request_for("insi")}
    status, asked = call("POST", "/orders", order, token)
    assert (status, asked["state"], asked["key_made_here"]) == (201, "available", False)
    status, product = call("POST", f"/orders/{asked['number']}/withdraw", WITHDRAWAL, token)
    assert (status, product["p12"]) == (200, None)
    path = tmp_path / "cert.pem"
    path.write_text(product["certificate"])
    end = x509.load_pem_x509_certificate(product["certificate"].encode()).not_valid_after_utc
    at = str(int(end.timestamp()) - DAY)
    arguments = ("-CAfile", descriptor["ca"], "-purpose", "sslclient", "-attime", at, path)
    assert ": OK" in openssl("verify", *arguments)
    subject = openssl("x509", "-in", path, "-noout", "-subject")
    # The name is the order's, not the request's.
    assert subject.strip() == (
        "subject=C = FR, ST = Haute-Corse (2B), O = PHARMACIE DU BAC A SABLE, OU = 10B0152872, CN = INSI-AUTO"
    )
    key = openssl("req", "-noout", "-pubkey", given=request_for("insi").encode())
    assert openssl("x509", "-in", path, "-noout", "-pubkey") == key
    shown = call("GET", f"/orders/{asked['number']}", None, token)[1]
    assert (shown["state"], shown["certificate"]) == ("withdrawn", product["certificate"])


def test_any_other_name_is_issued_too(call: Call, token: str) -> None:
    for name in ("DMP-OFFICINE", "insi-auto", "SAMU 75", "Proxy DMP"):
        status, asked = call("POST", "/orders", {**ORDER, "service_applicatif": name}, token)
        assert (status, asked["service_applicatif"]) == (201, name)


def test_a_key_made_by_the_platform_comes_in_a_bundle_named_like_the_real_ones(call: Call, token: str) -> None:
    number = call("POST", "/orders", {**ORDER, "usage": "SIGN"}, token)[1]["number"]
    path = f"/orders/{number}/withdraw"
    _refused(call("POST", path, WITHDRAWAL, token), "key_password_missing")
    _refused(call("POST", path, {**WITHDRAWAL, "key_password": "court"}, token), "key_password_missing")
    product = call("POST", path, {**WITHDRAWAL, "key_password": "un bon mot de passe"}, token)[1]
    assert product["file_name"].startswith("asip-p12-EL-TEST-ORG-SIGN-20270304-")
    key, certificate, chain = pkcs12.load_key_and_certificates(base64.b64decode(product["p12"]), b"un bon mot de passe")
    assert key is not None
    assert certificate is not None
    assert key.public_key() == certificate.public_key()
    assert len(chain) == 1


WITHDRAWALS: list[tuple[str, dict[str, Any]]] = [
    ("cgu_refused", {"accept_terms": False}),
    ("revocation_code_invalid", {"revocation_code": "court", "confirmation": "court"}),
    ("revocation_code_invalid", {"confirmation": "another one"}),
    ("key_password_unwanted", {"key_password": "un bon mot de passe"}),
    ("body_malformed", {"revocation_code": None}),
]


def test_a_withdrawal_that_cannot_be_is_refused_and_changes_nothing(
    call: Call, token: str, request_for: Callable[..., str]
) -> None:
    number = call("POST", "/orders", {**ORDER, "csr": request_for("withdrawn")}, token)[1]["number"]
    path = f"/orders/{number}/withdraw"
    for code, change in WITHDRAWALS:
        _refused(call("POST", path, {**WITHDRAWAL, **change}, token), code)
    assert call("POST", path, WITHDRAWAL, token)[0] == 200
    _refused(call("POST", path, WITHDRAWAL, token), "already_withdrawn")
    _refused(call("POST", "/orders/D0/withdraw", WITHDRAWAL, token), "order_unknown")


def _withdrawn(call: Call, token: str, **change: Any) -> dict[str, Any]:
    asked = call("POST", "/orders", {**ORDER, **change}, token)[1]
    how = WITHDRAWAL if "csr" in change else {**WITHDRAWAL, "key_password": "un bon mot de passe"}
    assert call("POST", f"/orders/{asked['number']}/withdraw", how, token)[0] == 200
    return dict(call("GET", f"/orders/{asked['number']}", None, token)[1])


def test_a_lost_password_begins_the_whole_order_again(call: Call, token: str, control: Control) -> None:
    order = _withdrawn(call, token)
    _refused(call("POST", f"/orders/{order['number']}/withdraw", WITHDRAWAL, token), "already_withdrawn")
    status, again = call("POST", f"/orders/{order['number']}/restart", {}, token)
    assert (status, again["state"]) == (201, "available")
    before = call("GET", f"/orders/{order['number']}", None, token)[1]
    assert (before["state"], before["replaced_by"]) == ("revoked", again["number"])
    revoked = {one["serial"]: one["reason"] for one in control("GET", "/igc")[1]["certificates"] if one["revoked_at"]}
    assert revoked[order["serial"]] == "superseded"
    _refused(call("POST", f"/orders/{order['number']}/restart", {}, token), "already_withdrawn")


def test_only_the_code_revokes_and_it_is_final(call: Call, token: str, control: Control, openssl: Openssl) -> None:
    number = call("POST", "/orders", ORDER, token)[1]["number"]
    order = {"revocation_code": CODE, "cause": "theft"}
    path = f"/orders/{number}/revoke"
    _refused(call("POST", path, order), "not_withdrawn")
    call("POST", f"/orders/{number}/withdraw", {**WITHDRAWAL, "key_password": "un bon mot de passe"}, token)
    _refused(call("POST", path, {**order, "revocation_code": "wrong code"}), "revocation_code_wrong")
    _refused(call("POST", path, {**order, "cause": "weather"}), "body_malformed")
    _refused(call("POST", "/orders/D0/revoke", order), "order_unknown")
    status, revoked = call("POST", path, order)
    assert (status, revoked["state"]) == (200, "revoked")
    _refused(call("POST", path, order), "already_revoked")
    found = {one["serial"]: one for one in control("GET", "/igc")[1]["certificates"]}
    assert found[revoked["serial"]]["reason"] == "key_compromise"


def _mails(call: Call, token: str, kind: str) -> list[tuple[str, str]]:
    return [(mail["to"], mail["at"][:10]) for mail in call("GET", "/mails", None, token)[1] if mail["kind"] == kind]


def test_the_end_is_announced_thirty_days_before_and_then_comes(call: Call, token: str, control: Control) -> None:
    order = _withdrawn(call, token)
    end = order["not_after"]
    control("POST", "/clock", {"now": end})
    control("POST", "/clock", {"advance_s": -31 * DAY})
    assert _mails(call, token, "expires_soon") == []
    control("POST", "/clock", {"advance_s": DAY + 60})
    assert [to for to, _ in _mails(call, token, "expires_soon")] == ["certificats@pharmacie.invalid"]
    assert call("GET", f"/orders/{order['number']}", None, token)[1]["state"] == "withdrawn"
    control("POST", "/clock", {"advance_s": 31 * DAY})
    assert call("GET", f"/orders/{order['number']}", None, token)[1]["state"] == "expired"
    how = {"revocation_code": CODE, "cause": "loss"}
    _refused(call("POST", f"/orders/{order['number']}/revoke", how), "already_expired")


def test_a_revoked_certificate_is_not_announced_to_expire(call: Call, token: str, control: Control) -> None:
    order = _withdrawn(call, token)
    call("POST", f"/orders/{order['number']}/revoke", {"revocation_code": CODE, "cause": "change"})
    control("POST", "/clock", {"now": order["not_after"]})
    assert _mails(call, token, "expires_soon") == []


def test_both_people_hear_of_a_form_and_the_actor_of_the_order(call: Call, token: str) -> None:
    _withdrawn(call, token, informed_mail="direction@pharmacie.invalid")
    both = {"certificats@pharmacie.invalid", "direction@pharmacie.invalid"}
    for kind in ("acknowledged", "validated", "available", "withdrawn"):
        assert {to for to, _ in _mails(call, token, kind)} == both


def test_an_order_may_take_time(start: Callable[[Path], Any], stop: Callable[..., int], tmp_path: Path) -> None:
    from segur_sandbox.running import RunningSandbox

    folder = tmp_path / "slow"
    folder.mkdir()
    (folder / "settings.json").write_text(json.dumps({"igc": {"order_s": 600, "validation_days": 0}}))
    process, descriptor = start(folder)
    try:
        sandbox = RunningSandbox(folder / "sandbox.json")
        address = urlsplit(descriptor["services"]["igc"]["ordering"])
        context = ssl.create_default_context(cafile=descriptor["ca"])

        def ask(method: str, path: str, body: Any, token: str = "") -> Answer:
            connection = http.client.HTTPSConnection("127.0.0.1", address.port, context=context, timeout=20)
            connection.request(method, path, json.dumps(body), {"authorization": f"Bearer {token}"})
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            return answer.status, json.loads(content)

        ask("POST", "/forms/F413", FORM)
        token = ask("POST", "/session", {"administrator": "admin"})[1]["token"]
        order = ask("POST", "/orders", ORDER, token)[1]
        assert order["state"] == "requested"
        how = {**WITHDRAWAL, "key_password": "un bon mot de passe"}
        _refused(ask("POST", f"/orders/{order['number']}/withdraw", how, token), "not_available")
        sandbox.set_clock(advance_s=601)
        assert ask("POST", f"/orders/{order['number']}/withdraw", how, token)[0] == 200
        assert stop(process) == 0
        # The same folder remembers orders; sessions end with the process.
        process, descriptor = start(folder)
        (kept,) = RunningSandbox(folder / "sandbox.json").igc_now()["ordering"]["orders"]
        assert (kept["number"], kept["serial"] is not None) == (order["number"], True)
        assert (folder / "igc" / "ordering.json").stat().st_mode & 0o777 == 0o600
        assert CODE not in (folder / "igc" / "ordering.json").read_text()
    finally:
        assert stop(process) == 0


def test_every_refusal_is_put_to_the_test() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    assert not [code for code in REFUSALS if f'"{code}"' not in text]


def test_what_took_effect_is_in_the_ledger(call: Call, token: str, control: Control) -> None:
    order = _withdrawn(call, token)
    kinds = [entry["kind"] for entry in control("GET", "/ledger?service=igc-pfc")[1]]
    assert kinds == ["F413", "order", "withdraw"]
    assert order["number"] in control("GET", "/ledger?service=igc-pfc")[1][-1]["id"]
