"""The jobs that plugins of this host declare."""

from collections.abc import Iterable, Mapping

import attrs

from segur_host.registry.registry import PluginEntry, PluginState
from segur_host.scheduler.table import JobKey
from segur_sdk.errors import InputError
from segur_sdk.manifest import JobUse


@attrs.frozen
class DeclaredJob:
    """One job of one plugin."""

    entry: PluginEntry = attrs.field(eq=False, repr=False)
    use: JobUse
    key: JobKey

    @property
    def name(self) -> str:
        """``plugin.job``."""
        return ".".join(self.key)

    @property
    def may_run(self) -> bool:
        """Whether its plugin answers: one may be suspended meanwhile."""
        return self.entry.state is PluginState.ACTIVE and self.entry.loaded is not None


def declared_jobs(entries: Iterable[PluginEntry]) -> dict[JobKey, DeclaredJob]:
    """Return the jobs of the plugins that were loaded, ordered by name."""
    jobs = (
        DeclaredJob(entry, use, (entry.id, use.name))
        for entry in entries
        if entry.manifest is not None and entry.loaded is not None
        for use in entry.manifest.jobs
    )
    return {job.key: job for job in sorted(jobs, key=lambda one: one.key)}


def job_named(jobs: Mapping[JobKey, DeclaredJob], name: str) -> DeclaredJob:
    """Return the job of that name, ``plugin.job``, or ``job`` where one plugin alone has such a job.

    Raises:
        InputError: ``input.job_unknown``, ``input.job_ambiguous``.
    """
    found = [job for job in jobs.values() if name in {job.name, job.use.name}]
    if not found:
        raise InputError("input.job_unknown")
    if len(found) > 1:
        raise InputError("input.job_ambiguous", jobs=", ".join(job.name for job in found))
    return found[0]
