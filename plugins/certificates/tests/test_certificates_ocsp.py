"""Answers of a responder (OCSP): what is believed, and how long."""

import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from plugins.certificates.tests.made_pki import DAY, NOW, Made, Pki, make, make_leaf, name
from plugins.certificates.tests.openssl_authority import hex_serial, write_authority
from plugins.certificates.tests.refusals import code_of
from segur_plugin_certificates.ocsp import MAX_AGE, Question, ask, read_answer
from segur_plugin_certificates.revocation import (
    Standing,
)
from segur_sdk.errors import InputError

HOUR = timedelta(hours=1)


SECOND = timedelta(seconds=1)


OpenSsl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def leaf(pki: Pki) -> Made:
    return make_leaf(pki.organisations)


def responder(pki: Pki, **changes: Any) -> Made:
    settings: dict[str, Any] = {"key_name": "responder", "extended": (ExtendedKeyUsageOID.OCSP_SIGNING,)}
    issuer = changes.pop("issuer", pki.organisations)
    return make(name((x509.NameOID.COMMON_NAME, "répondeur")), issuer, **(settings | changes))


def respond(
    pki: Pki,
    question: Question,
    *,
    signer: Made | None = None,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    begin: datetime = NOW - HOUR,
    end: datetime | None = NOW + HOUR,
    certificate: x509.Certificate | None = None,
    issuer: Made | None = None,
    nonce: bytes | None = None,
    by_name: bool = True,
) -> bytes:
    revoked = status is ocsp.OCSPCertStatus.REVOKED
    signer = signer or pki.organisations
    builder = ocsp.OCSPResponseBuilder().add_response(
        cert=certificate or question.certificate,
        issuer=(issuer or pki.organisations).certificate,
        algorithm=hashes.SHA1(),
        cert_status=status,
        this_update=begin,
        next_update=end,
        revocation_time=NOW - DAY if revoked else None,
        revocation_reason=x509.ReasonFlags.key_compromise if revoked else None,
    )
    encoding = ocsp.OCSPResponderEncoding.NAME if by_name else ocsp.OCSPResponderEncoding.HASH
    builder = builder.responder_id(encoding, signer.certificate)
    if signer is not pki.organisations:
        builder = builder.certificates([signer.certificate])
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.sign(signer.key, hashes.SHA256()).public_bytes(Encoding.DER)


@pytest.fixture(scope="module")
def question(pki: Pki, leaf: Made) -> Question:
    return ask(leaf.certificate, pki.organisations.certificate)


@pytest.mark.req("CERT-08")
@pytest.mark.parametrize("delegated", [False, True], ids=["issuer", "delegated"])
@pytest.mark.parametrize("by_name", [False, True], ids=["by key", "by name"])
@pytest.mark.parametrize("standing", list(Standing))
def test_responder_tells_good_revoked_and_unknown(
    pki: Pki, question: Question, standing: Standing, delegated: bool, by_name: bool
) -> None:
    signer = responder(pki) if delegated else None
    status = ocsp.OCSPCertStatus[standing.name]
    answer = read_answer(
        respond(pki, question, signer=signer, status=status, by_name=by_name, nonce=question.nonce), question, NOW
    )
    assert (answer.standing, answer.source, answer.until) == (standing, "ocsp", NOW + HOUR)
    assert answer.reason == ("keyCompromise" if standing is Standing.REVOKED else None)


@pytest.mark.req("CERT-08")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"signer": "self-made"}, "ocsp_responder"),
        ({"signer": "without purpose"}, "ocsp_responder"),
        ({"signer": "ended"}, "ocsp_responder"),
        ({"nonce": b"x" * 16}, "ocsp_nonce"),
        ({"end": NOW - SECOND}, "ocsp_ended"),
        ({"begin": NOW - MAX_AGE - SECOND, "end": None}, "ocsp_ended"),
        ({"begin": NOW + HOUR, "end": NOW + 2 * HOUR}, "ocsp_not_yet"),
        ({"certificate": "other"}, "ocsp_other"),
        ({"issuer": "persons"}, "ocsp_other"),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value)),
)
def test_bad_answer_is_refused(pki: Pki, question: Question, changes: dict[str, Any], code: str) -> None:
    signers = {
        "self-made": lambda: responder(pki, issuer=None),
        "without purpose": lambda: responder(pki, extended=(ExtendedKeyUsageOID.CLIENT_AUTH,)),
        "ended": lambda: responder(pki, begin=NOW - 2 * DAY, end=NOW - DAY),
    }
    settings = dict(changes)
    if "signer" in settings:
        settings["signer"] = signers[settings["signer"]]()
    if "certificate" in settings:
        settings["certificate"] = make_leaf(pki.organisations, "SIGN").certificate
    if "issuer" in settings:
        settings["issuer"] = pki.persons
    assert code_of(lambda: read_answer(respond(pki, question, **settings), question, NOW)) == code


@pytest.mark.req("CERT-08")
def test_answer_with_a_wrong_signature_is_refused(pki: Pki, question: Question) -> None:
    data = bytearray(respond(pki, question))
    data[-1] ^= 1
    assert code_of(lambda: read_answer(bytes(data), question, NOW)) == "ocsp_signature"


def test_answer_without_nonce_is_refused_only_when_one_is_needed(pki: Pki, question: Question) -> None:
    data = respond(pki, question)
    assert read_answer(data, question, NOW).standing is Standing.GOOD
    assert code_of(lambda: read_answer(data, question, NOW, nonce_needed=True)) == "ocsp_nonce"


@pytest.mark.parametrize(
    ("status", "told"),
    [(ocsp.OCSPResponseStatus.TRY_LATER, "try_later"), (ocsp.OCSPResponseStatus.UNAUTHORIZED, "unauthorized"),
     (ocsp.OCSPResponseStatus.INTERNAL_ERROR, "internal_error")],
)  # fmt: skip
def test_refusal_of_the_responder_is_told(question: Question, status: ocsp.OCSPResponseStatus, told: str) -> None:
    data = ocsp.OCSPResponseBuilder.build_unsuccessful(status).public_bytes(Encoding.DER)
    with pytest.raises(InputError) as refusal:
        read_answer(data, question, NOW)
    assert (refusal.value.code, refusal.value.facts["status"]) == ("certificates.ocsp_refused", told)


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"<html>", b"\x30\x82" + b"\0" * 70_000], ids=["empty", "cut", "page", "huge"]
)
def test_what_is_no_answer_is_refused(question: Question, data: bytes) -> None:
    assert code_of(lambda: read_answer(data, question, NOW)) in {"ocsp_unreadable", "too_large"}


def test_openssl_answers_our_request_and_we_read_it(pki: Pki, leaf: Made, openssl: OpenSsl, tmp_path: Path) -> None:
    write_authority(pki, tmp_path, leaf)
    question = ask(leaf.certificate, pki.organisations.certificate)
    (tmp_path / "question.der").write_bytes(question.request)

    def answered(name: str, *more: str) -> bytes:
        by = ("-index", "index.txt", "-CA", "ca.pem", "-rsigner", "ca.pem", "-rkey", "ca.key", "-ndays", "3650")
        made = openssl("ocsp", *by, "-reqin", "question.der", "-respout", name, *more)
        assert made.returncode == 0, made.stderr
        return (tmp_path / name).read_bytes()

    data = answered("answer.der")
    said_at = ocsp.load_der_ocsp_response(data).this_update_utc
    weak = answered("weak.der", "-rmd", "sha1")
    assert code_of(lambda: read_answer(weak, question, said_at + HOUR)) == "ocsp_signature"
    answer = read_answer(data, question, said_at, nonce_needed=True)
    assert (answer.standing, answer.reason) == (Standing.REVOKED, "keyCompromise")


def test_openssl_reads_our_request(leaf: Made, question: Question, openssl: OpenSsl, tmp_path: Path) -> None:
    (tmp_path / "question.der").write_bytes(question.request)
    shown = openssl("ocsp", "-reqin", "question.der", "-req_text", "-noverify")
    assert hex_serial(leaf) in shown.stdout
    assert "OCSP Nonce" in shown.stdout
