"""What changes an identity, what is kept of it, and what is refused."""

import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from segur_host import Host
from segur_host.audit.log import AuditEntry
from segur_sdk.errors import HostError, IdentityError, InputError, SegurError
from segur_sdk.hooks.qualify_identity import CardSubject
from segur_sdk.identity.engine import Asking
from segur_sdk.models.identity import (
    IdentityAttribute,
    InsEvidence,
    InsStatus,
    NoProof,
    NoProofReason,
    ProofDocument,
    SearchTraits,
    Traits,
)

Source = tuple[dict[str, Any], dict[str, str]]
Evidence = Callable[..., InsEvidence]
OpenHost = Callable[..., Host]
CNI = ProofDocument(type="CN")


def by_hand(kind: Any, **fields: Any) -> Any:
    """Put an object together past its validation."""
    return kind.model_construct(**fields)


def ref(host: Host, person: Any, **options: Any) -> str:
    identity = host.identify(person, **options).identity
    assert identity is not None
    return identity.identity_ref


def test_whoever_changed_the_identity_meanwhile_is_not_overwritten(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    host = open_host(plugins)
    identity_ref = ref(host, anthony)

    def meanwhile(*_: object) -> InsEvidence:
        host.mark(identity_ref, IdentityAttribute.HOMONYME)
        return evidence(anthony)

    script["answer"] = meanwhile
    with pytest.raises(IdentityError) as raised:
        host.qualify(identity_ref)
    assert (raised.value.code, raised.value.retryable) == ("identity.changed_meanwhile", True)
    now = host.identity(identity_ref)
    assert (now.status, now.attributes) == (InsStatus.PROVISOIRE, frozenset({IdentityAttribute.HOMONYME}))


def test_a_revision_stands_or_falls_with_its_record(
    open_host: OpenHost, anthony: Traits, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = open_host()
    append = host.audit.append

    def full(entry: AuditEntry) -> None:
        if entry.event == "identity.revision":
            raise HostError("storage.full")
        append(entry)

    monkeypatch.setattr(host.audit, "append", full)
    with pytest.raises(HostError):
        host.identify(anthony)
    assert host.search(anthony.date_naissance) == ()
    monkeypatch.undo()
    identity_ref = ref(host, anthony)
    monkeypatch.setattr(host.audit, "append", full)
    with pytest.raises(HostError):
        host.qualify(identity_ref, document=CNI)
    monkeypatch.undo()
    assert host.identity(identity_ref).status is InsStatus.PROVISOIRE
    assert [one.number for one in host.history(identity_ref)] == [1]
    kinds = [one.kind for one in host.traces.of_patient(identity_ref)]
    assert kinds.count("identity.revision") == 1
    assert host.audit.verify().ok


def test_history_tells_when_who_and_why(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    identity_ref = ref(host, anthony, document=CNI)
    history = host.history(identity_ref)
    assert [(one.number, str(one.record.status), one.events) for one in history] == [
        (1, "PROV", ("created",)),
        (2, "RECUP", ("ins_found",)),
        (3, "QUAL", ("document_checked",)),
    ]
    assert {one.author for one in history} == {"Comptoir 1"}
    assert all(before.at <= after.at for before, after in itertools.pairwise(history))
    audited = [json.loads(one.facts) for one in host.audit.records() if one.event == "identity.revision"]
    assert [(one["revision"], one["status"]) for one in audited] == [(1, "PROV"), (2, "RECUP"), (3, "QUAL")]


def test_a_corrected_strict_trait_drops_the_ins_and_the_document(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    identity_ref = ref(host, anthony, document=CNI)
    corrected = anthony.model_copy(update={"nom_naissance": "CORSES"})
    with pytest.raises(IdentityError) as raised:
        host.correct(identity_ref, corrected)
    assert raised.value.code == "identity.traits_locked"
    found = host.correct(identity_ref, corrected, as_super_user=True)
    assert found.identity is not None
    assert (found.identity.status, found.identity.matricule) == (InsStatus.PROVISOIRE, None)
    assert "identity.ins_dropped" in [one.code for one in found.notices]


@pytest.mark.parametrize("attribute", [IdentityAttribute.DOUTEUX, IdentityAttribute.FICTIF])
def test_doubtful_and_fictitious_fall_back_and_ask_nobody(
    attribute: IdentityAttribute, source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    identity_ref = ref(host, anthony, document=CNI)
    marked = host.mark(identity_ref, attribute).identity
    assert marked is not None
    assert (marked.status, marked.matricule) == (InsStatus.PROVISOIRE, None)
    with pytest.raises(IdentityError) as raised:
        host.qualify(identity_ref)
    assert (raised.value.code, len(script["asked"])) == ("identity.doubtful_or_fictitious", 1)
    host.mark(identity_ref, attribute, present=False)
    again = host.qualify(identity_ref).identity
    assert again is not None
    assert again.status is InsStatus.RECUPEREE


def test_marking_twice_makes_one_revision(open_host: OpenHost, anthony: Traits) -> None:
    host = open_host()
    identity_ref = ref(host, anthony)
    for _ in range(2):
        host.mark(identity_ref, IdentityAttribute.HOMONYME)
    assert len(host.history(identity_ref)) == 2


def test_a_document_is_asked_for_so_often_and_no_more(open_host: OpenHost, anthony: Traits) -> None:
    host = open_host(identity={"max_document_requests": 2})
    identity_ref = ref(host, anthony)
    told = [
        host.qualify(identity_ref, document=NoProof(none_because=NoProofReason.NONE_PRESENTED)).asking for _ in range(2)
    ]
    assert told == [Asking.ASK, Asking.EXHAUSTED]


SEARCHES: dict[str, tuple[str, str, int]] = {
    "day_alone": ("", "", 2),
    "name_begins": ("CO", "", 1),
    "accents_and_case": ("cör", "ânt", 1),
    "given_name_begins": ("", "ANT", 1),
    "nobody": ("COX", "", 0),
    "no_pattern": ("%", "", 0),
}


@pytest.mark.parametrize(("name", "given", "count"), SEARCHES.values(), ids=SEARCHES)
def test_search_before_creating(
    name: str, given: str, count: int, open_host: OpenHost, anthony: Traits, zoe: Traits
) -> None:
    host = open_host()
    ref(host, anthony)
    ref(host, zoe.model_copy(update={"date_naissance": anthony.date_naissance}))
    ref(host, zoe)
    assert len(host.search(anthony.date_naissance, name, given)) == count


UNKNOWN: dict[str, Callable[[Host, Traits], Any]] = {
    "identity": lambda host, _: host.identity("nobody"),
    "qualify": lambda host, _: host.qualify("nobody"),
    "correct": lambda host, traits: host.correct("nobody", traits),
    "mark": lambda host, _: host.mark("nobody", IdentityAttribute.HOMONYME),
}


@pytest.mark.parametrize("act", UNKNOWN.values(), ids=UNKNOWN)
def test_a_reference_nobody_issued_is_unknown(
    act: Callable[[Host, Traits], Any], open_host: OpenHost, anthony: Traits
) -> None:
    with pytest.raises(IdentityError) as raised:
        act(open_host(), anthony)
    assert raised.value.code == "identity.unknown"


def test_history_of_nobody_is_empty(open_host: OpenHost) -> None:
    assert open_host().history("nobody") == ()


BAD: dict[str, Callable[[Host, Traits], Any]] = {
    "text": lambda host, _: host.identify("TCHITCHI"),  # type: ignore[arg-type]
    "nothing": lambda host, _: host.identify(None),  # type: ignore[arg-type]
    "traits_by_hand": lambda host, _: host.identify(by_hand(Traits, nom_naissance="TCHITCHI")),
    "traits_changed": lambda host, traits: host.identify(
        by_hand(Traits, **{**vars(traits), "date_naissance": "TCHITCHI"})
    ),
    "search_traits_by_hand": lambda host, _: host.identify(by_hand(SearchTraits, nom_naissance="TCHITCHI")),
    "card_by_hand": lambda host, _: host.identify(by_hand(CardSubject, beneficiary="TCHITCHI", serial=None)),
    "person_to_qualify": lambda host, traits: host.qualify(ref(host, traits), person="TCHITCHI"),  # type: ignore[arg-type]
    "document_text": lambda host, traits: host.identify(traits, document="TCHITCHI"),  # type: ignore[arg-type]
    "document_by_hand": lambda host, traits: host.identify(traits, document=by_hand(ProofDocument, type=3)),
    "corrected_by_hand": lambda host, traits: host.correct(ref(host, traits), by_hand(Traits)),
    "attribute": lambda host, traits: host.mark(ref(host, traits), "TCHITCHI"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("act", BAD.values(), ids=BAD)
def test_what_has_not_its_form_is_refused_and_not_repeated(
    act: Callable[[Host, Traits], Any], open_host: OpenHost, anthony: Traits
) -> None:
    with pytest.raises(InputError) as raised:
        act(open_host(), anthony)
    assert raised.value.code == "input.identify"
    assert "TCHITCHI" not in f"{raised.value} {raised.value.facts}"


REFUSED_DOCUMENTS: dict[str, str] = {"ZZZZ": "identity.proof_unknown"}


@pytest.mark.parametrize(("kind", "code"), REFUSED_DOCUMENTS.items(), ids=REFUSED_DOCUMENTS)
def test_a_document_the_structure_does_not_know_is_refused(
    kind: str, code: str, open_host: OpenHost, anthony: Traits
) -> None:
    with pytest.raises(SegurError) as raised:
        open_host().identify(anthony, document=ProofDocument(type=kind))
    assert raised.value.code == code
