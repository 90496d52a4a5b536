"""French labels of the codes that Pro Santé Connect gives; a code without one is shown as it is."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

STUDENT: Final = "E"


def profession_label(code: str, category: str | None = None) -> str:
    """Return the label of a profession (TRE_G15), for a student said to be in training."""
    label = _tables()["professions"].get(code, code)
    return f"{label} en formation" if category == STUDENT else label


def sector_label(code: str) -> str:
    """Return the label of a *secteur d'activité* (TRE_R02)."""
    return _tables()["sectors"].get(code, code)


def mode_label(code: str) -> str:
    """Return the label of a *mode d'exercice* (TRE_R23)."""
    return _tables()["modes"].get(code, code)


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((files("segur_plugin_psc") / "nomenclature_fr.toml").read_text("utf-8"))
