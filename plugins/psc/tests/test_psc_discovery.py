"""The discovery document is believed as far as it leads where the plugin may go."""

from datetime import timedelta
from typing import Any

import pytest

from plugins.psc.tests.made_provider import ABSENT, ADDRESS, ISSUER, KIT, LOGIN, NOW, PATHS, WELL_KNOWN, json_reply
from segur_plugin_psc.discovery import read_document
from segur_sdk.context import HttpReply
from segur_sdk.errors import ServiceError

ENDPOINTS = ["authorization_endpoint", *PATHS]
NEEDED = ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"]


def test_document_is_asked_for_at_the_address_that_is_its_own(bench: Any) -> None:
    bench.sign_in()
    assert (bench.provider.sent[0].method, bench.provider.sent[0].path) == ("GET", WELL_KNOWN)


def test_realm_and_name_are_those_of_the_settings(bench: Any) -> None:
    bench.set(realm_path="/realms/autre", discovery_name="openid-configuration")
    bench.provider.replies["/realms/autre/.well-known/openid-configuration"] = [
        json_reply({**bench.provider.discovery(), "issuer": f"{ADDRESS}/realms/autre"})
    ]
    bench.provider.callback = {"iss": f"{ADDRESS}/realms/autre"}
    bench.provider.claims = {"iss": f"{ADDRESS}/realms/autre"}
    assert bench.sign_in().national_id == KIT


def test_endpoints_are_those_of_the_document(bench: Any) -> None:
    bench.provider.document = {"token_endpoint": f"{ADDRESS}/ailleurs"}
    bench.provider.replies["/ailleurs"] = [HttpReply(status=503, headers={}, body=b"")]
    assert bench.refusal().code == "psc.unavailable"
    assert bench.provider.sent[-1].path == "/ailleurs"


def test_document_serves_for_an_hour(bench: Any) -> None:
    for _ in range(2):
        bench.sign_in()
    bench.ctx.clock.moment = NOW + timedelta(minutes=59)
    bench.sign_in()
    assert len([one for one in bench.provider.sent if one.path == WELL_KNOWN]) == 1
    bench.ctx.clock.moment = NOW + timedelta(minutes=60)
    bench.sign_in()
    bench.ctx.clock.moment = NOW
    bench.sign_in()
    assert len([one for one in bench.provider.sent if one.path == WELL_KNOWN]) == 3


@pytest.mark.parametrize(
    "issuer",
    [ABSENT, None, 1, "", ADDRESS, ISSUER + "/", ISSUER.upper(), ISSUER.replace(":8443", ""), "https://autre.test/x"],
    ids=str,
)
def test_other_issuer_is_refused(bench: Any, issuer: Any) -> None:
    bench.provider.document = {"issuer": issuer}
    failure = bench.refusal()
    assert (type(failure), failure.code) == (ServiceError, "psc.discovery_hostile")
    assert failure.facts == {"field": "issuer"}
    assert len(bench.provider.sent) == 1
    bench.provider.document = {}
    assert bench.sign_in().national_id == KIT


ELSEWHERE = [
    "http://psc.test:8443/x",
    "https://autre.test:8443/x",
    "https://psc.test/x",
    "https://psc.test:443/x",
    "https://psc.test.autre.test:8443/x",
    "https://psc.test:8443@autre.test/x",
    "https://autre@psc.test:8443/x",
    "https://psc.test:8443/../x",
    "https://psc.test:8443/a/./x",
    "https://psc.test:8443/%2e%2e/x",
    "https://psc.test:8443/x?y=1",
    "https://psc.test:8443/x#y",
    "https://psc.test:8443\\@autre.test/x",
    "https://psc.test:8443",
    "https://psc.test:99999/x",
    "https://psc.test:x/x",
    "https://[::1/x",
    "//psc.test:8443/x",
    "/x",
    "",
    "javascript:alert(1)",
    "https://psc.test:8443/x y",
    "https://psc.test:8443/x\nHost: autre",
    "https://psc.test:8443/" + "x" * 600,
    7,
    [],
]

OTHER_PLACES = [
    "https://autre.test:8443/x",
    "https://psc.test/x",
    "https://psc.test:443/x",
    "https://psc.test.autre.test:8443/x",
    "https://psc.test:8443",
]
"""Plain addresses: a login page lies elsewhere than the endpoints, and the host sends a browser to its place only."""


@pytest.mark.parametrize("name", list(PATHS))
@pytest.mark.parametrize("url", ELSEWHERE, ids=str)
def test_endpoint_elsewhere_makes_the_document_hostile(bench: Any, name: str, url: Any) -> None:
    bench.provider.document = {name: url}
    failure = bench.refusal()
    assert failure.code == "psc.discovery_hostile"
    assert failure.facts == {"field": name}
    assert len(bench.provider.sent) == 1
    assert bench.ctx.visits == []


@pytest.mark.parametrize("url", [one for one in ELSEWHERE if one not in OTHER_PLACES], ids=str)
def test_login_page_that_is_no_plain_address_makes_the_document_hostile(bench: Any, url: Any) -> None:
    bench.provider.document = {"authorization_endpoint": url}
    failure = bench.refusal()
    assert (failure.code, failure.facts) == ("psc.discovery_hostile", {"field": "authorization_endpoint"})
    assert bench.ctx.visits == []


@pytest.mark.parametrize("url", OTHER_PLACES, ids=str)
def test_login_page_elsewhere_makes_the_document_hostile_and_nobody_is_sent_there(bench: Any, url: str) -> None:
    bench.provider.document = {"authorization_endpoint": url}
    failure = bench.refusal()
    assert (failure.code, failure.facts) == ("psc.discovery_hostile", {"field": "authorization_endpoint"})
    assert not any(one.gone for one in bench.ctx.visits)


@pytest.mark.parametrize("name", NEEDED)
@pytest.mark.parametrize("value", [ABSENT, None], ids=["absent", "null"])
def test_endpoint_that_is_needed_and_missing_is_named(bench: Any, name: str, value: Any) -> None:
    bench.provider.document = {name: value}
    failure = bench.refusal()
    assert (failure.code, failure.facts) == ("psc.discovery", {"field": name, "reason": "missing"})


def test_endpoint_that_only_the_other_way_needs_may_be_missing(bench: Any) -> None:
    bench.provider.document = {"backchannel_authentication_endpoint": ABSENT}
    assert bench.sign_in().national_id == KIT
    failure = bench.refusal(flow="ciba", national_id=KIT)
    assert (failure.code, failure.facts["field"]) == ("psc.discovery", "backchannel_authentication")


def test_authority_that_does_not_announce_its_name_need_not_give_it(bench: Any) -> None:
    bench.provider.document = {"authorization_response_iss_parameter_supported": ABSENT}
    bench.provider.callback = {"iss": ABSENT}
    assert bench.sign_in().national_id == KIT
    bench.provider.callback = {"iss": "https://autre.test"}
    assert bench.refusal().code == "psc.issuer"


def test_levels_that_the_document_announces_have_no_say(bench: Any) -> None:
    bench.provider.document = {"acr_values_supported": ["0"], "id_token_signing_alg_values_supported": ["none"]}
    assert bench.sign_in().national_id == KIT


def test_addresses_for_certificates_lead_nowhere(bench: Any) -> None:
    bench.provider.document = {"mtls_endpoint_aliases": {"token_endpoint": "https://autre.test/token"}}
    assert bench.sign_in().national_id == KIT


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        pytest.param(HttpReply(status=404, headers={}, body=b""), "status", id="404"),
        pytest.param(HttpReply(status=302, headers={"location": LOGIN}, body=b""), "status", id="redirection"),
        pytest.param(json_reply({}, media_type="text/html"), "media_type", id="page"),
        pytest.param(HttpReply(status=200, headers={}, body=b"{}"), "media_type", id="no media type"),
        pytest.param(HttpReply(status=200, headers={"content-type": "application/json"}, body=b"{"), "json", id="cut"),
        pytest.param(json_reply(["issuer"]), "json", id="list"),
        pytest.param(json_reply({"x": "x" * 262_144}), "json", id="endless"),
    ],
)
def test_answer_that_is_no_document_is_unreadable(bench: Any, reply: HttpReply, reason: str) -> None:
    bench.provider.replies[WELL_KNOWN] = [reply]
    failure = bench.refusal()
    assert (failure.code, failure.retryable) == ("psc.answer_unreadable", True)
    assert failure.facts == {"endpoint": "discovery", "reason": reason}
    assert bench.sign_in().national_id == KIT


def test_announcement_of_the_name_is_yes_or_no(bench: Any) -> None:
    bench.provider.document = {"authorization_response_iss_parameter_supported": "true"}
    assert bench.refusal().code == "psc.answer_unreadable"


def test_endpoints_lie_under_the_path_of_the_address() -> None:
    document = {
        "issuer": "https://psc.test/base/auth",
        "authorization_endpoint": "https://wallet.test/auth",
        "token_endpoint": "https://psc.test:443/base/token",
        "userinfo_endpoint": "https://PSC.test/base/userinfo",
        "jwks_uri": "https://psc.test/base/certs",
    }
    provider = read_document(document, "https://psc.test/base/", "https://psc.test/base/auth")
    assert [one.path for one in provider.endpoints] == ["/token", "/userinfo", "/certs"]
    with pytest.raises(ServiceError) as caught:
        read_document(
            {**document, "jwks_uri": "https://psc.test/baseline/certs"}, "https://psc.test/base", document["issuer"]
        )
    assert caught.value.facts == {"field": "jwks_uri"}
