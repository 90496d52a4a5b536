"""MTOM: a SOAP message whose documents travel beside it, byte for byte, in one ``multipart/related``.

Sources: XOP 1.0; MTOM 1.0; RFC 2387 (multipart/related); RFC 2046, 5.1.
"""

import re
from collections.abc import Mapping, Sequence
from email.message import Message as _MailHeader
from typing import Final
from uuid import uuid4

import attrs

from segur_sdk.errors import InputError

MAX_PARTS: Final = 32
MAX_HEADERS: Final = 16_384
"""Bytes of the header of one part."""
MAX_CONTENT_TYPE: Final = 2048
"""Characters of the header of the whole: reading its parameters copies it for each."""
_ROOT_TYPE: Final = 'application/xop+xml; charset=UTF-8; type="application/soap+xml"'
_CONTENT_ID: Final = re.compile(r"[!-;=?-~]{1,200}")
_BOUNDARY: Final = re.compile(rb"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_PADDING: Final = re.compile(rb"[ \t]*\r\n")


@attrs.frozen
class Attachment:
    """A document beside the message."""

    content_id: str
    """Without angle brackets; the message names it ``cid:…``."""
    media_type: str
    data: bytes = attrs.field(repr=False)


@attrs.frozen
class Multipart:
    """A message and what travels beside it, as bytes of an HTTP body."""

    content_type: str
    body: bytes = attrs.field(repr=False)

    def as_file(self) -> bytes:
        """Return the whole MIME entity, its header first.

        Posted as it is, under the ``Content-Type`` of its first line, it is the same message: what stands before the
        first boundary is a preamble that no reader looks at.
        """
        return f"Content-Type: {self.content_type}\r\nMIME-Version: 1.0\r\n\r\n".encode() + self.body


@attrs.frozen
class Received:
    """A message that was received, in its parts."""

    root: bytes = attrs.field(repr=False)
    attachments: Mapping[str, bytes] = attrs.field(factory=dict, repr=False)
    """By ``Content-ID``, without angle brackets."""


def write(root: bytes, attachments: Sequence[Attachment], action: str) -> Multipart:
    """Return a message with its documents.

    Args:
        root: the SOAP envelope, UTF-8.
        attachments: what ``xop:Include`` of the envelope names.
        action: SOAP action, for the header (RFC 3902).

    Raises:
        ValueError: a ``Content-ID`` that is none.
    """
    root_id = f"{uuid4()}@segur.invalid"
    boundary = _unused((root, *(one.data for one in attachments)))
    pieces = [_opened(boundary, _ROOT_TYPE, root_id), root]
    for one in attachments:
        if not _CONTENT_ID.fullmatch(one.content_id):
            raise ValueError("not a Content-ID")
        pieces += [b"\r\n", _opened(boundary, one.media_type, one.content_id), one.data]
    pieces.append(f"\r\n--{boundary}--\r\n".encode())
    content_type = (
        f'multipart/related; type="application/xop+xml"; start="<{root_id}>"; '
        f'start-info="application/soap+xml"; action="{action}"; boundary="{boundary}"'
    )
    return Multipart(content_type, b"".join(pieces))


def read(content_type: str, body: bytes) -> Received:
    """Return the parts of a message; every byte of a part is kept, line ends at its borders included.

    Args:
        content_type: header of the whole; anything but ``multipart/related`` is a message without attachments.
        body: already bounded by who received it.

    Raises:
        InputError: ``dmp.mime_refused`` with ``reason`` one of ``boundary``, ``cut``, ``parts``, ``headers``,
            ``encoding``, ``repeated``, ``start``. Nothing of the message is in it.
    """
    if len(content_type) > MAX_CONTENT_TYPE:
        raise _refused("headers")
    header = _MailHeader()
    header["Content-Type"] = "".join(one for one in content_type if one.isprintable())
    if header.get_content_type() != "multipart/related":
        return Received(body)
    parts: dict[str, bytes] = {}
    first: str | None = None
    for content_id, data in _parts(body, _boundary_of(header)):
        if content_id in parts:
            raise _refused("repeated")
        parts[content_id] = data
        first = content_id if first is None else first
    start = _text(header.get_param("start"))
    root_id = first if start is None else start.strip().removeprefix("<").removesuffix(">")
    if root_id is None or root_id not in parts:
        raise _refused("start")
    root = parts.pop(root_id)
    return Received(root, parts)


def _opened(boundary: str, media_type: str, content_id: str) -> bytes:
    return (
        f"--{boundary}\r\nContent-Type: {media_type}\r\nContent-Transfer-Encoding: binary\r\n"
        f"Content-ID: <{content_id}>\r\n\r\n"
    ).encode("ascii")


def _unused(contents: Sequence[bytes]) -> str:
    """Return a boundary that no content holds."""
    while True:
        boundary = f"uuid_{uuid4()}"
        if not any(boundary.encode() in one for one in contents):
            return boundary


def _boundary_of(header: _MailHeader) -> bytes:
    boundary = (_text(header.get_param("boundary")) or "").encode("ascii", "replace")
    if not _BOUNDARY.fullmatch(boundary):
        raise _refused("boundary")
    return boundary


def _parts(body: bytes, boundary: bytes) -> list[tuple[str, bytes]]:
    """Return ``Content-ID`` and bytes of each part (RFC 2046, 5.1.1)."""
    delimiter = b"--" + boundary
    # A body may begin with its first delimiter: the line end that belongs to it is not there then.
    place = 0 if body.startswith(delimiter) else _end_of_part(body, b"\r\n" + delimiter, 0) + 2
    parts: list[tuple[str, bytes]] = []
    while True:
        place += len(delimiter)
        if body.startswith(b"--", place):
            return parts
        line = _PADDING.match(body, place)
        if line is None:
            raise _refused("boundary")
        if len(parts) == MAX_PARTS:
            raise _refused("parts")
        end = _end_of_part(body, b"\r\n" + delimiter, line.end())
        parts.append(_part(body, line.end(), end))
        place = end + 2


def _end_of_part(body: bytes, delimiter: bytes, start: int) -> int:
    """Return where the next line begins that is a delimiter; one that only begins like it belongs to the part."""
    # A part may be empty of everything, its header included: its delimiter's line end is the one before it.
    place = max(start - 2, 0)
    while True:
        place = _next(body, delimiter, place)
        after = place + len(delimiter)
        if body.startswith(b"--", after) or _PADDING.match(body, after):
            return place
        place = after


def _next(body: bytes, delimiter: bytes, start: int) -> int:
    place = body.find(delimiter, start)
    if place < 0:
        raise _refused("cut")
    return place


def _part(body: bytes, start: int, end: int) -> tuple[str, bytes]:
    if body.startswith(b"\r\n", start):
        raise _refused("headers")
    border = body.find(b"\r\n\r\n", start, min(end, start + MAX_HEADERS))
    if border < 0:
        raise _refused("headers")
    fields = _fields(body[start:border])
    if fields.get("content-transfer-encoding", "binary").lower() not in {"binary", "8bit", "7bit"}:
        raise _refused("encoding")
    return fields.get("content-id", "").removeprefix("<").removesuffix(">"), body[border + 4 : end]


def _fields(header: bytes) -> dict[str, str]:
    """Return the fields of a header by their names in lower case; folded lines are one (RFC 5322, 2.2.3)."""
    try:
        lines = re.sub(r"\r\n[ \t]+", " ", header.decode("ascii")).split("\r\n")
    except UnicodeDecodeError:
        raise _refused("headers") from None
    fields: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or name.strip().lower() in fields:
            raise _refused("headers")
        fields[name.strip().lower()] = value.strip()
    return fields


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _refused(reason: str) -> InputError:
    return InputError("dmp.mime_refused", reason=reason)
