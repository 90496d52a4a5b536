"""Every check of the kit, by profile."""

from functools import cache
from importlib import import_module
from typing import Final

from segur_conformance.checks.check import Check

PROFILES: Final = {
    "vitale": "Lecture de la carte Vitale",
    "cps": "Carte de professionnel : lecture, code porteur, session",
    "psc": "Pro Santé Connect : connexion, jetons, session",
    "certificates": "Certificats de la structure : inventaire, commande, renouvellement",
    "identity": "Identitovigilance : statuts, attributs, preuves",
    "insi": "Téléservice INSi",
    "dmp": "DMP : alimentation, versions, pannes",
    "package": "Paquet du module : déclarations, limites, confidentialité",
}
"""Profiles by name, with their French titles. Each is a package of this one with a ``CHECKS`` of its own."""


@cache
def checks_of(profile: str) -> tuple[Check, ...]:
    """Return the checks of one profile, in the order in which they run."""
    found: tuple[Check, ...] = import_module(f"segur_conformance.checks.{profile}").CHECKS
    return found


def all_checks() -> tuple[Check, ...]:
    """Return the checks of every profile."""
    return tuple(check for profile in PROFILES for check in checks_of(profile))
