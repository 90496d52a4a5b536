"""What is fed of validated documents, in the façade: by itself, held, sent, given again, replaced, past."""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from segur_host import Host
from segur_host.document_verbs import LeftOut, NotValidated
from segur_host.documents.desk import Validated
from segur_host.documents.document import ValidatedDocument
from segur_sdk.errors import InputError
from segur_sdk.hooks.document_validated import DocumentRouting
from segur_sdk.identity.seal import SealedIdentity
from segur_sdk.models.channels import Channel
from segur_sdk.models.document import DocumentVersion
from segur_sdk.models.identity import InsStatus, ProofDocument

MakeHost = Callable[..., Host]
MakeDocument = Callable[..., ValidatedDocument]
Patient = Callable[..., SealedIdentity]
FedAfter = Callable[[Host], list[str]]


def why(done: Validated) -> str | None:
    return done.kept_back.code if done.kept_back is not None else None


def states(host: Host) -> list[str]:
    return [str(one.state) for one in host.outbox.standings(settled=True)]


@pytest.mark.req("S000-34", "S000-35", "S000-36", "SC.DMP/ALI/PROG.02")
@pytest.mark.parametrize("code", ["78601-2", "87273-9", "56445-0"])
def test_documents_of_the_three_kinds_leave_by_themselves(
    code: str, documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host()
    done = host.validate(document_of(patient(host), document_type=code))
    assert (why(done), done.is_new) == (None, True)
    assert done.receipt is not None
    assert str(done.receipt.verdict) == "allow"
    dmp = done.routing.towards(Channel.DMP)
    assert dmp is not None
    assert "automatic-feeding" in [rule.id for rule in dmp.rules]
    assert fed_after(host) == ["Entretien asthme"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        pytest.param({"document_type": "96349-6"}, "documents.on_demand", id="letter"),
        pytest.param({"document_type": "89601-9"}, "documents.sensitive", id="sensitive_kind"),
        pytest.param({"label": "Certificat de violences"}, "documents.sensitive", id="sensitive_name"),
        pytest.param({"document_type": "11488-4"}, "documents.no_rule", id="no_rule"),
        pytest.param({"document_type": None, "label": "Fiche bleue"}, "documents.no_type", id="unknown"),
        pytest.param({"document_type": "CERT_DECL", "label": "Certificat de décès"}, "documents.no_way", id="death"),
    ],
)
def test_documents_of_other_kinds_wait_until_somebody_sends_them(
    changes: dict[str, Any],
    code: str,
    documents_host: MakeHost,
    patient: Patient,
    document_of: MakeDocument,
    dmp: Any,
) -> None:
    host = documents_host()
    done = host.validate(document_of(patient(host), **changes))
    assert (why(done), done.receipt) == (code, None)
    assert (states(host), len(dmp.asked)) == ([], 1)
    [noted] = [one for one in host.audit.records() if one.event == "document.validated"]
    assert json.loads(noted.facts)["kept_back"] == code
    assert "d-1" not in noted.facts


def test_documents_are_sent_when_somebody_says_so_but_where_there_is_no_way(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host()
    identity = patient(host)
    assert host.validate(document_of(identity, document_type="96349-6", title="Lettre"), feed=True).receipt is not None
    death = document_of(identity, "d-2", document_type="CERT_DECL", label="Certificat de décès")
    assert why(host.validate(death, feed=True)) == "documents.no_way"
    assert fed_after(host) == ["Lettre"]


@pytest.mark.req("S000-37", "S000-39")
def test_documents_leave_from_the_window_where_the_site_wants_one(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host(documents={"feeding": "window"})
    document = document_of(patient(host))
    assert why(host.validate(document)) == "documents.window"
    assert fed_after(host) == []
    assert host.validate(document, feed=True).is_new
    assert fed_after(host) == ["Entretien asthme"]


@pytest.mark.req("SC.DMP/ALI/PROG.03")
def test_documents_a_hold_is_of_one_document_and_outlives_nothing_else(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host()
    identity = patient(host)
    held = host.validate(document_of(identity, title="Retenu"), hold=True).receipt
    assert held is not None
    assert held.intent is not None
    assert [one.code for one in held.reasons] == ["outbox.held_by_user"]
    host.close()
    again = documents_host()
    again.validate(document_of(identity, "d-2", title="Suivant"))
    assert fed_after(again) == ["Suivant"]
    again.retry(held.intent.id)
    assert fed_after(again) == ["Suivant", "Retenu"]


def test_documents_given_again_leave_once_and_tell_where_they_stand(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host()
    document = document_of(patient(host))
    first, second = host.validate(document), host.validate(document)
    assert (first.is_new, second.is_new) == (True, False)
    assert fed_after(host) == ["Entretien asthme"]
    third = host.validate(document, feed=True).receipt
    assert first.receipt is not None
    assert third is not None
    assert first.receipt.intent is not None
    assert third.intent is not None
    assert (third.intent.id, str(third.intent.state)) == (first.receipt.intent.id, "sent")
    assert fed_after(host) == ["Entretien asthme"]


def test_documents_taken_back_stay_so_until_somebody_sends_them(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host()
    document = document_of(patient(host))
    receipt = host.validate(document).receipt
    assert receipt is not None
    assert receipt.intent is not None
    host.cancel(receipt.intent.id)
    assert not host.validate(document).is_new
    assert fed_after(host) == []
    assert host.validate(document, feed=True).is_new
    assert not host.validate(document, feed=True).is_new
    assert fed_after(host) == ["Entretien asthme"]


def test_documents_a_new_version_stands_in_the_place_of_one_that_did_not_leave(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host()
    identity = patient(host)
    host.validate(document_of(identity, title="Brouillon"))
    host.validate(document_of(identity, title="Corrigé"))
    host.validate(document_of(identity, "d-2", title="Autre"))
    assert states(host) == ["cancelled", "queued", "queued"]
    host.validate(document_of(identity, title="Brouillon"))
    assert states(host) == ["cancelled", "cancelled", "queued", "queued"]
    assert fed_after(host) == ["Autre", "Brouillon"]


def test_documents_a_new_version_of_a_held_one_is_held_too(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host()
    identity = patient(host)
    host.validate(document_of(identity, title="Un"), hold=True)
    host.validate(document_of(identity, title="Deux"))
    assert fed_after(host) == []
    assert states(host) == ["cancelled", "held"]
    host.validate(document_of(identity, title="Trois"), feed=True)
    assert fed_after(host) == ["Trois"]


def test_documents_a_new_version_of_one_that_left_says_what_it_replaces(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host()
    identity = patient(host)
    host.validate(document_of(identity, title="Un"))
    assert fed_after(host) == ["Un"]
    assert why(host.validate(document_of(identity, title="Deux"))) == "documents.already_there"
    assert host.validate(document_of(identity, title="Un"), feed=True).is_new is False
    left = DocumentVersion(id="2.25.1", set_id="2.25.2")
    assert host.validate(document_of(identity, title="Deux", replaces=left)).is_new
    assert fed_after(host) == ["Un", "Deux"]


def test_documents_a_new_version_waits_while_the_one_before_may_have_left(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter, dmp: Any
) -> None:
    host = documents_host()
    identity = patient(host)
    dmp.lost = True
    host.validate(document_of(identity, title="Un"))
    assert fed_after(host) == []
    assert states(host) == ["in_doubt"]
    assert why(host.validate(document_of(identity, title="Deux"))) == "documents.leaving"


def test_documents_stay_where_they_are_when_a_plugin_does_not_say_what_it_proposes(
    documents_host: MakeHost, install: Callable[..., str], patient: Patient, document_of: MakeDocument
) -> None:
    broken = {"broken": install("broken", hook="on_document_validated", body="raise RuntimeError")}
    host = documents_host(broken)
    document = document_of(patient(host))
    done = host.validate(document)
    assert (why(done), states(host)) == ("documents.proposal_missing", [])
    assert {one.plugin: one.status.is_well for one in done.outcomes} == {"broken": False, "sender": True}
    assert host.validate(document, feed=True).is_new


def test_documents_may_have_any_name_and_type_in_the_practice_software(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument
) -> None:
    host = documents_host()
    odd = document_of(patient(host), "d\n\N{BELL}1", document_type="0\n0", label="\N{BELL}")
    assert why(host.validate(odd)) == "documents.no_rule"
    assert host.validate(odd, feed=True).is_new


@pytest.mark.req("SC.DMP/CONF.09")
def test_documents_of_who_opposes_are_refused_with_the_reason(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host()
    identity = patient(host)
    host.oppose(identity.identity_ref, document="d-1")
    refused = host.validate(document_of(identity)).receipt
    assert refused is not None
    assert (refused.intent, [one.code for one in refused.reasons]) == (None, ["gate.patient_opposed"])
    host.validate(document_of(identity, "d-2", title="Autre"))
    assert fed_after(host) == ["Autre"]


@pytest.mark.req("SC.DMP/HISTO.03")
def test_documents_of_monday_leave_on_thursday_with_the_date_of_the_act(
    documents_host: MakeHost,
    patient: Patient,
    document_of: MakeDocument,
    fed_after: FedAfter,
    set_clock: Callable[..., None],
    clock: Any,
    dmp: Any,
) -> None:
    host = documents_host()
    monday = clock.now()
    identity = patient(host, proven=False)
    assert identity.status is InsStatus.RECUPEREE
    held = host.validate(document_of(identity, document_type="87273-9")).receipt
    assert held is not None
    assert (str(held.verdict), [one.code for one in held.reasons]) == ("hold", ["gate.identity_not_qualified"])
    assert fed_after(host) == []
    host.close()
    set_clock(monday + timedelta(days=3))
    again = documents_host()
    again.qualify(identity.identity_ref, document=ProofDocument(type="PA"))
    assert fed_after(again) == ["Entretien asthme"]
    assert dmp.fed[0][2] == monday.isoformat()


def test_documents_in_a_lot_each_have_an_answer_and_one_that_is_none_stops_no_other(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host()
    identity = patient(host)
    lot = [document_of(identity, f"d-{number}", title=f"N° {number}") for number in range(3)]
    answers = list(host.validate_all([lot[0], lot[1], '{"document_ref": "?"}', lot[2], lot[0]]))
    receipts = [one.receipt for one in answers if isinstance(one, Validated)]
    ids = [one.intent.id for one in receipts if one is not None and one.intent is not None]
    assert (len(ids), len(set(ids)), ids[0] == ids[3]) == (4, 3, True)
    [refused] = [one for one in answers if isinstance(one, NotValidated)]
    assert (answers[2], refused.failure.code) == (refused, "input.document")
    assert fed_after(host) == ["N° 0", "N° 1", "N° 2"]


@pytest.mark.req("SC.DMP/HISTO.06", "SC.DMP/HISTO.08")
def test_documents_of_the_past_go_on_where_the_last_run_stopped(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host(documents={"past": {"at_most": 2}})
    identity = patient(host)
    past = [document_of(identity, f"d-{number}", title=str(number), deceased=False) for number in range(5)]
    runs = [[isinstance(one, Validated) for one in host.feed_past(past)] for _ in range(3)]
    assert [sum(run) for run in runs] == [2, 2 + 2, 2 + 2 + 1]
    assert fed_after(host) == ["0", "1", "2", "3", "4"]
    assert [one.is_new for one in host.feed_past(past) if isinstance(one, Validated)] == [False] * 5


@pytest.mark.req("SC.DMP/HISTO.05", "SC.DMP/HISTO.06")
@pytest.mark.parametrize(
    ("changes", "proven", "code"),
    [
        pytest.param({"document_type": "96349-6"}, True, "documents.past_other_type", id="type"),
        pytest.param({"document_type": None, "label": "Fiche"}, True, "documents.past_other_type", id="no_type"),
        pytest.param({"days": 31}, True, "documents.past_too_old", id="older_than_the_depth"),
        pytest.param({"deceased": True}, True, "documents.past_deceased", id="deceased"),
        pytest.param({"deceased": None}, True, "documents.past_life_unknown", id="nobody_looked"),
        pytest.param({}, False, "documents.past_not_qualified", id="not_qualified"),
    ],
)
def test_documents_of_the_past_are_left_out_each_with_its_reason(
    changes: dict[str, Any],
    proven: bool,
    code: str,
    documents_host: MakeHost,
    patient: Patient,
    document_of: MakeDocument,
    clock: Any,
    fed_after: FedAfter,
) -> None:
    host = documents_host(documents={"past": {"depth_days": 30}})
    identity = patient(host, proven=proven)
    made = clock.now() - timedelta(days=changes.pop("days", 30))
    document = document_of(identity, made=made, **{"deceased": False, **changes})
    [left] = host.feed_past([document])
    assert isinstance(left, LeftOut)
    assert (left.document_ref, left.reason.code) == ("d-1", code)
    # Whoever chooses this one document sends it; the gate says the rest.
    chosen = host.validate(document, feed=True)
    assert (chosen.receipt is None) is (chosen.routing.document_type is None)


def test_documents_of_the_past_need_no_more_than_their_type_in_the_configuration(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter
) -> None:
    host = documents_host(documents={"past": {"types": ["96349-6"]}})
    identity = patient(host)
    past = [
        document_of(identity, f"d-{one}", document_type=one, title=one, deceased=False)
        for one in ("96349-6", "78601-2")
    ]
    answers = list(host.feed_past([past[0], past[1], "{"]))
    assert [type(one) for one in answers] == [Validated, LeftOut, NotValidated]
    assert fed_after(host) == ["96349-6"]


def test_documents_in_json_name_their_patient_and_never_claim_a_status(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter, dmp: Any
) -> None:
    host = documents_host()
    text = document_of(patient(host)).model_dump_json()
    assert host.validate(text).is_new
    for claimed in (text.replace('"identity_ref"', '"status":"QUAL","identity_ref"'), text.replace("d-1", "")):
        with pytest.raises(InputError, match=r"input\.document"):
            host.validate(claimed)
    assert fed_after(host) == ["Entretien asthme"]


def test_documents_a_plugin_says_nothing_of_are_known_by_the_rules_alone(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, dmp: Any
) -> None:
    dmp.routing = lambda event: None
    host = documents_host()
    done = host.validate(document_of(patient(host), document_type="34874-8"))
    assert [one.channel for one in done.routing.destinations] == list(Channel)
    assert why(done) == "documents.on_demand"
    dmp.routing = lambda event: DocumentRouting(shown="?")
    assert why(host.validate(document_of(patient(host), "d-2"))) == "documents.no_rule"


def test_documents_a_new_version_of_one_that_left_replaces_it_and_the_next_replaces_that(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter, dmp: Any
) -> None:
    dmp.tells_versions = True
    host = documents_host()
    identity = patient(host)
    for title in ("Un", "Deux", "Un"):
        assert host.validate(document_of(identity, title=title)).is_new
        fed_after(host)
    assert fed_after(host) == ["Un", "Deux", "Un"]
    assert [(one.id, one.number) for one in dmp.replaced[1:]] == [("1.1", 1), ("1.2", 2)]
    assert dmp.replaced[0] is None


def test_documents_held_with_a_question_leave_once_it_is_answered_for_that_very_one(
    documents_host: MakeHost, patient: Patient, document_of: MakeDocument, fed_after: FedAfter, dmp: Any
) -> None:
    dmp.question = "sender.sensitive"
    host = documents_host()
    identity = patient(host)
    held = host.validate(document_of(identity, title="Un")).receipt
    assert held is not None
    assert held.question is not None
    waits = document_of(identity, title="Un", answers={held.question.code: "hold"})
    assert [host.validate(waits).is_new for _ in range(2)] == [True, False]
    assert fed_after(host) == []
    answered = document_of(identity, title="Un", answers={held.question.code: "send"})
    assert host.validate(answered).is_new
    assert not host.validate(answered).is_new
    host.validate(document_of(identity, "d-2", title="Deux"))
    assert fed_after(host) == ["Un"]
    assert states(host) == ["cancelled", "cancelled", "sent", "held"]
