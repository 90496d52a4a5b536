"""Counterparts of a day's work: a PKCS#11 token that signs, and the INSi listener that demands a certificate."""

import os
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pkcs11.exceptions import PKCS11Error

from reference_host.tests.host.token_tls.counterparts import OpensslServer, Pki, SoftwareToken
from segur_host.broker.token_tls import load_token_key
from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import CardError

if TYPE_CHECKING:
    from segur_sandbox.running import RunningSandbox

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
LABEL, PIN = "CPS3v3-2800385266", "1234"
SHA256_DIGEST_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
PKCS1, RAW = SignatureScheme.PKCS1_SHA256, SignatureScheme.RAW


@pytest.fixture(scope="module")
def softhsm(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[pkcs11.Session]:
    """A session of a SoftHSM token that holds the client's key."""
    folder = tmp_path_factory.mktemp("softhsm")
    (folder / "tokens").mkdir()
    (folder / "key.pem").write_bytes(pki.client.key_pem())
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        for command in (
            ["--init-token", "--free", "--so-pin", "00000000"],
            ["--import", str(folder / "key.pem"), "--token", LABEL, "--id", "20"],
        ):
            subprocess.run(
                ["softhsm2-util", *command, "--label", LABEL, "--pin", PIN],
                check=True,
                capture_output=True,
                timeout=30,
                env=dict(os.environ),
            )
        module = pkcs11.lib(MODULE)
        # Another test of this process may have had it read another configuration.
        module.reinitialize()
        with module.get_token(token_label=LABEL).open(user_pin=PIN) as session:
            yield session


@pytest.fixture
def sign(softhsm: pkcs11.Session) -> Callable[[SignatureScheme, bytes], bytes]:
    key = softhsm.get_key(object_class=pkcs11.ObjectClass.PRIVATE_KEY)
    assert isinstance(key, pkcs11.SignMixin)

    def ask(scheme: SignatureScheme, data: bytes) -> bytes:
        try:
            if scheme is PKCS1:
                return bytes(key.sign(SHA256_DIGEST_INFO + data, mechanism=pkcs11.Mechanism.RSA_PKCS))
            return bytes(key.sign(data, mechanism=pkcs11.Mechanism.RSA_X_509))
        except PKCS11Error as failure:
            raise CardError("token.failed", reason=type(failure).__name__) from None

    return ask


@pytest.mark.parametrize(
    ("schemes", "protocol"), [({PKCS1, RAW}, "TLSv1.3"), ({PKCS1}, "TLSv1.2")], ids=["as CPS4", "as CPS3"]
)
def test_a_pkcs11_token_signs_for_a_client_of_httpx(
    pki: Pki,
    sign: Callable[[SignatureScheme, bytes], bytes],
    s_server: Callable[..., OpensslServer],
    schemes: set[SignatureScheme],
    protocol: str,
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cadata=pki.root.pem().decode())
    load_token_key(context, pki.chain, frozenset(schemes), sign)
    server = s_server()
    for _ in range(5):
        with httpx.Client(verify=context, trust_env=False) as http:
            page = http.get(server.url).text
        assert f"New, {protocol}" in page
        assert pki.client.pem().decode() in page


@pytest.mark.parametrize(
    ("schemes", "asked"), [({PKCS1, RAW}, RAW), ({PKCS1}, PKCS1)], ids=["TLS 1.3", "TLS 1.2 for want of RAW"]
)
def test_the_insi_listener_knows_the_client_by_its_certificate(
    segur_sandbox: "RunningSandbox", schemes: set[SignatureScheme], asked: SignatureScheme
) -> None:
    files = segur_sandbox.descriptor["certificates"]["insi-auto"]
    chain = tuple(x509.load_pem_x509_certificates(Path(files["cert"]).read_bytes()))
    key = load_pem_private_key(Path(files["key"]).read_bytes(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    token = SoftwareToken(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(cafile=segur_sandbox.descriptor["ca"])
    load_token_key(context, chain, frozenset(schemes), token.sign)
    with httpx.Client(verify=context, trust_env=False) as http:
        assert http.post(segur_sandbox.descriptor["services"]["insi"]["url"], content=b"").status_code >= 400
    (seen,) = segur_sandbox.exchanges("insi")
    assert int(seen["client"]["serial"], 16) == chain[0].serial_number
    assert token.asked == [asked]
