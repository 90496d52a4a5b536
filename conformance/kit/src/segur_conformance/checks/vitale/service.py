"""The system's card service goes away and comes back: the host says so, and needs no restart."""

from typing import Final

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.vitale.card_content import ZOE
from segur_conformance.checks.vitale.judging import expect_refused, reading_in, seen, written
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

RESUME_S: Final = 5.0
"""What the host has, once the service is back, before it must tell again of cards that come and go."""


@checks(
    "vitale.service.restarted",
    "CARD-04",
    purpose="Le service de lecture du poste s’arrête parfois : personne ne doit redémarrer son logiciel pour autant.",
    steps=(
        "suivre les lecteurs et lire une carte",
        "arrêter le service de lecture et demander une lecture",
        "le relancer, attendre l’annonce de la carte, la lire puis la retirer",
    ),
    expected="card.no_reader_service ; en cinq secondes un départ et une arrivée annoncés, puis la même personne",
    mend="rien dans le module : c’est le pilote qui redemande le service, et l’hôte qui regarde à nouveau",
    film="le service arrêté puis relancé, le logiciel restant ouvert",
    kinds=PLUGIN_KINDS,
)
def restarted(bench: Bench) -> None:
    """Events and readings resume by themselves once the service is back."""
    if bench.product.in_memory:
        raise NotApplicable("lecteur en mémoire : aucun service ne le porte")
    reader, other = bench.readers
    bench.sandbox.insert(other, None)
    bench.sandbox.insert(reader, "single")
    event = {"card": {"slot": reader}}
    subject = bench.start()
    subject.ask("moves")
    reading_in(subject.call("on_card_read", event), "carte avant l’arrêt du service")
    bench.sandbox.run_pcscd(running=False)
    try:
        expect_refused(subject.call("on_card_read", event), "service arrêté", "card.no_reader_service")
    finally:
        bench.sandbox.run_pcscd(running=True)
    # A card that may have been pulled meanwhile counts as pulled.
    _expect_told(subject, reader, ["removed", "inserted"], "service relancé")
    reading = reading_in(subject.call("on_card_read", event), "carte après le retour du service")
    expect(seen(reading) == written([ZOE]), "après le retour du service, la carte n’est pas lue telle qu’elle est")
    bench.sandbox.insert(reader, None)
    _expect_told(subject, reader, ["removed", "inserted", "removed"], "carte retirée ensuite")


def _expect_told(subject: Subject, reader: str, wanted: list[str], what: str) -> None:
    found = subject.ask("moves", count=len(wanted), within_s=RESUME_S).value
    changes = [one["change"] for one in found if one["slot"] == reader]
    expect_equal(changes, wanted, f"{what}, changements racontés en {RESUME_S:.0f} s")
