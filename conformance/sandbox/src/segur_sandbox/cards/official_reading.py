"""What the official component would say of a carte Vitale: the XML of the API de lecture Vitale.

Names are those on which public integrations agree; the document of a given version is not public. Without a
professional's card in another reader, only who the people are is told, and nothing of their rights.
"""

from typing import Any, Final
from xml.sax.saxutils import escape

from segur_sandbox.cards.catalogue import Beneficiary, CardRecord

COMPONENT: Final = "api-lecture-simulateur 6.00"
_WHOLE_DATE: Final = 8
_RIGHTS: Final = (
    "<amo><qualBenef>{rank}</qualBenef><codeRegime>01</codeRegime><caisse>261</caisse><centreGestion>9850</centreGestion>"
    "<listePeriodesDroits><element><debut>01012020</debut><fin>31122099</fin></element></listePeriodesDroits></amo>"
)


def official_reading(card: CardRecord, *, with_cpx: bool) -> dict[str, Any]:
    """Return the reading of `card` as a JSON object; `with_cpx`: a professional's card is in another reader."""
    people = "".join(_beneficiary(person, rank, with_cpx=with_cpx) for rank, person in enumerate(card.beneficiaries))
    document = f'<?xml version="1.0" encoding="UTF-8"?><listeBenef>{people}</listeBenef>'
    return {"component": COMPONENT, "nature": card.nature, "serial": card.serial, "document": document}


def _beneficiary(person: Beneficiary, rank: int, *, with_cpx: bool) -> str:
    whole = len(person.date_naissance) == _WHOLE_DATE
    naissance = (f"<date>{_without_lunar(person.date_naissance)}</date>" if whole else "") + (
        f"<dateEnCarte>{person.date_naissance[-6:]}</dateEnCarte>"
    )
    return (
        f"<beneficiaire><ident><nomPatronymique>{escape(person.nom)}</nomPatronymique>"
        f"<prenomUsuel>{escape(person.prenom)}</prenomUsuel><naissance>{naissance}</naissance>"
        f"<rangDeNaissance>{person.rang}</rangDeNaissance><nir>{person.nir}</nir></ident>"
        f"{_RIGHTS.format(rank=rank) if with_cpx else ''}</beneficiaire>"
    )


def _without_lunar(date: str) -> str:
    """Return a date whose impossible month or day became 01, as the API does for the age (rule CP02)."""
    year, month, day = date[:4], date[4:6], date[6:]
    possible_month = 1 <= int(month) <= 12
    return f"{year}{month if possible_month else '01'}{day if possible_month and 1 <= int(day) <= 31 else '01'}"
