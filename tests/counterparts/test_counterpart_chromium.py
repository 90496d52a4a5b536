"""A professional signs in by hand: Chromium on the sandbox's page, with mouse and keyboard, and back to the host.

Axe looks at every page that he may see on the way: what a machine can tell of their accessibility.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

import attrs
import pytest

from segur_host import Cancellation, CheckedAsker, Host
from segur_host.config.loading import load_config
from segur_host.sessions.sessions import Login
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import SegurError
from segur_sdk.models.actor import SessionMeans
from segur_sdk.services.session_provider import Device, LoginFlow
from tests.counterparts.chromium import PATIENCE_S, PROGRAM, Chromium, Page, chromium

AXE: Final = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
RULES: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LOGIN: Final = "Connexion Pro Santé Connect"
BACK: Final = "Réponse reçue"
EXPIRED: Final = "Demande expirée"
TITULAIRE: Final = "CAROLE PHARMACH0007512"
PREPARATEUR: Final = "DANIELE PREPARATEUR0001234"
"""Who has no card."""
TAB, SPACE, ENTER = ("Tab", 9, ""), (" ", 32, " "), ("Enter", 13, "\r")


@pytest.fixture(scope="module")
def browser(counterpart_sandbox: RunningSandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """The browser of one person for all tests, who never keeps a cookie from one to the next."""
    if shutil.which(PROGRAM) is None:
        reason = f"{PROGRAM} is not installed: apt-get install {PROGRAM}"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    trusted = [counterpart_sandbox.descriptor["services"]["psc"]["login"]]
    with chromium(tmp_path_factory.mktemp("chromium"), trusted) as started:
        yield started


@attrs.frozen
class Counter:
    """A workstation: its host, and its browser."""

    host: Host
    browser: Chromium
    sandbox: RunningSandbox
    working: ThreadPoolExecutor
    given_up: Cancellation = attrs.field(factory=Cancellation)

    def signing_in(self) -> "tuple[Page, Future[Login]]":
        """Have somebody sign in: the page that he sees, and what comes of it."""
        login = self.working.submit(self.host.login, SessionMeans.PSC, cancellation=self.given_up)
        return self.browser.page(), login


@pytest.fixture
def counter(counterpart_sandbox: RunningSandbox, browser: Chromium, tmp_path: Path) -> Iterator[Counter]:
    counterpart_sandbox.reset()
    browser.forget_cookies()
    config = load_config(counterpart_sandbox.config).model_copy(update={"data": tmp_path / "host"})
    asker = CheckedAsker(lambda question: question.choices[0].value)
    with ThreadPoolExecutor(1) as working, Host(config, asker=asker, browser=browser.open) as host:
        yield Counter(host, browser, counterpart_sandbox, working)


def refusal(login: "Future[Login]") -> str:
    with pytest.raises(SegurError) as caught:
        login.result(PATIENCE_S)
    return caught.value.code


def logins(sandbox: RunningSandbox) -> list[tuple[str, str]]:
    return [(one["professional"], one["means"]) for one in sandbox.ledger("psc") if one["kind"] == "login"]


@pytest.mark.parametrize(("label", "means"), [("Carte CPS", "CARD"), ("e-CPS", "MOBILE")], ids=["cps", "e-cps"])
def test_who_chooses_himself_and_his_means_has_a_session(counter: Counter, label: str, means: str) -> None:
    page, login = counter.signing_in()
    page.titled(LOGIN).click("label", TITULAIRE)
    page.click("label", label)
    page.click("button", "Accepter")

    opened = login.result(PATIENCE_S).opened
    assert (opened.actor.name, opened.actor.rpps) == (TITULAIRE, "99700075122")
    assert logins(counter.sandbox) == [("pharmacien-titulaire", means)]
    # Neither the address bar nor the history has the code.
    page.titled(BACK)
    assert "?" not in page.address


def test_the_page_is_walked_without_a_mouse(counter: Counter) -> None:
    page, login = counter.signing_in()
    page.titled(LOGIN)
    for key in (TAB, SPACE, TAB, TAB, ENTER):
        page.press(*key)

    opened = login.result(PATIENCE_S).opened
    assert opened.actor.name == TITULAIRE
    assert logins(counter.sandbox) == [("pharmacien-titulaire", "MOBILE")]


def test_a_means_that_he_does_not_have_is_said_and_another_one_chosen(counter: Counter) -> None:
    page, login = counter.signing_in()
    page.titled(LOGIN)
    page.click("label", PREPARATEUR)
    page.click("label", "Carte CPS")
    page.click("button", "Accepter")
    alert = page.until("document.querySelector('[role=alert]')?.textContent")
    assert alert == "Choisissez un professionnel, et un moyen dont il dispose."
    assert not login.done()
    # Who was chosen still is.
    page.click("label", "e-CPS")
    page.click("button", "Accepter")

    assert login.result(PATIENCE_S).opened.actor.name == PREPARATEUR


def test_who_refuses_is_told_by_his_software(counter: Counter) -> None:
    page, login = counter.signing_in()
    page.titled(LOGIN).click("button", "Refuser")

    assert refusal(login) == "psc.refused"
    page.titled(BACK)
    assert counter.host.sessions == ()


def expires(page: Page) -> None:
    page.click("button", "Laisser expirer")
    page.titled(EXPIRED)


@pytest.mark.parametrize("leaves", [expires, Page.close], ids=["expired", "tab_closed"])
def test_who_does_not_come_back_gives_up_and_begins_again(counter: Counter, leaves: Callable[[Page], None]) -> None:
    page, login = counter.signing_in()
    leaves(page.titled(LOGIN))
    assert not login.done()
    counter.given_up.cancel()
    assert refusal(login) == "input.cancelled"

    page, login = attrs.evolve(counter, given_up=Cancellation()).signing_in()
    page.titled(LOGIN).click("label", TITULAIRE)
    page.click("button", "Accepter")
    assert login.result(PATIENCE_S).opened.actor.name == TITULAIRE


def test_going_back_after_he_left_opens_nothing(counter: Counter) -> None:
    page, login = counter.signing_in()
    page.titled(LOGIN).click("label", TITULAIRE)
    page.click("button", "Accepter")
    login.result(PATIENCE_S)
    page.titled(BACK)
    counter.host.logout(everywhere=True)
    page.evaluate("history.back()")
    page.titled(LOGIN).click("label", TITULAIRE)
    page.click("button", "Accepter")
    # Nobody listens any more where the browser is sent.
    page.until("location.protocol === 'chrome-error:'")
    assert counter.host.sessions == ()


def test_who_stays_signed_in_there_is_not_asked_again_and_who_left_everywhere_is(counter: Counter) -> None:
    page, login = counter.signing_in()
    page.titled(LOGIN).click("label", TITULAIRE)
    page.click("button", "Accepter")
    login.result(PATIENCE_S)
    counter.host.logout()
    page, login = counter.signing_in()
    page.titled(BACK)
    assert login.result(PATIENCE_S).opened.actor.name == TITULAIRE
    counter.host.logout(everywhere=True)
    page, login = counter.signing_in()
    page.titled(LOGIN).click("button", "Refuser")
    assert refusal(login) == "psc.refused"


def judged(page: Page) -> dict[str, Any]:
    """Return what axe says of a page."""
    page.evaluate(AXE.read_text("utf-8") + "; true")
    options = json.dumps({"runOnly": RULES})
    found: dict[str, Any] = page.evaluate(
        f"axe.run({options}).then(found => ({{passes: found.passes.length, "
        "violations: found.violations.map(one => [one.id, one.nodes.map(node => node.html.slice(0, 120))])}))"
    )
    return found


def with_a_problem(page: Page) -> None:
    page.evaluate("document.querySelector('form').noValidate = true")
    page.click("button", "Accepter")
    page.until("document.querySelector('[role=alert]') !== null")


@pytest.mark.parametrize(
    "goes_on",
    [
        pytest.param(lambda page: None, id="login"),
        pytest.param(with_a_problem, id="problem"),
        pytest.param(expires, id="expired"),
        pytest.param(lambda page: (page.click("button", "Refuser"), page.titled(BACK)), id="back_at_the_host"),
    ],
)
def test_every_page_on_the_way_passes_axe(counter: Counter, goes_on: Callable[[Page], object]) -> None:
    page, login = counter.signing_in()
    goes_on(page.titled(LOGIN))

    found = judged(page)

    assert found["violations"] == []
    assert found["passes"] > 10
    counter.given_up.cancel()
    assert refusal(login) in {"input.cancelled", "psc.refused"}


def test_the_page_of_devices_passes_axe(counter: Counter) -> None:
    counter.working.submit(
        counter.host.login,
        SessionMeans.PSC,
        flow=LoginFlow.CIBA,
        national_id="899700075122",
        device=Device.MOBILE,
        cancellation=counter.given_up,
    )
    counter.browser.open(counter.sandbox.descriptor["services"]["psc"]["device"])
    page = counter.browser.page()
    page.until("document.querySelector('legend') !== null || (location.reload(), false)")

    found = judged(page)

    assert found["violations"] == []
    counter.given_up.cancel()


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ("document.documentElement.removeAttribute('lang')", "html-has-lang"),
        ("document.querySelector('h1').remove()", "page-has-heading-one"),
        ("document.querySelector('button').textContent = ''", "button-name"),
    ],
    ids=["language", "heading", "button"],
)
def test_axe_sees_what_is_broken_on_purpose(counter: Counter, broken: str, rule: str) -> None:
    page, login = counter.signing_in()
    page.titled(LOGIN).evaluate(f"{broken}; true")
    assert rule in {name for name, _ in judged(page)["violations"]}
    counter.given_up.cancel()
    refusal(login)
