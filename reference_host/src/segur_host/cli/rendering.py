"""Answers as every command shows them to a person."""

from collections.abc import Mapping

from rich.markup import escape

from segur_host.cli.output import console
from segur_host.dispatch.outcome import Outcome
from segur_host.messages import explain
from segur_sdk.errors import UserMessage


def show_outcomes(outcomes: tuple[Outcome, ...], messages: Mapping[str, UserMessage]) -> None:
    """Show outcomes to a person."""
    for one in outcomes:
        text = f" — {explain(one.error, messages).message}" if one.error else ""
        console.print(f"{escape(one.plugin)} {escape(one.version)} : [bold]{one.status}[/]{escape(text)}")
