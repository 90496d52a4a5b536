"""Who a person is, and how far that is proven."""

from typing import Any

from pydantic import Field, ValidationError

from segur_host.broker.ask import CheckedAsker
from segur_host.host import Host
from segur_host.identities.beneficiary import chosen
from segur_host.identities.desk import Identification
from segur_host.inputs import IdentifyInput
from segur_host.json_forms import identification_as_json
from segur_host.verbs.asked import Asked, InSession
from segur_sdk.errors import invalid_input
from segur_sdk.privacy import Patient


class Identifying(InSession):
    """Arguments of ``identities.identify``."""

    input: Patient[str] = Field(max_length=1_048_576)
    """JSON of an ``IdentifyInput``; whoever calls gives the answers to questions in it."""


def identify(host: Host, given: Identifying, _asked: Asked) -> Any:
    """Identify a person."""
    wanted = _wanted(given.input)
    with given.acting(host):
        return identification_as_json(identify_on(host, wanted), host.messages)


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


def _wanted(text: str) -> IdentifyInput:
    # The exception of a failed validation holds its input: it must not become the context of an error.
    try:
        return IdentifyInput.model_validate_json(text)
    except ValidationError as failure:
        refused = invalid_input("input.identify", failure, IdentifyInput)
    raise refused
