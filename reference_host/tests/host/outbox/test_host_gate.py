"""The gate: each rule of the host by itself, with its twin that passes, and what deciders add."""

from collections.abc import Callable
from typing import Any

import pytest

from segur_host import Host
from segur_host.consents.ledger import ConsentState, InformationChannel
from segur_host.gate import rules
from segur_host.gate.rules import RULES, GateView, findings
from segur_host.outbox.intents import IntentState
from segur_sdk.errors import IdentityError, InputError, PluginError
from segur_sdk.hooks.dmp_send import ConsentSnapshot, DmpDraft, DmpEffect
from segur_sdk.identity.seal import SealedIdentity, Sealer
from segur_sdk.models.actor import Environment
from segur_sdk.models.decision import Decision, Verdict
from segur_sdk.models.identity import (
    IdentityAttribute,
    InsOid,
    InsStatus,
    MatriculeIns,
    ProofDocument,
    Traits,
)
from segur_sdk.models.notice import Notice

Draft = Callable[..., DmpDraft]
Qualified = Callable[[Host], SealedIdentity]


def _nothing(host: Host, identity: SealedIdentity) -> None:
    """Leave everything as it is."""


def _inform(host: Host, identity: SealedIdentity) -> None:
    host.inform(identity.identity_ref, InformationChannel.ORAL)


def _informed_and(*more: Callable[[Host, SealedIdentity], None]) -> Callable[[Host, SealedIdentity], None]:
    def change(host: Host, identity: SealedIdentity) -> None:
        for step in (_inform, *more):
            step(host, identity)

    return change


def _oppose(host: Host, identity: SealedIdentity) -> None:
    host.oppose(identity.identity_ref, motive="Motif du patient")


def _oppose_the_document(host: Host, identity: SealedIdentity) -> None:
    host.oppose(identity.identity_ref, document="doc-1")


def _oppose_another(host: Host, identity: SealedIdentity) -> None:
    host.oppose(identity.identity_ref, document="doc-2")


def _judge(*, accepted: bool) -> Callable[[Host, SealedIdentity], None]:
    def judge(host: Host, identity: SealedIdentity) -> None:
        host.judge_opposition(identity.identity_ref, judge="Dr MARTIN", accepted=accepted)

    return judge


def _lift(host: Host, identity: SealedIdentity) -> None:
    host.lift_opposition(identity.identity_ref)


def _doubt(host: Host, identity: SealedIdentity) -> None:
    host.mark(identity.identity_ref, IdentityAttribute.DOUTEUX)


def _fictive(host: Host, identity: SealedIdentity) -> None:
    host.mark(identity.identity_ref, IdentityAttribute.FICTIF)


def _correct(host: Host, identity: SealedIdentity) -> None:
    changed = identity.traits.model_copy(update={"premier_prenom": "ANTOINE"})
    host.correct(identity.identity_ref, changed, as_super_user=True)


# what happens before, what is different in the draft, the verdict, the reasons
CASES: dict[str, tuple[Callable[[Host, SealedIdentity], None], dict[str, Any], Verdict, list[str]]] = {
    "nothing_against_it": (_inform, {}, Verdict.ALLOW, []),
    "not_informed": (_nothing, {}, Verdict.HOLD, ["gate.patient_not_informed"]),
    "opposed": (_informed_and(_oppose), {}, Verdict.BLOCK, ["gate.patient_opposed"]),
    "opposed_and_claimed_to_withdraw": (
        _informed_and(_oppose),
        {"effect": DmpEffect.WITHDRAW},
        Verdict.BLOCK,
        ["gate.patient_opposed"],
    ),
    "opposed_and_accepted": (
        _informed_and(_oppose, _judge(accepted=True)),
        {},
        Verdict.BLOCK,
        ["gate.patient_opposed"],
    ),
    "opposed_and_not_legitimate": (_informed_and(_oppose, _judge(accepted=False)), {}, Verdict.ALLOW, []),
    "opposed_and_lifted": (_informed_and(_oppose, _lift), {}, Verdict.ALLOW, []),
    "opposed_again": (_informed_and(_oppose, _lift, _oppose), {}, Verdict.BLOCK, ["gate.patient_opposed"]),
    "this_document_opposed": (
        _informed_and(_oppose_the_document),
        {"document_ref": "doc-1"},
        Verdict.BLOCK,
        ["gate.patient_opposed"],
    ),
    "another_document_opposed": (_informed_and(_oppose_another), {"document_ref": "doc-1"}, Verdict.ALLOW, []),
    "opposed_says_the_software": (
        _inform,
        {"consents": ConsentSnapshot(informed=True, opposed=True)},
        Verdict.BLOCK,
        ["gate.patient_opposed"],
    ),
    "doubtful": (
        _informed_and(_doubt),
        {},
        Verdict.BLOCK,
        ["gate.identity_doubtful", "gate.identity_not_qualified"],
    ),
    "fictive": (
        _informed_and(_fictive),
        {},
        Verdict.BLOCK,
        ["gate.identity_fictive", "gate.identity_not_qualified"],
    ),
    "trait_corrected": (_informed_and(_correct), {}, Verdict.HOLD, ["gate.identity_not_qualified"]),
    "not_validated": (_inform, {"validation": None}, Verdict.BLOCK, ["gate.not_validated"]),
    "no_document": (_inform, {"content": None}, Verdict.BLOCK, ["gate.no_document"]),
    "personal_note": (_inform, {"personal_note": True}, Verdict.BLOCK, ["gate.personal_note"]),
    "everything_at_once": (
        _informed_and(_oppose, _doubt),
        {"validation": None, "content": None, "personal_note": True},
        Verdict.BLOCK,
        [
            "gate.identity_doubtful",
            "gate.identity_not_qualified",
            "gate.patient_opposed",
            "gate.not_validated",
            "gate.no_document",
            "gate.personal_note",
        ],
    ),
}


@pytest.mark.req("SC.DMP/CONF.09", "S000-05", "S002-04", "S002-12", "S004-44", "S004-46", "S004-50")
@pytest.mark.parametrize(("before", "changes", "verdict", "reasons"), CASES.values(), ids=CASES)
def test_gate_says_every_reason_and_lets_in_nothing_that_is_blocked(
    before: Callable[[Host, SealedIdentity], None],
    changes: dict[str, Any],
    verdict: Verdict,
    reasons: list[str],
    sending_host: Callable[..., Host],
    qualified: Qualified,
    draft_of: Draft,
    service: Any,
) -> None:
    host = sending_host()
    identity = qualified(host)
    before(host, identity)
    receipt = host.send(draft_of(host.identity(identity.identity_ref), **changes))
    assert (receipt.verdict, [one.code for one in receipt.reasons]) == (verdict, reasons)
    host.outbox.run()
    assert (receipt.intent is None) is (verdict is Verdict.BLOCK)
    assert len(list(host.unsent(*IntentState))) == (verdict is not Verdict.BLOCK)
    assert len(service.receptions) == (verdict is Verdict.ALLOW)


def _view(draft: DmpDraft, **changes: Any) -> GateView:
    fields: dict[str, Any] = {
        "draft": draft,
        "identity": draft.identity,
        "consents": ConsentState(),
        "environment": Environment.SANDBOX,
        "informed_by_team": False,
        "consents_by_software": True,
        **changes,
    }
    return GateView(**fields)


SEALER = Sealer(b"k" * 32)


def _identity(
    anthony: Traits,
    status: InsStatus = InsStatus.QUALIFIEE,
    attributes: frozenset[IdentityAttribute] = frozenset(),
    oid: InsOid = InsOid.NIR,
) -> SealedIdentity:
    known = status in {InsStatus.QUALIFIEE, InsStatus.RECUPEREE}
    return SEALER.seal(
        identity_ref="ref",
        revision=1,
        tenant="default",
        environment=Environment.SANDBOX,
        status=status,
        attributes=attributes,
        traits=anthony,
        matricule=MatriculeIns(value="180032B02040123", oid=oid) if known else None,
    )


# what is different in the identity, in the draft, in the view; the codes
RULE_CASES: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any], set[str]]] = {
    "all_well": ({}, {}, {}, set()),
    "recuperee": ({"status": InsStatus.RECUPEREE}, {}, {}, {"gate.identity_not_qualified"}),
    "validee": ({"status": InsStatus.VALIDEE}, {}, {}, {"gate.identity_not_qualified"}),
    "provisoire": ({"status": InsStatus.PROVISOIRE}, {}, {}, {"gate.identity_not_qualified"}),
    "douteux": ({"attributes": frozenset({IdentityAttribute.DOUTEUX})}, {}, {}, {"gate.identity_doubtful"}),
    "fictif": ({"attributes": frozenset({IdentityAttribute.FICTIF})}, {}, {}, {"gate.identity_fictive"}),
    "homonyme_is_no_reason": ({"attributes": frozenset({IdentityAttribute.HOMONYME})}, {}, {}, set()),
    "test_identity_in_production": (
        {"oid": InsOid.NIR_TEST},
        {},
        {"environment": Environment.PRODUCTION},
        {"gate.identity_of_test"},
    ),
    "demo_identity_in_production": (
        {"oid": InsOid.NIR_DEMO},
        {},
        {"environment": Environment.PRODUCTION},
        {"gate.identity_of_test"},
    ),
    "test_identity_in_the_sandbox": ({"oid": InsOid.NIR_TEST}, {}, {}, set()),
    "nia_in_production": ({"oid": InsOid.NIA}, {}, {"environment": Environment.PRODUCTION}, set()),
    "opposed": ({}, {"consents": ConsentSnapshot(informed=True, opposed=True)}, {}, {"gate.patient_opposed"}),
    "not_informed": (
        {},
        {"consents": ConsentSnapshot(informed=False, opposed=False)},
        {},
        {"gate.patient_not_informed"},
    ),
    "informed_by_the_team": (
        {},
        {"consents": ConsentSnapshot(informed=False, opposed=False)},
        {"informed_by_team": True},
        set(),
    ),
    "the_host_keeps_consents": ({}, {}, {"consents_by_software": False}, {"gate.patient_not_informed"}),
    "not_validated": ({}, {"validation": None}, {}, {"gate.not_validated"}),
    "no_document": ({}, {"content": None}, {}, {"gate.no_document"}),
    "personal_note": ({}, {"personal_note": True}, {}, {"gate.personal_note"}),
}


def _codes(
    anthony: Traits, draft_of: Draft, case: tuple[dict[str, Any], dict[str, Any], dict[str, Any], Any]
) -> set[str]:
    identity, draft, view, _ = case
    return {one.notice.code for one in findings(_view(draft_of(_identity(anthony, **identity), **draft), **view))}


@pytest.mark.parametrize("case", RULE_CASES.values(), ids=RULE_CASES)
def test_gate_rule_by_itself(case: Any, anthony: Traits, draft_of: Draft) -> None:
    assert _codes(anthony, draft_of, case) == case[-1]


@pytest.mark.parametrize("removed", RULES)
def test_gate_without_one_rule_something_leaves(
    removed: str, monkeypatch: pytest.MonkeyPatch, anthony: Traits, draft_of: Draft
) -> None:
    monkeypatch.setattr(rules, "RULES", {name: rule for name, rule in RULES.items() if name != removed})
    assert any(_codes(anthony, draft_of, case) != case[-1] for case in RULE_CASES.values())


BLOCKING = Decision(verdict=Verdict.BLOCK, reasons=(Notice(code="dmp.type_unknown", text="Type de document inconnu."),))
WARNING = Decision(verdict=Verdict.WARN, reasons=(Notice(code="dmp.late", text="Acte ancien."),))
HOLDING = Decision(verdict=Verdict.HOLD, reasons=(Notice(code="dmp.sensitive", text="Document sensible."),))


@pytest.mark.parametrize(
    ("said", "verdict", "codes"),
    [
        pytest.param(BLOCKING, Verdict.BLOCK, ["dmp.type_unknown"], id="block"),
        pytest.param(WARNING, Verdict.WARN, ["dmp.late"], id="warn"),
        pytest.param(HOLDING, Verdict.HOLD, ["dmp.sensitive"], id="hold"),
        pytest.param(None, Verdict.BLOCK, ["gate.no_decider", "gate.sender_silent"], id="silent"),
    ],
)
def test_gate_the_decider_of_the_sender_must_allow(
    said: Decision | None,
    verdict: Verdict,
    codes: list[str],
    sending_host: Callable[..., Host],
    qualified: Qualified,
    draft_of: Draft,
    service: Any,
) -> None:
    host = sending_host(consents={"informed_by_team": True})
    service.verdict = said
    receipt = host.send(draft_of(qualified(host)))
    assert receipt.verdict is verdict
    assert [one.code for one in receipt.reasons] == codes
    host.outbox.run()
    assert bool(service.receptions) is (verdict is Verdict.WARN)


def test_gate_another_decider_does_not_stand_in_for_the_sender(
    install: Callable[..., str],
    source: tuple[dict[str, Any], dict[str, str]],
    sending_plugins: dict[str, str],
    open_host: Callable[..., Host],
    qualified: Qualified,
    draft_of: Draft,
    service: Any,
) -> None:
    body = "from segur_sdk.models.decision import Decision, Verdict\nreturn Decision(verdict=Verdict.ALLOW)"
    plugins = {**source[1], **sending_plugins, "other": install("other", hook="before_dmp_send", body=body)}
    host = open_host(plugins, consents={"informed_by_team": True})
    service.verdict = None
    receipt = host.send(draft_of(qualified(host)))
    assert (receipt.verdict, [one.code for one in receipt.reasons]) == (Verdict.BLOCK, ["gate.sender_silent"])


def test_gate_a_host_in_safe_mode_sends_nothing(
    sending_host: Callable[..., Host], qualified: Qualified, draft_of: Draft, service: Any
) -> None:
    host = sending_host(consents={"informed_by_team": True})
    draft = draft_of(qualified(host))
    host.close()
    safe = sending_host(consents={"informed_by_team": True}, safe_mode=True)
    with pytest.raises(PluginError, match=r"plugin\.sender_missing"):
        safe.send(draft)
    assert not service.receptions


def test_gate_takes_no_identity_that_it_did_not_seal(
    sending_host: Callable[..., Host], qualified: Qualified, draft_of: Draft, anthony: Traits, service: Any
) -> None:
    host = sending_host(consents={"informed_by_team": True})
    identity = qualified(host)
    forged = draft_of(_identity(anthony))
    with pytest.raises(IdentityError, match=r"identity\.not_sealed"):
        host.send(forged)
    stale = draft_of(identity)
    host.mark(identity.identity_ref, IdentityAttribute.HOMONYME)
    with pytest.raises(IdentityError, match=r"identity\.outdated"):
        host.send(stale)
    claimed = '{"identity": {"traits": {}, "status": "QUAL"}, "document_type": "x"}'
    with pytest.raises(InputError, match=r"input\.send"):
        host.send(claimed)
    assert not list(host.unsent(*IntentState))
    assert not service.receptions


def test_gate_a_document_of_monday_leaves_once_the_identity_is_qualified(
    source: tuple[dict[str, Any], dict[str, str]],
    evidence: Callable[..., Any],
    sending_host: Callable[..., Host],
    draft_of: Draft,
    anthony: Traits,
    service: Any,
) -> None:
    host = sending_host(consents={"informed_by_team": True})
    source[0]["answer"] = evidence(anthony)
    found = host.identify(anthony).identity
    assert found is not None
    receipt = host.send(draft_of(found))
    assert [one.code for one in receipt.reasons] == ["gate.identity_not_qualified"]
    host.outbox.run()
    assert not service.receptions
    host.qualify(found.identity_ref, document=ProofDocument(type="CN"))
    host.outbox.run()
    assert len(service.receptions) == 1
    assert receipt.intent is not None
    assert host.outbox.show(receipt.intent.id).state is IntentState.SENT


def test_gate_the_answer_about_information_releases_what_waited(
    sending_host: Callable[..., Host], qualified: Qualified, draft_of: Draft, service: Any
) -> None:
    host = sending_host()
    identity = qualified(host)
    receipt = host.send(draft_of(identity))
    assert receipt.question is not None
    assert receipt.question.code == "consent.information"
    host.outbox.run()
    assert not service.receptions
    host.inform(identity.identity_ref, InformationChannel.WRITTEN)
    host.outbox.run()
    assert len(service.receptions) == 1
    again = host.send(draft_of(host.identity(identity.identity_ref), document_ref="another"))
    assert again.verdict is Verdict.ALLOW
