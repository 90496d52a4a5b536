"""A reading that the practice software holds through the official components (API de lecture Vitale).

It is first-class beside a reading of our own: the same checks, the same flags, another provenance.
"""

from typing import Final

from segur_plugin_vitale.birth_dates import CardDate, read_card_date, shared_dates
from segur_plugin_vitale.numbers import MISSING, CardNumber, read_number
from segur_sdk.errors import InputError
from segur_sdk.identifiers.nir import normalise
from segur_sdk.models.base import Moment
from segur_sdk.models.card import (
    Beneficiary,
    CardFamily,
    CardReading,
    HostSuppliedReading,
    ReadingFlag,
    SuppliedBeneficiary,
)

_WITHOUT_CENTURY: Final = 6


def accept_supplied(supplied: HostSuppliedReading, read_at: Moment) -> CardReading:
    """Turn a supplied reading into the reading every later step expects.

    Args:
        supplied: what the component of the practice software read.
        read_at: when it was handed over.

    Raises:
        InputError: ``vitale.supplied_invalid`` with ``position`` and ``field``: a date or a number is missing, has
            not its form, or contradicts another one.
    """
    dates = [_date_on_card(person, position) for position, person in enumerate(supplied.beneficiaries, start=1)]
    shared = shared_dates(dates)
    beneficiaries = tuple(
        _beneficiary(person, position, on_card, same_date=on_card in shared)
        for position, (person, on_card) in enumerate(zip(supplied.beneficiaries, dates, strict=True), start=1)
    )
    return CardReading(
        family=CardFamily.VITALE,
        nature=supplied.nature,
        beneficiaries=beneficiaries,
        provenance=f"supplied:{supplied.component}",
        serial=supplied.serial,
        read_at=read_at,
    )


def _refused(position: int, field: str) -> InputError:
    return InputError("vitale.supplied_invalid", position=position, field=field)


def _date_on_card(person: SuppliedBeneficiary, position: int) -> str:
    on_card = person.date_en_carte or person.date
    if on_card is None:
        raise _refused(position, "date_en_carte")
    return on_card


def _beneficiary(person: SuppliedBeneficiary, position: int, on_card: str, *, same_date: bool) -> Beneficiary:
    birth = _birth(person, position, on_card)
    number = _number(person.nir, position, "nir")
    certified = _number(person.nir_certifie, position, "nir_certifie")
    wrong_key = tuple(flag for flag in certified.flags if flag is ReadingFlag.NIR_KEY)
    same = (ReadingFlag.SAME_BIRTH_DATE,) if same_date else ()
    return Beneficiary(
        position=position,
        nom=person.nom_patronymique,
        nom_usage=person.nom_usuel,
        prenom=person.prenom_usuel,
        date_naissance=birth.complete,
        date_en_carte=on_card,
        rang_naissance=person.rang_de_naissance,
        sexe=person.sexe,
        nir=number.nir,
        nir_certifie=certified.nir,
        flags=tuple(dict.fromkeys((*number.flags, *wrong_key, *birth.flags, *same))),
    )


def _birth(person: SuppliedBeneficiary, position: int, on_card: str) -> CardDate:
    """Join the date with a century and the date on the card; a lunar one stays as the card has it.

    The official component replaces the impossible month and day of a lunar date by 01/01 (règle CP02): such a
    date is an age, not a trait.
    """
    card = _read(on_card, position, "date_en_carte")
    if person.date is None:
        return card
    whole = _read(person.date, position, "date")
    compared = slice(-_WITHOUT_CENTURY, None) if len(on_card) == _WITHOUT_CENTURY else slice(None)
    if ReadingFlag.LUNAR_DATE in card.flags:
        if person.date[compared][:-4] != on_card[:-4]:
            raise _refused(position, "date")
        return card
    if person.date[compared] != on_card:
        raise _refused(position, "date")
    return whole


def _read(text: str, position: int, field: str) -> CardDate:
    read = read_card_date(text)
    if read is None:
        raise _refused(position, field)
    return read


def _number(given: str | None, position: int, field: str) -> CardNumber:
    if given is None:
        return MISSING
    read = read_number(normalise(given))
    if read is None:
        raise _refused(position, field)
    return read
