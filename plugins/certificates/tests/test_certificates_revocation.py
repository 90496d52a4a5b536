"""Revocation lists and OCSP: what is believed, how long, and what follows when nothing is known."""

import subprocess
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from plugins.certificates.tests.made_pki import DAY, NOW, Made, Pki, make, make_authority, make_leaf, name
from segur_plugin_certificates.crl import CLOCK_LEEWAY, RevocationList, keep, read_list
from segur_plugin_certificates.ocsp import MAX_AGE, Question, ask, read_answer
from segur_plugin_certificates.revocation import (
    NOTHING_KNOWN,
    Answer,
    Mode,
    Standing,
    refuse_revoked,
    strongest,
)
from segur_sdk.errors import InputError

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
INDEX = "R\t291122090000Z\t261121090000Z,keyCompromise\t{}\tunknown\t/CN=x\n"
CONFIGURATION = "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=3650\n"
NOT_ANSWERS = {"empty": b"", "cut": b"\x30", "page": b"<html>", "huge": b"\x30\x82" + b"\0" * 70_000}
OpenSsl = Callable[..., subprocess.CompletedProcess[str]]


def make_list(
    issuer: Made,
    revoked: tuple[int, ...] = (),
    *,
    signer: Made | None = None,
    begin: datetime = NOW - HOUR,
    end: datetime = NOW + DAY,
    number: int | None = 1,
    extras: tuple[tuple[x509.ExtensionType, bool], ...] = (),
) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    builder = builder.last_update(begin).next_update(end)
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    for extension, critical in extras:
        builder = builder.add_extension(extension, critical=critical)
    for serial in revoked:
        entry = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(NOW - DAY)
        entry = entry.add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign((signer or issuer).key, hashes.SHA256()).public_bytes(Encoding.DER)


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(InputError) as refusal:
        action()
    return refusal.value.code.removeprefix("certificates.")


@pytest.fixture(scope="module")
def leaf(pki: Pki) -> Made:
    return make_leaf(pki.organisations)


@pytest.mark.req("CERT-08")
def test_list_tells_revoked_and_good(pki: Pki, leaf: Made) -> None:
    other = make_leaf(pki.organisations, "SIGN")
    found = read_list(make_list(pki.organisations, (leaf.certificate.serial_number,)), pki.organisations.certificate)
    revoked = found.ask(leaf.certificate, NOW)
    assert (revoked.standing, revoked.reason, revoked.revoked_at) == (Standing.REVOKED, "keyCompromise", NOW - DAY)
    assert found.ask(other.certificate, NOW) == Answer(Standing.GOOD, "crl", NOW - HOUR, NOW + DAY)


@pytest.mark.req("CERT-08", "SC.MSS/CONF.22")
@pytest.mark.parametrize(
    ("at", "known"),
    [(NOW + DAY, True), (NOW + DAY + SECOND, False), (NOW - HOUR - CLOCK_LEEWAY, True),
     (NOW - HOUR - CLOCK_LEEWAY - SECOND, False)],
    ids=["at its end", "after its end", "within the leeway", "before it"],
)  # fmt: skip
def test_list_is_believed_until_its_end_and_never_after(pki: Pki, leaf: Made, at: datetime, known: bool) -> None:
    found = read_list(make_list(pki.organisations), pki.organisations.certificate)
    assert (found.ask(leaf.certificate, at) is not NOTHING_KNOWN) is known
    assert found.fresh(at) is known


@pytest.mark.req("CERT-08", "SC.MSS/CONF.22")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"number": 6}, None),
        ({"number": 5}, None),
        ({"number": 4}, "crl_older"),
        ({"number": None, "begin": NOW - 2 * HOUR}, "crl_older"),
        ({"number": None}, None),
        ({"number": 9, "begin": NOW - 3 * DAY, "end": NOW - SECOND}, "crl_ended"),
        ({"number": 9, "begin": NOW + HOUR}, "crl_not_yet"),
    ],
    ids=["newer", "same", "older", "earlier, no number", "no number", "ended", "future"],
)
def test_last_valid_list_is_kept(pki: Pki, changes: dict[str, Any], code: str | None) -> None:
    issuer = pki.organisations.certificate
    kept = read_list(make_list(pki.organisations, number=5), issuer)
    arrived = read_list(make_list(pki.organisations, **changes), issuer)
    if code is None:
        assert keep(kept, arrived, NOW) is arrived
    else:
        assert code_of(lambda: keep(kept, arrived, NOW)) == code
    assert kept.fresh(NOW)


def test_first_list_is_kept(pki: Pki) -> None:
    arrived = read_list(make_list(pki.organisations), pki.organisations.certificate)
    assert keep(None, arrived, NOW) is arrived


def test_list_of_another_authority_says_nothing_of_a_certificate(pki: Pki, leaf: Made) -> None:
    found = read_list(make_list(pki.root, (leaf.certificate.serial_number,)), pki.root.certificate)
    assert found.ask(leaf.certificate, NOW) is NOTHING_KNOWN


@pytest.mark.parametrize(
    ("only", "leaf_known", "authority_known"),
    [("only_contains_user_certs", True, False), ("only_contains_ca_certs", False, True)],
)
def test_list_of_one_kind_says_nothing_of_the_others(
    pki: Pki, leaf: Made, only: str, leaf_known: bool, authority_known: bool
) -> None:
    flags = dict.fromkeys(("only_contains_user_certs", "only_contains_ca_certs", "indirect_crl",
                           "only_contains_attribute_certs"), False)  # fmt: skip
    point = x509.IssuingDistributionPoint(
        [x509.UniformResourceIdentifier("http://127.0.0.1/x")], None, only_some_reasons=None, **(flags | {only: True})
    )
    found = read_list(make_list(pki.organisations, extras=((point, True),)), pki.organisations.certificate)
    below = make_authority("AC du dessous", pki.organisations, unit="x")
    assert (found.ask(leaf.certificate, NOW) is not NOTHING_KNOWN) is leaf_known
    assert (found.ask(below.certificate, NOW) is not NOTHING_KNOWN) is authority_known


def indirect() -> tuple[x509.ExtensionType, bool]:
    return (
        x509.IssuingDistributionPoint(
            [x509.UniformResourceIdentifier("http://127.0.0.1/x")], None, only_contains_user_certs=False,
            only_contains_ca_certs=False, only_some_reasons=None,
            indirect_crl=True, only_contains_attribute_certs=False,
        ),
        True,
    )  # fmt: skip


@pytest.mark.req("CERT-08")
@pytest.mark.parametrize(
    ("make_bytes", "code"),
    [
        (lambda pki: make_list(pki.organisations, signer=pki.persons), "crl_signature"),
        (lambda pki: make_list(pki.persons), "crl_issuer"),
        (lambda pki: make_list(pki.organisations, extras=((x509.DeltaCRLIndicator(3), True),)), "crl_unsupported"),
        (lambda pki: make_list(pki.organisations, extras=(indirect(),)), "crl_unsupported"),
        (lambda pki: make_list(pki.organisations)[:-40], "crl_truncated"),
        (lambda _: b"", "crl_truncated"),
        (lambda _: b"<html>404</html>", "crl_unreadable"),
        (lambda pki: pki.organisations.der, "crl_unreadable"),
        (lambda _: b"\x30" * 33_554_433, "too_large"),
    ],
    ids=["wrong key", "other issuer", "delta", "indirect", "cut", "empty", "page", "certificate", "huge"],
)
def test_bad_list_is_refused(pki: Pki, make_bytes: Callable[[Pki], bytes], code: str) -> None:
    assert code_of(lambda: read_list(make_bytes(pki), pki.organisations.certificate)) == code


def test_authority_that_may_not_sign_lists_is_not_believed(pki: Pki) -> None:
    silent = make_authority("TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS", pki.root, usage=("key_cert_sign",))
    assert code_of(lambda: read_list(make_list(silent), silent.certificate)) == "crl_issuer_usage"


def test_list_made_by_openssl_is_read_and_ours_is_verified_by_it(
    pki: Pki, leaf: Made, openssl: OpenSsl, tmp_path: Path
) -> None:
    write_authority(pki, tmp_path)
    (tmp_path / "index.txt").write_text(
        f"R\t291122090000Z\t261121090000Z,keyCompromise\t{hex_serial(leaf)}\tunknown\t/CN=x\n"
    )
    (tmp_path / "ca.cnf").write_text(
        "[ca]\ndefault_ca=x\n[x]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=3650\n"
    )
    made = openssl("ca", "-config", "ca.cnf", "-gencrl", "-cert", "ca.pem", "-keyfile", "ca.key", "-out", "l.crl")
    assert made.returncode == 0, made.stderr
    found = read_list((tmp_path / "l.crl").read_bytes(), pki.organisations.certificate)
    assert found.ask(leaf.certificate, found.this_update).standing is Standing.REVOKED
    (tmp_path / "ours.crl").write_bytes(make_list(pki.organisations))
    verified = openssl("crl", "-inform", "DER", "-in", "ours.crl", "-CAfile", "ca.pem", "-noout")
    assert "verify OK" in verified.stderr


@pytest.mark.parametrize(
    ("answer", "mode", "outcome"),
    [
        (Answer(Standing.GOOD, "crl"), Mode.HARD, False),
        (Answer(Standing.UNKNOWN, "ocsp"), Mode.SOFT, True),
        (Answer(Standing.UNKNOWN, "none"), Mode.HARD, "revocation_unknown"),
        (Answer(Standing.REVOKED, "crl"), Mode.SOFT, "revoked"),
        (Answer(Standing.REVOKED, "crl"), Mode.HARD, "revoked"),
    ],
    ids=str,
)
def test_mode_decides_only_when_nothing_is_known(answer: Answer, mode: Mode, outcome: bool | str) -> None:
    if isinstance(outcome, bool):
        assert refuse_revoked(answer, mode) is outcome
    else:
        assert code_of(lambda: refuse_revoked(answer, mode)) == outcome


def test_revocation_wins_over_what_is_said_later() -> None:
    revoked = Answer(Standing.REVOKED, "crl", NOW - DAY)
    good = Answer(Standing.GOOD, "ocsp", NOW)
    assert strongest((good, revoked)) is revoked
    assert strongest((Answer(Standing.GOOD, "crl", NOW - DAY), good, NOTHING_KNOWN)) is good
    assert strongest(()) is NOTHING_KNOWN


def hex_serial(made: Made) -> str:
    text = f"{made.certificate.serial_number:X}"
    return text if len(text) % 2 == 0 else "0" + text


def write_authority(pki: Pki, folder: Path) -> None:
    (folder / "ca.pem").write_bytes(pki.organisations.pem)
    private = pki.organisations.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "ca.key").write_bytes(private)


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
    write_authority(pki, tmp_path)
    question = ask(leaf.certificate, pki.organisations.certificate)
    (tmp_path / "question.der").write_bytes(question.request)
    (tmp_path / "index.txt").write_text(
        f"R\t291122090000Z\t261121090000Z,keyCompromise\t{hex_serial(leaf)}\tunknown\t/CN=x\n"
    )
    made = openssl(
        *[
            "ocsp",
            "-index",
            "index.txt",
            "-CA",
            "ca.pem",
            "-rsigner",
            "ca.pem",
            "-rkey",
            "ca.key",
            "-reqin",
            "question.der",
            "-respout",
            "answer.der",
            "-ndays",
            "3650",
        ]
    )
    assert made.returncode == 0, made.stderr
    data = (tmp_path / "answer.der").read_bytes()
    said_at = ocsp.load_der_ocsp_response(data).this_update_utc
    answer = read_answer(data, question, said_at, nonce_needed=True)
    assert (answer.standing, answer.reason) == (Standing.REVOKED, "keyCompromise")


def test_openssl_reads_our_request(leaf: Made, question: Question, openssl: OpenSsl, tmp_path: Path) -> None:
    (tmp_path / "question.der").write_bytes(question.request)
    shown = openssl("ocsp", "-reqin", "question.der", "-req_text", "-noverify")
    assert hex_serial(leaf) in shown.stdout
    assert "OCSP Nonce" in shown.stdout


def test_asking_a_kept_list_does_not_walk_it(pki: Pki, leaf: Made) -> None:
    found = read_list(make_list(pki.organisations, tuple(range(1, 2000))), pki.organisations.certificate)
    assert isinstance(found, RevocationList)
    assert len(found.revoked) == 1999
    assert found.ask(leaf.certificate, NOW).standing is Standing.GOOD
