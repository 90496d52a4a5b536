"""Numbers and dates as the card has them: checked, flagged, completed and corrected by nobody."""

from typing import Any, Final

import attrs

from segur_conformance.checks.check import PLUGIN_KINDS, CheckSet
from segur_conformance.checks.vitale.card_content import ANTHONY, DOMINIQUE, ZOE
from segur_conformance.checks.vitale.judging import (
    flags,
    read_named,
    read_own,
    reading_in,
    seen,
    written,
)
from segur_conformance.checks.vitale.own_reader import OwnReader
from segur_conformance.checks.vitale.virtual_card import VirtualCard
from segur_conformance.runner.bench import Bench, expect, expect_equal
from segur_conformance.targets.subject import Subject

checks = CheckSet()

WRONG_KEY: Final = "nir_key"
KEYS: Final = {
    "180032B02040123": [],
    "297022A02077878": [],
    "275126322074975": [WRONG_KEY],
    # Each key is the one that the other Corsican department would have.
    "180032A02040123": [WRONG_KEY],
    "297022B02077878": [WRONG_KEY],
}
"""Numbers of published test people, and the same made wrong; key = 97 − (number mod 97), 2A as 19, 2B as 18."""
ODD: Final = {
    "555555000000176": ["nir_provisional"],
    "555555000000100": [WRONG_KEY, "nir_provisional"],
    "2751263220749": [WRONG_KEY],
}
DATES: Final[dict[str, tuple[str | None, list[str]]]] = {
    "19751231": ("1975-12-31", []),
    "20000229": ("2000-02-29", []),
    "751231": (None, ["century_missing"]),
    "000229": (None, ["century_missing"]),
    "19752000": (None, ["lunar_date"]),
    "19750000": (None, ["lunar_date"]),
    "19750631": (None, ["lunar_date"]),
    "752000": (None, ["century_missing", "lunar_date"]),
}
"""Dates as on a card; what may be made of each."""


@checks(
    "vitale.numbers.key",
    "CARD-08",
    purpose="Un NIR dont la clé est fausse se signale à l’utilisateur ; le corriger désignerait quelqu’un d’autre.",
    steps=("lire la carte « corsica »", "lire des numéros en 2A et en 2B, à la clé juste puis fausse"),
    expected="chaque numéro tel que sur la carte ; nir_key sur ceux dont la clé est fausse, et sur eux seuls",
    mend="clé = 97 − (numéro mod 97), 2A valant 19 et 2B valant 18 ; ne rien recalculer dans la lecture",
    film="le signalement d’une clé fausse",
    kinds=PLUGIN_KINDS,
)
def key(bench: Bench) -> None:
    """Keys are verified, and nothing is corrected."""
    with OwnReader() as reader:
        subject = bench.start(**reader.beside(bench.sandbox))
        reading = read_named(bench, subject, "corsica")
        found = seen(reading)
        expect(found == written([ANTHONY, DOMINIQUE]), "carte « corsica » : un numéro n’est pas celui de la carte")
        expect_equal(flags(reading), [[], []], "remarques de la carte « corsica »")
        _numbers(subject, reader, KEYS)


@checks(
    "vitale.numbers.odd",
    "CARD-08",
    purpose="Un numéro absent ou provisoire ne se remplace pas : il se dit.",
    steps=("lire des numéros absents, de zéros, provisoires (555555…) ou sans clé",),
    expected="le numéro de la carte ou rien, avec nir_missing, nir_provisional ou nir_key",
    mend="rendre nir absent plutôt que vide ; garder le numéro provisoire",
    film="le signalement d’un numéro provisoire",
    kinds=PLUGIN_KINDS,
)
def odd(bench: Bench) -> None:
    """Missing and provisional numbers are said to be so, on their bearer only."""
    with OwnReader() as reader:
        subject = bench.start(**reader.tables)
        _numbers(subject, reader, ODD)
        for nir in (None, "", "000000000000000"):
            card = VirtualCard.of(attrs.evolve(DOMINIQUE, nir=nir), ZOE)
            reading = reading_in(read_own(subject, reader, card), "numéro absent")
            expect([one[-1] for one in seen(reading)] == [None, ZOE.nir], "numéro absent : un numéro est apparu")
            expect_equal(flags(reading), [["nir_missing"], []], "remarques, numéro absent")


def _numbers(subject: Subject, reader: OwnReader, cases: dict[str, list[str]]) -> None:
    for case, (nir, odd_about_it) in enumerate(cases.items(), start=1):
        what = f"numéro {case}"
        person = attrs.evolve(ZOE, nir=nir)
        reading = reading_in(read_own(subject, reader, VirtualCard.of(person)), what)
        expect(seen(reading) == written([person]), f"{what} : il n’est pas tel que sur la carte")
        expect_equal(flags(reading), [odd_about_it], f"remarques, {what}")


@checks(
    "vitale.numbers.dates",
    "CARD-08",
    purpose="Une date sans siècle ou lunaire reste ce qu’elle est : elle sert telle quelle à la facturation.",
    steps=("lire les cartes « no-century » et « lunar »", "lire des dates complètes, lunaires, sans siècle"),
    expected="date_en_carte telle quelle ; date_naissance pour les seules dates complètes ; la remarque qui convient",
    mend="ne compléter ni siècle, ni mois, ni jour ; une date qu’aucun calendrier n’a est lunaire",
    film="une date lunaire à l’écran",
    kinds=PLUGIN_KINDS,
)
def dates(bench: Bench) -> None:
    """Dates are kept; only complete ones are a trait."""
    with OwnReader() as reader:
        subject = bench.start(**reader.beside(bench.sandbox))
        for named, on_card in (("no-century", "751231"), ("lunar", "19752000")):
            _date(read_named(bench, subject, named), on_card, f"carte « {named} »")
        for on_card in DATES:
            card = VirtualCard.of(attrs.evolve(ZOE, date=on_card))
            _date(reading_in(read_own(subject, reader, card), f"date {on_card}"), on_card, f"date {on_card}")


def _date(reading: dict[str, Any], on_card: str, what: str) -> None:
    (person,) = reading["beneficiaries"]
    expect_equal(person["date_en_carte"], on_card, f"{what}, date telle que sur la carte")
    expect_equal(
        (person["date_naissance"], sorted(person["flags"])), DATES[on_card], f"{what}, date complète et remarques"
    )
