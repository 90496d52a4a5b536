"""What a private RSA key is given to sign, when the token itself does not pad or hash (RFC 8017, 9.2)."""

from typing import Final

from segur_sdk.drivers import SignatureScheme
from segur_sdk.errors import CardError

SHA256_LENGTH: Final = 32
_SHA256_DIGEST_INFO: Final = bytes.fromhex("3031300D060960864801650304020105000420")
"""DER of a DigestInfo for SHA-256, up to the digest (RFC 8017, 9.2, note 1)."""
_LEAST_PADDING: Final = 8


def digest_info(digest: bytes) -> bytes:
    """Return the DER of a DigestInfo that holds a SHA-256 digest of 32 bytes."""
    return _SHA256_DIGEST_INFO + digest


def padded(message: bytes, modulus_length: int) -> bytes:
    """Return ``message`` in a block of type 1, as long as the modulus (bytes).

    Raises:
        CardError: ``token.failed`` when the modulus is too short for that.
    """
    filling = modulus_length - len(message) - 3
    if filling < _LEAST_PADDING:
        raise CardError("token.failed", reason="key_length")
    return b"\x00\x01" + b"\xff" * filling + b"\x00" + message


def check_length(scheme: SignatureScheme, data: bytes, modulus_length: int) -> None:
    """Refuse data that the scheme cannot sign.

    Raises:
        CardError: ``token.failed``, reason ``data_length``.
    """
    expected = modulus_length if scheme is SignatureScheme.RAW else SHA256_LENGTH
    if len(data) != expected:
        raise CardError("token.failed", reason="data_length", expected=expected, given=len(data))


def known_scheme(name: str) -> SignatureScheme:
    """Return the scheme called ``name``.

    Raises:
        CardError: ``token.scheme_unsupported``.
    """
    try:
        return SignatureScheme(name)
    except ValueError:
        raise CardError("token.scheme_unsupported") from None
