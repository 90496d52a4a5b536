"""Which documents of the past are fed in a run: of what types, how old, of whom (SC.DMP/HISTO.06, .08). Pure."""

from datetime import date, timedelta

import attrs

from segur_host.documents import notices
from segur_host.documents.document import ValidatedDocument
from segur_sdk.documents import kind_for_label, kinds
from segur_sdk.models.identity import InsStatus
from segur_sdk.models.notice import Notice


@attrs.frozen
class PastRules:
    """What a run takes."""

    types: frozenset[str]
    """Type codes."""
    depth: timedelta
    """How old an act may be."""
    at_most: int
    """How many documents one run lets in."""

    @classmethod
    def of(cls, types: tuple[str, ...] | None, depth_days: int, at_most: int) -> "PastRules":
        """Return the rules of a configuration.

        Args:
            types: type codes; ``None``: those that leave by themselves.
            depth_days: how old an act may be.
            at_most: how many documents one run lets in.
        """
        automatic = (code for code, kind in kinds().items() if kind.automatic)
        return cls(frozenset(automatic if types is None else types), timedelta(days=depth_days), at_most)

    def keeps_out(self, document: ValidatedDocument, today: date) -> Notice | None:
        """Return why a document is not for a run; ``None``: it is.

        Opposition is for the gate: whoever opposes is refused there, with every other reason.
        """
        code = document.document_type or next(iter(kind_for_label(document.label or "").types), None)
        reasons = (
            (code not in self.types, notices.OTHER_TYPE),
            (document.content.act.start.date() < today - self.depth, notices.TOO_OLD),
            (document.deceased is True, notices.DECEASED),
            (document.deceased is None, notices.LIFE_UNKNOWN),
            (document.identity.status is not InsStatus.QUALIFIEE, notices.NOT_QUALIFIED),
        )
        return next((notice for holds, notice in reasons if holds), None)
