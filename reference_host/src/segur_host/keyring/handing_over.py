"""A key is given to OpenSSL, which takes it from a file only."""

import os
import secrets
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from segur_host.keyring.pairs import KeyPair
from segur_sdk.errors import ConfigError


def hand_over(context: ssl.SSLContext, pair: KeyPair, use: str) -> None:
    """Give the chain and its key to a context.

    The key is written encrypted with a passphrase that exists for this call only, and in memory where the system
    has anonymous files (Linux); elsewhere in a temporary file of mode 0600, removed at once. Neither a crash nor
    a copy of the disk ever gives it in clear.

    Raises:
        ConfigError: ``config.key_unreadable``: OpenSSL does not take it.
    """
    passphrase = secrets.token_bytes(32).hex().encode()
    content = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(passphrase))
    content += b"".join(certificate.public_bytes(Encoding.PEM) for certificate in pair.chain)
    with _short_lived_file(content) as path:
        try:
            context.load_cert_chain(path, password=passphrase)
        except ssl.SSLError as failure:
            # For example a key too small for the security level of OpenSSL.
            raise ConfigError("config.key_unreadable", use=use, reason=failure.reason or "tls") from None


@contextmanager
def _short_lived_file(content: bytes) -> Iterator[str]:
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("segur", os.MFD_CLOEXEC)
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            yield f"/proc/self/fd/{descriptor}"
        return
    descriptor, name = tempfile.mkstemp()
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
        yield name
    finally:
        Path(name).unlink()
