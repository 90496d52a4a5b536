"""What INSi needs beyond names is asked from whoever sits there; what it cannot be given is refused.

Source: INSi takes ``M`` and ``F`` only and requires a whole date of birth (SEL-MP-043, EF_INS25_04).
"""

import re
from datetime import date
from typing import Final

from segur_sdk.context import HookContext
from segur_sdk.errors import InputError
from segur_sdk.models.identity import SearchTraits, Sex
from segur_sdk.models.notice import Choice, Question

ASK_SEX: Final = Question(
    code="insi.sexe",
    text="Quel est le sexe de l’usager à l’état civil ?",
    choices=(Choice(value="F", label="Féminin"), Choice(value="M", label="Masculin")),
)
ASK_BIRTH_DATE: Final = Question(
    code="insi.date_naissance",
    text="Quelle est la date de naissance complète de l’usager (AAAA-MM-JJ) ?",
    pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
)

_SHORT_DATE: Final = re.compile(r"[0-9]{6}")


def short_date(on_card: str) -> str:
    """Return the date that a card bears if its century is missing, nothing for any other form."""
    return on_card if _SHORT_DATE.fullmatch(on_card) else ""


def completed(traits: SearchTraits, ctx: HookContext, *, born: str = "") -> SearchTraits:
    """Return ``traits`` with sex and date of birth, asking for what is missing.

    Args:
        traits: what is known.
        ctx: context of this plugin.
        born: what a card tells of the date of birth, without century; an answer must be that day.

    Raises:
        InputError: ``insi.answer_invalid``, ``input.nobody_to_ask``, ``input.no_answer``.
    """
    found: dict[str, Sex | date] = {}
    if traits.sexe is None:
        found["sexe"] = _ask_sex(ctx)
    if traits.date_naissance is None:
        found["date_naissance"] = ask_birth_date(ctx, ending=born)
    return traits.model_copy(update=found) if found else traits


def ask_birth_date(ctx: HookContext, *, ending: str = "") -> date:
    """Ask for a date of birth.

    Args:
        ctx: context of this plugin.
        ending: ``YYMMDD`` that a card without century bears; the answer must be that day.

    Raises:
        InputError: ``insi.answer_invalid`` when the answer is no date, a date to come, or not the card's;
            ``input.nobody_to_ask``, ``input.no_answer``.
    """
    answer = ctx.ask(ASK_BIRTH_DATE)
    try:
        born = date.fromisoformat(answer)
    except ValueError:
        born = None
    if born is None or born > ctx.clock.now().date() or not f"{born:%Y%m%d}".endswith(ending):
        raise InputError("insi.answer_invalid", question=ASK_BIRTH_DATE.code)
    return born


def _ask_sex(ctx: HookContext) -> Sex:
    answer = ctx.ask(ASK_SEX)
    if answer not in {choice.value for choice in ASK_SEX.choices}:
        raise InputError("insi.answer_invalid", question=ASK_SEX.code)
    return Sex(answer)
