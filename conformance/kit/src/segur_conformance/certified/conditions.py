"""Why a run cannot be certified, in French sentences for its report."""

from collections.abc import Iterable, Iterator
from importlib.metadata import distribution
from typing import Final

import attrs

from segur_conformance.certified.integrity import alterations, is_editable
from segur_conformance.targets.installed import InstalledPlugin
from segur_conformance.targets.limits import Limits

KIT: Final = "segur-conformance"
JUDGES: Final = (KIT, "segur-sandbox", "segur-sdk", "segur-host")
"""Distributions that a result depends on beside the product's own."""


def reasons(
    plugins: Iterable[InstalledPlugin], *, only: str | None, limits: Limits, resumed_uncertified: bool
) -> Iterator[str]:
    """Give every reason against certifying a run.

    Args:
        plugins: every plugin that runs.
        only: the checks that were asked for, if not all.
        limits: that the product was held to.
        resumed_uncertified: the run takes up one that did not ask for certified mode.
    """
    if only is not None:
        yield "Une partie seulement des contrôles était demandée (--only)."
    if resumed_uncertified:
        yield "La reprise (--resume) porte sur une exécution commencée hors du mode certifié."
    changed = [
        field.name for field in attrs.fields(Limits) if getattr(limits, field.name) != getattr(Limits(), field.name)
    ]
    if changed:
        yield f"Le plan change les limites du kit : {', '.join(changed)}."
    for name in JUDGES:
        for what in alterations(name):
            yield f"Intégrité du kit : {what}."
    for plugin in plugins:
        if plugin.editable:
            yield f"Le module {plugin.id} est une installation de développement ({plugin.distribution})."


def kit_is_editable() -> bool:
    """Return whether the kit is somebody's working folder."""
    return is_editable(distribution(KIT))
