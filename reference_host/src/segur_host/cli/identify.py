"""``segur identify``: who is this person, and how far is that proven?"""

from typing import Annotated, Any

import typer
from pydantic import ValidationError
from rich.markup import escape

from segur_host.broker.ask import CheckedAsker
from segur_host.cli.call import read_input
from segur_host.cli.failing import ExitCode, fail
from segur_host.cli.options import ConfigOption, JsonOption, open_host
from segur_host.cli.output import console, only_json
from segur_host.cli.rendering import show_outcomes
from segur_host.host import Host
from segur_host.identities.beneficiary import chosen
from segur_host.identities.desk import Identification
from segur_host.inputs import IdentifyInput
from segur_host.json_forms import identification_as_json
from segur_sdk.errors import invalid_input

STATUS_NAMES = {"PROV": "provisoire", "VALI": "validée", "RECUP": "récupérée", "QUAL": "qualifiée"}


def identify(
    *,
    given: Annotated[str, typer.Option("--input", help="Fichier JSON, ou - pour l’entrée standard.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Identifie une personne : traits, lecture de carte ou INS reçu, et pièce présentée."""
    wanted = _wanted(read_input(given))
    with only_json() as output:
        with open_host(config) as host:
            found = identify_on(host, wanted)
            answer = identification_as_json(found, host.messages)
            messages = dict(host.messages)
        if json:
            output.write(answer)
    if not json:
        status = STATUS_NAMES.get(answer["status"] or "", "non enregistrée")
        console.print(f"Identité [bold]{status}[/]")
        for one in found.notices:
            console.print(escape(one.text))
        show_outcomes(found.outcomes, messages)
    well = found.identity is not None and all(one.status.is_well for one in found.outcomes)
    fail(ExitCode.NO, when=not well)


def _wanted(text: str) -> IdentifyInput:
    # The exception of a failed validation holds its input: it must not become the context of an error.
    try:
        return IdentifyInput.model_validate_json(text)
    except ValidationError as failure:
        refused = invalid_input("input.identify", failure, IdentifyInput)
    raise refused


def identify_on(host: Host, wanted: IdentifyInput) -> Identification:
    """Carry out what was asked on an open host."""
    asker = CheckedAsker(lambda question: wanted.answers.get(question.code))
    options: dict[str, Any] = {
        "document": wanted.document,
        "confirmed": wanted.confirmed,
        "automatic": wanted.automatic,
        "search": wanted.search,
        "validated": wanted.validated,
        "asker": asker,
    }
    if wanted.identity_ref is not None:
        return host.qualify(wanted.identity_ref, **options)
    if wanted.card is None:
        person = wanted.traits or wanted.ins
        assert person is not None
        return host.identify(person, **options)
    with host.presented(wanted.card) as source:
        reading = host.read_card(source, asker=asker)
        return host.identify(chosen(reading, wanted.beneficiary), **options)
