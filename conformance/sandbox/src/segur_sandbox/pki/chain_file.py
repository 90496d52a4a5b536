"""The file that holds every authority: PKCS#7 without a signature, as loosely encoded as the published one.

The published file is BER, its SET of certificates unsorted, which strict readers of DER refuse.
"""

import base64
import textwrap
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from segur_sandbox.pki.der import SEQUENCE, SET, encoded, integer

_SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
_DATA = bytes.fromhex("06092a864886f70d010701")
_EXPLICIT = 0xA0


def chain_file(certificates: Iterable[x509.Certificate]) -> bytes:
    """Return the file: PEM armour `PKCS7` around a SignedData whose certificates stand in no order of DER."""
    ders = sorted((one.public_bytes(serialization.Encoding.DER) for one in certificates), reverse=True)
    signed = encoded(
        SEQUENCE, integer(1), encoded(SET), encoded(SEQUENCE, _DATA), encoded(_EXPLICIT, *ders), encoded(SET)
    )
    content = encoded(SEQUENCE, _SIGNED_DATA, encoded(_EXPLICIT, signed))
    lines = textwrap.wrap(base64.b64encode(content).decode("ascii"), 64)
    return "\n".join(["-----BEGIN PKCS7-----", *lines, "-----END PKCS7-----", ""]).encode("ascii")
