"""The ID token: everything that makes it this authority's, for this software, of this login (OIDC Core 3.1.3.7)."""

import json
import time
from typing import Any, Final

import attrs

from segur_conformance.authority.between import Change, Members, Seal, Wrong
from segur_conformance.authority.seals import sealed_with_public_key, signer, unsigned, with_other_claims
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import (
    between,
    expect_each_refused,
    expect_no_session,
    sign_in,
    signed_in,
    started,
    started_at,
)
from segur_conformance.runner.bench import Bench, expect

checks = CheckSet()

HOUR_S: Final = 3600
MOST_LEEWAY_S: Final = 300
"""What a relying party may allow between two clocks; beyond, a date is wrong."""
STRANGER: Final = "un-autre-logiciel"
_STEPS: Final = (
    "ouvrir une session à travers une autorité intermédiaire, qui signe de nouveau chaque jeton",
    "recommencer avec un jeton auquel une seule chose manque, ou ne convient pas",
)
_EXPECTED: Final = "une session, puis chaque fois une erreur en français et pas de session"
_FILM: Final = "rien à filmer : Pro Santé Connect ne donne pas de tels jetons"


@checks(
    "psc.id-token.signature",
    "KIT-PSC-04",
    purpose="Sans signature vérifiée, n’importe qui peut écrire n’importe quel jeton.",
    steps=_STEPS,
    expected=_EXPECTED,
    mend="vérifier la signature avec la clef publiée que nomme le jeton",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def signature(bench: Bench) -> None:
    """A changed payload, a stranger's key under the right name, half a signature."""
    expect_each_refused(
        bench,
        {
            "contenu changé après la signature": _sealed(
                lambda claims, by: with_other_claims(by.sign(claims), lu=True)
            ),
            "signé par la clef d’un autre": _sealed(
                lambda claims, by: attrs.evolve(signer("clef-d-un-autre"), kid=by.kid).sign(claims)
            ),
            "signature coupée": _sealed(lambda claims, by: by.sign(claims)[:-40]),
        },
    )


@checks(
    "psc.id-token.algorithm",
    "KIT-PSC-04",
    purpose="Un jeton ne choisit pas comment il est vérifié : alg none et HS256 sont des ruses connues (RFC 8725).",
    steps=_STEPS,
    expected=_EXPECTED,
    mend="n’accepter que les algorithmes attendus (RS256), jamais celui que le jeton propose",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def algorithm(bench: Bench) -> None:
    """Nobody signed it, or the public key serves as a shared secret."""
    expect_each_refused(
        bench,
        {
            "sans signature (alg none)": _sealed(lambda claims, _: unsigned(claims)),
            "scellé avec la clef publique (HS256)": _sealed(sealed_with_public_key),
        },
    )


@checks(
    "psc.id-token.key",
    "KIT-PSC-04",
    purpose="Le jeton nomme sa clef ; une clef qui n’est pas publiée n’est pas de Pro Santé Connect.",
    steps=(*_STEPS, "relever les lectures des clefs"),
    expected=f"{_EXPECTED} ; les clefs sont relues une fois au plus par connexion",
    mend="chercher la clef par kid, relire les clefs une fois, puis refuser",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def key(bench: Bench) -> None:
    """A key that is not published, even after they were read again; or none where there are several."""
    other = signer("clef-d-un-autre")
    cases = {
        "clef inconnue": _sealed(lambda claims, _: other.sign(claims)),
        "sans nom de clef, parmi deux": Wrong(
            keys=lambda keys: {"keys": [*keys["keys"], other.jwk]}, seal=lambda claims, by: by.sign(claims, kid=None)
        ),
    }
    with between(bench) as authority:
        for what, wrong in cases.items():
            subject = started_at(bench, authority)
            authority.wrong = attrs.evolve(wrong, seal=None)
            signed_in(bench, subject, f"{what}, sans cette faute")
            subject.ask("logout")
            authority.wrong = wrong
            authority.heard.clear()
            expect_no_session(bench, subject, sign_in(bench, subject), what)
            expect(authority.heard.count("certs") <= 1, f"{what} : les clefs sont relues plus d’une fois")


@checks(
    "psc.id-token.rotation",
    "KIT-PSC-04",
    purpose="Pro Santé Connect change de clef sans prévenir : personne ne doit s’en apercevoir au comptoir.",
    steps=("ouvrir une session, la fermer", "changer la clef de Pro Santé Connect, retirer l’ancienne", "recommencer"),
    expected="deux sessions",
    mend="relire les clefs quand un jeton en nomme une inconnue",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def rotation(bench: Bench) -> None:
    """A new key is found."""
    subject = started(bench)
    signed_in(bench, subject, "première clef")
    subject.ask("logout")
    bench.sandbox.rotate_psc_keys(retire=True)
    signed_in(bench, subject, "clef nouvelle")


@checks(
    "psc.id-token.issuer",
    "KIT-PSC-04",
    purpose="Un jeton d’un autre émetteur parle d’une autre personne, même bien signé.",
    steps=_STEPS,
    expected=_EXPECTED,
    mend="comparer iss à l’émetteur, caractère par caractère",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def issuer(bench: Bench) -> None:
    """Another issuer, none, or one that only begins like it."""
    expect_each_refused(
        bench,
        {
            "autre émetteur": _claims(iss="https://psc.exemple.invalid/auth/realms/esante-wallet"),
            "émetteur qui commence pareil": Wrong(claims=lambda claims: claims | {"iss": claims["iss"] + "-bis"}),
            "sans émetteur": _without("iss"),
        },
    )


@checks(
    "psc.id-token.audience",
    "KIT-PSC-04",
    purpose="Un jeton fait pour un autre logiciel, rejoué ici, ouvrirait une session.",
    steps=_STEPS,
    expected=_EXPECTED,
    mend="exiger client_id dans aud ; azp est client_id s’il est là, et il est là si aud en nomme plusieurs",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def audience(bench: Bench) -> None:
    """For somebody else, or also for somebody else without leave."""
    expect_each_refused(
        bench,
        {
            "pour un autre logiciel": Wrong(claims=lambda claims: _but(claims, "azp") | {"aud": STRANGER}),
            "sans destinataire": _without("aud"),
            "pour plusieurs, sans dire qui l’a demandé": Wrong(
                claims=lambda claims: _but(claims, "azp") | {"aud": [claims["aud"], STRANGER]}
            ),
            "demandé par un autre logiciel": _claims(azp=STRANGER),
        },
    )


@checks(
    "psc.id-token.times",
    "KIT-PSC-04",
    purpose="Un jeton ancien a pu être volé ; un jeton à venir n’a pas pu être donné.",
    steps=_STEPS,
    expected=f"{_EXPECTED}, au-delà de cinq minutes d’écart entre les horloges",
    mend="vérifier exp et iat, avec une tolérance bornée",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def times(bench: Bench) -> None:
    """Over, not begun, or without a date."""
    past, coming = time.time() - HOUR_S, time.time() + HOUR_S
    expect_each_refused(
        bench,
        {
            "expiré": _claims(exp=int(past), iat=int(past) - 60, auth_time=int(past) - 60),
            "sans fin": _without("exp"),
            "fin qui n’est pas une date": _claims(exp="demain"),
            "donné dans une heure": _claims(iat=int(coming), exp=int(coming) + 60),
            "sans date": _without("iat"),
        },
    )


@checks(
    "psc.id-token.nonce",
    "KIT-PSC-04",
    purpose="Le nonce lie le jeton à cette demande : celui d’une autre connexion n’ouvre rien.",
    steps=_STEPS,
    expected=_EXPECTED,
    mend="comparer nonce à celui de la demande",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def nonce(bench: Bench) -> None:
    """That of another login, or none."""
    with between(bench) as authority:
        subject = started_at(bench, authority)
        signed_in(bench, subject, "nonce exact")
        subject.ask("logout")
        for what, wrong in {
            "nonce d’une autre connexion": _claims(nonce=authority.issued[0]["nonce"]),
            "sans nonce": _without("nonce"),
        }.items():
            authority.wrong = wrong
            expect_no_session(bench, subject, sign_in(bench, subject), what)
        authority.wrong = Wrong()
        signed_in(bench, subject, "nonce exact, après les autres")


@checks(
    "psc.id-token.level",
    "EX PSC 16",
    "REQ-10",
    purpose="Le niveau demandé doit être celui obtenu : moins que eidas1 n’ouvre pas de session.",
    steps=_STEPS,
    expected=_EXPECTED,
    mend="exiger acr égal à eidas1",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def level(bench: Bench) -> None:
    """Another level, several, or none."""
    expect_each_refused(
        bench,
        {
            "niveau moindre": _claims(acr="eidas0"),
            "niveau chiffré": _claims(acr="1"),
            "liste de niveaux": _claims(acr=["eidas1"]),
            "sans niveau": _without("acr"),
        },
    )


@checks(
    "psc.id-token.access-token",
    "KIT-PSC-04",
    purpose="Un jeton d’accès échangé en route est celui de quelqu’un d’autre (at_hash, OIDC Core 3.1.3.8).",
    steps=_STEPS,
    expected=_EXPECTED,
    mend="comparer at_hash, quand il est là, au condensé du jeton d’accès",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def access_token(bench: Bench) -> None:
    """The hash of another access token."""
    expect_each_refused(bench, {"condensé d’un autre jeton": _claims(at_hash="AAAAAAAAAAAAAAAAAAAAAA")})


@checks(
    "psc.id-token.subject",
    "KIT-PSC-04",
    purpose="Un jeton qui ne dit pas de qui il parle ne connecte personne.",
    steps=_STEPS,
    expected=_EXPECTED,
    mend="exiger un sub qui soit un texte",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def subject(bench: Bench) -> None:
    """No subject, or one that is none; the userinfo says the same."""
    expect_each_refused(
        bench,
        {
            "sans sujet": Wrong(claims=_dropped("sub"), userinfo=_dropped("sub")),
            "sujet vide": Wrong(claims=_set(sub=""), userinfo=_set(sub="")),
            "sujet qui n’est pas un texte": Wrong(claims=_set(sub=12), userinfo=_set(sub=12)),
        },
    )


@checks(
    "psc.id-token.form",
    "KIT-PSC-04",
    purpose="Un jeton que deux lecteurs peuvent comprendre différemment n’est pas un jeton.",
    steps=_STEPS,
    expected=_EXPECTED,
    mend="lire le JSON strictement : un objet, aucun nom deux fois ; refuser une réponse sans jeton",
    film=_FILM,
    kinds=PLUGIN_KINDS,
)
def form(bench: Bench) -> None:
    """No JWT, no object, a name that stands twice, or no token at all."""
    expect_each_refused(
        bench,
        {
            "texte quelconque": _sealed(lambda _claims, _by: "un jeton qui n'en est pas un"),
            "contenu qui n’est pas un objet": _sealed(lambda claims, by: by.sign_text(json.dumps([claims]))),
            "niveau écrit deux fois": _sealed(
                lambda claims, by: by.sign_text(json.dumps(claims).replace('"acr"', '"acr": "eidas0", "acr"'))
            ),
            "réponse sans jeton": Wrong(grant=_dropped("id_token")),
        },
    )


def _sealed(seal: Seal) -> Wrong:
    return Wrong(seal=seal)


def _set(**claims: Any) -> Change:
    return lambda members: members | claims


def _claims(**claims: Any) -> Wrong:
    return Wrong(claims=_set(**claims))


def _but(members: Members, name: str) -> Members:
    return {key: value for key, value in members.items() if key != name}


def _dropped(name: str) -> Change:
    return lambda members: _but(members, name)


def _without(name: str) -> Wrong:
    return Wrong(claims=_dropped(name))
