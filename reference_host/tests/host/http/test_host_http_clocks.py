"""A service whose answers bear another time than the clock of this machine is noted: certificates are judged by it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from segur_host.broker.server_date import seconds_ahead
from segur_sdk.manifest import NetworkUse

Make = Callable[..., Any]
NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
USE = NetworkUse(purpose="p", trust="ours", auth="none")
DATES: dict[str, tuple[str | None, int | None]] = {
    "none": (None, None),
    "the_same": ("Mon, 02 Mar 2026 08:00:00 GMT", None),
    "five_minutes_ahead": ("Mon, 02 Mar 2026 08:05:00 GMT", None),
    "more": ("Mon, 02 Mar 2026 08:05:01 GMT", 301),
    "five_minutes_behind": ("Mon, 02 Mar 2026 07:55:00 GMT", None),
    "behind": ("Mon, 02 Mar 2026 07:54:59 GMT", -301),
    "years": ("Sat, 02 Mar 2024 08:00:00 GMT", -63_072_000),
    "another_zone": ("Mon, 02 Mar 2026 09:10:00 +0100", 600),
    "no_zone": ("Mon, 02 Mar 2026 08:10:00 -0000", 600),
    "the_form_of_asctime": ("Mon Mar  2 08:10:00 2026", 600),
    "garbage": ("tomorrow", None),
    "empty": ("", None),
    "no_such_day": ("Mon, 31 Feb 2026 08:00:00 GMT", None),
    "endless": ("Mon, 02 Mar 99999999999999999999 08:00:00 GMT", None),
}


@pytest.mark.parametrize(("date", "expected"), DATES.values(), ids=DATES)
def test_how_far_a_server_is_ahead(date: str | None, expected: int | None) -> None:
    assert seconds_ahead(date, NOW) == expected


@pytest.mark.parametrize("days", [0, 2, -2])
def test_an_answer_of_another_time_is_noted(
    days: int, broker: Make, serve: Make, make_call: Make, answering: Make
) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(days=days), usegmt=True).encode()
    server = serve(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nDate: " + date + b"\r\n\r\n"))
    call = make_call()
    assert broker(server.port).client(USE, call).request("GET").status == 200
    noted = [(event, facts.get("seconds_ahead")) for event, facts in call.notes]
    assert [event for event, _ in noted] == ["broker.http"] + ["broker.clock"] * bool(days)
    if days:
        assert noted[1][1] == pytest.approx(days * 86400, abs=3600)
