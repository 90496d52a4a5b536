"""Mutants that disturb whoever shares the process with them, while they answer or while they are imported."""

from typing import Final

from segur_conformance.mutants.mutant import Mutant
from segur_conformance.mutants.package.insertions import (
    FIND_THE_NAME,
    instead_of_answering,
    package_mutant,
    while_answering,
    while_imported,
)

IMPORTING: Final[tuple[Mutant, ...]] = (
    package_mutant(
        "imports-a-thread",
        "lance un fil d’exécution dès l’import",
        while_imported("import threading\nthreading.Thread(target=len, args=([],)).start()"),
        "import.no-effect",
        "boundary.processes",
    ),
    package_mutant(
        "imports-a-message",
        "écrit à l’écran dès l’import",
        while_imported("print('module prêt')"),
        "import.silent",
        "boundary.prints",
    ),
    package_mutant(
        "imports-a-filter",
        "fait taire les avertissements de tous dès l’import",
        while_imported("import warnings\nwarnings.simplefilter('ignore')"),
        "import.shared-state",
    ),
    package_mutant(
        "imports-a-timeout",
        "change l’attente de toutes les connexions dès l’import",
        while_imported("import socket\nsocket.setdefaulttimeout(30)"),
        "import.shared-state",
    ),
    package_mutant(
        "imports-a-patch",
        "remplace une méthode du SDK dès l’import",
        while_imported(
            "from segur_sdk.errors import SegurError\n"
            "SegurError.__str__ = lambda self: self.code  # type: ignore[method-assign]"
        ),
        "import.shared-state",
        "boundary.patches",
    ),
    package_mutant(
        "imports-slowly",
        "calcule longuement dès l’import",
        while_imported(
            "import re, time\nuntil = time.process_time() + 2.5\n"
            "while time.process_time() < until:\n    re.purge()\n    re.compile('(a|b)*c' * 50)"
        ),
        "import.budget",
    ),
)

ANSWERING: Final[tuple[Mutant, ...]] = (
    package_mutant("prints", "écrit à l’écran", while_answering("print('appel')"), "boundary.prints"),
    package_mutant(
        "logs-patient",
        "écrit le patient dans un journal",
        while_answering(FIND_THE_NAME + "import logging\nlogging.getLogger('insi').warning('appel pour %s', nom)"),
        "boundary.prints",
        "privacy.no-leak",
    ),
    package_mutant(
        "patches",
        "remplace une fonction de Python",
        while_answering(
            "import json\nif not hasattr(json, 'before'):\n"
            "    json.before = json.loads\n    json.loads = lambda *given, **named: json.before(*given, **named)"
        ),
        "boundary.patches",
    ),
    package_mutant(
        "notes-patient",
        "note le patient dans l’audit",
        while_answering(FIND_THE_NAME + "ctx.audit.note('person', nom=nom)"),
        "privacy.no-leak",
    ),
    package_mutant(
        "tells-patient",
        "met le patient dans une erreur",
        instead_of_answering(
            FIND_THE_NAME + "from segur_sdk.errors import SegurError\ntry:\n"
            "    return Qualification(event, ctx).evidence()\n"
            "except SegurError as failure:\n    failure.facts = {**failure.facts, 'nom': nom}\n    raise"
        ),
        "privacy.no-leak",
    ),
    package_mutant(
        "remembers-attempts",
        "garde les échanges d’un appel à l’autre",
        instead_of_answering(
            "known = self.__dict__.setdefault('known', [])\n"
            "found = Qualification(event, ctx).evidence()\n"
            "known += found.attempts\n"
            "return found.model_copy(update={'attempts': tuple(known)})"
        ),
        "calls.same-answer",
        "calls.two-at-once",
    ),
    package_mutant(
        "last-event-wins",
        "garde l’événement dans le module le temps de répondre",
        instead_of_answering(
            "import time\nself.__dict__['event'] = event\ntime.sleep(0.02)\n"
            "return Qualification(self.__dict__['event'], ctx).evidence()"
        ),
        "calls.two-at-once",
    ),
    package_mutant(
        "keeps-context",
        "garde le contexte après l’appel",
        while_answering("self.__dict__['ctx'] = ctx"),
        "calls.lets-go",
    ),
    package_mutant(
        "sleeps",
        "attend, l’échéance passée, que le service revienne",
        instead_of_answering(
            "import time\nfrom segur_sdk.errors import ServiceError\ntry:\n"
            "    return Qualification(event, ctx).evidence()\n"
            "except ServiceError as failure:\n"
            "    if failure.code in {'service.timed_out', 'service.answer_lost'}:\n        time.sleep(2)\n"
            "    raise"
        ),
        "services.deadline",
    ),
    package_mutant(
        "gives-up-for-good",
        "dit définitive une panne du réseau",
        instead_of_answering(
            "from segur_sdk.errors import ServiceError\ntry:\n"
            "    return Qualification(event, ctx).evidence()\n"
            "except ServiceError as failure:\n"
            "    if failure.code == 'service.unreachable':\n"
            "        raise ServiceError(failure.code, retryable=False) from None\n"
            "    raise"
        ),
        "services.offline",
    ),
    package_mutant(
        "ends-the-process",
        "arrête le processus quand un nom est très long",
        while_answering(FIND_THE_NAME + "if len(nom) == 100:\n    import os\n    os._exit(3)"),
        "answers.rare-events",
        "privacy.no-leak",
    ),
)

MUTANTS: Final[tuple[Mutant, ...]] = (*IMPORTING, *ANSWERING)
