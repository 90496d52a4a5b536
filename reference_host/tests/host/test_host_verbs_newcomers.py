"""Somebody of whom a card or an incomplete entry tells only a part: remembered, recorded, or neither."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from segur_host import Host
from segur_sdk.errors import IdentityError, ServiceError
from segur_sdk.hooks.qualify_identity import CardSubject
from segur_sdk.identity.engine import Asking
from segur_sdk.models.card import Beneficiary
from segur_sdk.models.identity import (
    CrCode,
    IdentityAttribute,
    InsEvidence,
    InsStatus,
    ProofDocument,
    SearchTraits,
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


def card(serial: str | None = "000000001001", **changes: Any) -> CardSubject:
    anthony = {"position": 1, "nom": "CORSE", "prenom": "ANTHONY", "date_en_carte": "19800302"}
    return CardSubject(beneficiary=Beneficiary.model_validate(anthony | changes), serial=serial)


def ref(host: Host, person: Any, **options: Any) -> str:
    identity = host.identify(person, **options).identity
    assert identity is not None
    return identity.identity_ref


@pytest.mark.req("S000-07")
def test_a_beneficiary_of_a_card_is_remembered(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    first = host.identify(card(), document=CNI)
    assert first.identity is not None
    assert first.identity.status is InsStatus.QUALIFIEE
    script["answer"] = fails()
    again = host.identify(card())
    assert again.identity is not None
    assert (again.identity.identity_ref, again.identity.status) == (
        first.identity.identity_ref,
        InsStatus.QUALIFIEE,
    )
    assert (again.asking, len(script["asked"])) == (Asking.CONFIRMED, 1)


@pytest.mark.req("SC.INS/va1.51")
@pytest.mark.parametrize(
    ("names", "told"),
    [(("ANTHONY", "JEAN"), []), (("JEAN", "ANTHONY"), ["identity.first_name_not_in_list"])],
    ids=["first-of-the-list", "not-the-first"],
)
def test_a_newcomer_whose_first_given_name_is_not_in_his_list_is_recorded_and_said(
    names: tuple[str, ...], told: list[str], source: Source, open_host: OpenHost, anthony: Traits
) -> None:
    host = open_host(source[1])
    person = anthony.model_copy(update={"prenoms_naissance": names})

    found = host.identify(person, search=False)

    assert found.identity is not None
    assert [notice.code for notice in found.notices] == told
    assert [notice.code for notice in host.identify(person, search=False).notices] == []


STRANGERS: dict[str, CardSubject] = {
    "another_card": card(serial="000000001002"),
    "another_place": card(position=2),
    "another_name": card(nom="CORSES"),
    "another_given_name": card(prenom="ANTOINE"),
    "another_date": card(date_en_carte="19800303"),
    "no_serial": card(serial=None),
}


@pytest.mark.parametrize("stranger", STRANGERS.values(), ids=STRANGERS)
def test_anybody_else_on_a_card_is_not_taken_for_who_was_remembered(
    stranger: CardSubject, source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    ref(host, card())
    script["answer"] = evidence()
    assert host.identify(stranger).identity is None
    assert [type(one.subject) for one in script["asked"]] == [CardSubject, CardSubject]


INCOMPLETE = SearchTraits(nom_naissance="CORSE", prenoms_naissance=("ANTHONY",))


@pytest.mark.req("S000-25")
def test_a_newcomer_is_recorded_from_what_a_source_supplies(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    found = host.identify(INCOMPLETE)
    assert found.identity is not None
    assert (found.identity.status, found.identity.traits.date_naissance) == (InsStatus.RECUPEREE, date(1980, 3, 2))
    traces = host.traces.of_patient(found.identity.identity_ref)
    assert [one.kind for one in traces] == ["hook.qualify_identity", "identity.revision"]


NOBODY: dict[str, tuple[CrCode, str]] = {
    "not_found": (CrCode.NOT_FOUND, "identity.ins_not_found"),
    "several": (CrCode.SEVERAL, "identity.ins_several"),
}


@pytest.mark.parametrize(("cr", "told"), NOBODY.values(), ids=NOBODY)
def test_a_newcomer_of_whom_too_little_is_known_is_not_recorded(
    cr: CrCode, told: str, source: Source, open_host: OpenHost, evidence: Evidence
) -> None:
    script, plugins = source
    script["answer"] = evidence(cr=cr)
    found = open_host(plugins).identify(INCOMPLETE, document=CNI)
    assert (found.identity, found.cr, found.asking) == (None, cr, None)
    assert [one.code for one in found.notices] == [told, "identity.traits_missing"]


def test_a_newcomer_stays_unrecorded_while_the_source_is_down(source: Source, open_host: OpenHost) -> None:
    script, plugins = source
    script["answer"] = fails()
    found = open_host(plugins).identify(INCOMPLETE)
    assert (found.identity, found.cr) == (None, None)
    assert found.outcomes[0].error is not None
    assert found.outcomes[0].error.code == "service.unreachable"


def test_a_newcomer_who_differs_is_recorded_once_the_user_saw_both_values(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    typed = SearchTraits(nom_naissance="CORSES", prenoms_naissance=("ANTHONY",))
    found = host.identify(typed)
    assert (found.identity, [one.trait for one in found.divergences]) == (None, [TraitName.NOM_NAISSANCE])
    assert [one.code for one in found.notices] == ["identity.divergences"]
    confirmed = host.identify(typed, confirmed=frozenset({TraitName.NOM_NAISSANCE})).identity
    assert confirmed is not None
    assert confirmed.traits.nom_naissance == "CORSE"


def test_a_newcomer_whose_matricule_is_known_has_his_file_already(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    known = host.identify(anthony, document=CNI).identity
    found = host.identify(card()).identity
    assert known is not None
    assert found is not None
    assert (found.identity_ref, found.status) == (known.identity_ref, InsStatus.QUALIFIEE)
    script["answer"] = fails()
    assert ref(host, card()) == known.identity_ref


def test_several_files_under_one_matricule_are_told_and_never_made_more(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    script["answer"] = evidence(anthony)
    host = open_host(plugins)
    ref(host, anthony)
    unknown_place = anthony.model_copy(update={"lieu_naissance": "99999"})
    found = host.identify(unknown_place, confirmed=frozenset({TraitName.LIEU_NAISSANCE}))
    assert found.identity is not None
    assert "identity.several_files" in [one.code for one in found.notices]
    with pytest.raises(IdentityError) as raised:
        host.identify(INCOMPLETE)
    assert (raised.value.code, raised.value.facts) == ("identity.several_files", {"count": 2})
    assert len(host.search(anthony.date_naissance)) == 2


def test_nobody_is_asked_when_no_search_is_wanted(source: Source, open_host: OpenHost, anthony: Traits) -> None:
    script, plugins = source
    host = open_host(plugins)
    assert host.identify(INCOMPLETE, search=False).identity is None
    found = host.identify(anthony, search=False, document=CNI).identity
    assert found is not None
    assert (found.status, script["asked"]) == (InsStatus.VALIDEE, [])


def test_nobody_is_asked_about_who_may_be_somebody_doubtful(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    host = open_host(plugins)
    host.mark(ref(host, anthony, search=False), IdentityAttribute.DOUTEUX)
    script["answer"] = evidence(anthony)
    with pytest.raises(IdentityError) as raised:
        host.identify(anthony.for_search())
    assert (raised.value.code, script["asked"]) == ("identity.doubtful_or_fictitious", [])


def test_a_doubtful_file_found_by_the_answer_stops_the_import(
    source: Source, open_host: OpenHost, evidence: Evidence, anthony: Traits
) -> None:
    script, plugins = source
    host = open_host(plugins)
    host.mark(ref(host, anthony, search=False), IdentityAttribute.DOUTEUX)
    script["answer"] = evidence(anthony)
    with pytest.raises(IdentityError) as raised:
        host.identify(INCOMPLETE)
    assert raised.value.code == "identity.doubtful_or_fictitious"
    assert len(host.search(anthony.date_naissance)) == 1
