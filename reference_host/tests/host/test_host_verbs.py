"""Identify and qualify somebody whose traits are known, with a source that answers as the test says."""

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest

from segur_host import Host
from segur_sdk.errors import IdentityError, ServiceError
from segur_sdk.hooks.qualify_identity import CandidateSubject, TraitsSubject
from segur_sdk.identity.engine import Asking
from segur_sdk.models.identity import (
    CollectionMethod,
    CrCode,
    InsAttempt,
    InsCandidate,
    InsEvidence,
    InsStatus,
    MatriculeIns,
    ProofDocument,
    Sex,
    TraitName,
    Traits,
)

Source = tuple[dict[str, Any], dict[str, str]]
Evidence = Callable[..., InsEvidence]
OpenHost = Callable[..., Host]
CNI = ProofDocument(type="CN")


def fails(code: str = "service.unreachable", **facts: Any) -> Callable[..., Any]:
    def answer(*_: object) -> Any:
        raise ServiceError(code, **facts)

    return answer


def ref(host: Host, person: Any, **options: Any) -> str:
    identity = host.identify(person, **options).identity
    assert identity is not None
    return identity.identity_ref


def test_a_person_nobody_knows_anything_of_stays_provisional(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence()
    found = open_host(plugins).identify(anthony)
    assert found.identity is not None
    assert (found.identity.status, found.cr, found.asking) == (InsStatus.PROVISOIRE, CrCode.NOT_FOUND, Asking.ASK)
    assert [one.code for one in found.notices] == ["identity.ins_not_found"]


def test_one_call_finds_asks_and_takes_the_document(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    found = host.identify(anthony, document=CNI)
    assert found.identity is not None
    assert (found.identity.status, found.asking) == (InsStatus.QUALIFIEE, Asking.CONFIRMED)
    assert found.identity.matricule == MatriculeIns(value="180032B02040123", oid="1.2.250.1.213.1.4.8")
    assert host.admit(found.identity) is found.identity
    assert [one.subject for one in script["asked"]] == [TraitsSubject(traits=anthony.for_search())]


def test_once_the_ins_is_known_nobody_is_asked_again(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    first = ref(host, anthony)
    script["answer"] = fails()
    again = host.identify(anthony, document=CNI)
    assert again.identity is not None
    assert (again.identity.identity_ref, again.identity.status) == (first, InsStatus.QUALIFIEE)
    assert (len(script["asked"]), again.outcomes) == (1, ())


SAME: dict[str, dict[str, str]] = {
    "accents": {"nom_naissance": "Corsé"},
    "case": {"nom_naissance": "corse", "premier_prenom": "anthony"},
    "spaces": {"nom_naissance": " CORSE "},
}


@pytest.mark.parametrize("change", SAME.values(), ids=SAME)
def test_the_same_person_written_otherwise_has_one_file(
    change: dict[str, str], open_host: OpenHost, anthony: Traits
) -> None:
    host = open_host()
    typed = Traits.model_validate({**anthony.model_dump(), **change})
    assert ref(host, typed) == ref(host, anthony)


OTHERS: dict[str, dict[str, Any]] = {
    "name": {"nom_naissance": "CORSES"},
    "given_name": {"premier_prenom": "ANTHONYE"},
    "sex": {"sexe": Sex.FEMALE},
    "day": {"date_naissance": date(1980, 3, 3)},
    "place": {"lieu_naissance": "2B021"},
}


@pytest.mark.parametrize("change", OTHERS.values(), ids=OTHERS)
def test_one_trait_that_differs_is_another_file(change: dict[str, Any], open_host: OpenHost, anthony: Traits) -> None:
    host = open_host()
    other = Traits.model_validate({**anthony.model_dump(), **change})
    assert ref(host, other) != ref(host, anthony)


def test_two_counters_that_record_one_person_at_once_make_one_file(open_host: OpenHost, anthony: Traits) -> None:
    host = open_host()
    found: list[str] = []
    barrier = threading.Barrier(8)

    def record() -> None:
        barrier.wait()
        found.append(ref(host, anthony))

    threads = [threading.Thread(target=record) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(host.search(anthony.date_naissance)) == 1
    assert host.audit.verify().ok


def test_several_files_with_these_very_traits_are_for_a_human(open_host: OpenHost, anthony: Traits) -> None:
    host = open_host()
    ref(host, anthony)
    other = ref(host, anthony.model_copy(update={"lieu_naissance": "2B021"}))
    host.correct(other, anthony)
    with pytest.raises(IdentityError) as raised:
        host.identify(anthony)
    assert (raised.value.code, raised.value.facts) == ("identity.several_files", {"count": 2})


def test_a_received_ins_is_asked_about_as_such(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    candidate = InsCandidate(
        matricule=MatriculeIns(value="180032B02040123", oid="1.2.250.1.213.1.4.8"),
        traits=anthony.for_search(),
        method=CollectionMethod.BARCODE,
    )
    found = open_host(plugins).identify(candidate).identity
    assert found is not None
    assert found.status is InsStatus.RECUPEREE
    assert [one.subject for one in script["asked"]] == [CandidateSubject(candidate=candidate)]


def test_a_source_that_is_down_leaves_the_status_and_the_counter_goes_on(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    attempt = InsAttempt(
        operation="o", message_id="m", sent_at=datetime.now(UTC), criteria=anthony.for_search(), cr=None
    )

    def down(*_: object) -> Any:
        failure = ServiceError("service.timed_out", maybe_processed=True)
        failure.traced = (attempt,)
        raise failure

    script["answer"] = down
    host = open_host(plugins)
    found = host.identify(anthony, document=CNI)
    assert found.identity is not None
    assert (found.identity.status, found.cr) == (InsStatus.VALIDEE, None)
    assert [str(one.status) for one in found.outcomes] == ["failed"]
    [search] = [
        one for one in host.traces.of_patient(found.identity.identity_ref) if one.kind == "hook.qualify_identity"
    ]
    assert search.payload["error"] == "service.timed_out"
    assert [one["message_id"] for one in search.payload["attempts"]] == ["m"]
    script["answer"] = evidence(anthony)
    qualified = host.qualify(found.identity.identity_ref).identity
    assert qualified is not None
    assert qualified.status is InsStatus.QUALIFIEE


def test_without_any_source_an_identity_is_recorded_all_the_same(open_host: OpenHost, anthony: Traits) -> None:
    found = open_host().identify(anthony, document=CNI)
    assert found.identity is not None
    assert (found.identity.status, found.outcomes, found.cr) == (InsStatus.VALIDEE, (), None)


def test_traits_that_differ_are_taken_only_when_confirmed(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony, lieu_naissance="2B021")
    host = open_host(plugins)
    found = host.identify(anthony)
    assert found.identity is not None
    assert (found.identity.status, found.identity.matricule) == (InsStatus.PROVISOIRE, None)
    assert [one.trait for one in found.divergences] == [TraitName.LIEU_NAISSANCE]
    taken = host.qualify(found.identity.identity_ref, confirmed=frozenset({TraitName.LIEU_NAISSANCE}))
    assert taken.identity is not None
    assert (taken.identity.status, taken.identity.traits.lieu_naissance) == (InsStatus.RECUPEREE, "2B021")


def test_a_call_is_said_to_be_automatic_when_it_is(source: Source, open_host: OpenHost, anthony: Traits) -> None:
    script, plugins = source
    host = open_host(plugins)
    host.identify(anthony, automatic=True)
    host.identify(anthony)
    assert [one.automatic for one in script["asked"]] == [True, False]
