"""``segur send``: give a document to be sent, or see what would go out."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from segur_host.broker.ask import NobodyToAsk
from segur_host.cli.call import read_input
from segur_host.cli.carrying_out import carried_out
from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, JsonOption, SessionOption
from segur_host.cli.output import console, only_json
from segur_host.verbs.sending import MAX_DRAFT
from segur_sdk.errors import InputError

VERDICTS = {"allow": "accepté", "warn": "accepté, avec réserve", "hold": "retenu", "block": "refusé"}


def send(
    *,
    given: Annotated[str, typer.Option("--input", help="Brouillon JSON avec « kind », ou - pour l’entrée standard.")],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Écrit dans --out ce qui partirait ; rien n’est gardé ni envoyé.")
    ] = False,
    out: Annotated[Path | None, typer.Option("--out", help="Dossier de --dry-run.")] = None,
    hold: Annotated[bool, typer.Option("--hold", help="Retient ce document jusqu’à « segur outbox retry ».")] = False,
    key: Annotated[
        str | None, typer.Option("--key", help="Clé d’idempotence : la même donne le même reçu, sans second envoi.")
    ] = None,
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Donne un document à envoyer : les règles d’abord, puis la file ; le code de retour est 1 s’il est refusé."""
    if dry_run != (out is not None) or (dry_run and (hold or key is not None)):
        raise InputError("input.usage")
    arguments: dict[str, Any] = {"input": read_input(given, MAX_DRAFT), "session": session}
    if out is not None:
        verb, arguments = "sending.rehearse", {**arguments, "out": str(out.absolute())}
    else:
        verb, arguments = "sending.send", {**arguments, "hold": hold, "key": key}
    with only_json() as output:
        found = carried_out(config, verb, arguments, NobodyToAsk())
        if json:
            output.write(found)
    if not json:
        _show(found)
    fail(ExitCode.NO, when=found["verdict"] == "block")


def _show(found: dict[str, Any]) -> None:
    console.print(f"Envoi [bold]{VERDICTS[found['verdict']]}[/]{_reference(found)}")
    for one in found["reasons"]:
        console.print(escape(" ".join(filter(None, (one["text"], one["action"])))))
    if found["question"] is not None:
        console.print(escape(found["question"]["text"]))
    for name in found.get("files", ()):
        console.print(escape(name))


def _reference(found: dict[str, Any]) -> str:
    return f" : {found['id']}" if found.get("id") else ""
