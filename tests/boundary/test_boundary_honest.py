"""The green plugins: whatever their settings and whatever fails around them, nothing goes round the broker."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DAYS: dict[str, tuple[str, dict[str, object], list[str], list[str | None]]] = {
    "several-calls-by-card": ("plain", {}, ["insi ok"] * 4, ["RECUP", "RECUP", "RECUP", "PROV"]),
    "several-calls-by-traits": (
        "plain",
        {"vitale_assertion": "none"},
        ["insi ok"] * 4,
        ["RECUP", "RECUP", "RECUP", "PROV"],
    ),
    "insi-down-in-every-way": (
        "insi_down",
        {"retries": 0},
        [
            "insi insi.http_status",
            "insi service.unreachable",
            "insi service.answer_lost",
            "insi insi.answer_unreadable",
            "insi service.answer_lost",
            "insi service.server_certificate",
            "insi ok",
        ],
        [*["PROV"] * 6, "RECUP"],
    ),
    "card-swapped-cut-foreign-gone": (
        "card_swapped",
        {},
        ["insi card.swapped", "card.unreadable", "card.unknown", "card.absent"],
        [None],
    ),
    "reading-supplied": ("supplied", {}, ["insi ok"], ["RECUP"]),
}


@pytest.mark.parametrize(("day", "settings", "outcomes", "statuses"), DAYS.values(), ids=DAYS)
def test_honest_plugins_stay_within_the_boundary(
    counter: Callable[..., Any],
    day: str,
    settings: dict[str, object],
    outcomes: list[str],
    statuses: list[str | None],
) -> None:
    run = counter(day, **settings)

    assert run.result["states"] == dict.fromkeys(
        ("certificates", "cps", "dmp", "insi", "pcsc", "pkcs11", "psc", "vitale"), "active"
    )
    assert (run.result["outcomes"], run.result["statuses"]) == (outcomes, statuses)
    assert (run.violations, run.uneven) == ((), {})


def test_an_unchanged_copy_installed_by_pip_behaves_like_the_original(
    counter: Callable[..., Any], pip_install: Callable[..., Path]
) -> None:
    site = pip_install("insi")
    pip_install("vitale")

    run = counter("one_reading_per_insertion", site, vitale_assertion="none")

    assert run.result["outcomes"] == ["insi ok"] * 3
    assert (run.violations, run.uneven) == ((), {})
    # Each insertion was opened once: tickets and openings are the same number.
    tickets = [one["plugin"] for one in run.result["audited"] if one["event"] == "broker.card.open"]
    openings = {one.what: one.seen for one in run.reckonings}
    assert (tickets, openings["Vitale 1"]) == (["vitale"] * 3, 3)
