"""Names and sex as INSi takes them: put into its profile, or refused; never bent into something else."""

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.insi.asking import ask_by_traits, criteria, expect_refused, individual
from segur_conformance.checks.insi.sent import requests
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()


@checks(
    "insi.names.upper-case-unaccented",
    "PD-15",
    "KIT-INSI-05",
    purpose="INSi ne connaît que les majuscules sans accent : un nom envoyé tel que saisi n’est jamais retrouvé.",
    steps=(
        "rechercher une personne saisie en minuscules, avec accents et apostrophes typographiques",
        "rechercher un prénom qui contient une ligature",
    ),
    expected="les noms partent en majuscules sans accent ni ligature, traits d’union gardés ; la personne est trouvée",
    mend="mettre les noms au profil d’INSi au moment de l’envoi, sans modifier ce qui est enregistré",
    film="une saisie en minuscules accentuées et l’INS retrouvé",
)
def upper_case_unaccented(bench: Bench) -> None:
    """Case, accents, ligatures and typography are taken away, hyphens stay."""
    subject = bench.start()
    known = criteria("D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN")
    typed = {**known, "nom_naissance": "d’Artagnan de l’Hérault", "prenoms_naissance": ["Pierre\u2010Alain"]}
    individual(ask_by_traits(subject, typed))
    ask_by_traits(subject, {**known, "nom_naissance": "De--Vinci", "prenoms_naissance": ["Cœur"]})
    sent = requests(bench)
    written = [sent[0], sent[-1]]
    expect(
        [one.asked("NomNaissance") for one in written] == ["D'ARTAGNAN DE L'HERAULT", "DE--VINCI"],
        "le nom de naissance envoyé n’est pas celui saisi, en majuscules sans accent",
    )
    expect(
        [one.prenom for one in written] == ["PIERRE-ALAIN", "COEUR"],
        "le prénom envoyé n’est pas celui saisi, en majuscules sans accent",
    )


@checks(
    "insi.names.untransliterable-refused",
    "KIT-INSI-05",
    purpose="Un caractère sans équivalent supprimé en silence désigne quelqu’un d’autre.",
    steps=("rechercher des noms qui contiennent un chiffre, un souligné, une barre, des lettres non latines",),
    expected="chaque recherche est refusée par une erreur typée, sans question et sans rien envoyer",
    mend="refuser le nom et dire où se trouve le caractère ; ne jamais le retirer",
    film="le refus d’un nom contenant un chiffre",
)
def untransliterable_refused(bench: Bench) -> None:
    """A character without equivalent is refused, never dropped."""
    subject = bench.start()
    for what, change in (
        ("un chiffre dans le nom", {"nom_naissance": "ADRUN2"}),
        ("une barre dans le nom", {"nom_naissance": "ADR/UN"}),
        ("un souligné dans le prénom", {"prenoms_naissance": ["ZO_E"]}),
        ("un prénom en lettres cyrilliques", {"prenoms_naissance": ["Зоя"]}),
        ("un deuxième prénom avec un point d’exclamation", {"prenoms_naissance": ["ZOE", "ANNE!"]}),
    ):
        expect_refused(ask_by_traits(subject, criteria("ADRUN", "ZOE", **change)), what)
    expect_equal(len(requests(bench)), 0, "nombre de demandes envoyées")


@checks(
    "insi.names.undetermined-sex-refused",
    "KIT-INSI-06",
    purpose="Le sexe indéterminé est une valeur locale : INSi ne la connaît pas, et la deviner fausse la recherche.",
    steps=("rechercher une personne de sexe indéterminé, alors que quelqu’un répondrait à la question",),
    expected="une erreur typée ; rien n’est envoyé, ni « I », ni une valeur à la place",
    mend="refuser la recherche avant toute demande",
    film="le refus de la recherche pour un sexe indéterminé",
)
def undetermined_sex_refused(bench: Bench) -> None:
    """``I`` neither leaves nor is replaced."""
    subject = bench.start(answers={"insi.sexe": "F"})
    expect_refused(ask_by_traits(subject, criteria("ADRUN", "ZOE", sexe="I")), "sexe indéterminé")
    expect_equal([one.asked("Sexe") for one in requests(bench)], [], "sexes envoyés")
