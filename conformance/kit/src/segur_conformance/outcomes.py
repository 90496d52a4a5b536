"""How a check may end, and how it says so."""

from enum import StrEnum


class CheckOutcome(StrEnum):
    """How a check ended."""

    PASS = "pass"  # noqa: S105 - a word of reports
    FAIL = "fail"
    """The target does not do what the requirement says."""
    ERROR = "error"
    """The kit itself could not judge: a defect of the kit or of the machine, never of the target."""
    BLOCKED = "blocked"
    """Something outside of the target is missing, such as an official file (``asset:NAME``)."""
    NOT_APPLICABLE = "not_applicable"
    """The target does not do what the check is about, and need not."""
    WAITING = "waiting"
    """Needs a person or an incoming call that has not come."""
    REVIEW = "review"
    """Evidence is attached; a person has to judge it."""


class Verdict(StrEnum):
    """What a whole run amounts to."""

    PASS = "pass"  # noqa: S105 - a word of reports
    PASS_INCOMPLETE = "pass_incomplete"  # noqa: S105 - a word of reports
    """Only official files are missing; they are listed on the first page."""
    FAIL = "fail"
    NOT_CERTIFIABLE = "not_certifiable"


class CheckEnded(Exception):  # noqa: N818 - most of these are answers, not errors
    """Ends a check with an outcome other than pass.

    Args:
        reason: one French sentence for failures; ``asset:NAME`` or a stable word for what blocks.
    """

    outcome: CheckOutcome = CheckOutcome.ERROR

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class CheckFailed(CheckEnded):
    """The target does not do what the requirement says."""

    outcome = CheckOutcome.FAIL


class CheckBlocked(CheckEnded):
    """Something outside of the target is missing."""

    outcome = CheckOutcome.BLOCKED


class NotApplicable(CheckEnded):
    """The target does not do what the check is about, and need not."""

    outcome = CheckOutcome.NOT_APPLICABLE
