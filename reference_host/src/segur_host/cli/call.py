"""``segur call``: one hook, one event, every outcome."""

import sys
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import typer

from segur_host.cli.asking import console_asker
from segur_host.cli.carrying_out import carried_out
from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, JsonOption, SessionOption
from segur_host.cli.output import only_json
from segur_host.cli.rendering import all_well, show_outcomes
from segur_sdk.errors import InputError

MAX_INPUT: Final = 1_048_576


def call(
    hook: Annotated[str, typer.Argument(help="Nom du moment, par exemple on_card_read.")],
    *,
    event: Annotated[str, typer.Option("--event", help="Fichier JSON de l’événement, ou - pour l’entrée standard.")],
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Appelle un moment avec un événement et montre ce que chaque module en a fait."""
    arguments = {"hook": hook, "event": read_input(event), "session": session}
    with only_json() as output:
        with console_asker(json=json) as asker:
            answer = carried_out(config, "hooks.call", arguments, asker)
        if json:
            output.write(answer)
    if not json:
        show_outcomes(answer["outcomes"])
    fail(ExitCode.NO, when=not all_well(answer["outcomes"]))


def read_input(name: str, most: int = MAX_INPUT) -> str:
    """Return the text of a file, or of standard input for ``-``.

    Args:
        name: of the file.
        most: bytes.

    Raises:
        InputError: ``input.file``, ``input.json``.
    """
    try:
        if name == "-":
            data = sys.stdin.buffer.read(most + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(most + 1)
    except OSError as failure:
        raise InputError("input.file", reason=type(failure).__name__) from None
    if len(data) > most:
        raise InputError("input.json", reason="too_large")
    # The exception of a failed decoding holds the bytes: it must not become the context of an error.
    with suppress(UnicodeDecodeError):
        return data.decode("utf-8")
    raise InputError("input.json", reason="not_utf8")
