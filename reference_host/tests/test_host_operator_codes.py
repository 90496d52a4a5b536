"""Codes of operators: how long a wrong one makes wait, and what fits nobody."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from segur_host.operators.codes import LONGEST_WAIT, NOBODYS, fits, still_waits, wait_after

STARTED = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


def test_the_hash_of_nobody_can_be_checked_and_fits_nothing() -> None:
    assert not fits(NOBODYS, "un-code-assez-long")


@given(failures=st.integers(min_value=0, max_value=10**9))
def test_waiting_grows_and_ends(failures: int) -> None:
    assert timedelta(0) <= wait_after(failures) <= wait_after(failures + 1) <= LONGEST_WAIT


@given(failures=st.integers(0, 100), moved=st.timedeltas(timedelta(days=-400), timedelta(days=400)))
def test_a_clock_that_is_moved_never_makes_wait_longer(failures: int, moved: timedelta) -> None:
    assert timedelta(0) <= still_waits(STARTED, failures, STARTED + moved) <= wait_after(failures)
