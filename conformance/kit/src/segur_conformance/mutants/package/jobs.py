"""Mutants that have jobs, and do not do them as they should."""

from typing import Final

from segur_conformance.mutants.mutant import Change, Mutant
from segur_conformance.mutants.package.insertions import FIND_THE_CONFIGURATION, PACKAGE, with_jobs

_ASK: Final = (
    "from segur_sdk.models.notice import Question\n"
    "try:\n    ctx.ask(Question(code='insi.now', text='Maintenant ?', pattern='.+'))\n"
    "except InputError:\n    {then}"
)
_REMEMBER: Final = (
    'nom = getattr(getattr(event.subject, "traits", None), "nom_naissance", "")\n'
    "self.__dict__['last'] = nom or self.__dict__.get('last', '')\n"
)
_ANSWER: Final = "        return Qualification(event, ctx).evidence()\n"


def _job_mutant(name: str, breaks: str, changes: tuple[Change, ...], *expected: str) -> Mutant:
    return Mutant(f"package.{name}", breaks, tuple(f"package.{one}" for one in expected), changes)


def _remembering() -> Change:
    lines = "".join(f"        {line}\n" for line in _REMEMBER.splitlines())
    return Change(PACKAGE, "plugin.py", _ANSWER, lines + _ANSWER)


def _that_takes_any_name() -> tuple[Change, ...]:
    manifest, method = with_jobs()
    after = method.after.replace('if run.job not in {"veille", "menage"}:', "if not run.job:")
    return (manifest, Change(method.package, method.file, method.before, after))


MUTANTS: Final[tuple[Mutant, ...]] = (
    _job_mutant(
        "job-mixed-up",
        "laisse échapper d’une tâche une exception qui n’est pas une erreur du SDK",
        with_jobs("{}['liste']"),
        "jobs.run",
    ),
    _job_mutant(
        "job-once",
        "refuse une tâche qui vient d’être faite",
        with_jobs("if run.last_done is not None:\n    raise ServiceError('service.unreachable')"),
        "jobs.run",
    ),
    _job_mutant(
        "job-undeclared",
        "demande dans une tâche un réseau qu’il ne déclare pas",
        with_jobs("ctx.http('insi-listes')"),
        "jobs.run",
    ),
    _job_mutant(
        "job-any-name", "fait n’importe quelle tâche, quel que soit son nom", _that_takes_any_name(), "jobs.unknown"
    ),
    _job_mutant("job-asks", "pose une question dans une tâche", with_jobs(_ASK.format(then="raise")), "jobs.alone"),
    _job_mutant(
        "job-asks-in-vain",
        "pose une question dans une tâche, et se passe de réponse",
        with_jobs(_ASK.format(then="pass")),
        "jobs.alone",
    ),
    _job_mutant(
        "job-sleeps",
        "attend dans une tâche, l’échéance passée, que le service revienne",
        with_jobs(
            "try:\n    ctx.http('insi-auto').request('GET')\n"
            "except ServiceError:\n    __import__('time').sleep(2)\n    raise"
        ),
        "jobs.deadline",
    ),
    _job_mutant(
        "job-tells-patient",
        "nomme dans un avis le dernier patient",
        (
            _remembering(),
            *with_jobs(
                "from segur_sdk.models.notice import Notice\n"
                "told = Notice(code='insi.last', text='Dernier : ' + self.__dict__.get('last', '-'))",
                "notices=(told,)",
            ),
        ),
        "jobs.private",
    ),
    _job_mutant(
        "job-own-connection",
        "ouvre dans une tâche une connexion à soi",
        with_jobs(
            FIND_THE_CONFIGURATION
            + "import socket\nwith socket.socket() as own:\n    own.connect((place.hostname, place.port))"
        ),
        "boundary.network",
        "boundary.tickets",
    ),
)
