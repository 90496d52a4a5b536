"""A message and its documents cross MIME byte for byte; what is not whole is refused in a word."""

from email import message_from_bytes
from email.policy import HTTP
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_plugin_dmp import mtom
from segur_plugin_dmp.mtom import Attachment
from segur_sdk.errors import InputError

ROOT = "<?xml version='1.0' encoding='UTF-8'?>\n<é/>".encode()
ACTION = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
BORDERS = st.sampled_from(
    [b"\r\n", b"\r", b"\n", b"\r\n--", b"--", b"--uuid_", b"\r\n--uuid_\r\n", b"\0", b"", b"\r\n\r\n", b"%PDF-1.4\r\n"]
)
PAYLOADS = st.lists(BORDERS | st.binary(max_size=40), max_size=8).map(b"".join)


def attached(*payloads: bytes) -> tuple[Attachment, ...]:
    return tuple(Attachment(f"part{place}@segur.invalid", "text/xml", one) for place, one in enumerate(payloads))


@given(payloads=st.lists(PAYLOADS, max_size=3))
def test_every_byte_of_a_part_is_read_back(payloads: list[bytes]) -> None:
    written = mtom.write(ROOT, attached(*payloads), ACTION)
    received = mtom.read(written.content_type, written.body)
    assert received.root == ROOT
    assert list(received.attachments.values()) == payloads


@given(payloads=st.lists(PAYLOADS, min_size=1, max_size=3))
def test_the_mail_package_of_python_reads_the_same_bytes(payloads: list[bytes]) -> None:
    whole = message_from_bytes(mtom.write(ROOT, attached(*payloads), ACTION).as_file(), policy=HTTP)
    assert whole.get_content_type() == "multipart/related"
    root, *parts = list(whole.iter_parts())
    assert root["Content-ID"] == whole.get_param("start")
    assert root.get_content_type() == "application/xop+xml"
    assert [part["Content-ID"] for part in parts] == [f"<part{place}@segur.invalid>" for place in range(len(payloads))]
    assert {part["Content-Transfer-Encoding"] for part in whole.iter_parts()} == {"binary"}
    assert [part.get_payload(decode=True) for part in (root, *parts)] == [ROOT, *payloads]
    assert [one.defects for one in (whole, root, *parts)] == [[]] * (len(parts) + 2)


@given(payload=PAYLOADS)
def test_bytes_between_two_delimiters_are_those_of_the_part(payload: bytes) -> None:
    written = mtom.write(ROOT, attached(payload), ACTION)
    boundary = written.content_type.rpartition('boundary="')[2].rstrip('"').encode()
    before, first, second, after = written.body.split(b"--" + boundary)
    assert (before, after) == (b"", b"--\r\n")
    assert first.partition(b"\r\n\r\n")[2] == ROOT + b"\r\n"
    assert second.partition(b"\r\n\r\n")[2] == payload + b"\r\n"


def test_header_of_the_whole_is_that_of_soap_1_2_with_xop() -> None:
    whole = message_from_bytes(mtom.write(ROOT, attached(b"x"), ACTION).as_file(), policy=HTTP)
    assert {name: whole.get_param(name) for name in ("type", "start-info", "action")} == {
        "type": "application/xop+xml",
        "start-info": "application/soap+xml",
        "action": ACTION,
    }
    (root, _) = whole.iter_parts()
    assert (root.get_param("type"), root.get_content_charset()) == ("application/soap+xml", "utf-8")


def test_file_posted_as_it_is_is_the_same_message() -> None:
    written = mtom.write(ROOT, attached(b"\r\ndoc\r\n"), ACTION)
    received = mtom.read(written.content_type, written.as_file())
    assert (received.root, list(received.attachments.values())) == (ROOT, [b"\r\ndoc\r\n"])


def test_message_without_attachments_is_its_own_root() -> None:
    assert mtom.read("application/soap+xml; charset=UTF-8", ROOT) == mtom.Received(ROOT)


def part(content_id: str = "a", *, encoding: str = "binary", data: bytes = b"x") -> bytes:
    return (
        f"\r\n--b\r\nContent-Type: text/xml\r\nContent-Transfer-Encoding: {encoding}\r\nContent-ID: <{content_id}>"
        "\r\n\r\n"
    ).encode() + data


RELATED = 'multipart/related; boundary="b"'
HOSTILE: dict[str, tuple[str, bytes, str]] = {
    "no boundary": ("multipart/related", part() + b"\r\n--b--", "boundary"),
    "boundary too long": (f'multipart/related; boundary="{"b" * 71}"', b"", "boundary"),
    "boundary with a blank at its end": ('multipart/related; boundary="b "', part() + b"\r\n--b --", "boundary"),
    "no delimiter": (RELATED, b"nothing", "cut"),
    "never closed": (RELATED, part(), "cut"),
    "delimiter with something behind": (RELATED, b"--bx\r\n\r\n--b--", "boundary"),
    "no header": (RELATED, b"--b\r\n\r\nx\r\n--b--", "headers"),
    "header of the whole too long": (RELATED + ';a="' * 30_000, part() + b"\r\n--b--", "headers"),
    "header never ends": (RELATED, b"--b\r\nContent-ID: <a>\r\n--b--", "headers"),
    "header too long": (RELATED, part("a" * 20_000) + b"\r\n--b--", "headers"),
    "header not ascii": (RELATED, b"\r\n--b\r\nContent-ID: <\xff>\r\n\r\nx\r\n--b--", "headers"),
    "header without colon": (RELATED, b"\r\n--b\r\nContent-ID <a>\r\n\r\nx\r\n--b--", "headers"),
    "field twice": (RELATED, b"\r\n--b\r\nContent-ID: <a>\r\ncontent-id: <b>\r\n\r\nx\r\n--b--", "headers"),
    "base64": (RELATED, part(encoding="base64") + b"\r\n--b--", "encoding"),
    "two parts of one name": (RELATED, part() + part() + b"\r\n--b--", "repeated"),
    "start is no part": (f'{RELATED}; start="<c>"', part() + b"\r\n--b--", "start"),
    "no part": (RELATED, b"--b--", "start"),
    "a million delimiters": (RELATED, b"\r\n--b" * 1_000_000, "headers"),
    "a delimiter and blanks without end": (RELATED, b"\r\n--b" + b" " * 5_000_000, "cut"),
    "too many parts": (RELATED, b"".join(part(str(one)) for one in range(40)) + b"\r\n--b--", "parts"),
}


@pytest.mark.parametrize(("content_type", "body", "reason"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_not_whole_is_refused(content_type: str, body: bytes, reason: str) -> None:
    with pytest.raises(InputError) as caught:
        mtom.read(content_type, body)
    assert (caught.value.code, dict(caught.value.facts)) == ("dmp.mime_refused", {"reason": reason})


def test_the_twin_of_what_is_refused_passes() -> None:
    received = mtom.read(f'{RELATED}; start="<a>"', b"preamble" + part() + part("c", data=b"\r\n--bx") + b"\r\n--b-- e")
    assert (received.root, dict(received.attachments)) == (b"x", {"c": b"\r\n--bx"})


@given(content_type=st.text(max_size=80) | st.just(RELATED), body=st.binary(max_size=200))
def test_anything_is_read_or_refused(content_type: str, body: bytes) -> None:
    try:
        received = mtom.read(content_type, body)
    except InputError as failure:
        received = None
        code = failure.code
    assert code == "dmp.mime_refused" if received is None else isinstance(received.root, bytes)


@pytest.mark.parametrize("name", ["", "a b", "a>", "é", "a\r\nX: y"])
def test_no_content_id_writes_another_header(name: str) -> None:
    with pytest.raises(ValueError, match="Content-ID"):
        mtom.write(ROOT, [Attachment(name, "text/xml", b"")], ACTION)


def test_boundary_is_one_that_no_part_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: Any = iter(["root", "taken", "free"])
    monkeypatch.setattr(mtom, "uuid4", lambda: next(drawn))
    assert 'boundary="uuid_free"' in mtom.write(ROOT, attached(b"--uuid_taken"), ACTION).content_type
