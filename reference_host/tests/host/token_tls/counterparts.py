"""A software key that behaves like one on a token, the certificates of both sides, an OpenSSL server that runs."""

import ssl

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256

from reference_host.tests.keys.issuing import Issued
from segur_sdk.drivers import SignatureScheme


@attrs.define
class SoftwareToken:
    """Does what a token does, and remembers what it was asked for."""

    key: rsa.RSAPrivateKey
    asked: list[SignatureScheme] = attrs.field(factory=list)

    def sign(self, scheme: SignatureScheme, data: bytes) -> bytes:
        self.asked.append(scheme)
        if scheme is SignatureScheme.PKCS1_SHA256:
            return self.key.sign(data, padding.PKCS1v15(), Prehashed(SHA256()))
        assert scheme is SignatureScheme.RAW
        assert len(data) == self.key.key_size // 8
        private = self.key.private_numbers()
        return pow(int.from_bytes(data), private.d, private.public_numbers.n).to_bytes(len(data))


@attrs.frozen
class Pki:
    root: Issued
    """Trusted by both sides."""
    middle: Issued
    """Issued the client's certificate; sent along by the client."""
    client: Issued
    server: Issued

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        return self.client.certificate, self.middle.certificate

    @property
    def rsa_key(self) -> rsa.RSAPrivateKey:
        assert isinstance(self.client.key, rsa.RSAPrivateKey)
        return self.client.key


@attrs.frozen
class OpensslServer:
    url: str
    port: int


def client_context(pki: Pki) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(cadata=pki.root.pem().decode())
    return context
