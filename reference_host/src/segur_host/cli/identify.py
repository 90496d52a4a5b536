"""``segur identify``: who is this person, and how far is that proven?"""

from typing import Annotated

import typer
from rich.markup import escape

from segur_host.broker.ask import NobodyToAsk
from segur_host.cli.call import read_input
from segur_host.cli.carrying_out import carried_out
from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, JsonOption, SessionOption
from segur_host.cli.output import console, only_json
from segur_host.cli.rendering import all_well, show_outcomes

STATUS_NAMES = {"PROV": "provisoire", "VALI": "validée", "RECUP": "récupérée", "QUAL": "qualifiée"}


def identify(
    *,
    given: Annotated[str, typer.Option("--input", help="Fichier JSON, ou - pour l’entrée standard.")],
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Identifie une personne : traits, lecture de carte ou INS reçu, et pièce présentée."""
    arguments = {"input": read_input(given), "session": session}
    with only_json() as output:
        found = carried_out(config, "identities.identify", arguments, NobodyToAsk())
        if json:
            output.write(found)
    if not json:
        status = STATUS_NAMES.get(found["status"] or "", "non enregistrée")
        console.print(f"Identité [bold]{status}[/]")
        for one in found["notices"]:
            console.print(escape(one["text"]))
        show_outcomes(found["outcomes"])
    fail(ExitCode.NO, when=found["identity_ref"] is None or not all_well(found["outcomes"]))
