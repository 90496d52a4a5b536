"""Which certificate calls INSi, and everything that is found out about it before a byte leaves."""

from datetime import UTC, datetime
from typing import Any

import pytest

from segur_plugin_insi.plugin import InsiPlugin
from segur_sdk.errors import ConfigError
from segur_sdk.models.actor import ActorKind, SessionMeans
from segur_sdk.services.ins_lookup import TraitsQuery

NOW = datetime(2026, 3, 2, 7, 5, 6, 123_456, tzinfo=UTC)


@pytest.mark.req("SC.INS/va1.65")
@pytest.mark.parametrize(
    ("kind", "automatic", "purpose"),
    [
        pytest.param(ActorKind.OPERATOR, False, "insi-manu", id="an operator"),
        pytest.param(ActorKind.PROFESSIONAL, False, "insi-manu", id="a professional"),
        pytest.param(ActorKind.OPERATOR, True, "insi-auto", id="a batch somebody started"),
        pytest.param(ActorKind.AUTOMATON, True, "insi-auto", id="a job"),
        pytest.param(ActorKind.AUTOMATON, False, "insi-auto", id="a job that says it is by hand"),
    ],
)
def test_automatic_calls_use_the_automatic_certificate(
    plugin: InsiPlugin,
    make_ctx: Any,
    resultat: Any,
    request_for: Any,
    traits: Any,
    kind: ActorKind,
    automatic: bool,
    purpose: str,
) -> None:
    ctx = make_ctx(resultat(), resultat())
    ctx.actor = ctx.actor.model_copy(update={"kind": kind})
    plugin.qualify_identity(request_for(automatic=automatic), ctx)
    plugin.search_by_traits(TraitsQuery(traits=traits(), automatic=automatic), ctx)
    assert [sent.purpose for sent in ctx.sent] == [purpose, purpose]
    assert {facts["certificate"] for _, facts in ctx.audit.written} == {purpose.upper()}


@pytest.mark.parametrize(
    "common_name",
    [
        "INSI-AUTO",
        "insi-manu",
        "INSI MANU",
        "INSI_MANU",
        "INSI‑MANU",
        " INSI-MANU",
        "INSI-MANU ",
        "INSI-MANU2",
        "INSI-MAN",
        "Pharmacie",
        "",
    ],
)
def test_another_common_name_is_refused_before_the_call(
    plugin: InsiPlugin, make_ctx: Any, request_for: Any, common_name: str
) -> None:
    ctx = make_ctx()
    manual = ctx.keys.certificates["insi-manu"]
    ctx.keys.certificates["insi-manu"] = manual.model_copy(update={"subject_cn": common_name})
    with pytest.raises(ConfigError) as caught:
        plugin.qualify_identity(request_for(), ctx)
    assert caught.value.code == "insi.certificate_level"
    assert caught.value.facts["expected"] == "INSI-MANU"
    assert ctx.sent == []


def test_the_manual_certificate_is_refused_for_an_automatic_call(
    plugin: InsiPlugin, make_ctx: Any, request_for: Any
) -> None:
    ctx = make_ctx()
    ctx.keys.certificates["insi-auto"] = ctx.keys.certificates["insi-manu"]
    with pytest.raises(ConfigError) as caught:
        plugin.qualify_identity(request_for(automatic=True), ctx)
    assert (caught.value.code, caught.value.facts["expected"]) == ("insi.certificate_level", "INSI-AUTO")
    assert ctx.sent == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        pytest.param(
            {"not_after": datetime(2026, 3, 2, 7, 5, 5, tzinfo=UTC)}, "insi.certificate_expired", id="expired"
        ),
        pytest.param(
            {"not_before": datetime(2026, 3, 2, 7, 5, 7, tzinfo=UTC)}, "insi.certificate_not_yet_valid", id="too early"
        ),
        pytest.param({"client_authentication": False}, "insi.certificate_usage", id="signature certificate"),
    ],
)
def test_a_certificate_that_cannot_serve_is_refused_before_the_call(
    plugin: InsiPlugin, make_ctx: Any, request_for: Any, change: dict[str, object], code: str
) -> None:
    ctx = make_ctx(answers={"insi.sexe": "F"})
    manual = ctx.keys.certificates["insi-manu"]
    ctx.keys.certificates["insi-manu"] = manual.model_copy(update=change)
    with pytest.raises(ConfigError) as caught:
        plugin.qualify_identity(request_for(sexe=None), ctx)
    assert caught.value.code == code
    assert not caught.value.retryable
    assert (ctx.sent, ctx.asked) == ([], [])


@pytest.mark.parametrize("change", [{"not_after": NOW}, {"not_before": NOW}], ids=["last instant", "first instant"])
def test_a_certificate_serves_from_its_first_to_its_last_instant(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any, change: dict[str, object]
) -> None:
    ctx = make_ctx(resultat())
    manual = ctx.keys.certificates["insi-manu"]
    ctx.keys.certificates["insi-manu"] = manual.model_copy(update=change)
    assert plugin.qualify_identity(request_for(), ctx) is not None


@pytest.mark.parametrize("authentication", [SessionMeans.CPS, SessionMeans.PSC])
@pytest.mark.parametrize("means", [None, SessionMeans.LOCAL])
def test_who_has_no_national_identity_here_calls_by_the_manual_certificate(
    plugin: InsiPlugin,
    professional: Any,
    resultat: Any,
    request_for: Any,
    authentication: SessionMeans,
    means: SessionMeans | None,
) -> None:
    ctx = professional(resultat(), means=authentication)
    ctx.session = None if means is None else ctx.session.model_copy(update={"means": means})
    assert plugin.qualify_identity(request_for(), ctx) is not None
    assert [sent.purpose for sent in ctx.sent] == ["insi-manu"]
    assert b"Assertion" not in ctx.sent[0].body
    assert ctx.keys.signers["insi_assertion"].signed == []
