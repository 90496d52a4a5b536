"""French labels of the codes that cards bear; a code without one is shown as it is."""

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from segur_sdk.models.professional import CpxType


def profession_label(code: str, card_type: CpxType) -> str:
    """Return the label of a profession: TRE_G15, on a CPF TRE_G16 (profession in training)."""
    label = _tables()["professions"].get(code, code)
    return f"{label} en formation" if card_type is CpxType.CPF else label


def sector_label(code: str) -> str:
    """Return the label of a *secteur d'activité* (TRE_R02)."""
    return _tables()["sectors"].get(code, code)


@cache
def _tables() -> Mapping[str, Mapping[str, str]]:
    return tomllib.loads((files("segur_plugin_cps") / "nomenclature_fr.toml").read_text("utf-8"))
