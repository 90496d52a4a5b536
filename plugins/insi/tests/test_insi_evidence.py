"""What the host receives: evidence with every attempt, from traits, from a scanned INS, through the service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from segur_plugin_insi.plugin import InsiPlugin
from segur_plugin_insi.settings import InsiSettings
from segur_sdk.context import HttpReply
from segur_sdk.errors import IdentityError, InputError, SegurError, ServiceError
from segur_sdk.hooks.qualify_identity import CandidateSubject, IdentityRequest
from segur_sdk.models.actor import Environment
from segur_sdk.models.identity import (
    CollectionMethod,
    CrCode,
    EvidenceSource,
    InsCandidate,
    MatriculeIns,
)
from segur_sdk.services.ins_lookup import InsLookup, TraitsQuery

NOW = datetime(2026, 3, 2, 7, 5, 6, 123_456, tzinfo=UTC)
NIR = "1.2.250.1.213.1.4.8"
NIR_TEST = "1.2.250.1.213.1.4.10"


def candidate(traits: Any, matricule: str, oid: str = NIR) -> IdentityRequest:
    return IdentityRequest(
        subject=CandidateSubject(
            candidate=InsCandidate(
                matricule=MatriculeIns(value=matricule, oid=oid), traits=traits(), method=CollectionMethod.BARCODE
            )
        )
    )


@pytest.mark.req("SC.INS/va1.38", "SC.INS/va1.35")
def test_evidence_bears_person_attempts_and_instant(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, histo: Any, request_for: Any
) -> None:
    ctx = make_ctx()

    def slow() -> HttpReply:
        ctx.clock.moment += timedelta(seconds=3)
        reply = resultat(history=histo("209076322083439"))
        assert isinstance(reply, HttpReply)
        return reply

    ctx.http_service.script.append(slow)
    evidence = plugin.qualify_identity(request_for(), ctx)
    assert evidence is not None
    assert evidence.source is EvidenceSource.INSI_TRAITS
    assert evidence.obtained_at == NOW + timedelta(seconds=3)
    assert evidence.divergences == ()
    assert evidence.individual is not None
    assert (evidence.individual.matricule.value, evidence.individual.matricule.oid) == ("275126322074974", NIR)
    assert len(evidence.individual.history) == 1
    (attempt,) = evidence.attempts
    assert (attempt.operation, attempt.sent_at, attempt.cr) == ("rechercherInsAvecTraitsIdentite", NOW, CrCode.FOUND)
    assert attempt.criteria.nom_naissance == "ADRUN"
    assert attempt.fault is None


@pytest.mark.parametrize(
    ("failure", "code"),
    [
        pytest.param(ServiceError("service.timed_out", retryable=True), "service.timed_out", id="no answer"),
        pytest.param(HttpReply(status=503, headers={}, body=b""), "insi.http_status", id="503"),
        pytest.param(HttpReply(status=200, headers={}, body=b"<html>"), "insi.answer_unreadable", id="garbage"),
    ],
)
def test_a_failure_brings_no_evidence(
    plugin: InsiPlugin, make_ctx: Any, request_for: Any, failure: Any, code: str
) -> None:
    ctx = make_ctx(failure)
    with pytest.raises(ServiceError) as caught:
        plugin.qualify_identity(request_for(), ctx)
    assert caught.value.code == code


def test_each_exchange_is_noted_in_the_audit(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, fault: Any, request_for: Any
) -> None:
    ctx = make_ctx(resultat("01"), fault("desir_4711"))
    with pytest.raises(ServiceError):
        plugin.qualify_identity(request_for("HOUILLES", "PIERRE", "PAUL"), ctx)
    base = {"operation": "rechercherInsAvecTraitsIdentite", "certificate": "INSI-MANU"}
    first, second = (sent.text("MessageID") for sent in ctx.sent)
    assert ctx.audit.written == [
        ("exchange", base | {"message_id": first, "cr": "01", "fault": None}),
        ("exchange", base | {"message_id": second, "cr": None, "fault": "desir_4711"}),
    ]


def test_no_call_is_made_when_no_time_is_left(plugin: InsiPlugin, make_ctx: Any, request_for: Any) -> None:
    ctx = make_ctx()
    ctx.deadline.seconds = 0.0
    with pytest.raises(ServiceError) as caught:
        plugin.qualify_identity(request_for(), ctx)
    assert (caught.value.code, caught.value.retryable) == ("service.timed_out", True)
    assert (ctx.sent, ctx.audit.written) == ([], [])


def test_no_retry_and_no_next_name_once_time_is_up(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, insi_102: HttpReply, request_for: Any
) -> None:
    for reply in (resultat("01"), insi_102):
        ctx = make_ctx()

        def last(reply: HttpReply = reply, ctx: Any = ctx) -> HttpReply:
            ctx.deadline.seconds = 0.0
            return reply

        ctx.http_service.script.append(last)
        with pytest.raises(ServiceError) as caught:
            plugin.qualify_identity(request_for("HOUILLES", "PIERRE", "PAUL"), ctx)
        assert caught.value.code == "service.timed_out"
        assert len(ctx.sent) == 1


@pytest.mark.req("S000-14")
@pytest.mark.parametrize("oid", [NIR, NIR_TEST], ids=["same OID", "test OID of a sample document"])
def test_a_scanned_ins_is_confirmed_by_a_search_of_its_traits(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, traits: Any, oid: str
) -> None:
    ctx = make_ctx(resultat(), environment=Environment.TEST)
    evidence = plugin.qualify_identity(candidate(traits, "275126322074974", oid), ctx)
    assert evidence is not None
    assert evidence.individual is not None
    assert evidence.individual.matricule.oid == NIR
    assert b"2751263220749" not in ctx.sent[0].body


def test_a_former_matricule_still_designates_the_person(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, histo: Any, traits: Any
) -> None:
    ctx = make_ctx(resultat(history=histo("209076322083439")))
    evidence = plugin.qualify_identity(candidate(traits, "209076322083439"), ctx)
    assert evidence is not None
    assert evidence.individual is not None
    assert evidence.individual.matricule.value == "275126322074974"


@pytest.mark.parametrize(
    "scanned", ["297022A02077878", "275126322074975"], ids=["somebody else's", "same number, other key"]
)
def test_a_scanned_ins_of_another_matricule_is_not_confirmed(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, traits: Any, scanned: str
) -> None:
    ctx = make_ctx(resultat())
    with pytest.raises(IdentityError) as caught:
        plugin.qualify_identity(candidate(traits, scanned), ctx)
    assert (caught.value.code, dict(caught.value.facts)) == ("insi.matricule_differs", {})


def test_a_scanned_ins_whose_traits_find_nobody_stays_unconfirmed(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, traits: Any
) -> None:
    ctx = make_ctx(resultat("01"))
    evidence = plugin.qualify_identity(candidate(traits, "275126322074974"), ctx)
    assert evidence is not None
    assert (evidence.cr, evidence.individual) == (CrCode.NOT_FOUND, None)


def test_the_service_makes_exactly_one_exchange_with_all_given_names(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, traits: Any
) -> None:
    assert isinstance(plugin, InsLookup)
    ctx = make_ctx(resultat("02"))
    answer = plugin.search_by_traits(
        TraitsQuery(traits=traits("HOUILLES", "PIERRE", "PAUL", lieu_naissance="63220")), ctx
    )
    assert (answer.cr, answer.individual) == (CrCode.SEVERAL, None)
    (sent,) = ctx.sent
    assert (sent.text("Prenom"), sent.text("LieuNaissance")) == ("PIERRE PAUL", "63220")
    assert answer.attempt.message_id == sent.text("MessageID")


def test_the_service_does_not_retry(plugin: InsiPlugin, make_ctx: Any, insi_102: HttpReply, traits: Any) -> None:
    ctx = make_ctx(insi_102, plugin_settings=InsiSettings(retries=2))
    with pytest.raises(ServiceError):
        plugin.search_by_traits(TraitsQuery(traits=traits()), ctx)
    assert len(ctx.sent) == 1


@pytest.mark.parametrize(
    ("missing", "kind", "code"),
    [
        ({"sexe": None}, InputError, "insi.traits_incomplete"),
        ({"date_naissance": None}, InputError, "insi.traits_incomplete"),
        ({"sexe": "I"}, IdentityError, "identity.sex_undetermined"),
    ],
)
def test_the_service_does_not_ask_it_refuses(
    plugin: InsiPlugin, make_ctx: Any, traits: Any, missing: dict[str, Any], kind: type[SegurError], code: str
) -> None:
    ctx = make_ctx(answers={"insi.sexe": "F", "insi.date_naissance": "1975-12-31"})
    with pytest.raises(kind) as caught:
        plugin.search_by_traits(TraitsQuery(traits=traits(**missing)), ctx)
    assert caught.value.code == code
    assert (ctx.sent, ctx.asked) == ([], [])
