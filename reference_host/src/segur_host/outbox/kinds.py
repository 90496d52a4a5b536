"""Kinds of effects that the host knows by name."""

from typing import Final

from segur_sdk.hooks.dmp_send import DmpDraft, DmpEffect

FEEDING: Final = "dmp-feed"
"""A document goes to the DMP."""
WITHDRAWING: Final = "dmp-delete"
"""A document is deleted from the DMP."""


def said_of(draft: DmpDraft, kind: str) -> DmpDraft:
    """Return a draft that says what it is for: rules of feeding let a patient's document be withdrawn, nothing more."""
    effect = DmpEffect.WITHDRAW if kind == WITHDRAWING else DmpEffect.FEED
    return draft if draft.effect is effect else draft.model_copy(update={"effect": effect})
