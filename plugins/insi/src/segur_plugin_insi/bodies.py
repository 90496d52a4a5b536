"""The two questions that INSi understands (schemas INSi_RECSANS_INS and INSi_RECVITALE_INS, WSDL 1.5.0)."""

from segur_plugin_insi.card_person import CardPerson
from segur_plugin_insi.criteria import Criteria
from segur_plugin_insi.namespaces import RECSANS, RECVIT
from segur_sdk.formats.xml_writer import Xml, leaf, node


def recsansvitale(criteria: Criteria) -> Xml:
    """Return ``RECSANSVITALE``. The schema allows several ``Prenom``: exactly one is sent."""
    return node(
        "RECSANSVITALE",
        leaf("NomNaissance", criteria.nom_naissance),
        leaf("Prenom", " ".join(criteria.prenoms)),
        leaf("Sexe", criteria.sexe.value),
        leaf("DateNaissance", criteria.date_naissance.isoformat()),
        leaf("LieuNaissance", criteria.lieu_naissance),
        attributes={"xmlns": RECSANS},
    )


def recvitale(person: CardPerson) -> Xml:
    """Return ``RECVITALE``. ``MatriculeIndividu`` is left out: a card bears the insured's number only."""
    return node(
        "RECVITALE",
        node("MatriculeOD", leaf("NumIdentifiant", person.insured_number), leaf("Cle", person.insured_key)),
        leaf("NomNaissance", person.nom_naissance),
        leaf("DateNaissance", person.date_naissance),
        leaf("RangNaissance", str(person.rang_naissance)),
        attributes={"xmlns": RECVIT},
    )
