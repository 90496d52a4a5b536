"""A login on the professional's own device (CIBA): what he compares, how often it is asked, and when it ends."""

import re
from typing import Any, Final
from urllib.parse import parse_qsl

from segur_conformance.authority.between import AuthorityBetween, Change, Wrong
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import (
    between,
    expect_no_session,
    sign_in,
    signed_in,
    started,
    started_at,
)
from segur_conformance.checks.psc.people import ON_TELEPHONE, PEOPLE, TITULAIRE
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

REQUESTED: Final = "ciba"
POLLED: Final = "token:ciba"
TIMES: Final = 5
INTERVAL_S: Final = 7
DEFAULT_INTERVAL_S: Final = 5
"""When the authority gives none (CIBA Core, 7.3)."""
SLOWER_S: Final = 5
"""What ``slow_down`` adds (CIBA Core, 11)."""
LASTS_S: Final = 40
ROUNDING_S: Final = 0.5
_PENDING: Final = {"error": "authorization_pending"}
_MESSAGE: Final = re.compile(r"[0-9]{2}")
_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{2}(?![0-9])")


@checks(
    "psc.ciba.request",
    "KIT-PSC-06",
    "SC.PSC.01",
    purpose="La demande dit qui se connecte, à quel niveau, et sur lequel de ses appareils.",
    steps=("se connecter par CIBA, avec l’e-CPS puis avec la carte", "relever les demandes"),
    expected="scope openid scope_all, acr_values eidas1, login_hint, channel MOBILE puis CARD, deux chiffres",
    mend="reprendre la table des paramètres de la demande CIBA",
    film="la connexion par e-CPS",
    kinds=PLUGIN_KINDS,
)
def request(bench: Bench) -> None:
    """Every parameter of the request."""
    subject = started(bench)
    for device in ("MOBILE", "CARD"):
        signed_in(bench, subject, f"CIBA, {device}", **{**ON_TELEPHONE, "device": device})
        subject.ask("logout")
        form = _forms(bench, REQUESTED)[-1]
        expect({"openid", "scope_all"} <= set(form.get("scope", "").split()), f"{device} : scope n’est pas le bon")
        expect_equal(form.get("acr_values"), "eidas1", f"{device}, acr_values")
        expect_equal(form.get("login_hint"), PEOPLE[TITULAIRE].national_id, f"{device}, login_hint")
        expect_equal(form.get("channel"), device, "channel")
        expect(_MESSAGE.fullmatch(form.get("binding_message", "")), f"{device} : binding_message n’a pas deux chiffres")


@checks(
    "psc.ciba.compared",
    "KIT-PSC-06",
    "R16",
    purpose="Le nombre que le professionnel compare l’empêche d’accepter la demande d’un autre.",
    steps=("se connecter cinq fois par CIBA", "comparer ce qui est montré et ce qui est demandé"),
    expected="le nombre montré est celui de la demande, et il change",
    mend="le tirer au hasard pour chaque demande et le montrer par ctx.show",
    film="le même nombre sur l’écran et sur le téléphone",
    kinds=PLUGIN_KINDS,
)
def compared(bench: Bench) -> None:
    """What is shown is what the device shows, and it is drawn each time."""
    subject = started(bench)
    for _ in range(TIMES):
        signed_in(bench, subject, "CIBA", **ON_TELEPHONE)
        subject.ask("logout")
    asked = [one.get("binding_message") for one in _forms(bench, REQUESTED)]
    shown = [_NUMBER.findall(f"{one['text']} {one['action'] or ''}") for one in subject.ask("shown").value]
    expect_equal(shown, [[one] for one in asked], "nombres montrés, un par demande")
    expect(len(set(asked)) > 1, "le nombre est le même à chaque connexion")


@checks(
    "psc.ciba.pace",
    "KIT-PSC-06",
    purpose="Demander trop souvent fait refuser la demande, et gêne tous les autres.",
    steps=(
        "se connecter par CIBA, avec un rythme donné par l’autorité, puis sans rythme",
        "répondre d’abord authorization_pending, slow_down, authorization_pending",
    ),
    expected="le rythme demandé, cinq secondes de plus après slow_down, cinq secondes quand rien n’est dit",
    mend="attendre interval avant chaque demande, l’allonger de 5 s à slow_down",
    film="rien à filmer : le rythme est dans les preuves",
    kinds=PLUGIN_KINDS,
)
def pace(bench: Bench) -> None:
    """The interval that was asked for, longer after ``slow_down``, five seconds when none is given."""
    answers = [_PENDING, {"error": "slow_down"}, _PENDING]
    with between(bench) as authority:
        subject = started_at(bench, authority)
        for what, interval, given in (
            ("rythme donné", INTERVAL_S, {"interval": INTERVAL_S}),
            ("rythme tu", DEFAULT_INTERVAL_S, {}),
        ):
            authority.wrong = Wrong(ciba=_paced(given))
            authority.polls, authority.polled = list(answers), 0
            signed_in(bench, subject, what, **ON_TELEPHONE)
            subject.ask("logout")
            # Two polls before ``slow_down`` is heard, two after.
            least = 2 * interval + 2 * (interval + SLOWER_S)
            waited = subject.ask("waited").value
            expect_equal(authority.polled, len(answers) + 1, f"{what}, demandes")
            enough = waited >= least - ROUNDING_S
            expect(enough, f"{what} : {waited:.0f} s d’attente pour quatre demandes, {least} au moins")


@checks(
    "psc.ciba.never-answered",
    "KIT-PSC-06",
    purpose="Un téléphone resté dans la poche ne retient pas le comptoir.",
    steps=("se connecter par CIBA, sans que personne réponde",),
    expected="une erreur en français au terme de la demande, sans rien demander ensuite",
    mend="compter le temps depuis la demande et s’arrêter à expires_in",
    film="la demande sans réponse et son message",
    kinds=PLUGIN_KINDS,
)
def never_answered(bench: Bench) -> None:
    """It ends when the request does."""
    with between(bench) as authority:
        subject = _well(bench, authority)
        authority.wrong = Wrong(ciba=lambda told: told | {"expires_in": LASTS_S, "interval": DEFAULT_INTERVAL_S})
        authority.polls, authority.polled = [_PENDING] * 1000, 0
        expect_no_session(bench, subject, sign_in(bench, subject, **ON_TELEPHONE), "aucune réponse")
        waited = subject.ask("waited").value
        expect(waited <= LASTS_S + DEFAULT_INTERVAL_S, f"aucune réponse : {waited:.0f} s d’attente, {LASTS_S} permises")
        expect(authority.polled <= LASTS_S // DEFAULT_INTERVAL_S, "aucune réponse : demandé après le terme")


@checks(
    "psc.ciba.over",
    "KIT-PSC-06",
    purpose="Une demande refusée, expirée ou inconnue est finie : insister ne sert à rien, ou pire.",
    steps=("se connecter par CIBA, en répondant access_denied, expired_token, invalid_grant, transaction_failed",),
    expected="chaque fois une erreur en français après une seule demande",
    mend="s’arrêter à toute réponse autre que authorization_pending et slow_down",
    film="le refus sur le téléphone et son message",
    kinds=PLUGIN_KINDS,
)
def over(bench: Bench) -> None:
    """Nothing is asked after a final answer."""
    with between(bench) as authority:
        subject = _well(bench, authority)
        for error in ("access_denied", "expired_token", "invalid_grant", "transaction_failed"):
            authority.polls, authority.polled = [{"error": error}], 0
            expect_no_session(bench, subject, sign_in(bench, subject, **ON_TELEPHONE), error)
            expect_equal(authority.polled, 1, f"{error}, demandes")


@checks(
    "psc.ciba.given-up",
    "KIT-PSC-06",
    purpose="Qui a changé d’avis n’attend pas son téléphone.",
    steps=("se connecter par CIBA, et abandonner quand le nombre s’affiche",),
    expected="input.cancelled, sans rien demander ensuite ; la connexion suivante s’ouvre",
    mend="attendre par ctx.wait et laisser passer l’abandon",
    film="l’abandon d’une connexion",
    kinds=PLUGIN_KINDS,
)
def given_up(bench: Bench) -> None:
    """Giving up ends it at once."""
    subject = started(bench)
    answer = sign_in(bench, subject, **ON_TELEPHONE, gives_up_at="*")
    expect_no_session(bench, subject, answer, "abandon", "input.cancelled")
    expect_equal(len(_forms(bench, POLLED)), 0, "demandes après l’abandon")
    signed_in(bench, subject, "connexion après un abandon", **ON_TELEPHONE)


def _well(bench: Bench, authority: AuthorityBetween) -> Subject:
    """Start the target, and make sure that somebody signs in when everything is right."""
    subject = started_at(bench, authority)
    signed_in(bench, subject, "réponse exacte", **ON_TELEPHONE)
    subject.ask("logout")
    return subject


def _paced(given: dict[str, Any]) -> Change:
    return lambda told: {name: value for name, value in told.items() if name != "interval"} | given


def _forms(bench: Bench, operation: str) -> list[dict[str, str]]:
    found = [one for one in bench.sandbox.exchanges("psc") if one["operation"] == operation]
    return [dict(parse_qsl(one["request"]["body"])) for one in found]
