"""Reads OCSP requests (RFC 6960), one certificate at a time."""

import base64
import binascii

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp

_LONGEST_NONCE = 128


class OcspRefusedError(Exception):
    """The request is answered by a status and nothing else; the message is why."""

    def __init__(self, status: ocsp.OCSPResponseStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


@attrs.frozen
class Question:
    """Whose state is asked for.

    Attributes:
        algorithm: How the issuer is hashed.
        issuer_name_hash: Hash of the issuer's name in DER.
        issuer_key_hash: Hash of the issuer's public key, without its header.
        serial: The certificate's serial number.
        nonce: What the answer must repeat, if anything.
    """

    algorithm: hashes.HashAlgorithm
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int
    nonce: bytes | None


def read_question(der: bytes) -> Question:
    """Read a request in DER.

    Raises:
        OcspRefusedError: it is none, names several certificates or a negative number, or its nonce is longer than RFC
            9654 allows.
    """
    malformed = ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    try:
        request = ocsp.load_der_ocsp_request(der)
        nonce = next((one.value.nonce for one in request.extensions if isinstance(one.value, x509.OCSPNonce)), None)
        question = Question(
            request.hash_algorithm, request.issuer_name_hash, request.issuer_key_hash, request.serial_number, nonce
        )
    except NotImplementedError:
        raise OcspRefusedError(malformed, "several certificates in one request") from None
    except (ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension):
        raise OcspRefusedError(malformed, "not an OCSP request") from None
    if question.serial < 0:
        raise OcspRefusedError(malformed, "a serial number is not negative")
    if nonce is not None and not 1 <= len(nonce) <= _LONGEST_NONCE:
        raise OcspRefusedError(malformed, "a nonce has 1 to 128 bytes")
    return question


def read_path(text: str) -> bytes:
    """Return the request that the end of an address holds, base64 (RFC 6960, appendix A.1).

    Raises:
        OcspRefusedError: not base64.
    """
    try:
        return base64.b64decode(text.encode("ascii"), validate=True)
    except (ValueError, binascii.Error):
        raise OcspRefusedError(ocsp.OCSPResponseStatus.MALFORMED_REQUEST, "the path is not base64") from None
