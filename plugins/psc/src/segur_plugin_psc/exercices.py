"""Situations d'exercice of a professional as the host offers them to him, who chooses one."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from segur_plugin_psc.nomenclature import STUDENT, mode_label, profession_label, sector_label
from segur_plugin_psc.userinfo import Activity, ExercicePro, Userinfo
from segur_sdk.hooks.session_login import Exercice
from segur_sdk.identifiers import finess, siren
from segur_sdk.identifiers.structure_id import StructureIdType
from segur_sdk.models.actor import Structure

_MAX_LABEL: Final = 200
_MAX_PART: Final = 60
_MAX_NAME: Final = 100
_PROFESSION: Final = re.compile(r"[0-9]{2}")
_NONE: Final = "-"
_FINESS: Final = "F"
"""How the RPPS begins the technical identifier of a structure that has a FINESS; ``R`` that of a *cabinet*."""


def exercices_of(userinfo: Userinfo) -> tuple[Exercice, ...]:
    """Return the situations of a professional: each of his activities in each of his professions; none is chosen.

    Without any, the structure that the claims name by themselves is the only one. A situation has the same id at each
    login, whatever the order in which they come.
    """
    found: dict[str, Exercice] = {}
    for one in _situations(userinfo):
        # Two that nothing tells apart are one.
        found.setdefault(one.id, one)
    return tuple(found.values())


def profession_of(userinfo: Userinfo) -> str | None:
    """Return the code of the one profession that is practised.

    ``None`` for somebody who has several, whose situation decides, and for a student: what he learns is no right yet.
    """
    reference = userinfo.reference
    if reference is None:
        return _role(userinfo)
    practised = (one for one in reference.exercices if one.code_categorie_professionnelle != STUDENT)
    return _only(one.code_profession for one in practised)


def _role(userinfo: Userinfo) -> str | None:
    return _only(role.partition("^")[0] for role in userinfo.subject_roles)


def _only(codes: Iterable[str | None]) -> str | None:
    found = {code for code in codes if code is not None and _PROFESSION.fullmatch(code)}
    return found.pop() if len(found) == 1 else None


def _situations(userinfo: Userinfo) -> Iterator[Exercice]:
    exercices = userinfo.reference.exercices if userinfo.reference is not None else ()
    for exercice in exercices:
        for activity in exercice.activities or (Activity(),):
            yield _situation(exercice, activity)
    if not exercices and userinfo.organisation_id is not None:
        yield _main_situation(userinfo, userinfo.organisation_id)


def _situation(exercice: ExercicePro, activity: Activity) -> Exercice:
    structure_id = _structure_id(activity)
    name = activity.raison_sociale_site or activity.enseigne_commerciale_site or structure_id
    profession, category = exercice.code_profession, exercice.code_categorie_professionnelle
    sector, mode = activity.code_secteur_dactivite, activity.code_mode_exercice
    section = activity.code_section_pharmacien
    return Exercice(
        id=_id(structure_id, sector, f"{profession or ''}{category or ''}", mode, section),
        label=_label(
            name,
            None if sector is None else sector_label(sector),
            None if profession is None else profession_label(profession, category),
            None if section is None else f"section {section}",
            None if mode is None else mode_label(mode),
        ),
        structure_id=structure_id,
        structure=_structure(
            name,
            _numbers(
                activity.numero_finess_site,
                (_FINESS, activity.identifiant_technique_de_la_structure),
                (StructureIdType.FINESS, activity.ancien_identifiant_de_la_structure),
            ),
            _numbers(activity.numero_siret_site, (StructureIdType.SIRET, activity.ancien_identifiant_de_la_structure)),
        ),
    )


def _main_situation(userinfo: Userinfo, structure_id: str) -> Exercice:
    profession = _role(userinfo)
    sector = None if userinfo.sector is None else userinfo.sector.partition("^")[0]
    return Exercice(
        id=_id(structure_id, sector, profession),
        label=_label(
            userinfo.organisation or structure_id,
            sector and sector_label(sector),
            None if profession is None else profession_label(profession),
        ),
        structure_id=structure_id,
        structure=_structure(userinfo.organisation or structure_id, _numbers(None, (_FINESS, structure_id)), ()),
    )


def _structure(name: str | None, finess_numbers: Iterable[str], sirets: Iterable[str]) -> Structure | None:
    """Return where a professional practises; ``None`` when nothing names it.

    A number with a wrong check digit is left out: whoever reads it later would take it for the structure's.
    """
    if name is None:
        return None
    return Structure(
        name=name[:_MAX_NAME],
        finess=next(filter(finess.is_valid, finess_numbers), None),
        siret=next(filter(siren.siret_is_valid, sirets), None),
    )


def _numbers(plain: str | None, *prefixed: tuple[str, str | None]) -> Iterator[str]:
    """Yield a number as the RPPS may give it: by itself, or after a type."""
    if plain is not None:
        yield plain
    yield from (text.removeprefix(kind) for kind, text in prefixed if text is not None and text.startswith(kind))


def _structure_id(activity: Activity) -> str | None:
    """Return the identifier of a structure as cards bear it if possible: one structure has one name then."""
    if activity.ancien_identifiant_de_la_structure is not None:
        return activity.ancien_identifiant_de_la_structure
    if activity.numero_finess_site is not None:
        return f"1{activity.numero_finess_site}"
    if activity.numero_siret_site is not None:
        return f"3{activity.numero_siret_site}"
    return activity.identifiant_technique_de_la_structure


def _id(structure_id: str | None, *codes: str | None) -> str:
    parts = [(structure_id or _NONE)[:_MAX_PART], *((code or _NONE)[:8] for code in codes)]
    return "/".join(parts)


def _label(*parts: str | None) -> str:
    return " · ".join(part for part in parts if part)[:_MAX_LABEL] or "Situation d’exercice sans description"
