"""French words for outcomes and verdicts, in the report and on the screen."""

from collections.abc import Mapping
from typing import Final

import attrs

from segur_conformance.outcomes import CheckOutcome, Verdict
from segur_conformance.reports.report import ASSET, Report


@attrs.frozen
class OutcomeWords:
    """How an outcome is told.

    Attributes:
        one: of one check.
        heading: over several.
        meaning: for who reads the word for the first time.
        mark: that tells it apart without colour.
    """

    one: str
    heading: str
    meaning: str
    mark: str


OUTCOMES: Final[Mapping[CheckOutcome, OutcomeWords]] = {
    CheckOutcome.FAIL: OutcomeWords("échec", "Échecs", "Le produit ne fait pas ce que l’exigence demande.", "✗"),
    CheckOutcome.ERROR: OutcomeWords(
        "erreur du kit", "Erreurs du kit", "Le kit ou la machine n’a pas permis de juger.", "!"
    ),
    CheckOutcome.BLOCKED: OutcomeWords(
        "bloqué",
        "Contrôles bloqués",
        "Il manque quelque chose d’extérieur au produit : la question reste ouverte.",
        "■",
    ),
    CheckOutcome.WAITING: OutcomeWords(
        "en attente", "Contrôles en attente", "Une personne ou un appel attendu n’est pas venu.", "…"
    ),
    CheckOutcome.REVIEW: OutcomeWords(
        "à juger", "Contrôles à juger", "Les preuves sont jointes, une personne doit conclure.", "?"
    ),
    CheckOutcome.PASS: OutcomeWords("réussi", "Contrôles réussis", "Le produit fait ce que l’exigence demande.", "✓"),
    CheckOutcome.NOT_APPLICABLE: OutcomeWords(
        "sans objet", "Contrôles sans objet", "Le produit n’est pas concerné, et n’a pas à l’être.", "–"
    ),
}
"""In the order in which a report shows them: what is to be mended first."""

VERDICTS: Final[Mapping[Verdict, str]] = {
    Verdict.PASS: "Conforme aux contrôles",
    Verdict.PASS_INCOMPLETE: "Conforme aux contrôles joués ; des fichiers officiels manquaient",
    Verdict.FAIL: "Non conforme aux contrôles",
    Verdict.NOT_CERTIFIABLE: "Non certifiable",
}


def verdict_in_words(report: Report) -> str:
    """Return the verdict as a sentence."""
    return f"{VERDICTS[report.verdict]}."


def reason_in_words(reason: str) -> str:
    """Return the reason of an outcome as a person reads it."""
    word, _, what = reason.partition(":")
    if reason.startswith(ASSET):
        return f"Le fichier officiel « {what} » n’a pas été fourni."
    if word == "kind" and what:
        return f"Ne concerne pas un produit de cette nature ({what})."
    if word == "op" and what:
        return f"Le produit ne connaît pas la demande « {what} »."
    return reason
