"""Script: one virtual card in a slot of vpcd. Ending this process takes the card out.

Arguments: host and port of the slot. Standard input is a socket to the sandbox, where the card's answers come from.
Exit status: 0 the sandbox let go of the card, 3 the reader did (pcscd ended). It needs the standard library alone.

Messages are a 2-byte big-endian length and a payload. vpcd sends the two apart: without immediate acknowledgement each
APDU would take 40 ms more.
"""

import contextlib
import select
import socket
import sys

_READER_GONE = 3
_RETRY_S = 0.05


def main(host: str, port: str) -> int:
    """Carry messages until either side closes; returns the exit status."""
    with socket.socket(fileno=0) as card:
        reader = _dial(host, int(port), card)
        if reader is None:
            return 0
        with reader, contextlib.suppress(ConnectionError):
            reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            return _carry(reader, card)
        return _READER_GONE


def _dial(host: str, port: int, card: socket.socket) -> socket.socket | None:
    """Connect to the slot, as often as it takes while the sandbox holds the card out."""
    while not select.select([card], [], [], _RETRY_S)[0]:
        with contextlib.suppress(OSError):
            return socket.create_connection((host, port))
    return None


def _carry(reader: socket.socket, card: socket.socket) -> int:
    while True:
        reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        ready, _, _ = select.select([reader, card], [], [])
        if reader in ready:
            message = _message(reader)
            if not message:
                return _READER_GONE
            card.sendall(message)
        if card in ready:
            answer = card.recv(1 << 16)
            if not answer:
                return 0
            reader.sendall(answer)


def _message(reader: socket.socket) -> bytes:
    """One message with its length in front, or nothing at the end."""
    head = reader.recv(2, socket.MSG_WAITALL)
    reader.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    body = reader.recv(int.from_bytes(head, "big"), socket.MSG_WAITALL)
    return head + body


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
