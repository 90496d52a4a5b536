"""Where Pro Santé Connect is: its own document, its own addresses, and nowhere else."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit

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
from segur_conformance.runner.bench import Bench, expect, expect_equal

checks = CheckSet()

NAME: Final = "/.well-known/wallet-openid-configuration"
_ELSEWHERE: Final = "https://psc.exemple.invalid"


@checks(
    "psc.discovery.document",
    "KIT-PSC-01",
    "SC.PSC.01",
    purpose="Pro Santé Connect publie ses adresses sous un nom à lui, et sa page de connexion est ailleurs.",
    steps=("ouvrir une session", "relever ce qui a été demandé à Pro Santé Connect, et la page ouverte"),
    expected="wallet-openid-configuration lu avant tout, aucune adresse inconnue essayée ; la page de l’autre origine",
    mend="lire ISSUER/.well-known/wallet-openid-configuration et prendre toutes les adresses dans ce document",
    film="la connexion par Pro Santé Connect",
    kinds=PLUGIN_KINDS,
)
def document(bench: Bench) -> None:
    """The document under its own name, and the login page at another origin."""
    subject = started(bench)
    signed_in(bench, subject, "connexion")
    asked = [one["request"]["path"] for one in bench.sandbox.exchanges("psc")]
    issuer = bench.sandbox.descriptor["services"]["psc"]["issuer"]
    expect_equal(asked[0], urlsplit(issuer).path + NAME, "première adresse demandée")
    lost = [one["operation"] for one in bench.sandbox.exchanges("psc") if one["unexpected"]]
    expect_equal(lost, [], "demandes que Pro Santé Connect ne comprend pas")
    pages = subject.ask("walked").value["sent_to"]
    login = bench.sandbox.descriptor["services"]["psc"]["login"]
    expect_equal([one.partition("?")[0] for one in pages], [f"{login}/auth"], "pages ouvertes")


@checks(
    "psc.discovery.issuer",
    "KIT-PSC-01",
    purpose="Un document au nom d’un autre émetteur mène chez un inconnu.",
    steps=(
        "ouvrir une session à travers une autorité intermédiaire, qui dit tout en son propre nom",
        "recommencer avec un document qui nomme un autre émetteur, ou aucun",
    ),
    expected="une session, puis une erreur en français avant que le navigateur s’ouvre",
    mend="comparer issuer, caractère par caractère, à l’adresse configurée",
    film="rien à filmer : aucun document public n’est faux",
    kinds=PLUGIN_KINDS,
)
def issuer(bench: Bench) -> None:
    """Another issuer, or none, is refused."""
    _expect_each_refused(
        bench,
        {
            "émetteur d’un autre domaine": lambda authority: _with(issuer=f"{authority.issuer}-autre"),
            "émetteur suivi d’une barre": lambda authority: _with(issuer=f"{authority.issuer}/"),
            "sans émetteur": lambda _: _without("issuer"),
        },
    )


@checks(
    "psc.discovery.endpoints",
    "KIT-PSC-01",
    purpose="Un document trafiqué enverrait codes, jetons et secrets chez un inconnu.",
    steps=(
        "ouvrir une session à travers une autorité intermédiaire",
        "recommencer avec une adresse qui est d’un autre serveur, d’un autre port, en http ou à double lecture",
    ),
    expected="une session, puis chaque fois une erreur en français ; rien n’est demandé que le document",
    mend="n’accepter que des adresses https sous celle de l’émetteur, et refuser le document entier sinon",
    film="rien à filmer : aucun document public n’est faux",
    kinds=PLUGIN_KINDS,
)
def endpoints(bench: Bench) -> None:
    """No endpoint may lie elsewhere than at the issuer's own address."""
    _expect_each_refused(
        bench,
        {
            "jetons chez un autre": lambda _: _moved("token_endpoint", _ELSEWHERE),
            "clefs chez un autre": lambda _: _moved("jwks_uri", _ELSEWHERE),
            "identité à un autre port": lambda _: _moved("userinfo_endpoint", "https://127.0.0.1:9"),
            "fin de session chez un autre": lambda _: _moved("end_session_endpoint", _ELSEWHERE),
            "jetons en http": lambda authority: _moved("token_endpoint", _origin(authority).replace("https", "http")),
            "jetons à double lecture": lambda authority: _moved(
                "token_endpoint", _origin(authority).replace("://", "://psc.exemple.invalid@")
            ),
        },
    )


@checks(
    "psc.discovery.login-page",
    "KIT-PSC-01",
    purpose="Le navigateur du professionnel ne s’ouvre jamais ailleurs que chez Pro Santé Connect.",
    steps=(
        "ouvrir une session à travers une autorité intermédiaire",
        "recommencer avec une page de connexion qui est d’un autre serveur",
    ),
    expected="une session, puis une erreur en français ; le navigateur ne s’ouvre pas",
    mend="n’ouvrir qu’une page sous l’adresse déclarée pour psc-login",
    film="rien à filmer : aucun document public n’est faux",
    kinds=PLUGIN_KINDS,
)
def login_page(bench: Bench) -> None:
    """The browser is sent nowhere but to the wallet."""
    _expect_each_refused(
        bench,
        {
            "page chez un autre": lambda _: _moved("authorization_endpoint", _ELSEWHERE),
            "page à l’adresse de l’émetteur": lambda authority: _moved("authorization_endpoint", _origin(authority)),
            "page en http": lambda _: _moved("authorization_endpoint", "http://127.0.0.1:9"),
        },
    )


@checks(
    "psc.discovery.incomplete",
    "KIT-PSC-01",
    purpose="Ce que Pro Santé Connect ne publie pas ne se devine pas.",
    steps=(
        "ouvrir une session à travers une autorité intermédiaire",
        "recommencer sans l’adresse des jetons, des clefs ou de l’identité",
    ),
    expected="une session, puis chaque fois une erreur en français, sans adresse inventée",
    mend="refuser un document auquel manque une adresse nécessaire",
    film="rien à filmer : le document public est entier",
    kinds=PLUGIN_KINDS,
)
def incomplete(bench: Bench) -> None:
    """An endpoint that is missing is not made up."""
    _expect_each_refused(
        bench,
        {
            "sans adresse des jetons": lambda _: _without("token_endpoint"),
            "sans adresse des clefs": lambda _: _without("jwks_uri"),
            "sans adresse de l’identité": lambda _: _without("userinfo_endpoint"),
        },
    )


def _expect_each_refused(bench: Bench, cases: Mapping[str, Callable[[AuthorityBetween], Change]]) -> None:
    """Fail unless nobody signs in with any of these documents, and nothing but the document is asked for."""
    with between(bench) as authority:
        # What the document said may be remembered: each one is met by a target that knows nothing yet.
        signed_in(bench, started_at(bench, authority), "document exact")
        for what, wrong in cases.items():
            authority.wrong = Wrong(discovery=wrong(authority))
            subject = started_at(bench, authority)
            # A target that starts anew ends the sessions of the one before it.
            authority.heard.clear()
            expect_no_session(bench, subject, sign_in(bench, subject), what)
            expect_equal(set(authority.heard), {"discovery"}, f"{what}, demandes")
            expect(not subject.ask("walked").value["sent_to"], f"{what} : le navigateur s’est ouvert")


def _with(**members: Any) -> Change:
    return lambda document: document | members


def _without(name: str) -> Change:
    return lambda document: {key: value for key, value in document.items() if key != name}


def _moved(name: str, origin: str) -> Change:
    return lambda document: document | {name: origin + urlsplit(document[name]).path}


def _origin(authority: AuthorityBetween) -> str:
    url: str = authority.tables["psc"]["url"]
    return url
