"""The files of a card, whatever their form: the right data or an error, never a part of a patient."""

from collections.abc import Iterator
from typing import Final

import attrs

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.vitale.card_content import (
    ANTHONY,
    DOMINIQUE,
    RUTH,
    TOUSSAINT,
    ZOE,
    identity_file,
    number_file,
)
from segur_conformance.checks.vitale.judging import (
    expect_refused,
    expect_whole_or_none,
    read_named,
    read_own,
    reading_in,
    seen,
    written,
)
from segur_conformance.checks.vitale.own_reader import OwnReader
from segur_conformance.checks.vitale.virtual_card import BLOCK, IDENTITIES, NUMBERS, VirtualCard
from segur_conformance.runner.bench import Bench, expect

checks = CheckSet()

CROWD: Final = (DOMINIQUE, TOUSSAINT, ANTHONY, RUTH, ZOE)
MOST_PEOPLE: Final = 19
STEP: Final = 3
"""Bytes between two cuts: every object of a beneficiary is cut, within its head or within its value."""
MOST_COMMANDS: Final = 2_000
"""A reading of the longest card takes about twenty; a program that goes on beyond this does so for ever."""
BY_HAND: Final = bytes.fromhex(
    "7F210B 5F370400112233 5F380100"  # a certificate, before everybody: tags of two bytes, inside and outside
    "6522 8005414452554E 81035A4F45 82083139373531323331 5F200400000000 9003323530"  # ADRUN ZOE 19751231
    "7F4903 5F2000"
    "660D 80083230323030313031 C10154"
)
"""An identity file written down byte by byte."""
BEYOND_END: Final = bytes.fromhex("6522 8005414452554E 81035A4F45 82083139373531323331 5F207F00000000 9003323530")
"""The same person; the object 5F20 claims to be longer than the file."""


@checks(
    "vitale.files.status-words",
    "CARD-06",
    purpose="Selon le lecteur, une carte annonce sa réponse par 61xx ou demande une autre longueur par 6Cxx.",
    steps=(
        "lire les cartes « status-61 » et « status-6c »",
        "lire de même une carte aux fichiers de plus de 256 octets, puis d’exactement 256 octets",
    ),
    expected="les mêmes personnes qu’avec une réponse directe",
    mend="suivre 61xx de GET RESPONSE, refaire la commande avec la longueur de 6Cxx, 00 valant 256",
    film="rien à filmer : le lecteur est simulé",
    kinds=PLUGIN_KINDS,
)
def status_words(bench: Bench) -> None:
    """What a card says by ``61xx`` and ``6Cxx`` does not show in what is read."""
    exact = BLOCK - len(identity_file(CROWD[:3], padding=0))
    with OwnReader() as reader:
        subject = bench.start(**reader.beside(bench.sandbox))
        for named in ("status-61", "status-6c"):
            found = seen(read_named(bench, subject, named))
            expect(found == written([ZOE]), f"carte « {named} » : ce n’est pas la personne attendue")
        for habit in ("61", "6C"):
            for what, people, padding in (("plus de 256 octets", CROWD * 2, 16), ("256 octets", CROWD[:3], exact)):
                card = VirtualCard(identity_file(people, padding=padding), number_file(people), habit=habit)
                reading = reading_in(read_own(subject, reader, card), f"{habit}xx, {what}")
                expect(seen(reading) == written(people), f"{habit}xx, {what} : les personnes lues sont autres")


@checks(
    "vitale.files.long-files",
    "CARD-06",
    "CARD-07",
    purpose="Une carte familiale porte jusqu’à dix-neuf personnes, dans des fichiers de plusieurs blocs.",
    steps=("lire la carte « nineteen »", "lire des fichiers de 255 à 257 octets et de plusieurs blocs"),
    expected="toutes les personnes, dans l’ordre de la carte",
    mend="lire chaque fichier jusqu’à sa fin, bloc après bloc",
    film="la liste de dix-neuf bénéficiaires",
    kinds=PLUGIN_KINDS,
)
def long_files(bench: Bench) -> None:
    """Files end where the card says so, not where a block ends."""
    with OwnReader() as reader:
        subject = bench.start(**reader.beside(bench.sandbox))
        everybody = seen(read_named(bench, subject, "nineteen"))
        places = [one[0] for one in everybody]
        expect(places == [*range(1, MOST_PEOPLE + 1)], "carte « nineteen » : il manque quelqu’un")
        expect(everybody[2][1:3] == (DOMINIQUE.nom, DOMINIQUE.prenom), "carte « nineteen » : l’ordre n’est pas gardé")
        for size in (BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 2 * BLOCK + 1):
            people = CROWD if size > BLOCK + 1 else CROWD[:3]
            padding = size - len(identity_file(people, padding=0))
            card = VirtualCard(identity_file(people, padding=padding), number_file(people))
            reading = reading_in(read_own(subject, reader, card), f"fichier de {size} octets")
            expect(seen(reading) == written(people), f"fichier de {size} octets : les personnes lues sont autres")
        crowd = (CROWD * 4)[:MOST_PEOPLE]
        reading = reading_in(read_own(subject, reader, VirtualCard.of(*crowd)), "dix-neuf bénéficiaires")
        expect(seen(reading) == written(crowd), "dix-neuf bénéficiaires : les personnes lues sont autres")


@checks(
    "vitale.files.tags-and-padding",
    "CARD-06",
    purpose="Les fichiers portent d’autres objets et se terminent par des zéros : rien de cela n’est un bénéficiaire.",
    steps=(
        "lire un fichier écrit octet par octet, avec des étiquettes de deux octets dedans et dehors",
        "lire des fichiers sans remplissage, avec un zéro, avec plus d’un bloc de zéros",
        "lire des noms complétés par des espaces ou des zéros",
    ),
    expected="la personne, ses noms sans remplissage, et personne d’autre",
    mend="lire le BER-TLV entier (ISO 7816-4) et passer ce qui n’est pas connu",
    film="rien à filmer : les octets sont dans les preuves",
    kinds=PLUGIN_KINDS,
)
def tags_and_padding(bench: Bench) -> None:
    """Other objects and padding change nothing."""
    padded = attrs.evolve(ZOE, nom="ADRUN     ", prenom="ZOE\x00\x00")
    cards = {
        "étiquettes de deux octets": VirtualCard(BY_HAND, number_file([ZOE])),
        "étiquettes de deux octets, puis zéros": VirtualCard(BY_HAND + bytes(40), number_file([ZOE], padding=0)),
        "noms complétés": VirtualCard.of(padded),
    } | {
        f"{padding} octets de remplissage": VirtualCard(identity_file([ZOE], "T", padding), number_file([ZOE], padding))
        for padding in (0, 1, 300)
    }
    with OwnReader() as reader:
        subject = bench.start(**reader.tables)
        for what, card in cards.items():
            reading = reading_in(read_own(subject, reader, card), what)
            expect(seen(reading) == written([ZOE]), f"{what} : ce n’est pas la personne attendue")


@checks(
    "vitale.files.unreadable",
    "CARD-06",
    "KIT-VITALE-04",
    purpose="Un fichier abîmé ou protégé ne donne jamais une partie d’un patient, ni une partie d’une famille.",
    steps=(
        "couper chaque fichier d’une carte à deux bénéficiaires tout au long du second",
        "présenter des fichiers de zéros, effacés, protégés, ou dont un objet dépasse la fin",
        "lire la carte « truncated »",
    ),
    expected="une erreur de carte et aucune personne ; l’erreur nomme l’étiquette de l’objet qui dépasse",
    mend="lire les fichiers entiers avant d’en rendre quoi que ce soit",
    film="une carte illisible et son message",
    kinds=PLUGIN_KINDS,
)
def unreadable(bench: Bench) -> None:
    """Damaged files give nobody at all."""
    reader_of_sandbox = bench.readers[0]
    bench.sandbox.insert(reader_of_sandbox, "truncated")
    answer = bench.start().call("on_card_read", {"card": {"slot": reader_of_sandbox}})
    expect_refused(answer, "carte « truncated »")
    with OwnReader() as reader:
        subject = bench.start(**reader.tables)
        for what, card in _damaged():
            answer = read_own(subject, reader, card)
            expect_refused(answer, what)
        answer = read_own(subject, reader, VirtualCard(BEYOND_END, number_file([ZOE])))
        expect_refused(answer, "objet qui dépasse la fin")
        expect("5F20" in str(answer.outcomes), "objet qui dépasse la fin : l’erreur ne nomme pas l’étiquette 5F20")


def _damaged() -> Iterator[tuple[str, VirtualCard]]:
    people = (ZOE, TOUSSAINT)
    identities, numbers = identity_file(people, padding=0), number_file(people, padding=0)
    # What follows the last beneficiary may go without anybody being lost.
    for length in range(identities.rindex(ZOE.identity) + len(ZOE.identity), identities.rindex(b"\x66\x0d"), STEP):
        yield f"identités coupées à {length} octets", VirtualCard(identities[:length], numbers)
    for length in range(len(ZOE.number), len(numbers), STEP):
        yield f"numéros coupés à {length} octets", VirtualCard(identities, numbers[:length])
    for what, content in (("de zéros", bytes(BLOCK)), ("vierge", b"\x04\x00" + bytes(62)), ("effacé", b"\xff" * 64)):
        yield f"fichier d’identités {what}", VirtualCard(content, numbers)
        yield f"fichier de numéros {what}", VirtualCard(identities, content)
    for what, file in (("identités", IDENTITIES), ("numéros", NUMBERS)):
        yield f"fichier protégé : {what}", VirtualCard.of(*people, protected=frozenset({file}))
    for what, person in (
        ("nom vide", attrs.evolve(TOUSSAINT, nom="")),
        ("prénom vide", attrs.evolve(TOUSSAINT, prenom="   ")),
        ("date vide", attrs.evolve(TOUSSAINT, date="")),
        ("date sans sa forme", attrs.evolve(TOUSSAINT, date="01/01/60")),
        ("deux noms", attrs.evolve(TOUSSAINT, extra=b"\x80\x02AB")),
        ("numéro sans sa forme", attrs.evolve(TOUSSAINT, nir="16001")),
    ):
        yield what, VirtualCard.of(ZOE, person)


@checks(
    "vitale.files.endless",
    "CARD-03",
    "CARD-06",
    purpose="Une carte qui annonce toujours une suite ne retient pas le comptoir.",
    steps=("présenter des cartes qui répondent sans fin 61xx ou 6Cxx, ou dont un fichier ne finit jamais",),
    expected="une lecture entière ou une erreur de carte, en deux mille commandes au plus",
    mend="borner chaque boucle : suites, longueurs, taille des fichiers",
    film="rien à filmer : la carte est simulée",
    kinds=PLUGIN_KINDS,
)
def endless(bench: Bench) -> None:
    """Every loop of a reader has an end."""
    cards = {f"toujours {answer}": bytes.fromhex(answer) for answer in ("6110", "AA6101", "6C10", "9000")}
    sick = {what: VirtualCard.of(ZOE, always=answer) for what, answer in cards.items()} | {
        f"fichier sans fin : {what}": VirtualCard.of(ZOE, endless=frozenset({file}))
        for what, file in (("identités", IDENTITIES), ("numéros", NUMBERS))
    }
    with OwnReader() as reader:
        subject = bench.start(**reader.tables)
        for what, card in sick.items():
            expect_whole_or_none(read_own(subject, reader, card), [ZOE], what)
            expect(len(card.commands) <= MOST_COMMANDS, f"{what} : {len(card.commands)} commandes, sans fin en vue")
