"""A test card never meets production, nor the reverse: the one rule, for plugins and for hosts."""

from segur_sdk.errors import CardError
from segur_sdk.models.actor import Environment
from segur_sdk.models.card import CardNature


def check_nature(nature: CardNature, environment: Environment) -> None:
    """Return if a card of this nature may be used here (EX_GEN-1430). The sandbox takes all: its cards are virtual.

    Raises:
        CardError: ``card.test_in_production``, ``card.nature_unknown``, ``card.real_outside_production``.
    """
    if environment is Environment.PRODUCTION:
        if nature is CardNature.UNKNOWN:
            raise CardError("card.nature_unknown", nature=nature.value)
        if nature is not CardNature.REAL:
            raise CardError("card.test_in_production", nature=nature.value)
    elif environment is Environment.TEST and nature is CardNature.REAL:
        raise CardError("card.real_outside_production", nature=nature.value)
