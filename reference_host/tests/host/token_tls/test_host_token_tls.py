"""Handshakes with a key that OpenSSL never sees, against OpenSSL's own server and in memory."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from reference_host.tests.host.token_tls.counterparts import OpensslServer, Pki, SoftwareToken, client_context
from reference_host.tests.keys.issuing import Key, handshake, issue, name
from segur_host.broker.token_key import TokenKey
from segur_host.broker.token_tls import load_token_key
from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import CardError, ConfigError, InputError, SegurError

PKCS1, PSS, RAW = SignatureScheme.PKCS1_SHA256, SignatureScheme.PSS_SHA256, SignatureScheme.RAW
BOTH = frozenset({PKCS1, RAW})
Server = Callable[..., OpensslServer]


@pytest.mark.parametrize(
    ("schemes", "options", "protocol", "asked"),
    [
        pytest.param(BOTH, (), "TLSv1.3", [RAW], id="newest"),
        pytest.param(BOTH, ("-tls1_3",), "TLSv1.3", [RAW], id="only 1.3"),
        pytest.param({RAW}, ("-tls1_3", "-client_sigalgs", "RSA-PSS+SHA384"), "TLSv1.3", [RAW], id="1.3 with SHA-384"),
        pytest.param(BOTH, ("-tls1_2",), "TLSv1.2", [RAW], id="1.2 with PSS"),
        pytest.param(BOTH, ("-tls1_2", "-client_sigalgs", "RSA+SHA256"), "TLSv1.2", [PKCS1], id="1.2 with PKCS 1"),
        pytest.param({RAW}, ("-tls1_2", "-client_sigalgs", "RSA+SHA256"), "TLSv1.2", [RAW], id="1.2 padded here"),
        pytest.param(BOTH, ("-tls1_2", "-client_sigalgs", "RSA+SHA512"), "TLSv1.2", [RAW], id="1.2 with SHA-512"),
        pytest.param({PKCS1}, (), "TLSv1.2", [PKCS1], id="no RAW, server of both"),
        pytest.param({PKCS1, PSS}, ("-tls1_2",), "TLSv1.2", [PKCS1], id="no RAW, server of 1.2"),
    ],
)
def test_openssl_s_server_accepts_the_client_of_a_token(
    pki: Pki,
    token: SoftwareToken,
    client: ssl.SSLContext,
    s_server: Server,
    schemes: frozenset[SignatureScheme],
    options: tuple[str, ...],
    protocol: str,
    asked: list[SignatureScheme],
) -> None:
    key = load_token_key(client, pki.chain, frozenset(schemes), token.sign)
    with httpx.Client(verify=client, trust_env=False) as http:
        page = http.get(s_server(*options).url)
    assert page.status_code == 200
    assert f"New, {protocol}" in page.text
    assert pki.client.pem().decode() in page.text
    assert token.asked == asked
    assert key.failure() is None


@pytest.mark.parametrize("schemes", [frozenset({PKCS1}), frozenset({PKCS1, PSS})], ids=["PKCS1", "PKCS1 and PSS"])
def test_without_raw_a_server_of_tls_1_3_only_is_a_typed_failure(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext, s_server: Server, schemes: frozenset[SignatureScheme]
) -> None:
    key = load_token_key(client, pki.chain, schemes, token.sign)
    with pytest.raises(ssl.SSLError) as failed:
        _connect(client, s_server("-tls1_3").port)
    told = key.explain(failed.value)
    assert isinstance(told, CardError)
    assert (told.code, told.facts) == ("token.scheme_unsupported", {"scheme": "raw", "protocol": "TLS 1.3"})
    assert token.asked == []


def test_with_raw_the_same_alert_is_not_blamed_on_the_token(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext, s_server: Server
) -> None:
    key = load_token_key(client, pki.chain, BOTH, token.sign)
    client.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError) as failed:
        _connect(client, s_server("-tls1_3").port)
    assert failed.value.reason == "TLSV1_ALERT_PROTOCOL_VERSION"
    assert key.explain(failed.value) is None


def test_without_raw_no_signature_is_agreed_upon_that_the_token_cannot_make(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext, s_server: Server
) -> None:
    client.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    load_token_key(client, pki.chain, frozenset({PKCS1}), token.sign)
    assert client.minimum_version is client.maximum_version is ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError, match="ALERT_HANDSHAKE_FAILURE"):
        _connect(client, s_server("-tls1_2", "-client_sigalgs", "RSA+SHA512:RSA-PSS+SHA256").port)
    assert token.asked == []


def _connect(context: ssl.SSLContext, port: int) -> None:
    with (
        socket.create_connection(("127.0.0.1", port), 20) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1"),
    ):
        pass


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("raised", "told"),
    [
        (CardError("token.absent"), CardError("token.absent")),
        (CardError("token.pin_needed", slot="x"), CardError("token.pin_needed", slot="x")),
        (InputError("input.odd"), InputError("input.odd")),
        (ZeroDivisionError("secret"), CardError("token.failed", reason="ZeroDivisionError")),
        (MemoryError(), CardError("token.failed", reason="MemoryError")),
    ],
    ids=["absent", "PIN", "no card error", "bug", "memory"],
)
def test_what_sign_raises_reaches_the_caller_once(
    pki: Pki,
    client: ssl.SSLContext,
    server: ssl.SSLContext,
    version: ssl.TLSVersion,
    raised: Exception,
    told: SegurError,
) -> None:
    def sign(scheme: SignatureScheme, data: bytes) -> bytes:
        raise raised

    server.maximum_version = version
    key = load_token_key(client, pki.chain, BOTH, sign)
    with pytest.raises(ssl.SSLError) as failed:
        handshake(client, server)
    found = key.explain(failed.value)
    assert found is not None
    assert (type(found), str(found)) == (type(told), str(told))
    assert key.failure() is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "wrong_signature"),
        (bytes(256), "wrong_signature"),
        (bytes(255), "wrong_signature"),
        (b"\xff" * 4096, "wrong_signature"),
        (None, "TypeError"),
        ("text", "TypeError"),
    ],
    ids=["nothing", "zeros", "short", "longer than the key", "None", "text"],
)
def test_a_signature_that_is_none_is_never_sent(
    pki: Pki, client: ssl.SSLContext, server: ssl.SSLContext, answer: bytes, reason: str
) -> None:
    key = load_token_key(client, pki.chain, BOTH, lambda scheme, data: answer)
    with pytest.raises(ssl.SSLError):
        handshake(client, server)
    told = key.failure()
    assert told is not None
    assert (told.code, told.facts) == ("token.failed", {"reason": reason})


def test_a_token_with_another_key_is_told_before_the_service_can_refuse_it(
    pki: Pki, client: ssl.SSLContext, server: ssl.SSLContext
) -> None:
    other = SoftwareToken(rsa.generate_private_key(public_exponent=65537, key_size=2048))
    key = load_token_key(client, pki.chain, BOTH, other.sign)
    with pytest.raises(ssl.SSLError):
        handshake(client, server)
    assert str(key.failure()) == "token.failed (reason=wrong_signature)"


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit])
def test_an_interruption_comes_out_where_it_can_and_the_key_serves_again(
    pki: Pki,
    token: SoftwareToken,
    client: ssl.SSLContext,
    server: ssl.SSLContext,
    interruption: type[BaseException],
) -> None:
    impatient = [False, True]

    def sign(scheme: SignatureScheme, data: bytes) -> bytes:
        if impatient.pop():
            raise interruption
        return token.sign(scheme, data)

    key = load_token_key(client, pki.chain, BOTH, sign)
    with pytest.raises(ssl.SSLError) as failed:
        handshake(client, server)
    with pytest.raises(interruption):
        key.explain(failed.value)
    assert key.explain(failed.value) is None
    assert handshake(client, server).version() == "TLSv1.3"


def test_an_interruption_nobody_asked_about_is_not_taken_for_that_of_a_later_handshake(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext, server: ssl.SSLContext
) -> None:
    impatient = [False, True]

    def sign(scheme: SignatureScheme, data: bytes) -> bytes:
        if impatient.pop():
            raise SystemExit
        return token.sign(scheme, data)

    key = load_token_key(client, pki.chain, BOTH, sign)
    with pytest.raises(ssl.SSLError):
        handshake(client, server)
    handshake(client, server)
    assert key.failure() is None


@pytest.mark.parametrize("raised", [CardError("token.absent"), SystemExit()], ids=["failure", "interruption"])
def test_a_failure_is_told_in_its_own_thread_only(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext, server: ssl.SSLContext, raised: BaseException
) -> None:
    ours = threading.current_thread()

    def sign(scheme: SignatureScheme, data: bytes) -> bytes:
        if threading.current_thread() is ours:
            raise raised
        return token.sign(scheme, data)

    key = load_token_key(client, pki.chain, BOTH, sign)
    with pytest.raises(ssl.SSLError) as failed:
        handshake(client, server)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(key.failure).result() is None
        assert pool.submit(handshake, client, server).result().version() == "TLSv1.3"
        assert pool.submit(key.failure).result() is None
    if isinstance(raised, CardError):
        assert key.explain(failed.value) is raised
    else:
        with pytest.raises(SystemExit):
            key.explain(failed.value)


def test_several_threads_shake_hands_at_a_time(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext, server: ssl.SSLContext
) -> None:
    inside = threading.Barrier(4)

    def sign(scheme: SignatureScheme, data: bytes) -> bytes:
        inside.wait(20)
        return token.sign(scheme, data)

    load_token_key(client, pki.chain, BOTH, sign)
    with ThreadPoolExecutor(4) as pool:
        ends = [pool.submit(handshake, client, server) for _ in range(20)]
        assert [end.result().version() for end in ends] == ["TLSv1.3"] * 20


DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420") + bytes(range(32))
LIKE_A_DIGEST_INFO = DIGEST_INFO + b"\0"
PADDED = b"\0\1" + b"\xff" * 202 + b"\0" + DIGEST_INFO
PKCS1_PADDING, NO_PADDING, OAEP_PADDING = 1, 3, 4
"""As in ``openssl/rsa.h``."""


@pytest.mark.parametrize(
    ("schemes", "padding", "data", "asked"),
    [
        pytest.param(BOTH, PKCS1_PADDING, DIGEST_INFO, (PKCS1, DIGEST_INFO[19:]), id="digest"),
        pytest.param({RAW}, PKCS1_PADDING, DIGEST_INFO, (RAW, PADDED), id="digest, padded here"),
        pytest.param(BOTH, PKCS1_PADDING, LIKE_A_DIGEST_INFO, (RAW, None), id="no digest, padded here"),
        pytest.param({PKCS1}, PKCS1_PADDING, LIKE_A_DIGEST_INFO, None, id="no digest, no RAW"),
        pytest.param({RAW}, NO_PADDING, PADDED, (RAW, PADDED), id="block"),
        pytest.param({PKCS1}, NO_PADDING, PADDED, None, id="block, no RAW"),
        pytest.param(BOTH, OAEP_PADDING, DIGEST_INFO, None, id="a padding that signs nothing"),
    ],
)
def test_the_token_is_asked_for_what_it_does_and_for_nothing_else(
    pki: Pki,
    token: SoftwareToken,
    schemes: frozenset[SignatureScheme],
    padding: int,
    data: bytes,
    asked: tuple[SignatureScheme, bytes | None] | None,
) -> None:
    seen: list[tuple[SignatureScheme, bytes]] = []

    def sign(scheme: SignatureScheme, given: bytes) -> bytes:
        seen.append((scheme, given))
        return token.sign(scheme, given)

    key = TokenKey(pki.rsa_key.public_key(), frozenset(schemes), sign)
    signature = key.answer(data, padding)
    failure = key.failure()
    if asked is None:
        assert (signature, seen) == (None, [])
        assert failure is not None
        assert failure.code == "token.scheme_unsupported"
        return
    ((scheme, given),) = seen
    assert signature is not None
    assert failure is None
    assert (scheme, given if asked[1] is not None else None) == asked


@pytest.mark.parametrize(
    ("made", "code", "facts"),
    [
        (lambda: ec.generate_private_key(ec.SECP256R1()), "config.token_key_kind", {"kind": "ECPublicKey"}),
        (lambda: rsa.generate_private_key(public_exponent=65537, key_size=1024), "config.token_certificate", None),
    ],
    ids=["EC", "RSA too short"],
)
def test_a_key_that_cannot_serve_is_refused_by_name(
    pki: Pki,
    token: SoftwareToken,
    client: ssl.SSLContext,
    made: Callable[[], Key],
    code: str,
    facts: dict[str, str] | None,
) -> None:
    certificate = issue(name("CARTE"), pki.root, (), made()).certificate
    with pytest.raises(ConfigError) as refused:
        load_token_key(client, (certificate,), BOTH, token.sign)
    assert refused.value.code == code
    assert refused.value.facts == (facts or {"reason": "ee key too small"})
    assert token.asked == []


def test_a_certificate_of_another_kind_of_rsa_key_is_refused(
    token: SoftwareToken, client: ssl.SSLContext, tmp_path: Path
) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa-pss", "-nodes", "-keyout", "key.pem", "-subj", "/CN=CARTE"]
    certificate = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=30).stdout
    with pytest.raises(ConfigError) as refused:
        load_token_key(client, (x509.load_pem_x509_certificate(certificate),), BOTH, token.sign)
    assert (refused.value.code, refused.value.facts) == (
        "config.token_certificate",
        {"reason": "no certificate assigned"},
    )


def test_a_refusal_is_not_taken_for_the_failure_of_another_connection(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext, server: ssl.SSLContext
) -> None:
    load_token_key(client, pki.chain, BOTH, token.sign)
    end = handshake(client, server)
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    with pytest.raises(ConfigError):
        load_token_key(client_context(pki), (issue(name("CARTE"), pki.root, (), short).certificate,), BOTH, token.sign)
    with pytest.raises(ssl.SSLWantReadError):
        end.read(1)


@pytest.mark.parametrize("schemes", [frozenset(), frozenset({PSS})], ids=["none", "PSS padded by the token"])
def test_schemes_that_make_no_handshake_are_refused(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext, schemes: frozenset[SignatureScheme]
) -> None:
    with pytest.raises(CardError) as refused:
        load_token_key(client, pki.chain, schemes, token.sign)
    assert refused.value.code == "token.scheme_unsupported"


def test_without_raw_a_context_of_tls_1_3_only_is_refused(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext
) -> None:
    client.minimum_version = ssl.TLSVersion.TLSv1_3
    with pytest.raises(CardError) as refused:
        load_token_key(client, pki.chain, frozenset({PKCS1}), token.sign)
    assert refused.value.code == "token.scheme_unsupported"


def test_authorities_are_sent_along_and_those_of_a_former_key_are_not(
    pki: Pki, token: SoftwareToken, client: ssl.SSLContext, server: ssl.SSLContext
) -> None:
    load_token_key(client, pki.chain, BOTH, token.sign)
    # The server trusts the root only: it gets the intermediate authority from the client, or refuses.
    assert handshake(client, server).getpeercert(True) == pki.client.certificate.public_bytes(Encoding.DER)
    load_token_key(client, pki.chain[:1], BOTH, token.sign)
    with pytest.raises(ssl.SSLError, match="unable to get local issuer certificate"):
        handshake(client, server)
