"""Recorded traits against what was answered."""

from datetime import date
from typing import Any

import pytest

from segur_sdk.identity.comparison import compare, unusable
from segur_sdk.models.identity import AnsweredTraits, SearchTraits, Traits

ZOE = {
    "nom_naissance": "ADRUN",
    "premier_prenom": "ZOE",
    "sexe": "F",
    "date_naissance": date(1975, 12, 31),
    "lieu_naissance": "63220",
}
ZOE_ANSWERED = {
    "nom_naissance": "ADRUN",
    "prenoms_naissance": ("ZOE",),
    "sexe": "F",
    "date_naissance": "1975-12-31",
    "lieu_naissance": "63220",
}
LIST = ("JEAN", "CHRISTOPHE", "PIERRE")


def _ours(**other: Any) -> Traits:
    return Traits.model_validate(ZOE | other)


def _answer(**other: Any) -> AnsweredTraits:
    return AnsweredTraits.model_validate(ZOE_ANSWERED | other)


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        ({}, {}),
        ({"nom_naissance": "Adrun"}, {}),
        ({"premier_prenom": "Zoé"}, {}),
        ({"nom_naissance": "d’Artagnan de l’Hérault"}, {"nom_naissance": "D'ARTAGNAN DE L'HERAULT"}),
        ({}, {"lieu_naissance": None}),
        ({"lieu_naissance": "99999"}, {}),
        ({}, {"prenoms_naissance": (), "premier_prenom": "ZOE"}),
        ({"premier_prenom": "Jean-Christophe"}, {"prenoms_naissance": LIST}),
        ({"premier_prenom": "JEAN CHRISTOPHE"}, {"prenoms_naissance": LIST}),
        ({"premier_prenom": "JEAN-CHRISTOPHE-PIERRE"}, {"prenoms_naissance": LIST}),
        ({"premier_prenom": "JEAN", "prenoms_naissance": ("JEAN",)}, {"prenoms_naissance": LIST}),
        ({"premier_prenom": "JEAN", "prenoms_naissance": LIST}, {"prenoms_naissance": LIST}),
        ({"lieu_naissance": "2B020"}, {"lieu_naissance": "2b020"}),
    ],
)
@pytest.mark.req("SC.INS/va1.51")
def test_equal_traits_do_not_diverge(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    assert compare(_ours(**ours), _answer(**theirs)) == ()


@pytest.mark.parametrize(
    ("ours", "theirs", "trait", "reason"),
    [
        ({"nom_naissance": "ADRTROIS"}, {}, "nom_naissance", "differs"),
        ({"nom_naissance": "ADRUN-NESSI"}, {"nom_naissance": "ADRUN NESSI"}, "nom_naissance", "differs"),
        ({"nom_naissance": "ADRUN2"}, {}, "nom_naissance", "differs"),
        ({}, {"nom_naissance": None}, "nom_naissance", "missing"),
        ({"premier_prenom": "CHRISTOPHE"}, {"prenoms_naissance": LIST}, "premier_prenom", "not_in_list"),
        ({"premier_prenom": "ZO"}, {}, "premier_prenom", "not_in_list"),
        ({}, {"prenoms_naissance": ()}, "premier_prenom", "missing"),
        ({"prenoms_naissance": ("ZOE", "MARIE")}, {}, "prenoms_naissance", "differs"),
        ({"sexe": "M"}, {}, "sexe", "differs"),
        ({"sexe": "I"}, {}, "sexe", "undetermined"),
        ({}, {"sexe": None}, "sexe", "missing"),
        ({"date_naissance": date(1975, 12, 30)}, {}, "date_naissance", "differs"),
        ({}, {"date_naissance": "1975-12-00"}, "date_naissance", "differs"),
        ({}, {"date_naissance": None}, "date_naissance", "missing"),
        ({"lieu_naissance": "99100"}, {}, "lieu_naissance", "differs"),
        ({}, {"lieu_naissance": "99999"}, "lieu_naissance", "differs"),
    ],
)
def test_divergence_names_its_trait_and_reason(
    ours: dict[str, Any], theirs: dict[str, Any], trait: str, reason: str
) -> None:
    found = compare(_ours(**ours), _answer(**theirs))
    assert [(each.trait.value, each.reason) for each in found] == [(trait, reason)]


def test_divergences_come_all_and_in_order() -> None:
    found = compare(
        _ours(nom_naissance="NESSI", sexe="M", premier_prenom="RUTH", lieu_naissance="2A020"),
        _answer(date_naissance="1977-07-14"),
    )
    assert [each.trait.value for each in found] == [
        "nom_naissance",
        "premier_prenom",
        "sexe",
        "date_naissance",
        "lieu_naissance",
    ]
    assert (found[2].ours, found[2].theirs) == ("M", "F")


def test_criteria_that_were_not_given_are_not_compared() -> None:
    asked = SearchTraits(nom_naissance="adrun", prenoms_naissance=("zoé",))
    assert compare(asked, _answer()) == ()
    assert compare(asked, _answer(sexe=None, date_naissance=None)) == ()


def test_list_that_was_searched_is_compared_with_the_list_answered() -> None:
    asked = SearchTraits(nom_naissance="TCHITCHI", prenoms_naissance=("OLA", "CATARINA", "BELLA"))
    found = compare(asked, _answer(nom_naissance="TCHITCHI", prenoms_naissance=("CATARINA", "BELLA")))
    assert [(each.trait.value, each.reason) for each in found] == [
        ("premier_prenom", "not_in_list"),
        ("prenoms_naissance", "differs"),
    ]


def test_usable_answer_has_no_gap() -> None:
    assert unusable(_answer()) == ()
    assert unusable(_answer(lieu_naissance=None)) == ()


@pytest.mark.parametrize(
    ("theirs", "trait", "reason"),
    [
        pytest.param({"date_naissance": "1975-12-00"}, "date_naissance", "incomplete_date", id="day-00"),
        pytest.param({"date_naissance": "1975-00-31"}, "date_naissance", "incomplete_date", id="month-00"),
        pytest.param({"date_naissance": "1975-00-00"}, "date_naissance", "incomplete_date", id="both-00"),
        pytest.param({"date_naissance": "1975-31-42"}, "date_naissance", "impossible_date", id="lunar"),
        pytest.param({"date_naissance": "1975-02-29"}, "date_naissance", "impossible_date", id="no-such-day"),
        pytest.param({"date_naissance": "31/12/1975"}, "date_naissance", "impossible_date", id="other-writing"),
    ],
)
@pytest.mark.req("SC.INS/va1.28")
def test_answer_whose_date_is_no_day_may_not_be_imported(theirs: dict[str, Any], trait: str, reason: str) -> None:
    assert [(each.trait.value, each.reason) for each in unusable(_answer(**theirs))] == [(trait, reason)]


@pytest.mark.parametrize(
    ("theirs", "trait"),
    [
        ({"nom_naissance": None}, "nom_naissance"),
        ({"nom_naissance": " "}, "nom_naissance"),
        ({"prenoms_naissance": ()}, "prenoms_naissance"),
        ({"prenoms_naissance": ("",), "premier_prenom": ""}, "prenoms_naissance"),
        ({"sexe": None}, "sexe"),
        ({"sexe": "I"}, "sexe"),
        ({"date_naissance": None}, "date_naissance"),
        ({"date_naissance": ""}, "date_naissance"),
    ],
)
@pytest.mark.req("SC.INS/va1.31")
def test_answer_without_name_forename_or_sex_may_not_be_imported(theirs: dict[str, Any], trait: str) -> None:
    assert [(each.trait.value, each.reason) for each in unusable(_answer(**theirs))] == [(trait, "missing")]
