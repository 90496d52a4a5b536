"""What plugins do regularly."""

from typing import Any

from pydantic import Field

from segur_host.host import Host
from segur_host.json_forms import outcome_as_json
from segur_host.scheduler.scheduler import JobStanding
from segur_host.verbs.asked import Asked, Nothing
from segur_sdk.models.base import Inbound


class JobInput(Inbound):
    """Arguments of ``jobs.run``."""

    job: str = Field(min_length=1, max_length=81)
    """``plugin.job``, or ``job`` where one plugin alone has such a job."""


def list_jobs(host: Host, _arguments: Nothing, _asked: Asked) -> Any:
    """Return every job, when it runs next, and what became of its last run."""
    return [job_as_json(one) for one in host.jobs.standings()]


def run_job(host: Host, given: JobInput, asked: Asked) -> Any:
    """Run a job now, and wait for its end."""
    done = host.jobs.run(given.job, asked.cancellation)
    return {
        **job_as_json(JobStanding(done.job, done.state, running=False)),
        "outcome": outcome_as_json(done.outcome, host.messages),
    }


def job_as_json(standing: JobStanding) -> dict[str, Any]:
    """Return a job as outsiders rely on it."""
    job, state = standing.job, standing.state
    return {
        "job": job.name,
        "plugin": job.entry.id,
        "every_minutes": job.use.every_minutes,
        "state": "running" if standing.running else "waiting" if job.may_run else str(job.entry.state),
        "due_at": state.due_at.isoformat() if state else None,
        "last_done": state.last_done.isoformat() if state and state.last_done else None,
        "attempts": state.attempts if state else 0,
        "last_error": state.last_error if state else None,
        "notices": [one.model_dump(mode="json") for one in state.notices] if state else [],
    }
