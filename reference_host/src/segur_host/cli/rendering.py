"""Answers as every command shows them to a person."""

from collections.abc import Iterable, Mapping
from typing import Any

from rich.markup import escape

from segur_host.cli.output import console
from segur_host.dispatch.outcome import OutcomeStatus


def show_outcomes(outcomes: Iterable[Mapping[str, Any]]) -> None:
    """Show outcomes, in JSON, to a person."""
    for one in outcomes:
        text = f" — {one['error']['message']}" if one["error"] else ""
        console.print(f"{escape(one['plugin'])} {escape(one['version'])} : [bold]{one['status']}[/]{escape(text)}")


def all_well(outcomes: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether every plugin did what it was called for."""
    return all(OutcomeStatus(one["status"]).is_well for one in outcomes)
