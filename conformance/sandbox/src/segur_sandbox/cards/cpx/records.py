"""What is known of a professional's card before it is powered: its holder, its number, what is odd about it."""

from typing import ClassVar, Literal

import attrs

CardType = Literal["CPS", "CPF", "CPE", "CPA"]
Generation = Literal["CPS3", "CPS4"]
TYPE_CODES: dict[CardType, int] = {"CPS": 0, "CPF": 1, "CPE": 2, "CPA": 3}
"""Code list TRE_G02 of the ANS."""
ISSUER = "8025000001"
"""Issuer number of the ANS, in front of every card's own number."""
ATRS: dict[Generation, bytes] = {
    "CPS3": bytes.fromhex("3BAC00402A001225006480000310009000"),
    "CPS4": bytes.fromhex("3B9B188001001225006480040100009044"),
}
"""As in the sources of the ANS's PKCS#11 library, for use by contacts."""


@attrs.frozen
class Situation:
    """A *situation d'exercice*.

    Attributes:
        number: 1 to 16; a card may have gaps.
        name: Raison sociale.
        structure: `Struct_IdNat`: type digit and identifier.
        sector: Secteur d'activité, code list TRE_R02.
    """

    number: int
    name: str
    structure: str
    sector: str


@attrs.frozen
class Holder:
    """Whom a card is for.

    Attributes:
        card_type: Kind of card.
        identifier: `PS_IdNat`, also the common name of the certificates.
        title: `title` of the certificates; a CPA has none.
        family_name: Absent, with the given name, from a card that names nobody.
        given_name: See `family_name`.
        place: `ST` of a CPE, `L` of a CPA: department and its number.
        organisation: `O`, for a card bound to a structure.
        unit: `OU`: type digit and identifier of the structure.
        pseudonym: Of a card that names nobody.
        profession: Code list TRE_G15, or TRE_G16 for a card in training.
        section: Of the *Ordre des pharmaciens*, code list TRE_G05.
        speciality: Savoir-faire, code list TRE_R01.
        billing: *Numéro de facturation* of the billing situation.
        situations: In the order of their numbers.
    """

    card_type: CardType
    identifier: str
    title: str | None = None
    family_name: str | None = None
    given_name: str | None = None
    place: str | None = None
    organisation: str | None = None
    unit: str | None = None
    pseudonym: str | None = None
    profession: int | None = None
    section: str | None = None
    speciality: str | None = None
    billing: str | None = None
    situations: tuple[Situation, ...] = ()


@attrs.frozen
class CpxRecord:
    """A named card of a professional.

    Attributes:
        name: How the control API calls it.
        serial: The 10 digits of its number, without the issuer's.
        description: What it is for, for a human reader.
        holder: Whom it is for.
        generation: Which command set it has.
        expired: Its certificates ended a month ago.
        locked: Delivered with no PIN try left.
    """

    family: ClassVar[str] = "cpx"
    nature: ClassVar[str] = "T"

    name: str
    serial: str
    description: str
    holder: Holder
    generation: Generation = "CPS4"
    expired: bool = False
    locked: bool = False

    @property
    def atr(self) -> bytes:
        """The answer to reset."""
        return ATRS[self.generation]

    @property
    def full_number(self) -> str:
        """Issuer and card, 20 digits, as EF.SN holds them."""
        return ISSUER + self.serial
