"""French names of what the registry counts by."""

from collections.abc import Mapping
from typing import Final

from segur_conformance.requirements.matrix import Column, Why
from segur_conformance.requirements.model import Actor, Arbitration, Domain, Reason, Verifiable

COLUMNS: Final[Mapping[Column, str]] = {
    Column.SDK: "SDK",
    Column.PLUGIN: "Module",
    Column.HOST: "Hôte",
    Column.YOU: "À votre charge",
}
WHYS: Final[Mapping[Why, str]] = {
    Why.OPERATOR: "relève de l’exploitant",
    Why.ORGANISATION: "relève de votre organisation",
    Why.OUT_OF_SCOPE: "hors du périmètre du projet",
    Why.NO_PLUGIN: "aucun module de l’ensemble ne la déclare",
    Why.NOT_PROVEN: "aucune preuve ne montre encore que le SDK ou l’hôte la tient",
}
ACTORS: Final[Mapping[Actor, str]] = {
    Actor.SDK: "SDK",
    Actor.PLUGIN: "module",
    Actor.HOST: "hôte",
    Actor.OPERATOR: "exploitant",
    Actor.ORGANISATION: "organisation",
}
VERIFIABLES: Final[Mapping[Verifiable, str]] = {
    Verifiable.AUTO: "par la machine",
    Verifiable.ASSISTED: "avec une personne",
    Verifiable.ATTESTED: "sur déclaration",
    Verifiable.NO: "non",
}
REASONS: Final[Mapping[Reason, str]] = {
    Reason.PAPER: "papier",
    Reason.OFFICIAL_ENVIRONMENT: "environnement officiel",
    Reason.PHYSICAL_SCREEN: "écran à regarder",
    Reason.ORGANISATION: "organisation",
}
ARBITRATIONS: Final[Mapping[Arbitration, str]] = {
    Arbitration.APPROVED: "approuvée",
    Arbitration.REWORK: "à retravailler",
    Arbitration.OBSOLETE: "abandonnée",
}
DOMAINS: Final[Mapping[Domain, str]] = {
    Domain.INS: "Identité nationale de santé",
    Domain.VITALE: "Carte Vitale et lecteurs",
    Domain.CPS: "Cartes de professionnel",
    Domain.APCV: "Appli carte Vitale",
    Domain.ADRI: "Droits de l’assuré (ADRi)",
    Domain.DMP: "DMP",
    Domain.MSSANTE: "MSSanté",
    Domain.PSC: "Pro Santé Connect",
    Domain.DOCUMENTS: "Documents de santé",
    Domain.ORDONNANCE: "Ordonnance numérique",
    Domain.ANNUAIRE: "Annuaire Santé",
    Domain.CERTIFICATS: "Certificats",
    Domain.SECURITE: "Sécurité",
    Domain.TABLEAUX_DE_BORD: "Tableaux de bord",
    Domain.PORTABILITE: "Portabilité",
    Domain.DOSSIER_PHARMACEUTIQUE: "Dossier pharmaceutique",
    Domain.DOSSIER_PATIENT: "Dossier du patient",
    Domain.MON_ESPACE_SANTE: "Mon espace santé",
    Domain.COMPTOIR: "Comptoir et écrans",
    Domain.PAQUET: "Paquet du module",
    Domain.CONFORMITE: "Conformité",
    Domain.PROGRAMME: "Programme Ségur",
}
