"""Whatever is sent, an answer comes, and it is no crash."""

import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segur_sandbox.psc.clients import is_loopback
from segur_sandbox.psc.errors import OAuthRefusedError
from segur_sandbox.psc.forms import read_parameters

QUICK = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
NAMES = st.sampled_from(
    [
        *("client_id", "redirect_uri", "scope", "response_type", "acr_values", "state", "nonce", "code_challenge"),
        *("code_challenge_method", "prompt", "max_age", "grant_type", "code", "code_verifier", "refresh_token"),
        *("auth_req_id", "login_hint", "binding_message", "channel", "token", "id_token_hint", "client_secret"),
    ]
)
VALUES = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["segur-lps", "code", "openid scope_all", "eidas1", "S256", "authorization_code", "refresh_token", "none"]
    ),
)
FORMS = st.dictionaries(NAMES, VALUES, max_size=8)
ENDPOINTS = ("token", "introspection", "revocation", "backchannel_authentication", "end_session")


@given(text=st.text(max_size=200))
def test_reading_parameters_gives_text_or_a_refusal(text: str) -> None:
    try:
        found = read_parameters(text)
    except OAuthRefusedError:
        found = {}
    assert all(found.values())


@given(uri=st.text(max_size=60))
def test_no_text_is_taken_for_this_machine_by_chance(uri: str) -> None:
    assert is_loopback(uri) is False
    assert is_loopback("https://127.0.0.1:8443/retour") is True


@pytest.mark.parametrize("endpoint", ENDPOINTS)
@QUICK
@given(form=FORMS)
def test_any_form_is_answered(
    http: Callable[..., httpx.Client], discovery: dict[str, Any], endpoint: str, form: dict[str, str]
) -> None:
    form = {name: value.encode("utf-8", "ignore").decode() for name, value in form.items()}
    assert http("org-auth").post(discovery[f"{endpoint}_endpoint"], data=form).status_code < 500


@QUICK
@given(body=st.binary(max_size=200), header=st.binary(min_size=1, max_size=60).map(lambda value: value.hex()))
def test_any_bytes_are_answered(
    http: Callable[..., httpx.Client], discovery: dict[str, Any], body: bytes, header: str
) -> None:
    headers = {"content-type": "application/x-www-form-urlencoded", "authorization": f"Basic {header}"}
    answer = http("org-auth").post(discovery["token_endpoint"], content=body, headers=headers)
    assert answer.status_code in (400, 401)


@QUICK
@given(query=FORMS)
def test_any_login_request_is_answered(authorize: Callable[..., httpx.Response], query: dict[str, str]) -> None:
    changes = {name: value.encode("utf-8", "ignore").decode() for name, value in query.items()}
    assert authorize(**changes).status_code in (200, 302, 400)


@pytest.mark.parametrize("size", [50_000, 1_000_000])
def test_a_long_query_or_body_is_refused_without_harm(
    descriptor: dict[str, Any], http: Callable[..., httpx.Client], discovery: dict[str, Any], size: int
) -> None:
    address = urlsplit(discovery["authorization_endpoint"])
    context = ssl.create_default_context(cafile=descriptor["ca"])
    question = f"GET /auth?state={'a' * size} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
    with (
        socket.create_connection((str(address.hostname), address.port or 443), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
        suppress(OSError),
    ):
        # It may hang up before all of it was sent.
        secured.sendall(question)
        assert secured.recv(12) in (b"HTTP/1.1 400", b"")
    body = http("org-auth").post(discovery["token_endpoint"], data={"code": "a" * 2 * size})
    assert body.status_code in (401, 413)
    assert http().get(discovery["jwks_uri"]).status_code == 200
