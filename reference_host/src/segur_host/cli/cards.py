"""``segur cards``: what sits in the readers, and what a card holds."""

from collections.abc import Iterator, Mapping
from json import dumps
from typing import Annotated, Any, Final

import typer
from rich.markup import escape
from rich.table import Table

from segur_host.broker.ask import NobodyToAsk
from segur_host.cli.asking import console_asker
from segur_host.cli.carrying_out import carried_out
from segur_host.cli.failing import ExitCode, fail, show_told
from segur_host.cli.options import ConfigOption, JsonOption, SessionOption
from segur_host.cli.output import console, only_json
from segur_host.cli.rendering import all_well, show_outcomes
from segur_host.clock import SystemClock
from segur_sdk.cards.atr import AtrFamily
from segur_sdk.models.card import CardNature, CardReading, ReadingFlag
from segur_sdk.models.professional import CardHolder

Row = Mapping[str, Any]

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

app = typer.Typer(help="Cartes : lecteurs, jetons, lecture.", no_args_is_help=True)


@app.command("list")
def list_cards(*, config: ConfigOption = None, json: JsonOption = False) -> None:
    """Montre chaque lecteur, ce qui s’y trouve, et les jetons avec leurs essais de code."""
    with only_json() as output:
        found = carried_out(config, "cards.list", {}, NobodyToAsk())
        if json:
            output.write(found)
    if not json:
        _show(found["slots"], found["tokens"])
        for one in found["errors"]:
            show_told(one)
    fail(ExitCode.NO, when=found["errors"])


@app.command()
def read(
    *,
    slot: Annotated[str, typer.Option("--slot", help="Nom du lecteur, comme « segur cards list » le montre.")],
    session: SessionOption = None,
    config: ConfigOption = None,
    json: JsonOption = False,
) -> None:
    """Lit la carte d’un lecteur ; aucun code n’est demandé pour cela."""
    with only_json() as output:
        with console_asker(json=json) as asker:
            found = carried_out(config, "cards.read", {"slot": slot, "session": session}, asker)
        if json:
            output.write(found)
    if not json:
        if found["value"] is not None:
            for line in _told(CardReading.model_validate_json(dumps(found["value"]))):
                console.print(escape(line))
        else:
            show_told(found["error"])
        show_outcomes(found["outcomes"])
    fail(ExitCode.NO, when=found["value"] is None or not all_well(found["outcomes"]))


def _show(slots: list[Row], tokens: list[Row]) -> None:
    table = Table("Lecteur", "État", "Carte")
    for slot in slots:
        card = FAMILIES[slot["family"]] if slot["family"] else "inconnue" if slot["atr"] else ""
        table.add_row(escape(slot["slot"]), STATES[slot["state"]], card)
    console.print(table)
    if tokens:
        table = Table("Jeton", "Numéro", "Lecteur", "Code")
        for token in tokens:
            row = token["label"], token["serial"], token["slot"] or "", _pin(token)
            table.add_row(*(escape(one) for one in row))
        console.print(table)


def _pin(token: Row) -> str:
    if token["locked"]:
        return "bloqué"
    if token["tries_left"] == 1:
        return "dernier essai"
    tries = f"{token['tries_left']} essais" if token["tries_left"] is not None else "essais inconnus"
    return f"vérifié, {tries}" if token["unlocked"] else tries


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
