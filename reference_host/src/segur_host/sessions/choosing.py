"""The situation d'exercice in which a professional works: his only one, the one he named, or the one he chooses now."""

from collections.abc import Sequence
from typing import Final

from segur_host.broker.ask import Asker, CheckedAsker
from segur_sdk.errors import InputError
from segur_sdk.hooks.session_login import Exercice
from segur_sdk.models.actor import Structure
from segur_sdk.models.notice import Choice, Question

EXERCICE_QUESTION: Final = "session.exercice"


def chosen_exercice(exercices: Sequence[Exercice], named: str | None, last: str | None, asker: Asker) -> str | None:
    """Return the id of the situation.

    Args:
        exercices: those that he has.
        named: the one that he named.
        last: the one that he chose last.
        asker: asks him.

    Raises:
        InputError: ``session.exercice_unknown``, and those of a question without answer.
    """
    known = {one.id: one for one in exercices}
    if named is not None:
        if named not in known:
            raise InputError("session.exercice_unknown")
        return named
    if len(known) < 2:
        return next(iter(known), None)
    # The last choice comes first, and is still a choice.
    ordered = sorted(known.values(), key=lambda one: one.id != last)
    question = Question(
        code=EXERCICE_QUESTION,
        text="Dans quelle situation d’exercice travaillez-vous ?",
        choices=tuple(Choice(value=one.id, label=one.label) for one in ordered),
    )
    return CheckedAsker(asker.ask).ask(question)


def structure_in(exercices: Sequence[Exercice], chosen: str | None) -> Structure | None:
    """Return where a professional practises in the situation that he chose, if it says so."""
    return next((one.structure for one in exercices if one.id == chosen), None)
