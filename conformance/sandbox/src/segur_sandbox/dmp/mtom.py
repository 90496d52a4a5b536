"""MTOM both ways: takes a multipart/related body apart within bounds, and writes one.

Sources: RFC 2046, RFC 2387, RFC 2392, W3C MTOM and XOP.
"""

import secrets
from collections.abc import Mapping
from email.message import Message
from typing import Final
from urllib.parse import unquote

import attrs

from segur_sandbox.dmp.refusal import SoapRefusedError

SOAP_MEDIA: Final = "application/soap+xml"
XOP_MEDIA: Final = "application/xop+xml"
RELATED: Final = "multipart/related"
_MAX_PARTS: Final = 100
_MAX_HEAD: Final = 8192
_MAX_BOUNDARY: Final = 70
_BINARY: Final = ("binary", "8bit", "7bit")
_ROOT_ID: Final = "racine@dmp.bac-a-sable"


@attrs.frozen
class ContentType:
    """A Content-Type header: media type, and its parameters by lower-case name."""

    media: str
    parameters: Mapping[str, str]


@attrs.frozen
class Received:
    """A message as received.

    Attributes:
        envelope: Bytes of the SOAP envelope.
        parts: The other parts by Content-ID, without angle brackets.
        action: The action that the Content-Type states, if any.
        multipart: Whether it came as MTOM.
    """

    envelope: bytes
    parts: Mapping[str, bytes]
    action: str | None
    multipart: bool


def read_content_type(header: str) -> ContentType:
    """Read a Content-Type header; what cannot be read has an empty media type."""
    message = Message()
    message["content-type"] = header
    pairs = message.get_params(failobj=[], header="content-type")
    if not pairs or "/" not in pairs[0][0]:
        return ContentType("", {})
    return ContentType(pairs[0][0].lower(), {name.lower(): str(value) for name, value in pairs[1:]})


def take_apart(header: str, body: bytes) -> Received:
    """Take a request apart.

    Args:
        header: Its Content-Type, `application/soap+xml` or `multipart/related`.
        body: As received.

    Raises:
        SoapRefusedError: `mime`, when it is not whole MTOM.
    """
    kind = read_content_type(header)
    if kind.media == SOAP_MEDIA:
        return Received(body, {}, kind.parameters.get("action"), multipart=False)
    if kind.parameters.get("type", "").lower() != XOP_MEDIA:
        raise _mime("the type of multipart/related is not application/xop+xml")
    info = read_content_type(kind.parameters.get("start-info", ""))
    if info.media != SOAP_MEDIA:
        raise _mime("start-info is not application/soap+xml")
    parts = [_read_part(piece) for piece in _pieces(kind.parameters.get("boundary", ""), body)]
    start = kind.parameters.get("start")
    identifiers = [identifier for identifier, _, _ in parts]
    if len(set(identifiers)) != len(identifiers):
        raise _mime("two parts have the same Content-ID")
    if start is not None and start.strip("<>") != identifiers[0]:
        raise _mime("the first part is not the one that start names")
    _, root_kind, envelope = parts[0]
    if root_kind.media != XOP_MEDIA or read_content_type(root_kind.parameters.get("type", "")).media != SOAP_MEDIA:
        raise _mime("the first part is not application/xop+xml of application/soap+xml")
    if "" in identifiers[1:]:
        raise _mime("a part has no Content-ID")
    action = kind.parameters.get("action") or info.parameters.get("action")
    return Received(envelope, {identifier: content for identifier, _, content in parts[1:]}, action, multipart=True)


def content_id_of(href: str) -> str:
    """Return the Content-ID that a `cid:` address names.

    Raises:
        SoapRefusedError: it is another address.
    """
    scheme, _, rest = href.partition(":")
    if scheme != "cid" or not rest:
        raise _mime("xop:Include names something else than a part of the message")
    return unquote(rest)


def put_together(envelope: bytes, action: str) -> tuple[str, bytes]:
    """Return the Content-Type and the body of an MTOM message without attachments."""
    boundary = f"bac-a-sable-{secrets.token_hex(12)}"
    header = (
        f'{RELATED}; boundary="{boundary}"; type="{XOP_MEDIA}"; start="<{_ROOT_ID}>"; '
        f'start-info="{SOAP_MEDIA}"; action="{action}"'
    )
    head = (
        f'--{boundary}\r\nContent-Type: {XOP_MEDIA}; charset=UTF-8; type="{SOAP_MEDIA}"\r\n'
        f"Content-Transfer-Encoding: binary\r\nContent-ID: <{_ROOT_ID}>\r\n\r\n"
    )
    return header, head.encode("ascii") + envelope + f"\r\n--{boundary}--\r\n".encode("ascii")


def _pieces(boundary: str, body: bytes) -> list[bytes]:
    """Cut the body at its boundary; a preamble, which software may write for people, is short."""
    if not 0 < len(boundary) <= _MAX_BOUNDARY or not boundary.isascii() or not boundary.isprintable():
        raise _mime("the boundary is missing, or none that MIME allows")
    delimiter = b"\r\n--" + boundary.encode("ascii")
    # The first delimiter needs no line before it.
    whole = b"\r\n" + body
    at = whole.find(delimiter)
    if at < 0:
        raise _mime("the boundary of the header is not in the body")
    if at > _MAX_HEAD:
        raise _mime("too much stands before the first part")
    pieces: list[bytes] = []
    while True:
        after = at + len(delimiter)
        if whole[after : after + 2] == b"--":
            if whole[after + 2 :].strip():
                raise _mime("something stands after the last part")
            break
        line = whole.find(b"\r\n", after)
        if line < 0 or whole[after:line].strip(b" \t"):
            raise _mime("a boundary does not end its line")
        at = whole.find(delimiter, line)
        if at < 0:
            raise _mime("the last part is cut short")
        pieces.append(whole[line + 2 : at])
        if len(pieces) > _MAX_PARTS:
            raise _mime(f"more than {_MAX_PARTS} parts")
    if not pieces:
        raise _mime("there is no part")
    return pieces


def _read_part(piece: bytes) -> tuple[str, ContentType, bytes]:
    head, separator, content = piece[: _MAX_HEAD + 4].partition(b"\r\n\r\n")
    if not separator or len(head) > _MAX_HEAD:
        raise _mime("a part has no headers, or too long ones")
    content = piece[len(head) + 4 :]
    headers: dict[str, str] = {}
    for line in head.split(b"\r\n"):
        name, colon, value = line.decode("latin-1").partition(":")
        if not colon or name.lower() in headers or not name.isascii():
            raise _mime("a part has a malformed or repeated header")
        headers[name.strip().lower()] = value.strip()
    if headers.get("content-transfer-encoding", "binary").lower() not in _BINARY:
        raise _mime("a part is not sent as it is, in binary")
    identifier = headers.get("content-id", "")
    if identifier and not (identifier.startswith("<") and identifier.endswith(">")):
        raise _mime("a Content-ID has no angle brackets")
    return identifier.strip("<>"), read_content_type(headers.get("content-type", "")), content


def _mime(detail: str) -> SoapRefusedError:
    return SoapRefusedError("mime", detail)
