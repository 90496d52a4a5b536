"""The OCSP responder, asked by openssl and by curl, and judged by openssl."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

Control = Callable[..., tuple[int, Any]]
Download = Callable[..., tuple[int, bytes]]
Openssl = Callable[..., str]
AuthorityFile = Callable[[str], Path]
DAY = 86400


@pytest.fixture
def ask(
    igc: dict[str, Any], descriptor: dict[str, Any], openssl: Openssl, authority: AuthorityFile
) -> Callable[..., str]:
    """Ask about a role with `openssl ocsp`: everything it says."""

    def about(role: str, *options: str) -> str:
        return openssl(
            *("ocsp", "-issuer", authority("ACI-EL-ORG-TEST"), "-cert", descriptor["certificates"][role]["cert"]),
            *("-url", igc["ocsp"], "-CAfile", descriptor["ca"], "-timeout", "10", *options),
        )

    return about


@pytest.mark.parametrize("role", ["insi-auto", "org-auth", "org-sign", "expired"])
def test_a_certificate_that_was_not_revoked_is_good(ask: Callable[..., str], role: str) -> None:
    said = ask(role)
    assert "Response verify OK" in said
    assert "cert.pem: good" in said
    assert "WARNING" not in said


@pytest.mark.parametrize("digest", ["-sha1", "-sha256", "-sha384"])
def test_a_revoked_certificate_is_revoked_whatever_the_digest_of_the_question(
    igc: dict[str, Any],
    descriptor: dict[str, Any],
    openssl: Openssl,
    authority: AuthorityFile,
    digest: str,
) -> None:
    said = openssl(
        *("ocsp", digest, "-issuer", authority("ACI-EL-ORG-TEST")),
        *("-cert", descriptor["certificates"]["revoked"]["cert"], "-url", igc["ocsp"], "-CAfile", descriptor["ca"]),
    )
    assert "Response verify OK" in said
    assert "cert.pem: revoked" in said
    assert "Reason: keyCompromise" in said


def test_a_revocation_counts_at_once_with_its_reason(ask: Callable[..., str], control: Control) -> None:
    assert "good" in ask("org-auth")
    control("POST", "/igc/revoke", {"role": "org-auth", "reason": "cessation_of_operation"})
    said = ask("org-auth")
    assert "revoked" in said
    assert "Reason: cessationOfOperation" in said


def test_a_serial_number_that_was_never_given_is_unknown(
    igc: dict[str, Any], descriptor: dict[str, Any], openssl: Openssl, authority: AuthorityFile
) -> None:
    arguments = ("-issuer", authority("ACI-EL-ORG-TEST"), "-serial", "0x123456", "-url", igc["ocsp"])
    assert "0x123456: unknown" in openssl("ocsp", *arguments, "-CAfile", descriptor["ca"])


def test_a_namesake_of_the_authority_is_not_answered_for(
    igc: dict[str, Any], descriptor: dict[str, Any], openssl: Openssl, tmp_path: Path
) -> None:
    foreign = Path(descriptor["certificates"]["foreign-ca"]["cert"])
    issuer = tmp_path / "issuer.pem"
    issuer.write_bytes(
        x509.load_pem_x509_certificates(foreign.read_bytes())[1].public_bytes(serialization.Encoding.PEM)
    )
    said = openssl("ocsp", "-issuer", issuer, "-cert", foreign, "-url", igc["ocsp"], "-CAfile", descriptor["ca"])
    assert "Responder Error: unauthorized (6)" in said


def test_an_intermediate_authority_is_good_by_its_root(
    igc: dict[str, Any], descriptor: dict[str, Any], openssl: Openssl, authority: AuthorityFile
) -> None:
    arguments = ("-issuer", authority("ACR-EL-TEST"), "-cert", authority("ACI-EL-ORG-TEST"), "-url", igc["ocsp"])
    assert "ACI-EL-ORG-TEST.cert.pem: good" in openssl("ocsp", *arguments, "-CAfile", descriptor["ca"])


VARIANTS = {
    "ocsp_wrong_signature": "Response Verify Failure",
    "ocsp_unknown": "cert.pem: unknown",
    "ocsp_revoked": "cert.pem: revoked",
    "ocsp_late": "WARNING: Status times invalid",
    "ocsp_future": "WARNING: Status times invalid",
    "ocsp_try_later": "Responder Error: trylater (3)",
    "ocsp_internal_error": "Responder Error: internalerror (2)",
    "ocsp_unauthorized": "Responder Error: unauthorized (6)",
    "ocsp_malformed": "Responder Error: malformedrequest (1)",
    "ocsp_other_serial": "ERROR: No Status found",
    "ocsp_wrong_nonce": "Nonce Verify error",
    "ocsp_no_nonce": "WARNING: no nonce in response",
    "ocsp_by_authority": "Response verify OK",
    "ocsp_delegate_without_purpose": "Response Verify Failure",
    "ocsp_delegate_expired": "Response Verify Failure",
    "ocsp_delegate_foreign": "Response Verify Failure",
}


@pytest.mark.parametrize(("variant", "said"), VARIANTS.items(), ids=list(VARIANTS))
def test_each_wrong_answer_is_wrong_for_openssl_and_the_next_one_is_right(
    ask: Callable[..., str], control: Control, variant: str, said: str
) -> None:
    control("POST", "/faults", {"service": "igc", "fault": "wrong_answer", "variant": variant, "count": 1})
    assert said in ask("insi-auto")
    right = ask("insi-auto")
    assert "Response verify OK" in right
    assert "good" in right


def test_every_variant_is_put_to_the_test() -> None:
    from segur_sandbox.igc.variants import OPERATIONS

    assert {name for name, operation in OPERATIONS.items() if operation == "ocsp"} == set(VARIANTS)


def test_the_responder_can_be_late_without_end(
    ask: Callable[..., str], control: Control, igc: dict[str, Any], download: Download
) -> None:
    control("POST", "/faults", {"service": "igc", "fault": "delay", "seconds": 30, "operation": "ocsp"})
    assert "good" not in ask("insi-auto", "-timeout", "1")
    assert download(igc["crl"]["ACI-EL-ORG-TEST"])[0] == 200


def test_answers_follow_the_sandboxs_clock(
    control: Control, igc: dict[str, Any], descriptor: dict[str, Any], authority: AuthorityFile, download: Download
) -> None:
    control("POST", "/clock", {"now": "2027-03-01T08:00:00Z"})
    answer = ocsp.load_der_ocsp_response(_post(igc, download, _question(descriptor, authority)))
    (one,) = answer.responses
    assert f"{one.this_update_utc:%Y-%m-%dT%H}" == "2027-03-01T08"
    (delegate,) = answer.certificates
    assert delegate.not_valid_before_utc < one.this_update_utc < delegate.not_valid_after_utc


def _question(descriptor: dict[str, Any], authority: AuthorityFile, nonce: bytes | None = None) -> bytes:
    certificate, _ = x509.load_pem_x509_certificates(Path(descriptor["certificates"]["insi-auto"]["cert"]).read_bytes())
    issuer = x509.load_pem_x509_certificate(authority("ACI-EL-ORG-TEST").read_bytes())
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA256())
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(serialization.Encoding.DER)


def _post(igc: dict[str, Any], download: Download, body: bytes, media: str = "application/ocsp-request") -> bytes:
    options = ("-H", f"Content-Type: {media}", "--data-binary", "@-")
    status, answer = download(igc["ocsp"], *options, given=body)
    assert status == 200
    return answer


def _status(answer: bytes) -> str:
    return ocsp.load_der_ocsp_response(answer).response_status.name


def test_a_question_in_the_address_is_answered_like_one_in_the_body(
    igc: dict[str, Any], descriptor: dict[str, Any], authority: AuthorityFile, download: Download
) -> None:
    question = base64.b64encode(_question(descriptor, authority)).decode("ascii")
    for text in (question, quote(question, safe="")):
        status, answer = download(f"{igc['ocsp']}/{text}")
        assert status == 200
        response = ocsp.load_der_ocsp_response(answer)
        assert response.certificate_status is ocsp.OCSPCertStatus.GOOD


@pytest.mark.parametrize(("size", "status"), [(1, "SUCCESSFUL"), (128, "SUCCESSFUL"), (129, "MALFORMED_REQUEST")])
def test_a_nonce_has_at_most_128_bytes_and_comes_back(
    igc: dict[str, Any],
    descriptor: dict[str, Any],
    authority: AuthorityFile,
    download: Download,
    size: int,
    status: str,
) -> None:
    answer = _post(igc, download, _question(descriptor, authority, b"n" * size))
    assert _status(answer) == status
    if status == "SUCCESSFUL":
        extension = ocsp.load_der_ocsp_response(answer).extensions.get_extension_for_class(x509.OCSPNonce)
        assert extension.value.nonce == b"n" * size


NO_QUESTIONS = {"empty": b"", "text": b"bonjour", "cut": b"\x30\x20\x30", "other-der": b"\x30\x03\x02\x01\x05"}


@pytest.mark.parametrize("body", NO_QUESTIONS.values(), ids=list(NO_QUESTIONS))
def test_what_is_no_question_is_malformed_and_journalled(
    igc: dict[str, Any], download: Download, control: Control, body: bytes
) -> None:
    assert _status(_post(igc, download, body)) == "MALFORMED_REQUEST"
    (entry,) = control("GET", "/exchanges?service=igc")[1]
    assert (entry["unexpected"], entry["operation"]) == (True, "ocsp")
    assert entry["reason"].startswith("ocsp: ")


def test_several_certificates_in_one_question_are_refused(
    igc: dict[str, Any], descriptor: dict[str, Any], openssl: Openssl, authority: AuthorityFile
) -> None:
    certificates = [descriptor["certificates"][role]["cert"] for role in ("insi-auto", "insi-manu")]
    arguments = [item for one in certificates for item in ("-cert", one)]
    said = openssl("ocsp", "-issuer", authority("ACI-EL-ORG-TEST"), *arguments, "-url", igc["ocsp"])
    assert "malformedrequest" in said


def test_a_question_of_another_media_type_is_refused(
    igc: dict[str, Any], descriptor: dict[str, Any], authority: AuthorityFile, download: Download
) -> None:
    options = ("-H", "Content-Type: text/plain", "--data-binary", "@-")
    assert download(igc["ocsp"], *options, given=_question(descriptor, authority))[0] == 415


def test_an_address_that_is_not_base64_is_malformed(igc: dict[str, Any], download: Download) -> None:
    status, answer = download(f"{igc['ocsp']}/***")
    assert (status, _status(answer)) == (200, "MALFORMED_REQUEST")
