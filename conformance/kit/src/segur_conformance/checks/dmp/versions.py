"""Documents of one's own that are corrected or withdrawn."""

from typing import Any

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.dmp.counter import Counter
from segur_conformance.checks.dmp.registry import HL7, cda_of, statuses, there
from segur_conformance.runner.bench import Bench, expect_equal

checks = CheckSet()


@checks(
    "dmp.versions.replaced",
    "KIT-DMP-01",
    purpose="Deux versions du même document côte à côte, et personne ne sait laquelle croire.",
    steps=("alimenter le DMP d’un document, puis de sa version corrigée",),
    expected="la première est périmée, la seconde seule en vigueur ; elle dit laquelle elle remplace",
    mend="lier la nouvelle version à l’ancienne (RPLC, relatedDocument) ; jamais supprimer puis recréer",
    film="la correction d’un document, puis le DMP de test",
    kinds=PLUGIN_KINDS,
)
def replaced(bench: Bench) -> None:
    """One of the two is current."""
    counter = Counter.opened(bench)
    first = _version(bench, counter.fed())
    corrected = counter.draft(title="Entretien pharmaceutique asthme, corrigé", content={"replaces": first})
    second = _version(bench, counter.fed(corrected))
    expect_equal(statuses(bench), {first["id"]: "Deprecated", second["id"]: "Approved"}, "documents au registre")
    root = cda_of(bench, second["id"])
    parent = there(root, "relatedDocument/parentDocument/id", "ce que la version remplace")
    expect_equal(parent.get("root"), first["id"], "version que la seconde dit remplacer")
    expect_equal(second["set_id"], first["set_id"], "identifiant commun des versions (setId)")


@checks(
    "dmp.versions.withdrawn",
    "SC.DMP/CONF.03",
    "PD-10",
    purpose="Un document déposé à tort, parfois dans le DMP d’un autre, doit pouvoir en disparaître.",
    steps=("alimenter le DMP de deux documents, puis retirer le premier (TD3.3c)", "relancer la file plus tard"),
    expected="le premier est supprimé, le second reste en vigueur ; l’envoi aboutit une fois",
    mend="demander le statut supprimé pour ce document, par son identifiant technique",
    film="la suppression d’un document, puis le DMP de test",
    kinds=PLUGIN_KINDS,
)
def withdrawn(bench: Bench) -> None:
    """That one, and no other."""
    counter = Counter.opened(bench)
    first = _version(bench, counter.fed())
    second = _version(bench, counter.fed(counter.draft(title="Entretien pharmaceutique diabète")))
    intent = counter.withdraws(counter.draft(content={"replaces": first}))
    counter.runs()
    counter.expect_state(intent, "sent")
    counter.later()
    expect_equal(statuses(bench), {first["id"]: "Deleted", second["id"]: "Approved"}, "documents au registre")


def _version(bench: Bench, found: dict[str, Any]) -> dict[str, Any]:
    """Return the version that was fed, as a draft names it to replace it."""
    unique_id = found["sent"]["references"]["document"]
    root = cda_of(bench, unique_id)
    version: dict[str, Any] = {
        "id": unique_id,
        "set_id": there(root, "setId", "l’identifiant commun des versions").get("root"),
        "number": int(there(root, "versionNumber", "le numéro de version").get("value") or 0),
    }
    parent = root.find(f"{HL7}relatedDocument/{HL7}parentDocument/{HL7}id")
    return version if parent is None else {**version, "replaces": parent.get("root")}
