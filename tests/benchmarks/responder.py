"""A TLS server that gives one fixed answer to any request: it flatters nobody.

Run as ``python responder.py CERT KEY CA ANSWER``; prints its port on the first line.
"""

import socket
import ssl
import sys
import threading
from pathlib import Path


def serve(connection: ssl.SSLSocket, answer: bytes) -> None:
    """Answer every request of one connection."""
    stream = connection.makefile("rb")
    while True:
        length = 0
        line = stream.readline()
        if not line:
            return
        while line not in {b"\r\n", b""}:
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
            line = stream.readline()
        stream.read(length)
        connection.sendall(answer)


def main() -> None:
    """Listen on a free port of the loopback until killed."""
    cert, key, authority, body_file = sys.argv[1:]
    body = Path(body_file).read_bytes()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/soap+xml\r\ncontent-length: {len(body)}\r\n\r\n"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.load_verify_locations(authority)
    context.verify_mode = ssl.CERT_REQUIRED
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)  # noqa: T201 - read by the one who started it
        while True:
            connection, _ = listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            secured = context.wrap_socket(connection, server_side=True)
            threading.Thread(target=serve, args=(secured, head.encode("ascii") + body), daemon=True).start()


if __name__ == "__main__":
    main()
