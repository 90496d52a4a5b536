"""A session that a card holds: it ends with the card, and leaves nothing open behind it."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.cps.commands import codes_presented, sent
from segur_conformance.checks.cps.holders import PHARMACIST, PHYSICIAN, situations_in
from segur_conformance.checks.cps.judging import (
    PATIENCE_S,
    audited,
    cps_reader,
    inserted,
    pins_asked,
    read,
    session_ended,
    session_of,
    signed_in,
    taking_turns,
)
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

DAYS_LEFT: Final = 20
ENDED: Final = "session.ended"


@checks(
    "cps.session.card-removed",
    "CPS-06",
    "PERF",
    purpose="Qui s’en va avec sa carte ferme sa session : personne ne travaille à sa place.",
    steps=("ouvrir une session", "retirer la carte", "la remettre", "ouvrir une session"),
    expected="la session s’arrête, sa durée d’arrêt relevée, et ne revient pas avec la carte ; le code est redemandé",
    mend="rendre dans Authenticated le lecteur de la carte : l’hôte suit son retrait",
    film="la carte retirée et la session qui se ferme",
    kinds=PLUGIN_KINDS,
)
def card_removed(bench: Bench) -> None:
    """The session ends at once with its card, and stays so when the card is back."""
    subject, _ = _in_session(bench)
    removed = time.perf_counter()
    bench.sandbox.insert(cps_reader(bench), None)
    ended = session_ended(subject)
    bench.record.tell("measure", {"ended_after_ms": (time.perf_counter() - removed) * 1000})
    expect(ended, f"la session est toujours ouverte {PATIENCE_S:.0f} s après le retrait de la carte")
    expect_equal(_reasons(subject), ["card_removed"], "fins de session notées à l’audit")
    reading = read(subject, inserted(bench, PHARMACIST), "carte remise")
    expect_equal(situations_in(reading), None, "situations de la carte remise")
    expect_equal(session_of(subject), None, "session après la remise de la carte")
    signed_in(subject, "seconde session")
    expect_equal(len(pins_asked(subject)), 1, "codes demandés pour la seconde session")


@checks(
    "cps.session.other-card-removed",
    "CPS-06",
    purpose="La session tient à une carte : le départ d’une autre ne la ferme pas.",
    steps=("ouvrir une session", "insérer puis retirer une carte Vitale dans l’autre lecteur"),
    expected="la session reste ouverte",
    mend="rendre dans Authenticated le lecteur de la carte, et celui-là",
    film="une carte Vitale retirée pendant la session",
    kinds=PLUGIN_KINDS,
)
def other_card_removed(bench: Bench) -> None:
    """A card in the other reader comes and goes without ending the session."""
    subject, found = _in_session(bench)
    subject.ask("moves")
    for told, card in ((2, "family"), (3, None)):
        bench.sandbox.insert(bench.readers[0], card)
        subject.ask("moves", count=told, within_s=PATIENCE_S)
    expect_equal((session_of(subject) or {}).get("session"), found["session"], "session")


@checks(
    "cps.session.logout",
    "CPS-06",
    purpose="Une session fermée ne laisse pas la carte ouverte au suivant.",
    steps=("ouvrir une session", "la fermer, la carte restant en place", "lire la carte, puis ouvrir une session"),
    expected="la partie privée de la carte n’est plus lisible, et le code est redemandé",
    mend="rendre dans Authenticated le numéro de série de la carte : l’hôte la verrouille",
    film="la fermeture puis la réouverture avec saisie du code",
    kinds=PLUGIN_KINDS,
)
def logout(bench: Bench) -> None:
    """After a logout the card is locked again."""
    subject, _ = _in_session(bench)
    event = {"card": {"slot": cps_reader(bench)}}
    expect(situations_in(read(subject, event, "carte en session")), "la partie privée de la carte ne se lit pas")
    subject.ask("logout")
    expect_equal(_reasons(subject), ["logout"], "fins de session notées à l’audit")
    expect_equal(situations_in(read(subject, event, "carte après la fermeture")), None, "situations après la fermeture")
    before = codes_presented(sent(bench))
    signed_in(subject, "seconde session")
    asked = (len(pins_asked(subject)), codes_presented(sent(bench)) - before)
    expect_equal(asked, (1, 1), "codes demandés et présentés pour la seconde session")


@checks(
    "cps.session.next-professional",
    "CPS-04",
    "CPS-06",
    purpose="Au changement de professionnel, rien du premier ne passe au second.",
    steps=("ouvrir une session", "échanger la carte contre celle d’un autre", "ouvrir sa session"),
    expected="l’acteur et les situations de la carte présente",
    mend="ne rien garder d’une session à l’autre",
    film="deux professionnels l’un après l’autre",
    kinds=PLUGIN_KINDS,
)
def next_professional(bench: Bench) -> None:
    """Nothing of one professional passes to the next."""
    subject = bench.start()
    turns = taking_turns(bench, subject, PHARMACIST, PHYSICIAN)
    first, second = (signed_in(subject, card) for card, _ in turns)
    ended = _reasons(subject)
    expect_equal(ended, ["card_removed"], "fins de session notées à l’audit")
    expect(first["actor"]["rpps"] != second["actor"]["rpps"], "le second a le RPPS du premier")
    expect(first["actor"]["name"] != second["actor"]["name"], "le second a le nom du premier")
    shared = {one["id"] for one in first["exercices"]} & {one["id"] for one in second["exercices"]}
    expect(not shared, "le second a des situations du premier")


@checks(
    "cps.session.ends-soon",
    "KIT-CPS-04",
    purpose="Une carte se renouvelle en plusieurs semaines : son porteur est prévenu avant qu’elle ne serve plus.",
    steps=("ouvrir une session loin du terme de la carte, puis vingt jours avant",),
    expected="aucun avertissement, puis un, qui dit la date",
    mend="comparer la fin des certificats à ctx.clock dans on_session_login",
    film="l’avertissement à l’ouverture de session",
    kinds=PLUGIN_KINDS,
)
def ends_soon(bench: Bench) -> None:
    """Somebody whose card soon ends is told."""
    event = inserted(bench, PHARMACIST)
    subject = bench.start()
    ends = datetime.fromisoformat(read(subject, event, "carte")["holder"]["valid_until"])
    expect_equal(_warned(signed_in(subject, "loin du terme")), [], "avertissements loin du terme")
    subject.ask("logout")
    subject.ask("clock", step_s=(ends - timedelta(days=DAYS_LEFT) - datetime.now(UTC)).total_seconds())
    texts = _warned(signed_in(subject, "vingt jours avant le terme"))
    told = [text for text in texts if f"{ends:%d/%m/%Y}" in text]
    expect(told, "vingt jours avant le terme : aucun avertissement ne dit la date")


def _in_session(bench: Bench) -> tuple[Subject, dict[str, Any]]:
    """Start the target with a card and open a session by it; return what ``signed_in`` does as well."""
    inserted(bench, PHARMACIST)
    subject = bench.start()
    return subject, signed_in(subject, "première session")


def _reasons(subject: Subject) -> list[str]:
    """Return why sessions ended, as the audit has it."""
    return [one["facts"].partition('"reason":"')[2].partition('"')[0] for one in audited(subject, ENDED)]


def _warned(found: dict[str, Any]) -> list[str]:
    return [notice["text"] for one in found["contributions"] for notice in one["warnings"]]
