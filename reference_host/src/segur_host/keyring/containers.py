"""A key that was made elsewhere, in the PKCS#12 file of whoever made it (RFC 7292). Bounds come before any work."""

from typing import Final

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import rsa

from segur_host.keyring.ber_form import Damage, damage_of
from segur_host.keyring.container_rounds import total_rounds
from segur_host.keyring.making import KEY_BITS
from segur_host.keyring.pairs import PrivateKey, about_password, fingerprint_of, load_p12
from segur_sdk.errors import InputError

MAX_CERTIFICATES: Final = 16
MAX_ROUNDS: Final = 2_000_000
"""Of key derivation, all parts of the file together; tools in service ask for 600 000 at most in each of three."""
_DAMAGES: Final = {Damage.TRUNCATED: "input.p12_truncated", Damage.NESTED: "input.p12_nested"}


@attrs.frozen(repr=False)
class Container:
    """What the file held."""

    key: PrivateKey
    chain: tuple[x509.Certificate, ...]
    """The certificate of the key, then the others."""


def refuse_damaged(content: bytes) -> None:
    """Refuse what no password opens.

    Raises:
        InputError: ``input.p12_truncated``, ``input.p12_nested``, ``input.p12_unreadable``.
    """
    damage = damage_of(content)
    if damage is not None:
        raise InputError(_DAMAGES.get(damage, "input.p12_unreadable"))


def read_container(content: bytes, password: str) -> Container:
    """Read a PKCS#12 file, of a size that was looked at before.

    Raises:
        InputError: those of ``refuse_damaged``, ``input.p12_too_costly``, ``input.p12_password``,
            ``input.p12_no_key``, ``input.p12_key_kind``, ``input.p12_mismatch``.
    """
    refuse_damaged(content)
    # From here on every form of the file is understood that the library understands, and its rounds were counted.
    if total_rounds(content, password.encode(), MAX_ROUNDS) > MAX_ROUNDS:
        raise InputError("input.p12_too_costly")
    try:
        found = load_p12(content, password.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm) as failure:
        code = "input.p12_password" if about_password(failure) else "input.p12_unreadable"
        raise InputError(code, reason=type(failure).__name__) from None
    if found.key is None:
        raise InputError("input.p12_no_key")
    if not isinstance(found.key, PrivateKey) or (
        isinstance(found.key, rsa.RSAPrivateKey) and found.key.key_size < KEY_BITS
    ):
        raise InputError("input.p12_key_kind")
    others = [one.certificate for one in found.additional_certs]
    if found.cert is None or len(others) >= MAX_CERTIFICATES:
        raise InputError("input.p12_mismatch" if others else "input.p12_no_key")
    leaf = found.cert.certificate
    if fingerprint_of(leaf.public_key()) != fingerprint_of(found.key.public_key()):
        raise InputError("input.p12_mismatch")
    return Container(found.key, (leaf, *others))
