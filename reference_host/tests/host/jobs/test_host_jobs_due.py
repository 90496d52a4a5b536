"""When a job runs next, wherever the clock stands and however it jumps."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segur_host.scheduler import due
from segur_sdk.manifest import MAX_PERIOD_MINUTES, JobUse

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
MOMENTS = st.datetimes(timezones=st.just(UTC))
DRAWS = st.floats(0, 1)
USES = st.integers(1, MAX_PERIOD_MINUTES).map(lambda minutes: JobUse(name="crl", every_minutes=minutes))
LAST_YEAR = 9999
"""Nothing comes after it."""


def job(every_minutes: int) -> JobUse:
    return JobUse(name="crl", every_minutes=every_minutes)


def minutes(moment: datetime) -> float:
    return (moment - NOW) / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (None, 60),
        (30, 30),
        (60, 60),
        (61, 60),
        (60 * 24 * 3650, 60),
        (0.5, 1),
        (0, 1),
        (-60 * 24 * 3650, 1),
    ],
)
def test_a_plugin_may_have_its_job_run_sooner_never_later_nor_at_once(wanted: float | None, expected: float) -> None:
    at = NOW + timedelta(minutes=wanted) if wanted is not None else None
    assert minutes(due.after_success(job(60), NOW, at, 0)) == expected


@pytest.mark.parametrize(
    ("every_minutes", "expected"),
    [
        (1, [1, 2, 4, 8, 16, 32, 60, 60]),
        (60, [1, 2, 4, 8, 16, 32, 60, 60]),
        (180, [1, 2, 4, 8, 16, 32, 64, 128, 180, 180]),
        (MAX_PERIOD_MINUTES, [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360]),
    ],
)
def test_failures_are_tried_again_with_growing_pauses(every_minutes: int, expected: list[float]) -> None:
    pauses = [minutes(due.after_failure(job(every_minutes), NOW, n, 0)) for n in range(1, len(expected) + 1)]
    assert pauses == expected
    assert minutes(due.after_failure(job(every_minutes), NOW, 10**9, 0)) == expected[-1]


@pytest.mark.parametrize(("every_minutes", "least"), [(1, 0.9), (30, 27), (50, 45), (1440, 1435)])
def test_chance_leaves_out_a_tenth_of_the_wait_and_five_minutes_at_most(every_minutes: int, least: float) -> None:
    assert minutes(due.after_success(job(every_minutes), NOW, None, 1)) == pytest.approx(least)


@pytest.mark.parametrize(("every_minutes", "seconds"), [(1, 6), (5, 30), (10, 60), (1440, 60)])
def test_what_was_missed_is_spread_over_a_minute_at_most(every_minutes: int, seconds: float) -> None:
    assert (due.spread(job(every_minutes), 0), due.spread(job(every_minutes), 1)) == (0, seconds)


@given(USES, MOMENTS, st.none() | MOMENTS, DRAWS)
def test_after_a_success_a_job_waits_and_not_for_longer_than_its_period(
    use: JobUse, now: datetime, wanted: datetime | None, draw: float
) -> None:
    at = due.after_success(use, now, wanted, draw)
    assert at > now or now.year == LAST_YEAR
    assert at - now <= due.period_of(use)


@given(USES, MOMENTS, st.integers(1, 10**6), DRAWS)
def test_after_a_failure_a_job_waits_and_not_for_ever(use: JobUse, now: datetime, attempts: int, draw: float) -> None:
    at = due.after_failure(use, now, attempts, draw)
    assert at > now or now.year == LAST_YEAR
    assert at - now <= due.longest_wait(use)


@given(USES, MOMENTS, MOMENTS, DRAWS, st.integers(0, 20))
def test_no_clock_holds_a_job_off_nor_makes_it_run_more_often(
    use: JobUse, then: datetime, now: datetime, draw: float, failures: int
) -> None:
    at = due.after_failure(use, then, failures, draw) if failures else due.after_success(use, then, None, draw)
    brought_back = due.within_reach(use, at, now)
    assert brought_back <= at
    assert brought_back - now <= due.longest_wait(use)
    assert due.within_reach(use, brought_back, now) == brought_back
    if at <= now:
        assert brought_back == at
