"""Secrets by reference: the configuration says where one is, never what it is."""

import importlib
import os
from typing import Annotated, Any, Final, Never

import attrs
from pydantic import BeforeValidator, Field, model_validator
from pydantic_core import PydanticCustomError

from segur_host.config.paths import ConfigPath
from segur_host.storage.private_files import NotPrivateError, read_private
from segur_sdk.errors import ConfigError
from segur_sdk.models.base import Value

IN_CLEAR: Final = "secret_in_clear"
MAX_SECRET_BYTES: Final = 4096


@attrs.frozen(repr=False, eq=False)
class Secret:
    """A secret that no rendering shows and no pickle carries."""

    _value: str

    def reveal(self) -> str:
        """Return the secret itself: to be handed on at once, never kept."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(‹secret›)"

    def __reduce_ex__(self, _protocol: Any) -> Never:
        raise TypeError("a secret is not pickled")


class SecretReference(Value):
    """Where a secret is: one of ``{file = …}``, ``{env = …}``, ``{keyring = "service/user"}``."""

    file: ConfigPath | None = None
    """A file of mode 0600 or stricter, of the account that runs the host; a line end at its end is dropped."""
    env: str | None = Field(default=None, pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")
    """Name of an environment variable."""
    keyring: str | None = Field(default=None, pattern=r"^[^/]+/[^/]+$")
    """Service and user in the keyring of the operating system."""

    @model_validator(mode="after")
    def _one_place(self) -> "SecretReference":
        if sum(place is not None for place in (self.file, self.env, self.keyring)) != 1:
            raise ValueError("a secret is in one place: file, env or keyring")
        return self

    def resolve(self) -> Secret:
        """Fetch the secret.

        Raises:
            ConfigError: ``config.secret_missing``, ``config.secret_permissions``, ``config.secret_unreadable``,
                ``config.keyring_unavailable``.
        """
        if self.file is not None:
            return self._from_file()
        if self.env is not None:
            value = os.environ.get(self.env)
            where = f"env:{self.env}"
        else:
            value = self._from_keyring()
            where = "keyring"
        if not value:
            raise ConfigError("config.secret_missing", where=where)
        return Secret(value)

    def _from_file(self) -> Secret:
        assert self.file is not None
        where = f"file:{self.file.name}"
        try:
            content = read_private(self.file, MAX_SECRET_BYTES + 1)
        except FileNotFoundError:
            raise ConfigError("config.secret_missing", where=where) from None
        except NotPrivateError:
            raise ConfigError("config.secret_permissions", where=where) from None
        except OSError as failure:
            raise ConfigError("config.secret_unreadable", where=where, reason=type(failure).__name__) from None
        try:
            value = content.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise ConfigError("config.secret_unreadable", where=where, reason="not_utf8") from None
        if not value or len(content) > MAX_SECRET_BYTES:
            reason = "too_large" if value else "empty"
            raise ConfigError("config.secret_unreadable", where=where, reason=reason)
        return Secret(value)

    def _from_keyring(self) -> str | None:
        assert self.keyring is not None
        try:
            keyring = importlib.import_module("keyring")
        except ImportError:
            raise ConfigError("config.keyring_unavailable", reason="not_installed") from None
        service, _, user = self.keyring.partition("/")
        try:
            found: str | None = keyring.get_password(service, user)
        except keyring.errors.KeyringError as failure:
            raise ConfigError("config.keyring_unavailable", reason=type(failure).__name__) from None
        return found


def _not_in_clear(value: Any) -> Any:
    if isinstance(value, (str, bytes, int, float)):
        raise PydanticCustomError(IN_CLEAR, "a secret is given by reference")
    return value


SecretField = Annotated[SecretReference, BeforeValidator(_not_in_clear)]
"""A secret in the configuration; one written out is refused."""
