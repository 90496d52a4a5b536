"""The published test identities of INSi, as JSON that targets are given: the only people that checks may know."""

from functools import cache
from importlib.resources import files
from json import loads
from typing import Any


@cache
def _published() -> tuple[dict[str, Any], ...]:
    listed = loads(files("segur_sandbox").joinpath("published_people.json").read_bytes())["people"]
    return tuple(listed)


def published(name: str, given_name: str) -> dict[str, Any]:
    """Return the register's entry of one person: traits, matricule, OID, as the sandbox holds it."""
    return next(one for one in _published() if (one["nom_naissance"], one["prenoms"][0]) == (name, given_name))


def traits(name: str, given_name: str) -> dict[str, Any]:
    """Return the traits of one person, with the five strict ones, as ``segur identify`` takes them."""
    one = published(name, given_name)
    return {
        "nom_naissance": one["nom_naissance"],
        "premier_prenom": one["prenoms"][0],
        "prenoms_naissance": one["prenoms"],
        "sexe": one["sexe"],
        "date_naissance": one["date_naissance"],
        "lieu_naissance": one["lieu_naissance"],
    }
