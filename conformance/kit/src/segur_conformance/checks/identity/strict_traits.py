"""Strict traits: whose they are once INSi gave them, and what changing one costs."""

from typing import Any, Final

from segur_conformance.checks.check import CheckSet
from segur_conformance.checks.identity.counter import IDENTITY_CARD, WITH_INS, Counter, expect_status
from segur_conformance.checks.identity.register import ECETINSI, TOUSSAINT, ZOE, changed
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

CHANGES: Final[dict[str, Any]] = {
    "nom_naissance": "ADRDEUX",
    "premier_prenom": "LAURENT",
    "sexe": "I",
    "date_naissance": "1981-01-01",
    "lieu_naissance": "75056",
}
"""Another value for each of the five strict traits."""


@checks(
    "identity.trait.locked",
    "SC.INS/va1.18",
    purpose="Les traits stricts d’une identité récupérée ou qualifiée ne se modifient pas à la main.",
    steps=("amener une identité à RECUP, une autre à QUAL", "corriger chacun des cinq traits sans habilitation"),
    expected="chaque correction refusée, statut inchangé",
    mend="verrouiller les cinq traits dès que l’INS est là, pas seulement à la qualification",
    film="les champs verrouillés d’une identité récupérée",
)
def locked(bench: Bench) -> None:
    """Five traits, two statuses: ten refusals."""
    counter = Counter(bench)
    for person, status in ((TOUSSAINT, "RECUP"), (ZOE, "QUAL")):
        ref = counter.in_status(person, status)
        for name, value in CHANGES.items():
            answer = counter.subject.correct(ref, changed(person, **{name: value}))
            expect(answer.error, f"{name} modifié sur une identité {status}")
            expect_status(counter.again(ref, "relecture"), status, f"après {name} refusé")


@checks(
    "identity.trait.change-downgrades",
    "SC.INS/va1.60",
    "SC.INS/va1.18",
    purpose="Modifier un trait strict retire l’INS : elle a été obtenue pour d’autres traits.",
    steps=(
        "qualifier une identité",
        "corriger un trait avec habilitation, puis remettre l’ancienne valeur",
        "interroger INSi et contrôler la pièce de nouveau ; recommencer pour chacun des cinq traits",
    ),
    expected="ni RECUP ni QUAL après la correction, ni après la remise de l’ancienne valeur ; QUAL à la fin",
    mend="retirer matricule et OID avec le trait, ne les rendre que par une nouvelle réponse d’INSi",
    film="un trait modifié par le super-utilisateur : le statut tombe, le matricule disparaît",
)
def change_downgrades(bench: Bench) -> None:
    """The INS goes with the trait, and comes back by INSi only."""
    counter = Counter(bench)
    ref = counter.in_status(ZOE, "QUAL")
    for name, value in CHANGES.items():
        found = counter.correct(ref, changed(ZOE, **{name: value}), f"correction de {name}", as_super_user=True)
        expect(found.status not in WITH_INS, f"{name} modifié : statut {found.status}")
        back = counter.correct(ref, ZOE, f"remise de {name}", as_super_user=True)
        expect(back.status not in WITH_INS, f"{name} remis : statut {back.status} sans nouvelle réponse d’INSi")
        whole = counter.again(ref, "nouvelle qualification", search=True, document=IDENTITY_CARD)
        expect_status(whole, "QUAL", "INSi et pièce de nouveau")


@checks(
    "identity.trait.first-given-name",
    "SC.INS/va1.51",
    purpose="Le premier prénom reste libre tant qu’il ouvre la liste des prénoms de naissance ; sinon on le dit.",
    steps=(
        "qualifier une personne dont la liste commence par un prénom composé",
        "l’écrire sans trait d’union, puis avec le prénom suivant, sans habilitation",
        "donner le deuxième prénom de la liste",
        "enregistrer une autre personne avec un premier prénom hors de sa liste",
    ),
    expected="les deux écritures acceptées sans changer le statut ; le reste refusé ou signalé",
    mend="confronter le premier prénom au début de la liste, trait d’union et espace confondus",
    film="le premier prénom d’une identité qualifiée, accepté puis refusé",
)
def first_given_name(bench: Bench) -> None:
    """Coherence of the first given name with the list."""
    counter = Counter(bench)
    ref = counter.in_status(ECETINSI, "QUAL")
    for fitting in ("PIERRE ALAIN", "PIERRE-ALAIN-MURIEL", "PIERRE-ALAIN"):
        found = counter.correct(ref, changed(ECETINSI, premier_prenom=fitting), "prénom qui ouvre la liste")
        expect_status(found, "QUAL", "prénom qui ouvre la liste")
    answer = counter.subject.correct(ref, changed(ECETINSI, premier_prenom="MURIEL"))
    expect(
        answer.error or (answer.value or {}).get("notices"), "prénom hors du début de la liste, ni refusé ni signalé"
    )
    newcomer = counter.subject.identify(traits=changed(ZOE, premier_prenom="RUTH"), search=False)
    expect(
        newcomer.error or newcomer.value["notices"], "enregistrement d’un premier prénom hors de la liste sans le dire"
    )


@checks(
    "identity.trait.insi-overwrites",
    "SC.INS/va1.52",
    purpose="Après récupération, les traits stricts prennent les valeurs d’INSi.",
    steps=("enregistrer une personne en minuscules accentuées", "interroger INSi", "corriger vers les valeurs d’INSi"),
    expected="statut RECUP ; la correction ne change rien, donc n’est pas refusée",
    mend="recopier les traits de la réponse dans l’identité, sans garder la saisie",
    film="les traits avant et après la récupération",
)
def insi_overwrites(bench: Bench) -> None:
    """A correction towards INSi's own values is none."""
    counter = Counter(bench)
    found = counter.recorded(changed(ZOE, nom_naissance="Adrun", premier_prenom="Zoé", prenoms_naissance=("Zoé",)))
    recovered = counter.again(found.ref, "INSi", search=True)
    expect_status(recovered, "RECUP", "saisie accentuée")
    answer = counter.subject.correct(str(found.ref), dict(ZOE))
    expect_equal(answer.error, None, "correction vers les valeurs d’INSi")
    expect_equal(answer.value["status"], "RECUP", "statut après la correction")
