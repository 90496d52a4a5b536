"""The *code porteur*: asked once, tried once, kept nowhere."""

import re
from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.cps.commands import codes_presented, sent
from segur_conformance.checks.cps.holders import LOCKED, PHARMACIST, PHARMACIST_CPS3
from segur_conformance.checks.cps.judging import (
    PIN,
    WRONG,
    expect_no_session,
    expect_refused_at_once,
    inserted,
    knows_the_pin,
    pins_asked,
    sign_in,
    signed_in,
)
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

TRIES: Final = 3
ANOTHER_WRONG: Final = "73915826"
"""Nothing that a card of professionals would take: it need not be presented to leave traces."""


@checks(
    "cps.code.asked-once",
    "CPS-02",
    purpose="Le code se tape une fois, à l’abri des regards, et la carte ne le reçoit qu’une fois.",
    steps=("ouvrir une session", "compter les questions et les codes présentés à la carte"),
    expected="une question, secrète, et un code présenté",
    mend="un seul unlock par ouverture de session",
    film="la saisie masquée du code",
    kinds=PLUGIN_KINDS,
)
def asked_once(bench: Bench) -> None:
    """One question, one verification."""
    for card in (PHARMACIST, PHARMACIST_CPS3):
        inserted(bench, card)
        subject = bench.start()
        before = codes_presented(sent(bench))
        signed_in(subject, card)
        asked = pins_asked(subject)
        expect_equal([one["secret"] for one in asked], [True], f"{card}, questions secrètes")
        expect_equal(codes_presented(sent(bench)) - before, 1, f"{card}, codes présentés à la carte")


@checks(
    "cps.code.wrong",
    "CPS-02",
    purpose="Un code faux coûte un essai à son porteur : il n’est jamais réessayé, et ce qui reste est dit.",
    steps=("taper un code faux", "compter les codes présentés et lire l’erreur", "taper le bon"),
    expected="token.pin_wrong et deux essais restants ; un seul code présenté ; puis la session",
    mend="laisser passer l’erreur de unlock sans recommencer",
    film="le code faux et le nombre d’essais restants",
    kinds=PLUGIN_KINDS,
)
def wrong(bench: Bench) -> None:
    """A wrong PIN is tried once, and the tries left are told."""
    inserted(bench, PHARMACIST)
    subject = bench.start()
    knows_the_pin(subject, WRONG)
    answer = sign_in(subject)
    expect_no_session(bench, subject, answer, "code faux", "token.pin_wrong")
    expect(re.search(r"\b2\b", answer.said), "l’erreur ne dit pas combien d’essais restent")
    expect_equal(len(pins_asked(subject)), 1, "codes demandés")
    expect_equal(codes_presented(sent(bench)), 1, "codes présentés à la carte")
    signed_in(subject, "bon code après un code faux")


@checks(
    "cps.code.last-try",
    "CPS-02",
    purpose="Au dernier essai, une erreur bloque la carte : son porteur le sait avant de taper.",
    steps=("taper deux codes faux", "lire la question suivante", "taper un troisième code faux", "recommencer"),
    expected="la troisième question prévient, et elle seule ; puis la carte est bloquée et ne reçoit plus rien",
    mend="rien dans le module : c’est l’hôte qui pose la question, d’après les essais que dit le pilote",
    film="l’avertissement du dernier essai",
    kinds=PLUGIN_KINDS,
)
def last_try(bench: Bench) -> None:
    """The last try is announced before it is made, and nothing follows it."""
    inserted(bench, PHARMACIST)
    subject = bench.start()
    for attempt in range(1, TRIES + 1):
        knows_the_pin(subject, WRONG)
        answer = sign_in(subject)
        expected = "token.pin_locked" if attempt == TRIES else "token.pin_wrong"
        expect_no_session(bench, subject, answer, f"code faux n° {attempt}", expected)
        warned = ["dernier" in one["text"].lower() for one in pins_asked(subject)]
        expect_equal(warned, [attempt == TRIES], f"avertissement avant l’essai n° {attempt}")
    knows_the_pin(subject)
    expect_no_session(bench, subject, sign_in(subject), "bon code, trop tard", "token.pin_locked")
    expect_equal(len(pins_asked(subject)), 0, "codes demandés pour une carte bloquée")
    expect_equal(codes_presented(sent(bench)), TRIES, "codes présentés à la carte")


@checks(
    "cps.code.locked",
    "CPS-02",
    purpose="Une carte bloquée se dit bloquée ; lui présenter un code ne servirait à rien.",
    steps=("insérer une carte bloquée", "ouvrir une session"),
    expected="token.pin_locked, qui le dit en français ; aucun code demandé ni présenté",
    mend="laisser passer l’erreur de unlock",
    film="le message d’une carte bloquée",
    kinds=PLUGIN_KINDS,
)
def locked(bench: Bench) -> None:
    """A locked card gets nothing."""
    inserted(bench, LOCKED)
    subject = bench.start()
    answer = expect_refused_at_once(bench, subject, "carte bloquée", "token.pin_locked")
    expect("bloqu" in answer.said, "l’erreur ne dit pas que la carte est bloquée")


@checks(
    "cps.code.unanswered",
    "CPS-02",
    purpose="Sans réponse, ou avec une réponse qui n’est pas un code, la carte ne perd pas d’essai.",
    steps=("ne rien répondre", "répondre autre chose que des chiffres, puis trop de chiffres"),
    expected="une erreur, aucun code présenté à la carte",
    mend="ne rien envoyer qui n’a pas la forme d’un code",
    film="la saisie abandonnée",
    kinds=PLUGIN_KINDS,
)
def unanswered(bench: Bench) -> None:
    """No answer, and unfitting ones, cost no try."""
    inserted(bench, PHARMACIST)
    subject = bench.start()
    for what, typed in (("aucune réponse", None), ("des lettres", "abcd"), ("trop de chiffres", ANOTHER_WRONG)):
        knows_the_pin(subject, typed)
        answer = sign_in(subject)
        expect_no_session(bench, subject, answer, what, "input.no_answer", "token.pin_format")
    expect_equal(codes_presented(sent(bench)), 0, "codes présentés à la carte")


@checks(
    "cps.code.nowhere",
    "CPS-02",
    "KIT-CPS-02",
    purpose="Le code passe de la personne à la carte, et ne reste nulle part.",
    steps=(
        "taper un code faux, un code qui n’en est pas un, puis le bon",
        "les chercher dans les réponses, l’audit, les sorties, les fichiers et ce que reçoivent les autres processus",
    ),
    expected="on ne les trouve nulle part",
    mend="ne jamais mettre un code dans un fait d’erreur, une note d’audit, un fichier ou un argument",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def nowhere(bench: Bench) -> None:
    """No PIN that was typed is found anywhere afterwards."""
    inserted(bench, PHARMACIST)
    subject = bench.start()
    for typed in (WRONG, ANOTHER_WRONG, PIN):
        knows_the_pin(subject, typed)
        sign_in(subject)
    patterns = [_apart(one) for one in (WRONG, PIN)] + [ANOTHER_WRONG]
    patterns += [one.encode().hex() for one in (WRONG, PIN, ANOTHER_WRONG)]
    places = subject.ask("traces", patterns=patterns).value
    expect(not places, f"un code tapé se retrouve dans {', '.join(places)}")
    answered = [line["content"] for line in bench.record.dialogue if line["direction"] == "answer"]
    said = repr([*answered, subject.ask("observe").value])
    printed = bench.record.printed.get(bench.record.check, b"").decode("utf-8", "replace")
    for where, text in (("une réponse ou l’audit", said), ("ce qui est écrit sur les sorties", printed)):
        expect(not re.search("|".join(patterns), text), f"un code tapé se retrouve dans {where}")


def _apart(digits: str) -> str:
    """Match digits that stand for themselves, not in the middle of a number or of an identifier."""
    return rf"(?<![0-9A-Za-z-]){digits}(?![0-9A-Za-z-])"
