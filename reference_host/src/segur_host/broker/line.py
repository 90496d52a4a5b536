"""The connections to one address with one certificate, or without TLS: taken for an exchange, given back after it."""

import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from segur_host.broker.address import Address
from segur_host.broker.connection import Connection, Tls
from segur_sdk.errors import SegurError

CONNECT_S: Final = 10.0
"""How long opening a connection may take, its TLS, if any, included."""


class Line:
    """As many connections as there are exchanges at a time. Every method may be called from any thread.

    Args:
        address: of the service.
        tls: how the service is spoken to, ``None`` to speak without it.
    """

    def __init__(self, address: Address, tls: Tls | None) -> None:
        self.address: Final = address
        self._tls = tls
        self._idle: deque[Connection] = deque()
        self._closed = False

    def speaks(self, tls: Tls | None) -> bool:
        """Tell whether connections are opened with that very context."""
        return (self._tls and self._tls.context) is (tls and tls.context)

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
        connection = Connection(self.address, self._tls, min(ends_at, time.monotonic() + CONNECT_S))
        if not connection.revocation_known:
            doubting()
        return connection

    def explained(self, failure: OSError) -> SegurError | None:
        """Return what in our own key made opening a connection fail in this thread, if it stays on a token."""
        if self._tls is None:
            return None
        # Imported when something failed: what it needs takes a while to load, and most hosts never use it.
        from segur_host.broker.token_key import token_key_of  # noqa: PLC0415

        key = token_key_of(self._tls.context)
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
