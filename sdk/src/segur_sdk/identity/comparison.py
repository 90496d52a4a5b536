"""Compare what is recorded of a person with what INSi, or the appli carte Vitale, answers.

The reasons of a ``Divergence`` are stable: ``differs``, ``missing``, ``incomplete_date``, ``impossible_date``,
``undetermined``, ``not_in_list``.

Sources: *Guide d'implémentation de l'INS dans les logiciels* v3.0 (EXI ID 10; rules 6, 11, 12), RNIV EXI SI 29/30.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from segur_sdk.identity.names import fold, start_that_fits
from segur_sdk.models.identity import (
    UNKNOWN_BIRTHPLACE,
    AnsweredTraits,
    Divergence,
    SearchTraits,
    Sex,
    TraitName,
    Traits,
)

_DATE: Final = re.compile(r"[0-9]{4}-(?P<month>[0-9]{2})-(?P<day>[0-9]{2})")


def birth_list(answer: AnsweredTraits) -> str:
    """Return the given names of the answer in one text: the list, or the first given name when it stands alone."""
    return " ".join(answer.prenoms_naissance) or (answer.premier_prenom or "")


def answered_date(answer: AnsweredTraits) -> date | None:
    """Return the date of the answer when it is a day of the calendar."""
    try:
        return date.fromisoformat(answer.date_naissance or "")
    except ValueError:
        return None


def unusable(answer: AnsweredTraits) -> tuple[Divergence, ...]:
    """Return why an answer may not be imported at all, whatever is recorded; empty when it may.

    A day or month ``00`` (SC.INS/va1.28), an empty name, given name or sex (SC.INS/va1.31), an impossible date.
    """
    found: list[Divergence] = []
    if not (answer.nom_naissance or "").strip():
        found.append(Divergence(trait=TraitName.NOM_NAISSANCE, reason="missing"))
    if not birth_list(answer).strip():
        found.append(Divergence(trait=TraitName.PRENOMS_NAISSANCE, reason="missing"))
    if answer.sexe not in {Sex.FEMALE, Sex.MALE}:
        found.append(Divergence(trait=TraitName.SEXE, reason="missing"))
    if not answer.date_naissance:
        found.append(Divergence(trait=TraitName.DATE_NAISSANCE, reason="missing"))
    elif answered_date(answer) is None:
        written = _DATE.fullmatch(answer.date_naissance)
        incomplete = written is not None and "00" in {written["month"], written["day"]}
        reason = "incomplete_date" if incomplete else "impossible_date"
        found.append(Divergence(trait=TraitName.DATE_NAISSANCE, reason=reason, theirs=answer.date_naissance))
    return tuple(found)


def compare(ours: Traits | SearchTraits, answer: AnsweredTraits) -> tuple[Divergence, ...]:
    """Return every trait on which two sources differ, in the order of ``TraitName``.

    A birthplace that the answer lacks, or that is unknown here (``99999``), is tolerated; so is a list of given
    names that is missing here or is only the beginning of the answer's. Names are compared without case, accents
    and typography; in given names hyphen, apostrophe and space are moreover one.

    Args:
        ours: recorded traits, or the criteria of a search; criteria that were not given are not compared.
        answer: what was answered.
    """
    return tuple(_differences(ours, answer))


def _differences(ours: Traits | SearchTraits, answer: AnsweredTraits) -> Iterator[Divergence]:
    theirs = answer.nom_naissance
    if not theirs:
        yield Divergence(trait=TraitName.NOM_NAISSANCE, reason="missing", ours=ours.nom_naissance)
    elif fold(ours.nom_naissance) != fold(theirs):
        yield _differs(TraitName.NOM_NAISSANCE, ours.nom_naissance, theirs)
    first = ours.premier_prenom if isinstance(ours, Traits) else ours.prenoms_naissance[0]
    yield from _given_names(first, " ".join(ours.prenoms_naissance), birth_list(answer))
    yield from _sex(ours.sexe, answer.sexe)
    born = ours.date_naissance.isoformat() if ours.date_naissance else None
    if born and not answer.date_naissance:
        yield Divergence(trait=TraitName.DATE_NAISSANCE, reason="missing", ours=born)
    elif born and born != answer.date_naissance:
        yield _differs(TraitName.DATE_NAISSANCE, born, answer.date_naissance)
    place = ours.lieu_naissance
    if place and place != UNKNOWN_BIRTHPLACE and answer.lieu_naissance and place != answer.lieu_naissance.upper():
        yield _differs(TraitName.LIEU_NAISSANCE, place, answer.lieu_naissance)


def _given_names(first: str, whole: str, theirs: str) -> Iterator[Divergence]:
    if not theirs:
        yield Divergence(trait=TraitName.PREMIER_PRENOM, reason="missing", ours=first)
        return
    if start_that_fits(first, theirs) is None:
        yield Divergence(trait=TraitName.PREMIER_PRENOM, reason="not_in_list", ours=first, theirs=theirs)
    if whole and start_that_fits(whole, theirs) is None:
        yield _differs(TraitName.PRENOMS_NAISSANCE, whole, theirs)


def _sex(ours: Sex | None, theirs: Sex | None) -> Iterator[Divergence]:
    if ours is None or ours is theirs:
        return
    if theirs is None:
        yield Divergence(trait=TraitName.SEXE, reason="missing", ours=ours.value)
    elif ours is Sex.UNDETERMINED:
        yield Divergence(trait=TraitName.SEXE, reason="undetermined", ours=ours.value, theirs=theirs.value)
    else:
        yield _differs(TraitName.SEXE, ours.value, theirs.value)


def _differs(trait: TraitName, ours: str, theirs: str | None) -> Divergence:
    return Divergence(trait=trait, reason="differs", ours=ours, theirs=theirs)
