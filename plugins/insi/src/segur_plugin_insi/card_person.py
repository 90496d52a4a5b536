"""One person on a card, as a search by card describes him.

How the official guide wants the question filled is not public; this follows the schemas: the number borne by the
card is the insured's (``MatriculeOD``, ``ASSURE``), name, date and rank are the beneficiary's.
"""

import re
from typing import Final

import attrs

from segur_plugin_insi.completion import ask_birth_date
from segur_sdk.context import HookContext
from segur_sdk.errors import InputError
from segur_sdk.identifiers.nir import compute_key
from segur_sdk.identity.names import NameProfile, normalise_name
from segur_sdk.models.card import Beneficiary

_WHOLE_DATE: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_BODY_LENGTH: Final = 13


@attrs.frozen
class CardPerson:
    """A beneficiary, ready to be sent. Nothing of it shows in ``repr``."""

    nom_naissance: str = attrs.field(repr=False)
    date_naissance: str = attrs.field(repr=False)
    """``YYYY-MM-DD``; a lunar date as it stands on the card."""
    rang_naissance: int
    insured_number: str = attrs.field(repr=False)
    """13 characters."""
    insured_key: str = attrs.field(repr=False)
    """2 digits."""


def person_on_card(beneficiary: Beneficiary, ctx: HookContext) -> CardPerson:
    """Return what a search by card sends of ``beneficiary``.

    The century that a card lacks is asked for, never guessed.

    Raises:
        InputError: ``insi.card_number_missing`` when the card bears no number, ``insi.answer_invalid`` when the
            date answered is not the card's, those of ``normalise_name``.
    """
    if beneficiary.nir is None:
        raise InputError("insi.card_number_missing")
    number = beneficiary.nir.value
    body = number[:_BODY_LENGTH]
    try:
        key = number[_BODY_LENGTH:] or compute_key(body)
    except ValueError:
        raise InputError("insi.card_number_missing") from None
    return CardPerson(
        nom_naissance=normalise_name(beneficiary.nom, NameProfile.FAMILY_NAME),
        date_naissance=_date(beneficiary, ctx),
        rang_naissance=beneficiary.rang_naissance,
        insured_number=body,
        insured_key=key,
    )


def _date(beneficiary: Beneficiary, ctx: HookContext) -> str:
    if beneficiary.date_naissance is not None:
        return beneficiary.date_naissance.isoformat()
    whole = _WHOLE_DATE.fullmatch(beneficiary.date_en_carte)
    if whole:
        return "-".join(whole.groups())
    return ask_birth_date(ctx, ending=beneficiary.date_en_carte).isoformat()
