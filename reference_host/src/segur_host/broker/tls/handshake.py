"""The handshake with a server, at whose end it is known whom one speaks to."""

import _ssl
import socket
import ssl
from typing import Any

from segur_host.broker.tls.refusal import refusal_of
from segur_host.broker.tls.servers import ServerCheck


def shake_hands(
    plain: socket.socket, context: ssl.SSLContext, host: str, check: ServerCheck
) -> tuple[ssl.SSLSocket, bool]:
    """Return the connection, of which nothing was used yet, and whether it is known that its server was not revoked.

    Args:
        plain: connected, with its timeout; closed when this fails.
        context: made by ``client_context``.
        host: name or address of the server.
        check: of its purpose.

    Raises:
        ServerRefusedError: the server does not prove who it is.
        OSError: no TLS.
    """
    connection = context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
    try:
        connection.do_handshake()
        return connection, check.examine(verified_chain(connection))
    except ssl.SSLError as failure:
        refusal = refusal_of(failure, answered=connection.cipher() is not None)
        connection.close()
        if refusal is None:
            raise
        raise refusal from failure
    except BaseException:
        connection.close()
        raise


def verified_chain(connection: ssl.SSLSocket) -> tuple[bytes, ...]:
    """Return the chain that OpenSSL verified, DER, the server's certificate first and an anchor last."""
    public = getattr(connection, "get_verified_chain", None)
    if public is not None:
        return tuple(public())
    # Before Python 3.13 the same thing has no public name.
    inner: Any = getattr(connection, "_sslobj")  # noqa: B009
    return tuple(one.public_bytes(_ssl.ENCODING_DER) for one in inner.get_verified_chain() or ())
