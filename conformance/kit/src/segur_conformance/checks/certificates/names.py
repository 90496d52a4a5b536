"""The names that INSi wants, and usages that do not fit a purpose: found out before any call."""

from typing import Final

from segur_conformance.checks.certificates.judging import expect_blocked, expect_usable, row, rows, started
from segur_conformance.checks.certificates.material import INSI_AUTO, INSI_MANU, Wanted, places
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench
from segur_sandbox.pki.authorities import PERSONNES

checks = CheckSet()

_NEARLY: Final = {
    "minuscules": "insi-auto",
    "espace": "INSI AUTO",
    "tiret insécable": "INSI\u2011AUTO",
    "l’autre nom": INSI_MANU,
    "un autre nom": "DMP-OFFICINE",
}


@checks(
    "certificates.names.insi",
    "CERT-06",
    "S003-13",
    "S003-14",
    purpose="INSi n’accepte que INSI-AUTO et INSI-MANU, à la lettre : le reste se voit avant d’appeler.",
    steps=(
        "configurer pour insi-auto et insi-manu les deux noms exacts",
        "puis pour insi-auto des noms qui leur ressemblent, et l’autre des deux",
    ),
    expected="les noms exacts sont utilisables ; tous les autres sont bloqués, avec la raison",
    mend="comparer le CN à la lettre, avec celui des deux noms que l’usage demande",
    film="le refus d’un certificat au nom presque juste",
    kinds=PLUGIN_KINDS,
)
def insi(bench: Bench) -> None:
    """Both names, exactly, each for its own use."""
    exact = {"insi-auto": Wanted(name=INSI_AUTO), "insi-manu": Wanted(name=INSI_MANU)}
    with places(bench) as where:
        found = rows(started(bench, {use: where.of(use, one) for use, one in exact.items()}))
        for use in exact:
            expect_usable(found[use], f"nom exact, {use}")
        for what, name in _NEARLY.items():
            subject = started(bench, {"insi-auto": where.of("insi-auto", Wanted(name=name))})
            expect_blocked(row(subject, "insi-auto"), what)


@checks(
    "certificates.names.usage",
    "CERT-09",
    purpose="Un certificat de signature n’authentifie pas, un certificat d’authentification ne signe pas.",
    steps=(
        "configurer pour une connexion un certificat d’authentification, puis de signature, puis de chiffrement",
        "configurer pour une signature un certificat de signature, puis d’authentification",
        "demander l’inventaire",
    ),
    expected="les bons sont utilisables, les autres bloqués avec la raison",
    mend="comparer l’usage du certificat à ce que la clé sert à faire",
    film="le refus d’un certificat de signature pour une connexion",
    kinds=PLUGIN_KINDS,
)
def usage(bench: Bench) -> None:
    """A swap is refused, either way."""
    cases = {
        "insi-auto": {"AUTH_CLI": True, "SIGN": False, "CONF": False},
        "dmp-sign": {"SIGN": True, "AUTH_CLI": False},
        "encryption": {"CONF": True, "AUTH_CLI": False},
    }
    with places(bench) as where:
        for use, usages in cases.items():
            for one, fits in usages.items():
                table = where.of(use, Wanted(name=INSI_AUTO, usage=one))
                found = row(started(bench, {use: table}), use)
                (expect_usable if fits else expect_blocked)(found, f"certificat {one} pour {use}")


@checks(
    "certificates.names.issuer",
    "CERT-10",
    purpose="INSi n’accepte que l’autorité des organisations ; un certificat de personne n’y sert pas.",
    steps=("configurer pour insi-auto un certificat de l’autorité des personnes", "demander l’inventaire"),
    expected="il est bloqué, avec la raison",
    mend="exiger l’émetteur ELEMENTAIRE ORGANISATIONS pour INSi",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def issuer(bench: Bench) -> None:
    """The right name of the wrong authority."""
    with places(bench) as where:
        keys = {
            "insi-auto": where.of("insi-auto", Wanted(name=INSI_AUTO, authority=PERSONNES)),
            "insi-manu": where.of("insi-manu", Wanted(name=INSI_MANU)),
        }
        found = rows(started(bench, keys))
    expect_usable(found["insi-manu"], "autorité des organisations")
    expect_blocked(found["insi-auto"], "autorité des personnes")
