"""When the service fails: a typed error, an identity that stays as it was, and never somebody made up."""

import json

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.insi import replies
from segur_conformance.checks.insi.asking import (
    ask_by_traits,
    criteria,
    errors,
    expect_refused,
    expect_temporary,
    expect_unchanged,
    individual,
    matricule,
    person_known,
)
from segur_conformance.checks.insi.sent import requests
from segur_conformance.people import traits
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()


@checks(
    "insi.failures.unavailable",
    "SC.INS/va1.35",
    "KIT-INSI-13",
    purpose="INSi en panne n’apprend rien sur la personne : ni trouvée, ni absente.",
    steps=(
        "valider une identité par un document",
        "mettre INSi en panne, sous ses deux formes (insi_102 et desir_1020), et rechercher",
        "rétablir le service et rechercher de nouveau",
    ),
    expected="une erreur temporaire qui porte le code, l’identité reste validée ; puis elle est qualifiée",
    mend="rendre siram_40 comme une erreur à reprendre plus tard ; ne pas en faire un code 01",
    film="la recherche pendant une panne, puis la même une fois le service rétabli",
)
def unavailable(bench: Bench) -> None:
    """Both forms of ``siram_40`` leave the identity as it was, and can be asked again."""
    subject = bench.start()
    reference = person_known(bench, subject, traits("ADRUN", "ZOE"))
    subject.identify(identity_ref=reference, search=False, document={"type": "CN"})
    for code in ("insi_102", "desir_1020"):
        bench.sandbox.reset()
        bench.sandbox.fault("insi", "wrong_answer", variant=code)
        answer = subject.identify(identity_ref=reference)
        expect_unchanged(answer, f"panne {code}", "VALI")
        expect_equal((answer.value or {}).get("cr"), None, f"panne {code} : code de réponse")
        expect(errors(answer), f"panne {code} : aucune erreur n’est rendue")
        expect_temporary(answer, f"panne {code}")
        expect(code in json.dumps(errors(answer)), f"panne {code} : le code n’est pas transmis")
    bench.sandbox.reset()
    expect_unchanged(subject.identify(identity_ref=reference), "service rétabli", "QUAL")


@checks(
    "insi.failures.transport",
    "KIT-INSI-13",
    purpose="Le réseau coupe, ralentit ou tronque : la vente continue et rien n’est inventé.",
    steps=(
        "refuser la connexion, la couper avant ou pendant la réponse, répondre 503",
        "répondre lentement, d’un coup puis goutte à goutte",
    ),
    expected="une erreur typée et temporaire à chaque coupure ; une réponse lente est prise",
    mend="laisser remonter l’erreur de ctx.http ; ne pas lire une réponse incomplète",
    film="la recherche câble débranché",
)
def transport(bench: Bench) -> None:
    """Every cut is a typed, temporary error; slow is not cut."""
    subject = bench.start()
    for fault in ("refuse", "reset", "answer_lost", "truncated", "error5xx"):
        bench.sandbox.reset()
        bench.sandbox.fault("insi", fault)
        answer = ask_by_traits(subject, criteria("ADRUN", "ZOE"))
        expect_refused(answer, f"panne {fault}")
        expect_temporary(answer, f"panne {fault}")
    for fault in ("delay", "drip"):
        bench.sandbox.reset()
        bench.sandbox.fault("insi", fault, seconds=0.2, count=1)
        individual(ask_by_traits(subject, criteria("ADRUN", "ZOE")))


@checks(
    "insi.failures.server-not-proven",
    "KIT-INSI-14",
    purpose="Un serveur dont le certificat ne vaut rien n’est pas INSi : aucun trait ne doit lui parvenir.",
    steps=("présenter un certificat de serveur expiré", "rechercher une personne"),
    expected="une erreur typée et durable ; aucune demande ne part",
    mend="ne jamais affaiblir la vérification du serveur",
    film="le message affiché quand l’identité du service n’est pas prouvée",
)
def server_not_proven(bench: Bench) -> None:
    """Nothing is said to a server that proves nothing."""
    bench.sandbox.fault("insi", "expired_certificate")
    answer = ask_by_traits(bench.start(), criteria("ADRUN", "ZOE"))
    expect_refused(answer, "certificat de serveur expiré")
    expect_temporary(answer, "certificat de serveur expiré", temporary=False)
    expect_equal(len(requests(bench)), 0, "nombre de demandes envoyées")


_FOUND = replies.individual(
    replies.number(matricule("ADRUN", "ZOE")), {"NomNaissance": "ADRUN", "ListePrenom": "ZOE", "Sexe": "F"}
)
_UNREADABLE = {
    "une page HTML": "<html><body>Maintenance</body></html>",
    "du XML coupé": replies.resultat("00", _FOUND)[:-40],
    "un corps vide": replies.envelope(""),
    "un code inconnu": replies.resultat("03"),
    "le code 00 sans personne": replies.resultat("00"),
    "le code 01 avec une personne": replies.resultat("01", _FOUND),
    "deux personnes": replies.resultat("00", _FOUND + _FOUND),
    "un matricule de douze chiffres": replies.resultat("00", _FOUND.replace("2751263220749", "275126322074")),
    "un sexe inconnu": replies.resultat("00", _FOUND.replace("<Sexe>F</Sexe>", "<Sexe>X</Sexe>")),
    "une entité externe": '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]>'
    + replies.resultat("01").partition("\n")[2],
}


@checks(
    "insi.failures.unreadable",
    "KIT-INSI-15",
    purpose="Une réponse abîmée ou contradictoire, prise pour bonne, crée une fausse identité.",
    steps=(
        "répondre des octets quelconques, une page HTML, du XML coupé, un corps vide",
        "répondre un code inconnu, le code 00 sans personne, 01 avec une personne, deux personnes",
        "répondre un matricule ou un sexe hors forme, une entité externe",
    ),
    expected="une erreur typée à chaque fois, jamais une personne ni un code 01",
    mend="ne prendre une réponse que si son code, sa personne et son matricule vont ensemble",
    film="le message d’une réponse inexploitable",
)
def unreadable(bench: Bench) -> None:
    """What is not an answer of INSi is refused whole."""
    subject = bench.start()
    bench.sandbox.fault("insi", "garbage", count=1)
    expect_refused(ask_by_traits(subject, criteria("ADRUN", "ZOE")), "des octets quelconques")
    for what, body in _UNREADABLE.items():
        bench.sandbox.replay("insi", body)
        expect_refused(ask_by_traits(subject, criteria("ADRUN", "ZOE")), what)


@checks(
    "insi.failures.unknown-codes",
    "KIT-INSI-16",
    purpose="La liste des codes d’INSi n’est pas publique : un code inconnu doit arriver jusqu’à l’assistance.",
    steps=("répondre des erreurs techniques aux codes inconnus, des trois familles desir_, insi_ et siram_",),
    expected="une erreur typée et durable qui porte les deux codes, inchangés",
    mend="transmettre à l’hôte le code et le sous-code de l’erreur",
    film="le message d’une erreur au code inconnu",
)
def unknown_codes(bench: Bench) -> None:
    """Codes nobody knows reach the host unchanged."""
    subject = bench.start()
    for subcode, code in (("siram_77", "desir_9876"), ("siram_100", "insi_404"), ("siram_12", "siram_12")):
        bench.sandbox.replay("insi", replies.fault(subcode, code))
        answer = ask_by_traits(subject, criteria("ADRUN", "ZOE"))
        expect_refused(answer, f"erreur {code}")
        expect_temporary(answer, f"erreur {code}", temporary=False)
        said = json.dumps(errors(answer))
        expect(code in said and subcode in said, f"erreur {code} : les codes ne sont pas transmis")


@checks(
    "insi.failures.other-person",
    "S000-16",
    "S000-25",
    purpose="Une réponse qui concerne quelqu’un d’autre ne doit ni créer ni modifier un dossier.",
    steps=(
        "faire répondre INSi pour une autre personne",
        "identifier une personne enregistrée, puis une nouvelle",
        "faire répondre la bonne personne avec une autre date de naissance",
    ),
    expected="l’identité reste provisoire, aucune n’est créée, et chaque trait qui diffère est nommé",
    mend="comparer les traits demandés avec ceux de la réponse et rendre chaque divergence",
    film="l’écran de comparaison champ par champ",
)
def other_person(bench: Bench) -> None:
    """Somebody else's answer is compared and left."""
    subject = bench.start()
    bench.sandbox.fault("insi", "wrong_answer", variant="other_person")
    answer = subject.identify(traits=traits("ADRUN", "ZOE"))
    expect_unchanged(answer, "autre personne")
    expect((answer.value or {})["divergences"], "autre personne : aucune divergence n’est dite")
    newcomer = subject.identify(traits=criteria("NESSI", "MICHELANGELO")).value or {}
    expect(newcomer.get("identity_ref") is None, "une identité a été créée avec les traits de quelqu’un d’autre")
    bench.sandbox.reset()
    bench.sandbox.fault("insi", "wrong_answer", variant="divergent_traits")
    value = ask_by_traits(subject, criteria("ADRUN", "ZOE")).value or {}
    found = [(one["trait"], one["reason"]) for one in value.get("divergences", ())]
    expect_equal(found, [("date_naissance", "differs")], "divergences rendues")
