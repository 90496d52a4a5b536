"""What an answer to ``on_card_read`` may be: everybody on the card, or nobody and a typed reason."""

from collections.abc import Iterable
from typing import Any, Final

from segur_conformance.checks.check import TargetKind
from segur_conformance.checks.vitale.card_content import CardPerson
from segur_conformance.checks.vitale.own_reader import OwnReader
from segur_conformance.checks.vitale.virtual_card import VirtualCard
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench, expect
from segur_conformance.targets.subject import Answer, Subject

CARD_CODES: Final = "card."


def read_named(bench: Bench, subject: Subject, card: str) -> dict[str, Any]:
    """Put a card of the sandbox into its first reader, have it read, and return the reading."""
    reader = bench.readers[0]
    bench.sandbox.insert(reader, card)
    return reading_in(subject.call("on_card_read", {"card": {"slot": reader}}), f"carte « {card} »")


def read_own(subject: Subject, reader: OwnReader, card: VirtualCard) -> Answer:
    """Put a card of the kit into its own reader and have it read."""
    reader.insert(card)
    return subject.call("on_card_read", reader.event)


def reading_in(answer: Answer, what: str) -> dict[str, Any]:
    """Return the reading that an answer holds; without one the check fails."""
    expect(answer.failure is None, f"{what} : aucune lecture, {answer.failure}")
    expect(isinstance(answer.value, dict), f"{what} : aucune lecture, aucun module ne reconnaît la carte")
    found: dict[str, Any] = answer.value
    return found


def expect_refused(answer: Answer, what: str, *codes: str) -> None:
    """Fail unless nothing was read and the reason is one of ``codes``; without codes, any reason of a card."""
    expect(answer.value is None, f"{what} : des données sont rendues")
    failure = answer.failure or "aucune erreur"
    fits = failure in codes if codes else failure.startswith(CARD_CODES)
    expect(fits, f"{what} : {failure}, attendu {' ou '.join(codes) or 'une erreur de carte'}")


def expect_left_to_others(answer: Answer, what: str) -> None:
    """Fail unless nothing was read and the next plugin may still look at the card."""
    expect(answer.value is None, f"{what} : une lecture est rendue")
    expect(answer.failure in {None, "card.unknown"}, f"{what} : {answer.failure} au lieu de la laisser aux autres")


def expect_whole_or_none(answer: Answer, people: Iterable[CardPerson], what: str) -> None:
    """Fail if only a part of ``people`` was read; nobody, for a reason of the card's or without, is well."""
    if answer.value is None:
        # A card whose application cannot be selected may as well be no carte Vitale.
        well = answer.failure is None or answer.failure.startswith(CARD_CODES)
        expect(well, f"{what} : {answer.failure}, attendu une erreur de carte")
    else:
        expect(seen(answer.value) == written(people), f"{what} : une partie seulement est rendue")


def seen(reading: dict[str, Any]) -> list[tuple[Any, ...]]:
    """Return who is on a reading: place, names, date as on the card, number."""
    return [
        (one["position"], one["nom"], one["prenom"], one["date_en_carte"], (one["nir"] or {}).get("value"))
        for one in reading["beneficiaries"]
    ]


def written(people: Iterable[CardPerson]) -> list[tuple[Any, ...]]:
    """Return who stands on a card, as ``seen`` returns who was read."""
    return [(place, one.nom, one.prenom, one.date, one.nir) for place, one in enumerate(people, start=1)]


def flags(reading: dict[str, Any]) -> list[list[str]]:
    """Return what is odd about each beneficiary, in any order within one."""
    return [sorted(one["flags"]) for one in reading["beneficiaries"]]


def needs_insi(bench: Bench) -> None:
    """End the check as not applicable where a plugin is tried alone: nobody answers a search."""
    if bench.product.kind is not TargetKind.HOST and "insi" not in bench.product.companions:
        raise NotApplicable("sans le module insi, personne ne répond à la recherche")
