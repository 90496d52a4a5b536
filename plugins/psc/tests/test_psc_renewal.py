"""Renewing the tokens of a session, and what ends it."""

from datetime import timedelta
from typing import Any

import pytest

from plugins.psc.tests.made_provider import ABSENT, CLIENT, NOW, SUB, refusal
from segur_sdk.context import HttpReply
from segur_sdk.errors import ConfigError, SegurError, ServiceError

GONE = HttpReply(status=503, headers={}, body=b"")


def page(status: int) -> HttpReply:
    return HttpReply(status=status, headers={"content-type": "text/html"}, body=b"<html>Interdit</html>")


def failure_of(bench: Any, tokens: Any) -> SegurError:
    with pytest.raises(SegurError) as caught:
        bench.renew(tokens)
    return caught.value


def test_tokens_are_renewed_by_the_refresh_token(bench: Any) -> None:
    tokens = bench.sign_in().tokens
    bench.ctx.clock.moment = NOW + timedelta(seconds=110)
    renewed = bench.renew(tokens)
    assert bench.provider.to("token_endpoint")[-1].form == {
        "grant_type": "refresh_token",
        "refresh_token": "jeton-renouvellement-1",
        "client_id": CLIENT,
    }
    assert renewed.access_token.get_secret_value() == bench.provider.access_token()
    assert renewed.refresh_token.get_secret_value() == "jeton-renouvellement-2"
    assert renewed.access_expires_at == NOW + timedelta(seconds=230)
    assert renewed.refresh_expires_at == NOW + timedelta(seconds=110, minutes=30)
    assert renewed.id_token != tokens.id_token


def test_what_is_not_renewed_stays(bench: Any) -> None:
    tokens = bench.sign_in().tokens
    bench.provider.answer = {"refresh_token": ABSENT, "refresh_expires_in": ABSENT, "id_token": ABSENT}
    renewed = bench.renew(tokens)
    assert renewed.access_token != tokens.access_token
    assert (renewed.refresh_token, renewed.refresh_expires_at) == (tokens.refresh_token, tokens.refresh_expires_at)
    assert renewed.id_token == tokens.id_token


@pytest.mark.parametrize(
    ("reply", "kind", "code", "retryable"),
    [
        pytest.param(refusal("invalid_grant"), ServiceError, "psc.session_over", False, id="over"),
        pytest.param(GONE, ServiceError, "psc.unavailable", True, id="503"),
        pytest.param(
            ServiceError("service.unreachable", retryable=True), ServiceError, "psc.unavailable", True, id="no line"
        ),
        pytest.param(
            ServiceError("service.server_certificate"), ServiceError, "psc.unavailable", True, id="certificate"
        ),
        pytest.param(refusal("invalid_client", 401), ConfigError, "psc.client_refused", False, id="client"),
        pytest.param(page(403), ServiceError, "psc.unavailable", True, id="403 of a proxy"),
        pytest.param(page(404), ServiceError, "psc.unavailable", True, id="404 of a proxy"),
        pytest.param(
            HttpReply(status=200, headers={}, body=b""), ServiceError, "psc.answer_unreadable", True, id="no answer"
        ),
    ],
)
def test_only_the_authority_s_own_word_ends_a_session(
    bench: Any, reply: Any, kind: type[Exception], code: str, retryable: bool
) -> None:
    tokens = bench.sign_in().tokens
    bench.provider.on("token_endpoint", reply)
    failure = failure_of(bench, tokens)
    assert (type(failure), failure.code, failure.retryable) == (kind, code, retryable)
    assert bench.renew(tokens).access_token != tokens.access_token


def test_session_without_refresh_token_is_over(bench: Any) -> None:
    tokens = bench.sign_in().tokens.model_copy(update={"refresh_token": None})
    asked = len(bench.provider.sent)
    failure = failure_of(bench, tokens)
    assert (failure.code, failure.retryable) == ("psc.session_over", False)
    assert len(bench.provider.sent) == asked


@pytest.mark.parametrize(
    ("claims", "reason"),
    [({"sub": SUB + "x"}, "sub"), ({"iss": "https://autre.test"}, "iss"), ({"acr": "0"}, "acr"), ({"aud": "x"}, "aud")],
    ids=["person", "issuer", "level", "software"],
)
def test_renewal_for_somebody_else_ends_the_session(bench: Any, claims: dict[str, Any], reason: str) -> None:
    tokens = bench.sign_in().tokens
    bench.provider.claims = claims
    failure = failure_of(bench, tokens)
    assert (failure.code, failure.retryable) == ("psc.session_over", False)
    assert failure.facts == {"reason": "id_token", "claim": reason}
