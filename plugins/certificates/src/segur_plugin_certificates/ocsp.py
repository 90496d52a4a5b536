"""OCSP: the request, and what a responder's answer is worth.

Source: RFC 6960. The answer is signed by the issuer itself, or by a responder to which the issuer gave a certificate
for that (``id-kp-OCSPSigning``).
"""

import secrets
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from segur_plugin_certificates.public_keys import WEAK_HASHES
from segur_plugin_certificates.revocation import Answer, Standing
from segur_sdk.errors import InputError

MAX_ANSWER: Final = 65_536
CLOCK_LEEWAY: Final = timedelta(minutes=5)
MAX_AGE: Final = timedelta(hours=24)
"""How long an answer without ``nextUpdate`` is believed."""
_NONCE_BYTES: Final = 16
_STANDINGS: Final = {
    ocsp.OCSPCertStatus.GOOD: Standing.GOOD,
    ocsp.OCSPCertStatus.REVOKED: Standing.REVOKED,
    ocsp.OCSPCertStatus.UNKNOWN: Standing.UNKNOWN,
}


@attrs.frozen
class Question:
    """What is asked."""

    certificate: x509.Certificate = attrs.field(repr=False)
    issuer: x509.Certificate = attrs.field(repr=False)
    nonce: bytes | None
    request: bytes = attrs.field(repr=False)
    """Body of the POST, ``application/ocsp-request``."""


def ask(
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    *,
    with_nonce: bool = True,
    draw: Callable[[int], bytes] = secrets.token_bytes,
) -> Question:
    """Make the request about one certificate.

    Args:
        certificate: in question.
        issuer: its issuer.
        with_nonce: whether to send a number that the answer repeats. A responder that prepares its answers leaves it
            out: then only the times protect from an old answer.
        draw: source of the nonce.
    """
    nonce = draw(_NONCE_BYTES) if with_nonce else None
    # SHA-1 names the issuer here and protects nothing; some responders know no other (RFC 6960, 4.3).
    builder = ocsp.OCSPRequestBuilder().add_certificate(certificate, issuer, hashes.SHA1())  # noqa: S303
    if nonce is not None:
        builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return Question(certificate, issuer, nonce, builder.build().public_bytes(Encoding.DER))


def read_answer(data: bytes, question: Question, at: datetime, *, nonce_needed: bool = False) -> Answer:
    """Check an answer and tell what it says.

    Args:
        data: body of the answer, ``application/ocsp-response``.
        question: that it answers.
        at: now.
        nonce_needed: refuse an answer without the nonce that was sent.

    Raises:
        InputError: ``certificates.too_large``, ``certificates.ocsp_unreadable``, ``certificates.ocsp_refused`` (the
            responder gives no answer: ``status``), ``certificates.ocsp_responder`` (neither the issuer nor somebody it
            named), ``certificates.ocsp_signature``, ``certificates.ocsp_other`` (about another certificate),
            ``certificates.ocsp_nonce``, ``certificates.ocsp_ended``, ``certificates.ocsp_not_yet``.
    """
    if len(data) > MAX_ANSWER:
        raise InputError("certificates.too_large", size=len(data))
    found: Answer | None = None
    # The library reads late; what it raises may hold bytes of the answer.
    with suppress(ValueError, TypeError, UnsupportedAlgorithm, x509.DuplicateExtension, x509.ExtensionNotFound):
        response = ocsp.load_der_ocsp_response(data)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            raise InputError("certificates.ocsp_refused", status=response.response_status.name.lower())
        _refuse_unsigned(response, question.issuer, at)
        _refuse_other_nonce(response, question.nonce, needed=nonce_needed)
        found = _of_certificate(response, question, at)
    if found is None:
        raise InputError("certificates.ocsp_unreadable")
    return found


def _of_certificate(response: ocsp.OCSPResponse, question: Question, at: datetime) -> Answer:
    mine = [one for one in response.responses if _about(one, question)]
    if not mine:
        raise InputError("certificates.ocsp_other")
    single = mine[0]
    until = single.next_update_utc or single.this_update_utc + MAX_AGE
    if at > until:
        raise InputError("certificates.ocsp_ended")
    if at < single.this_update_utc - CLOCK_LEEWAY:
        raise InputError("certificates.ocsp_not_yet")
    reason = single.revocation_reason
    return Answer(
        standing=_STANDINGS[single.certificate_status],
        source="ocsp",
        said_at=single.this_update_utc,
        until=until,
        revoked_at=single.revocation_time_utc,
        reason=None if reason is None else reason.value,
    )


def _about(single: ocsp.OCSPSingleResponse, question: Question) -> bool:
    if single.serial_number != question.certificate.serial_number:
        return False
    algorithm = single.hash_algorithm
    name, key = hashes.Hash(algorithm), hashes.Hash(algorithm)
    name.update(question.issuer.subject.public_bytes())
    key.update(_key_bits(question.issuer))
    return (name.finalize(), key.finalize()) == (single.issuer_name_hash, single.issuer_key_hash)


def _key_bits(issuer: x509.Certificate) -> bytes:
    """Return the bits of the issuer's key, without algorithm (RFC 6960, 4.1.1)."""
    key = issuer.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        return key.public_bytes(Encoding.DER, PublicFormat.PKCS1)
    if isinstance(key, ec.EllipticCurvePublicKey):
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    raise UnsupportedAlgorithm("issuer")


def _refuse_unsigned(response: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> None:
    signer = _signer(response, issuer, at)
    algorithm = response.signature_hash_algorithm
    if algorithm is None or algorithm.name in WEAK_HASHES or not _verifies(response, signer, algorithm):
        raise InputError("certificates.ocsp_signature")


def _signer(response: ocsp.OCSPResponse, issuer: x509.Certificate, at: datetime) -> x509.Certificate:
    for candidate in (issuer, *response.certificates):
        if not _names_responder(response, candidate):
            continue
        if candidate == issuer or _delegated(candidate, issuer, at):
            return candidate
    raise InputError("certificates.ocsp_responder")


def _names_responder(response: ocsp.OCSPResponse, candidate: x509.Certificate) -> bool:
    if response.responder_name is not None:
        return candidate.subject == response.responder_name
    digest = hashes.Hash(hashes.SHA1())  # noqa: S303 - how a responder names its key (RFC 6960, 4.2.1)
    digest.update(_key_bits(candidate))
    return digest.finalize() == response.responder_key_hash


def _delegated(candidate: x509.Certificate, issuer: x509.Certificate, at: datetime) -> bool:
    with suppress(InvalidSignature, ValueError, TypeError, x509.ExtensionNotFound):
        candidate.verify_directly_issued_by(issuer)
        extended = candidate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        holds = candidate.not_valid_before_utc <= at <= candidate.not_valid_after_utc
        return holds and ExtendedKeyUsageOID.OCSP_SIGNING in extended
    return False


def _verifies(response: ocsp.OCSPResponse, signer: x509.Certificate, algorithm: hashes.HashAlgorithm) -> bool:
    key = signer.public_key()
    with suppress(InvalidSignature):
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), algorithm)
            return True
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(algorithm))
            return True
    return False


def _refuse_other_nonce(response: ocsp.OCSPResponse, sent: bytes | None, *, needed: bool) -> None:
    if sent is None:
        return
    got: bytes | None = None
    with suppress(x509.ExtensionNotFound):
        got = response.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    if got is None and not needed:
        return
    if got != sent:
        raise InputError("certificates.ocsp_nonce")
