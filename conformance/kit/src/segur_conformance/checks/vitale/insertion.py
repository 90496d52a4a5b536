"""A card that is pulled, swapped, silent or hesitant: the whole of the card that is there, or a typed error."""

import itertools
from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.vitale.card_content import ANTHONY, FAMILY, ZOE
from segur_conformance.checks.vitale.judging import (
    expect_refused,
    expect_whole_or_none,
    read_own,
    reading_in,
    seen,
    written,
)
from segur_conformance.checks.vitale.own_reader import OwnReader
from segur_conformance.checks.vitale.virtual_card import VirtualCard
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

HICCUP: Final = b"\x6f\x00"


@checks(
    "vitale.insertion.pulled-at-each-command",
    "CARD-02",
    purpose="Une carte retirée pendant la lecture ne laisse rien derrière elle, à quelque moment que ce soit.",
    steps=(
        "lire deux cartes tour à tour et compter les commandes",
        "recommencer en retirant la carte à chacune d’elles",
        "insérer chaque fois l’autre carte et la lire",
    ),
    expected="card.removed et aucune donnée ; puis l’autre carte, entière, sans rien de la première",
    mend="ne rien garder d’une lecture interrompue et laisser passer CardError",
    film="la carte retirée pendant la lecture, puis une autre insérée",
)
def pulled_at_each_command(bench: Bench) -> None:
    """At whatever command a card goes, nothing of it is delivered, then or later."""
    reader = bench.readers[0]
    event = {"card": {"slot": reader}}
    subject = bench.start()
    cards = itertools.cycle((("family", FAMILY), ("single", (ZOE,))))
    index, commands, what = 0, 1, "aucun retrait"
    while index < commands:
        card, people = next(cards)
        before = len(bench.sandbox.exchanges("cards"))
        bench.sandbox.insert(reader, card)
        reading = reading_in(subject.call("on_card_read", event), f"carte suivante, après {what}")
        expect(seen(reading) == written(people), f"{what} : la carte suivante n’est pas lue telle qu’elle est")
        sent = len(bench.sandbox.exchanges("cards")) - before
        commands = max(commands, sent)
        if index < sent:
            what = f"retrait à la commande {index + 1}"
            bench.sandbox.fault("cards", "reset", count=1, after=bench.conversation(sent) + index)
            expect_refused(subject.call("on_card_read", event), what, "card.removed")
        index += 1


@checks(
    "vitale.insertion.mute-card",
    "CARD-03",
    purpose="Une carte muette n’arrête ni le comptoir ni les lectures suivantes.",
    steps=("insérer la carte « unreadable », qui ne répond plus après son ATR", "la lire", "lire une autre carte"),
    expected="card.mute en dix secondes au plus, puis l’autre carte est lue",
    mend="ne pas recommencer après card.mute ; les autres incidents seuls méritent un nouvel essai",
    film="la carte muette, le message, puis une lecture normale",
)
def mute_card(bench: Bench) -> None:
    """A card that falls silent is given up within the hook's deadline, and the next one is read."""
    first, second = bench.readers
    bench.sandbox.insert(first, "unreadable")
    bench.sandbox.insert(second, "single")
    subject = bench.start()
    answer = subject.call("on_card_read", {"card": {"slot": first}})
    expect_refused(answer, "carte muette", "card.mute")
    reading = reading_in(subject.call("on_card_read", {"card": {"slot": second}}), "carte lue après la carte muette")
    expect(seen(reading) == written([ZOE]), "la carte lue après la carte muette n’est pas celle du lecteur")


@checks(
    "vitale.insertion.read-each-time",
    "CARD-05",
    purpose="Deux cartes Vitale ont souvent le même ATR : chaque insertion se lit, aucune ne se devine.",
    steps=("lire « single », puis « family », puis de nouveau « single », dans le même lecteur",),
    expected="à chaque fois les personnes de la carte présente, lues sur elle, sous une insertion nouvelle",
    mend="ne rien garder d’une lecture à l’autre, surtout pas par ATR",
    film="deux cartes insérées l’une après l’autre",
)
def read_each_time(bench: Bench) -> None:
    """A swap between two cards with one ATR is seen, and the same card is read again."""
    reader = bench.readers[0]
    subject = bench.start()
    insertions = []
    for card, people in (("single", (ZOE,)), ("family", FAMILY), ("single", (ZOE,))):
        bench.sandbox.insert(reader, card)
        before = len(bench.sandbox.exchanges("cards"))
        reading = reading_in(subject.call("on_card_read", {"card": {"slot": reader}}), f"carte « {card} »")
        expect(seen(reading) == written(people), f"carte « {card} » : les personnes d’une autre carte sont rendues")
        expect(len(bench.sandbox.exchanges("cards")) > before, f"carte « {card} » : rendue sans avoir été lue")
        insertions.append((reading["presence"] or {}).get("insertion"))
    expect(None not in insertions and len(set(insertions)) == len(insertions), "deux insertions portent le même numéro")


@checks(
    "vitale.insertion.swapped-meanwhile",
    "CARD-05",
    "KIT-VITALE-03",
    purpose="Une lecture demandée pour une insertion ne rend jamais la carte qui l’a remplacée.",
    steps=(
        "faire échouer une commande de la lecture",
        "remplacer au même instant la carte par une autre de même ATR",
        "recommencer à chaque commande",
    ),
    expected="une erreur, ou la première carte entière ; jamais les personnes de la seconde",
    mend="ouvrir la carte par ctx.cards.open(event.card), y compris pour un nouvel essai",
    film="rien à filmer : l’échange de cartes est trop bref",
    kinds=PLUGIN_KINDS,
)
def swapped_meanwhile(bench: Bench) -> None:
    """A second try is bound to the insertion of the first."""
    with OwnReader() as reader:
        subject = bench.start(**reader.tables)
        whole = VirtualCard.of(ZOE)
        reading_in(read_own(subject, reader, whole), "carte d’une assurée")
        for index in range(len(whole.commands)):
            reader.swap_after(index, VirtualCard.of(ANTHONY))
            answer = read_own(subject, reader, VirtualCard.of(ZOE, instead={index: HICCUP}))
            what = f"carte échangée à la commande {index + 1}"
            # A reader that does not try again says what it met; a refusal of an optional command spoils nothing.
            theirs = answer.value is None or seen(answer.value) == written([ZOE])
            expect(theirs, f"{what} : la seconde carte est rendue pour la première")


@checks(
    "vitale.insertion.hesitant-reader",
    "CARD-06",
    purpose="Un lecteur qui hésite donne une lecture entière ou un échec, jamais un patient sans son numéro.",
    steps=(
        "faire échouer une seule fois chaque commande de la lecture, par 6F00 puis par des octets sans sens",
        "recommencer avec une panne qui dure",
    ),
    expected="les mêmes personnes que sans panne, ou une erreur de carte",
    mend="recommencer la lecture depuis le début, ou la refuser ; ne jamais compléter par du vide",
    film="rien à filmer : la panne est simulée",
)
def hesitant_reader(bench: Bench) -> None:
    """Whatever one command answers, the reading is whole or it is none."""
    reader = bench.readers[0]
    event = {"card": {"slot": reader}}
    subject = bench.start()
    bench.sandbox.insert(reader, "family")
    reading_in(subject.call("on_card_read", event), "carte « family »")
    for index in range(len(bench.sandbox.exchanges("cards"))):
        for fault, limits in (("error5xx", {"count": 1}), ("garbage", {"count": 1}), ("error5xx", {})):
            sent = len(bench.sandbox.exchanges("cards"))
            bench.sandbox.fault("cards", fault, after=bench.conversation(sent) + index, **limits)
            what = f"{fault} à la commande {index + 1}"
            expect_whole_or_none(subject.call("on_card_read", event), FAMILY, what)
            bench.mend()


@checks(
    "vitale.insertion.left-as-found",
    "CARD-11",
    purpose="Entre deux lectures la carte est libre : un autre programme du poste peut s’en servir.",
    steps=("lire une carte, puis une carte illisible", "observer le lecteur après chaque lecture"),
    expected="la carte est rendue après remise à zéro, que la lecture ait réussi ou non, et se relit aussitôt",
    mend="ouvrir la carte dans un bloc with et n’en garder le canal nulle part",
    film="rien à filmer : la remise à zéro est dans les preuves",
    kinds=PLUGIN_KINDS,
)
def left_as_found(bench: Bench) -> None:
    """After a reading, well or not, the card was reset and given back."""
    sound = VirtualCard.of(ZOE)
    with OwnReader() as reader:
        subject = bench.start(**reader.tables)
        for what, card in (("lecture réussie", sound), ("lecture échouée", VirtualCard(bytes(64), sound.numbers))):
            answer = read_own(subject, reader, card)
            expect_equal(answer.value is None, card is not sound, f"{what}, absence de lecture")
            # Asked for on the same line, after it: what the reader was told during the reading has arrived.
            subject.ask("observe")
            # The last conversation is an empty one: the card was powered down or reset after the last command.
            expect(not card.sessions[-1], f"{what} : la carte n’a pas été rendue")
        again = reading_in(read_own(subject, reader, sound), "relecture aussitôt après")
        expect(seen(again) == written([ZOE]), "la relecture ne rend pas la même personne")
