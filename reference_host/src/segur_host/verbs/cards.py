"""What sits in the readers, and what a card holds."""

from collections.abc import Callable, Iterator
from typing import Any, Final, TypeVar

from segur_host.host import Host
from segur_host.inputs import SlotInput
from segur_host.json_forms import outcome_as_json, value_as_json
from segur_host.messages import as_json
from segur_host.registry.registry import PluginState
from segur_host.verbs.asked import Asked, InSession, Nothing
from segur_sdk.cards.atr import recognise
from segur_sdk.drivers import SlotState, TokenState
from segur_sdk.errors import CardError, SegurError
from segur_sdk.hooks.card_read import CardReadEvent

T = TypeVar("T")

_NOT_THERE: Final = frozenset({PluginState.REFUSED, PluginState.NEEDS_REVIEW})
"""One that is disabled is meant to be."""


class ReadInput(InSession, SlotInput):
    """Arguments of ``cards.read``."""


def list_cards(host: Host, _arguments: Nothing, _asked: Asked) -> Any:
    """Return each reader with what sits in it, the tokens with their tries, and what kept some from being told.

    Raises:
        SegurError: there is nothing but failures; the first one.
    """
    failures = list(_refused(host))
    slots = _found(host.slots, failures)
    if slots:
        failures += host.reader_failures()
    tokens = _found(host.tokens, failures)
    if tokens:
        failures += host.token_failures()
    # Drivers of tokens say of readers what their own drivers say.
    failures = list({str(one): one for one in failures if not tokens or one.code != "card.no_reader"}.values())
    if failures and not slots and not tokens:
        raise failures[0]
    return {
        "slots": [_slot(one) for one in slots],
        "tokens": [_token(one) for one in tokens],
        "errors": [as_json(one, host.messages) for one in failures],
    }


def read_card(host: Host, given: ReadInput, asked: Asked) -> Any:
    """Read the card of a reader; no code is asked for that."""
    with given.acting(host), host.presented(given) as presence:
        result = host.call("on_card_read", CardReadEvent(card=presence), asker=asked)
    answer = {
        "value": value_as_json(result.value),
        "outcomes": [outcome_as_json(one, host.messages) for one in result.outcomes],
    }
    if result.value is None:
        answer["error"] = as_json(result.failure or CardError("card.unknown", slot=given.slot), host.messages)
    return answer


def _found(look: Callable[[], tuple[T, ...]], failures: list[SegurError]) -> tuple[T, ...]:
    """Return what was found; readers that cannot be looked at hide no token, nor the reverse."""
    try:
        return look()
    except SegurError as failure:
        failures.append(failure)
        return ()


def _refused(host: Host) -> Iterator[SegurError]:
    """Give why plugins that bring drivers are not there: their readers and tokens are missing for that."""
    for one in host.plugins.values():
        brings_drivers = one.manifest is not None and one.manifest.drivers
        if brings_drivers and one.state in _NOT_THERE and one.reason is not None:
            yield one.reason


def _slot(state: SlotState) -> dict[str, Any]:
    row = recognise(bytes.fromhex(state.atr)) if state.atr else None
    return {"slot": state.slot, "state": _state(state), "atr": state.atr, "family": row.family if row else None}


def _state(state: SlotState) -> str:
    if not state.present:
        return "empty"
    if state.in_use:
        return "in_use"
    return "mute" if state.atr is None else "card"


def _token(state: TokenState) -> dict[str, Any]:
    return {
        "label": state.label,
        "serial": state.serial,
        "slot": state.slot,
        "tries_left": state.pin.tries_left,
        "locked": state.pin.locked,
        "unlocked": state.pin.unlocked,
    }
