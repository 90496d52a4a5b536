"""``segur call``: one hook, one event, every outcome."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Final

import typer
from pydantic import BaseModel
from rich.markup import escape

from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, JsonOption, open_host
from segur_host.cli.output import console, only_json
from segur_host.dispatch.outcome import Outcome
from segur_host.messages import as_json, explain
from segur_sdk.errors import InputError, UserMessage

MAX_INPUT: Final = 1_048_576


def call(
    hook: Annotated[str, typer.Argument(help="Nom du moment, par exemple on_card_read.")],
    *,
    event: Annotated[str, typer.Option("--event", help="Fichier JSON de l’événement, ou - pour l’entrée standard.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Appelle un moment avec un événement et montre ce que chaque module en a fait."""
    text = read_input(event)
    with only_json() as output:
        with open_host(config) as host:
            result = host.call(hook, text)
            outcomes = [outcome_as_json(one, host.messages) for one in result.outcomes]
            messages = dict(host.messages)
        if json:
            output.write({"hook": hook, "value": value_as_json(result.value), "outcomes": outcomes})
    if not json:
        show_outcomes(result.outcomes, messages)
    fail(ExitCode.NO, when=not result.all_well)


def read_input(name: str) -> str:
    """Return the text of a file, or of standard input for ``-``.

    Raises:
        InputError: ``input.file``, ``input.json``.
    """
    try:
        if name == "-":
            data = sys.stdin.buffer.read(MAX_INPUT + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(MAX_INPUT + 1)
    except OSError as failure:
        raise InputError("input.file", reason=type(failure).__name__) from None
    if len(data) > MAX_INPUT:
        raise InputError("input.json", reason="too_large")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise InputError("input.json", reason="not_utf8") from None


def value_as_json(value: Any) -> Any:
    """Return the value of a hook as JSON."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [value_as_json(one) for one in value] if isinstance(value, tuple) else value


def outcome_as_json(outcome: Outcome, messages: Mapping[str, UserMessage]) -> dict[str, Any]:
    """Return one outcome as every command gives it."""
    return {
        "plugin": outcome.plugin,
        "version": outcome.version,
        "status": str(outcome.status),
        "error": as_json(outcome.error, messages) if outcome.error else None,
        "duration_ms": round(outcome.duration_ms, 3),
    }


def show_outcomes(outcomes: tuple[Outcome, ...], messages: Mapping[str, UserMessage]) -> None:
    """Show outcomes to a person."""
    for one in outcomes:
        text = f" — {explain(one.error, messages).message}" if one.error else ""
        console.print(f"{escape(one.plugin)} {escape(one.version)} : [bold]{one.status}[/]{escape(text)}")
