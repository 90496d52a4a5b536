"""One hook, one event, every outcome."""

from typing import Any

from pydantic import Field

from segur_host.host import Host
from segur_host.json_forms import outcome_as_json, value_as_json
from segur_host.verbs.asked import Asked, InSession
from segur_sdk.privacy import Patient


class CallInput(InSession):
    """Arguments of ``hooks.call``."""

    hook: str = Field(min_length=1, max_length=60)
    event: Patient[str] = Field(max_length=1_048_576)
    """JSON of the event, as ``Host.call`` takes it."""


def call(host: Host, given: CallInput, asked: Asked) -> Any:
    """Call a hook."""
    with given.acting(host):
        result = host.call(given.hook, given.event, asker=asked)
    return {
        "hook": given.hook,
        "value": value_as_json(result.value),
        "outcomes": [outcome_as_json(one, host.messages) for one in result.outcomes],
    }
