"""Renewing tokens: a refresh token serves once, to its client, while the session lasts."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

Send = Callable[..., httpx.Response]
Claims = Callable[[str], dict[str, Any]]
SECRET_CLIENT = "segur-lps-secret"


def _refusal(answer: httpx.Response) -> tuple[int, str]:
    assert answer.headers["cache-control"] == "no-store"
    return answer.status_code, answer.json()["error"]


def _renew(post: Send, tokens: dict[str, Any], **changes: str) -> httpx.Response:
    return post("token", {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"], **changes})


def test_a_refresh_token_serves_once_and_its_second_use_ends_the_line(
    signed_in: Callable[..., dict[str, Any]], post: Send, userinfo: Send
) -> None:
    first = signed_in()
    second = _renew(post, first).json()
    assert second["refresh_token"] != first["refresh_token"]
    third = _renew(post, second).json()
    assert userinfo(third["access_token"]).status_code == 200
    assert _refusal(_renew(post, first)) == (400, "invalid_grant")
    assert userinfo(third["access_token"]).status_code == 401
    assert _refusal(_renew(post, third)) == (400, "invalid_grant")


def test_a_renewed_id_token_keeps_subject_and_login_time_and_drops_the_nonce(
    signed_in: Callable[..., dict[str, Any]], post: Send, claims: Claims, advance: Callable[[float], None]
) -> None:
    tokens = signed_in()
    before = claims(tokens["id_token"])
    advance(600)
    after = claims(_renew(post, tokens).json()["id_token"])
    assert {name: after[name] for name in ("sub", "aud", "iss", "auth_time", "sid")} == {
        name: before[name] for name in ("sub", "aud", "iss", "auth_time", "sid")
    }
    assert "nonce" not in after
    assert after["iat"] - before["iat"] in range(599, 603)


@pytest.mark.parametrize(("seconds", "status"), [(1795, 200), (1801, 400)])
def test_a_refresh_token_lives_half_an_hour(
    signed_in: Callable[..., dict[str, Any]],
    post: Send,
    advance: Callable[[float], None],
    journal: Callable[..., list[dict[str, Any]]],
    seconds: int,
    status: int,
) -> None:
    tokens = signed_in()
    advance(seconds)
    answer = _renew(post, tokens)
    assert answer.status_code == status
    # Coming too late happens to correct software as well.
    assert journal()[-1]["unexpected"] is False


def test_a_session_that_is_always_renewed_ends_after_four_hours(
    signed_in: Callable[..., dict[str, Any]], post: Send, advance: Callable[[float], None]
) -> None:
    tokens = signed_in()
    for _ in range(9):
        advance(25 * 60)
        tokens = _renew(post, tokens).json()
    assert tokens["refresh_expires_in"] in range(895, 901)
    advance(14 * 60)
    last = _renew(post, tokens)
    assert last.json()["expires_in"] in range(50, 61)
    advance(61)
    assert _refusal(_renew(post, last.json())) == (400, "invalid_grant")


def test_a_refresh_keeps_its_scope_and_its_client(
    signed_in: Callable[..., dict[str, Any]],
    post: Send,
    http: Callable[..., httpx.Client],
    discovery: dict[str, Any],
    secret_of: Callable[[str], str],
) -> None:
    tokens = signed_in()
    assert _refusal(_renew(post, tokens, scope="openid")) == (400, "invalid_scope")
    form = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    auth = (SECRET_CLIENT, secret_of(SECRET_CLIENT))
    assert _refusal(http().post(discovery["token_endpoint"], data=form, auth=auth)) == (400, "invalid_grant")
    assert _renew(post, tokens, scope="openid scope_all").status_code == 200
