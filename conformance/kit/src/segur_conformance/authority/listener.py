"""A TLS server of this machine whose answers are made by a function."""

import ssl
import threading
import warnings
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final, Self

import attrs

LOOPBACK: Final = "127.0.0.1"
_TURN_S: Final = 0.02
"""How long a listener takes to end."""
_SILENCE_S: Final = 30.0
_WARNINGS: Final = threading.Lock()


@attrs.frozen
class Asked:
    """One request."""

    method: str
    path: str
    """With its query."""
    headers: Mapping[str, str]
    body: bytes = attrs.field(repr=False)


@attrs.frozen
class Answered:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes = attrs.field(repr=False)


@attrs.frozen
class Shown:
    """What a server shows of itself.

    Attributes:
        chain: PEM, its own certificate first.
        key: PEM.
        outdated: it knows nothing newer than TLS 1.1.
    """

    chain: Path
    key: Path
    outdated: bool = False


class Listener:
    """Serves one port of this machine from a thread of its own, until it is closed.

    Args:
        answer: makes the answer to each request; may be called from several threads at once.
        server: what it shows.
        clients: authorities of the certificates that clients may show.
    """

    def __init__(self, answer: Callable[[Asked], Answered], server: Shown, clients: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        if server.outdated:
            outdate(context)
        context.load_cert_chain(server.chain, server.key)
        context.load_verify_locations(clients)
        context.verify_mode = ssl.CERT_OPTIONAL
        self._server = _Server((LOOPBACK, 0), _handler(answer))
        # The handshake is that of the thread which reads: a slow client holds up nobody else.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.origin: Final = f"https://{LOOPBACK}:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(_TURN_S,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def outdate(context: ssl.SSLContext) -> None:
    """Let a context know nothing newer than TLS 1.1, whose digests and keys OpenSSL has by now for who insists only."""
    context.set_ciphers("ALL:@SECLEVEL=0")
    # Python warns of what this is for; the warnings of a process are one list, which threads change in turn.
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Leave a client alone that went away, or whose handshake failed: the check judges what came of it."""


def _handler(answer: Callable[[Asked], Answered]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        timeout = _SILENCE_S

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length", "0")))
            headers = {name.lower(): value for name, value in self.headers.items()}
            said = answer(Asked(self.command, self.path, headers, body))
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(said.body)))
            self.end_headers()
            self.wfile.write(said.body)

        do_POST = do_GET  # noqa: N815 - as the server looks for it

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    return Handler
