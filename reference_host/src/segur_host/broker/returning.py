"""One request of a browser that comes back: read as h11 understands it, judged without being taken at its word."""

from typing import Final

import h11

from segur_host.broker import return_pages as pages

MAX_QUERY: Final = 16_384
MAX_HEAD: Final = 2 * MAX_QUERY
"""Bytes of a request line with its headers: cookies of other programs of this machine come with them."""


class Returning:
    """Reads one request, whatever it is.

    Args:
        server: host and port, as the ``Host`` header must name them.
        path: where an answer is awaited.
    """

    def __init__(self, server: str, path: str) -> None:
        self._server = server.encode()
        self._path = path.encode()
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._has_line = False
        self.query: str | None = None
        """The answer of the authority, once one was read that may be taken."""

    def hear(self, data: bytes) -> bytes | None:
        """Return what is to be answered once enough was read, and nothing before.

        Args:
            data: what came next, not empty.
        """
        self._has_line = self._has_line or b"\n" in data
        try:
            self._http.receive_data(data)
            event = self._http.next_event()
        except h11.RemoteProtocolError as failure:
            if failure.error_status_hint != 431:
                return pages.NOT_AN_ANSWER
            return pages.TOO_LARGE if self._has_line else pages.TOO_LONG
        return self._judged(event) if isinstance(event, h11.Request) else None

    def _judged(self, request: h11.Request) -> bytes | None:
        headers = dict(request.headers)
        # Another name for this machine is how a page of elsewhere would read what is said here (DNS rebinding).
        if headers.get(b"host") != self._server:
            return pages.ELSEWHERE
        path, _, query = request.target.partition(b"?")
        if len(query) > MAX_QUERY:
            return pages.TOO_LONG
        if path != self._path:
            return pages.NOT_AWAITED
        if request.method != b"GET":
            return pages.WRONG_METHOD
        # An image or a script of a page of elsewhere; whoever says nothing of it is no browser of today.
        if headers.get(b"sec-fetch-dest", b"document") != b"document":
            return pages.NOT_BY_A_PERSON
        if not query:
            return pages.NOT_AN_ANSWER
        self.query = query.decode("ascii")
        return None
