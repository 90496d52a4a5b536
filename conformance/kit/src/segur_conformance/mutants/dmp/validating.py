"""Mutants of what follows from a validation."""

from typing import Final

from segur_conformance.mutants.dmp.places import host, plugin
from segur_conformance.mutants.mutant import Mutant

MUTANTS: Final = (
    Mutant(
        "dmp.rules-of-today",
        "applique les règles du jour de la validation",
        ("dmp.channels.dated",),
        (plugin("proposing.py", "event.document_date,", "event.validation.validated_at.date(),"),),
    ),
    Mutant(
        "dmp.drops-the-unknown",
        "cache le nom d’un document de genre inconnu",
        ("dmp.channels.unknown",),
        (plugin("proposing.py", 'shown=event.label or "?"', 'shown="Document"'),),
    ),
    Mutant(
        "dmp.asks-each-time",
        "attend un geste de plus pour chaque document",
        ("dmp.validating.by-itself", "dmp.validating.corrected"),
        (
            host(
                "documents/desk.py",
                "(towards is not None and not towards.automatic, notices.ON_DEMAND)",
                "(towards is not None, notices.ON_DEMAND)",
            ),
        ),
    ),
    Mutant(
        "dmp.given-each-time",
        "redonne à la file une version qui y est déjà",
        ("dmp.validating.by-itself",),
        (host("documents/desk.py", 'f"{same}{number}"', 'f"{same}{number}{len(known)}"'),),
    ),
    Mutant(
        "dmp.everything-leaves",
        "envoie tout document validé",
        ("dmp.validating.on-demand",),
        (
            host(
                "documents/desk.py",
                "(towards is not None and not towards.automatic, notices.ON_DEMAND)",
                "(towards is None, notices.ON_DEMAND)",
            ),
        ),
    ),
    Mutant(
        "dmp.no-window",
        "envoie sans attendre le mot de la fenêtre",
        ("dmp.validating.window",),
        (
            host(
                "documents/desk.py",
                '(self._feeding == "window", notices.WINDOW)',
                "(self._feeding is None, notices.WINDOW)",
            ),
        ),
    ),
    Mutant(
        "dmp.both-versions",
        "laisse dans la file la version qu’une autre corrige",
        ("dmp.validating.corrected",),
        (host("documents/desk.py", "            instead_of=instead_of,\n", "            instead_of=(),\n"),),
    ),
)
