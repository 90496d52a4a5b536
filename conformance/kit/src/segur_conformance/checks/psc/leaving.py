"""Leaving: here at once whatever happens, everywhere when somebody says so."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qsl

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import (
    ended,
    expect_ended,
    expect_explained,
    operations,
    signed_in,
    started,
)
from segur_conformance.checks.psc.people import ON_TELEPHONE
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

LEFT: Final = "logout"
SESSION: Final = "logout"
_WAYS: Final[Mapping[str, Mapping[str, Any]]] = {"navigateur": {}, "CIBA": ON_TELEPHONE}


@checks(
    "psc.leaving.here",
    "KIT-PSC-09",
    "S000-91",
    purpose="Fermer le logiciel n’est pas quitter Pro Santé Connect : les autres logiciels du poste restent connectés.",
    steps=("ouvrir une session", "la fermer ici", "regarder chez Pro Santé Connect, puis rouvrir"),
    expected="la session est fermée ici et vit là-bas ; une autre s’ouvre",
    mend="n’appeler la fin de session de l’autorité que si SessionToEnd.everywhere",
    film="« rester connecté »",
    kinds=PLUGIN_KINDS,
)
def here(bench: Bench) -> None:
    """The authority's own session goes on."""
    subject = started(bench)
    signed_in(bench, subject, "connexion")
    answer = subject.ask("logout")
    expect(answer.error is None, f"fermeture : {answer.error}")
    expect_ended(subject, "fermeture", SESSION)
    expect_equal(operations(bench).count(LEFT), 0, "fins de session demandées à Pro Santé Connect")
    expect_equal(len(bench.sandbox.psc_now()["sessions"]), 1, "sessions qui vivent chez Pro Santé Connect")
    signed_in(bench, subject, "connexion suivante")


@checks(
    "psc.leaving.everywhere",
    "KIT-PSC-09",
    "S000-91",
    "SC.PSC.01",
    purpose="Sur un poste partagé, quitter Pro Santé Connect le quitte vraiment.",
    steps=("ouvrir une session, par le navigateur puis par CIBA", "quitter partout"),
    expected="une seule demande de fin de session, avec id_token_hint ; plus de session, ni ici ni là-bas",
    mend="appeler end_session_endpoint une fois avec id_token_hint",
    film="« se déconnecter »",
    kinds=PLUGIN_KINDS,
)
def everywhere(bench: Bench) -> None:
    """Asked exactly once, with the hint that says whose session."""
    subject = started(bench)
    for rank, (what, given) in enumerate(_WAYS.items(), start=1):
        signed_in(bench, subject, what, **given)
        answer = subject.ask("logout", everywhere=True)
        expect(answer.error is None, f"{what}, quitter partout : {answer.error}")
        expect_ended(subject, what, SESSION)
        asked = [one["request"]["body"] for one in bench.sandbox.exchanges("psc") if one["operation"] == LEFT]
        expect_equal(len(asked), rank, f"{what}, fins de session demandées à Pro Santé Connect")
        expect("id_token_hint" in dict(parse_qsl(asked[-1])), f"{what} : la demande ne dit pas de quelle session")
        expect_equal(bench.sandbox.psc_now()["sessions"], [], f"{what}, sessions chez Pro Santé Connect")


@checks(
    "psc.leaving.unreachable",
    "KIT-PSC-09",
    "KIT-PSC-10",
    purpose="Pro Santé Connect absent ne retient personne, mais ne laisse pas croire qu’il a été quitté.",
    steps=("ouvrir une session", "couper Pro Santé Connect, puis le faire répondre 503", "quitter partout"),
    expected="la session est fermée ici, et une erreur dit qu’elle peut rester ouverte là-bas",
    mend="lever une erreur quand la fin de session n’est pas confirmée ; l’hôte a fermé la sienne",
    film="le message d’une déconnexion non confirmée",
    kinds=PLUGIN_KINDS,
)
def unreachable(bench: Bench) -> None:
    """Over here in any case; and said when it may not be over there."""
    subject = started(bench)
    for fault in ("error5xx", "refuse"):
        signed_in(bench, subject, fault)
        bench.sandbox.fault("psc", fault)
        answer = subject.ask("logout", everywhere=True)
        expect(answer.error is not None, f"{fault} : rien ne dit que Pro Santé Connect n’a pas confirmé")
        expect_explained(answer, fault)
        expect(ended(subject), f"{fault} : la session est encore ouverte ici")
        bench.mend()
    signed_in(bench, subject, "connexion après la panne")
