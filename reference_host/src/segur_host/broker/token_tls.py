"""TLS clients whose private key never leaves a token.

What makes it possible reaches below the ``ssl`` module. It was seen to work with CPython on OpenSSL 3, where ``ssl``
uses shared libraries; whether it works here is found out by doing it, first in a process that may crash.

Started as ``python -m segur_host.broker.token_tls``, this module is that process.
"""

import ipaddress
import ssl
import subprocess
import sys
import threading
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from segur_host.broker.libssl import unavailable
from segur_host.broker.tls.contexts import client_context, server_context
from segur_host.broker.token_key import Sign, TokenKey, attach
from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import CardError, ConfigError

SELF_TEST_S: Final = 60.0
"""How long the other process may take; it needs less than a second."""
REASON_PREFIX: Final = "reason="
_PEER: Final = "127.0.0.1"
_TURNS: Final = 10
"""Of each side in a handshake; a TLS 1.2 one takes three."""
_REFUSAL: Final = "token.absent"
_VERSIONS: Final = {"TLSv1.2": SignatureScheme.PKCS1_SHA256, "TLSv1.3": SignatureScheme.RAW}

_proving: Final = threading.Lock()
_proved: Final = threading.Event()


def load_token_key(
    context: ssl.SSLContext, chain: tuple[x509.Certificate, ...], schemes: frozenset[SignatureScheme], sign: Sign
) -> TokenKey:
    """Make a TLS context authenticate with a private key that stays on a token.

    The handshake asks ``sign``, in the thread that shakes hands and while it does; when that raises, the handshake
    fails with an ``ssl.SSLError`` and ``TokenKey.explain`` tells what was raised. A token without ``RAW`` limits the
    context to TLS 1.2 with RSA and SHA-256. What ``sign`` returns is verified before it is sent.

    Args:
        context: a new one, not to be used if this fails.
        chain: the certificate of the key, then those of its authorities that are to be sent along.
        schemes: what the token does with that key: ``RAW``, ``PKCS1_SHA256`` or both.
        sign: returns the signature, as long as the modulus, over a digest or, for ``RAW``, a block as long as the
            modulus. Called from any thread, several at a time.

    Raises:
        ConfigError: ``config.token_tls_unavailable`` (as ``self_test``), ``config.token_key_kind`` (no RSA key),
            ``config.token_certificate`` (OpenSSL refuses the certificate: a key too short, for example).
        CardError: ``token.scheme_unsupported``: what the token does is not enough for a handshake.
    """
    obstacle = self_test()
    if obstacle is not None:
        raise obstacle
    return attach(context, chain, schemes, sign)


def self_test() -> ConfigError | None:
    """Find out whether this interpreter can use the key of a token for TLS; nothing when it can.

    Two handshakes in memory, TLS 1.2 and TLS 1.3, with a throw-away key: in another process first, so that a crash is
    an answer too, then in this one. Success is remembered.

    Returns:
        ``config.token_tls_unavailable``, whose reason is one of those of ``segur_host.broker.libssl``, ``crashed``,
        ``hung``, ``not_started`` or ``failed`` for the other process, ``handshake``, the code of another error or the
        name of its class.
    """
    with _proving:
        if not _proved.is_set():
            reason = _obstacle_elsewhere() or _obstacle_here()
            if reason is not None:
                return unavailable(reason)
            _proved.set()
    return None


def _obstacle_elsewhere() -> str | None:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "segur_host.broker.token_tls"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SELF_TEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return "hung"
    except OSError:
        return "not_started"
    if done.returncode == 0:
        return None
    # The last line: whatever starts with an interpreter may print, too.
    last = done.stdout.strip().rpartition("\n")[2]
    if last.startswith(REASON_PREFIX):
        return last.removeprefix(REASON_PREFIX)
    # Signals are negative on POSIX, exceptions of the system are large numbers on Windows.
    return "failed" if 0 < done.returncode < 256 else "crashed"


def _obstacle_here() -> str | None:
    try:
        _prove()
    except ConfigError as failure:
        return str(failure.facts.get("reason") or failure.code)
    except CardError as failure:
        return failure.code
    except ssl.SSLError:
        return "handshake"
    except Exception as failure:  # noqa: BLE001 - for example MemoryError, where the system forbids callbacks
        return type(failure).__name__
    return None


def _prove() -> None:
    """Shake hands as both kinds of token do, and with one that refuses."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = _self_signed(key)
    sign = _software_token(key)
    server = server_context((certificate,))
    # There is no file of this key to load, and none is needed.
    attach(server, (certificate,), frozenset(SignatureScheme), sign)
    for version, scheme in _VERSIONS.items():
        client = client_context((certificate,))
        attach(client, (certificate,), frozenset({scheme}), sign)
        end = _shake(client, server)
        if (end.version(), end.getpeercert(binary_form=True)) != (version, certificate.public_bytes(Encoding.DER)):
            raise unavailable("handshake")
    client = client_context((certificate,))
    refusing = attach(client, (certificate,), frozenset(SignatureScheme), _refuse)
    try:
        _shake(client, server)
    except ssl.SSLError as failure:
        told = refusing.explain(failure)
        if told is not None and told.code == _REFUSAL:
            return
    raise unavailable("handshake")


def _shake(client: ssl.SSLContext, server: ssl.SSLContext) -> ssl.SSLObject:
    """Shake hands in memory; returns the server's end."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=_PEER)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [ours, theirs]
    for _ in range(_TURNS):
        for end in tuple(waiting):
            with suppress(ssl.SSLWantReadError):
                end.do_handshake()
                waiting.remove(end)
        if not waiting:
            return theirs
    raise unavailable("handshake")


def _self_signed(key: rsa.RSAPrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "segur self-test")])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(_PEER))]), critical=False)
        .sign(key, SHA256())
    )


def _software_token(key: rsa.RSAPrivateKey) -> Sign:
    numbers = key.private_numbers()

    def sign(scheme: SignatureScheme, data: bytes) -> bytes:
        if scheme is SignatureScheme.PKCS1_SHA256:
            return key.sign(data, padding.PKCS1v15(), Prehashed(SHA256()))
        block = int.from_bytes(data)
        return pow(block, numbers.d, numbers.public_numbers.n).to_bytes(len(data))

    return sign


def _refuse(_scheme: SignatureScheme, _data: bytes) -> bytes:
    raise CardError(_REFUSAL)


def main() -> int:
    """Make the handshakes in this process, which may crash; returns its exit code."""
    reason = _obstacle_here()
    if reason is None:
        return 0
    sys.stdout.write(f"{REASON_PREFIX}{reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
