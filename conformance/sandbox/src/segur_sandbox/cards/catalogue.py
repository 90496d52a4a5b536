"""The named cards: who is on each, and what is odd about it."""

from typing import Any, ClassVar, Literal

import attrs

from segur_sandbox.cards.cpx.catalogue import CPX_CARDS
from segur_sandbox.cards.cpx.records import CpxRecord

Nature = Literal["R", "T", "D"]
Status = Literal["plain", "61", "6C"]
VITALE_2_ATR = bytes.fromhex("3B751300004009EA9000")
OTHER_ATR = bytes.fromhex("3B6500002063CB6600")


@attrs.frozen
class Beneficiary:
    """One beneficiary as the card shows it.

    Attributes:
        nom: Birth name, possibly with diacritics.
        prenom: One given name, possibly with diacritics.
        date_naissance: `YYYYMMDD`, possibly lunar, or `YYMMDD` on a card without century.
        nir: NIR of the insured person and key, 15 characters, the same for all dependants.
        rang: Rang gémellaire.
    """

    nom: str
    prenom: str
    date_naissance: str
    nir: str
    rang: int = 1


@attrs.frozen
class CardRecord:
    """A named carte Vitale, or a card that is none of those known.

    Attributes:
        name: How the control API calls it, `vitale:` first.
        serial: 12 digits, ours.
        description: What it is for, for a human reader.
        nature: R real, T test, D demonstration.
        atr: Answer to reset.
        mute: Never answers an APDU.
        truncated: Its files end in the middle of an object.
        status: How it answers a READ BINARY without the exact length: `plain` gives what there is,
            `61` makes the reader ask with GET RESPONSE, `6C` makes it ask again with the exact length.
    """

    family: ClassVar[str] = "vitale"

    name: str
    serial: str
    description: str
    beneficiaries: tuple[Beneficiary, ...]
    nature: Nature = "R"
    atr: bytes = VITALE_2_ATR
    mute: bool = False
    truncated: bool = False
    status: Status = "plain"


_NIR_ADRUN = "275126322074974"
_NIR_DOMINIQUE = "297022A02077878"
_NIR_CORSE = "180032B02040123"
_NIR_NESSI_RUTH = "277076322082910"

_ADRUN = Beneficiary("ADRUN", "ZOE", "19751231", _NIR_ADRUN)
_DOMINIQUE = Beneficiary("ADRTROIS", "DOMINIQUE", "19970226", _NIR_DOMINIQUE)
_CORSE = Beneficiary("CORSE", "ANTHONY", "19800302", _NIR_CORSE)
_RUTH = Beneficiary("NESSI", "RUTH", "19770714", _NIR_NESSI_RUTH)

_EVERYBODY = (
    ("ADRUN", "ZOE", "19751231"),
    ("ADRTROIS", "TOUSSAINT", "19600101"),
    ("ADRTROIS", "DOMINIQUE", "19970226"),
    ("ECETINSI", "PIERRE-ALAIN", "20090714"),
    ("TCHITCHI", "CATARINA", "19360621"),
    ("HOUILLES", "PIERRE", "19930127"),
    ("DE VINCI", "LEONARDO", "20140201"),
    ("PROVISOIRE", "MATRICULE", "20090701"),
    ("CORSE", "ANTHONY", "19800302"),
    ("HERMANN", "GATIEN", "19810324"),
    ("NESSI", "MICHELANGELO", "20100807"),
    ("D'ARTAGNAN DE L'HERAULT", "PIERRE-ALAIN", "20010617"),
    ("D'AEION", "COEUR", "19870125"),
    ("DE VINCI", "RUTH", "19760714"),
    ("VANDERMONDE", "ARIANA", "19950617"),
    ("ADRDEUX", "LAURENT", "19810101"),
    ("PATB-QUATRE", "LAURENCE", "19070525"),
    ("NESSI", "RUTH", "19770714"),
    ("PAT-TROIS", "DOMINIQUE", "19790328"),
)

_CARDS: tuple[tuple[str, str, tuple[Beneficiary, ...], dict[str, Any]], ...] = (
    ("single", "une assurée seule", (_ADRUN,), {}),
    (
        "family",
        "une assurée et deux ayants droit sous son NIR",
        (
            _DOMINIQUE,
            Beneficiary("ADRTROIS", "TOUSSAINT", "19600101", _NIR_DOMINIQUE),
            Beneficiary("NESSI", "MICHELANGELO", "20100807", _NIR_DOMINIQUE),
        ),
        {},
    ),
    (
        "twins",
        "une assurée et deux jumeaux, rangs 1 et 2",
        (
            _RUTH,
            Beneficiary("NESSI", "MICHELANGELO", "20100807", _NIR_NESSI_RUTH, 1),
            Beneficiary("NESSI", "DONATELLO", "20100807", _NIR_NESSI_RUTH, 2),
        ),
        {},
    ),
    (
        "same-birthdate",
        "deux bénéficiaires nés le même jour, sans être jumeaux (date du second modifiée)",
        (_CORSE, Beneficiary("HERMANN", "GATIEN", "19800302", _NIR_CORSE)),
        {},
    ),
    ("lunar", "date lunaire : mois et jour impossibles", (attrs.evolve(_ADRUN, date_naissance="19752000"),), {}),
    ("no-century", "date de naissance sans siècle", (attrs.evolve(_ADRUN, date_naissance="751231"),), {}),
    ("corsica", "deux assurés, NIR en 2B et en 2A", (_CORSE, _DOMINIQUE), {}),
    (
        "accents",
        "lettres accentuées (Latin-1)",
        (
            Beneficiary("D'ARTAGNAN DE L'HÉRAULT", "PIERRE-ALAIN", "20010617", "101066322075460"),
            Beneficiary("ADRUN", "ZOÉ", "19751231", "101066322075460"),
        ),
        {},
    ),
    (
        "several",
        "INSi trouve plusieurs identités",
        (Beneficiary("DE VINCI", "LEONARDO", "20140201", _NIR_NESSI_RUTH),),
        {},
    ),
    ("none", "INSi ne trouve aucune identité", (Beneficiary("HOUILLES", "PIERRE", "19930127", _NIR_ADRUN),), {}),
    (
        "nineteen",
        "dix-neuf bénéficiaires, fichiers de plus de 256 octets",
        tuple(Beneficiary(nom, prenom, date, _NIR_ADRUN) for nom, prenom, date in _EVERYBODY),
        {},
    ),
    ("production", "carte réelle", (_ADRUN,), {"nature": "R"}),
    ("test", "carte de test", (_ADRUN,), {"nature": "T"}),
    ("demo", "carte de démonstration", (_ADRUN,), {"nature": "D"}),
    ("status-61", "répond 61xx, à suivre de GET RESPONSE", (_ADRUN,), {"status": "61"}),
    ("status-6c", "répond 6Cxx, à relire avec la longueur exacte", (_ADRUN,), {"status": "6C"}),
    ("truncated", "fichiers coupés au milieu d'un objet", (_ADRUN,), {"truncated": True}),
    ("unreadable", "muette après l'ATR", (), {"mute": True}),
    ("unknown-atr", "une carte qui n'est pas une carte Vitale", (), {"atr": OTHER_ATR}),
)

_VITALE = "vitale:"
CATALOGUE: dict[str, CardRecord] = {
    _VITALE + name: CardRecord(_VITALE + name, f"{1000 + rank:012d}", description, beneficiaries, **particulars)
    for rank, (name, description, beneficiaries, particulars) in enumerate(_CARDS, start=1)
}
BY_SERIAL: dict[str, CardRecord] = {card.serial: card for card in CATALOGUE.values()}
AnyCard = CardRecord | CpxRecord
_ALL: dict[str, AnyCard] = {**CATALOGUE, **{card.name: card for card in CPX_CARDS}}


def find(name: str) -> AnyCard | None:
    """Return the card of that name; for a carte Vitale, what follows `vitale:` is enough."""
    return _ALL.get(name) or CATALOGUE.get(_VITALE + name)


def names() -> tuple[str, ...]:
    """Return every name, cartes Vitale first."""
    return tuple(_ALL)


def as_json() -> list[dict[str, Any]]:
    """Return every card as the control API shows it: `holder` is the kind of a professional's card.

    A card is also found by one of its `aliases`.
    """
    return [
        {
            "name": card.name,
            "aliases": [card.name.removeprefix(_VITALE)] if isinstance(card, CardRecord) else [],
            "family": card.family,
            "description": card.description,
            "nature": card.nature,
            "serial": card.serial,
            "atr": card.atr.hex().upper(),
            "beneficiaries": len(card.beneficiaries) if isinstance(card, CardRecord) else 0,
            "holder": card.holder.card_type if isinstance(card, CpxRecord) else None,
        }
        for card in _ALL.values()
    ]
