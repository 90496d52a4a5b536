"""Who sits at the target: his browser walks by HTTP, what he waits for passes at once, and he may give up."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from segur_conformance.targets.reference_host.browser import Browser
from segur_conformance.targets.reference_host.haste import hurry, unhurried
from segur_conformance.targets.reference_host.person import Person
from segur_conformance.targets.reference_host.stepping_clock import SteppingClock
from segur_host.broker.cancelling import Cancellation
from segur_host.dispatch.patience import Patience
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Notice


class Pages(ThreadingHTTPServer):
    """An authority that sends every browser on, and the address to which it comes back."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Page)
        self.seen: list[dict[str, str]] = []
        self.origin = f"http://127.0.0.1:{self.server_address[1]}"


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        assert isinstance(self.server, Pages)
        self.server.seen.append(dict(parse_qsl(urlsplit(self.path).query)))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def pages() -> Iterator[Pages]:
    server = Pages()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


WAYS: dict[str, tuple[list[dict[str, Any]], list[dict[str, str]]]] = {
    "as-sent": ([], [{"state": "s1", "code": "c1"}]),
    "with": ([{"with": {"state": "autre"}}], [{"state": "autre", "code": "c1"}]),
    "without": ([{"without": ["state", "iss"]}], [{"code": "c1"}]),
    "twice": ([{}, {}], [{"state": "s1", "code": "c1"}] * 2),
    "padding": ([{"padding": 3}], [{"state": "s1", "code": "c1", "remplissage": "xxx"}]),
}


@pytest.mark.parametrize(("way", "expected"), WAYS.values(), ids=WAYS)
def test_browser_comes_back_as_it_is_told(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, way: list[dict[str, Any]], expected: list[dict[str, str]]
) -> None:
    browser = Browser()
    browser.begins(())
    monkeypatch.setattr(browser.__class__, "_sent_back", lambda _, url: f"{pages.origin}/retour?state=s1&code=c1")
    browser.goes(way)

    assert browser.opens("https://page.exemple/auth")
    assert pages.seen == expected
    assert browser.sent_to == ["https://page.exemple/auth"]
    assert browser.answered == [200] * len(expected)


def test_browser_comes_back_as_at_an_earlier_visit_once(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = Browser()
    browser.begins(())
    backs = iter([f"{pages.origin}/retour?code={number}" for number in range(3)])
    monkeypatch.setattr(browser.__class__, "_sent_back", lambda _, url: next(backs))
    browser.opens("https://page.exemple/auth")
    browser.goes([{"again": 0}])
    browser.opens("https://page.exemple/auth")
    browser.opens("https://page.exemple/auth")

    assert [one["code"] for one in pages.seen] == ["0", "0", "2"]


def test_browser_that_nobody_answers_is_told_nothing() -> None:
    browser = Browser()
    browser.begins(())

    assert browser.opens("https://127.0.0.1:9/auth")
    assert browser.answered == []


def test_what_is_waited_passes_at_once_and_is_counted() -> None:
    clock = SteppingClock()
    before = clock.now()
    hurried = hurry(clock)
    try:
        Patience(600).wait(480, hurried, lambda: None)
    finally:
        unhurried()

    assert round(hurried.waited_s) == 480
    assert round((clock.now() - before).total_seconds()) == 480


def test_person_gives_up_at_the_notice_that_he_waits_for() -> None:
    person, cancellation = Person(), Cancellation()
    person.begins(cancellation, "autre.avis")
    person.looks(Notice(code="psc.avis", text="Votre code est 42."))
    cancellation.wait()
    person.begins(cancellation, "*")
    person.looks(Notice(code="psc.avis", text="Votre code est 43."))

    assert [one["text"] for one in person.shown] == ["Votre code est 42.", "Votre code est 43."]
    with pytest.raises(InputError) as caught:
        cancellation.wait()
    assert caught.value.code == "input.cancelled"
