"""The ``segur`` command. Other packages add theirs by the entry point group ``segur.commands``."""

import sys
from importlib.metadata import entry_points
from typing import Final

import typer

from segur_host.cli import audit, call, demo, doctor, hooks, identify, plugins
from segur_host.cli.failing import run

COMMANDS_GROUP: Final = "segur.commands"


def application() -> typer.Typer:
    """Return the whole command, those of other packages included."""
    app = typer.Typer(
        name="segur",
        help="Services nationaux Ségur : modules, identités, audit, bac à sable.",
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        add_completion=False,
    )
    app.command("identify")(identify.identify)
    app.command("call")(call.call)
    app.command("doctor")(doctor.doctor)
    app.command("hooks")(hooks.hooks)
    app.add_typer(plugins.app, name="plugins")
    app.add_typer(audit.app, name="audit")
    app.add_typer(demo.app, name="demo")
    for found in sorted(entry_points(group=COMMANDS_GROUP), key=lambda one: one.name):
        app.add_typer(found.load(), name=found.name)
    return app


def main() -> None:
    """Run ``segur`` and exit with the status that its documentation promises."""
    sys.exit(run(application()))
