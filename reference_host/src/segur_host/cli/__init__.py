"""The ``segur`` command. Other packages add theirs by the entry point group ``segur.commands``."""

import sys
from collections.abc import Iterator
from importlib.metadata import entry_points
from typing import Final

import typer
from rich.markup import escape

from segur_host.cli import (
    audit,
    call,
    cards,
    certificates,
    consent,
    demo,
    doctor,
    hooks,
    host,
    identify,
    jobs,
    operators,
    outbox,
    plugins,
    send,
    session,
    validate,
)
from segur_host.cli.failing import run
from segur_host.cli.output import keep_for_answers, only_json, problems

COMMANDS_GROUP: Final = "segur.commands"
OWN_COMMANDS: Final = frozenset(
    {
        "identify",
        "call",
        "cards",
        "certificates",
        "doctor",
        "hooks",
        "host",
        "jobs",
        "operators",
        "plugins",
        "session",
        "send",
        "validate",
        "outbox",
        "consent",
        "audit",
        "demo",
    }
)


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
    app.command("send")(send.send)
    app.command("validate")(validate.validate)
    app.add_typer(cards.app, name="cards")
    app.add_typer(certificates.app, name="certificates")
    app.add_typer(plugins.app, name="plugins")
    app.add_typer(host.app, name="host")
    app.add_typer(session.app, name="session")
    app.add_typer(outbox.app, name="outbox")
    app.add_typer(consent.app, name="consent")
    app.add_typer(jobs.app, name="jobs")
    app.add_typer(operators.app, name="operators")
    app.add_typer(audit.app, name="audit")
    app.add_typer(demo.app, name="demo")
    for name, group in _added_commands():
        app.add_typer(group, name=name)
    return app


def _added_commands() -> Iterator[tuple[str, typer.Typer]]:
    """Give the commands of other packages; one that cannot be loaded is named and stops no other command."""
    for found in sorted(entry_points(group=COMMANDS_GROUP), key=lambda one: one.name):
        try:
            with only_json():
                group = found.load()
        except (Exception, SystemExit) as failure:  # noqa: BLE001 - another package's code
            reason = type(failure).__name__
        else:
            if isinstance(group, typer.Typer):
                yield found.name, group
                continue
            reason = "not_a_command"
        problems.print(escape(f"Commande « {found.name} » ignorée : elle ne se charge pas ({reason})."))


def main() -> None:
    """Run ``segur`` and exit with the status that its documentation promises."""
    app = application()
    if "--json" in sys.argv and OWN_COMMANDS.intersection(sys.argv[1:2]):
        keep_for_answers()
    sys.exit(run(app))
