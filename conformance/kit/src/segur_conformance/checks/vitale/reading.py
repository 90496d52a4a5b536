"""Which card lies where: a carte Vitale is read whole, anything else is left alone or named."""

from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.vitale.card_content import DOMINIQUE, FAMILY, ZOE
from segur_conformance.checks.vitale.judging import (
    expect_left_to_others,
    expect_refused,
    read_named,
    read_own,
    reading_in,
    seen,
    written,
)
from segur_conformance.checks.vitale.own_reader import OwnReader
from segur_conformance.checks.vitale.virtual_card import (
    DIRECTORY,
    IDENTITIES,
    NUMBERS,
    POINTERS,
    SERIAL,
    VirtualCard,
)
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

NOT_VITALE: Final = {
    "une carte CPS3": "3BAC00402A001225006480000310009000",
    "une carte CPS4": "3B9B188001001225006480040100009044",
    "une carte d’un autre émetteur": "3B6500002063CB6600",
    "une carte sans application VITALE": "3B751300004409EA9000",
}
"""Answers to reset of cards that a counter meets. The last is that of a Vitale 2: an ATR is a hint, never a proof."""
VITALE_1: Final = "3F6525002C09F99000"
READING: Final = frozenset({0xA4, 0xB0, 0xC0})
"""SELECT, READ BINARY, GET RESPONSE."""
NEEDED: Final = frozenset({DIRECTORY, SERIAL, IDENTITIES, POINTERS, NUMBERS})
MOST_COMMANDS: Final = 24
"""Public readers of real cards need four, this project's ten; more than that is a reading that drags on."""


@checks(
    "vitale.reading.whole-card",
    "S000-11",
    "SC.INS/va1.34",
    purpose="La carte Vitale physique est la première voie de recherche de l’INS : sa lecture doit être complète.",
    steps=("insérer la carte « single »", "demander sa lecture"),
    expected="une lecture de la famille vitale, prise dans ce lecteur, avec nom, prénom, date et NIR de l’assurée",
    mend="rendre un CardReading complet : family, provenance, presence et un Beneficiary par personne",
    film="la carte insérée et l’identité qui s’affiche",
)
def whole_card(bench: Bench) -> None:
    """One person on one card: everything that the card holds of her."""
    reading = read_named(bench, bench.start(), "single")
    expect(seen(reading) == written([ZOE]), "la personne lue n’est pas celle de la carte")
    (person,) = reading["beneficiaries"]
    expect_equal((person["date_naissance"], person["flags"]), (ZOE.birth_date, []), "date complète et remarques")
    expect_equal(reading["family"], "vitale", "famille de carte")
    expect_equal(reading["provenance"], "apdu", "provenance")
    expect_equal((reading["presence"] or {}).get("slot"), bench.readers[0], "insertion qui a été lue")


@checks(
    "vitale.reading.absent-card",
    "CARD-01",
    purpose="Un lecteur vide ou débranché se dit, il ne fait pas échouer le logiciel.",
    steps=("retirer la carte du lecteur", "demander sa lecture", "recommencer sans aucun lecteur"),
    expected="l’erreur typée card.absent, puis card.reader_unavailable, et aucune lecture",
    mend="laisser l’hôte ouvrir la carte (ctx.cards.open) et ne pas intercepter CardError",
    film="le lecteur vide, puis débranché, et le message affiché au comptoir",
    kinds=PLUGIN_KINDS,
)
def absent_card(bench: Bench) -> None:
    """An empty reader and a missing one are named as such."""
    reader = bench.readers[0]
    event = {"card": {"slot": reader}}
    bench.sandbox.insert(reader, None)
    expect_refused(bench.start().call("on_card_read", event), "lecteur vide", "card.absent")
    unplugged = bench.start_unplugged()
    expect_refused(unplugged.call("on_card_read", event), "aucun lecteur", "card.reader_unavailable", "card.no_reader")


@checks(
    "vitale.reading.either-slot",
    "CARD-01",
    purpose="Dans un lecteur à deux fentes, la carte Vitale peut être dans l’une ou dans l’autre.",
    steps=(
        "insérer la carte « single » et une carte étrangère, dans un ordre puis dans l’autre",
        "lire les deux fentes",
        "insérer une carte Vitale dans chaque fente et les lire",
    ),
    expected="chaque fente donne sa propre carte ; la carte étrangère est laissée aux autres modules",
    mend="ne lire que l’insertion reçue dans l’événement",
    film="les deux ordres de cartes, lus l’un après l’autre",
)
def either_slot(bench: Bench) -> None:
    """The slot that was asked for is the one that is read."""
    for vitale, other in (bench.readers, bench.readers[::-1]):
        bench.sandbox.insert(vitale, "single")
        bench.sandbox.insert(other, "unknown-atr")
        subject = bench.start()
        expect_left_to_others(subject.call("on_card_read", {"card": {"slot": other}}), f"carte étrangère, {other}")
        reading = reading_in(subject.call("on_card_read", {"card": {"slot": vitale}}), f"carte Vitale, {vitale}")
        expect(seen(reading) == written([ZOE]), f"{vitale} : la personne lue n’est pas celle de la carte")
        bench.sandbox.insert(other, "family")
        reading = reading_in(subject.call("on_card_read", {"card": {"slot": other}}), f"seconde carte Vitale, {other}")
        expect(seen(reading) == written(FAMILY), f"{other} : les personnes lues sont celles de l’autre fente")


@checks(
    "vitale.reading.other-cards",
    "CARD-01",
    purpose="Une carte de professionnel dans le lecteur du patient n’est ni lue comme une Vitale, ni bloquée.",
    steps=(
        "présenter une CPS3, une CPS4, une carte d’un autre émetteur, une carte sans application VITALE",
        "présenter une carte Vitale 1",
    ),
    expected="aucune lecture et aucune erreur pour les premières ; card.vitale1 pour la dernière",
    mend="rendre None pour une carte qui n’est pas une Vitale ; juger d’après l’application, pas d’après l’ATR seul",
    film="une CPS dans le lecteur du patient",
    kinds=PLUGIN_KINDS,
)
def other_cards(bench: Bench) -> None:
    """What is not a carte Vitale 2 is left to other plugins, and a Vitale 1 is named."""
    with OwnReader() as reader:
        subject = bench.start(**reader.tables)
        for what, atr in NOT_VITALE.items():
            card = VirtualCard.of(ZOE, atr=atr, is_vitale=False)
            expect_left_to_others(read_own(subject, reader, card), what)
        first = VirtualCard.of(ZOE, atr=VITALE_1, is_vitale=False)
        expect_refused(read_own(subject, reader, first), "carte Vitale 1", "card.vitale1")


@checks(
    "vitale.reading.commands",
    "PERF",
    "KIT-VITALE-01",
    purpose="Lire une carte Vitale ne demande ni code, ni écriture, ni les fichiers de droits.",
    steps=("lire une carte à trois bénéficiaires", "examiner chaque commande reçue par la carte et relever la durée"),
    expected="des SELECT, READ BINARY et GET RESPONSE seulement, sur les fichiers d’identité, vingt-quatre au plus",
    mend="s’en tenir aux fichiers d’identité et de numéros, au numéro de série et aux fichiers qui y mènent",
    film="rien à filmer : la liste des commandes est dans les preuves",
    kinds=PLUGIN_KINDS,
)
def commands(bench: Bench) -> None:
    """Only what is needed is read, nothing is presented or written; the duration is recorded, not judged."""
    card = VirtualCard.of(*FAMILY)
    with OwnReader(card) as reader:
        answer = bench.start(**reader.tables).call("on_card_read", reader.event)
    reading_in(answer, "carte à trois bénéficiaires")
    sent = card.commands
    bench.record.tell(
        "measure", {"commands": len(sent), "duration_ms": [one.get("duration_ms") for one in answer.outcomes]}
    )
    other = sorted(
        {f"{command[0]:02X} {command[1]:02X}" for command in sent if command[0] or command[1] not in READING}
    )
    expect(not other, f"commandes qui ne lisent pas : {', '.join(other)}")
    needless = sorted(f"{file:04X}" for file in card.visited - NEEDED)
    expect(not needless, f"fichiers lus sans besoin : {', '.join(needless)}")
    expect(len(sent) <= MOST_COMMANDS, f"{len(sent)} commandes pour une lecture")


@checks(
    "vitale.reading.failure-texts",
    "CARD-01",
    "KIT-VITALE-02",
    purpose="Un échec de lecture s’explique en français à l’utilisateur, sans rien répéter de la carte.",
    steps=("présenter des cartes illisibles de plusieurs façons", "lire le texte de chaque erreur"),
    expected="un message, une cause et une action ; ni nom, ni prénom, ni date, ni numéro",
    mend="lever CardError avec un code connu et des faits qui ne sont ni noms ni valeurs lues",
    film="un message d’échec à l’écran",
    kinds=PLUGIN_KINDS,
)
def failure_texts(bench: Bench) -> None:
    """Typed errors with their French texts, and nothing of what was read in them."""
    whole = VirtualCard.of(DOMINIQUE)
    cut = whole.identities[: whole.identities.index(b"1997") + 3]
    sick = {
        "fichier coupé": VirtualCard(cut, whole.numbers),
        "numéro sans sa forme": VirtualCard(whole.identities, whole.numbers.replace(b"A", b"X")),
        "date sans sa forme": VirtualCard(whole.identities.replace(b"19970226", b"26/02/97"), whole.numbers),
        "nom illisible": VirtualCard(whole.identities.replace(b"ADRTROIS", b"ADRTRO\x07S"), whole.numbers),
        "fichier protégé": VirtualCard.of(DOMINIQUE, protected=frozenset({NUMBERS})),
    }
    with OwnReader() as reader:
        subject = bench.start(**reader.tables)
        for what, card in sick.items():
            answer = read_own(subject, reader, card)
            expect_refused(answer, what)
            (outcome,) = [one for one in answer.outcomes if one.get("error")]
            texts = [str(outcome["error"].get(part) or "") for part in ("message", "cause", "action")]
            expect(all(texts), f"{what} : il manque le message, la cause ou l’action")
            said = " ".join(texts)
            told = [one for one in ("ADRTR", "DOMINIQUE", "1997", "26/02", "020778", "ADRTRO") if one in said]
            expect(not told, f"{what} : l’erreur répète ce que la carte porte")
