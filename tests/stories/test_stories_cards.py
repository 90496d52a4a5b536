"""Acceptance stories of cards, read through a real pcscd: the patient's carte Vitale, the professional's CPS."""

import json
import os
import subprocess
import sys

import pytest

from segur_host import Host, chosen
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import IdentityError, SegurError
from segur_sdk.identifiers import finess, rpps
from segur_sdk.models.actor import ActorKind, SessionMeans
from segur_sdk.models.identity import InsStatus, NoProof, NoProofReason, ProofDocument, Traits
from tests.stories.told import Person, ref

pytestmark = pytest.mark.pcsc

PHARMACIST = {"cps4": "cps:pharmacist", "cps3": "cps:pharmacist-cps3"}
PHARMACY = "10B0152872/SA33/01"
HOSPITAL = "10B0307377/SA01/02"
SIGNING = frozenset({"2A", "88"})
"""Instructions that use a private key: PERFORM SECURITY OPERATION, INTERNAL AUTHENTICATE."""


def segur(sandbox: RunningSandbox, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "segur_host.cli", *arguments, "--config", str(sandbox.config)],
        check=False,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env=os.environ | {"COLUMNS": "200"},
    )


def to_the_card(sandbox: RunningSandbox, slot: str) -> list[str]:
    """Instructions of the commands that the card in a slot got."""
    return [one["request"]["body"][2:4] for one in sandbox.exchanges("cards") if one["operation"] == slot]


def author_of(host: Host, traits: Traits) -> str:
    """Record somebody, and return who is said to have done it."""
    return host.history(ref(host.identify(traits)))[-1].author


def operations(sandbox: RunningSandbox) -> list[str]:
    return [one["operation"] for one in sandbox.exchanges("insi")]


@pytest.mark.req("S000-11")
def test_a_command_reads_the_card_in_a_pcsc_reader_and_chooses_nobody(segur_pcsc_sandbox: RunningSandbox) -> None:
    _, slot = segur_pcsc_sandbox.pcsc_readers
    segur_pcsc_sandbox.insert(slot, "vitale:family")
    done = segur(segur_pcsc_sandbox, "cards", "read", "--slot", slot, "--json")
    assert done.returncode == 0
    value = json.loads(done.stdout)["value"]
    assert (value["family"], value["provenance"]) == ("vitale", "apdu")
    assert [(one["nom"], one["prenom"]) for one in value["beneficiaries"]] == [
        ("ADRTROIS", "DOMINIQUE"),
        ("ADRTROIS", "TOUSSAINT"),
        ("NESSI", "MICHELANGELO"),
    ]
    assert operations(segur_pcsc_sandbox) == []


@pytest.mark.req("S004-11")
@pytest.mark.parametrize(
    ("way", "operation"),
    [
        pytest.param("card", "rechercherInsAvecCarteVitale", marks=pytest.mark.req("S000-11", "SC.INS/va1.34")),
        pytest.param("traits", "rechercherInsAvecTraitsIdentite"),
    ],
)
def test_the_ins_is_the_same_by_the_card_and_by_traits(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, person: Person, way: str, operation: str
) -> None:
    _, slot = segur_pcsc_sandbox.pcsc_readers
    segur_pcsc_sandbox.insert(slot, "vitale:single")
    who = chosen(pcsc_host.read_card(slot), 1) if way == "card" else person("zoe")
    found = pcsc_host.identify(who).identity
    assert found is not None
    assert (found.status, found.traits) == (InsStatus.RECUPEREE, person("zoe"))
    assert found.matricule is not None
    assert found.matricule.value == "275126322074974"
    assert operations(segur_pcsc_sandbox) == [operation]


@pytest.mark.req("S004-13", "CARD-09")
def test_a_card_is_no_document_and_where_they_differ_the_document_wins(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, person: Person
) -> None:
    _, slot = segur_pcsc_sandbox.pcsc_readers
    segur_pcsc_sandbox.insert(slot, "vitale:single")
    known = ref(pcsc_host.identify(chosen(pcsc_host.read_card(slot), 1)))
    with pytest.raises(IdentityError) as refused:
        pcsc_host.qualify(known, document=ProofDocument(type="CV"))
    assert refused.value.code == "identity.proof_not_high_trust"
    dropped = pcsc_host.qualify(known, document=NoProof(none_because=NoProofReason.DIFFERS)).identity
    assert dropped is not None
    assert (dropped.status, dropped.matricule) == (InsStatus.PROVISOIRE, None)
    shown = person("zoe", nom_naissance="ADRUNE")
    pcsc_host.correct(known, shown)
    checked = pcsc_host.qualify(known, document=ProofDocument(type="CN"), search=False).identity
    assert checked is not None
    assert (checked.status, checked.traits) == (InsStatus.VALIDEE, shown)


@pytest.mark.req("S000-28", "CPS-08")
def test_cps4_and_cps3_are_read_alike_and_without_any_pin(pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox) -> None:
    slot, _ = segur_pcsc_sandbox.pcsc_readers
    found = []
    for card in PHARMACIST.values():
        segur_pcsc_sandbox.insert(slot, card)
        reading = pcsc_host.read_card(slot)
        assert reading.holder is not None
        usages = [(one.usage, one.info.subject_cn) for one in reading.holder.certificates]
        holder = reading.holder.model_dump(exclude={"certificates", "valid_until"})
        found.append((holder, usages, reading.nature, reading.family, reading.provenance))
    assert found[0] == found[1]
    assert (found[0][0]["rpps"], found[0][0]["situations"]) == ("99700075122", None)


@pytest.mark.req("S000-77")
def test_name_rpps_and_finess_of_a_holder_can_be_shown_and_checked(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, answers: dict[str, str]
) -> None:
    slot, _ = segur_pcsc_sandbox.pcsc_readers
    segur_pcsc_sandbox.insert(slot, PHARMACIST["cps3"])
    answers["session.exercice"] = PHARMACY
    pcsc_host.login(SessionMeans.CPS, slot=slot)
    holder = pcsc_host.read_card(slot).holder
    assert holder is not None
    assert (holder.given_name, holder.family_name, holder.named) == ("CAROLE", "PHARMACH0007512", True)
    assert holder.rpps is not None
    assert rpps.is_valid(holder.rpps)
    structures = [one.structure_id for one in holder.situations or ()]
    assert structures == ["10B0152872", "10B0307377", "10B0000006"]
    assert all(one is not None and one.startswith("1") and finess.is_valid(one[1:]) for one in structures[:2])


@pytest.mark.req("S000-77")
def test_a_command_shows_the_holder_in_french(segur_pcsc_sandbox: RunningSandbox) -> None:
    slot, _ = segur_pcsc_sandbox.pcsc_readers
    segur_pcsc_sandbox.insert(slot, "cps:physician")
    done = segur(segur_pcsc_sandbox, "cards", "read", "--slot", slot)
    assert done.returncode == 0
    for line in ("CPS : KIT DOC0036624", "RPPS : 99700366240", "savoir-faire : SM26"):
        assert line in done.stdout


@pytest.mark.req("S002-38")
def test_a_cps_authenticates_its_holder_who_then_answers_for_what_is_done(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, answers: dict[str, str], person: Person
) -> None:
    slot, _ = segur_pcsc_sandbox.pcsc_readers
    segur_pcsc_sandbox.insert(slot, PHARMACIST["cps4"])
    answers["session.exercice"] = PHARMACY
    pcsc_host.login(SessionMeans.CPS, slot=slot)
    assert pcsc_host.session is not None
    actor = pcsc_host.session.actor
    assert (actor.kind, actor.rpps, actor.exercice) == (ActorKind.PROFESSIONAL, "99700075122", PHARMACY)
    assert SIGNING & set(to_the_card(segur_pcsc_sandbox, slot)), "its private key proved whose card it is"
    assert author_of(pcsc_host, person("zoe")) == "CAROLE PHARMACH0007512"
    pcsc_host.logout()
    assert author_of(pcsc_host, person("toussaint")) == "comptoir"


@pytest.mark.req("S003-01", "CPS-04")
def test_a_professional_works_with_his_card_and_the_structure_with_its_certificate(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, answers: dict[str, str], person: Person
) -> None:
    slot, _ = segur_pcsc_sandbox.pcsc_readers
    segur_pcsc_sandbox.insert(slot, "cps:physician")
    answers["session.exercice"] = HOSPITAL
    opened = pcsc_host.login(SessionMeans.CPS, slot=slot).opened
    assert (opened.actor.name, opened.actor.exercice) == ("KIT DOC0036624", HOSPITAL)
    assert author_of(pcsc_host, person("zoe")) == "KIT DOC0036624"
    (call,) = segur_pcsc_sandbox.exchanges("insi")
    assert call["client"]["cn"] == "INSI-MANU"


@pytest.mark.req("S004-49")
def test_a_card_that_names_nobody_authenticates_nobody(
    pcsc_host: Host, segur_pcsc_sandbox: RunningSandbox, answers: dict[str, str]
) -> None:
    slot, _ = segur_pcsc_sandbox.pcsc_readers
    segur_pcsc_sandbox.insert(slot, "cpe")
    holder = pcsc_host.read_card(slot).holder
    assert holder is not None
    assert (holder.card_type, holder.named) == ("CPE", False)
    with pytest.raises(SegurError) as refused:
        pcsc_host.login(SessionMeans.CPS, slot=slot)
    assert refused.value.code == "cps.not_nominative"
    assert pcsc_host.messages["cps.not_nominative"].action
    assert pcsc_host.session is None
    assert not SIGNING & set(to_the_card(segur_pcsc_sandbox, slot))
