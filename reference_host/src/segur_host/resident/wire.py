"""What the resident host and its clients say to each other: one JSON object per line, of a bounded length.

A client sends ``{"verb": …, "arguments": {…}}``. Before the end come any number of ``{"ask": question}``, each answered
by ``{"answer": text or null}``, of ``{"show": notice}`` and of ``{"event": …}``; the end is ``{"value": …}`` or
``{"error": …, "kind": …}``. A client that goes away has given up.
"""

import json
import socket
import threading
from contextlib import suppress
from typing import Any, Final

MAX_LINE: Final = 33_554_432
"""Bytes; a document with the largest PDF that is sent, in base64, is under it."""


class Broken(Exception):  # noqa: N818 - an end more than an error
    """The other side went away, or says what nobody could."""


class Wire:
    """One connection, from either side. One thread reads; any may write.

    Args:
        connected: a connected stream socket, which this object closes.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._lines = connected.makefile("rb")
        self._writing = threading.Lock()

    def send(self, message: dict[str, Any]) -> None:
        """Send one message.

        Raises:
            Broken: nobody is there to read it.
        """
        line = json.dumps(message, ensure_ascii=False).encode("utf-8") + b"\n"
        try:
            with self._writing:
                self._socket.sendall(line)
        except OSError:
            raise Broken from None

    def receive(self) -> dict[str, Any]:
        """Wait for one message.

        Raises:
            Broken: the other side went away, or what it sent is no message.
        """
        try:
            line = self._lines.readline(MAX_LINE)
            message = json.loads(line) if line.endswith(b"\n") else None
        except (OSError, ValueError, RecursionError):
            raise Broken from None
        if not isinstance(message, dict):
            raise Broken
        return message

    def close(self) -> None:
        """Go away; whoever waits in ``receive`` hears of it."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            self._lines.close()
        self._socket.close()
