"""``segur jobs``: what plugins do regularly, when it runs next, and how to run it now."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from segur_host.cli.asking import console_asker
from segur_host.cli.carrying_out import carried_out
from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, JsonOption
from segur_host.cli.output import console, only_json

app = typer.Typer(help="Tâches régulières des modules : échéances, exécution.", no_args_is_help=True)


@app.command("list")
def list_jobs(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Montre chaque tâche régulière, son échéance et ce que sa dernière exécution a donné."""
    with only_json() as output:
        with console_asker(json=json) as asker:
            rows = carried_out(config, "jobs.list", {}, asker)
        if json:
            output.write(rows)
            return
    if not rows:
        console.print("Aucun module actif n’a de tâche régulière.")
        return
    table = Table("Tâche", "État", "Échéance", "Dernière réussite", "Dernière erreur")
    for row in rows:
        table.add_row(*(escape(row[name] or "") for name in ("job", "state", "due_at", "last_done", "last_error")))
    console.print(table)
    for row in rows:
        for notice in row["notices"]:
            console.print(escape(f"{row['job']} : {' '.join(filter(None, (notice['text'], notice['action'])))}"))


@app.command()
def run(
    job: Annotated[str, typer.Argument(help="Nom de la tâche, par exemple certificates.crl.")],
    *,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Exécute une tâche maintenant et attend sa fin ; le code de retour est 1 si elle échoue."""
    with only_json() as output:
        with console_asker(json=json) as asker:
            done = carried_out(config, "jobs.run", {"job": job}, asker)
        if json:
            output.write(done)
    error = done["outcome"]["error"]
    if not json:
        if error is None:
            console.print(f"{escape(done['job'])} : fait ; prochaine échéance {done['due_at']}.")
        else:
            told = " ".join(filter(None, (error["message"], error["cause"], error["action"])))
            console.print(f"{escape(done['job'])} : échec. {escape(told)}")
        for notice in done["notices"]:
            console.print(escape(" ".join(filter(None, (notice["text"], notice["action"])))))
    fail(ExitCode.NO, when=error is not None)
