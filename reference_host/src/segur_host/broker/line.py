"""The connections to one address with one certificate: taken for an exchange, given back after it."""

import ssl
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from segur_host.broker.address import Address
from segur_host.broker.connection import Connection
from segur_host.broker.tls.servers import ServerCheck
from segur_sdk.errors import SegurError

CONNECT_S: Final = 10.0
"""How long opening a connection may take, its TLS included."""


class Line:
    """As many connections as there are exchanges at a time. Every method may be called from any thread.

    Args:
        address: of the service.
        context: of TLS.
        check: what the server has to prove besides.
    """

    def __init__(self, address: Address, context: ssl.SSLContext, check: ServerCheck) -> None:
        self.address: Final = address
        self._context = context
        self._check = check
        self._idle: deque[Connection] = deque()
        self._closed = False

    def take(self, connecting: Callable[[], None], doubting: Callable[[], None], ends_at: float) -> Connection:
        """Return a connection for one exchange, to be given back.

        Args:
            connecting: called before a connection is opened.
            doubting: called when one was opened of whose server nobody knows whether it was revoked.
            ends_at: instant of ``time.monotonic`` at which waiting ends.

        Raises:
            ServerRefusedError: the server does not prove who it is.
            OSError: none could be opened.
        """
        # Another thread may take the last one between a question and the taking.
        with suppress(IndexError):
            while True:
                connection = self._idle.pop()
                if connection.is_alive():
                    return connection
                connection.close()
        connecting()
        connection = Connection(self.address, self._context, self._check, min(ends_at, time.monotonic() + CONNECT_S))
        if not connection.revocation_known:
            doubting()
        return connection

    def explained(self, failure: OSError) -> SegurError | None:
        """Return what in our own key made opening a connection fail in this thread, if it stays on a token."""
        # Imported when something failed: what it needs takes a while to load, and most hosts never use it.
        from segur_host.broker.token_key import token_key_of  # noqa: PLC0415

        key = token_key_of(self._context)
        first = failure.__cause__ if isinstance(failure.__cause__, OSError) else failure
        return key.explain(first) if key is not None else None

    def give_back(self, connection: Connection) -> None:
        """Keep a connection that another exchange may follow on, close any other."""
        if connection.is_complete:
            self._idle.append(connection)
        else:
            connection.close()
        if self._closed:
            self.close()

    def close(self) -> None:
        """Close every connection, now or once its exchange is over."""
        self._closed = True
        with suppress(IndexError):
            while True:
                self._idle.pop().close()
