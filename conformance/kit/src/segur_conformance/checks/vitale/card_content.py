"""What stands in the files of a carte Vitale 2, composed byte by byte; the plugin under test has no part in it."""

from collections.abc import Iterable
from typing import Final, Self

import attrs

from segur_conformance.people import published

FRANCE: Final = b"250"
VALID_FROM: Final = b"20200101"
PADDING: Final = 16


def data_object(tag: str, *parts: bytes) -> bytes:
    """Return one BER-TLV object; ``tag`` in hexadecimal, its length in the shortest form."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:
        length = bytes((size,))
    elif size < 0x100:
        length = bytes((0x81, size))
    else:
        length = b"\x82" + size.to_bytes(2, "big")
    return bytes.fromhex(tag) + length + content


@attrs.frozen
class CardPerson:
    """Somebody on a card.

    Attributes:
        nom: as on the card.
        prenom: as on the card.
        date: as on the card: ``YYYYMMDD``, ``YYMMDD``, or lunar.
        nir: number under which this person is billed, key included; nothing when the card bears none.
        rang: rang gémellaire.
        extra: further objects of the person's template.
    """

    nom: str
    prenom: str
    date: str
    nir: str | None
    rang: int = 1
    extra: bytes = b""

    @classmethod
    def of(cls, nom: str, prenom: str, *, nir: str | None = None, rang: int = 1) -> Self:
        """Return one of the published test people, under his own number or under ``nir``."""
        one = published(nom, prenom)
        number = one["matricule"]
        return cls(nom, prenom, one["date_naissance"].replace("-", ""), nir or number["numero"] + number["cle"], rang)

    @property
    def birth_date(self) -> str:
        """The date of a complete one, ``YYYY-MM-DD``."""
        return f"{self.date[:4]}-{self.date[4:6]}-{self.date[6:]}"

    @property
    def identity(self) -> bytes:
        """The template ``65`` of the identity file."""
        return data_object(
            "65",
            data_object("80", self.nom.encode("iso-8859-1")),
            data_object("81", self.prenom.encode("iso-8859-1")),
            data_object("82", self.date.encode("ascii")),
            data_object("90", FRANCE),
            b"" if self.rang == 1 else data_object("C2", str(self.rang).encode("ascii")),
            self.extra,
        )

    @property
    def number(self) -> bytes:
        """The template ``65`` of the file of numbers."""
        return data_object("65", b"" if self.nir is None else data_object("93", self.nir.encode("ascii")))


def identity_file(people: Iterable[CardPerson], nature: str | None = "T", padding: int = PADDING) -> bytes:
    """Return short file 2 of the MF."""
    of_nature = b"" if nature is None else data_object("C1", nature.encode("ascii"))
    card = data_object("66", data_object("80", VALID_FROM), of_nature)
    return b"".join(one.identity for one in people) + card + bytes(padding)


def number_file(people: Iterable[CardPerson], padding: int = PADDING) -> bytes:
    """Return short file 2 of the application VITALE."""
    return b"".join(one.number for one in people) + bytes(padding)


ZOE: Final = CardPerson.of("ADRUN", "ZOE")
DOMINIQUE: Final = CardPerson.of("ADRTROIS", "DOMINIQUE")
TOUSSAINT: Final = CardPerson.of("ADRTROIS", "TOUSSAINT")
ANTHONY: Final = CardPerson.of("CORSE", "ANTHONY")
RUTH: Final = CardPerson.of("NESSI", "RUTH")
MICHELANGELO: Final = CardPerson.of("NESSI", "MICHELANGELO")
FAMILY: Final = (
    DOMINIQUE,
    CardPerson.of("ADRTROIS", "TOUSSAINT", nir=DOMINIQUE.nir),
    CardPerson.of("NESSI", "MICHELANGELO", nir=DOMINIQUE.nir),
)
"""Who is on the sandbox's card ``family``: an insured person and two dependants under her number."""
