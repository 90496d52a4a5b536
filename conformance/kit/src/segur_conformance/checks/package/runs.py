"""Runs of the jobs that a plugin declares, as somebody asks the host for them."""

from collections.abc import Mapping
from typing import Any

from segur_conformance.outcomes import CheckFailed, NotApplicable
from segur_conformance.runner.bench import Bench
from segur_conformance.targets.subject import Subject


def declared_jobs(bench: Bench) -> tuple[str, ...]:
    """Return the names of the plugin's jobs, as its manifest has them."""
    jobs = bench.plugin.declared.get("jobs", [])
    return tuple(str(one.get("name")) for one in jobs if isinstance(one, dict))


def jobs_of(bench: Bench) -> tuple[str, ...]:
    """Return the names of the plugin's jobs.

    Raises:
        NotApplicable: it has none.
    """
    jobs = declared_jobs(bench)
    if not jobs:
        raise NotApplicable("le module ne déclare aucune tâche régulière")
    return jobs


def ran(bench: Bench, subject: Subject, job: str, **more: Any) -> Mapping[str, Any]:
    """Run a job and wait for its end.

    Args:
        bench: of the check.
        subject: the host.
        job: its name in the manifest.
        **more: ``seconds`` that it has instead of its own, ``told``: the name that the plugin is told instead.

    Returns:
        ``outcome``; ``notices`` that it leaves; ``asked``, codes of what it asked or showed to whoever sits there.

    Raises:
        CheckFailed: the host could not run it.
    """
    answer = subject.ask("run_job", job=f"{bench.plugin.id}.{job}", **more)
    if answer.error is not None:
        raise CheckFailed(f"tâche {job} : l’hôte répond {answer.error}")
    found: Mapping[str, Any] = answer.value
    return found
