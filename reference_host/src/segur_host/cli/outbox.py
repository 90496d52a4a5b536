"""``segur outbox``: what was given to be sent, and is not sent yet."""

from datetime import datetime
from typing import Annotated, Any

import typer
from rich.markup import escape

from segur_host.broker.ask import NobodyToAsk
from segur_host.cli.carrying_out import carried_out
from segur_host.cli.options import ConfigOption, JsonOption, SessionOption
from segur_host.cli.output import console, only_json

app = typer.Typer(help="Documents à envoyer : où en est chacun, et pourquoi.", no_args_is_help=True)

ROW = ("id", "kind", "state", "attempts", "next_attempt", "reason")
STATES = {
    "queued": "à envoyer",
    "sending": "en cours",
    "in_doubt": "issue inconnue",
    "waiting": "en attente",
    "held": "retenu",
    "sent": "envoyé",
    "rejected": "refusé par le service",
    "cancelled": "retiré",
}

IdArgument = Annotated[str, typer.Argument(help="Identifiant, comme « segur outbox list » le montre.")]


@app.command("list")
def list_intents(
    *,
    everything: Annotated[bool, typer.Option("--all", help="Aussi ce qui est envoyé, refusé ou retiré.")] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Montre ce qui n’est pas envoyé, du plus ancien au plus récent, et pourquoi."""
    with only_json() as output:
        rows = carried_out(config, "outbox.list", {"settled": everything}, NobodyToAsk())
        if json:
            output.write([{name: row[name] for name in ROW} for row in rows])
            return
    if not rows:
        console.print("Rien n’attend d’être envoyé.")
        return
    for row in rows:
        at = f", prochain essai de lui-même : {_when(row['next_attempt'])}" if row["next_attempt"] else ""
        console.print(escape(f"{row['id']}  {row['kind']}  {STATES[row['state']]}, {row['attempts']} essai(s){at}"))
        _say(row["reasons"])


@app.command()
def show(intent: IdArgument, *, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Montre où en est un envoi ; jamais ce qu’il contient."""
    _told("outbox.show", {"id": intent}, config, json=json)


@app.command()
def retry(
    intent: IdArgument, *, session: SessionOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Relance un envoi dès que possible ; les règles s’appliquent à nouveau."""
    _told("outbox.retry", {"id": intent, "session": session}, config, json=json)


@app.command()
def cancel(
    intent: IdArgument, *, session: SessionOption = None, config: ConfigOption = None, json: JsonOption = False
) -> None:
    """Retire un envoi qui n’est pas parti."""
    _told("outbox.cancel", {"id": intent, "session": session}, config, json=json)


@app.command()
def run(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Envoie maintenant ce qui peut l’être, puis s’arrête ; l’hôte résident le fait de lui-même."""
    with only_json() as output:
        done = carried_out(config, "outbox.run", {}, NobodyToAsk())
        if json:
            output.write(done)
            return
    console.print(f"Envois traités : {done['steps']}.")


def _told(verb: str, arguments: dict[str, Any], config: ConfigOption, *, json: bool) -> None:
    with only_json() as output:
        found = carried_out(config, verb, arguments, NobodyToAsk())
        if json:
            output.write(found)
            return
    console.print(f"{escape(found['id'])} : {STATES[found['state']]}, {found['attempts']} essai(s)")
    again = _when(found["next_attempt"]) if found["next_attempt"] else None
    for name, value in (("Prochain essai, de lui-même", again), ("Donné par", found["actor"])):
        if value:
            console.print(escape(f"{name} : {value}"))
    for name, value in (found["sent"] or {}).get("references", {}).items():
        console.print(escape(f"{name} : {value}"))
    _say(found["reasons"])


def _when(moment: str) -> str:
    try:
        return f"{datetime.fromisoformat(moment).astimezone():%d/%m/%Y %H:%M:%S}"
    except OverflowError:
        # A clock at the end of time has no later hour in another zone.
        return moment


def _say(reasons: list[dict[str, str | None]]) -> None:
    for one in reasons:
        console.print(escape("  " + " ".join(filter(None, (one["text"], one["action"])))))
