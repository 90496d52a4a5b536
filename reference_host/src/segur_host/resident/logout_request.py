"""One request at the back channel: read as h11 understands it, and how it is answered.

Source: OpenID Connect Back-Channel Logout 1.0, 2.5 and 2.8.
"""

from http import HTTPStatus
from typing import Final
from urllib.parse import parse_qsl

import attrs
import h11

MAX_HEAD: Final = 16_384
"""Bytes of a request line with its headers."""
MAX_BODY: Final = 16_384
"""Bytes; a logout token has about a thousand."""
MAX_FIELDS: Final = 16
FORM: Final = b"application/x-www-form-urlencoded"
TOKEN: Final = "logout_token"  # noqa: S105 - the name of a field


def _answer(status: HTTPStatus, *further: str, body: bytes = b"") -> bytes:
    kind = ("Content-Type: application/json",) if body else ()
    fixed = ("Cache-Control: no-store", "Connection: close", f"Content-Length: {len(body)}")
    return "\r\n".join((f"HTTP/1.1 {status.value} {status.phrase}", *kind, *further, *fixed, "", "")).encode() + body


DONE: Final = _answer(HTTPStatus.OK)
"""Whatever ended, or had ended before: there is no session of which the authority spoke."""


@attrs.frozen
class Refusal:
    """Why a request is refused, and what is answered: nothing that it brought, and nothing of who is signed in."""

    reason: str
    answer: bytes = attrs.field(repr=False)


def _refusal(reason: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST, *further: str) -> Refusal:
    return Refusal(reason, _answer(status, *further, body=b'{"error":"invalid_request"}'))


PATH: Final = _refusal("path", HTTPStatus.NOT_FOUND)
METHOD: Final = _refusal("method", HTTPStatus.METHOD_NOT_ALLOWED, "Allow: POST")
TYPE: Final = _refusal("type")
SIZE: Final = _refusal("size", HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
HEAD: Final = _refusal("head", HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
EXPECT: Final = _refusal("expect", HTTPStatus.EXPECTATION_FAILED)
HTTP: Final = _refusal("http")
FIELDS: Final = _refusal("fields")
DISBELIEVED: Final = _refusal("token")
BUSY: Final = _refusal("busy", HTTPStatus.SERVICE_UNAVAILABLE, "Retry-After: 5")
UNAVAILABLE: Final = _refusal("unavailable", HTTPStatus.SERVICE_UNAVAILABLE, "Retry-After: 30")
"""Nobody knows yet whether the token is good."""
TOO_MANY: Final = _refusal("too_many", HTTPStatus.SERVICE_UNAVAILABLE, "Retry-After: 60")


class LogoutRequest:
    """Reads one request, whatever it is.

    Args:
        path: the only one that is there.
    """

    def __init__(self, path: str) -> None:
        self._path = path.encode("ascii")
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=MAX_HEAD)
        self._body = bytearray()

    def hear(self, data: bytes) -> str | Refusal | None:
        """Return the logout token, or why there is none, once enough was read, and nothing before.

        Args:
            data: what came next, not empty.
        """
        try:
            self._http.receive_data(data)
            while True:
                event = self._http.next_event()
                if isinstance(event, h11.Request):
                    refused = self._judged(event)
                    if refused is not None:
                        return refused
                elif isinstance(event, h11.Data):
                    self._body += event.data
                    if len(self._body) > MAX_BODY:
                        return SIZE
                elif isinstance(event, h11.EndOfMessage):
                    return self._token()
                else:
                    return None
        except h11.RemoteProtocolError as failure:
            return HEAD if failure.error_status_hint == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE else HTTP

    def _judged(self, request: h11.Request) -> Refusal | None:
        headers = list(request.headers)
        # A registered address may have a query of its own.
        if request.target.partition(b"?")[0] != self._path:
            return PATH
        if request.method != b"POST":
            return METHOD
        kinds = [value for name, value in headers if name == b"content-type"]
        if [one.partition(b";")[0].strip().lower() for one in kinds] != [FORM]:
            return TYPE
        # h11 refuses lengths that are no numbers, or that differ.
        if any(int(value) > MAX_BODY for name, value in headers if name == b"content-length"):
            return SIZE
        return EXPECT if self._http.they_are_waiting_for_100_continue else None

    def _token(self) -> str | Refusal:
        try:
            fields = parse_qsl(self._body.decode("ascii"), keep_blank_values=True, max_num_fields=MAX_FIELDS)
        except ValueError:
            return FIELDS
        # What else is there is ignored (2.5).
        found = [value for name, value in fields if name == TOKEN]
        return found[0] if len(found) == 1 and found[0] else FIELDS
