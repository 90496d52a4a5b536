"""A card that is pulled, silent or damaged: the whole of what it says, or a typed error."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet, TargetKind
from segur_conformance.checks.cps.commands import codes_presented, sent
from segur_conformance.checks.cps.holders import HOLDERS, PHARMACIST, PHYSICIAN, names_in, profession_in
from segur_conformance.checks.cps.judging import (
    CARD_CODES,
    PATIENCE_S,
    cps_reader,
    expect_no_session,
    expect_whole,
    inserted,
    knows_the_pin,
    pins_asked,
    read,
    session_ended,
    sign_in,
    signed_in,
)
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Answer, Subject

checks = CheckSet()

SPREAD: Final = 4
"""Commands among those of a reading: enough to meet each of its phases, few enough to be quick."""
SILENT_S: Final = 11.0
"""Longer than a reading may take."""


@checks(
    "cps.damage.mute-card",
    "CARD-03",
    purpose="Une carte muette n’arrête ni le comptoir ni les lectures suivantes.",
    steps=("insérer une carte qui cesse de répondre", "la lire", "lire la carte d’un autre dans l’autre lecteur"),
    expected="card.mute en dix secondes au plus, puis l’autre carte est lue",
    mend="ne pas recommencer après card.mute",
    film="la carte muette, le message, puis une lecture normale",
)
def mute_card(bench: Bench) -> None:
    """A card that falls silent is given up within the hook's deadline, and the next one is read."""
    event = inserted(bench, PHARMACIST)
    bench.sandbox.fault("cards", "delay", seconds=SILENT_S, operation=cps_reader(bench))
    subject = bench.start()
    answer = subject.call("on_card_read", event)
    expect(answer.value is None, "carte muette : un porteur est rendu")
    expect_equal(answer.failure, "card.mute", "carte muette")
    bench.sandbox.insert(cps_reader(bench), None)
    bench.sandbox.insert(bench.readers[0], PHYSICIAN)
    reading = read(subject, {"card": {"slot": bench.readers[0]}}, "carte lue après la carte muette")
    expect_whole(PHYSICIAN, reading, "carte lue après la carte muette")


@checks(
    "cps.damage.pulled-while-read",
    "CARD-02",
    purpose="Une carte retirée pendant sa lecture ne laisse rien derrière elle.",
    steps=(
        "lire une carte",
        "recommencer en la retirant à des moments différents",
        "lire chaque fois la carte d’un autre",
    ),
    expected="card.removed et aucun porteur ; puis l’autre carte, telle qu’elle est",
    mend="laisser passer CardError et confirmer la présence (ctx.cards.confirm) avant de rendre une lecture",
    film="la carte retirée pendant la lecture, puis une autre insérée",
)
def pulled_while_read(bench: Bench) -> None:
    """At whatever command a card goes, nothing of it is delivered, then or later."""
    subject = bench.start()
    for index in _moments(bench, PHYSICIAN, lambda event: read(subject, event, PHYSICIAN)):
        event = inserted(bench, PHYSICIAN)
        bench.sandbox.fault("cards", "reset", count=1, after=index)
        answer = subject.call("on_card_read", event)
        what = f"retrait à la commande {index + 1}"
        expect(answer.value is None, f"{what} : un porteur est rendu")
        expect_equal(answer.failure, "card.removed", what)
        expect_whole(
            PHARMACIST, read(subject, inserted(bench, PHARMACIST), "carte suivante"), f"{what}, carte suivante"
        )


@checks(
    "cps.damage.pulled-while-signing-in",
    "CARD-02",
    "CPS-06",
    purpose="Une carte retirée pendant l’ouverture de session n’en ouvre aucune.",
    steps=("retirer la carte à des moments différents de l’ouverture de session", "la remettre et recommencer"),
    expected="une erreur et pas de session ; au plus un code présenté par tentative ; puis la session",
    mend="laisser passer CardError ; ne rien réessayer soi-même",
    film="la carte retirée après la saisie du code",
    kinds=PLUGIN_KINDS,
)
def pulled_while_signing_in(bench: Bench) -> None:
    """A card that goes while somebody signs in opens nothing, and costs no second PIN."""
    subject = bench.start()

    def once(_: object) -> None:
        signed_in(subject, "session")
        subject.ask("logout")

    subject.ask("moves")
    earlier = ""
    for index in _moments(bench, PHARMACIST, once):
        earlier = earlier or _insertion(bench, subject)
        event = inserted(bench, PHARMACIST)
        # What is told of a card that went must not come when somebody has signed in with the next one.
        subject.ask("moves", gone=earlier, within_s=PATIENCE_S)
        read(subject, event, "carte remise")
        earlier = _insertion(bench, subject)
        before = len(sent(bench))
        bench.sandbox.fault("cards", "reset", count=1, after=index)
        knows_the_pin(subject)
        what = f"retrait à la commande {index + 1}"
        answer = sign_in(subject)
        if answer.error is not None:
            expect_no_session(bench, subject, answer, what)
        elif any(one["fault"] for one in bench.sandbox.exchanges("cards")[before:]):
            # A card that goes once its session is open ends it.
            expect(session_ended(subject), f"{what} : une session reste ouverte")
        bench.mend()
        subject.ask("logout")
        expect(len(pins_asked(subject)) <= 1, f"{what} : le code est demandé plusieurs fois")
        expect(codes_presented(sent(bench)[before:]) <= 1, f"{what} : le code est présenté plusieurs fois")
    inserted(bench, PHARMACIST)
    subject.ask("moves", gone=earlier, within_s=PATIENCE_S)
    signed_in(subject, "session après les retraits")


@checks(
    "cps.damage.hesitant-card",
    "CARD-06",
    "KIT-CPS-05",
    purpose="Une carte qui se trompe donne une lecture entière ou un échec, jamais un professionnel à moitié.",
    steps=(
        "faire échouer une commande de la lecture, par 6F00 puis par des octets sans sens",
        "à des moments différents",
    ),
    expected="le porteur entier, ou une erreur de carte",
    mend="refuser la lecture ; ne jamais compléter par du vide",
    film="rien à filmer : la panne est simulée",
)
def hesitant_card(bench: Bench) -> None:
    """Whatever one command answers, the reading is whole or it is none."""
    subject = bench.start()
    for index in _moments(bench, PHYSICIAN, lambda event: read(subject, event, PHYSICIAN)):
        for fault in ("error5xx", "garbage"):
            what = f"{fault} à la commande {index + 1}"
            begun = len(bench.sandbox.exchanges("cards"))
            event = inserted(bench, PHYSICIAN)
            bench.sandbox.fault("cards", fault, count=1, after=index)
            _expect_whole_or_none(bench, subject.call("on_card_read", event), what)
            bench.mend()
            # A card that was read is not asked again for what cannot change: other commands come first then.
            read(subject, event, f"lecture sans panne, après {what}")
            sent_so_far = bench.conversation(len(bench.sandbox.exchanges("cards")) - begun)
            bench.sandbox.fault("cards", fault, count=1, after=sent_so_far + index)
            _expect_whole_or_none(bench, subject.call("on_card_read", event), f"{what} d’une relecture")
            bench.mend()


def _moments(bench: Bench, card: str, go: Callable[[Mapping[str, Any]], object]) -> Iterator[int]:
    """Carry something out on a card, then give the numbers of commands at which it is to go wrong.

    In memory a conversation with a card lasts as long as it is connected, over PC/SC as long as it is there: the
    longest of them is what counts.
    """
    before = len(bench.sandbox.exchanges("cards"))
    go(inserted(bench, card))
    seen = Counter(one["connection"] for one in bench.sandbox.exchanges("cards")[before:])
    longest = max(seen.values())
    yield from sorted({round(part * (longest - 1) / (SPREAD - 1)) for part in range(SPREAD)})


def _insertion(bench: Bench, subject: Subject) -> str:
    """Return the number of the insertion that is in the professional's reader, as the host tells it."""
    slots = subject.ask("observe").value["slots"]
    return next(str(one["insertion"]) for one in slots if one["slot"] == cps_reader(bench))


def _expect_whole_or_none(bench: Bench, answer: Answer, what: str) -> None:
    if answer.value is None:
        # A card that says nothing of itself any more may as well be another's.
        own = (*CARD_CODES, "cps.") if bench.product.kind is TargetKind.HOST else (*CARD_CODES, f"{bench.plugin.id}.")
        well = answer.failure is None or answer.failure.startswith(own)
        expect(well, f"{what} : {answer.failure}, attendu une erreur de carte")
    else:
        holder = HOLDERS[PHYSICIAN]
        whole = (names_in(answer.value), profession_in(answer.value)) == (holder.names, holder.profession_and_type)
        expect(whole and len(answer.value["holder"]["certificates"]) == 2, f"{what} : une partie seulement est rendue")
