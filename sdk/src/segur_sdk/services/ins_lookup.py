"""``InsLookup``: ask the national INSi teleservice for a person's INS."""

from typing import Protocol, runtime_checkable

from pydantic import Field

from segur_sdk.context import HookContext
from segur_sdk.models.base import Inbound, Value
from segur_sdk.models.card import Beneficiary, CardPresence
from segur_sdk.models.identity import CrCode, InsAttempt, InsIndividual, SearchTraits


class TraitsQuery(Inbound):
    """One search by traits: one exchange on the wire."""

    traits: SearchTraits
    """Sex and date of birth are needed here, the whole tuple of given names goes into one ``Prenom``."""
    automatic: bool = False
    """Nobody triggered the call by hand (certificate ``INSI-AUTO`` instead of ``INSI-MANU``)."""


class CardQuery(Inbound):
    """One search with a carte Vitale that is in its reader now."""

    presence: CardPresence
    serial: str = Field(pattern=r"^[0-9]{1,12}$")
    beneficiary: Beneficiary
    automatic: bool = False


class InsAnswer(Value):
    """One functional answer of INSi: found, not found, or several."""

    cr: CrCode
    individual: InsIndividual | None = None
    attempt: InsAttempt


@runtime_checkable
class InsLookup(Protocol):
    """Search for an INS (INSi WSDL 1.5.0, ``ICIRService``). Each method makes exactly one exchange.

    Raises:
        ServiceError: a technical failure; the identity is left as it was.
        ConfigError: the certificate or the software's authorisation does not allow the call.
        InputError, IdentityError: the traits cannot be put on the wire.
        CardError: the card is no longer the one that was read.
    """

    def search_by_traits(self, query: TraitsQuery, ctx: HookContext) -> InsAnswer:
        """``rechercherInsAvecTraitsIdentite``."""
        ...

    def search_by_card(self, query: CardQuery, ctx: HookContext) -> InsAnswer:
        """``rechercherInsAvecCarteVitale``."""
        ...
