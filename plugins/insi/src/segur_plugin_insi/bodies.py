"""The two questions that INSi understands (schemas INSi_RECSANS_INS and INSi_RECVITALE_INS, WSDL 1.5.0)."""

from lxml import etree

from segur_plugin_insi.card_person import CardPerson
from segur_plugin_insi.criteria import Criteria
from segur_plugin_insi.namespaces import RECSANS, RECVIT


def recsansvitale(criteria: Criteria) -> etree._Element:
    """Return ``RECSANSVITALE``. The schema allows several ``Prenom``: exactly one is sent."""
    question = etree.Element(f"{{{RECSANS}}}RECSANSVITALE", nsmap={None: RECSANS})
    for name, text in (
        ("NomNaissance", criteria.nom_naissance),
        ("Prenom", " ".join(criteria.prenoms)),
        ("Sexe", criteria.sexe.value),
        ("DateNaissance", criteria.date_naissance.isoformat()),
        ("LieuNaissance", criteria.lieu_naissance),
    ):
        if text is not None:
            etree.SubElement(question, f"{{{RECSANS}}}{name}").text = text
    return question


def recvitale(person: CardPerson) -> etree._Element:
    """Return ``RECVITALE``. ``MatriculeIndividu`` is left out: a card bears the insured's number only."""
    question = etree.Element(f"{{{RECVIT}}}RECVITALE", nsmap={None: RECVIT})
    insured = etree.SubElement(question, f"{{{RECVIT}}}MatriculeOD")
    for parent, name, text in (
        (insured, "NumIdentifiant", person.insured_number),
        (insured, "Cle", person.insured_key),
        (question, "NomNaissance", person.nom_naissance),
        (question, "DateNaissance", person.date_naissance),
        (question, "RangNaissance", str(person.rang_naissance)),
    ):
        etree.SubElement(parent, f"{{{RECVIT}}}{name}").text = text
    return question
