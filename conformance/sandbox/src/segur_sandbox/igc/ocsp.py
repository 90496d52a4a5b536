"""The OCSP responder: what it answers, signed by a delegate of the authority, by the sandbox's clock.

Who signs at the real one is not public: a delegate here, or the authority itself (`ocsp_by_authority`).
"""

import secrets
from datetime import datetime, timedelta
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from segur_sandbox.clock import SandboxClock
from segur_sandbox.igc.ocsp_request import OcspRefusedError, Question
from segur_sandbox.pki.authorities import AUTHORITIES, name_of
from segur_sandbox.pki.issuing import Issued, begin_certificate, key_usage, new_key
from segur_sandbox.pki.register import Revocation
from segur_sandbox.pki.store import PkiFiles, read_key, write_key

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_STATUSES = {
    "ocsp_try_later": ocsp.OCSPResponseStatus.TRY_LATER,
    "ocsp_internal_error": ocsp.OCSPResponseStatus.INTERNAL_ERROR,
    "ocsp_unauthorized": ocsp.OCSPResponseStatus.UNAUTHORIZED,
    "ocsp_malformed": ocsp.OCSPResponseStatus.MALFORMED_REQUEST,
}
_BEGINS = {"ocsp_late": -_DAY, "ocsp_future": _DAY}


@attrs.frozen
class _State:
    status: ocsp.OCSPCertStatus
    at: datetime | None = None
    reason: x509.ReasonFlags | None = None


class Responder:
    """Answers for every authority that issued something.

    Args:
        pki: The hierarchy.
        clock: Dates the answers.
    """

    def __init__(self, pki: PkiFiles, clock: SandboxClock) -> None:
        self._pki = pki
        self._clock = clock

    def answer(self, question: Question, variant: str | None = None) -> bytes:
        """Return the response in DER.

        Args:
            question: What is asked.
            variant: How the answer is wrong, one of those of `ocsp`.

        Raises:
            OcspRefusedError: no authority of this sandbox issued the certificate.
        """
        if variant in _STATUSES:
            return refusal(_STATUSES[variant])
        issuer = self._issuer(question)
        state = self._state(question, issuer, variant)
        now = self._clock.now().replace(microsecond=0)
        begin = now + _BEGINS.get(variant or "", timedelta(0))
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer_name_hash=question.issuer_name_hash,
            issuer_key_hash=question.issuer_key_hash,
            serial_number=question.serial + (variant == "ocsp_other_serial"),
            algorithm=question.algorithm,
            cert_status=state.status,
            this_update=begin,
            next_update=begin + _HOUR,
            revocation_time=state.at,
            revocation_reason=state.reason,
        )
        nonce = secrets.token_bytes(16) if variant == "ocsp_wrong_nonce" else question.nonce
        if nonce is not None and variant != "ocsp_no_nonce":
            builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
        return self._signed(builder, issuer, variant, now)

    def _issuer(self, question: Question) -> Issued:
        for short in AUTHORITIES:
            if self._pki.has_authority(short):
                authority = self._pki.authority(short)
                if (question.issuer_name_hash, question.issuer_key_hash) == _hashes(authority, question.algorithm):
                    return authority
        raise OcspRefusedError(ocsp.OCSPResponseStatus.UNAUTHORIZED, "a certificate of another authority")

    def _state(self, question: Question, issuer: Issued, variant: str | None) -> _State:
        if variant == "ocsp_unknown" or self._pki.register.find(question.serial, issuer.certificate) is None:
            return _State(ocsp.OCSPCertStatus.UNKNOWN)
        revocation = self._pki.register.revocation(question.serial)
        if revocation is None and variant == "ocsp_revoked":
            revocation = Revocation(question.serial, self._clock.now() - _DAY, "key_compromise")
        if revocation is None:
            return _State(ocsp.OCSPCertStatus.GOOD)
        at = revocation.at.replace(microsecond=0)
        return _State(ocsp.OCSPCertStatus.REVOKED, at, x509.ReasonFlags[revocation.reason])

    def _signed(self, builder: ocsp.OCSPResponseBuilder, issuer: Issued, variant: str | None, now: datetime) -> bytes:
        if variant == "ocsp_by_authority":
            builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, issuer.certificate)
            return _der(builder.sign(issuer.key, hashes.SHA256()))
        key = self._delegate_key()
        certificate = _delegate(key, issuer, variant, now)
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, certificate).certificates([certificate])
        response = builder.sign(key, hashes.SHA256())
        if variant == "ocsp_wrong_signature":
            return _der(response).replace(response.signature, bytes(byte ^ 1 for byte in response.signature))
        return _der(response)

    def _delegate_key(self) -> rsa.RSAPrivateKey:
        path: Path = self._pki.folder / "ocsp.key.pem"
        if not path.exists():
            write_key(path, new_key())
        return read_key(path)


def refusal(status: ocsp.OCSPResponseStatus) -> bytes:
    """Return a response that has a status and nothing else."""
    return _der(ocsp.OCSPResponseBuilder.build_unsuccessful(status))


def _der(response: ocsp.OCSPResponse) -> bytes:
    return response.public_bytes(serialization.Encoding.DER)


def _hashes(issuer: Issued, algorithm: hashes.HashAlgorithm) -> tuple[bytes, bytes]:
    key = issuer.key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.PKCS1)
    return _digest(issuer.certificate.subject.public_bytes(), algorithm), _digest(key, algorithm)


def _digest(content: bytes, algorithm: hashes.HashAlgorithm) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(content)
    return digest.finalize()


def _delegate(key: rsa.RSAPrivateKey, issuer: Issued, variant: str | None, now: datetime) -> x509.Certificate:
    """Certify the delegate for a day, so that nobody needs to ask whether it is revoked."""
    begin = now - (30 * _DAY if variant == "ocsp_delegate_expired" else _HOUR)
    subject = name_of((NameOID.COUNTRY_NAME, "FR"), (NameOID.COMMON_NAME, "REPONDEUR OCSP DU BAC A SABLE"))
    signer = new_key() if variant == "ocsp_delegate_foreign" else issuer.key
    purpose = (
        ExtendedKeyUsageOID.CLIENT_AUTH
        if variant == "ocsp_delegate_without_purpose"
        else ExtendedKeyUsageOID.OCSP_SIGNING
    )
    return (
        begin_certificate(subject, key.public_key(), issuer.certificate.subject)
        .not_valid_before(begin)
        .not_valid_after(begin + _DAY)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
        .add_extension(key_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        .add_extension(x509.OCSPNoCheck(), critical=False)
        .sign(signer, hashes.SHA256())
    )
