"""Traits before they leave: names in their profile, what is missing is asked, what INSi refuses is not sent."""

from datetime import date
from typing import Any

import pytest

from segur_plugin_insi.plugin import InsiPlugin
from segur_sdk.errors import IdentityError, InputError, SegurError
from segur_sdk.models.identity import Sex


@pytest.mark.parametrize(
    ("nom", "prenom", "sent"),
    [
        pytest.param(
            "D’Artagnan de l’Hérault", "Pierre-Alain", ("D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN"), id="accents"
        ),
        pytest.param("d'Aeion", "Cœur", ("D'AEION", "COEUR"), id="ligature"),
        pytest.param("de Vinci--Nessi", "Zoé", ("DE VINCI--NESSI", "ZOE"), id="double hyphen in the family name"),
        pytest.param("  adrun ", " zoe", ("ADRUN", "ZOE"), id="outer spaces"),
    ],
)
def test_names_leave_in_upper_case_without_accent(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any, nom: str, prenom: str, sent: tuple[str, str]
) -> None:
    ctx = make_ctx(resultat("01"))
    plugin.qualify_identity(request_for(nom, prenom), ctx)
    assert (ctx.sent[0].text("NomNaissance"), ctx.sent[0].text("Prenom")) == sent


@pytest.mark.parametrize(
    ("nom", "prenoms", "code"),
    [
        pytest.param("ADRUN2", ("ZOE",), "identity.name_character", id="digit"),
        pytest.param("ADR_UN", ("ZOE",), "identity.name_character", id="underscore"),
        pytest.param("ADRUN", ("ZOE!",), "identity.name_character", id="exclamation mark"),
        pytest.param("ADRUN", ("ZOE/ANNE",), "identity.name_character", id="slash"),
        pytest.param("АДРУН", ("ZOE",), "identity.name_character", id="cyrillic"),
        pytest.param("ADRUN", ("ZOE--ANNE",), "identity.name_double_hyphen", id="double hyphen in a given name"),
        pytest.param("ADRUN", ("ZOE-",), "identity.name_end", id="hyphen at the end of a given name"),
        pytest.param("-ADRUN", ("ZOE",), "identity.name_start", id="hyphen first"),
        pytest.param("ADRUN", ("ZOE", "ANN3"), "identity.name_character", id="a later given name"),
    ],
)
def test_a_name_that_cannot_be_written_stops_everything(
    plugin: InsiPlugin, make_ctx: Any, request_for: Any, nom: str, prenoms: tuple[str, ...], code: str
) -> None:
    ctx = make_ctx(answers={"insi.sexe": "F"})
    with pytest.raises(InputError) as caught:
        plugin.qualify_identity(request_for(nom, *prenoms, sexe=None), ctx)
    assert caught.value.code == code
    assert (ctx.sent, ctx.asked) == ([], [])


def test_an_undetermined_sex_is_never_sent_nor_asked_about(plugin: InsiPlugin, make_ctx: Any, request_for: Any) -> None:
    ctx = make_ctx(answers={"insi.date_naissance": "1975-12-31"})
    with pytest.raises(IdentityError) as caught:
        plugin.qualify_identity(request_for(sexe=Sex.UNDETERMINED, date_naissance=None), ctx)
    assert caught.value.code == "identity.sex_undetermined"
    assert (ctx.sent, ctx.asked) == ([], [])


@pytest.mark.req("S000-13")
def test_names_alone_are_enough_to_begin_the_rest_is_asked_in_french(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any
) -> None:
    ctx = make_ctx(resultat(), answers={"insi.sexe": "F", "insi.date_naissance": "1975-12-31"})
    evidence = plugin.qualify_identity(request_for(sexe=None, date_naissance=None), ctx)
    assert evidence is not None
    assert (ctx.sent[0].text("Sexe"), ctx.sent[0].text("DateNaissance")) == ("F", "1975-12-31")
    sex, birth = ctx.asked
    assert [(choice.value, choice.label) for choice in sex.choices] == [("F", "Féminin"), ("M", "Masculin")]
    assert "sexe" in sex.text
    assert "date de naissance" in birth.text
    assert evidence.divergences == ()


def test_what_is_known_is_not_asked(plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any) -> None:
    ctx = make_ctx(resultat())
    plugin.qualify_identity(request_for(), ctx)
    assert ctx.asked == []


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        pytest.param("insi.sexe", "I", id="undetermined"),
        pytest.param("insi.sexe", "", id="no sex"),
        pytest.param("insi.sexe", "f", id="lower case"),
        pytest.param("insi.date_naissance", "31/12/1975", id="another writing"),
        pytest.param("insi.date_naissance", "1975-02-30", id="no such day"),
        pytest.param("insi.date_naissance", "1975-00-00", id="lunar"),
        pytest.param("insi.date_naissance", "2026-03-03", id="tomorrow"),
        pytest.param("insi.date_naissance", "", id="no date"),
    ],
)
def test_an_answer_that_does_not_fit_stops_before_the_service(
    plugin: InsiPlugin, make_ctx: Any, request_for: Any, code: str, answer: str
) -> None:
    ctx = make_ctx(answers={"insi.sexe": "F", "insi.date_naissance": "1975-12-31"} | {code: answer})
    with pytest.raises(InputError) as caught:
        plugin.qualify_identity(request_for(sexe=None, date_naissance=None), ctx)
    assert (caught.value.code, caught.value.facts) == ("insi.answer_invalid", {"question": code})
    assert ctx.sent == []


def test_somebody_born_today_is_searched(plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any) -> None:
    ctx = make_ctx(resultat("01"), answers={"insi.date_naissance": "2026-03-02"})
    plugin.qualify_identity(request_for(date_naissance=None), ctx)
    assert ctx.sent[0].text("DateNaissance") == "2026-03-02"


@pytest.mark.parametrize("missing", ["sexe", "date_naissance"])
def test_nobody_to_ask_stops_before_the_service(
    plugin: InsiPlugin, make_ctx: Any, request_for: Any, missing: str
) -> None:
    ctx = make_ctx()
    with pytest.raises(SegurError) as caught:
        plugin.qualify_identity(request_for(**{missing: None}), ctx)
    assert caught.value.code == "input.nobody_to_ask"
    assert ctx.sent == []


def test_an_unknown_birthplace_is_not_sent_even_to_tell_several_apart(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any
) -> None:
    ctx = make_ctx(resultat("02"))
    plugin.qualify_identity(request_for(lieu_naissance="99999"), ctx)
    assert len(ctx.sent) == 1
    assert ctx.sent[0].texts("LieuNaissance") == []


def test_what_is_searched_is_compared_with_what_is_answered(
    plugin: InsiPlugin, make_ctx: Any, resultat: Any, request_for: Any
) -> None:
    ctx = make_ctx(resultat())
    evidence = plugin.qualify_identity(
        request_for("Ádrun", "Zoé", date_naissance=date(1975, 12, 30), lieu_naissance="63113"), ctx
    )
    assert evidence is not None
    assert [(divergence.trait.value, divergence.reason) for divergence in evidence.divergences] == [
        ("date_naissance", "differs"),
        ("lieu_naissance", "differs"),
    ]
