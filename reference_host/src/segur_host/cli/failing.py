"""Exit codes, and what a user reads when a command fails: never a traceback."""

import sys
from collections.abc import Mapping
from enum import IntEnum
from typing import Any, Final

import typer
from rich.markup import escape

from segur_host.cli.output import only_json, problems
from segur_host.crash import write_report
from segur_host.messages import as_json
from segur_host.resident.client import ToldError
from segur_sdk.errors import InputError, SegurError


class ExitCode(IntEnum):
    """Status of every ``segur`` command."""

    DONE = 0
    NO = 1
    USAGE = 2
    CONFIGURATION = 3
    INTERNAL = 4
    NOT_CERTIFIABLE = 5


INTERRUPTED: Final = 130
"""Status of a command that was interrupted from the keyboard."""


class Answered(Exception):  # noqa: N818 - not an error: the command has said all it had to say
    """Ends a command with a status other than 0 after it wrote its answer."""

    def __init__(self, status: ExitCode) -> None:
        super().__init__(status)
        self.status = status


def status_of(failure: SegurError) -> ExitCode:
    """Return the exit code of a typed failure."""
    kind = failure.kind if isinstance(failure, ToldError) else type(failure).__name__
    return {"ConfigError": ExitCode.CONFIGURATION, "InputError": ExitCode.USAGE}.get(kind, ExitCode.NO)


def run(app: typer.Typer, arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code.

    Args:
        app: the command.
        arguments: instead of those of the process.
    """
    given = sys.argv[1:] if arguments is None else arguments
    wants_json = "--json" in given
    try:
        app(args=given)
    except Answered as answered:
        return answered.status
    except SystemExit as end:
        # Typer itself says what was wrong with the command line, on standard error.
        if end.code == ExitCode.USAGE and wants_json:
            show_failure(InputError("input.usage"), wants_json=True)
        return end.code if isinstance(end.code, int) else ExitCode.DONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except SegurError as failure:
        show_failure(failure, wants_json=wants_json)
        return status_of(failure)
    except Exception as failure:  # noqa: BLE001 - the last resort: a report without patient data, no traceback
        internal = write_report(failure)
        show_failure(internal, wants_json=wants_json)
        return ExitCode.INTERNAL
    return ExitCode.DONE


def show_failure(failure: SegurError, *, wants_json: bool) -> None:
    """Write a failure: one JSON object, or three French sentences."""
    told = failure.told if isinstance(failure, ToldError) else as_json(failure)
    if wants_json:
        with only_json() as output:
            output.write({"error": told})
        return
    show_told(told)


def show_told(told: Mapping[str, Any]) -> None:
    """Show a failure in JSON to a person: three French sentences and its code."""
    problems.print(f"[bold red]{escape(told['message'])}[/]")
    problems.print(escape(told["cause"]))
    problems.print(f"[bold]→[/] {escape(told['action'])}")
    problems.print(f"[dim]{escape(told['code'])}[/]")


def fail(status: ExitCode, *, when: Any = True) -> None:
    """End the command with ``status`` if ``when`` holds."""
    if when:
        raise Answered(status)
