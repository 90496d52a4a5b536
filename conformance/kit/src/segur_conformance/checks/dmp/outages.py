"""What goes wrong on the way: a service that is away, an answer that is lost, a refusal, a process that is killed."""

import json
import tomllib
from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.dmp.counter import Counter
from segur_conformance.checks.dmp.registry import (
    FEEDING,
    expect_fed_once,
    expect_nothing_fed,
    operations,
    statuses,
    taken,
)
from segur_conformance.people import published
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

SIGNING_USE: Final = "dmp-sign"
"""Use of the key of the structure's certificate that signs."""


@checks(
    "dmp.outages.away",
    "SC.DMP/ALI/PROG.06",
    "SC.DMP/ALI/PROG.07",
    "PD-03",
    purpose="Une panne n’est l’affaire de personne au comptoir : le document attend, et repart seul.",
    steps=(
        "couper le DMP, donner un document, faire avancer la file deux fois",
        "rétablir le DMP, faire avancer la file",
    ),
    expected="le document attend, avec la raison ; puis il part seul, une fois",
    mend="garder ce qui n’a pas pu partir, et réessayer après une pause",
    film="le DMP coupé, le document en attente, le DMP rétabli, le document parti",
    kinds=PLUGIN_KINDS,
)
def away(bench: Bench) -> None:
    """It waits, and leaves by itself."""
    counter = Counter.opened(bench)
    bench.sandbox.fault("dmp", "refuse")
    intent = counter.let_in()
    counter.runs()
    counter.expect_state(intent, "waiting", "in_doubt")
    counter.later()
    counter.expect_state(intent, "waiting", "in_doubt")
    bench.mend()
    counter.later()
    counter.expect_state(intent, "sent")
    expect_fed_once(bench, "DMP rétabli")


@checks(
    "dmp.outages.no-certificate",
    "SC.DMP/ALI/PROG.06",
    "SC.DMP/ALI/PROG.07",
    "PD-03",
    purpose="Un certificat qui manque ou qu’on remplace n’efface pas ce qui attendait de partir.",
    steps=(
        "retirer de la configuration le certificat qui signe, donner un document, faire avancer la file",
        "le remettre, rouvrir l’hôte, faire avancer la file",
    ),
    expected="le document attend, avec la raison, sans rien demander au DMP ; puis il part seul, une fois",
    mend="garder ce que cette installation ne peut pas signer pour l’instant",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def no_certificate(bench: Bench) -> None:
    """It waits until the installation is whole again."""
    keys = tomllib.loads(bench.sandbox.config.read_text("utf-8"))["keys"]
    counter = Counter.opened(bench, keys={use: table for use, table in keys.items() if use != SIGNING_USE})
    intent = counter.let_in()
    counter.runs()
    counter.expect_state(intent, "waiting")
    expect_nothing_fed(bench, "sans certificat qui signe")
    counter.subject.ask("open_again", tables={"keys": keys})
    counter.later()
    counter.expect_state(intent, "sent")
    expect_fed_once(bench, "certificat remis")


@checks(
    "dmp.outages.busy",
    "SC.DMP/ALI/PROG.07",
    "KIT-DMP-03",
    purpose="Un registre occupé le dit ; ce n’est pas un refus.",
    steps=("faire répondre au DMP qu’il est occupé (XDSRegistryBusy), une fois", "faire avancer la file"),
    expected="le document attend, avec la raison ; puis il part seul, une fois",
    mend="réessayer après une pause ce que le service dit passager",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def busy(bench: Bench) -> None:
    """A refusal that passes."""
    counter = Counter.opened(bench)
    bench.sandbox.fault("dmp", "wrong_answer", operation=FEEDING, variant="XDSRegistryBusy", count=1)
    intent = counter.let_in()
    counter.runs()
    counter.expect_state(intent, "waiting")
    counter.later()
    counter.expect_state(intent, "sent")
    expect_fed_once(bench, "registre de nouveau libre")


@checks(
    "dmp.outages.refused",
    "S001-02",
    "KIT-DMP-03",
    purpose="Un DMP fermé est un état normal : insister n’y change rien, et se taire laisse croire que c’est parti.",
    steps=("fermer le DMP du patient, donner un document, faire avancer la file", "la faire avancer plus tard encore"),
    expected="l’envoi est refusé, avec la raison et un conseil ; le DMP n’est plus rien demandé",
    mend="ranger dans les refus ce que le service refuse durablement",
    film="un envoi vers un DMP fermé, et ce qui est dit",
    kinds=PLUGIN_KINDS,
)
def refused(bench: Bench) -> None:
    """Said once, and not tried again."""
    counter = Counter.opened(bench)
    number = published("ADRUN", "ZOE")["matricule"]
    bench.sandbox.dmp_patient(f"{number['numero']}{number['cle']}", status="closed")
    intent = counter.let_in()
    counter.runs()
    counter.expect_state(intent, "rejected")
    asked = len(operations(bench))
    counter.later()
    expect_equal(len(operations(bench)), asked, "demandes au DMP après son refus")
    expect_equal(taken(bench), [], "documents pris par un DMP fermé")


@checks(
    "dmp.outages.answer-lost",
    "REQ-06",
    "KIT-DMP-02",
    purpose="Quand la réponse se perd, le document est peut-être là : le renvoyer à l’aveugle en fait deux.",
    steps=(
        "faire prendre les doublons par le DMP, et perdre sa réponse une fois le document pris",
        "faire avancer la file jusqu’au bout",
    ),
    expected="le document est pris une seule fois ; l’envoi aboutit",
    mend="demander au registre ce qu’est devenu l’envoi avant tout nouvel essai",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def answer_lost(bench: Bench) -> None:
    """Found out, and not sent again."""
    counter = Counter.opened(bench)
    bench.sandbox.dmp_settings(duplicates="accept")
    bench.sandbox.fault("dmp", "answer_lost", operation=FEEDING, count=1)
    intent = counter.let_in()
    counter.runs()
    counter.later()
    counter.later()
    counter.expect_state(intent, "sent")
    expect_fed_once(bench, "réponse perdue")


@checks(
    "dmp.outages.not-arrived",
    "REQ-06",
    "KIT-DMP-02",
    purpose="L’autre moitié des réponses perdues : le document n’est jamais arrivé, et personne ne le dit.",
    steps=("couper la connexion avant que le DMP ne prenne le document", "faire avancer la file jusqu’au bout"),
    expected="le document est pris une seule fois ; l’envoi aboutit",
    mend="renvoyer ce que le registre ne connaît pas",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def not_arrived(bench: Bench) -> None:
    """Found out, and sent again."""
    counter = Counter.opened(bench)
    bench.sandbox.dmp_settings(duplicates="accept")
    bench.sandbox.fault("dmp", "reset", operation=FEEDING, count=1)
    intent = counter.let_in()
    counter.runs()
    counter.later()
    counter.later()
    counter.expect_state(intent, "sent")
    expect_fed_once(bench, "connexion coupée")


@checks(
    "dmp.outages.killed",
    "REQ-06",
    "KIT-DMP-02",
    purpose="Un reçu vaut promesse : ce qui a été accepté survit à la coupure de courant.",
    steps=(
        "donner un document sous une clé, le processus étant tué (SIGKILL) dès le reçu rendu ; le redonner de même",
        "faire avancer la file dans un processus tué à son tour, puis dans un dernier",
    ),
    expected="le même reçu, un seul envoi dans la liste, un seul document au registre",
    mend="rendre le reçu une fois l’intention sur le disque",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def killed(bench: Bench) -> None:
    """What was accepted is sent, once."""
    counter = Counter.opened(bench)
    bench.sandbox.dmp_settings(duplicates="accept")
    given = {"op": "verb", "name": "sending.send", "given": {"input": json.dumps(counter.draft()), "key": "essai-1"}}
    ran = {"op": "verb", "name": "outbox.run"}
    lives = counter.subject.ask("lives", lives=[[given], [given], [ran], [ran]])
    expect(lives.error is None, f"l’hôte ne s’ouvre plus après une coupure ({lives.error})")
    first, second, *_ = (answers[0] for answers in lives.value)
    expect(first["error"] is None and first["value"]["id"], f"envoi refusé ({first['error']})")
    expect(second["error"] is None, f"envoi redonné après une coupure : refusé ({second['error']})")
    expect_equal(second["value"]["id"], first["value"]["id"], "reçu de la même clé après une coupure")
    counter.later()
    counter.expect_state(first["value"]["id"], "sent")
    expect_fed_once(bench, "après des coupures")
    expect_equal(len(statuses(bench)), 1, "documents au registre")
