"""Authenticates clients: a secret, or a TLS certificate of a registered subject (RFC 6749 §2.3, RFC 8705 §2.1)."""

import base64
import binascii
import hmac
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from starlette.requests import Request

from segur_sandbox.psc.clients import Client, Clients
from segur_sandbox.psc.errors import invalid_client, invalid_request
from segur_sandbox.tls.connection import EXTENSION, Connection


def certificate_of(request: Request) -> x509.Certificate | None:
    """Return the client certificate of the connection; the handshake checked its authority and revocation."""
    connection: Connection = request.scope["extensions"][EXTENSION]
    return connection.certificate


def thumbprint(certificate: x509.Certificate) -> bytes:
    """Return the SHA-256 of a certificate, 32 bytes."""
    return certificate.fingerprint(hashes.SHA256())


def authenticate(request: Request, form: dict[str, str], clients: Clients) -> Client:
    """Return the client that makes a request.

    Raises:
        OAuthRefusedError: `invalid_client`, or `invalid_request` when it authenticates in two ways.
    """
    basic = _basic(request)
    if basic is not None and "client_secret" in form:
        raise invalid_request("a client authenticates in one way")
    if basic is not None and form.get("client_id") not in (None, basic[0]):
        raise invalid_client("client_id is not that of the client that authenticates")
    client_id, secret = basic or (form.get("client_id"), form.get("client_secret"))
    client = clients.find(client_id)
    if client is None:
        raise invalid_client("unknown client, or none named")
    if client.method == "client_secret_basic":
        expected = (client.client_secret or "").encode("utf-8")
        if secret is None or not hmac.compare_digest(secret.encode("utf-8"), expected):
            raise invalid_client("missing or wrong client secret")
        return client
    certificate = certificate_of(request)
    if secret is not None:
        raise invalid_client("this client has no secret: it shows a certificate")
    if certificate is None:
        raise invalid_client("this client shows a certificate")
    if certificate.subject.rfc4514_string() != client.subject_dn:
        raise invalid_client("the subject of the certificate is not the registered one")
    return client


def _basic(request: Request) -> tuple[str, str] | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "basic":
        raise invalid_client("expected Authorization: Basic")
    try:
        text = base64.b64decode(value.strip(), validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        raise invalid_client("Authorization: Basic is not base64 of UTF-8") from None
    name, colon, secret = text.partition(":")
    if not colon:
        raise invalid_client("Authorization: Basic has no secret")
    return unquote_plus(name), unquote_plus(secret)
