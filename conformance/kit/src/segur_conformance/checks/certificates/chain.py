"""From a certificate up to an authority that is trusted: the way is found, checked, and never guessed."""

from pathlib import Path
from typing import Any

from segur_conformance.checks.certificates.judging import RANK, expect_blocked, expect_usable, rows, started
from segur_conformance.checks.certificates.material import Places, Wanted, authorities, issued, key, places
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.runner.bench import Bench, expect
from segur_sandbox.pki.authorities import PERSONNES, ROOT
from segur_sandbox.pki.issuing import Issued

checks = CheckSet()


@checks(
    "certificates.chain.trusted",
    "CERT-01",
    purpose="Le nom d’une autorité ne prouve rien : seule sa signature mène à la racine.",
    steps=(
        "configurer un certificat de l’autorité des services, et un d’une autorité du même nom à l’autre clé",
        "demander l’inventaire",
    ),
    expected="le premier est utilisable, le second bloqué avec la raison",
    mend="vérifier chaque signature jusqu’à une ancre de la configuration",
    film="le refus d’un certificat d’une fausse autorité",
    kinds=PLUGIN_KINDS,
)
def trusted(bench: Bench) -> None:
    """The same name with another key leads nowhere."""
    with places(bench) as where:
        found = rows(started(bench, {"essai-bon": where.role("org-auth"), "essai-faux": where.role("foreign-ca")}))
    expect_usable(found["essai-bon"], "autorité des services")
    expect_blocked(found["essai-faux"], "autorité du même nom, à l’autre clé")


@checks(
    "certificates.chain.signature",
    "CERT-01",
    purpose="Un certificat que son autorité n’a pas signé ne vaut rien, même avec le bon nom d’autorité.",
    steps=("configurer un certificat qu’un inconnu a signé au nom de l’autorité", "demander l’inventaire"),
    expected="il est bloqué, avec la raison",
    mend="vérifier la signature du certificat par la clé de son autorité",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def signature(bench: Bench) -> None:
    """A certificate that its authority did not sign."""
    with places(bench) as where:
        keys = {"essai-bon": where.of("essai-bon", Wanted()), "essai-faux": _forged(bench, where, "essai-faux")}
        found = rows(started(bench, keys))
    expect_usable(found["essai-bon"], "signature exacte")
    expect_blocked(found["essai-faux"], "signature d’une autre clé")


@checks(
    "certificates.chain.as-it-comes",
    "CERT-01",
    purpose="Les fichiers réels sont dans le désordre ou incomplets : ce qui se répare ne coupe pas le service.",
    steps=(
        "configurer des chaînes dans le désordre, avec un maillon de trop, sans l’autorité intermédiaire",
        "configurer une chaîne qui tourne en rond",
        "demander l’inventaire",
    ),
    expected="les premières restent utilisables ; la dernière est bloquée avec la raison",
    mend="chercher le chemin par noms et signatures ; compléter par les ancres de la configuration",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def as_it_comes(bench: Bench) -> None:
    """What does no harm is used; what leads nowhere is not."""
    pki = authorities(bench)
    issuer, root = pki.organisations().certificate, pki.authority(ROOT).certificate
    harmless = {
        "chaîne sans l’autorité intermédiaire": (),
        "chaîne à l’envers": (root, issuer),
        "chaîne avec un maillon de trop": (pki.authority(PERSONNES).certificate, issuer),
    }
    with places(bench) as where:
        keys = {}
        for rank, others in enumerate(harmless.values()):
            own = where.key(f"essai-{rank}")
            leaf = Issued(issued(bench, Wanted(), own.public_key()), own)
            keys[f"essai-{rank}"] = where.put(f"essai-{rank}", leaf, *others)
        keys["essai-boucle"] = where.kind("chain-loop")
        found = rows(started(bench, keys))
    for rank, what in enumerate(harmless):
        expect_usable(found[f"essai-{rank}"], what)
    expect_blocked(found["essai-boucle"], "autorités qui se certifient l’une l’autre")


@checks(
    "certificates.chain.anchors",
    "CERT-02",
    purpose="Test et production sont deux arbres : leurs racines ne se mêlent jamais.",
    steps=(
        "ajouter la racine de production aux autorités d’une installation de test",
        "demander l’inventaire d’un certificat de test, et d’un de production",
    ),
    expected="le certificat de production reste bloqué ; celui de test n’est pas tenu pour bon sous de telles ancres",
    mend="refuser les ancres de l’autre environnement",
    film="rien à filmer",
    kinds=PLUGIN_KINDS,
)
def anchors(bench: Bench) -> None:
    """An anchor of the other tree opens nothing."""
    with places(bench) as where:
        other = bench.sandbox.make_material("other-tree", where.folder / "autre")["files"]
        keys: dict[str, Any] = {"essai": {"cert": str(other["cert.pem"]), "key": str(other["key.pem"])}}
        both = where.folder / "ancres.pem"
        both.write_bytes(Path(authorities(bench).ca).read_bytes() + other["ca.pem"].read_bytes())
        alone = str(other["ca.pem"])
        keys["essai-test"] = where.of("essai-test", Wanted())
        for what, anchor in (("mêlées", str(both)), ("de production seules", alone)):
            found = rows(started(bench, keys, trust={"igc-sante": anchor}))
            expect_blocked(found["essai"], f"certificat de production, ancres {what}")
            expect(
                RANK[found["essai-test"]["status"]] > RANK["warning"],
                f"certificat de test, ancres {what} : rien n’est dit",
            )


def _forged(bench: Bench, where: Places, use: str) -> dict[str, Any]:
    """Return the table of a key whose certificate somebody else signed in the name of the authority."""
    named, own = authorities(bench).organisations(), where.key(use)
    stranger = Issued(named.certificate, key("inconnu"), named.addresses)
    leaf = issued(bench, Wanted(), own.public_key(), stranger)
    return where.put(use, Issued(leaf, own), named.certificate)
