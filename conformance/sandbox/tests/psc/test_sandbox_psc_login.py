"""The authorization endpoint and the login page."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import httpx
import pytest

Send = Callable[..., httpx.Response]
Read = Callable[[httpx.Response], dict[str, str]]


def test_discovery_is_at_the_wallets_own_address_and_names_two_origins(
    psc: dict[str, Any], discovery: dict[str, Any], http: Callable[..., httpx.Client]
) -> None:
    assert psc["discovery"].endswith("/auth/realms/esante-wallet/.well-known/wallet-openid-configuration")
    assert discovery["issuer"] == psc["discovery"].partition("/.well-known/")[0]
    assert discovery["authorization_endpoint"] == f"{psc['login']}/auth"
    origin = discovery["issuer"].removesuffix("/auth/realms/esante-wallet")
    assert not psc["login"].startswith(origin)
    for name, value in discovery.items():
        if name.endswith("_endpoint") and name != "authorization_endpoint":
            assert value.startswith(f"{discovery['issuer']}/protocol/openid-connect/")
    assert discovery["acr_values_supported"] == ["0", "0"]
    assert discovery["mtls_endpoint_aliases"]["token_endpoint"] == discovery["token_endpoint"]
    assert http().get(f"{discovery['issuer']}/.well-known/openid-configuration").status_code == 404


def test_a_login_ends_at_the_redirect_uri_with_code_state_and_issuer(
    authorize: Send, answer_next: Callable[..., None], callback: Read, redirect_uri: str, psc: dict[str, Any]
) -> None:
    answer_next()
    answer = authorize()
    assert answer.headers["location"].startswith(f"{redirect_uri}?")
    told = callback(answer)
    assert set(told) == {"code", "state", "session_state", "iss"}
    assert (told["state"], told["iss"]) == ("an-unguessable-state", psc["issuer"])
    assert answer.headers["cache-control"] == "no-store"


NOWHERE = {
    "unknown-client": {"client_id": "personne"},
    "no-client": {"client_id": None},
    "no-redirect": {"redirect_uri": None},
    "other-port": {"redirect_uri": "http://127.0.0.1:1/psc/retour"},
    "elsewhere": {"redirect_uri": "https://attaquant.exemple.invalid/"},
}


@pytest.mark.parametrize("changes", NOWHERE.values(), ids=NOWHERE)
def test_an_unknown_client_or_redirect_gets_a_page_and_the_browser_goes_nowhere(
    authorize: Send,
    answer_next: Callable[..., None],
    journal: Callable[..., list[dict[str, Any]]],
    changes: dict[str, str | None],
) -> None:
    answer_next()
    answer = authorize(**changes)
    assert answer.status_code == 400
    assert "location" not in answer.headers
    assert journal("psc-login")[-1]["unexpected"] is True
    assert authorize().status_code == 302


@pytest.mark.parametrize("suffix", ["?a=1", "/", "#a", "%2F"])
def test_a_redirect_uri_is_compared_character_by_character(
    authorize: Send, answer_next: Callable[..., None], redirect_uri: str, suffix: str
) -> None:
    answer_next()
    assert authorize(redirect_uri=redirect_uri + suffix).status_code == 400
    assert authorize(redirect_uri=redirect_uri).status_code == 302


REFUSED: dict[str, tuple[dict[str, str | None], str]] = {
    "no-response-type": ({"response_type": None}, "invalid_request"),
    "implicit": ({"response_type": "id_token token"}, "unsupported_response_type"),
    "hybrid": ({"response_type": "code id_token"}, "unsupported_response_type"),
    "fragment": ({"response_mode": "fragment"}, "invalid_request"),
    "no-scope": ({"scope": None}, "invalid_scope"),
    "no-openid": ({"scope": "scope_all"}, "invalid_scope"),
    "no-scope-all": ({"scope": "openid"}, "invalid_scope"),
    "unknown-scope": ({"scope": "openid scope_all tout"}, "invalid_scope"),
    "no-acr": ({"acr_values": None}, "invalid_request"),
    "other-acr": ({"acr_values": "eidas2"}, "invalid_request"),
    "acr-as-printed-once": ({"acr_values": None, "acr": "eidas1"}, "invalid_request"),
    "short-challenge": ({"code_challenge": "abc"}, "invalid_request"),
    "odd-challenge": ({"code_challenge": "é" * 43}, "invalid_request"),
    "odd-challenge-method": ({"code_challenge_method": "S512"}, "invalid_request"),
    "method-alone": ({"code_challenge": None}, "invalid_request"),
    "odd-prompt": ({"prompt": "none login"}, "invalid_request"),
    "odd-max-age": ({"max_age": "-1"}, "invalid_request"),
    "request-object": ({"request": "e30.e30."}, "request_not_supported"),
    "request-uri": ({"request_uri": "https://exemple.invalid/"}, "request_uri_not_supported"),
}


@pytest.mark.parametrize(("changes", "error"), REFUSED.values(), ids=REFUSED)
def test_a_wrong_request_is_told_to_the_software_and_its_twin_passes(
    authorize: Send,
    answer_next: Callable[..., None],
    callback: Read,
    journal: Callable[..., list[dict[str, Any]]],
    psc: dict[str, Any],
    changes: dict[str, str | None],
    error: str,
) -> None:
    answer_next()
    told = callback(authorize(**changes))
    assert (told["error"], told["state"], told["iss"]) == (error, "an-unguessable-state", psc["issuer"])
    assert "code" not in told
    assert journal("psc-login")[-1]["reason"].startswith(error)
    assert "code" in callback(authorize())


def test_a_parameter_given_twice_is_refused(
    discovery: dict[str, Any], authorize: Send, http: Callable[..., httpx.Client], answer_next: Callable[..., None]
) -> None:
    answer_next()
    right = authorize()
    assert right.status_code == 302
    twice = http().get(f"{right.request.url}&state=another")
    assert (twice.status_code, "location" in twice.headers) == (400, False)


@pytest.mark.parametrize("changes", [{"scope": "openid"}, {"acr_values": None}], ids=["no-scope-all", "no-acr"])
def test_lenient_accepts_what_strict_refuses(
    authorize: Send,
    answer_next: Callable[..., None],
    callback: Read,
    settings: Callable[..., None],
    changes: dict[str, str | None],
) -> None:
    answer_next()
    assert "error" in callback(authorize(**changes))
    settings(lenient=True)
    assert "code" in callback(authorize(**changes))


def test_a_refusal_is_told_and_an_expiry_is_not(
    authorize: Send, answer_next: Callable[..., None], callback: Read, journal: Callable[..., list[dict[str, Any]]]
) -> None:
    answer_next(answer="refuse")
    assert callback(authorize())["error"] == "access_denied"
    answer_next(answer="expire")
    expired = authorize()
    assert (expired.status_code, "location" in expired.headers) == (200, False)
    assert "expirée" in expired.text
    assert not any(entry["unexpected"] for entry in journal("psc-login"))


class _Reader(HTMLParser):
    """Collects what a keyboard or a screen reader meets."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def values(self, tag: str, **wanted: str) -> list[dict[str, str | None]]:
        return [found for name, found in self.tags if name == tag and wanted.items() <= found.items()]


@pytest.fixture
def page(authorize: Send) -> Callable[[], tuple[str, httpx.Response]]:
    """Open the login page: the identifier of its form, and the whole answer."""

    def open_page() -> tuple[str, httpx.Response]:
        answer = authorize()
        assert answer.status_code == 200
        (hidden,) = _Reader(answer.text).values("input", name="page")
        return str(hidden["value"]), answer

    return open_page


@pytest.fixture
def choose(http: Callable[..., httpx.Client], psc: dict[str, Any]) -> Send:
    """Send the form of the login page."""

    def send(identifier: str, answer: str = "accepter", who: str = "medecin", means: str = "MOBILE") -> httpx.Response:
        form = {"page": identifier, "professionnel": who, "moyen": means, "reponse": answer}
        return http().post(f"{psc['login']}/auth/reponse", data=form)

    return send


def test_the_page_needs_no_script_and_names_everything_for_a_screen_reader(
    page: Callable[[], tuple[str, httpx.Response]], psc: dict[str, Any]
) -> None:
    _, answer = page()
    found = _Reader(answer.text)
    assert found.values("html", lang="fr")
    assert len(found.values("h1")) == 1
    assert not found.values("script")
    assert len(found.values("legend")) == len(found.values("fieldset")) == 2
    offered = {one["value"] for one in found.values("input", type="radio", name="professionnel")}
    assert offered == {one["name"] for one in psc["professionals"]}
    assert {one["value"] for one in found.values("input", name="moyen")} == {"CARD", "MOBILE"}
    # Each radio button stands in its label, so that the words are part of the target.
    assert len(re.findall(r"<label><input type=\"radio\"", answer.text)) == len(offered) + 2
    assert [one["value"] for one in found.values("button")] == ["accepter", "refuser", "expirer"]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_accepting_in_the_page_logs_in_and_the_page_serves_once(
    page: Callable[[], tuple[str, httpx.Response]], choose: Send, callback: Read, userinfo: Send, redeem: Send
) -> None:
    identifier, _ = page()
    told = callback(choose(identifier))
    assert told["state"] == "an-unguessable-state"
    tokens = redeem(told["code"]).json()
    assert userinfo(tokens["access_token"]).json()["authMode"] == "MOBILE"
    assert choose(identifier).status_code == 400


def test_refusing_or_letting_expire_needs_nobody_chosen(
    page: Callable[[], tuple[str, httpx.Response]], choose: Send, callback: Read
) -> None:
    assert callback(choose(page()[0], "refuser", who=""))["error"] == "access_denied"
    expired = choose(page()[0], "expirer", who="")
    assert (expired.status_code, "location" in expired.headers) == (200, False)


@pytest.mark.parametrize(
    ("who", "means"),
    [("", "CARD"), ("personne", "CARD"), ("preparateur", "CARD"), ("medecin", "FAX")],
    ids=["nobody", "unknown", "no-card", "unknown-means"],
)
def test_a_choice_that_cannot_be_is_asked_again_with_an_alert(
    page: Callable[[], tuple[str, httpx.Response]], choose: Send, callback: Read, who: str, means: str
) -> None:
    identifier, _ = page()
    again = choose(identifier, who=who, means=means)
    assert again.status_code == 400
    assert _Reader(again.text).values("p", role="alert")
    assert "code" in callback(choose(identifier))


@pytest.mark.parametrize(
    "form",
    [{}, {"page": "inconnue", "reponse": "accepter"}, {"reponse": "accepter"}],
    ids=["empty", "unknown-page", "no-page"],
)
def test_an_answer_to_no_page_is_refused(
    http: Callable[..., httpx.Client],
    psc: dict[str, Any],
    form: dict[str, str],
    page: Callable[[], tuple[str, httpx.Response]],
    choose: Send,
) -> None:
    assert http().post(f"{psc['login']}/auth/reponse", data=form).status_code == 400
    assert choose(page()[0]).status_code == 303


def test_a_page_left_alone_expires(
    page: Callable[[], tuple[str, httpx.Response]], choose: Send, advance: Callable[[float], None]
) -> None:
    identifier, _ = page()
    advance(299)
    assert choose(identifier, "peut-être").status_code == 400
    advance(2)
    assert choose(identifier).status_code == 400
    assert choose(page()[0]).status_code == 303


def test_the_name_of_the_software_cannot_write_html(
    control: Callable[..., tuple[int, Any]], page: Callable[[], tuple[str, httpx.Response]], choose: Send
) -> None:
    identifier, _ = page()
    again = choose(identifier, who='"><script>alert(1)</script>', means="CARD")
    assert again.status_code == 400
    assert "<script>" not in again.text


@pytest.fixture
def cookie_of(authorize: Send, answer_next: Callable[..., None]) -> Callable[[], dict[str, str]]:
    """Log in and return the browser's cookie."""

    def log_in() -> dict[str, str]:
        answer_next()
        answer = authorize()
        header = answer.headers["set-cookie"]
        assert all(flag in header for flag in ("Secure", "HttpOnly", "SameSite=lax"))
        return dict(answer.cookies)

    return log_in


SSO = {
    "at-once": (0, {}, "code"),
    "just-before-idle": (1790, {}, "code"),
    "idle": (1801, {}, "page"),
    "login-asked": (0, {"prompt": "login"}, "page"),
    "young-enough": (60, {"max_age": "100"}, "code"),
    "too-old": (60, {"max_age": "30"}, "page"),
    "silent": (0, {"prompt": "none"}, "code"),
    "silent-after-idle": (1801, {"prompt": "none"}, "login_required"),
}


@pytest.mark.parametrize(("seconds", "changes", "expected"), SSO.values(), ids=SSO)
def test_a_browser_that_is_logged_in_is_asked_again_only_when_it_must(
    cookie_of: Callable[[], dict[str, str]],
    authorize: Send,
    callback: Read,
    advance: Callable[[float], None],
    seconds: int,
    changes: dict[str, str],
    expected: str,
) -> None:
    cookies = cookie_of()
    advance(seconds)
    answer = authorize(cookies=cookies, **changes)
    if expected == "page":
        assert answer.status_code == 200
        return
    told = callback(answer)
    assert ("code" in told) if expected == "code" else told["error"] == expected


def test_a_session_used_every_twenty_minutes_still_ends_after_four_hours(
    cookie_of: Callable[[], dict[str, str]], authorize: Send, advance: Callable[[float], None]
) -> None:
    cookies = cookie_of()
    statuses = []
    for _ in range(12):
        advance(20 * 60)
        statuses.append(authorize(cookies=cookies).status_code)
    assert statuses == [302] * 11 + [200]


def test_another_browser_is_not_logged_in(cookie_of: Callable[[], dict[str, str]], authorize: Send) -> None:
    cookies = cookie_of()
    assert authorize(cookies=dict.fromkeys(cookies, "x")).status_code == 200
    assert authorize(cookies=cookies).status_code == 302


def test_the_request_may_come_as_a_form(
    discovery: dict[str, Any], http: Callable[..., httpx.Client], authorize: Send, answer_next: Callable[..., None]
) -> None:
    answer_next()
    sent = dict(authorize().request.url.params)
    answer_next()
    assert http().post(discovery["authorization_endpoint"], data=sent).status_code == 302
