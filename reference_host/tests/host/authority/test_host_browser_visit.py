"""A plugin sends a person's browser to the address of its purpose and nowhere else, and waits only so long."""

import socket
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import httpx
import pytest

from segur_host import Cancellation, CheckedAsker, Host
from segur_sdk.context import HookContext
from segur_sdk.errors import SegurError
from segur_sdk.models.actor import SessionMeans
from segur_sdk.models.notice import Notice
from segur_sdk.services.session_provider import Authenticated, SessionRequest

PSC = SessionMeans.PSC
Hosts = Callable[..., Host]
Script = dict[str, Any]


def code_of(action: Callable[[], object]) -> str:
    with pytest.raises(SegurError) as raised:
        action()
    return raised.value.code


class Browser:
    """Goes where it is sent, and comes back to the address that stands in the query."""

    def __init__(self, *answers: str) -> None:
        self.urls: list[str] = []
        self.pages: list[httpx.Response] = []
        self._answers = answers or ("code=1&state=2",)

    def __call__(self, url: str) -> bool:
        self.urls.append(url)
        [back] = parse_qs(urlsplit(url).query)["redirect_uri"]
        for one in self._answers:
            self.pages.append(httpx.get(f"{back}?{one}", trust_env=False, timeout=20))
        return True


def visit(
    proven: Callable[..., Authenticated], seen: list[str], state: str | None = None
) -> Callable[..., Authenticated]:
    def start(_: SessionRequest, ctx: HookContext) -> Authenticated:
        with ctx.browser("login") as one:
            seen.append(one.redirect_uri)
            seen.append(one.go(f"/authorize?redirect_uri={quote(one.redirect_uri, safe='')}", state=state))
        return proven()

    return start


def registered(*redirects: str) -> dict[str, Any]:
    return {"login": {"url": "https://127.0.0.1:4433/auth", "redirect": list(redirects)}}


def visits() -> list[threading.Thread]:
    return [one for one in threading.enumerate() if one.name == "segur-visit"]


def test_a_browser_goes_to_the_address_of_the_purpose_and_comes_back(
    host: Hosts, script: Script, proven: Callable[..., Authenticated]
) -> None:
    seen: list[str] = []
    browser = Browser()
    script["start"] = visit(proven, seen)
    opened = host(browser=browser)
    opened.login(PSC)
    assert seen[1] == "code=1&state=2"
    assert [one.partition("?")[0] for one in browser.urls] == ["https://127.0.0.1:4433/auth/authorize"]
    assert [page.status_code for page in browser.pages] == [200]
    assert urlsplit(seen[0]).hostname == "127.0.0.1"
    records = [one for one in opened.audit.records() if one.event == "broker.browser"]
    assert [one.plugin for one in records] == ["authority"]
    assert "code" not in records[0].facts
    assert visits() == []


def test_who_comes_back_from_elsewhere_neither_answers_nor_ends_the_visit(
    host: Hosts, script: Script, proven: Callable[..., Authenticated]
) -> None:
    seen: list[str] = []
    browser = Browser("state=x&code=y", "error=access_denied", "code=1&state=2")
    script["start"] = visit(proven, seen, "2")
    host(browser=browser).login(PSC)
    assert seen[1] == "code=1&state=2"
    assert [page.status_code for page in browser.pages[:2]] == [404, 404]


@pytest.mark.parametrize("state", ["", "é", "a\n", "\ud800"], ids=ascii)
def test_a_state_that_none_can_be_is_refused(
    state: str, host: Hosts, script: Script, proven: Callable[..., Authenticated]
) -> None:
    browser = Browser()
    script["start"] = visit(proven, [], state)
    opened = host(browser=browser)
    assert code_of(lambda: opened.login(PSC)) == "plugin.request_refused"
    assert browser.urls == []


def test_a_port_in_use_is_survived_with_an_address_registered_besides(
    host: Hosts, script: Script, proven: Callable[..., Authenticated]
) -> None:
    seen: list[str] = []
    script["start"] = visit(proven, seen)
    with socket.create_server(("127.0.0.1", 0)) as busy, socket.create_server(("127.0.0.1", 0)) as other:
        redirects = [f"http://127.0.0.1:{one.getsockname()[1]}/psc" for one in (busy, other)]
        other.close()
        host(browser=Browser(), network=registered(*redirects)).login(PSC)
    assert seen == [redirects[1], "code=1&state=2"]


def test_every_port_in_use_is_told(host: Hosts, script: Script, proven: Callable[..., Authenticated]) -> None:
    script["start"] = visit(proven, [])
    browser = Browser()
    with socket.create_server(("127.0.0.1", 0)) as busy:
        opened = host(browser=browser, network=registered(f"http://127.0.0.1:{busy.getsockname()[1]}/psc"))
        assert code_of(lambda: opened.login(PSC)) == "browser.port_in_use"
    assert browser.urls == []


def broken(_: str) -> bool:
    raise OSError("no display")


@pytest.mark.parametrize("browser", [lambda _: False, broken], ids=["none", "fails"])
def test_no_browser_is_told(
    browser: Callable[[str], bool], host: Hosts, script: Script, proven: Callable[..., Authenticated]
) -> None:
    script["start"] = visit(proven, [])
    opened = host(browser=browser)
    assert code_of(lambda: opened.login(PSC)) == "browser.unavailable"
    assert visits() == []


def test_who_does_not_come_back_is_waited_for_so_long_and_no_longer(
    host: Hosts, script: Script, proven: Callable[..., Authenticated], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than the provider's own time, which stands still meanwhile.
    monkeypatch.setattr("segur_host.sessions.providers.LOGIN_S", 0.2)
    script["start"] = visit(proven, [])
    opened = host(browser=lambda _: True, limits={"ask_timeout_s": 0.4})
    assert code_of(lambda: opened.login(PSC)) == "input.no_answer"
    assert opened.plugins["authority"].hung_calls == 0
    assert visits() == []


def test_a_browser_that_holds_whoever_opens_it_does_not_hold_the_answer(
    host: Hosts, script: Script, proven: Callable[..., Authenticated]
) -> None:
    released = threading.Event()
    coming_back = Browser()
    script["start"] = visit(proven, [])
    host(browser=lambda url: coming_back(url) and released.wait(30)).login(PSC)
    released.set()


def in_the_browser(ctx: HookContext) -> None:
    with ctx.browser("login") as one:
        ctx.show(Notice(code="a.message", text="?"))
        one.go("/authorize")


def elsewhere(ctx: HookContext) -> None:
    ctx.show(Notice(code="a.message", text="42"))
    ctx.wait(30)


WAITING: dict[str, Callable[[HookContext], None]] = {"browser": in_the_browser, "elsewhere": elsewhere}


@pytest.mark.parametrize("wait", WAITING.values(), ids=WAITING)
def test_a_login_that_is_given_up_ends_at_once(
    wait: Callable[[HookContext], None], host: Hosts, script: Script
) -> None:
    waiting = threading.Event()
    script["start"] = lambda _, ctx: wait(ctx)
    opened = host(browser=lambda _: True, asker=CheckedAsker(lambda _: None, lambda _: waiting.set()))
    cancellation = Cancellation()
    with ThreadPoolExecutor(1) as threads:
        login = threads.submit(opened.login, PSC, cancellation=cancellation)
        assert waiting.wait(30)
        cancellation.cancel()
        assert code_of(lambda: login.result(20)) == "input.cancelled"
    assert opened.session is None
    assert visits() == []


def test_a_call_waits_no_longer_in_all_than_a_person_is_waited_for(
    host: Hosts, script: Script, proven: Callable[..., Authenticated]
) -> None:
    waits: list[int] = []

    def start(_: SessionRequest, ctx: HookContext) -> Authenticated:
        while True:
            ctx.wait(0.05)
            waits.append(1)

    script["start"] = start
    opened = host(limits={"ask_timeout_s": 0.2})
    assert code_of(lambda: opened.login(PSC)) == "input.no_answer"
    assert len(waits) in {3, 4}
    script["start"] = lambda _, ctx: ctx.wait(float("nan")) or ctx.wait(-1) or proven()
    opened.login(PSC)


ELSEWHERE: dict[str, str] = {
    "another_server": "@evil.example/",
    "another_port": ":1/",
    "above": "/../admin",
    "above_encoded": "/%2e%2e/admin",
    "above_by_backslash": "/..\\..\\admin",
    "beside": "entication",
    "fragment": "/a#b",
    "line_end": "/a\r\nb",
    "space": "/a b",
    "not_ascii": "/é",
    "too_long": "/" + "a" * 9000,
}


@pytest.mark.parametrize("path", ELSEWHERE.values(), ids=ELSEWHERE)
def test_a_browser_is_sent_nowhere_else(path: str, host: Hosts, script: Script) -> None:
    def start(_: SessionRequest, ctx: HookContext) -> None:
        with ctx.browser("login") as one:
            one.go(path)

    script["start"] = start
    browser = Browser()
    opened = host(browser=browser)
    assert code_of(lambda: opened.login(PSC)) == "plugin.request_refused"
    assert browser.urls == []


def test_a_visit_is_one(host: Hosts, script: Script) -> None:
    def start(_: SessionRequest, ctx: HookContext) -> None:
        with ctx.browser("login") as one:
            for _again in range(2):
                one.go(f"/?redirect_uri={quote(one.redirect_uri)}")

    script["start"] = start
    browser = Browser()
    opened = host(browser=browser)
    assert code_of(lambda: opened.login(PSC)) == "plugin.request_refused"
    assert len(browser.urls) == 1


def test_a_visit_that_a_plugin_keeps_is_over_with_its_call(
    host: Hosts, script: Script, proven: Callable[..., Authenticated], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segur_host.broker.doorway.LOOKED_AFTER_S", 0.01)
    kept: list[Any] = []

    def start(_: SessionRequest, ctx: HookContext) -> Authenticated:
        kept.append(ctx.browser("login"))
        kept.append(kept[0].__enter__())
        return proven()

    script["start"] = start
    browser = Browser()
    opened = host(browser=browser)
    opened.login(PSC)
    for thread in visits():
        thread.join(20)
    assert visits() == []
    assert code_of(lambda: kept[1].go("/")) == "plugin.call_over"
    assert browser.urls == []
