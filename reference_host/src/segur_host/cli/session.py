"""``segur session``: who is signed in, kept by the resident host."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Column, Table

from segur_host.cli.asking import console_asker
from segur_host.cli.carrying_out import carried_out, resident_of
from segur_host.cli.options import ConfigOption, JsonOption
from segur_host.cli.output import console, only_json
from segur_sdk.models.actor import SessionMeans
from segur_sdk.services.session_provider import Device

app = typer.Typer(help="Sessions des professionnels et des opérateurs.", no_args_is_help=True)


class Flow(StrEnum):
    """By what somebody signs in, as the command names it."""

    CODE = "code"
    CIBA = "ciba"
    CPS = "cps"
    LOCAL = "local"


MEANS = {
    Flow.CODE: SessionMeans.PSC,
    Flow.CIBA: SessionMeans.PSC,
    Flow.CPS: SessionMeans.CPS,
    Flow.LOCAL: SessionMeans.LOCAL,
}


@app.command()
def login(
    *,
    flow: Annotated[Flow, typer.Option("--flow", help="Pro Santé Connect (code, ciba), CPS, ou code local.")],
    slot: Annotated[str | None, typer.Option("--slot", help="Lecteur de la CPS.")] = None,
    national_id: Annotated[
        str | None, typer.Option("--national-id", help="Identifiant national, pour ciba ; demandé sinon.")
    ] = None,
    device: Annotated[Device | None, typer.Option("--device", help="Où répondre à ciba.")] = None,
    operator: Annotated[str | None, typer.Option("--operator", help="Nom du compte, pour local.")] = None,
    exercice: Annotated[str | None, typer.Option("--exercice", help="Situation d’exercice ; demandée sinon.")] = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Ouvre une session dans l’hôte résident."""
    arguments = {
        "means": MEANS[flow],
        "flow": flow if MEANS[flow] is SessionMeans.PSC else None,
        "slot": slot,
        "national_id": national_id,
        "device": device,
        "operator": operator,
        "exercice": exercice,
    }
    with only_json() as output:
        with console_asker(json=json) as asker, resident_of(config) as client:
            opened = client.call("session.login", arguments, asker=asker, show=asker.show)
        if json:
            output.write(opened)
    if not json:
        console.print(f"Session ouverte : {_line(opened)}")
        for notice in (*opened["notices"], *opened["warnings"]):
            console.print(escape(" ".join(filter(None, (notice["text"], notice["action"])))))


@app.command()
def status(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Montre qui est connecté."""
    with only_json() as output:
        with console_asker(json=json) as asker:
            found = carried_out(config, "session.status", {}, asker)
        if json:
            output.write(found)
            return
    if not found["sessions"]:
        console.print("Aucune session n’est ouverte.")
        return
    # All of it, the id on one line: whoever wants to close one of several names it.
    others = (Column(name, overflow="fold") for name in ("Opérateur", "RPPS", "Moyen", "Jusqu’au"))
    table = Table(Column("Session", no_wrap=True), *others)
    for one in found["sessions"]:
        known = (one[name] or "" for name in ("session", "operator", "rpps", "means"))
        table.add_row(*(escape(text) for text in (*known, _here(one["expires_at"]))))
    console.print(table)


@app.command()
def logout(
    *,
    session: Annotated[str | None, typer.Option("--session", help="Laquelle, s’il y en a plusieurs.")] = None,
    everywhere: Annotated[
        bool, typer.Option("--everywhere", help="Quitte aussi Pro Santé Connect, pour tous les logiciels.")
    ] = False,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Ferme une session."""
    with only_json() as output:
        with resident_of(config) as client:
            left = client.call("session.logout", {"session": session, "everywhere": everywhere})
        if json:
            output.write(left)
            return
    console.print("Session fermée.")


@app.command()
def watch(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Suit les sessions : une ligne par ouverture et par fin, jusqu’à Ctrl-C ou l’arrêt de l’hôte."""
    with only_json() as output, resident_of(config) as client:

        def told(event: Any) -> None:
            if json:
                output.write(event)
                return
            what = "ouverte" if event["event"] == "opened" else f"terminée ({event['reason']})"
            console.print(f"{_line(event)} : {what}")

        client.call("session.watch", {}, told=told)


def _here(moment: str | None) -> str:
    """Return an instant as the clock on the wall shows it."""
    return f"{datetime.fromisoformat(moment).astimezone():%d/%m/%Y %H:%M}" if moment else ""


def _line(session: dict[str, Any]) -> str:
    rpps = f", RPPS {session['rpps']}" if session["rpps"] else ""
    return escape(f"{session['operator']} ({session['means']}{rpps})")
