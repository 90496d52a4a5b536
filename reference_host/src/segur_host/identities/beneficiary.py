"""Which of the people on a card the counter speaks of: always said, never guessed."""

from segur_sdk.errors import InputError
from segur_sdk.hooks.qualify_identity import CardSubject
from segur_sdk.models.card import CardReading


def chosen(reading: CardReading, position: int | None) -> CardSubject:
    """Return the beneficiary at ``position``; without one, only if the card bears nobody else.

    Raises:
        InputError: ``input.beneficiary_to_choose``, ``input.beneficiary_unknown``.
    """
    if position is None:
        if len(reading.beneficiaries) > 1:
            raise InputError("input.beneficiary_to_choose", count=len(reading.beneficiaries))
        position = reading.beneficiaries[0].position
    for beneficiary in reading.beneficiaries:
        if beneficiary.position == position:
            return CardSubject(beneficiary=beneficiary, presence=reading.presence, serial=reading.serial)
    raise InputError("input.beneficiary_unknown", position=position)
