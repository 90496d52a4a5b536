"""``segur validate``: hand over documents for which a professional answers."""

from typing import Annotated, Any

import typer
from rich.markup import escape

from segur_host.broker.ask import NobodyToAsk
from segur_host.cli.call import read_input
from segur_host.cli.carrying_out import carried_out
from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, JsonOption, SessionOption
from segur_host.cli.output import console, only_json
from segur_host.cli.send import VERDICTS
from segur_host.verbs.sending import MAX_DRAFT
from segur_sdk.errors import InputError

CHANNELS = {"dmp": "DMP", "mss_pro": "MSSanté professionnelle", "mss_patient": "MSSanté patient"}


def validate(
    *,
    given: Annotated[
        str,
        typer.Option("--input", help="Document validé en JSON, ou liste de documents, ou - pour l’entrée standard."),
    ],
    hold: Annotated[
        bool, typer.Option("--hold", help="Retient ce document-ci jusqu’à « segur outbox retry ».")
    ] = False,
    feed: Annotated[bool, typer.Option("--feed", help="Envoie au DMP ce qui ne part pas de soi-même.")] = False,
    past: Annotated[
        bool, typer.Option("--past", help="Reprend des documents anciens, selon [documents.past].")
    ] = False,
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Dit où va un document validé et verse ce qui part de soi-même ; le code de retour est 1 si l’un est refusé."""
    if past and (hold or feed):
        raise InputError("input.usage")
    arguments: dict[str, Any] = {"input": read_input(given, MAX_DRAFT), "session": session}
    verb = "documents.feed_past" if past else "documents.validate"
    if not past:
        arguments |= {"hold": hold, "feed": feed}
    with only_json() as output:
        found = carried_out(config, verb, arguments, NobodyToAsk())
        if json:
            output.write(found)
    answers = found if isinstance(found, list) else [found]
    if not json:
        for place, one in enumerate(answers, start=1):
            _show(one, place)
    fail(ExitCode.NO, when=any(_is_refused(one) for one in answers))


def _is_refused(answer: dict[str, Any]) -> bool:
    receipt = answer.get("receipt")
    return "error" in answer or (receipt is not None and receipt["verdict"] == "block")


def _show(answer: dict[str, Any], place: int) -> None:
    if "error" in answer:
        told = answer["error"]
        # It has no reference that could be trusted: its place in the list is what tells it from the others.
        console.print(
            f"[bold]Document n° {place}[/] : " + escape(f"{told['message']} {told['cause']} {told['action']}")
        )
        return
    name = escape(answer["document"])
    if "left_out" in answer:
        console.print(f"[bold]{name}[/] : {escape(_sentences(answer['left_out']))}")
        return
    console.print(f"[bold]{name}[/] : {escape(answer['shown'])}")
    for one in answer["destinations"]:
        console.print(
            escape(f"  {CHANNELS[one['channel']]} : {_how(one)} ({', '.join(_rule(r) for r in one['rules'])})")
        )
    receipt = answer["receipt"]
    if receipt is None:
        console.print(escape(f"  {_sentences(answer['kept_back'])}"))
    else:
        console.print(f"  Envoi au DMP [bold]{VERDICTS[receipt['verdict']]}[/]" + escape(_reference(receipt)))
    for one in (*answer["notices"], *(receipt["reasons"] if receipt else ())):
        console.print(escape(f"  {_sentences(one)}"))


def _how(destination: dict[str, Any]) -> str:
    if destination["held"]:
        return "retenu par défaut"
    return "part de soi-même" if destination["automatic"] else "à envoyer à qui vous choisissez"


def _rule(rule: dict[str, Any]) -> str:
    return f"{rule['document'] or rule['id']}{'' if rule['verified'] else ', non vérifié'}"


def _reference(receipt: dict[str, Any]) -> str:
    return f" : {receipt['id']}" if receipt["id"] else ""


def _sentences(notice: dict[str, Any]) -> str:
    return " ".join(filter(None, (notice["text"], notice["action"])))
