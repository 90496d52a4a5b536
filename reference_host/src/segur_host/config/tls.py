"""What the configuration may say of the servers of a purpose."""

import re
from enum import StrEnum
from typing import Annotated, Final

from pydantic import AfterValidator, Field

PUBLIC_KEY_PREFIX: Final = "sha256:"
_PUBLIC_KEY: Final = re.compile(PUBLIC_KEY_PREFIX + r"[0-9a-f]{64}")


class RevocationMode(StrEnum):
    """What happens when nobody can tell whether a server's certificate was revoked.

    One that was revoked is refused in both ``hard`` and ``soft``.
    """

    HARD = "hard"
    """The server is refused."""
    SOFT = "soft"
    """It is used, and the audit says so."""
    OFF = "off"
    """It is not asked. Refused in production."""


def _named(authority: str) -> str:
    if not _PUBLIC_KEY.fullmatch(authority):
        # Imported when an authority is named: reading names takes a while to load.
        from cryptography import x509  # noqa: PLC0415

        x509.Name.from_rfc4514_string(authority)
    return authority


AuthorityName = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_named)]
"""Parts of a distinguished name (RFC 4514: ``CN=…`` or ``CN=…,OU=…,O=…``), or ``sha256:`` and the SHA-256 of a public
key (``SubjectPublicKeyInfo``, DER) in lower-case hexadecimal."""
