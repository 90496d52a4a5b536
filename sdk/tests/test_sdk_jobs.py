"""What a manifest may say of jobs, and what a run may answer."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from segur_sdk.errors import PluginError
from segur_sdk.jobs import MAX_NOTICES, JobDone, JobRun, JobRunner
from segur_sdk.manifest import MAX_PERIOD_MINUTES, JobUse, parse_manifest
from segur_sdk.models.notice import Notice

MANIFEST = """
manifest_version = 1
id = "crl"
display_name = "Listes"
description = "Made up by a test."
license = "Apache-2.0"
maintainers = ["tests"]
sdk = ">=0.1,<2"
entry = "made_up.plugin:Plugin"
"""
JOB = '[[jobs]]\nname = "crl"\n'


def refusal(tables: str) -> str:
    with pytest.raises(PluginError) as raised:
        parse_manifest((MANIFEST + tables).encode())
    return f"{raised.value.code} {raised.value.facts['fields']}"


def test_a_manifest_declares_jobs_with_their_periods() -> None:
    tables = JOB + 'every_minutes = 60\n[[jobs]]\nname = "calendar"\nevery_minutes = 1440\ndeadline_s = 2.5\n'
    crl, calendar = parse_manifest((MANIFEST + tables).encode()).jobs
    assert (crl.name, crl.every_minutes, crl.deadline_s) == ("crl", 60, 60)
    assert (calendar.name, calendar.every_minutes, calendar.deadline_s) == ("calendar", 1440, 2.5)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "every_minutes = 0",
        "every_minutes = -5",
        "every_minutes = 1.5",
        f"every_minutes = {MAX_PERIOD_MINUTES + 1}",
        "every_minutes = 5\ndeadline_s = 0",
        "every_minutes = 5\ndeadline_s = 601",
        "every_minutes = 5\ndeadline_s = nan",
        'every_minutes = 5\ncron = "* * * * *"',
    ],
)
def test_a_job_without_a_sensible_period_or_deadline_is_refused(line: str) -> None:
    assert refusal(JOB + line).startswith("plugin.manifest_invalid jobs")


@pytest.mark.parametrize("name", ["", "CRL", "a b", "../crl", "a.b", "x" * 41])
def test_a_job_whose_name_is_no_word_is_refused(name: str) -> None:
    assert refusal(f'[[jobs]]\nname = "{name}"\nevery_minutes = 5\n').startswith("plugin.manifest_invalid jobs")


def test_a_job_is_declared_once() -> None:
    assert refusal(2 * (JOB + "every_minutes = 5\n")).startswith("plugin.manifest_invalid")


def test_a_longest_period_and_deadline_are_taken() -> None:
    assert JobUse(name="a", every_minutes=MAX_PERIOD_MINUTES, deadline_s=600).every_minutes == MAX_PERIOD_MINUTES


NOTICE = Notice(code="crl.late", text="La liste est en retard.")


@pytest.mark.parametrize(
    ("model", "given"),
    [
        (JobDone, {"next_at": datetime(2026, 3, 2)}),  # noqa: DTZ001 - what is refused
        (JobDone, {"notices": (NOTICE,) * (MAX_NOTICES + 1)}),
        (JobRun, {"job": "crl", "attempt": 0}),
        (JobRun, {"job": "CRL"}),
    ],
    ids=["no_time_zone", "too_many_notices", "no_attempt", "no_name"],
)
def test_what_does_not_fit_is_refused(model: Any, given: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        model(**given)


def test_a_run_and_its_end_are_values() -> None:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    assert JobRun.model_validate_json(JobRun(job="crl", last_done=at, attempt=2).model_dump_json()).last_done == at
    assert JobDone(next_at=at, notices=(NOTICE,)).notices == (NOTICE,)


def test_who_runs_jobs_is_known_by_its_method() -> None:
    class Runner:
        def run_job(self, run: JobRun, ctx: Any) -> JobDone:
            return JobDone()

    assert isinstance(Runner(), JobRunner)
    assert not isinstance(object(), JobRunner)
