"""What a responder answers about one certificate."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from plugins.certificates.tests.made_pki import NOW, Made

HOUR: Final = timedelta(hours=1)


def responder(
    issuer: Made,
    made: Made,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    *,
    begin: datetime = NOW - HOUR,
    end: datetime = NOW + HOUR,
    with_nonce: bool = True,
) -> Callable[[bytes], bytes]:
    """Return what answers any question about one certificate, signed by its authority."""

    def answer(question: bytes) -> bytes:
        revoked = status is ocsp.OCSPCertStatus.REVOKED
        builder = (
            ocsp.OCSPResponseBuilder()
            .add_response(
                cert=made.certificate,
                issuer=issuer.certificate,
                algorithm=hashes.SHA1(),
                cert_status=status,
                this_update=begin,
                next_update=end,
                revocation_time=NOW - HOUR if revoked else None,
                revocation_reason=None,
            )
            .responder_id(ocsp.OCSPResponderEncoding.NAME, issuer.certificate)
        )
        if with_nonce:
            asked = ocsp.load_der_ocsp_request(question).extensions.get_extension_for_class(x509.OCSPNonce)
            builder = builder.add_extension(asked.value, critical=False)
        return builder.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.DER)

    return answer
