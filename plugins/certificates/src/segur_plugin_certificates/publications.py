"""What authorities publish: revocation lists and answers about one certificate, fetched without TLS because signed.

Everything is asked of the address that the configuration gives for the purposes ``crl`` and ``ocsp``: a certificate
says under which path a list stands, never which machine is called.
"""

from collections.abc import Sequence
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from segur_plugin_certificates import ocsp
from segur_plugin_certificates.crl import MAX_LIST
from segur_plugin_certificates.revocation import Answer
from segur_plugin_certificates.settings import CertificatesSettings
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError, ServiceError

CRL: Final = "crl"
OCSP: Final = "ocsp"
UNREACHABLE: Final = "certificates.crl_unreachable"
_OK: Final = 200
_QUESTION: Final = {"content-type": "application/ocsp-request", "accept": "application/ocsp-response"}


def path_of(addresses: Sequence[str], base: str) -> str | None:
    """Return the path of a list under the address of the purpose; ``None`` when no address leads there.

    Args:
        addresses: those that a certificate bears.
        base: address of the purpose.
    """
    above = urlsplit(base).path.rstrip("/")
    for address in addresses:
        path = urlsplit(address).path
        if path.startswith(above + "/") and path != above + "/":
            return path.removeprefix(above)
    return None


def fetch_list(path: str, ctx: HookContext) -> bytes:
    """Fetch a revocation list; nothing of it is believed yet.

    Args:
        path: under the address of the purpose ``crl``.
        ctx: context of the call.

    Returns:
        What came, in DER if it came as PEM.

    Raises:
        ServiceError: ``certificates.crl_unreachable`` with ``status``; those of ``HttpClient.request``.
    """
    reply = ctx.http(CRL).request("GET", path, max_answer=MAX_LIST)
    if reply.status != _OK:
        raise ServiceError(UNREACHABLE, retryable=True, status=reply.status)
    if reply.body.lstrip().startswith(b"-----BEGIN"):
        return _der(reply.body)
    return reply.body


def ask_responder(certificate: x509.Certificate, issuer: x509.Certificate, ctx: HookContext) -> tuple[Answer, bytes]:
    """Ask the responder about one certificate; returns what it says, and the answer as it came.

    Raises:
        ServiceError: ``certificates.ocsp_unreachable`` with ``status``; those of ``HttpClient.request``.
        InputError: those of :func:`segur_plugin_certificates.ocsp.read_answer`.
    """
    question = ocsp.ask(certificate, issuer)
    reply = ctx.http(OCSP).request(
        "POST",
        headers=_QUESTION,
        body=question.request,
        max_answer=ocsp.MAX_ANSWER,
        seconds=ctx.settings(CertificatesSettings).responder_seconds,
    )
    if reply.status != _OK:
        raise ServiceError("certificates.ocsp_unreachable", retryable=True, status=reply.status)
    return ocsp.read_answer(reply.body, question, ctx.clock.now()), reply.body


def _der(pem: bytes) -> bytes:
    found: x509.CertificateRevocationList | None = None
    try:
        found = x509.load_pem_x509_crl(pem)
    except ValueError:
        # What the library raises may hold bytes of the list.
        found = None
    if found is None:
        raise InputError("certificates.crl_unreadable")
    return found.public_bytes(Encoding.DER)
