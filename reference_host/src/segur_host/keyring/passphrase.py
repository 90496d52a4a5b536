"""The passphrase of the store: by reference, long enough to be worth its name, and kept nowhere."""

from typing import Final

from segur_host.config.secrets import SecretReference
from segur_sdk.errors import ConfigError

MIN_CHARACTERS: Final = 16
"""A key's file derives its key from the passphrase in some thousand rounds only (PKCS#8, PBES2)."""
MAX_BYTES: Final = 1023
"""OpenSSL takes no more."""


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
