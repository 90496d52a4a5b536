"""Acceptance stories of the pharmacy guide on proofs of identity, through the host's own door."""

import pytest

from segur_host import Host, chosen
from segur_host.config.model import HostConfig
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import IdentityError
from segur_sdk.identity.engine import Asking
from segur_sdk.models.identity import (
    InsStatus,
    NoProof,
    NoProofReason,
    ProofDocument,
)
from tests.stories.told import Person, ref


@pytest.mark.req("S000-17")
def test_after_a_card_was_read_the_ins_data_are_to_be_checked(host: Host, segur_sandbox: RunningSandbox) -> None:
    segur_sandbox.insert(segur_sandbox.readers[0], "family")
    found = host.identify(chosen(host.read_card(segur_sandbox.readers[0]), 2))
    assert found.identity is not None
    assert found.identity.status is InsStatus.RECUPEREE
    assert found.asking is Asking.ASK


@pytest.mark.req("S000-18", "S000-19", "SC.INS/va1.23")
@pytest.mark.parametrize(
    ("who", "proof"),
    [
        ("zoe", "CN"),
        ("zoe", "PA"),
        ("zoe", "CS"),
        ("zoe", "CE"),
        ("zoe", "eCN"),
        ("zoe", "IN"),
        ("michelangelo", "LEP"),
        ("michelangelo", "AN"),
        ("michelangelo", "CC"),
    ],
)
def test_an_accepted_document_qualifies_and_its_kind_is_recorded(
    host: Host, person: Person, who: str, proof: str
) -> None:
    known = ref(host.identify(person(who)))
    shown = ProofDocument(type=proof, adult_document="CN" if proof in {"LEP", "AN"} else None)
    found = host.qualify(known, document=shown).identity
    assert found is not None
    assert found.status is InsStatus.QUALIFIEE
    assert host.history(known)[-1].record.document == shown


@pytest.mark.req("S000-19", "CARD-09")
@pytest.mark.parametrize(
    ("who", "proof", "code"),
    [
        pytest.param("zoe", "CV", "identity.proof_not_high_trust", id="carte Vitale alone"),
        pytest.param("zoe", "PC", "identity.proof_not_high_trust", id="driving licence"),
        pytest.param("zoe", "LE", "identity.proof_not_high_trust", id="livret de famille alone"),
        pytest.param("zoe", "AN", "identity.proof_minors_only", id="birth certificate of an adult"),
        pytest.param("zoe", "ZZ", "identity.proof_unknown", id="unknown kind"),
        pytest.param("michelangelo", "LEP", "identity.proof_adult_document", id="without the adult's document"),
    ],
)
def test_any_other_document_qualifies_nobody(host: Host, person: Person, who: str, proof: str, code: str) -> None:
    known = ref(host.identify(person(who)))
    with pytest.raises(IdentityError) as refused:
        host.qualify(known, document=ProofDocument(type=proof))
    assert refused.value.code == code
    assert host.identity(known).status is InsStatus.RECUPEREE


@pytest.mark.req("S000-20")
def test_information_that_differs_leaves_the_patient_unidentified(host: Host, person: Person) -> None:
    known = ref(host.identify(person("zoe"), document=ProofDocument(type="CN")))
    found = host.qualify(known, document=NoProof(none_because=NoProofReason.DIFFERS))
    assert found.identity is not None
    assert (found.identity.status, found.identity.matricule) == (InsStatus.PROVISOIRE, None)
    assert "R49454" in (found.notices[0].action or "")


@pytest.mark.req("S000-21")
@pytest.mark.parametrize("limit", [0, 1, 3, 5])
def test_no_document_is_asked_again_n_times_then_no_more(segur_config: HostConfig, person: Person, limit: int) -> None:
    table = segur_config.identity.model_copy(update={"max_document_requests": limit})
    none = NoProof(none_because=NoProofReason.NONE_PRESENTED)
    with Host(segur_config.model_copy(update={"identity": table})) as host:
        found = host.identify(person("zoe"))
        for _ in range(limit):
            assert found.asking is Asking.ASK
            found = host.qualify(ref(found), document=none)
        assert found.asking is Asking.EXHAUSTED
        assert found.identity is not None
        assert found.identity.status is InsStatus.RECUPEREE


@pytest.mark.req("S000-21")
def test_the_default_is_three_times(host: Host, person: Person) -> None:
    found = host.identify(person("zoe"))
    asked = 0
    while found.asking is Asking.ASK:
        asked += 1
        found = host.qualify(ref(found), document=NoProof(none_because=NoProofReason.NONE_PRESENTED))
    assert asked == 3


@pytest.mark.req("S000-21")
def test_an_absent_patient_never_counts(host: Host, person: Person) -> None:
    found = host.identify(person("zoe"))
    for _ in range(6):
        found = host.qualify(ref(found), document=NoProof(none_because=NoProofReason.PATIENT_ABSENT))
    assert found.asking is Asking.ASK


@pytest.mark.req("S000-23")
def test_a_refusal_is_recorded_and_the_question_stops(host: Host, person: Person) -> None:
    found = host.identify(person("zoe"))
    found = host.qualify(ref(found), document=NoProof(none_because=NoProofReason.REFUSED))
    assert found.asking is Asking.REFUSED
    assert host.history(ref(found))[-1].record.proof_refused
