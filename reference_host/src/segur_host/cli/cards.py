"""``segur cards``: what sits in the readers, and what a card holds."""

from collections.abc import Callable, Iterator
from typing import Annotated, Any, Final, TypeVar

import typer
from pydantic import ValidationError
from rich.markup import escape
from rich.table import Table

from segur_host.cli.asking import console_asker
from segur_host.cli.failing import ExitCode, fail, show_failure
from segur_host.cli.options import ConfigOption, JsonOption, open_host
from segur_host.cli.output import console, only_json
from segur_host.cli.rendering import show_outcomes
from segur_host.clock import SystemClock
from segur_host.host import Host
from segur_host.inputs import SlotInput
from segur_host.json_forms import outcome_as_json, value_as_json
from segur_host.messages import as_json
from segur_host.registry.registry import PluginState
from segur_sdk.cards.atr import AtrFamily, recognise
from segur_sdk.drivers import SlotState, TokenState
from segur_sdk.errors import CardError, InputError, SegurError
from segur_sdk.hooks.card_read import CardReadEvent
from segur_sdk.models.card import CardNature, CardReading, ReadingFlag
from segur_sdk.models.professional import CardHolder

T = TypeVar("T")

STATES: Final = {"empty": "vide", "mute": "carte muette", "in_use": "occupée par un autre logiciel", "card": "carte"}
FAMILIES: Final = {
    AtrFamily.VITALE_1: "Vitale 1",
    AtrFamily.VITALE_2: "Vitale 2",
    AtrFamily.CPS_2TER: "CPS2ter",
    AtrFamily.CPS_3: "CPS3",
    AtrFamily.CPS_3_CONTACTLESS: "CPS3 sans contact",
    AtrFamily.CPS_4: "CPS4",
}
NATURES: Final = {
    CardNature.REAL: "carte réelle",
    CardNature.TEST: "carte de test",
    CardNature.DEMONSTRATION: "carte de démonstration",
    CardNature.UNKNOWN: "nature inconnue",
}
FLAGS: Final = {
    ReadingFlag.NIR_KEY: "la clé du numéro est fausse",
    ReadingFlag.NIR_MISSING: "pas de numéro",
    ReadingFlag.NIR_PROVISIONAL: "numéro d’attente",
    ReadingFlag.LUNAR_DATE: "date de naissance lunaire",
    ReadingFlag.CENTURY_MISSING: "siècle de naissance absent",
    ReadingFlag.SAME_BIRTH_DATE: "même date de naissance qu’un autre bénéficiaire",
}

_NOT_THERE: Final = frozenset({PluginState.REFUSED, PluginState.NEEDS_REVIEW})
"""One that is disabled is meant to be."""

app = typer.Typer(help="Cartes : lecteurs, jetons, lecture.", no_args_is_help=True)


@app.command("list")
def list_cards(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Montre chaque lecteur, ce qui s’y trouve, et les jetons avec leurs essais de code."""
    failures: list[SegurError] = []
    with only_json() as output:
        with open_host(config) as host:
            failures += _refused(host)
            slots = _found(host.slots, failures)
            if slots:
                failures += host.reader_failures()
            tokens = _found(host.tokens, failures)
            if tokens:
                failures += host.token_failures()
            messages = dict(host.messages)
        # Drivers of tokens say of readers what their own drivers say.
        failures = list({str(one): one for one in failures if not tokens or one.code != "card.no_reader"}.values())
        if failures and not slots and not tokens:
            raise failures[0]
        if json:
            output.write(
                {
                    "slots": [_slot(one) for one in slots],
                    "tokens": [_token(one) for one in tokens],
                    "errors": [as_json(one, messages) for one in failures],
                }
            )
    if not json:
        _show(slots, tokens)
        for one in failures:
            show_failure(one, wants_json=False, own=messages)
    fail(ExitCode.NO, when=failures)


@app.command()
def read(
    *,
    slot: Annotated[str, typer.Option("--slot", help="Nom du lecteur, comme « segur cards list » le montre.")],
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Lit la carte d’un lecteur ; aucun code n’est demandé pour cela."""
    try:
        given = SlotInput(slot=slot)
    except ValidationError:
        raise InputError("input.usage") from None
    with only_json() as output:
        with console_asker(json=json) as asker, open_host(config, asker=asker) as host:
            with host.presented(given) as presence:
                result = host.call("on_card_read", CardReadEvent(card=presence))
            outcomes = [outcome_as_json(one, host.messages) for one in result.outcomes]
            messages = dict(host.messages)
        unread = result.failure or CardError("card.unknown", slot=slot) if result.value is None else None
        if json:
            answer = {"value": value_as_json(result.value), "outcomes": outcomes}
            output.write(answer if unread is None else answer | {"error": as_json(unread, messages)})
    if not json:
        if isinstance(result.value, CardReading):
            for line in _told(result.value):
                console.print(escape(line))
        if unread is not None:
            show_failure(unread, wants_json=False, own=messages)
        show_outcomes(result.outcomes, messages)
    fail(ExitCode.NO, when=unread is not None or not result.all_well)


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
    return {"slot": state.slot, "state": _state(state), "atr": state.atr, "family": _family(state)}


def _state(state: SlotState) -> str:
    if not state.present:
        return "empty"
    if state.in_use:
        return "in_use"
    return "mute" if state.atr is None else "card"


def _family(state: SlotState) -> AtrFamily | None:
    row = recognise(bytes.fromhex(state.atr)) if state.atr else None
    return row.family if row else None


def _token(state: TokenState) -> dict[str, Any]:
    return {
        "label": state.label,
        "serial": state.serial,
        "slot": state.slot,
        "tries_left": state.pin.tries_left,
        "locked": state.pin.locked,
        "unlocked": state.pin.unlocked,
    }


def _show(slots: tuple[SlotState, ...], tokens: tuple[TokenState, ...]) -> None:
    table = Table("Lecteur", "État", "Carte")
    for slot in slots:
        family = _family(slot)
        card = FAMILIES[family] if family else "inconnue" if slot.atr else ""
        table.add_row(escape(slot.slot), STATES[_state(slot)], card)
    console.print(table)
    if tokens:
        table = Table("Jeton", "Numéro", "Lecteur", "Code")
        for token in tokens:
            table.add_row(*(escape(one) for one in (token.label, token.serial, token.slot or "", _pin(token))))
        console.print(table)


def _pin(token: TokenState) -> str:
    if token.pin.locked:
        return "bloqué"
    if token.pin.tries_left == 1:
        return "dernier essai"
    tries = f"{token.pin.tries_left} essais" if token.pin.tries_left is not None else "essais inconnus"
    return f"vérifié, {tries}" if token.pin.unlocked else tries


def _told(reading: CardReading) -> Iterator[str]:
    """Say what a card holds; numbers stay in the JSON."""
    yield f"{reading.family.value} — {NATURES[reading.nature]}"
    for one in reading.beneficiaries:
        born = f"{one.date_naissance:%d/%m/%Y}" if one.date_naissance else one.date_en_carte
        yield f"{one.position}. {one.nom} {one.prenom}, né(e) le {born}"
        yield from (f"   attention : {FLAGS[flag]}" for flag in one.flags)
    if reading.holder is not None:
        yield from _professional(reading.holder)


def _professional(holder: CardHolder) -> Iterator[str]:
    yield f"{holder.card_type.value} : {holder.given_name or ''} {holder.family_name}".replace("  ", " ")
    named = (("RPPS", holder.rpps), ("ADELI", holder.adeli), ("profession", holder.profession))
    yield from (f"{label} : {value}" for label, value in named if value is not None)
    if holder.speciality is not None:
        yield f"savoir-faire : {holder.speciality}"
    yield f"valable jusqu’au {holder.valid_until:%d/%m/%Y}"
    if not holder.named:
        yield "attention : carte sans nom, elle n’authentifie personne"
    if holder.valid_until <= SystemClock().now():
        yield "attention : carte expirée"
