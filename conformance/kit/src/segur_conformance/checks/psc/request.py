"""What the browser is sent away with: the level, the return address, values that serve once, and no secret."""

import base64
import hashlib
import re
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import signed_in, started
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

TIMES: Final = 3
LEAST: Final = 22
"""Characters of base64url that hold 128 bits."""
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_SECRET: Final = frozenset(
    {"client_secret", "code_verifier", "client_assertion", "access_token", "id_token_hint", "refresh_token"}
)


@checks(
    "psc.request.level",
    "EX PSC 16",
    "SC.PSC.08",
    purpose="Le niveau eidas1 est exigé : sans lui, Pro Santé Connect pourrait se contenter de moins.",
    steps=("ouvrir une session", "relever l’adresse ouverte dans le navigateur"),
    expected="acr_values=eidas1, une fois",
    mend="ajouter acr_values=eidas1 à la demande d’autorisation (et non acr)",
    film="rien à filmer : l’adresse est dans les preuves",
    kinds=PLUGIN_KINDS,
)
def level(bench: Bench) -> None:
    """The level is asked for."""
    expect_equal(_asked(bench, started(bench)).get("acr_values"), "eidas1", "acr_values")


@checks(
    "psc.request.parameters",
    "SC.PSC.01",
    "KIT-PSC-02",
    purpose="La demande dit qui la fait, ce qu’elle veut savoir, et revient à une adresse enregistrée de ce poste.",
    steps=("ouvrir une session", "relever l’adresse ouverte dans le navigateur, puis l’échange du code"),
    expected="un code, openid et scope_all, un client_id et un redirect_uri enregistrés, le même dans l’échange",
    mend="demander un code, avec scope=openid scope_all et Visit.redirect_uri tel quel",
    film="rien à filmer : l’adresse est dans les preuves",
    kinds=PLUGIN_KINDS,
)
def parameters(bench: Bench) -> None:
    """A code, with both scopes, for the client that is registered, at an address that is."""
    asked = _asked(bench, started(bench))
    known = {one["client_id"]: one["redirect_uris"] for one in bench.sandbox.psc_now()["clients"]}
    expect_equal(asked.get("response_type"), "code", "response_type")
    expect({"openid", "scope_all"} <= set(asked.get("scope", "").split()), "scope ne contient pas openid et scope_all")
    expect(asked.get("client_id") in known, "client_id n’est pas celui d’un logiciel enregistré")
    registered = known[asked["client_id"]]
    expect(asked.get("redirect_uri") in registered, "redirect_uri n’est pas une adresse enregistrée")
    expect_equal(_form(_grants(bench)[-1]).get("redirect_uri"), asked["redirect_uri"], "redirect_uri de l’échange")


@checks(
    "psc.request.one-time",
    "KIT-PSC-02",
    purpose="État et nonce lient la réponse à cette demande : devinés ou réemployés, ils ne lient plus rien.",
    steps=("ouvrir trois sessions l’une après l’autre", "comparer leurs états et leurs nonces"),
    expected="des valeurs d’au moins 128 bits, toutes différentes",
    mend="les tirer de secrets.token_urlsafe(32) à chaque demande",
    film="rien à filmer : les valeurs sont dans les preuves",
    kinds=PLUGIN_KINDS,
)
def one_time(bench: Bench) -> None:
    """State and nonce are long, and never come again."""
    drawn = [one.get(name, "") for one in _several(bench) for name in ("state", "nonce")]
    expect(all(len(one) >= LEAST and len(set(one)) > LEAST / 4 for one in drawn), "un état ou un nonce est trop court")
    expect_equal(len(set(drawn)), 2 * TIMES, "valeurs différentes d’états et de nonces")


@checks(
    "psc.request.pkce",
    "KIT-PSC-02",
    purpose="Un code volé sur le poste ne sert à rien à qui n’a pas le vérificateur (RFC 7636).",
    steps=("ouvrir trois sessions l’une après l’autre", "comparer défis et vérificateurs"),
    expected="code_challenge_method S256, un défi qui est celui du vérificateur, jamais deux fois le même",
    mend="tirer un vérificateur par demande et n’envoyer que son SHA-256 par le navigateur",
    film="rien à filmer : les valeurs sont dans les preuves",
    kinds=PLUGIN_KINDS,
)
def pkce(bench: Bench) -> None:
    """The challenge is the hash of a verifier that is shown with the code only."""
    asked = _several(bench)
    verifiers = [str(_form(one).get("code_verifier", "")) for one in _grants(bench)]
    expect_equal([one.get("code_challenge_method") for one in asked], ["S256"] * TIMES, "code_challenge_method")
    expect(all(_VERIFIER.fullmatch(one) for one in verifiers), "un vérificateur n’a pas la forme de la RFC 7636")
    expect_equal([one.get("code_challenge") for one in asked], [_hashed(one) for one in verifiers], "défis")
    expect_equal(len(set(verifiers)), TIMES, "vérificateurs différents")


@checks(
    "psc.request.no-secret",
    "KIT-PSC-02",
    purpose="L’adresse du navigateur se lit dans l’historique, les journaux et l’écran.",
    steps=("ouvrir deux sessions", "chercher dans les adresses ouvertes ce qui a été échangé ensuite"),
    expected="ni secret, ni vérificateur, ni jeton, ni identifiant du professionnel",
    mend="ne mettre dans l’adresse que la demande d’autorisation",
    film="rien à filmer : les adresses sont dans les preuves",
    kinds=PLUGIN_KINDS,
)
def no_secret(bench: Bench) -> None:
    """Nothing of what must stay between the software and the authority passes through the browser."""
    subject = started(bench)
    for _ in range(2):
        signed_in(bench, subject, "connexion")
        subject.ask("logout")
    pages = subject.ask("walked").value["sent_to"]
    sent = [name for page in pages for name, _ in parse_qsl(urlsplit(page).query)]
    expect_equal(sorted(set(sent) & _SECRET), [], "paramètres qui ne passent pas par le navigateur")
    hidden = [value for one in _grants(bench) for name, value in _form(one).items() if name == "code_verifier"]
    expect(not any(one in page for one in hidden for page in pages), "un vérificateur est dans une adresse ouverte")


def _several(bench: Bench) -> list[dict[str, str]]:
    subject = started(bench)
    found = []
    for _ in range(TIMES):
        found.append(_asked(bench, subject))
        subject.ask("logout")
    return found


def _asked(bench: Bench, subject: Subject) -> dict[str, str]:
    """Have somebody sign in, and return the parameters with which the browser was sent away."""
    signed_in(bench, subject, "connexion")
    pairs = parse_qsl(urlsplit(subject.ask("walked").value["sent_to"][-1]).query, keep_blank_values=True)
    expect_equal(len(dict(pairs)), len(pairs), "paramètres différents de la demande")
    return dict(pairs)


def _grants(bench: Bench) -> list[dict[str, Any]]:
    return [one for one in bench.sandbox.exchanges("psc") if one["operation"] == "token:authorization_code"]


def _form(exchange: dict[str, Any]) -> dict[str, str]:
    return dict(parse_qsl(exchange["request"]["body"]))


def _hashed(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode("ascii")).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode("ascii")
