"""``segur consent``: what a patient was told of the DMP, and what he said."""

import sys
from typing import Annotated, Any, Final

import typer
from rich.markup import escape

from segur_host.broker.ask import NobodyToAsk
from segur_host.cli.asking import console_asker
from segur_host.cli.carrying_out import carried_out
from segur_host.cli.options import ConfigOption, JsonOption, SessionOption
from segur_host.cli.output import console, only_json
from segur_host.consents.ledger import MAX_MOTIVE, InformationChannel
from segur_sdk.errors import InputError
from segur_sdk.models.notice import Question

app = typer.Typer(help="Information du patient sur le DMP, et ses oppositions.", no_args_is_help=True)

IdentityArgument = Annotated[str, typer.Argument(help="Référence de l’identité, donnée par « segur identify ».")]
DocumentOption = Annotated[
    str | None, typer.Option("--document", help="Le seul document visé, par sa référence ; tous sans elle.")
]
MOTIVE: Final = Question(
    code="consent.motive", text="Motif, dans les mots du patient (vide s’il n’en donne pas)", pattern=r"[^\x00]{0,2000}"
)
SAID = {
    "informed": "informé",
    "opposed": "opposition",
    "judged": "motif jugé",
    "lifted": "opposition levée",
}


@app.command()
def inform(
    identity: IdentityArgument,
    *,
    channel: Annotated[InformationChannel, typer.Option("--channel", help="Comment ; une affiche ne suffit pas.")],
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Note que le patient a été informé ; ce qui l’attendait part de soi-même."""
    _told("consents.inform", {"channel": channel}, identity, session, config, json=json)


@app.command()
def oppose(
    identity: IdentityArgument,
    *,
    document: DocumentOption = None,
    motive: Annotated[
        bool, typer.Option("--motive", help="Prend le motif sur l’entrée standard, ou le demande.")
    ] = False,
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Note que le patient s’oppose au versement dans son DMP ; l’effet est immédiat."""
    arguments = {"document": document, "motive": _motive(json=json) if motive else None}
    _told("consents.oppose", arguments, identity, session, config, json=json)


@app.command()
def judge(
    identity: IdentityArgument,
    *,
    judge: Annotated[str, typer.Option("--judge", help="Le professionnel qui a jugé du motif.")],
    accepted: Annotated[bool, typer.Option("--accepted/--refused", help="Motif légitime ou non.")],
    document: DocumentOption = None,
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Note ce qu’un professionnel a jugé du motif ; le logiciel n’en juge jamais."""
    arguments = {"judge": judge, "accepted": accepted, "document": document}
    _told("consents.judge", arguments, identity, session, config, json=json)


@app.command()
def lift(
    identity: IdentityArgument,
    *,
    document: DocumentOption = None,
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Note que le patient ne s’oppose plus."""
    _told("consents.lift", {"document": document}, identity, session, config, json=json)


@app.command()
def show(
    identity: IdentityArgument,
    *,
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Montre ce qui est noté pour un patient ; jamais son motif."""
    _told("consents.show", {}, identity, session, config, json=json)


def _motive(*, json: bool) -> str | None:
    """Return the motive: an option would stand in the list of processes for everybody to read."""
    if json or not sys.stdin.isatty():
        data = sys.stdin.buffer.read(4 * MAX_MOTIVE + 1)
        text = data.decode("utf-8", "replace").strip()
        if len(text) > MAX_MOTIVE:
            raise InputError("consent.motive_too_long", most=MAX_MOTIVE)
        return text or None
    with console_asker(json=False) as asker:
        return asker.ask(MOTIVE).strip() or None


def _told(
    verb: str,
    arguments: dict[str, Any],
    identity: str,
    session: str | None,
    config: ConfigOption,
    *,
    json: bool,
) -> None:
    with only_json() as output:
        found = carried_out(config, verb, {**arguments, "identity_ref": identity, "session": session}, NobodyToAsk())
        if json:
            output.write(found)
            return
    told = f"informé ({found['channel']})" if found["informed"] else "pas encore informé"
    opposed = "s’oppose au versement" if found["opposed"] else "ne s’oppose pas au versement"
    console.print(f"Patient {told} ; il {opposed}.")
    for one in found["entries"]:
        about = f", document {one['document']}" if one["document"] else ""
        judged = {None: "", True: ", légitime", False: ", non légitime"}[one["accepted"]]
        console.print(escape(f"{one['at']}  {SAID[one['kind']]}{judged}{about}, par {one['author']}"))
