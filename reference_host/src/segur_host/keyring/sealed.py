"""Secrets that somebody typed for later, such as the code by which a certificate is revoked.

They are encrypted with the passphrase of the store and not with the host's own key: that key lies beside the data, and
whoever may read the data must not be able to revoke, or to open, what the passphrase protects.
"""

import secrets
from collections.abc import Mapping
from contextlib import suppress
from typing import Final

import sqlalchemy as sa
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from segur_host.config.secrets import Secret, SecretReference
from segur_host.keyring.passphrase import passphrase_of, passphrases_of
from segur_host.storage.database import Database
from segur_host.storage.schema import metadata, tenant_column
from segur_sdk.errors import ConfigError, InputError

SEALED_PREFIX: Final = "sealed:"
MAX_NAME: Final = 80
_SALT_BYTES: Final = 16
_NONCE_BYTES: Final = 12
_COST: Final = 2**15
"""32 MiB and some tens of milliseconds: a secret is sealed or opened now and then."""

sealed_secrets: Final = sa.Table(
    "sealed_secrets",
    metadata,
    tenant_column(),
    sa.Column("name", sa.String(MAX_NAME), primary_key=True),
    sa.Column("content", sa.LargeBinary, nullable=False),
)
"""``content``: salt of scrypt, nonce, AES-256-GCM of the secret with its name."""


class SealedSecrets:
    """Secrets of one tenant by name.

    Args:
        database: where they are kept.
        passphrase: where that is by which they are encrypted.
        former: where the one of before is, while it is being changed.
    """

    def __init__(
        self, database: Database, passphrase: SecretReference | None, former: SecretReference | None = None
    ) -> None:
        self._database = database
        self._passphrase = passphrase
        self._former = former
        database.ensure(sealed_secrets)

    def has(self, name: str) -> bool:
        """Tell whether a secret is kept."""
        return self._content(name) is not None

    def names(self) -> tuple[str, ...]:
        """Return the names under which secrets are kept."""
        own = sa.select(sealed_secrets.c.name).where(sealed_secrets.c.tenant == self._database.tenant)
        with self._database.reading() as connection:
            return tuple(connection.execute(own.order_by(sealed_secrets.c.name)).scalars())

    def require_passphrase(self) -> None:
        """See to it that a secret could be kept, before somebody types it.

        Raises:
            ConfigError: ``config.keyring_passphrase``, and those of its reference.
        """
        passphrase_of(self._passphrase)

    def put(self, name: str, secret: str) -> None:
        """Keep a secret; within a write of this thread, it stands or falls with it.

        Raises:
            InputError: as ``require_text``.
            ConfigError: as ``require_passphrase``.
            HostError: as ``Database.accepting``.
        """
        require_text(secret)
        salt, nonce = secrets.token_bytes(_SALT_BYTES), secrets.token_bytes(_NONCE_BYTES)
        key = _derived(salt, passphrase_of(self._passphrase))
        encrypted = AESGCM(key).encrypt(nonce, secret.encode(), self._bound(name))
        row = {"tenant": self._database.tenant, "name": name, "content": salt + nonce + encrypted}
        with self._database.accepting() as transaction:
            transaction.connection.execute(sealed_secrets.delete().where(*self._is(name)))
            transaction.connection.execute(sealed_secrets.insert(), row)

    def get(self, name: str) -> Secret:
        """Return a secret.

        Raises:
            InputError: ``input.secret_unknown``.
            ConfigError: as ``require_passphrase``; with ``reason`` ``other``: it was sealed with another passphrase.
        """
        return self._opened(name)[0]

    def of_former(self) -> dict[str, Secret]:
        """Return the secrets that only the former passphrase opens, by name. Errors as ``get``."""
        opened = {name: self._opened(name) for name in self.names()}
        return {name: secret for name, (secret, is_former) in opened.items() if is_former}

    def put_all(self, found: Mapping[str, Secret]) -> None:
        """Keep secrets, all of them or none. Errors as ``put``."""
        with self._database.accepting():
            for name, secret in found.items():
                self.put(name, secret.reveal())

    def forget(self, name: str) -> None:
        """Destroy a secret; nothing happens if none is kept under that name."""
        with self._database.accepting() as transaction:
            transaction.connection.execute(sealed_secrets.delete().where(*self._is(name)))

    def _content(self, name: str) -> bytes | None:
        with self._database.reading() as connection:
            return connection.execute(sa.select(sealed_secrets.c.content).where(*self._is(name))).scalar()

    def _opened(self, name: str) -> tuple[Secret, bool]:
        """Return a secret, and whether it took the former passphrase. Errors as ``get``."""
        content = self._content(name)
        if content is None:
            raise InputError("input.secret_unknown")
        salt, rest = content[:_SALT_BYTES], content[_SALT_BYTES:]
        for is_former, passphrase in enumerate(passphrases_of(self._passphrase, self._former)):
            with suppress(InvalidTag):
                cipher = AESGCM(_derived(salt, passphrase))
                found = cipher.decrypt(rest[:_NONCE_BYTES], rest[_NONCE_BYTES:], self._bound(name))
                return Secret(found.decode()), bool(is_former)
        raise ConfigError("config.keyring_passphrase", reason="other")

    def _bound(self, name: str) -> bytes:
        """Bind what is encrypted to its place: moved to another name, it does not open."""
        return f"{self._database.instance}/{self._database.tenant}/{name}".encode()

    def _is(self, name: str) -> tuple[sa.ColumnElement[bool], ...]:
        return (sealed_secrets.c.tenant == self._database.tenant, sealed_secrets.c.name == name)


def _derived(salt: bytes, passphrase: bytes) -> bytes:
    return Scrypt(salt, 32, n=_COST, r=8, p=1).derive(passphrase)


def require_text(secret: str) -> None:
    """Refuse what is no text: a terminal of another encoding gives characters that nothing can be made of.

    Raises:
        InputError: ``input.secret_text``.
    """
    try:
        secret.encode()
    except UnicodeEncodeError:
        raise InputError("input.secret_text") from None
