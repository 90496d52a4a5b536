"""Whatever bytes come to the authority, they are read or refused with a status or a code, never with a crash."""

import base64
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from segur_sandbox.clock import SandboxClock
from segur_sandbox.igc.crl import Lists
from segur_sandbox.igc.http import operation_of
from segur_sandbox.igc.ocsp import Responder
from segur_sandbox.igc.ocsp_request import OcspRefusedError, Question, read_path, read_question
from segur_sandbox.igc.ordering.csr import read_csr
from segur_sandbox.igc.ordering.forms import Habilitation, NewOrder, Withdrawal, read_form
from segur_sandbox.igc.ordering.http import operation_of as platform_operation
from segur_sandbox.igc.ordering.refusals import REFUSALS, PlatformRefusedError
from segur_sandbox.igc.ordering.state import after_working_days
from segur_sandbox.pki.chain_file import chain_file
from segur_sandbox.pki.der import SEQUENCE, encoded, inside, parts
from segur_sandbox.pki.register import Register, UnknownSerialError
from segur_sandbox.pki.store import PkiFiles, open_pki

_REQUEST = "CERTIFICATE REQUEST"
QUICK = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> PkiFiles:
    return open_pki(tmp_path_factory.mktemp("fuzz") / "pki")


@pytest.fixture(scope="module")
def question(pki: PkiFiles) -> bytes:
    certificate = x509.load_pem_x509_certificate(pki.role("org-auth").cert.read_bytes())
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, pki.organisations().certificate, hashes.SHA256())
    nonced = builder.add_extension(x509.OCSPNonce(b"0123456789abcdef"), critical=False)
    return nonced.build().public_bytes(serialization.Encoding.DER)


def _answered(pki: PkiFiles, der: bytes) -> str:
    try:
        answer = Responder(pki, SandboxClock()).answer(read_question(der))
    except OcspRefusedError as error:
        return error.status.name
    return ocsp.load_der_ocsp_response(answer).response_status.name


@given(st.binary(max_size=400))
@example(b"")
@QUICK
def test_any_bytes_are_a_question_or_refused(pki: PkiFiles, der: bytes) -> None:
    assert _answered(pki, der) in {"SUCCESSFUL", "MALFORMED_REQUEST", "UNAUTHORIZED"}


@given(place=st.integers(0, 10_000), value=st.integers(1, 255))
@example(place=97, value=128)
@QUICK
def test_a_question_with_one_byte_changed_is_answered_or_refused(
    pki: PkiFiles, question: bytes, place: int, value: int
) -> None:
    assert _answered(pki, question) == "SUCCESSFUL"
    changed = bytearray(question)
    changed[place % len(question)] ^= value
    assert _answered(pki, bytes(changed)) in {"SUCCESSFUL", "MALFORMED_REQUEST", "UNAUTHORIZED"}


@given(size=st.integers(0, 10_000))
@QUICK
def test_a_question_cut_anywhere_is_malformed(pki: PkiFiles, question: bytes, size: int) -> None:
    assert _answered(pki, question[: size % len(question)]) == "MALFORMED_REQUEST"


@given(st.binary(max_size=200))
@QUICK
def test_a_question_in_an_address_is_its_base64(body: bytes) -> None:
    assert read_path(base64.b64encode(body).decode("ascii")) == body


@given(st.text(max_size=60))
@QUICK
def test_any_end_of_an_address_is_read_or_refused(text: str) -> None:
    found = None
    with contextlib.suppress(OcspRefusedError):
        found = read_path(text)
    assert found is None or base64.b64encode(found).decode("ascii") == text


@given(serial=st.integers(1, 2**159), size=st.sampled_from((20, 32)))
@QUICK
def test_a_question_of_any_authority_gets_a_state_or_unauthorized(pki: PkiFiles, serial: int, size: int) -> None:
    strange = Question(hashes.SHA256(), b"n" * size, b"k" * size, serial, None)
    with pytest.raises(OcspRefusedError) as refused:
        Responder(pki, SandboxClock()).answer(strange)
    assert refused.value.status is ocsp.OCSPResponseStatus.UNAUTHORIZED


_ARMOURED = st.binary(max_size=200).map(
    lambda one: f"-----BEGIN {_REQUEST}-----\n{base64.b64encode(one).decode()}\n-----END {_REQUEST}-----\n"
)


@given(st.one_of(st.text(max_size=300), _ARMOURED))
@QUICK
def test_any_text_as_a_request_is_refused_with_a_code(text: str) -> None:
    with pytest.raises(PlatformRefusedError) as refused:
        read_csr(text, lambda _: False)
    assert refused.value.code in REFUSALS


@given(st.binary(max_size=300))
@QUICK
def test_any_bytes_as_a_form_are_refused_with_a_code(body: bytes) -> None:
    for model in (Habilitation, NewOrder, Withdrawal):
        with pytest.raises(PlatformRefusedError) as refused:
            read_form(body, model)
        assert refused.value.code == "body_malformed"


@given(st.integers(0, 2**31).map(lambda one: datetime.fromtimestamp(one, UTC)), st.integers(1, 20))
@QUICK
def test_working_days_end_on_a_working_day_and_never_early(begin: datetime, days: int) -> None:
    end = after_working_days(begin, days)
    assert end.weekday() < 5
    assert (end - begin).days >= days
    assert end.time() == begin.time()


@given(st.lists(st.binary(max_size=300), max_size=5))
@QUICK
def test_what_is_encoded_is_split_again(contents: list[bytes]) -> None:
    values = [encoded(0x04, one) for one in contents]
    whole = encoded(SEQUENCE, *values)
    assert parts(inside(whole)) == values


def _authorities(pki: PkiFiles) -> Iterator[x509.Certificate]:
    yield from x509.load_pem_x509_certificates(pki.ca.read_bytes())


def test_a_chain_file_of_any_order_is_the_same_and_ends_its_lines(pki: PkiFiles) -> None:
    certificates = list(_authorities(pki))
    assert chain_file(certificates) == chain_file(reversed(certificates))
    assert chain_file(certificates).endswith(b"-----END PKCS7-----\n")


def test_a_revocation_outlives_the_process_and_a_reset_ends_it(pki: PkiFiles) -> None:
    serial = x509.load_pem_x509_certificate(pki.role("org-auth").cert.read_bytes()).serial_number
    told: list[int] = []
    pki.register.on_change(lambda: told.append(1))
    at = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    pki.register.revoke(serial, at, "superseded")
    again = Register(pki.folder)
    kept = again.revocation(serial)
    assert kept is not None
    assert (kept.at, kept.reason) == (at, "superseded")
    assert [one.serial for one in again.revoked_by(pki.organisations().certificate)].count(serial) == 1
    for _ in range(2):
        pki.register.forget()
    assert Register(pki.folder).revocation(serial) is None
    assert told == [1, 1]
    first = x509.load_pem_x509_certificate(pki.role("revoked").cert.read_bytes()).serial_number
    assert Register(pki.folder).revocation(first) is not None


def test_the_namesake_is_not_in_the_register_of_the_authority(pki: PkiFiles) -> None:
    foreign = x509.load_pem_x509_certificate(pki.role("foreign-ca").cert.read_bytes())
    assert pki.register.find(foreign.serial_number, pki.organisations().certificate) is None
    with pytest.raises(UnknownSerialError):
        pki.register.certificate(1)


def test_a_list_names_only_what_its_authority_issued(pki: PkiFiles, tmp_path: Path) -> None:
    lists = Lists(pki, SandboxClock())
    revoked = x509.load_pem_x509_certificate(pki.role("revoked").cert.read_bytes()).serial_number
    assert [one.serial_number for one in lists.current("ACI-EL-ORG-TEST")] == [revoked]
    assert list(lists.current("ACR-EL-TEST")) == []


@given(st.text(max_size=40), st.sampled_from(("", "/CRL/", "/AC TEST/", "/ocsp/", "/orders/", "/forms/")))
@QUICK
def test_any_address_has_an_operation_or_none(end: str, begin: str) -> None:
    published, platform = operation_of({":path": begin + end}, b""), platform_operation({":path": begin + end}, b"")
    assert published is None or published.partition(":")[0] in {"crl", "certificate", "chain", "ocsp"}
    assert platform is None or platform.isalnum()


OPERATIONS = {
    "/CRL/ACI-EL-ORG-TEST.crl": "crl:ACI-EL-ORG-TEST",
    "/AC TEST/ACR-EL-TEST.cer": "certificate:ACR-EL-TEST",
    "/AC TEST/Chaine_de_certification-IGC-Sante-TEST.p7b": "chain",
    "/ocsp": "ocsp",
    "/ocsp/MEUw/Q==": "ocsp",
    "/ocspx": None,
    "/": None,
}


@pytest.mark.parametrize(("path", "operation"), OPERATIONS.items(), ids=list(OPERATIONS))
def test_what_is_published_is_named_for_faults(path: str, operation: str | None) -> None:
    assert operation_of({":path": path}, b"") == operation
