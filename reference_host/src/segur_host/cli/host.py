"""``segur host``: the resident host, which keeps sessions for the other commands."""

import os
import signal
import threading

import typer
from rich.markup import escape

from segur_host.cli.options import ConfigOption, JsonOption, config_path
from segur_host.cli.output import console, only_json
from segur_host.config.loading import load_config
from segur_host.host import Host
from segur_host.resident.server import Resident
from segur_host.verbs import verbs_of

app = typer.Typer(help="Hôte résident : sessions, cartes et modules pour les autres commandes.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``run`` a word of its own."""


@app.command()
def run(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Démarre l’hôte résident et attend ; SIGTERM ou Ctrl-C l’arrête en ordre."""
    loaded = load_config(config_path(config))
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with only_json() as output, Host(loaded) as host:
        resident = Resident(host.config.data, verbs_of(host), host.messages)
        try:
            if json:
                output.write({"pid": os.getpid(), "socket": str(resident.address)})
            else:
                console.print(f"Hôte résident prêt : {escape(str(resident.address))}")
            stop.wait()
        finally:
            # Clients first: none may begin what the host can no longer end.
            resident.close()
