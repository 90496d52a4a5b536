"""One suite for both drivers and both generations of cards: the same data, the same signatures, the same errors."""

import hashlib
import logging
import os
import subprocess
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding

from segur_plugin_pkcs11.rsa_blocks import digest_info, padded
from segur_sdk.drivers import PinState, SignatureScheme
from segur_sdk.errors import CardError

PIN = "1234"
WRONG = "7391"
MESSAGE = b"ce qui est sign\xc3\xa9"
DIGEST = hashlib.sha256(MESSAGE).digest()
MALFORMED = {
    "empty": "",
    "short": "123",
    "long": "1234567890123",
    "letters": "12a4",
    "space": "1234 ",
    "newline": "1234\n",
    "sign": "+123",
    "other-digits": "١٢٣٤",
    "superscript": "¹²³⁴",
    "nul": "123\0",
}


def what_is_signed(scheme: SignatureScheme) -> bytes:
    return padded(digest_info(DIGEST), 256) if scheme is SignatureScheme.RAW else DIGEST


def openssl_accepts(certificate: bytes, scheme: SignatureScheme, signature: bytes, folder: Path) -> bool:
    public = x509.load_der_x509_certificate(certificate).public_key()
    (folder / "key.pem").write_bytes(
        public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    (folder / "signature").write_bytes(signature)
    (folder / "message").write_bytes(MESSAGE)
    command = ["openssl", "dgst", "-sha256", "-verify", "key.pem", "-signature", "signature"]
    if scheme is SignatureScheme.PSS_SHA256:
        command += ["-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32", "-sigopt", "rsa_mgf1_md:sha256"]
    verified = subprocess.run([*command, "message"], cwd=folder, capture_output=True, check=False, timeout=30)
    return verified.returncode == 0 and verified.stdout.strip() == b"Verified OK"


def code_of(call: Callable[[], object]) -> str:
    with pytest.raises(CardError) as caught:
        call()
    return caught.value.code


@pytest.mark.req("CPS-01", "CPS-08")
def test_a_token_is_listed_with_label_serial_and_pin(bench: Any) -> None:
    state, expected = bench.state, bench.expected
    assert state.label.endswith(f"-{expected.record.serial}")
    assert state.label.startswith(expected.record.generation)
    assert state.slot == expected.slot
    assert expected.slot is None or state.serial == expected.record.serial
    assert state.pin == PinState(unlocked=False, tries_left=expected.tries)
    assert bench.state == state


@pytest.mark.req("CPS-01", "CPS-08")
def test_certificates_are_read_without_pin(bench: Any) -> None:
    found = bench.source.certificates(bench.token)
    assert {one.key: one.der for one in found} == bench.certificates
    assert {one.key: one.schemes for one in found} == bench.schemes
    assert all(one.label.startswith("Certificat") for one in found)


@pytest.mark.req("CPS-01", "CPS-08")
def test_private_data_are_absent_until_the_pin_and_no_error(bench: Any) -> None:
    found = bench.source.data(bench.token)
    assert {one.label: one.value for one in found} == bench.public_data
    assert not any(one.private for one in found)
    assert bench.public_data.keys() < bench.data.keys()


@pytest.mark.req("CPS-08")
def test_every_data_object_is_read_after_the_pin(bench: Any) -> None:
    token = bench.token
    bench.source.unlock(token, PIN)
    found = bench.source.data(token)
    assert {one.label: one.value for one in found} == bench.data
    assert {one.label for one in found if not one.private} == bench.public_data.keys()
    assert [one.label for one in found] == sorted(bench.data)
    assert {"CPS_ACTIVITY_01_PS", "CPS_ACTIVITY_03_PS", "CPS_ACTIVITY_16_PS"} < bench.data.keys()


@pytest.mark.req("CPS-08")
def test_certificates_after_the_pin_are_those_before_it(bench: Any) -> None:
    token = bench.token
    before = bench.source.certificates(token)
    bench.source.unlock(token, PIN)
    assert bench.source.certificates(token) == before


@pytest.mark.req("CPS-08")
@pytest.mark.parametrize("usage", ["AUT", "SIG"])
def test_what_a_key_signs_is_verified_by_openssl(bench: Any, usage: str, tmp_path: Path) -> None:
    token, key = bench.token, bench.key(usage)
    bench.source.unlock(token, PIN)
    for scheme in sorted(bench.schemes[key]):
        signature = bench.source.sign(token, key, scheme.value, what_is_signed(scheme))
        assert openssl_accepts(bench.certificates[key], scheme, signature, tmp_path), scheme
        assert not openssl_accepts(bench.certificates[key], scheme, bytes(256), tmp_path), scheme


@pytest.mark.req("CPS-08")
@pytest.mark.parametrize("usage", ["AUT", "SIG"])
def test_a_signature_without_chance_is_the_same_everywhere(bench: Any, usage: str) -> None:
    token, key = bench.token, bench.key(usage)
    bench.source.unlock(token, PIN)
    expected = bench.keys[key].sign(MESSAGE, padding.PKCS1v15(), hashes.SHA256())
    for scheme in bench.schemes[key] - {SignatureScheme.PSS_SHA256}:
        for _ in range(2):
            assert bench.source.sign(token, key, scheme.value, what_is_signed(scheme)) == expected


@pytest.mark.parametrize("usage", ["AUT", "SIG"])
def test_a_scheme_that_is_not_offered_is_refused(bench: Any, usage: str) -> None:
    token, key = bench.token, bench.key(usage)
    bench.source.unlock(token, PIN)
    missing = [scheme.value for scheme in SignatureScheme if scheme not in bench.schemes[key]]
    for scheme in [*missing, "pkcs1_sha1", ""]:
        assert code_of(lambda scheme=scheme: bench.source.sign(token, key, scheme, DIGEST)) == (  # type: ignore[misc]
            "token.scheme_unsupported"
        )
    assert bench.state.pin.unlocked


@pytest.mark.parametrize("length", [0, 20, 31, 33, 51, 64])
def test_a_digest_of_another_length_is_refused(bench: Any, length: int) -> None:
    token, key = bench.token, bench.key("AUT")
    bench.source.unlock(token, PIN)
    with pytest.raises(CardError) as caught:
        bench.source.sign(token, key, SignatureScheme.PKCS1_SHA256.value, bytes(length))
    assert (caught.value.code, caught.value.facts["reason"]) == ("token.failed", "data_length")
    assert bench.state.pin.unlocked


@pytest.mark.parametrize("key", ["00", "FFFF", "", "not hexadecimal", "é"])
def test_an_unknown_key_is_said_to_be_missing(bench: Any, key: str) -> None:
    token = bench.token
    bench.source.unlock(token, PIN)
    assert code_of(lambda: bench.source.sign(token, key, "pkcs1_sha256", DIGEST)) == "token.key_missing"


def test_nothing_is_signed_without_the_pin(bench: Any) -> None:
    token, key = bench.token, bench.key("SIG")
    assert code_of(lambda: bench.source.sign(token, key, "pkcs1_sha256", DIGEST)) == "token.pin_needed"
    bench.source.unlock(token, PIN)
    bench.source.lock(token)
    assert code_of(lambda: bench.source.sign(token, key, "pkcs1_sha256", DIGEST)) == "token.pin_needed"


def test_locking_ends_what_the_pin_had_opened(bench: Any) -> None:
    token = bench.token
    assert bench.source.unlock(token, PIN) == PinState(unlocked=True, tries_left=bench.expected.tries)
    assert bench.state.pin.unlocked
    bench.source.lock(token)
    assert not bench.state.pin.unlocked
    assert not any(one.private for one in bench.source.data(token))
    bench.source.lock(token)


@pytest.mark.req("CPS-02")
def test_a_wrong_pin_costs_one_try_until_none_is_left(bench: Any) -> None:
    token, locks = bench.token, bench.expected.locks
    for left in (2, 1):
        with pytest.raises(CardError) as caught:
            bench.source.unlock(token, WRONG)
        assert caught.value.code == "token.pin_wrong"
        assert caught.value.facts["tries_left"] == (left if locks else None)
        assert bench.state.pin == PinState(unlocked=False, tries_left=left if locks else None)
    assert code_of(lambda: bench.source.unlock(token, WRONG)) == ("token.pin_locked" if locks else "token.pin_wrong")
    assert bench.state.pin.locked is locks


@pytest.mark.req("CPS-02")
def test_a_locked_token_is_sent_nothing_even_the_right_pin(bench: Any) -> None:
    token = bench.token
    for _ in range(3):
        with pytest.raises(CardError):
            bench.source.unlock(token, WRONG)
    if not bench.expected.locks:
        # SoftHSM never locks, whatever is tried.
        assert bench.source.unlock(token, PIN).unlocked
        return
    bench.readers.forget_traffic()
    assert code_of(lambda: bench.source.unlock(token, PIN)) == "token.pin_locked"
    assert bench.readers.pins_sent == []
    assert {one.key for one in bench.source.certificates(token)} == bench.keys.keys()


def test_the_right_pin_gives_the_tries_back(bench: Any) -> None:
    token = bench.token
    for _ in range(2):
        assert code_of(lambda: bench.source.unlock(token, WRONG)) == "token.pin_wrong"
    assert bench.source.unlock(token, PIN) == PinState(unlocked=True, tries_left=bench.expected.tries)


@pytest.mark.req("CPS-02")
def test_reading_and_signing_never_cost_a_try(bench: Any) -> None:
    token = bench.token
    for _ in range(4):
        bench.source.certificates(token)
        bench.source.data(token)
        assert code_of(lambda: bench.source.sign(token, bench.key("AUT"), "raw", DIGEST)) == "token.pin_needed"
    assert bench.state.pin == PinState(unlocked=False, tries_left=bench.expected.tries)


@pytest.mark.req("CPS-02")
@pytest.mark.parametrize("pin", MALFORMED.values(), ids=MALFORMED)
def test_a_malformed_pin_is_refused_before_anything_is_sent(bench: Any, pin: str) -> None:
    token = bench.token
    for _ in range(4):
        assert code_of(lambda: bench.source.unlock(token, pin)) == "token.pin_format"
    assert bench.readers is None or bench.readers.pins_sent == []
    assert bench.source.unlock(token, PIN) == PinState(unlocked=True, tries_left=bench.expected.tries)


def test_a_wrong_pin_ends_an_earlier_verification(bench: Any) -> None:
    token = bench.token
    bench.source.unlock(token, PIN)
    assert code_of(lambda: bench.source.unlock(token, WRONG)) == "token.pin_wrong"
    assert not bench.state.pin.unlocked
    assert code_of(lambda: bench.source.sign(token, bench.key("AUT"), "pkcs1_sha256", DIGEST)) == "token.pin_needed"
    assert not any(one.private for one in bench.source.data(token))


def test_unlocking_again_keeps_it_unlocked(bench: Any) -> None:
    token = bench.token
    for _ in range(2):
        assert bench.source.unlock(token, PIN).unlocked
    assert len(bench.source.sign(token, bench.key("SIG"), "pkcs1_sha256", DIGEST)) == 256


@pytest.mark.parametrize("token", ["", "@", "1@2", "0000000000@Lecteur bifente PS 00 00", "é@é"])
@pytest.mark.parametrize("unlocked", [False, True], ids=["locked", "unlocked"])
def test_an_unknown_token_is_absent(bench: Any, token: str, unlocked: bool) -> None:
    known = bench.token
    if unlocked:
        bench.source.unlock(known, PIN)
    source = bench.source
    assert code_of(lambda: source.certificates(token)) == "token.absent"
    assert code_of(lambda: source.data(token)) == "token.absent"
    assert code_of(lambda: source.unlock(token, PIN)) == "token.absent"
    assert code_of(lambda: source.sign(token, bench.key("AUT"), "pkcs1_sha256", DIGEST)) == "token.absent"
    source.lock(token)
    assert bench.state.pin.unlocked is unlocked


@pytest.mark.req("CPS-02")
def test_a_pin_is_told_to_nobody_but_the_token(
    bench: Any, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    token = bench.token
    told = []
    for pin in (WRONG, WRONG + "a", WRONG + "0123456789"):
        with pytest.raises(CardError) as caught:
            bench.source.unlock(token, pin)
        told += [str(caught.value), repr(caught.value), repr(caught.value.facts)]
        told += traceback.format_exception(caught.value)
    told += [caplog.text, *capfd.readouterr(), repr(bench.source), repr(bench.state)]
    told += [*os.environ.values(), Path("/proc/self/cmdline").read_text(encoding="utf-8", errors="replace")]
    assert not [text for text in told if WRONG in text]


@pytest.mark.req("CPS-02")
def test_a_wrong_pin_is_presented_once(bench: Any) -> None:
    token = bench.token
    with pytest.raises(CardError):
        bench.source.unlock(token, WRONG)
    bench.source.tokens()
    bench.source.data(token)
    if bench.readers is not None:
        assert len(bench.readers.pins_sent) == 1
    assert bench.state.pin.tries_left == (2 if bench.expected.locks else None)
