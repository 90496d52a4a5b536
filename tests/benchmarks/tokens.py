"""A key that stays on a token: the host's way to it beside python-pkcs11 alone, and what a request costs with it."""

import hashlib
import os
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

import attrs
import httpx
import pkcs11
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from segur_host.broker.token_tls import load_token_key
from segur_host.broker.tokens import TokenBroker
from segur_host.broker.trust import TrustStore
from segur_host.clock import SystemClock
from segur_host.dispatch.deadline import CallDeadline
from segur_host.drivers.tokens import TokensInChild
from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import Fact
from segur_sdk.models.actor import Environment
from tests.benchmarks.measuring import Result, compared
from tests.benchmarks.setting import ANSWER, Setting

SOFTHSM: Final = (
    Path("/usr/lib/softhsm/libsofthsm2.so"),
    Path("/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"),
    Path("/usr/lib64/softhsm/libsofthsm.so"),
    Path("/opt/homebrew/lib/softhsm/libsofthsm2.so"),
)
DRIVER: Final = "segur_plugin_pkcs11.module:Pkcs11TokenSource"
LABEL: Final = "banc"
PIN: Final = "1234"
KEY: Final = "20"
DIGEST: Final = hashlib.sha256(b"banc").digest()
DIGEST_INFO: Final = bytes.fromhex("3031300d060960864801650304020105000420") + DIGEST
"""RFC 8017, 9.2: what PKCS#1 v1.5 signs, for a digest of SHA-256."""
SIGNATURES: Final = 300
REQUESTS: Final = 100
TARGET: Final = 2.0
"""The way there costs less than the signature of a software token, which is the fastest that there is: a card takes
half a second for one."""


class _Call:
    """The call in which the PIN is asked."""

    plugin = "banc"
    call_id = "banc"
    deadline = CallDeadline(60)

    def record(self, event: str, **facts: Fact) -> None: ...

    def note(self, event: str, **facts: Fact) -> None: ...

    def require_running(self) -> None: ...


@attrs.frozen
class _Signers:
    """Three ways to one key: through the broker, through the driver in its process, and alone."""

    broker: TokenBroker
    driver: TokensInChild
    token: str
    serial: str
    schemes: frozenset[SignatureScheme]
    alone: pkcs11.SignMixin


def token_keys(place: Setting) -> Iterator[Result]:
    """Signatures, then requests over mutual TLS, each on a connection of its own."""
    with _signers(place) as signers:
        broker, serial = signers.broker, signers.serial

        def by_driver() -> bytes:
            return signers.driver.sign(signers.token, KEY, SignatureScheme.PKCS1_SHA256, DIGEST)

        def by_broker() -> bytes:
            return broker.sign(serial, KEY, SignatureScheme.PKCS1_SHA256, DIGEST)

        def alone() -> bytes:
            return bytes(signers.alone.sign(DIGEST_INFO, mechanism=pkcs11.Mechanism.RSA_PKCS))

        if not by_driver() == by_broker() == alone():
            raise SystemExit("signatures of PKCS#1 v1.5 by one key differ")
        for name, ours, way in (
            ("tokens.signature", by_driver, "driver in its process"),
            ("tokens.signature_by_broker", by_broker, "token that was unlocked, driver in its process"),
        ):
            note = f"{way}; peer: python-pkcs11 in this process; both SoftHSM"
            yield compared(name, ours, alone, rounds=SIGNATURES, unit="ms", target=TARGET, note=note)
        by_file, by_token = _context(place), _context(place)
        by_file.load_cert_chain(*map(str, place.client))
        load_token_key(
            by_token,
            (_certificate(place),),
            signers.schemes,
            lambda scheme, data: broker.sign(serial, KEY, scheme, data),
        )

        def request(context: ssl.SSLContext) -> None:
            with httpx.Client(verify=context, trust_env=False) as client:
                client.post(place.url, content=ANSWER.encode("utf-8")).raise_for_status()

        yield compared(
            "tls.token_request",
            lambda: request(by_token),
            lambda: request(by_file),
            rounds=REQUESTS,
            unit="ms",
            note="a new connection each; peer: the same with the key in a file",
        )


@contextmanager
def _signers(place: Setting) -> Iterator[_Signers]:
    module = next((path for path in SOFTHSM if path.is_file()), None)
    if module is None:
        raise SystemExit("SoftHSM is not installed: apt-get install softhsm2")
    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="segur-bench-token-")))
        _fill(folder, place)
        library = pkcs11.lib(str(module))
        opened.callback(library.finalize)
        session = opened.enter_context(library.get_token(token_label=LABEL).open(rw=True, user_pin=PIN))
        session.create_object(
            {
                pkcs11.Attribute.CLASS: pkcs11.ObjectClass.CERTIFICATE,
                pkcs11.Attribute.CERTIFICATE_TYPE: pkcs11.CertificateType.X_509,
                pkcs11.Attribute.ID: bytes.fromhex(KEY),
                pkcs11.Attribute.SUBJECT: b"\x30\x00",
                pkcs11.Attribute.VALUE: _certificate(place).public_bytes(Encoding.DER),
                pkcs11.Attribute.TOKEN: True,
                pkcs11.Attribute.PRIVATE: False,
            }
        )
        alone = session.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY)
        assert isinstance(alone, pkcs11.SignMixin)
        driver = TokensInChild(DRIVER, {"module": str(module)}, None)
        opened.callback(driver.close)
        broker = TokenBroker([driver], TrustStore({}, Environment.SANDBOX), SystemClock())
        (found,) = broker.present()
        broker.unlock(found, lambda _: PIN, _Call())
        (certificate,) = driver.certificates(found.state.token)
        yield _Signers(broker, driver, found.state.token, found.state.serial, certificate.schemes, alone)


def _fill(folder: Path, place: Setting) -> None:
    """Make a token with the client's key; this process and its children find it."""
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n", "utf-8")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    for order in (
        ["--init-token", "--free", "--so-pin", "00000000"],
        ["--import", str(place.client[1]), "--token", LABEL, "--id", KEY],
    ):
        command = ["softhsm2-util", *order, "--label", LABEL, "--pin", PIN]
        subprocess.run(command, check=True, capture_output=True, timeout=30)


def _context(place: Setting) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=str(place.ca))
    return context


def _certificate(place: Setting) -> x509.Certificate:
    return x509.load_pem_x509_certificate(place.client[0].read_bytes())
