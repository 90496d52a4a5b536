"""What the browser comes back with: anybody can send it, so that nothing of it is believed too early."""

from typing import Any, Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import (
    expect_no_session,
    operations,
    sign_in,
    signed_in,
    started,
)
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

EXCHANGED: Final = "token:authorization_code"
FLOOD: Final = 1024 * 1024
TURNED_AWAY: Final = slice(1, 3)
"""Of the returns: those between the one of the first login and the right one."""
OK: Final = 200
_OTHER: Final = "un-autre-parfaitement-inconnu-de-ce-poste"
_REFUSAL: Final = {"with": {"error": "access_denied"}, "without": ["code"]}
"""Ends the login of whoever waits on for the right answer; so does its own error, of whoever does not."""


@checks(
    "psc.callback.state",
    "KIT-PSC-03",
    purpose="Un retour qui répond à une autre demande connecterait le poste au nom de quelqu’un d’autre.",
    steps=(
        "ouvrir une session, la fermer",
        "revenir avec un autre état, sans état, puis avec le retour de la première connexion ; puis refuser",
        "ouvrir de nouveau une session",
    ),
    expected="chaque fois une erreur en français, sans échanger de code ; la suivante s’ouvre",
    mend="comparer state en temps constant avant de lire quoi que ce soit d’autre",
    film="le retour du navigateur vers le logiciel",
    kinds=PLUGIN_KINDS,
)
def state(bench: Bench) -> None:
    """Another state, none, or that of an earlier login."""
    subject = _ready(bench)
    ways: dict[str, dict[str, Any]] = {
        "autre état": {"with": {"state": _OTHER}},
        "état vide": {"with": {"state": ""}},
        "sans état": {"without": ["state"]},
        "retour de la première connexion": {"again": 0},
    }
    for what, way in ways.items():
        _expect_not_exchanged(bench, subject, what, way, _REFUSAL)
    signed_in(bench, subject, "retour exact, après les autres")


@checks(
    "psc.callback.issuer",
    "KIT-PSC-03",
    purpose="Le retour dit de quelle autorité il vient (RFC 9207) : le code d’une autre n’est pas pour celle-ci.",
    steps=("ouvrir une session, la fermer", "revenir au nom d’un autre émetteur, puis d’aucun"),
    expected="chaque fois une erreur en français, sans échanger de code",
    mend="exiger iss, puisque le document l’annonce, et le comparer à l’émetteur",
    film="rien à filmer : Pro Santé Connect ne se trompe pas de nom",
    kinds=PLUGIN_KINDS,
)
def issuer(bench: Bench) -> None:
    """An answer of another authority, or of nobody."""
    subject = _ready(bench)
    _expect_not_exchanged(bench, subject, "autre émetteur", {"with": {"iss": "https://psc.exemple.invalid/auth"}})
    _expect_not_exchanged(bench, subject, "sans émetteur", {"without": ["iss"]})


@checks(
    "psc.callback.refused",
    "KIT-PSC-03",
    "S000-88",
    purpose="Qui refuse la connexion sur la page, ou la laisse, doit lire qu’elle a été refusée.",
    steps=("refuser sur la page de Pro Santé Connect", "ouvrir ensuite une session"),
    expected="une erreur qui dit que la connexion a été refusée, sans échanger de code ; la suivante s’ouvre",
    mend="rendre error=access_denied par une erreur qui lui est propre",
    film="le refus sur la page, et le message du logiciel",
    kinds=PLUGIN_KINDS,
)
def refused(bench: Bench) -> None:
    """Somebody who refuses is told that it was refused."""
    subject = _ready(bench)
    before = operations(bench).count(EXCHANGED)
    answer = sign_in(bench, subject, answer="refuse")
    expect_no_session(bench, subject, answer, "refus sur la page")
    expect("refus" in answer.said.lower(), "refus sur la page : l’erreur ne dit pas que la connexion a été refusée")
    expect_equal(operations(bench).count(EXCHANGED), before, "codes échangés")
    signed_in(bench, subject, "connexion après un refus")


@checks(
    "psc.callback.foreign-code",
    "KIT-PSC-03",
    purpose="Un code d’une autre demande, ou déjà employé, ne donne rien.",
    steps=(
        "ouvrir une session, la fermer",
        "revenir avec un code inventé, avec celui de la première connexion, avec un code détourné d’une autre demande",
    ),
    expected="chaque fois une erreur en français après un seul échange",
    mend="lier le code à la demande par PKCE et le nonce, et ne pas redemander un échange refusé",
    film="rien à filmer : Pro Santé Connect refuse lui-même ces codes",
    kinds=PLUGIN_KINDS,
)
def foreign_code(bench: Bench) -> None:
    """A code that was made up, that served, or that is another request's."""
    subject = _ready(bench)
    used = _codes(bench)[-1]
    # The second browser never brings its code back: it is good, and of another request.
    subject.ask("walks", way=[_REFUSAL])
    expect_no_session(bench, subject, sign_in(bench, subject), "demande abandonnée")
    ways = {"code inventé": _OTHER, "code déjà employé": used, "code d’une autre demande": _codes(bench)[-1]}
    for what, code in ways.items():
        before = operations(bench).count(EXCHANGED)
        subject.ask("walks", way=[{"with": {"code": code}}])
        expect_no_session(bench, subject, sign_in(bench, subject), what)
        expect_equal(operations(bench).count(EXCHANGED) - before, 1, f"{what}, échanges")


@checks(
    "psc.callback.flood",
    "KIT-PSC-03",
    purpose="Toute page et tout programme peuvent écrire à l’adresse de retour : cela n’empêche pas de se connecter.",
    steps=(
        "se connecter ; avant le retour, en envoyer un d’un mébioctet, puis un court avec un autre état",
        "envoyer le bon retour deux fois",
    ),
    expected="une session, une seule, après un seul échange",
    mend="borner ce que lit l’adresse de retour, y attendre state (Visit.go), ne prendre qu’une réponse",
    film="rien à filmer : les réponses sont dans les preuves",
    kinds=PLUGIN_KINDS,
)
def flood(bench: Bench) -> None:
    """A megabyte of query changes nothing, nor does an answer to another request, nor one that comes twice."""
    subject = _ready(bench)
    before = operations(bench).count(EXCHANGED)
    foreign = {"with": {"state": _OTHER, "code": _OTHER}}
    subject.ask("walks", way=[{"padding": FLOOD}, foreign, {}, {}])
    signed_in(bench, subject, "retour d’un mébioctet, puis d’un autre état, puis deux bons")
    turned_away = subject.ask("walked").value["answered"][TURNED_AWAY]
    expect(OK not in turned_away, "un retour d’un mébioctet, ou d’un autre état, est accepté")
    expect_equal(operations(bench).count(EXCHANGED) - before, 1, "codes échangés")


def _ready(bench: Bench) -> Subject:
    """Start the target, and make sure that everything is right as long as nothing is changed."""
    subject = started(bench)
    signed_in(bench, subject, "retour exact")
    subject.ask("logout")
    return subject


def _expect_not_exchanged(bench: Bench, subject: Subject, what: str, *way: dict[str, Any]) -> None:
    before = operations(bench).count(EXCHANGED)
    subject.ask("walks", way=way)
    expect_no_session(bench, subject, sign_in(bench, subject), what)
    expect_equal(operations(bench).count(EXCHANGED), before, f"{what}, codes échangés")


def _codes(bench: Bench) -> list[str]:
    """Return every authorization code that was given to the browser."""
    given = [one["answer"]["headers"].get("location", "") for one in bench.sandbox.exchanges("psc-login")]
    return [one.partition("code=")[2].partition("&")[0] for one in given if "code=" in one]
