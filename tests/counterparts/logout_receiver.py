"""Where an authority tells a software that a session is over: an address of this machine that keeps what came."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import parse_qs


class LogoutReceiver:
    """What was received.

    Args:
        address: of the receiver.
    """

    def __init__(self, address: str) -> None:
        self.address: Final = address
        self.tokens: Final[list[str]] = []
        """Logout tokens, in order."""


@contextmanager
def logout_receiver() -> Iterator[LogoutReceiver]:
    """Listen on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode("ascii")
            receiver.tokens.extend(parse_qs(body)["logout_token"])
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name is BaseHTTPRequestHandler's
            """Tests say themselves what they saw."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver = LogoutReceiver(f"http://127.0.0.1:{server.server_address[1]}/fin-de-session")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
