"""CIBA: what a request must say, how polling is answered, and the errors of both dialects."""

import re
from collections.abc import Callable
from typing import Any

import httpx
import pytest

Send = Callable[..., httpx.Response]
GRANT = "urn:openid:params:grant-type:ciba"
RIGHT = {
    "scope": "openid scope_all",
    "acr_values": "eidas1",
    "login_hint": "899700366240",
    "binding_message": "07",
    "channel": "MOBILE",
}


@pytest.fixture
def ask(post: Send) -> Send:
    """Send a backchannel authentication request; a change to `None` leaves a parameter out."""

    def send(*, role: str | None = "org-auth", **changes: str | None) -> httpx.Response:
        form = {name: value for name, value in {**RIGHT, **changes}.items() if value is not None}
        return post("backchannel_authentication", form, role)

    return send


@pytest.fixture
def poll(post: Send) -> Callable[[str], tuple[int, dict[str, Any]]]:
    """Poll the token endpoint."""

    def send(identifier: str) -> tuple[int, dict[str, Any]]:
        answer = post("token", {"grant_type": GRANT, "auth_req_id": identifier})
        return answer.status_code, answer.json()

    return send


Poll = Callable[[str], tuple[int, dict[str, Any]]]


def _error(answer: tuple[int, dict[str, Any]]) -> tuple[int, str]:
    return answer[0], answer[1]["error"]


def test_a_request_waits_then_gives_tokens_once_accepted(
    ask: Send,
    poll: Poll,
    answer_next: Callable[..., None],
    advance: Callable[[float], None],
    journal: Callable[..., list[dict[str, Any]]],
    claims: Callable[[str], dict[str, Any]],
    userinfo: Send,
) -> None:
    sent = ask()
    assert sent.status_code == 200
    assert set(sent.json()) == {"auth_req_id", "expires_in", "interval"}
    assert (sent.json()["expires_in"], sent.json()["interval"]) == (120, 5)
    identifier = sent.json()["auth_req_id"]
    assert _error(poll(identifier)) == (400, "authorization_pending")
    answer_next()
    advance(5)
    status, tokens = poll(identifier)
    assert status == 200
    assert claims(tokens["id_token"])["SubjectNameID"] == RIGHT["login_hint"]
    assert "nonce" not in claims(tokens["id_token"])
    assert userinfo(tokens["access_token"]).json()["authMode"] == "MOBILE"
    assert not any(entry["unexpected"] for entry in journal())


def test_an_answer_given_before_the_request_serves_at_once(
    ask: Send, poll: Poll, answer_next: Callable[..., None], control: Callable[..., tuple[int, Any]]
) -> None:
    answer_next("preparateur")
    answer_next("medecin")
    assert poll(ask().json()["auth_req_id"])[0] == 200
    assert [one["as"] for one in control("GET", "/psc")[1]["next"]] == ["preparateur"]


@pytest.mark.parametrize(
    ("answer", "error"), [("refuse", "access_denied"), ("expire", "expired_token")], ids=["refused", "left"]
)
def test_a_request_that_is_not_accepted_says_so_as_often_as_it_is_asked(
    ask: Send,
    poll: Poll,
    answer_next: Callable[..., None],
    advance: Callable[[float], None],
    answer: str,
    error: str,
) -> None:
    answer_next(answer=answer)
    identifier = ask().json()["auth_req_id"]
    assert _error(poll(identifier)) == (400, error)
    advance(6)
    assert _error(poll(identifier)) == (400, error)


def test_a_request_nobody_answers_expires(ask: Send, poll: Poll, advance: Callable[[float], None]) -> None:
    identifier = ask().json()["auth_req_id"]
    advance(119)
    assert _error(poll(identifier)) == (400, "authorization_pending")
    advance(10)
    assert _error(poll(identifier)) == (400, "expired_token")


def test_polling_too_fast_lengthens_the_interval_by_five_seconds(
    ask: Send, poll: Poll, advance: Callable[[float], None], journal: Callable[..., list[dict[str, Any]]]
) -> None:
    identifier = ask().json()["auth_req_id"]
    answers = [_error(poll(identifier))[1]]
    for seconds in (4, 6, 15):
        advance(seconds)
        answers.append(_error(poll(identifier))[1])
    assert answers == ["authorization_pending", "slow_down", "slow_down", "authorization_pending"]
    assert [entry["unexpected"] for entry in journal()[-4:]] == [False, True, True, False]


def test_the_interval_is_a_setting(
    ask: Send, poll: Poll, advance: Callable[[float], None], settings: Callable[..., None]
) -> None:
    settings(ciba_interval_s=1, ciba_s=30)
    sent = ask().json()
    assert (sent["interval"], sent["expires_in"]) == (1, 30)
    poll(sent["auth_req_id"])
    advance(1)
    assert _error(poll(sent["auth_req_id"]))[1] == "authorization_pending"


def test_an_auth_req_id_serves_once(ask: Send, poll: Poll, answer_next: Callable[..., None]) -> None:
    answer_next()
    identifier = ask().json()["auth_req_id"]
    assert poll(identifier)[0] == 200
    assert _error(poll(identifier)) == (400, "invalid_grant")


def test_an_auth_req_id_is_that_of_its_client(
    ask: Send,
    poll: Poll,
    answer_next: Callable[..., None],
    http: Callable[..., httpx.Client],
    discovery: dict[str, Any],
    secret_of: Callable[[str], str],
) -> None:
    answer_next()
    identifier = ask().json()["auth_req_id"]
    form = {"grant_type": GRANT, "auth_req_id": identifier}
    other = http().post(
        discovery["token_endpoint"], data=form, auth=("segur-lps-secret", secret_of("segur-lps-secret"))
    )
    assert (other.status_code, other.json()["error"]) == (400, "invalid_grant")
    assert poll(identifier)[0] == 200


WRONG: dict[str, tuple[dict[str, str | None], tuple[int, str], tuple[int, str, str | None]]] = {
    "no-hint": (
        {"login_hint": None},
        (400, "invalid_request"),
        (400, "invalid_request", "missing parameter : login_hint"),
    ),
    "two-hints": ({"id_token_hint": "x"}, (400, "invalid_request"), (400, "invalid_request", None)),
    "no-scope": ({"scope": None}, (400, "invalid_request"), (400, "invalid_request", None)),
    "unknown-user": (
        {"login_hint": "899700000005"},
        (400, "unknown_user_id"),
        (400, "invalid_request", "invalid_user"),
    ),
    "rpps-without-type": (
        {"login_hint": "99700366240"},
        (400, "unknown_user_id"),
        (400, "invalid_request", "invalid_user"),
    ),
    "no-such-device": (
        {"login_hint": "899700012349", "channel": "CARD"},
        (400, "unknown_user_id"),
        (400, "invalid_request", "invalid_user"),
    ),
    "scope-without-scope-all": ({"scope": "openid"}, (400, "invalid_scope"), (400, "invalid_scope", None)),
    "unknown-scope": ({"scope": "openid scope_all x"}, (400, "invalid_scope"), (400, "invalid_scope", None)),
    "no-acr": ({"acr_values": None}, (400, "invalid_request"), (400, "invalid_request", None)),
    "other-acr": ({"acr_values": "eidas2"}, (400, "invalid_request"), (400, "invalid_request", None)),
    "no-channel": ({"channel": None}, (400, "invalid_request"), (400, "invalid_request", None)),
    "other-channel": ({"channel": "FAX"}, (400, "invalid_request"), (400, "invalid_request", None)),
    "signed-request": ({"request": "e30.e30."}, (400, "invalid_request"), (400, "invalid_request", None)),
    **{
        f"binding-{name}": (
            {"binding_message": text},
            (400, "invalid_binding_message"),
            (400, "invalid_binding_message", None),
        )
        for name, text in {
            "none": None,
            "one-digit": "7",
            "three-digits": "007",
            "letters": "AB",
            "arabic-digits": "\u0667\u0667",
            "line-end": "07\n",
        }.items()
    },
}


@pytest.mark.parametrize("dialect", ["standard", "keycloak"])
@pytest.mark.parametrize(("changes", "standard", "keycloak"), WRONG.values(), ids=WRONG)
def test_a_wrong_request_is_refused_in_either_dialect_and_its_twin_passes(
    ask: Send,
    settings: Callable[..., None],
    changes: dict[str, str | None],
    standard: tuple[int, str],
    keycloak: tuple[int, str, str | None],
    dialect: str,
) -> None:
    settings(dialect=dialect)
    answer = ask(**changes)
    told = answer.json()
    if dialect == "standard":
        assert (answer.status_code, told["error"]) == standard
    else:
        assert (answer.status_code, told["error"]) == keycloak[:2]
        assert keycloak[2] in (None, told["error_description"])
    assert ask().status_code == 200


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [("standard", (400, "unauthorized_client")), ("keycloak", (401, "invalid_grant"))],
    ids=["standard", "keycloak"],
)
def test_a_client_that_may_not_use_ciba_is_told_so(
    http: Callable[..., httpx.Client],
    discovery: dict[str, Any],
    secret_of: Callable[[str], str],
    settings: Callable[..., None],
    dialect: str,
    expected: tuple[int, str],
) -> None:
    settings(dialect=dialect)

    def send(client: str) -> httpx.Response:
        auth = (client, secret_of(client))
        return http().post(discovery["backchannel_authentication_endpoint"], data=RIGHT, auth=auth)

    refused = send("autre-lps")
    assert (refused.status_code, refused.json()["error"]) == expected
    assert send("segur-lps-secret").status_code == 200


@pytest.mark.parametrize("dialect", ["standard", "keycloak"])
@pytest.mark.parametrize(
    ("form", "error"), [({}, "invalid_request"), ({"auth_req_id": "inconnu"}, "invalid_grant")], ids=["none", "unknown"]
)
def test_a_poll_for_nothing_is_refused(
    post: Send, settings: Callable[..., None], ask: Send, poll: Poll, form: dict[str, str], error: str, dialect: str
) -> None:
    settings(dialect=dialect)
    answer = post("token", {"grant_type": GRANT, **form})
    assert (answer.status_code, answer.json()["error"]) == (400, error)
    if dialect == "keycloak":
        texts = ("Missing parameter: auth_req_id", "Invalid Auth Req ID")
        assert answer.json()["error_description"] in texts
    assert _error(poll(ask().json()["auth_req_id"])) == (400, "authorization_pending")


@pytest.mark.parametrize("role", [None, "insi-auto"], ids=["no-certificate", "another-subject"])
def test_the_client_is_authenticated_before_anything_else(ask: Send, role: str | None) -> None:
    refused = ask(role=role, login_hint=None)
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_client")
    assert ask().status_code == 200


@pytest.mark.parametrize("changes", [{"channel": None}, {"acr_values": None}, {"binding_message": None}])
def test_lenient_does_without_the_parameters_of_pro_sante_connect(
    ask: Send, settings: Callable[..., None], changes: dict[str, str | None]
) -> None:
    assert ask(**changes).status_code == 400
    settings(lenient=True)
    assert ask(**changes).status_code == 200


@pytest.mark.parametrize(
    ("choice", "error"),
    [("accepter", None), ("refuser", "access_denied"), ("expirer", "expired_token")],
    ids=["accept", "refuse", "expire"],
)
def test_the_device_page_shows_the_number_and_takes_the_answer(
    ask: Send, poll: Poll, http: Callable[..., httpx.Client], psc: dict[str, Any], choice: str, error: str | None
) -> None:
    identifier = ask(binding_message="83").json()["auth_req_id"]
    page = http().get(psc["device"]).text
    assert "<strong>83</strong>" in page
    found = re.search('name="demande" value="([^"]+)"', page)
    assert found is not None
    form = {"demande": found[1], "reponse": choice}
    assert http().post(psc["device"], data=form).status_code == 303
    status, told = poll(identifier)
    assert (status == 200) if error is None else told["error"] == error
    assert http().post(psc["device"], data=form).status_code == 400
    assert "Aucune demande" in http().get(psc["device"]).text


@pytest.mark.parametrize("who", ["30B0152872/000000002", "500000000029751/CPAT0001"], ids=["structure", "siret"])
def test_somebody_without_rpps_logs_in_by_his_whole_identifier(
    ask: Send,
    poll: Poll,
    answer_next: Callable[..., None],
    claims: Callable[[str], dict[str, Any]],
    who: str,
) -> None:
    answer_next(who)
    status, tokens = poll(ask(login_hint=who, channel="CARD").json()["auth_req_id"])
    assert (status, claims(tokens["id_token"])["SubjectNameID"]) == (200, who)
