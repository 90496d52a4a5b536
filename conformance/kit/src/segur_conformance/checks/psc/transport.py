"""A server proves that it is Pro Santé Connect before it hears anything.

By its protocol, its dates, its name, its authority, and by not being revoked.
"""

from functools import partial
from typing import Final

from segur_conformance.authority.listener import Shown
from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.psc.judging import audited
from segur_conformance.checks.psc.servers import (
    GOOD,
    Lists,
    expect_each_refused,
    expect_refused,
    expect_served,
    made,
    oldest_version,
    published_lists,
    serial_of,
)
from segur_conformance.outcomes import CheckBlocked
from segur_conformance.runner.bench import Bench, expect

checks = CheckSet()

ISSUER: Final = "CN=TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"
OLD: Final = "TLSv1.1"
DOUBTED: Final = "broker.revocation_unknown"
_EXPECTED: Final = "une session, puis chaque fois une erreur en français ; rien n’est demandé à ce serveur"
_MEND: Final = "n’aller chez Pro Santé Connect que par ctx.http, et laisser passer le refus de l’hôte"
_FILM: Final = "rien à filmer"
_registered: Final = partial(checks, expected=_EXPECTED, mend=_MEND, film=_FILM, kinds=PLUGIN_KINDS)


@_registered(
    "psc.transport.version",
    "KIT-PSC-12",
    "SC.SSI/GEN.12",
    purpose="TLS 1.0 et 1.1 ne protègent plus : mieux vaut pas de session qu’un secret envoyé par eux.",
    steps=(
        "ouvrir une session chez un serveur qui parle TLS 1.2 ou 1.3",
        "présenter le même certificat chez un serveur qui ne parle que TLS 1.0 et 1.1",
    ),
)
def version(bench: Bench) -> None:
    """Nothing older than TLS 1.2, whatever the certificate."""
    with made(bench) as make:
        good = make(GOOD)
        expect_served(bench, good, "TLS 1.2 ou 1.3")
        old = Shown(good.chain, good.key, outdated=True)
        if oldest_version(bench, old) != OLD:
            raise CheckBlocked("tls:1.1")
        expect_refused(bench, old, "TLS 1.1", "protocol")


@_registered(
    "psc.transport.dates",
    "KIT-PSC-12",
    "SC.SSI/GEN.12",
    purpose="Un certificat fini ou pas encore commencé ne prouve rien.",
    steps=("ouvrir une session", "présenter un certificat fini depuis un mois, puis un qui commence dans un mois"),
)
def dates(bench: Bench) -> None:
    """Neither after its end nor before its beginning."""
    expect_each_refused(bench, {"serv-expired": "expired", "serv-not-yet-valid": "not_yet_valid"})


@_registered(
    "psc.transport.name",
    "KIT-PSC-12",
    "SC.SSI/GEN.12",
    purpose="La bonne autorité certifie aussi d’autres serveurs : le nom appelé est celui qui compte.",
    steps=("ouvrir une session", "présenter un certificat de serveur sans défaut, à un autre nom"),
)
def name(bench: Bench) -> None:
    """The name that was called (RFC 9525, 6)."""
    expect_each_refused(bench, {"serv-wrong-name": "hostname"})


@_registered(
    "psc.transport.authority",
    "KIT-PSC-12",
    purpose="Sous la même racine, une autre autorité délivre à d’autres, pour d’autres usages.",
    steps=(
        "nommer dans la configuration l’autorité des serveurs, ouvrir une session",
        "présenter un certificat qu’une autre autorité de la même racine a émis",
    ),
)
def authority(bench: Bench) -> None:
    """The authority of the purpose, when one is named."""
    expect_each_refused(bench, {"serv-wrong-issuer": "authority"}, {"authority": ISSUER, "revocation": "off"})


@_registered(
    "psc.transport.revoked",
    "KIT-PSC-12",
    purpose="Une clé volée se révoque : s’en servir encore ne doit plus rien rapporter.",
    steps=(
        "mettre les listes de révocation dans le dossier de l’hôte, ouvrir une session",
        "révoquer le certificat de ce serveur, mettre les nouvelles listes, recommencer, en hard puis en soft",
    ),
)
def revoked(bench: Bench) -> None:
    """The same server, once its authority took its word back."""
    with made(bench) as make:
        server = make(GOOD)
        before = published_lists(bench)
        for mode in ("hard", "soft"):
            expect_served(bench, server, f"pas révoqué, {mode}", {"revocation": mode}, before)
        bench.sandbox.revoke_serial(serial_of(server))
        after = published_lists(bench)
        for mode in ("hard", "soft"):
            expect_refused(bench, server, f"révoqué, {mode}", "revoked", {"revocation": mode}, after)


@_registered(
    "psc.transport.doubt",
    "KIT-PSC-12",
    purpose="Sans liste valable nul ne sait : le réglage décide, et le doute se note.",
    steps=(
        "revocation = hard : ouvrir une session avec les listes du jour",
        "recommencer sans liste, puis avec des listes expirées, puis avec des listes qu’un autre a signées",
        "revocation = soft, sans liste : ouvrir une session, et lire l’audit",
    ),
)
def doubt(bench: Bench) -> None:
    """Nobody knows: ``hard`` refuses, ``soft`` goes on and says so."""
    hard, soft = {"revocation": "hard"}, {"revocation": "soft"}
    with made(bench) as make:
        server = make(GOOD)
        lists = published_lists(bench)
        expect_served(bench, server, "listes du jour, hard", hard, lists)
        cases: dict[str, Lists] = {"sans liste": {}}
        for what, variant in {"listes expirées": "crl_expired", "listes d’un autre": "crl_wrong_signature"}.items():
            bench.sandbox.fault("igc", "wrong_answer", variant=variant)
            cases[what] = published_lists(bench)
            bench.mend()
        for what, kept in cases.items():
            expect_refused(bench, server, f"{what}, hard", "revocation_unknown", hard, kept)
        certain = expect_served(bench, server, "listes du jour, soft", soft, lists)
        expect(not audited(certain, DOUBTED), "un doute est noté à l’audit malgré les listes du jour")
        doubtful = expect_served(bench, server, "sans liste, soft", soft)
        expect(audited(doubtful, DOUBTED), "rien ne note à l’audit qu’on ne sait pas si le certificat est révoqué")
