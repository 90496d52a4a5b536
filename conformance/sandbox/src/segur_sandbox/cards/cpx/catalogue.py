"""The named cards of professionals.

Their holders are published test professionals of the ANS, or have names that say they do not exist; RPPS numbers of
the latter begin with 997, as those of test professionals do.
"""

from segur_sandbox.cards.cpx.records import CpxRecord, Holder, Situation
from segur_sandbox.pki.store import DEPARTMENT, FINESS, ORGANISATION

_PHARMACY = Situation(1, ORGANISATION, f"1{FINESS}", "SA33")
_HOSPITAL = Situation(3, "HOPITAL GENERIQUE", "10B0307377", "SA01")

_PHARMACIST = Holder(
    card_type="CPS",
    identifier="899700075122",
    title="Pharmacien",
    family_name="PHARMACH0007512",
    given_name="CAROLE",
    profession=21,
    section="A",
    billing=FINESS,
    situations=(_PHARMACY, _HOSPITAL, Situation(16, "PHARMACIE FICTIVE DU SEIZE", "10B0000006", "SA33")),
)
_PHYSICIAN = Holder(
    card_type="CPS",
    identifier="899700366240",
    title="Médecin",
    family_name="DOC0036624",
    given_name="KIT",
    profession=10,
    speciality="SM26",
    billing="991366242",
    situations=(
        Situation(1, "CABINET M DOC0036624", "499700366240007", "SA07"),
        Situation(2, "HOPITAL GENERIQUE", "10B0307377", "SA01"),
    ),
)
_STUDENT = Holder(
    card_type="CPF",
    identifier="899700000013",
    title="Etudiant Pharmacien",
    family_name="ETUDIANT FICTIF",
    given_name="CAMILLE",
    profession=21,
)
_EMPLOYEE = Holder(
    card_type="CPE",
    identifier=f"3{FINESS}/000000001",
    title="Carte de service santé ou social",
    place=DEPARTMENT,
    organisation=ORGANISATION,
    unit=f"1{FINESS}",
    pseudonym="EMPLOYE000000001",
    situations=(_PHARMACY,),
)
_AUTHORISED = Holder(
    card_type="CPA",
    identifier="500000000029751/CPAT0001",
    family_name="ADMINISTRATEUR FICTIF",
    given_name="PATRICE",
    place="Paris (75)",
    organisation="EDITEUR DU BAC A SABLE",
    unit="300000000029751",
)

CPX_CARDS: tuple[CpxRecord, ...] = (
    CpxRecord("cps:pharmacist", "2800901100", "pharmacienne, trois situations : 1, 3 et 16", _PHARMACIST),
    CpxRecord("cps:pharmacist-cps3", "2800901200", "la même pharmacienne sur une CPS3", _PHARMACIST, "CPS3"),
    CpxRecord("cps:physician", "2800901300", "médecin généraliste, en cabinet et à l'hôpital", _PHYSICIAN),
    CpxRecord("cps:expired", "2800901400", "certificats expirés depuis un mois", _PHARMACIST, expired=True),
    CpxRecord("cps:locked", "2800901500", "code porteur bloqué", _PHARMACIST, locked=True),
    CpxRecord("cpf", "2800902100", "étudiant en pharmacie, sans situation d'exercice", _STUDENT),
    CpxRecord("cpe", "2800903100", "carte de service d'une officine, qui ne nomme personne", _EMPLOYEE),
    CpxRecord("cpa", "2800904100", "administrateur technique d'un éditeur", _AUTHORISED),
)
