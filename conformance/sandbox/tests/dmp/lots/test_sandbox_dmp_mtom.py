"""MTOM: whole, bounded, each part named once; anything else is refused before it is looked at."""

from collections.abc import Callable
from typing import Any

import pytest

MIME = "soap:sandbox_mime"
FEED = "DocumentRepository_Service"

MIMES: dict[str, dict[str, str]] = {
    "another-boundary": {"boundary": "autre"},
    "no-boundary": {"boundary": ""},
    "long-boundary": {"boundary": "b" * 71},
    "cut": {"end": ""},
    "half-an-end": {"end": "\r\n--limite-es"},
    "end-without-dashes": {"end": "\r\n--limite-essai\r\n"},
    "something-after": {"end": "\r\n--limite-essai--\r\nencore"},
    "base64-part": {"encoding": "base64"},
    "quoted-part": {"encoding": "quoted-printable"},
    "another-type": {"type": "text/xml"},
    "another-start": {"start": "<document@essai>"},
    "root-type": {"root": "text/xml"},
    "root-soap-1.1": {"root": 'application/xop+xml; type="text/xml"'},
}


@pytest.mark.parametrize("name", MIMES)
def test_dmp_mime_refused(dmp: Any, name: str) -> None:
    lot = dmp.lot()
    assert dmp.feed(lot, mime=MIMES[name]).said.partition("|")[0] == MIME
    assert dmp.counts(lot.document_id) == (0, 0)
    assert dmp.feed(lot).said == "Success"


def _sent(dmp: Any, change: Callable[[str, bytes], tuple[str, bytes]]) -> str:
    body, parts = dmp.lot().body()
    _, action = dmp.actions["feed"]
    message = dmp.envelope(action, dmp.signed_vihf(dmp.sign), body)
    header, content = change(*dmp.multipart(message, parts, action))
    return str(dmp.post(FEED, header, content).said)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda header, body: (header, body[: len(body) // 2]), id="half"),
        pytest.param(
            lambda header, body: (header, body.replace(b"<document@essai>", b"document@essai")), id="brackets"
        ),
        pytest.param(
            lambda header, body: (header, body.replace(b"<document@essai>", b"<signature@essai>")), id="twice"
        ),
        pytest.param(
            lambda header, body: (header, body.replace(b"<document@essai>", b"<autre@essai>")), id="not-there"
        ),
        pytest.param(
            lambda header, body: (header, body.replace(b"cid:document@essai", b"cid:signature@essai")), id="named-twice"
        ),
        pytest.param(
            lambda header, body: (header, body.replace(b"cid:document@essai", b"file:///etc/passwd")), id="address"
        ),
        pytest.param(
            lambda header, body: (
                header,
                body.replace(
                    b"\r\n--limite-essai--", b"\r\n--limite-essai\r\nContent-ID: <z@z>\r\n\r\nz\r\n--limite-essai--"
                ),
            ),
            id="one-too-many",
        ),
        pytest.param(
            lambda header, body: (
                header,
                body.replace(
                    b"\r\n--limite-essai--", b"\r\n--limite-essai\r\nA: b\r\n\r\n" * 120 + b"\r\n--limite-essai--"
                ),
            ),
            id="many-parts",
        ),
        pytest.param(
            lambda header, body: (header, body.replace(b"Content-ID", b"X" * 9000 + b": 1\r\nContent-ID", 1)), id="head"
        ),
        pytest.param(lambda header, body: (header, b"x" * 10_000 + b"\r\n" + body), id="long-preamble"),
        pytest.param(lambda header, body: (header, b""), id="nothing"),
    ],
)
def test_dmp_mime_bytes_refused(dmp: Any, change: Callable[[str, bytes], tuple[str, bytes]]) -> None:
    said = _sent(dmp, change)
    assert said.partition("|")[0] == MIME, said
    assert _sent(dmp, lambda header, body: (header, b"Content-Type: x\r\n\r\n" + body)) == "Success"


def test_dmp_mixed_is_not_related(dmp: Any) -> None:
    body, parts = dmp.lot().body()
    _, action = dmp.actions["feed"]
    header, content = dmp.multipart(dmp.envelope(action, dmp.signed_vihf(dmp.sign), body), parts, action)
    assert dmp.post(FEED, header.replace("related", "mixed"), content).status == 415


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("QUJD*", MIME, id="not-base64"),
        pytest.param("", MIME, id="empty"),
        pytest.param("QUJD<x/>", MIME, id="mixed"),
        pytest.param("QUFB" * 2_000_000, "XDSRepositoryMetadataError", id="six-megabytes"),
    ],
)
def test_dmp_base64_refused(dmp: Any, text: str, code: str) -> None:
    body, parts = dmp.lot().body()
    include = '<xop:Include xmlns:xop="http://www.w3.org/2004/08/xop/include" href="cid:document@essai"/>'
    rest = {name: one for name, one in parts.items() if name != "document@essai"}
    assert include in body
    assert dmp.ask("feed", body.replace(include, text), rest).said.partition("|")[0] == code
    assert dmp.ask("feed", body, parts).said == "Success"


def test_dmp_existence_takes_no_attachments(dmp: Any) -> None:
    _, action = dmp.actions["exists"]
    message = dmp.envelope(action, dmp.signed_vihf(dmp.sign), dmp.existence())
    assert dmp.post("patient", *dmp.multipart(message, {}, action)).said.startswith(f"{MIME}|")
