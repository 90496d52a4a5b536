"""What is known of a revocation, and what follows when nothing is.

Source: RFC 5280, 5 and 6.3; RFC 6960; requirement SC.MSS/CONF.22 (the last revocation list that has not ended serves
when a new one cannot be had).
"""

from datetime import datetime
from enum import StrEnum

import attrs

from segur_sdk.errors import InputError


class Standing(StrEnum):
    """Whether a certificate was revoked."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"
    """The authority does not know it, or nobody could be asked."""


class Mode(StrEnum):
    """What to do when nothing is known, as the structure decides for each purpose."""

    HARD = "hard"
    """No call."""
    SOFT = "soft"
    """The call is made, and that nothing was known is traced."""


@attrs.frozen
class Answer:
    """What a list or a responder says of one certificate."""

    standing: Standing
    source: str
    """``crl``, ``ocsp``, or ``none``."""
    said_at: datetime | None = None
    """``thisUpdate``: when the authority said it."""
    until: datetime | None = None
    """``nextUpdate``: how long it may be believed."""
    revoked_at: datetime | None = None
    reason: str | None = None
    """Reason as RFC 5280 names it."""


NOTHING_KNOWN = Answer(Standing.UNKNOWN, "none")


def refuse_revoked(answer: Answer, mode: Mode) -> bool:
    """Refuse what may not be used.

    Returns:
        Whether nothing was known, and the mode lets it pass: this is to be traced.

    Raises:
        InputError: ``certificates.revoked``; ``certificates.revocation_unknown`` in the mode ``hard``.
    """
    if answer.standing is Standing.REVOKED:
        raise InputError("certificates.revoked", reason=answer.reason)
    if answer.standing is Standing.UNKNOWN and mode is Mode.HARD:
        raise InputError("certificates.revocation_unknown", source_asked=answer.source)
    return answer.standing is Standing.UNKNOWN


def strongest(answers: tuple[Answer, ...]) -> Answer:
    """Return the answer that decides among those of several sources: a revocation wins, then what was said last."""
    revoked = [one for one in answers if one.standing is Standing.REVOKED]
    good = [one for one in answers if one.standing is Standing.GOOD]
    known = revoked or good
    if not known:
        return answers[0] if answers else NOTHING_KNOWN
    return max(known, key=lambda one: (one.said_at is not None, one.said_at))
