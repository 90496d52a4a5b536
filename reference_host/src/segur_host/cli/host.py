"""``segur host``: the resident host, which keeps sessions for the other commands."""

import os
import signal
import threading
from contextlib import ExitStack
from functools import partial

import typer
from rich.markup import escape

from segur_host.cli.options import ConfigOption, JsonOption, config_path
from segur_host.cli.output import console, only_json
from segur_host.config.loading import load_config
from segur_host.host import Host
from segur_host.resident.back_channel import BackChannel
from segur_host.resident.server import Resident
from segur_host.verbs import verbs_of
from segur_sdk.models.actor import SessionMeans

app = typer.Typer(help="Hôte résident : sessions, cartes et modules pour les autres commandes.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``run`` a word of its own."""


@app.command()
def run(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Démarre l’hôte résident et attend ; SIGTERM ou Ctrl-C l’arrête en ordre, un Ctrl-C de plus aussitôt."""
    loaded = load_config(config_path(config))
    stop = _told_to_stop()
    # Clients and the authority go first at the end: none may begin what the host can no longer end.
    with only_json() as output, Host(loaded) as host, ExitStack() as at_end:
        resident = Resident(host.config.data, verbs_of(host), host.messages)
        at_end.callback(resident.close)
        back_channel = _back_channel(host, at_end)
        if json:
            output.write({"pid": os.getpid(), "socket": str(resident.address), "back_channel": back_channel})
        else:
            console.print(f"Hôte résident prêt : {escape(str(resident.address))}")
            if back_channel is not None:
                console.print(f"Déconnexions de Pro Santé Connect reçues à : {escape(back_channel)}")
        host.jobs.start()
        host.outbox.start()
        stop.wait()


def _told_to_stop() -> threading.Event:
    """Return what the first signal sets; a Ctrl-C that follows ends the process, whatever still hangs in it."""
    stop = threading.Event()

    def told(*_: object) -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, told)
    return stop


def _back_channel(host: Host, at_end: ExitStack) -> str | None:
    """Listen to Pro Santé Connect if the configuration says so, and return where."""
    rules = host.config.sessions.back_channel
    if rules is None:
        return None
    opened = BackChannel(rules, partial(host.ended_elsewhere, SessionMeans.PSC), host.audit.append)
    at_end.callback(opened.close)
    return opened.address
