"""Who the professional is, and in which situation he works: told by Pro Santé Connect, chosen by himself."""

from typing import Any, Final

from segur_conformance.authority.between import Change, Members, Wrong
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import (
    SITUATION_ASKED,
    between,
    expect_each_refused,
    expect_no_session,
    sign_in,
    signed_in,
    started,
    started_at,
)
from segur_conformance.checks.psc.people import (
    ADMINISTRATOR,
    DOCTOR,
    EDITOR,
    MINIMAL,
    ON_TELEPHONE,
    PEOPLE,
    PREPARATEUR,
    SECRETARY,
    STUDENT,
    TITULAIRE,
)
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

_OTHER: Final = "899700261797"


@checks(
    "psc.userinfo.same-person",
    "KIT-PSC-05",
    purpose="Les informations d’une autre personne que celle du jeton seraient prises pour les siennes.",
    steps=(
        "ouvrir une session à travers une autorité intermédiaire",
        "recommencer avec des informations d’un autre sujet, ou d’aucun",
    ),
    expected="une session, puis chaque fois une erreur en français et pas de session",
    mend="comparer sub de userinfo à celui du jeton d’identité (OIDC Core 5.3.2)",
    film="rien à filmer : Pro Santé Connect ne mêle pas deux personnes",
    kinds=PLUGIN_KINDS,
)
def same_person(bench: Bench) -> None:
    """The subject of the userinfo is that of the ID token."""
    expect_each_refused(
        bench,
        {
            "informations d’un autre": Wrong(userinfo=lambda told: told | {"sub": f"{told['sub']}0"}),
            "informations de personne": Wrong(userinfo=_without("sub")),
        },
    )


@checks(
    "psc.userinfo.identifier",
    "EX PSC 19",
    "SC.PSC.02",
    purpose="SubjectNameID rapproche le professionnel de son compte : incertain, il ne rapproche de rien.",
    steps=(
        "ouvrir une session à travers une autorité intermédiaire",
        "recommencer avec un identifiant qui manque, qui diffère entre jeton et informations, ou sans forme",
    ),
    expected="une session, puis chaque fois une erreur en français et pas de session",
    mend="exiger SubjectNameID, le même partout, et ne rien tirer de sub",
    film="rien à filmer : Pro Santé Connect le donne toujours",
    kinds=PLUGIN_KINDS,
)
def identifier(bench: Bench) -> None:
    """One identifier, everywhere the same, in a form that identifiers have."""
    expect_each_refused(
        bench,
        {
            "sans identifiant": Wrong(claims=_without("SubjectNameID"), userinfo=_without("SubjectNameID")),
            "deux identifiants": Wrong(userinfo=_with(SubjectNameID=_OTHER)),
            "RPPS d’un chiffre de trop": Wrong(claims=_longer, userinfo=_longer),
        },
    )


@checks(
    "psc.userinfo.rpps",
    "EX PSC 19",
    "S000-83",
    "R16",
    purpose="Le RPPS est SubjectNameID sans son 8 de tête, et seulement quand ce chiffre est un 8.",
    steps=("ouvrir une session au nom d’une pharmacienne, d’un médecin, d’une secrétaire, d’un administrateur",),
    expected="le RPPS des deux premiers, aucun pour les autres",
    mend="lire le chiffre de type avant le reste",
    film="les sessions de deux professionnels",
    kinds=PLUGIN_KINDS,
)
def rpps(bench: Bench) -> None:
    """An RPPS only where the type digit says so."""
    subject = started(bench)
    for who in (TITULAIRE, DOCTOR, SECRETARY, ADMINISTRATOR, EDITOR):
        actor = signed_in(bench, subject, who, who)["actor"]
        expect_equal(actor["rpps"], PEOPLE[who].rpps, f"{who}, RPPS")
        expect(PEOPLE[who].family_name in actor["name"], f"{who} : le nom n’est pas celui du professionnel")
        subject.ask("logout")


@checks(
    "psc.userinfo.tolerant",
    "KIT-PSC-05",
    purpose="Pro Santé Connect ne sait pas tout de chacun, et en saura davantage demain.",
    steps=(
        "ouvrir une session au nom d’une étudiante sans exercice, puis d’une personne sans autre information",
        "recommencer avec des informations vides, nulles ou nouvelles",
    ),
    expected="une session chaque fois",
    mend="n’exiger que sub et SubjectNameID, et ignorer le reste",
    film="la session d’un étudiant",
    kinds=PLUGIN_KINDS,
)
def tolerant(bench: Bench) -> None:
    """What is missing, empty or new is no obstacle."""
    subject = started(bench)
    for who in (STUDENT, MINIMAL):
        expect_equal(signed_in(bench, subject, who, who)["exercices"], [], f"{who}, situations")
        subject.ask("logout")
    names = ("given_name", "SubjectRole", "SubjectOrganization", "Secteur_Activite", "SubjectRefPro")
    cases = {
        "informations nulles": Wrong(userinfo=_with(**dict.fromkeys(names))),
        "informations nouvelles": Wrong(userinfo=_with(nouveau={"essai": [1, {"deux": None}]}, autre="é")),
        "champs vides": Wrong(userinfo=_with(given_name="", SubjectOrganization="", SubjectRole=[])),
    }
    with between(bench) as authority:
        subject = started_at(bench, authority)
        for what, wrong in cases.items():
            authority.wrong = wrong
            signed_in(bench, subject, what)
            subject.ask("logout")


@checks(
    "psc.userinfo.choice",
    "S002-41",
    "S000-85",
    purpose="Qui exerce en plusieurs lieux dit au nom duquel il agit : cela ne se devine pas.",
    steps=(
        "ouvrir une session au nom d’une préparatrice à deux employeurs, en choisissant le second, puis sans répondre",
        "ouvrir une session au nom d’un médecin à deux activités",
    ),
    expected="les deux lieux proposés, la situation choisie ; sans réponse, pas de session",
    mend="rendre toutes les situations dans Authenticated.exercices ; l’hôte les propose",
    film="le choix de l’employeur à la connexion",
    kinds=PLUGIN_KINDS,
)
def choice(bench: Bench) -> None:
    """Every situation is offered, and the one that is chosen is that of the session."""
    subject = started(bench)
    subject.ask("answers", answers={SITUATION_ASKED: 1})
    found = signed_in(bench, subject, PREPARATEUR, PREPARATEUR)
    offered = _offered(subject)
    expect_equal(len(offered), 2, "situations proposées à la préparatrice")
    expect_equal(found["actor"]["exercice"], offered[1]["value"], "situation choisie")
    subject.ask("logout")
    subject.ask("answers", answers={})
    expect_no_session(bench, subject, sign_in(bench, subject, PREPARATEUR), "aucun choix", "input.no_answer")
    subject.ask("answers", answers={SITUATION_ASKED: 0})
    signed_in(bench, subject, DOCTOR, DOCTOR)
    labels = [one["label"] for one in _offered(subject)]
    named = all(any(place in label for label in labels) for place in PEOPLE[DOCTOR].structures)
    expect(named, "les situations proposées au médecin ne nomment pas ses structures")


@checks(
    "psc.userinfo.structure",
    "S002-41",
    "S000-83",
    purpose="Ce qui part au nom du professionnel part au nom de la structure où il exerce.",
    steps=("ouvrir deux sessions au nom d’une préparatrice, une pour chacun de ses employeurs",),
    expected="l’acteur agit dans la structure choisie, avec son FINESS quand il est donné",
    mend="rendre Exercice.structure avec chaque situation",
    film="le nom de la structure après le choix",
    kinds=PLUGIN_KINDS,
)
def structure(bench: Bench) -> None:
    """The structure of the actor is that of his situation."""
    subject = started(bench)
    for rank in range(2):
        subject.ask("answers", answers={SITUATION_ASKED: rank})
        actor = signed_in(bench, subject, PREPARATEUR, PREPARATEUR)["actor"]
        offered = _offered(subject)
        expect_equal(len(offered), 2, "situations proposées à la préparatrice")
        expect(
            actor["structure"]["name"] in offered[rank]["label"], "la structure n’est pas celle de la situation choisie"
        )
        identifier = actor["structure"]["finess"]
        expect(identifier is None or identifier in actor["exercice"], "le FINESS n’est pas celui de la situation")
        subject.ask("logout")


@checks(
    "psc.userinfo.meant",
    "KIT-PSC-05",
    "S000-90",
    purpose="Quand on sait qui se connecte, un autre qui répond à sa place n’ouvre pas sa session.",
    steps=("se connecter au nom d’un médecin, en laissant une pharmacienne répondre",),
    expected="une erreur en français, dans le navigateur comme par CIBA",
    mend="comparer l’identifiant obtenu à celui qui était attendu",
    film="rien à filmer : il y faut deux professionnels",
    kinds=PLUGIN_KINDS,
)
def meant(bench: Bench) -> None:
    """Somebody else than the one who was meant opens nothing."""
    known = PEOPLE[TITULAIRE]
    with between(bench) as authority:
        subject = started_at(bench, authority)
        signed_in(bench, subject, "la personne attendue", national_id=known.national_id)
        subject.ask("logout")
        signed_in(bench, subject, "la personne attendue, par CIBA", **ON_TELEPHONE)
        subject.ask("logout")
        stranger = sign_in(bench, subject, TITULAIRE, national_id=PEOPLE[DOCTOR].national_id)
        expect_no_session(bench, subject, stranger, "une autre personne")
        authority.wrong = Wrong(claims=_with(SubjectNameID=_OTHER), userinfo=_with(SubjectNameID=_OTHER))
        stranger = sign_in(bench, subject, TITULAIRE, **ON_TELEPHONE)
        expect_no_session(bench, subject, stranger, "une autre personne, par CIBA")


def _offered(subject: Subject) -> list[dict[str, Any]]:
    asked = [one for one in subject.ask("asked").value if one["code"] == SITUATION_ASKED]
    found: list[dict[str, Any]] = asked[-1]["choices"] if asked else []
    return found


def _with(**members: Any) -> Change:
    return lambda told: told | members


def _without(name: str) -> Change:
    return lambda told: {key: value for key, value in told.items() if key != name}


def _longer(told: Members) -> Members:
    return told | {"SubjectNameID": f"{told['SubjectNameID']}0"}
