"""The passphrase of the store: by reference, long enough to be worth its name, and kept nowhere."""

import binascii
from collections.abc import Iterator
from typing import Final

from segur_host.config.secrets import SecretReference
from segur_host.keyring.ber_form import damage_of
from segur_sdk.errors import ConfigError

MIN_CHARACTERS: Final = 16
"""A key's file derives its key from the passphrase in some thousand rounds only (PKCS#8, PBES2)."""
MAX_BYTES: Final = 1023
"""OpenSSL takes no more."""
_BEGIN: Final = b"-----BEGIN ENCRYPTED PRIVATE KEY-----"
_END: Final = b"-----END ENCRYPTED PRIVATE KEY-----"


def is_sealed(content: bytes) -> bool:
    """Tell whether a key is whole and encrypted: then another passphrase may open it."""
    begin, found, rest = content.strip().partition(_BEGIN)
    body, ended, after = rest.partition(_END)
    if begin or after or not (found and ended):
        return False
    try:
        return damage_of(binascii.a2b_base64(body)) is None
    except binascii.Error:
        return False


def passphrases_of(reference: SecretReference | None, former: SecretReference | None) -> Iterator[bytes]:
    """Yield what may open a key, that of now first; the former one is looked at only when that does not.

    Raises:
        ConfigError: as ``passphrase_of``.
    """
    yield passphrase_of(reference)
    if former is not None:
        yield passphrase_of(former)


def passphrase_of(reference: SecretReference | None) -> bytes:
    """Return the passphrase, UTF-8.

    Raises:
        ConfigError: ``config.keyring_passphrase`` (``reason``: ``missing``, ``too_short``, ``too_long``, ``encoding``),
            and those of the reference.
    """
    if reference is None:
        raise ConfigError("config.keyring_passphrase", reason="missing")
    found = reference.resolve().reveal()
    if len(found) < MIN_CHARACTERS:
        raise ConfigError("config.keyring_passphrase", reason="too_short")
    try:
        encoded = found.encode()
    except UnicodeEncodeError:
        # An environment may hold any octets; those that are no UTF-8 have no one way back.
        raise ConfigError("config.keyring_passphrase", reason="encoding") from None
    if len(encoded) > MAX_BYTES:
        raise ConfigError("config.keyring_passphrase", reason="too_long")
    return encoded
