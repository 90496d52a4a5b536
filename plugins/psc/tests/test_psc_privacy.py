"""No token, code, nonce, state or number of anybody in an error, its chain, a note or what is shown."""

import traceback
from typing import Any

import pytest

from plugins.psc.tests.made_provider import ABSENT, KIT, NOW, Signer, json_reply, refusal
from segur_plugin_psc.exchanges import Endpoint
from segur_plugin_psc.grants import read_grant
from segur_plugin_psc.id_token import Expected, IdToken
from segur_plugin_psc.national_id import read_national_id
from segur_plugin_psc.one_time import OneTime
from segur_plugin_psc.settings import PscSettings
from segur_plugin_psc.signed_claims import Signed
from segur_plugin_psc.userinfo import read_userinfo
from segur_sdk.context import HttpReply
from segur_sdk.errors import SegurError, ServiceError

CANARY = "CANARI-7f3a9b"
TOKEN = Endpoint("token", "/token")
WHO = ("DOC0036624", "99700366240")


def everything_said(failure: BaseException | None) -> str:
    """Return all that a log or a crash report may show of a failure and of what stands behind it."""
    said = []
    while failure is not None:
        said += [str(failure), repr(failure), repr(vars(failure)), "".join(traceback.format_exception(failure))]
        failure = failure.__cause__ or failure.__context__
    return "\n".join(said)


def secrets_of(bench: Any) -> list[str]:
    """All that passed between the plugin and the authority and is nobody else's business."""
    drawn = [one[name] for one in bench.provider.asked for name in ("state", "nonce", "code_challenge")]
    forms = [one.form for one in bench.provider.sent if one.method == "POST"]
    names = ("code", "code_verifier", "refresh_token", "token", "id_token_hint", "auth_req_id", "login_hint")
    sent = [form[name] for form in forms for name in names if name in form]
    granted = [bench.provider.access_token(), "jeton-renouvellement", "jeton-acces", CANARY]
    return [*drawn, *sent, *granted, *WHO]


def assert_silent(bench: Any, text: str) -> None:
    assert [one for one in secrets_of(bench) if one in text] == []


FAILURES: list[Any] = [
    pytest.param(lambda p: p.callback.update(state=CANARY), id="state"),
    pytest.param(lambda p: p.callback.update(iss=f"https://{CANARY}"), id="issuer"),
    pytest.param(lambda p: p.callback.update(code=ABSENT, error=CANARY), id="error"),
    pytest.param(lambda p: setattr(p, "raw_callback", f"code={CANARY}%&x"), id="query"),
    pytest.param(lambda p: p.on("token_endpoint", refusal(CANARY, 400, CANARY)), id="refusal"),
    pytest.param(lambda p: p.on("token_endpoint", refusal("invalid_client", 401, CANARY)), id="client"),
    pytest.param(
        lambda p: p.on(
            "token_endpoint",
            HttpReply(status=200, headers={"content-type": "application/json"}, body=f'{{"{CANARY}'.encode()),
        ),
        id="cut grant",
    ),
    pytest.param(lambda p: p.answer.update(access_token=f"{CANARY} "), id="grant"),
    pytest.param(lambda p: p.claims.update(nonce=CANARY), id="nonce"),
    pytest.param(lambda p: p.claims.update(acr=CANARY), id="level"),
    pytest.param(lambda p: p.header.update(kid=CANARY), id="key"),
    pytest.param(lambda p: p.header.update(alg=CANARY), id="algorithm"),
    pytest.param(lambda p: setattr(p, "make_token", lambda claims: CANARY), id="no token"),
    pytest.param(lambda p: setattr(p, "keys", [{**p.signer.jwk(), "n": CANARY}]), id="broken key"),
    pytest.param(lambda p: p.userinfo.update(family_name={"x": CANARY}), id="name"),
    pytest.param(lambda p: p.userinfo.update({CANARY: 1, "given_name": 2}), id="claim"),
    pytest.param(lambda p: p.userinfo.update(SubjectNameID=f"8{CANARY}"), id="identifier"),
    pytest.param(lambda p: p.on("userinfo_endpoint", refusal("invalid_token", 401, CANARY)), id="userinfo"),
    pytest.param(lambda p: p.document.update(token_endpoint=f"https://{CANARY}.test/"), id="discovery"),
    pytest.param(lambda p: p.document.update(issuer=CANARY), id="other authority"),
    pytest.param(lambda p: p.on("token_endpoint", ServiceError("service.timed_out")), id="time"),
]


@pytest.mark.parametrize("spoil", FAILURES)
def test_failed_login_tells_nothing_of_what_was_exchanged(bench: Any, spoil: Any) -> None:
    spoil(bench.provider)
    failure = bench.refusal()
    assert_silent(bench, everything_said(failure))
    assert_silent(bench, repr(bench.ctx.audit.written))


@pytest.mark.parametrize(
    "reply",
    [
        refusal(CANARY, 400, CANARY),
        refusal("access_denied"),
        refusal("invalid_grant", 400, KIT),
        json_reply({"access_token": CANARY}),
    ],
    ids=["unknown", "refused", "gone", "half a grant"],
)
def test_failed_login_on_a_device_tells_nothing_either(bench: Any, reply: HttpReply) -> None:
    bench.provider.on("token_endpoint", refusal("authorization_pending"), reply)
    failure = bench.refusal(flow="ciba", national_id=KIT)
    assert_silent(bench, everything_said(failure))
    assert_silent(bench, repr(bench.ctx.audit.written) + repr(bench.ctx.shown) + repr(bench.ctx.questions))


def test_whole_session_is_noted_without_any_of_it(bench: Any, signer: Signer) -> None:
    who = bench.sign_in()
    renewed = bench.renew(who.tokens)
    bench.leave(renewed, everywhere=False)
    bench.leave(renewed, everywhere=True)
    for refused in ("x", signer.jwt({"jti": CANARY}, {"typ": "logout+jwt"})):
        with pytest.raises(SegurError) as caught:
            bench.told(refused)
        assert_silent(bench, everything_said(caught.value))
    notes = bench.ctx.audit.written
    assert_silent(bench, repr(notes))
    assert ("login", {"flow": "code", "mode": "CARD", "exercices": 2}) in notes
    assert {name for name, _ in notes} == {"exchange", "login"}
    assert_silent(bench, repr(vars(bench.plugin)) + repr(vars(vars(bench.plugin)["_authority"]).get("_known")))


def test_mode_that_is_unknown_is_not_noted(bench: Any) -> None:
    bench.provider.userinfo["authMode"] = CANARY
    bench.sign_in()
    assert CANARY not in repr(bench.ctx.audit.written)


def test_renewal_that_fails_tells_nothing_of_the_tokens(bench: Any) -> None:
    tokens = bench.sign_in().tokens
    bench.provider.on("token_endpoint", refusal("invalid_grant", 400, CANARY))
    with pytest.raises(SegurError) as caught:
        bench.renew(tokens)
    assert_silent(bench, everything_said(caught.value))
    assert_silent(bench, repr(tokens) + str(tokens) + str(tokens.model_dump()) + tokens.model_dump_json())


def test_what_the_plugin_holds_meanwhile_shows_nothing_of_it(bench: Any) -> None:
    drawn = OneTime()
    held = [
        drawn,
        read_userinfo(bench.provider.userinfo, bench.provider.userinfo["sub"]),
        read_grant(
            {"access_token": CANARY, "refresh_token": CANARY, "token_type": "Bearer", "expires_in": 1}, TOKEN, NOW
        ),
        read_national_id(KIT),
        Expected("https://psc.test", PscSettings(client_id="x"), NOW, nonce=CANARY, subject=CANARY),
        IdToken(CANARY, CANARY, None, KIT),
        Signed("RS256", {"sub": CANARY}),
    ]
    said = "".join(f"{one!r}{one!s}" for one in held)
    assert [one for one in (drawn.state, drawn.nonce, drawn.verifier) if one in said] == []
    assert_silent(bench, said)
