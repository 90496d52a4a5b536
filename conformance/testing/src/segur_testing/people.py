"""The published test identities of INSi: the only people that tests may know."""

from functools import cache
from importlib.resources import files
from json import loads

from segur_sdk.models.identity import Traits


@cache
def published_people() -> tuple[Traits, ...]:
    """Return every published identity whose five strict traits are known, as the sandbox's register holds them."""
    listed = loads(files("segur_sandbox").joinpath("published_people.json").read_bytes())["people"]
    return tuple(
        Traits.model_validate(
            {
                "nom_naissance": one["nom_naissance"],
                "premier_prenom": one["prenoms"][0],
                "prenoms_naissance": one["prenoms"],
                "sexe": one["sexe"],
                "date_naissance": one["date_naissance"],
                "lieu_naissance": one["lieu_naissance"],
            },
            strict=False,
        )
        for one in listed
        if one.get("lieu_naissance")
    )


def published(name: str, given_name: str) -> Traits:
    """Return one of them.

    Args:
        name: *nom de naissance*, upper case.
        given_name: *premier prénom de naissance*, upper case.
    """
    return next(one for one in published_people() if (one.nom_naissance, one.premier_prenom) == (name, given_name))
