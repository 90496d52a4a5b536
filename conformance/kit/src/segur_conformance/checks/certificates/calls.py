"""What a certificate of the structure is for: calls to INSi, without a card, in the name that it bears."""

from pathlib import Path
from typing import Any, Final

from segur_conformance.checks.certificates.judging import expect_blocked, rows, started
from segur_conformance.checks.certificates.material import (
    INSI_AUTO,
    INSI_MANU,
    OTHER_FINESS,
    UNIT,
    Wanted,
    authorities,
    places,
)
from segur_conformance.checks.certificates.national import asked_insi, companion_of_insi
from segur_conformance.checks.certificates.orders import Order
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.insi import replies
from segur_conformance.checks.insi.asking import errors
from segur_conformance.checks.insi.namespaces import CTXBAM, CTXLPS
from segur_conformance.checks.insi.sent import requests, text
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer

checks = CheckSet()

_USES: Final = {"insi-manu": (INSI_MANU, False), "insi-auto": (INSI_AUTO, True)}
"""Use of the key → name of its certificate, and whether an automaton calls by it."""
_STRUCTURES: Final = {"insi-manu": UNIT, "insi-auto": OTHER_FINESS}
FACTS: Final = " ["
"""How begins, after a cause, what is particular to one refusal."""


@checks(
    "certificates.calls.no-card",
    "S003-29",
    "S003-01",
    "R25",
    purpose="Un service sans carte, comme un service de prévention et de santé au travail, vit par ses certificats.",
    steps=(
        "retirer les cartes de tous les lecteurs",
        "interroger INSi à la main, puis par un automate, avec les certificats de la structure",
    ),
    expected="les deux appels aboutissent par le certificat de leur usage ; rien n’est demandé à personne",
    mend="appeler par la clé de la structure (ctx.keys) sans chercher de carte",
    film="un appel à INSi, les lecteurs vides",
    kinds=PLUGIN_KINDS,
)
def no_card(bench: Bench) -> None:
    """The structure's certificate is enough."""
    companion_of_insi(bench)
    with places(bench) as where:
        keys = {use: where.of(use, Wanted(name=name)) for use, (name, _) in _USES.items()}
        for reader in bench.readers:
            bench.sandbox.insert(reader, None)
        subject = started(bench, keys)
        for use, (_, automatic) in _USES.items():
            answer = asked_insi(subject, automatic=automatic)
            expect(answer.failure is None, f"INSi sans carte, {use} : {answer.failure}")
    names = [one.exchange["client"]["cn"] for one in requests(bench)]
    expect_equal(names, [name for name, _ in _USES.values()], "certificats présentés")
    expect_equal(len(subject.ask("asked").value), 0, "nombre de questions posées")


@checks(
    "certificates.calls.structure",
    "CERT-14",
    purpose="Un appel au nom d’une autre structure que celle du certificat est refusé, ou pire, attribué à tort.",
    steps=(
        "configurer pour les deux usages d’INSi des certificats de deux structures",
        "interroger INSi par chacun, et lire qui s’y dit émetteur",
    ),
    expected="chaque demande nomme, dans ses deux contextes, la structure (OU) du certificat qu’elle présente",
    mend="prendre la structure dans le certificat qui sert, non dans la configuration",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def structure(bench: Bench) -> None:
    """Who calls is whom the certificate names."""
    companion_of_insi(bench)
    with places(bench) as where:
        keys = {use: where.of(use, Wanted(name=name, unit=_STRUCTURES[use])) for use, (name, _) in _USES.items()}
        subject = started(bench, keys)
        found = rows(subject)
        for use, (_, automatic) in _USES.items():
            expect_equal(found[use]["structure"], _STRUCTURES[use], f"structure du certificat {use}")
            answer = asked_insi(subject, automatic=automatic)
            expect(answer.failure is None, f"INSi par {use} : {answer.failure}")
    sent = requests(bench)
    expect_equal(len(sent), len(_USES), "nombre de demandes à INSi")
    for one, (use, unit) in zip(sent, _STRUCTURES.items(), strict=True):
        for context, namespace in zip(one.contexts, (CTXBAM, CTXLPS), strict=True):
            expect_equal(text(context, "Emetteur", namespace), unit, f"Emetteur, par {use}")


@checks(
    "certificates.calls.wrong-name",
    "S003-28",
    "CERT-06",
    purpose="Dit par ce poste ou par INSi, le même défaut se lit dans les mêmes mots, et se répare de la même façon.",
    steps=(
        "configurer pour les deux usages d’INSi un certificat d’un autre nom ; inventaire, puis appels",
        "configurer les noms exacts, et faire répondre par INSi que le certificat ne convient pas (desir_560)",
    ),
    expected="bloqué à l’inventaire ; refusé sans aucune connexion ; INSi dit ensuite mot pour mot la même chose",
    mend="comparer le CN avant d’appeler ; rendre desir_560 par le même code",
    film="le refus d’un certificat au mauvais nom",
    kinds=PLUGIN_KINDS,
)
def wrong_name(bench: Bench) -> None:
    """Refused here, in the words in which the service refuses."""
    companion_of_insi(bench)
    with places(bench) as where:
        subject = started(bench, {use: where.of(use, Wanted()) for use in _USES})
        found = rows(subject)
        here = {use: _refusal(asked_insi(subject, automatic=automatic), use) for use, (_, automatic) in _USES.items()}
        for use in _USES:
            expect_blocked(found[use], f"certificat d’un autre nom, {use}")
        expect_equal(len(bench.sandbox.exchanges("insi")), 0, "connexions à INSi par un certificat d’un autre nom")
        subject = started(bench, {use: where.of(use, Wanted(name=name)) for use, (name, _) in _USES.items()})
        for use, (_, automatic) in _USES.items():
            bench.sandbox.replay("insi", replies.fault("siram_100", "desir_560"))
            there = _refusal(asked_insi(subject, automatic=automatic), f"{use}, refus d’INSi")
            expect_equal(there, here[use], f"ce qui est dit d’un refus d’INSi, {use}")


@checks(
    "certificates.calls.own-anchors",
    "CERT-15",
    purpose="Le magasin de confiance du système connaît des centaines d’autorités, et d’autres logiciels en dépendent.",
    steps=(
        "placer l’autorité des services dans un magasin de confiance du système, et d’autres ancres dans ce logiciel",
        "interroger INSi, puis avec les bonnes ancres, d’un certificat que ce logiciel vient d’installer",
    ),
    expected="le premier appel est refusé, le second aboutit ; rien n’a changé dans le magasin du système",
    mend="n’employer que les ancres configurées (ctx.keys, [trust]) ; n’installer que dans le magasin de l’hôte",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def own_anchors(bench: Bench) -> None:
    """The store of the system is neither believed nor changed."""
    companion_of_insi(bench)
    with places(bench) as where:
        system = where.folder / "systeme"
        system.mkdir()
        known = system / "cert.pem"
        known.write_bytes(Path(authorities(bench).ca).read_bytes())
        order = Order.withdrawn(bench)
        before = _content(system)
        order.subject.ask("variables", variables={"SSL_CERT_FILE": str(known), "SSL_CERT_DIR": str(system)})
        order.installs(order.certified())
        order.subject.ask("open_again", tables={"trust": {"igc-sante": str(authorities(bench).ca_fort)}})
        answer = asked_insi(order.subject, automatic=True)
        expect(answer.value is None and answer.failure, "un serveur que seul le système connaît est cru")
        order.subject.ask("open_again")
        answer = asked_insi(order.subject, automatic=True)
        expect(answer.failure is None, f"INSi avec les ancres configurées : {answer.failure}")
        expect_equal(_content(system), before, "magasin de confiance du système")


def _refusal(answer: Answer, what: str) -> dict[str, Any]:
    """Return what is said of a call that has to be refused."""
    expect(answer.value is None and errors(answer), f"INSi par {what} : l’appel a abouti")
    (refused,) = errors(answer)
    said = {name: refused.get(name) for name in ("code", "message", "action")}
    return {**said, "cause": str(refused.get("cause")).partition(FACTS)[0]}


def _content(folder: Path) -> dict[str, bytes]:
    return {one.name: one.read_bytes() for one in folder.iterdir()}
