"""Honest variants: other choices of the plugin that are just as right."""

from typing import Final

from segur_conformance.mutants.mutant import Variant
from segur_conformance.mutants.psc.places import plugin

VARIANTS: Final = (
    Variant("psc.as-it-is", "rien"),
    Variant("psc.no-leeway", "n’accorde aucun écart entre les horloges", settings={"psc": {"leeway_s": 0}}),
    Variant(
        "psc.more-algorithms",
        "accepte aussi PS256",
        settings={"psc": {"algorithms": ["PS256", "RS256"]}},
    ),
    Variant(
        "psc.no-revocation",
        "laisse expirer ses jetons au lieu de les révoquer",
        settings={"psc": {"revoke_on_leaving": False}},
    ),
    Variant(
        "psc.longer-values",
        "tire des valeurs de 384 bits",
        (plugin("one_time.py", "_BYTES: Final = 32\n", "_BYTES: Final = 48\n"),),
    ),
    Variant(
        "psc.sorted-request",
        "range les paramètres de la demande par leur nom",
        (
            plugin(
                "authorization.py",
                "    return urlencode(asked, quote_via=quote)\n",
                "    return urlencode(sorted(asked.items()), quote_via=quote)\n",
            ),
        ),
    ),
    Variant(
        "psc.family-name-first",
        "met le nom de famille devant le prénom",
        (
            plugin(
                "signing_in.py",
                "for name in (userinfo.given_name, userinfo.family_name) if",
                "for name in (userinfo.family_name, userinfo.given_name) if",
            ),
        ),
    ),
    Variant(
        "psc.last-situation-first",
        "propose les situations dans l’ordre inverse",
        (plugin("signing_in.py", "        exercices=exercices,\n", "        exercices=exercices[::-1],\n"),),
    ),
)
