"""The address to which a browser comes back: raw sockets at its door."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_host.broker import doorway
from segur_host.broker import return_pages as pages
from segur_host.broker.loopback import Loopback
from segur_host.broker.returning import MAX_HEAD, MAX_QUERY, Returning
from segur_sdk.errors import HostError

Open = Callable[..., Loopback]
CANARY = "c0de-canary"


@pytest.fixture
def open_loopback() -> Iterator[Open]:
    with ExitStack() as opened:

        def open_loopback(*redirects: str, in_use: Callable[[], bool] = lambda: True) -> Loopback:
            made = opened.enter_context(Loopback(redirects, in_use))
            made.expect()
            return made

        yield open_loopback


@pytest.fixture
def loopback(open_loopback: Open) -> Loopback:
    return open_loopback()


def connected(loopback: Loopback) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port_of(loopback)), 20)
    connection.settimeout(20)
    return connection


def port_of(loopback: Loopback) -> int:
    return urlsplit(loopback.redirect_uri).port or 0


def told(connection: socket.socket) -> bytes:
    """Read until the other end hangs up."""
    answer = b""
    with suppress(ConnectionError):
        while chunk := connection.recv(65536):
            answer += chunk
    return answer


def said(loopback: Loopback, line: str, *headers: str, host: str | None = None) -> bytes:
    """Send one request and return the whole answer."""
    lines = [line, f"Host: {host or urlsplit(loopback.redirect_uri).netloc}", *headers, "", ""]
    with connected(loopback) as connection:
        with suppress(ConnectionError):
            connection.sendall("\r\n".join(lines).encode())
        return told(connection)


def taken(loopback: Loopback) -> bool:
    """Tell whether the address still takes an answer, by giving one."""
    return said(loopback, "GET /retour?code=1&state=2 HTTP/1.1") == pages.TAKEN


def test_the_first_answer_is_taken_as_it_stood_and_no_other(loopback: Loopback) -> None:
    query = f"code={CANARY}&state=a%20b&iss=https%3A%2F%2Fx"
    assert loopback.answer(0) is None
    assert said(loopback, f"GET /retour?{query} HTTP/1.1") == pages.TAKEN
    assert loopback.answer(20) == query
    for again in (query, "code=other&state=x"):
        assert said(loopback, f"GET /retour?{again} HTTP/1.1") == pages.TAKEN_ALREADY
    assert loopback.answer(0) == query


@pytest.mark.parametrize("page", [pages.TAKEN, pages.TAKEN_ALREADY, pages.NOT_AWAITED, pages.TOO_LONG])
def test_a_page_is_kept_nowhere_and_loads_nothing(page: bytes) -> None:
    head, _, body = page.partition(b"\r\n\r\n")
    for header in (b"Cache-Control: no-store", b"Referrer-Policy: no-referrer", b"default-src 'none'"):
        assert header in head
    assert f"Content-Length: {len(body)}".encode() in head
    assert body.startswith(b'<!doctype html><html lang="fr">')


REFUSED: dict[str, tuple[str, tuple[str, ...], bytes]] = {
    "other_path": ("GET /favicon.ico HTTP/1.1", (), pages.NOT_AWAITED),
    "longer_path": (f"GET /retour/?code={CANARY} HTTP/1.1", (), pages.NOT_AWAITED),
    "encoded_path": (f"GET /retou%72?code={CANARY} HTTP/1.1", (), pages.NOT_AWAITED),
    "absolute": (f"GET http://127.0.0.1/retour?code={CANARY} HTTP/1.1", (), pages.NOT_AWAITED),
    "post": (f"POST /retour?code={CANARY} HTTP/1.1", ("Content-Length: 0",), pages.WRONG_METHOD),
    "head": (f"HEAD /retour?code={CANARY} HTTP/1.1", (), pages.WRONG_METHOD),
    "no_query": ("GET /retour HTTP/1.1", (), pages.NOT_AN_ANSWER),
    "empty_query": ("GET /retour? HTTP/1.1", (), pages.NOT_AN_ANSWER),
    "image": (f"GET /retour?code={CANARY} HTTP/1.1", ("Sec-Fetch-Dest: image",), pages.NOT_BY_A_PERSON),
    "no_http": ("\x16\x03\x01\x02\x00\x01", (), pages.NOT_AN_ANSWER),
    "two_hosts": (f"GET /retour?code={CANARY} HTTP/1.1", ("Host: 127.0.0.1",), pages.NOT_AN_ANSWER),
    "query_too_long": (f"GET /retour?{'a' * (MAX_QUERY + 1)} HTTP/1.1", (), pages.TOO_LONG),
    "a_megabyte_of_query": (f"GET /retour?{'a' * 1_048_576} HTTP/1.1", (), pages.TOO_LONG),
    "headers_without_end": ("GET /retour?code=1 HTTP/1.1", (f"X-Long: {'a' * 2 * MAX_HEAD}",), pages.TOO_LARGE),
}


@pytest.mark.parametrize(("line", "headers", "page"), REFUSED.values(), ids=REFUSED)
def test_what_is_no_answer_is_refused_and_goes_on_being_awaited(
    line: str, headers: tuple[str, ...], page: bytes, loopback: Loopback
) -> None:
    assert said(loopback, line, *headers) == page
    assert loopback.answer(0) is None
    assert taken(loopback)


@pytest.mark.parametrize("host", ["localhost", "evil.example", "127.0.0.1", "127.0.0.1:1", "[::1]"])
def test_another_name_for_this_machine_is_refused(host: str, loopback: Loopback) -> None:
    assert said(loopback, "GET /retour?code=1 HTTP/1.1", host=host) == pages.ELSEWHERE
    assert taken(loopback)


def test_a_browser_that_says_how_it_came_is_let_in(loopback: Loopback) -> None:
    fetched = ("Sec-Fetch-Dest: document", "Sec-Fetch-Mode: navigate", f"Cookie: {'a' * 8000}")
    assert said(loopback, "GET /retour?code=1 HTTP/1.1", *fetched) == pages.TAKEN


def test_the_longest_query_is_taken(loopback: Loopback) -> None:
    query = "a" * MAX_QUERY
    assert said(loopback, f"GET /retour?{query} HTTP/1.1") == pages.TAKEN
    assert loopback.answer(20) == query


def test_what_comes_before_anybody_left_is_for_nobody() -> None:
    with Loopback((), lambda: True) as loopback:
        assert said(loopback, "GET /retour?code=old&state=old HTTP/1.1") == pages.NOT_AWAITED
        loopback.expect()
        assert taken(loopback)


STATE = "etat~1"
FOREIGN: dict[str, str] = {
    "another": "code=1&state=etat~2",
    "a_part": "code=1&state=etat~",
    "more": "code=1&state=etat~1%00",
    "none": "code=1",
    "empty": "code=1&state=",
    "nothing_behind_it": "code=1&state",
    "twice": f"code=1&state={STATE}&state={STATE}",
    "twice_and_encoded": f"code=1&state={STATE}&st%61te=x",
    "other_case": f"code=1&State={STATE}",
    "not_ascii": "code=1&state=%C3%A9tat~1",
    "no_utf_8": "code=1&state=%ff",
    "behind_a_semicolon": f"code=1;state={STATE}",
    "refusal_without_state": "error=access_denied",
    "refusal_of_another": "error=access_denied&state=x",
}


@pytest.mark.parametrize("query", FOREIGN.values(), ids=FOREIGN)
def test_what_bears_another_state_is_turned_away_and_the_answer_still_awaited(query: str, loopback: Loopback) -> None:
    loopback.expect(STATE)
    for _ in range(2):
        assert said(loopback, f"GET /retour?{query} HTTP/1.1") == pages.NOT_AWAITED
    assert loopback.answer(0) is None
    right = f"code={CANARY}&state={STATE}"
    assert said(loopback, f"GET /retour?{right} HTTP/1.1") == pages.TAKEN
    assert said(loopback, f"GET /retour?{query} HTTP/1.1") == pages.NOT_AWAITED
    assert loopback.answer(20) == right


RIGHT: dict[str, str] = {
    "plain": f"state={STATE}&code=1",
    "encoded": "code=1&state=%65tat%7E1",
    "name_encoded": f"code=1&st%61te={STATE}",
    "refusal": f"error=access_denied&state={STATE}",
    "malformed_otherwise": f"code=%&x&&state={STATE}",
}


@pytest.mark.parametrize("query", RIGHT.values(), ids=RIGHT)
def test_what_bears_the_state_is_taken_whatever_else_it_says(query: str, loopback: Loopback) -> None:
    loopback.expect(STATE)
    assert said(loopback, f"GET /retour?{query} HTTP/1.1") == pages.TAKEN
    assert loopback.answer(20) == query


def test_an_answer_in_single_bytes_is_understood(loopback: Loopback) -> None:
    text = f"GET /retour?code=1 HTTP/1.1\r\nHost: {urlsplit(loopback.redirect_uri).netloc}\r\n\r\n"
    with connected(loopback) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for one in text.encode():
            connection.sendall(bytes([one]))
        assert told(connection) == pages.TAKEN


def test_who_says_nothing_holds_nobody(loopback: Loopback) -> None:
    with ExitStack() as opened:
        silent = [opened.enter_context(connected(loopback)) for _ in range(3)]
        silent[0].sendall(b"GET /ret")
        assert taken(loopback)


def test_who_says_nothing_is_cut_off(monkeypatch: pytest.MonkeyPatch, open_loopback: Open) -> None:
    monkeypatch.setattr(doorway, "PEER_S", 0.05)
    monkeypatch.setattr(doorway, "LOOKED_AFTER_S", 0.01)
    with connected(open_loopback()) as connection:
        connection.sendall(b"GET /ret")
        assert told(connection) == b""


def test_a_crowd_is_let_go_of_from_its_oldest_member(loopback: Loopback) -> None:
    with ExitStack() as opened:
        crowd = [opened.enter_context(connected(loopback)) for _ in range(doorway.MAX_PEERS)]
        assert taken(loopback)
        assert told(crowd[0]) == b""


def test_the_first_address_that_is_free_is_taken(open_loopback: Open) -> None:
    first, second = open_loopback(), open_loopback()
    free = second.redirect_uri.replace("/retour", "/a")
    second.__exit__()
    third = open_loopback(first.redirect_uri, free)
    assert third.redirect_uri == free
    assert said(third, "GET /a?code=1 HTTP/1.1") == pages.TAKEN
    assert said(first, "GET /a?code=1 HTTP/1.1") == pages.NOT_AWAITED


def test_no_free_address_is_told(loopback: Loopback) -> None:
    with pytest.raises(HostError) as raised:
        Loopback((loopback.redirect_uri, f"{loopback.redirect_uri}/b"), lambda: True)
    assert (raised.value.code, dict(raised.value.facts)) == ("browser.port_in_use", {"tried": 2})


def test_only_this_machine_is_listened_to(loopback: Loopback) -> None:
    assert loopback._doorway._listener.getsockname()[0] == "127.0.0.1"


def visiting() -> int:
    return sum(one.name == "segur-visit" for one in threading.enumerate())


def test_nothing_is_left_of_an_address_that_is_closed() -> None:
    before = visiting()
    with Loopback((), lambda: True) as loopback, connected(loopback):
        assert visiting() == before + 1
    assert visiting() == before
    with socket.create_server(("127.0.0.1", port_of(loopback))):
        pass


def test_an_address_that_nobody_closes_ends_with_its_use(monkeypatch: pytest.MonkeyPatch, open_loopback: Open) -> None:
    monkeypatch.setattr(doorway, "LOOKED_AFTER_S", 0.01)
    over = threading.Event()
    loopback = open_loopback(in_use=lambda: not over.is_set())
    over.set()
    loopback._doorway._thread.join(20)
    assert not loopback._doorway._thread.is_alive()
    assert loopback._doorway._listener.fileno() == -1


PAGES = {value for value in vars(pages).values() if isinstance(value, bytes)}
PIECES = st.sampled_from(
    [
        b"GET ",
        b"POST ",
        b"/retour",
        b"?",
        b"code=1",
        b" HTTP/1.1",
        b"\r\n",
        b"\n",
        b"Host: h:1",
        b"\r\n\r\n",
        b"%",
        b"\0",
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(min_size=1, max_size=40)), max_size=12))
def test_whatever_is_said_is_answered_by_a_page_or_waited_for(parts: list[bytes]) -> None:
    returning, heard = Returning("h:1", "/retour"), b""
    for part in parts:
        page = returning.hear(part)
        heard += part
        if returning.query is not None:
            line = heard.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r")
            assert line.startswith(b"GET /retour?" + returning.query.encode() + b" HTTP/1.")
            assert page is None
            return
        if page is not None:
            assert page in PAGES - {pages.TAKEN, pages.TAKEN_ALREADY}
            return


@given(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=200))
def test_a_query_is_handed_on_as_it_stands(query: str) -> None:
    returning = Returning("h:1", "/retour")
    assert returning.hear(f"GET /retour?{query} HTTP/1.1\r\nHost: h:1\r\n\r\n".encode()) is None
    assert returning.query == query
