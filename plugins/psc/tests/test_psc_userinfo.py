"""What is understood of a professional: identity, profession, situations d'exercice; what is missing is passed over."""

from typing import Any

import pytest

from plugins.psc.tests.made_provider import ABSENT, KIT, SUB, changed, json_reply, refusal
from segur_plugin_psc.exercices import exercices_of, profession_of
from segur_plugin_psc.national_id import read_national_id
from segur_plugin_psc.userinfo import read_userinfo
from segur_sdk.context import HttpReply
from segur_sdk.errors import ServiceError


def situations(*exercices: dict[str, Any], **claims: Any) -> list[tuple[str, str, str | None]]:
    userinfo = read_userinfo({"sub": SUB, "SubjectRefPro": {"exercices": list(exercices)}, **claims}, SUB)
    return [(one.id, one.label, one.structure_id) for one in exercices_of(userinfo)]


def test_userinfo_is_asked_for_in_the_name_of_the_professional(bench: Any) -> None:
    bench.sign_in()
    (sent,) = bench.provider.to("userinfo_endpoint")
    assert sent.headers == {"accept": "application/json", "authorization": f"Bearer {bench.provider.access_token()}"}


@pytest.mark.req("S002-41")
def test_every_activity_is_offered_with_its_own_structure(bench: Any) -> None:
    assert [(one.id, one.label, one.structure_id) for one in bench.sign_in().exercices] == [
        (
            "499700366240007/SA07/10C/L/-",
            "CABINET M DOC0036624 · cabinet individuel · Médecin · libéral",
            "499700366240007",
        ),
        (
            "10B0193488/SA01/10C/S/-",
            "HOPITAL GENERIQUE FINESS · établissement public de santé · Médecin · salarié",
            "10B0193488",
        ),
    ]


def test_situation_keeps_its_id_whatever_the_order(bench: Any) -> None:
    first = {one.id for one in bench.sign_in().exercices}
    (exercice,) = bench.provider.userinfo["SubjectRefPro"]["exercices"]
    turned = {**exercice, "activities": exercice["activities"][::-1]}
    bench.provider.userinfo["SubjectRefPro"] = {"exercices": [turned]}
    assert {one.id for one in bench.sign_in().exercices} == first


def structure(**claims: Any) -> tuple[str, str | None, str | None] | None:
    (situation,) = exercices_of(read_userinfo({"sub": SUB, **claims}, SUB))
    found = situation.structure
    return None if found is None else (found.name, found.finess, found.siret)


NAMED = {"raisonSocialeSite": "PHARMACIE CRISTOL"}
STRUCTURES: dict[str, tuple[dict[str, str], tuple[str, str | None, str | None] | None]] = {
    "finess": ({**NAMED, "numeroFinessSite": "0B0152872"}, ("PHARMACIE CRISTOL", "0B0152872", None)),
    "siret": ({**NAMED, "numeroSiretSite": "50000000101815"}, ("PHARMACIE CRISTOL", None, "50000000101815")),
    "technical-finess": (
        {**NAMED, "identifiantTechniqueDeLaStructure": "F0B0152872"},
        ("PHARMACIE CRISTOL", "0B0152872", None),
    ),
    "former-siret": (
        {**NAMED, "ancienIdentifiantDeLaStructure": "350000000101815"},
        ("PHARMACIE CRISTOL", None, "50000000101815"),
    ),
    "cabinet": (
        {**NAMED, "ancienIdentifiantDeLaStructure": "499700366240007", "identifiantTechniqueDeLaStructure": "R100000"},
        ("PHARMACIE CRISTOL", None, None),
    ),
    "wrong-check-digit": ({**NAMED, "numeroFinessSite": "0B0152873"}, ("PHARMACIE CRISTOL", None, None)),
    "trade-name": ({"enseigneCommercialeSite": "CRISTOL"}, ("CRISTOL", None, None)),
    "long-name": ({"raisonSocialeSite": "P" * 150}, ("P" * 100, None, None)),
    "identifier-only": ({"numeroFinessSite": "0B0152872"}, ("10B0152872", "0B0152872", None)),
    "nothing": ({}, None),
}


@pytest.mark.req("S002-41")
@pytest.mark.parametrize(("activity", "expected"), STRUCTURES.values(), ids=STRUCTURES)
def test_structure_is_that_of_the_very_activity(
    activity: dict[str, str], expected: tuple[str, str | None, str | None] | None
) -> None:
    assert structure(SubjectRefPro={"exercices": [{"codeProfession": "21", "activities": [activity]}]}) == expected


def test_structure_without_activity_is_the_one_that_the_claims_name() -> None:
    claims = {"SubjectOrganization": "PHARMACIE CRISTOL", "SubjectOrganizationID": "F0B0152872"}
    assert structure(**claims) == ("PHARMACIE CRISTOL", "0B0152872", None)


PHARMACY = {"codeSecteurDactivite": "SA33", "raisonSocialeSite": "PHARMACIE CRISTOL", "numeroFinessSite": "0B0152872"}

TITULAIRE = {
    "codeProfession": "21",
    "codeCategorieProfessionnelle": "C",
    "activities": [{**PHARMACY, "codeSectionPharmacien": "A"}],
}
PREPARATEUR = "PHARMACIE CRISTOL · pharmacie d’officine · Préparateur en pharmacie (officine) · salarié"
UNKNOWN = {
    "codeProfession": "77",
    "activities": [{"codeSecteurDactivite": "SA99", "numeroSiretSite": "50000000101815"}],
}
NONE = [ABSENT, "", "8", "8 ", "8997003662401", "0123", "-x", "899700366240\x00", "8é"]
TWICE = HttpReply(status=200, headers={"content-type": "application/json"}, body=b'{"sub":"a","sub":"b"}')


@pytest.mark.req("S002-41", "S000-85")
@pytest.mark.parametrize(
    ("exercice", "expected"),
    [
        pytest.param(
            TITULAIRE,
            ("10B0152872/SA33/21C/-/A", "PHARMACIE CRISTOL · pharmacie d’officine · Pharmacien · section A"),
            id="titulaire",
        ),
        pytest.param(
            {"codeProfession": "39", "activities": [{**PHARMACY, "codeModeExercice": "S"}]},
            ("10B0152872/SA33/39/S/-", PREPARATEUR),
            id="préparateur",
        ),
        pytest.param(
            {"codeProfession": "10", "codeCategorieProfessionnelle": "E", "activities": []},
            ("-/-/10E/-/-", "Médecin en formation"),
            id="student without activity",
        ),
        pytest.param({}, ("-/-/-/-/-", "Situation d’exercice sans description"), id="nothing"),
        pytest.param(
            UNKNOWN,
            ("350000000101815/SA99/77/-/-", "350000000101815 · SA99 · 77"),
            id="unknown codes",
        ),
        pytest.param(
            {"activities": [{"enseigneCommercialeSite": "CABINET", "identifiantTechniqueDeLaStructure": "R102671"}]},
            ("R102671/-/-/-/-", "CABINET"),
            id="technical identifier",
        ),
        pytest.param({"activities": [{"raisonSocialeSite": "X" * 300}]}, ("-/-/-/-/-", "X" * 200), id="endless name"),
    ],
)
def test_situation_is_named_by_what_is_known_of_it(exercice: dict[str, Any], expected: tuple[str, str]) -> None:
    ((identifier, label, _),) = situations(exercice)
    assert (identifier, label) == expected


def test_activities_that_nothing_tells_apart_are_one() -> None:
    assert len(situations({"codeProfession": "21", "activities": [PHARMACY, PHARMACY]})) == 1
    other = {**PHARMACY, "codeModeExercice": "S"}
    assert len(situations({"codeProfession": "21", "activities": [PHARMACY, other]})) == 2


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        pytest.param(
            {
                "SubjectOrganizationID": "R102671",
                "SubjectOrganization": "CABINET M DOC0042788",
                "SubjectRole": ["10^1.2.250.1.213.1.1.5.5"],
                "Secteur_Activite": "SA07^1.2.250.1.71.4.2.4",
            },
            [("R102671/SA07/10", "CABINET M DOC0042788 · cabinet individuel · Médecin", "R102671")],
            id="whole",
        ),
        pytest.param({"SubjectOrganizationID": "R1"}, [("R1/-/-", "R1", "R1")], id="identifier alone"),
        pytest.param({"SubjectOrganization": "CABINET"}, [], id="name alone"),
    ],
)
def test_main_structure_stands_for_situations_that_are_missing(
    claims: dict[str, Any], expected: list[tuple[str, str, str]]
) -> None:
    assert situations(**claims) == expected
    assert situations({"codeProfession": "21"}, **claims)[0][0] == "-/-/21/-/-"


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({}, None),
        ({"SubjectRole": ["21^1.2.250.1.213.1.1.5.5"]}, "21"),
        ({"SubjectRole": ["21^1.2.250.1.213.1.1.5.5", "10^1.2.250.1.213.1.1.5.5"]}, None),
        ({"SubjectRole": ["SECRETARIAT_MEDICAL^1.2.250.1.213.1.1.4.6"]}, None),
        ({"SubjectRole": [""]}, None),
        ({"SubjectRole": ["210"]}, None),
        ({"SubjectRole": ["10"], "SubjectRefPro": {"exercices": [{"codeProfession": "21"}]}}, "21"),
        ({"SubjectRole": ["21"], "SubjectRefPro": {"exercices": []}}, None),
        ({"SubjectRefPro": {"exercices": [{"codeProfession": "21", "codeCategorieProfessionnelle": "E"}]}}, None),
        ({"SubjectRefPro": {"exercices": [{"codeProfession": "21"}, {"codeProfession": "21"}]}}, "21"),
        ({"SubjectRefPro": {"exercices": [{"codeProfession": "21"}, {"codeProfession": "10"}]}}, None),
    ],
    ids=str,
)
def test_profession_is_the_only_one(claims: dict[str, Any], expected: str | None) -> None:
    assert profession_of(read_userinfo({"sub": SUB, **claims}, SUB)) == expected


@pytest.mark.parametrize("name", ["given_name", "family_name", "SubjectRefPro", "SubjectRole", "authMode", "otherIds"])
@pytest.mark.parametrize("value", [ABSENT, None], ids=["absent", "null"])
def test_claim_that_is_missing_is_passed_over(bench: Any, name: str, value: Any) -> None:
    bench.provider.userinfo = changed(bench.provider.userinfo, {name: value})
    assert bench.sign_in().rpps == "99700366240"


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("DOC0036624\x1b[31m", "KIT DOC0036624 [31m"),
        ("  LE\tDOC\u00a0 ", "KIT LE DOC"),
        ("\u202e\x00", "KIT"),
    ],
)
def test_name_stands_on_one_line(bench: Any, given: str, shown: str) -> None:
    bench.provider.userinfo["family_name"] = given
    assert bench.sign_in().name == shown


def test_least_userinfo_is_enough(bench: Any) -> None:
    bench.provider.userinfo = {"sub": SUB, "SubjectNameID": KIT}
    bench.provider.claims = {"SubjectNameID": ABSENT}
    who = bench.sign_in()
    assert (who.name, who.rpps, who.profession, who.exercices) == (KIT, "99700366240", None, ())


def test_identifier_may_stand_in_the_id_token_alone(bench: Any) -> None:
    bench.provider.userinfo = {"sub": SUB}
    assert bench.sign_in().national_id == KIT


@pytest.mark.parametrize("in_token", [ABSENT, "", None], ids=str)
@pytest.mark.parametrize("told", NONE, ids=repr)
def test_professional_without_identifier_is_nobody(bench: Any, told: Any, in_token: Any) -> None:
    bench.provider.userinfo = changed(bench.provider.userinfo, {"SubjectNameID": told})
    bench.provider.claims = {"SubjectNameID": in_token}
    failure = bench.refusal()
    assert (type(failure), failure.code) == (ServiceError, "psc.userinfo")


def test_two_identifiers_are_nobody_s(bench: Any) -> None:
    bench.provider.userinfo["SubjectNameID"] = "899700427885"
    assert bench.refusal().facts == {"reason": "SubjectNameID_differs"}


@pytest.mark.req("R17")
@pytest.mark.parametrize(
    ("text", "rpps", "adeli"),
    [
        ("899700427885", "99700427885", None),
        ("899700427886", "99700427886", None),
        ("0759999906", None, "759999906"),
        ("02B9999906", None, "2B9999906"),
        ("3750712184/0012", None, None),
        ("500000001815646/CPAT00045", None, None),
        ("699700427885/12", None, None),
        ("ANS20231122132732", None, None),
    ],
)
def test_type_digit_says_which_register(text: str, rpps: str | None, adeli: str | None) -> None:
    found = read_national_id(text)
    assert found is not None
    assert (found.text, found.rpps, found.adeli) == (text, rpps, adeli)
    assert text not in repr(found)


def test_answer_about_somebody_else_is_refused(bench: Any) -> None:
    bench.provider.userinfo["sub"] = SUB + "x"
    failure = bench.refusal()
    assert (failure.code, failure.facts) == ("psc.userinfo", {"reason": "sub"})


@pytest.mark.parametrize(
    "changes",
    [
        {"sub": ABSENT},
        {"sub": 1},
        {"given_name": 1},
        {"given_name": ["KIT"]},
        {"family_name": "D" * 501},
        {"SubjectRole": "10"},
        {"SubjectRole": [10]},
        {"SubjectRole": ["10"] * 101},
        {"SubjectRefPro": []},
        {"SubjectRefPro": {"exercices": {}}},
        {"SubjectRefPro": {"exercices": ["10"]}},
        {"SubjectRefPro": {"exercices": [{"codeProfession": 10}]}},
        {"SubjectRefPro": {"exercices": [{"activities": [{"raisonSocialeSite": {}}]}]}},
        {"SubjectRefPro": {"exercices": [{}] * 101}},
    ],
    ids=lambda one: str(one)[:50],
)
def test_claim_of_another_form_is_refused(bench: Any, changes: dict[str, Any]) -> None:
    assert bench.sign_in().national_id == KIT
    bench.provider.userinfo = changed(bench.provider.userinfo, changes)
    failure = bench.refusal()
    assert (failure.code, failure.facts["reason"]) == ("psc.userinfo", "form")
    assert failure.facts["fields"]


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        (refusal("invalid_token", 401), "psc.fault"),
        (HttpReply(status=401, headers={}, body=b""), "psc.fault"),
        (refusal("insufficient_scope", 403), "psc.fault"),
        (HttpReply(status=503, headers={}, body=b""), "psc.unavailable"),
        (json_reply("eyJ", media_type="application/jwt"), "psc.answer_unreadable"),
        (json_reply([1]), "psc.answer_unreadable"),
        (TWICE, "psc.answer_unreadable"),
    ],
    ids=["token", "bare 401", "scope", "503", "signed", "list", "twice"],
)
def test_refusal_at_the_userinfo_endpoint_names_its_cause(bench: Any, reply: HttpReply, code: str) -> None:
    bench.provider.on("userinfo_endpoint", reply)
    assert bench.refusal().code == code
    assert bench.sign_in().national_id == KIT
