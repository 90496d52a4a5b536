"""``segur audit``: prove that nothing was taken out of the audit, nor changed in it."""

import attrs
import typer

from segur_host.audit.log import AuditLog
from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, JsonOption, config_path
from segur_host.cli.output import console, only_json
from segur_host.clock import SystemClock
from segur_host.config.loading import load_config
from segur_host.storage.database import DATABASE_NAME, Database
from segur_sdk.errors import ConfigError

app = typer.Typer(help="Journal d’audit.", no_args_is_help=True)


@app.callback()
def _audit() -> None:
    """Keep ``verify`` a sub-command even while it is the only one."""


@app.command()
def verify(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Vérifie chaque enregistrement, leur ordre et leur nombre ; nomme le premier qui ne va pas."""
    settings = load_config(config_path(config))
    if not (settings.data / DATABASE_NAME).exists():
        raise ConfigError("config.data_missing")
    with Database(settings.data, settings.tenant) as database:
        found = AuditLog(database, SystemClock()).verify()
    if json:
        with only_json() as output:
            output.write(attrs.asdict(found))
    elif found.ok:
        console.print(f"Audit intact : {found.records} enregistrements.")
    else:
        console.print(f"[bold red]Audit altéré[/] à l’enregistrement {found.first_bad_seq} : {found.reason}.")
    fail(ExitCode.NO, when=not found.ok)
