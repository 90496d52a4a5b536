"""Mutants of what goes wrong on the way."""

from typing import Final

from segur_conformance.mutants.dmp.places import host, plugin
from segur_conformance.mutants.mutant import Mutant

_NOT_THERE: Final = "            return FoundOut(found=Found.NOT_DONE)\n        self._remember()\n"

MUTANTS: Final = (
    Mutant(
        "dmp.gives-up-at-once",
        "tient toute panne pour un refus",
        ("dmp.outages.away", "dmp.outages.busy"),
        (
            host(
                "outbox/outcomes.py",
                "    return isinstance(failure, ServiceError) and not (failure.retryable or transport)\n",
                "    return isinstance(failure, ServiceError) and (failure.retryable or not transport)\n",
            ),
        ),
    ),
    Mutant(
        "dmp.gives-up-without-a-key",
        "tient une installation incomplète pour un refus",
        ("dmp.outages.no-certificate",),
        (
            host(
                "outbox/outcomes.py",
                "    return isinstance(failure, ServiceError) and not (failure.retryable or transport)\n",
                "    return isinstance(failure, ServiceError | ConfigError) and not (failure.retryable or transport)\n",
            ),
        ),
    ),
    Mutant(
        "dmp.busy-is-a-refusal",
        "tient un registre occupé pour un refus",
        ("dmp.outages.busy",),
        (plugin("outcomes.py", 'Outcome("dmp.busy", retryable=True)', 'Outcome("dmp.busy")'),),
    ),
    Mutant(
        "dmp.insists",
        "redemande sans fin à un DMP fermé",
        ("dmp.outages.refused",),
        (plugin("outcomes.py", 'Outcome("dmp.closed")', 'Outcome("dmp.closed", retryable=True)'),),
    ),
    Mutant(
        "dmp.sends-again-blindly",
        "renvoie sans demander ce qu’est devenu l’envoi",
        ("dmp.outages.answer-lost",),
        (
            host(
                "outbox/outcomes.py",
                "    if may_have_taken_effect(failure):\n",
                "    if may_have_taken_effect(failure) and attempts == 0:\n",
            ),
        ),
    ),
    Mutant(
        "dmp.finds-nothing",
        "ne retrouve jamais un document au registre",
        ("dmp.outages.answer-lost",),
        (
            plugin(
                "attempts.py",
                f"        if not found:\n{_NOT_THERE}",
                f"        if not found or found[0].entry_uuid:\n{_NOT_THERE}",
            ),
        ),
    ),
    Mutant(
        "dmp.finds-everything",
        "dit déposé un document que le registre ne connaît pas",
        ("dmp.outages.not-arrived",),
        (plugin("attempts.py", _NOT_THERE, _NOT_THERE.replace("NOT_DONE", "DONE")),),
    ),
    Mutant(
        "dmp.receipt-before-the-disk",
        "rend le reçu avant d’avoir écrit",
        ("dmp.outages.killed", "dmp.validating.by-itself"),
        (
            host(
                "outbox/outbox.py",
                "            self._table.add(intent)\n",
                '            self.__dict__.setdefault("_late", []).append(intent)\n',
            ),
            host(
                "outbox/outbox.py",
                "        done = 0\n        with self._alone():\n",
                '        for late in self.__dict__.pop("_late", ()):\n            self._table.add(late)\n'
                "        done = 0\n        with self._alone():\n",
            ),
        ),
    ),
)
