"""Every TLS context of the host is made here.

``ssl.create_default_context`` is not used: it would honour ``SSLKEYLOGFILE``, and the system's anchors when given none.
"""

import ssl
from collections.abc import Iterable
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

TLS12_SUITES: Final = (
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-RSA-AES128-SHA256",
    "DHE-RSA-AES256-GCM-SHA384",
    "DHE-RSA-AES128-GCM-SHA256",
)
"""0xC030, 0xC02F, 0xC028, 0xC027, 0x009F, 0x009E: those of SC.MSS/CONF.03, in its order.

Those of TLS 1.3 are the ones of OpenSSL: none of them is weak.
"""
OVER_A_CURVE: Final = ("ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES128-GCM-SHA256")
"""Of the same strength, for a server whose key is an elliptic one. IGC-Santé issues RSA; others may not."""
SECURITY_LEVEL: Final = 2
"""Of OpenSSL: RSA and Diffie-Hellman from 2048 bits on, elliptic curves from 224, no signature over SHA-1."""


def client_context(anchors: Iterable[x509.Certificate]) -> ssl.SSLContext:
    """Return a new context of a client that trusts these anchors only.

    The server's chain and name are checked; its name has to be in *subjectAltName* (RFC 9525, 2). A server certificate
    whose extended key usage is stated and is not *serverAuth* is refused by OpenSSL.
    """
    context = _context(ssl.PROTOCOL_TLS_CLIENT, anchors)
    context.hostname_checks_common_name = False
    return context


def server_context(anchors: Iterable[x509.Certificate]) -> ssl.SSLContext:
    """Return a new context of a server that demands a certificate of its clients; it has no key yet."""
    context = _context(ssl.PROTOCOL_TLS_SERVER, anchors)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def _context(protocol: int, anchors: Iterable[x509.Certificate]) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(":".join((*TLS12_SUITES, *OVER_A_CURVE, f"@SECLEVEL={SECURITY_LEVEL}")))
    # Written again, so that nothing but certificates of that file reaches OpenSSL.
    content = "".join(one.public_bytes(Encoding.PEM).decode("ascii") for one in anchors)
    context.load_verify_locations(cadata=content)
    return context
