"""The port at which the authority says that its session is over: raw sockets at its door."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlencode

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_host.audit.entries import AuditEntry
from segur_host.broker import doorway
from segur_host.config.model import BackChannelTable
from segur_host.resident import logout_request as said
from segur_host.resident import refusals
from segur_host.resident.back_channel import MAX_AT_ONCE, BackChannel
from segur_host.resident.logout_request import MAX_BODY, MAX_FIELDS, MAX_HEAD, LogoutRequest, Refusal
from segur_sdk.errors import HostError, InputError, ServiceError

TOKEN = "eyJhbGciOiJSUzI1NiJ9.canary.c2ln"
PATIENCE_S = 20
FORM = "Content-Type: application/x-www-form-urlencoded"


@attrs.define
class Place:
    """A back channel, what it was told, and what it recorded."""

    told: list[str] = attrs.field(factory=list)
    recorded: list[AuditEntry] = attrs.field(factory=list)
    end: Callable[[str], int] = lambda token: 1
    channel: BackChannel = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        self.channel = BackChannel(BackChannelTable(port=free_port()), self._ended, self.recorded.append)

    @property
    def port(self) -> int:
        return int(self.channel.address.split(":")[2].partition("/")[0])

    def connected(self) -> socket.socket:
        connection = socket.create_connection(("127.0.0.1", self.port), PATIENCE_S)
        connection.settimeout(PATIENCE_S)
        return connection

    def said(self, request: bytes) -> bytes:
        with self.connected() as connection:
            with suppress(ConnectionError):
                connection.sendall(request)
            return heard(connection)

    def posted(self, token: str = TOKEN) -> bytes:
        return self.said(post(urlencode({"logout_token": token})))

    def reasons(self) -> list[object]:
        return [one.facts["reason"] for one in self.recorded]

    def _ended(self, token: str) -> int:
        self.told.append(token)
        return self.end(token)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port: int = held.getsockname()[1]
    return port


def heard(connection: socket.socket) -> bytes:
    answer = b""
    with suppress(ConnectionError):
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def post(body: str, *headers: str, path: str = "/deconnexion") -> bytes:
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: lgo.example",
        *(headers or (FORM,)),
        f"Content-Length: {len(body)}",
        "",
        "",
    ]
    return "\r\n".join(lines).encode() + body.encode()


@pytest.fixture
def place() -> Iterator[Place]:
    made = Place()
    yield made
    made.channel.close()


@pytest.mark.parametrize("ended", [0, 1, 3])
def test_the_answer_does_not_tell_whether_anybody_was_there(place: Place, ended: int) -> None:
    place.end = lambda token: ended
    assert place.posted() == said.DONE
    assert (place.told, place.recorded) == ([TOKEN], [])


def test_an_answer_is_kept_nowhere() -> None:
    assert said.DONE.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nCache-Control: no-store\r\n" in said.DONE
    assert said.DISBELIEVED.answer.startswith(b"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\n")
    assert said.DISBELIEVED.answer.endswith(b'\r\n\r\n{"error":"invalid_request"}')


TAKEN = {
    "as_it_is": post(f"logout_token={TOKEN}"),
    "with_what_nobody_knows": post(f"a=1&logout_token={TOKEN}&b="),
    "with_a_query": post(f"logout_token={TOKEN}", path="/deconnexion?app=lgo"),
    "with_a_charset": post(f"logout_token={TOKEN}", "content-type: Application/X-WWW-Form-Urlencoded; charset=UTF-8"),
    "in_chunks": (
        f"POST /deconnexion HTTP/1.1\r\nHost: h\r\n{FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
        f"d\r\nlogout_token=\r\n{len(TOKEN):x}\r\n{TOKEN}\r\n0\r\n\r\n"
    ).encode(),
    "by_an_old_proxy": (
        f"POST /deconnexion HTTP/1.0\r\n{FORM}\r\nContent-Length: {len(TOKEN) + 13}\r\n\r\nlogout_token={TOKEN}"
    ).encode(),
}


@pytest.mark.parametrize("request_", TAKEN.values(), ids=TAKEN)
def test_what_the_standard_allows_is_taken(place: Place, request_: bytes) -> None:
    assert place.said(request_) == said.DONE
    assert place.told == [TOKEN]


REFUSED: dict[str, tuple[bytes, Refusal]] = {
    "get": (f"GET /deconnexion?logout_token={TOKEN} HTTP/1.1\r\nHost: h\r\n\r\n".encode(), said.METHOD),
    "put": (post("x").replace(b"POST", b"PUT"), said.METHOD),
    "other_path": (post(f"logout_token={TOKEN}", path="/"), said.PATH),
    "longer_path": (post(f"logout_token={TOKEN}", path="/deconnexion/"), said.PATH),
    "absolute": (post(f"logout_token={TOKEN}", path="http://127.0.0.1/deconnexion"), said.PATH),
    "json": (post(f'{{"logout_token": "{TOKEN}"}}', "Content-Type: application/json"), said.TYPE),
    "no_type": (post(f"logout_token={TOKEN}", "Accept: */*"), said.TYPE),
    "two_types": (post(f"logout_token={TOKEN}", FORM, FORM), said.TYPE),
    "nothing": (post(""), said.FIELDS),
    "no_token": (post("token=x"), said.FIELDS),
    "empty_token": (post("logout_token="), said.FIELDS),
    "two_tokens": (post(f"logout_token={TOKEN}&logout_token={TOKEN}"), said.FIELDS),
    "many_fields": (post(f"logout_token={TOKEN}" + "&a=1" * MAX_FIELDS), said.FIELDS),
    "not_ascii": (post("logout_token=xx").replace(b"=xx", b"=\xff\xfe"), said.FIELDS),
    "a_megabyte": (post(f"logout_token={'a' * 1_048_576}"), said.SIZE),
    "one_byte_too_much": (post(f"logout_token={'a' * (MAX_BODY - 12)}"), said.SIZE),
    "chunks_without_end": (
        f"POST /deconnexion HTTP/1.1\r\nHost: h\r\n{FORM}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        + (b"1000\r\n" + b"a" * 4096 + b"\r\n") * 8,
        said.SIZE,
    ),
    "headers_without_end": (b"POST /deconnexion HTTP/1.1\r\nX: " + b"a" * 2 * MAX_HEAD, said.HEAD),
    "asks_first": (post(f"logout_token={TOKEN}", FORM, "Expect: 100-continue")[: -len(TOKEN)], said.EXPECT),
    "two_lengths": (post("logout_token=x", FORM, "Content-Length: 3"), said.HTTP),
    "no_http": (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", said.HTTP),
}


@pytest.mark.parametrize(("request_", "refusal"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_logout_is_refused_and_recorded_without_what_it_brought(
    place: Place, request_: bytes, refusal: Refusal
) -> None:
    assert place.said(request_) == refusal.answer
    assert place.told == []
    assert [(one.event, dict(one.facts)) for one in place.recorded] == [
        ("back_channel.refused", {"reason": refusal.reason, "number": 1})
    ]
    assert place.posted() == said.DONE


DISBELIEVED = {
    "forged": (InputError("psc.logout_token", reason="signature"), {"code": "psc.logout_token", "detail": "signature"}),
    "no_keys": (ServiceError("psc.unavailable"), {"code": "psc.unavailable"}),
    "a_defect": (RuntimeError(TOKEN), {"code": "host.unexpected"}),
}


@pytest.mark.parametrize(("failure", "facts"), DISBELIEVED.values(), ids=DISBELIEVED)
def test_a_token_that_is_not_believed_is_refused_and_recorded_without_it(
    place: Place, failure: Exception, facts: dict[str, str]
) -> None:
    def disbelieve(token: str) -> int:
        raise failure

    place.end = disbelieve
    assert place.posted() == said.DISBELIEVED.answer
    (entry,) = place.recorded
    assert dict(entry.facts) == {"reason": "token", "number": 1, **facts}
    assert TOKEN not in repr(entry)


def test_a_flood_of_one_kind_is_recorded_by_its_number(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    request = REFUSED["other_path"][0]
    for _ in range(3):
        place.said(request)
    place.said(REFUSED["get"][0])
    assert place.reasons() == ["path", "method"]
    monkeypatch.setattr(refusals, "GATHERED_S", 0.0)
    place.said(request)
    place.channel.close()
    assert [(one.facts["reason"], one.facts["number"]) for one in place.recorded] == [
        ("path", 1),
        ("method", 1),
        ("path", 3),
    ]


def test_what_was_gathered_is_recorded_at_the_end(place: Place) -> None:
    for _ in range(3):
        place.said(REFUSED["get"][0])
    place.channel.close()
    assert [one.facts["number"] for one in place.recorded] == [1, 2]


def test_an_audit_that_cannot_be_written_changes_no_answer(place: Place) -> None:
    def full(entry: AuditEntry) -> None:
        raise HostError("storage.full")

    place.channel._refusals._append = full
    assert place.said(REFUSED["get"][0]) == said.METHOD.answer
    assert place.posted() == said.DONE


def test_who_speaks_too_slowly_is_cut_off_and_holds_nobody(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorway, "LOOKED_AFTER_S", 0.01)
    monkeypatch.setattr(doorway, "PEER_S", 60.0)
    with place.connected() as silent:
        silent.sendall(post(f"logout_token={TOKEN}")[:-1])
        assert place.posted() == said.DONE
        monkeypatch.setattr(doorway, "PEER_S", 0.05)
        with place.connected() as slow:
            slow.sendall(b"POST /deco")
            assert heard(slow) == b""
    assert (place.told, place.reasons()) == ([TOKEN], ["slow"])


def test_a_crowd_is_let_go_of_from_its_oldest_member(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doorway, "PEER_S", 60.0)
    crowd = [place.connected() for _ in range(doorway.MAX_PEERS)]
    assert place.posted() == said.DONE
    assert heard(crowd[0]) == b""
    for one in crowd:
        one.close()
    assert place.reasons() == ["slow"]


def test_one_that_takes_long_holds_up_nobody_and_too_many_are_sent_away(place: Place) -> None:
    go_on, begun = threading.Event(), threading.Semaphore(0)

    def hold(token: str) -> int:
        begun.release()
        assert go_on.wait(PATIENCE_S)
        return 1

    place.end = hold
    answers: list[bytes] = []
    posting = [threading.Thread(target=lambda: answers.append(place.posted())) for _ in range(MAX_AT_ONCE)]
    for one in posting:
        one.start()
        assert begun.acquire(timeout=PATIENCE_S)
    assert place.posted() == said.BUSY.answer
    assert place.said(REFUSED["get"][0]) == said.METHOD.answer
    go_on.set()
    for one in posting:
        one.join()
    assert answers == [said.DONE] * MAX_AT_ONCE
    assert place.reasons() == ["busy", "method"]


def test_what_was_begun_is_answered_before_the_host_stops(place: Place) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def hold(token: str) -> int:
        begun.set()
        assert go_on.wait(PATIENCE_S)
        return 1

    place.end = hold
    with place.connected() as connection:
        connection.sendall(post(f"logout_token={TOKEN}"))
        assert begun.wait(PATIENCE_S)
        closing = threading.Thread(target=place.channel.close)
        closing.start()
        go_on.set()
        closing.join()
        assert heard(connection) == said.DONE


def test_nothing_is_left_of_a_back_channel_that_is_closed(place: Place) -> None:
    port = place.port
    with place.connected() as connection:
        place.channel.close()
        assert heard(connection) == b""
    with socket.create_server(("127.0.0.1", port)):
        assert not [one for one in threading.enumerate() if one.name in ("segur-back-channel", "segur-logout")]


def test_only_this_machine_is_listened_to(place: Place) -> None:
    assert place.channel.address == f"http://127.0.0.1:{place.port}/deconnexion"
    assert place.channel._doorway._listener.getsockname()[0] == "127.0.0.1"


def opening(rules: BackChannelTable) -> HostError:
    with pytest.raises(HostError) as raised:
        BackChannel(rules, lambda token: 0, lambda entry: None)
    return raised.value


def test_a_port_that_is_taken_is_told(place: Place) -> None:
    refused = opening(BackChannelTable(port=place.port))
    assert (refused.code, dict(refused.facts)) == ("resident.port_in_use", {"port": place.port})
    assert place.posted() == said.DONE


def test_an_address_of_another_machine_is_told() -> None:
    # TEST-NET-1 (RFC 5737) is nobody's.
    refused = opening(BackChannelTable(port=free_port(), address="192.0.2.1"))
    assert (refused.code, refused.facts["reason"]) == ("resident.port_refused", "EADDRNOTAVAIL")


@pytest.mark.parametrize(
    "table",
    [
        {"port": 0},
        {"port": 65536},
        {},
        {"port": 8080, "address": "lgo.example"},
        {"port": 8080, "address": ""},
        {"port": 8080, "path": "deconnexion"},
        {"port": 8080, "path": "/a?b"},
        {"port": 8080, "path": "/a b"},
        {"port": 8080, "token": "x"},
    ],
    ids=str,
)
def test_a_table_that_leads_nowhere_is_refused(table: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        BackChannelTable.model_validate(table)


ANSWERS = [value for value in vars(said).values() if isinstance(value, Refusal)]
PIECES = st.sampled_from(
    [
        b"POST ",
        b"GET ",
        b"/deconnexion",
        b" HTTP/1.1\r\nHost: h\r\n",
        b" HTTP/1.0\r\n",
        f"{FORM}\r\n".encode(),
        b"Content-Length: 15\r\n",
        b"Transfer-Encoding: chunked\r\n",
        b"Expect: 100-continue\r\n",
        b"\r\n",
        b"f\r\n",
        b"0\r\n\r\n",
        b"logout_token=xy",
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(min_size=1, max_size=30)), max_size=16))
def test_whatever_is_said_is_a_token_refused_or_waited_for(parts: list[bytes]) -> None:
    request, heard_so_far = LogoutRequest("/deconnexion"), b""
    for part in parts:
        heard_so_far += part
        found = request.hear(part)
        if isinstance(found, str):
            assert found
            assert b"logout_token" in heard_so_far or b"%" in heard_so_far
            return
        if found is not None:
            assert found in ANSWERS
            return
