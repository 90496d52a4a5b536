"""``host.key``: 32 random bytes from which every key of the host's own storage is derived.

Whoever holds this file and the data folder can read everything: it is saved with the same care as the data, and
apart from it.
"""

import secrets
from enum import StrEnum
from pathlib import Path
from typing import Final, Never, Self

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from segur_host.storage.failures import disk_error
from segur_host.storage.private_files import NotPrivateError, create_private, read_private
from segur_sdk.errors import HostError

KEY_NAME: Final = "host.key"
KEY_BYTES: Final = 32


class KeyPurpose(StrEnum):
    """What a derived key is for. Renaming one loses what it protects."""

    DATABASE = "database"
    DAYBOOK = "daybook"
    SEAL = "seal"
    AUDIT = "audit"
    BLIND_INDEX = "blind-index"
    ROWS = "rows"
    DOCUMENTS = "documents"


class HostKey:
    """The secret of one data folder.

    Args:
        secret: 32 random bytes.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        if len(secret) != KEY_BYTES:
            raise HostError("storage.key_unreadable", file=KEY_NAME)
        self._secret = secret

    @classmethod
    def of(cls, folder: Path, *, database_exists: bool) -> Self:
        """Read the key of a data folder, or make it at the first start.

        Args:
            folder: the data folder.
            database_exists: whether a database was there before this call: then a missing key is an error.

        Raises:
            HostError: ``storage.key_missing``, ``storage.key_permissions``, ``storage.key_unreadable``,
                ``storage.full``, ``storage.not_writable``.
        """
        path = folder / KEY_NAME
        try:
            return cls(read_private(path, KEY_BYTES + 1))
        except FileNotFoundError:
            if database_exists:
                raise HostError("storage.key_missing", file=KEY_NAME) from None
        except NotPrivateError:
            raise HostError("storage.key_permissions", file=KEY_NAME) from None
        except OSError as failure:
            raise HostError("storage.key_unreadable", file=KEY_NAME, reason=type(failure).__name__) from None
        try:
            create_private(path, secrets.token_bytes(KEY_BYTES))
            # Another process may have been first: what stands in the file is the key.
            return cls(read_private(path, KEY_BYTES + 1))
        except OSError as failure:
            raise disk_error(failure, "storage.not_writable", KEY_NAME) from None

    def derive(self, purpose: KeyPurpose) -> bytes:
        """Return the 32 bytes for one purpose (HKDF-SHA-256, RFC 5869); one tells nothing of another."""
        return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"segur-host/1/{purpose}".encode()).derive(self._secret)

    def __repr__(self) -> str:
        return "HostKey(‹secret›)"

    def __reduce__(self) -> Never:
        raise TypeError("the key of the host is not pickled")
