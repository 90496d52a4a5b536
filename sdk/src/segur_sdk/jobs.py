"""Jobs: what a plugin does regularly, when nobody asks: fetch a list, look into a mailbox, watch a calendar.

The manifest declares each job with its period; the host decides when it runs. A plugin starts no thread and no timer.
"""

from typing import Final, Protocol, runtime_checkable

from pydantic import Field

from segur_sdk.context import HookContext
from segur_sdk.manifest import Token
from segur_sdk.models.base import Inbound, Moment, Value
from segur_sdk.models.notice import Notice

MAX_NOTICES: Final = 50


class JobRun(Inbound):
    """One run of one job."""

    job: Token
    """Its name in the manifest: a plugin with several tells them apart by it."""
    last_done: Moment | None = None
    """When it last succeeded; ``None`` when it never did, or when the clock says that this is yet to come."""
    attempt: int = Field(default=1, ge=1)
    """1, and one more for each run since the last success that failed, or that was cut short."""


class JobDone(Value):
    """A run succeeded."""

    next_at: Moment | None = None
    """When it should run next, if that is sooner than its period says."""
    notices: tuple[Notice, ...] = Field(default=(), max_length=MAX_NOTICES)
    """What users should know; shown until the next run succeeds. Without patient data."""


@runtime_checkable
class JobRunner(Protocol):
    """What a plugin offers that declares ``[[jobs]]``."""

    def run_job(self, run: JobRun, ctx: HookContext) -> JobDone:
        """Do what is to be done regularly.

        When: about every ``every_minutes`` as the manifest says, in the resident host, never twice at a time; sooner
        when the run before said so, later after failures. Also when somebody asks for it.

        When not: in the sequence of a patient's visit. A machine that slept through several runs makes one.

        Args:
            run: which job, and what became of it before.
            ctx: context of this plugin. The actor is an automaton, or whoever sits there when he asked for it; there
                is no session, and nobody to be asked.

        Returns:
            ``JobDone``.

        Stop rule: a run that outlives ``deadline_s`` is given up, and counts towards the plugin's suspension. A run
            that was cut short, by a crash or by the stop of the host, is made again: it may have been done in part.

        Failure: recorded; the job is tried again, each time after a longer pause.

        Raises:
            SegurError: why it could not be done.
        """
        ...
