"""One line of the doctor: what was looked at, how it stands, and its mend."""

from collections.abc import Mapping

import attrs

from segur_host.messages import explain
from segur_sdk.errors import SegurError, UserMessage


@attrs.frozen
class Check:
    """One line of the doctor."""

    check: str
    status: str
    """``ok``, ``warning`` or ``problem``."""
    finding: str
    action: str | None = None


def problem(check: str, failure: SegurError, messages: Mapping[str, UserMessage] | None = None) -> Check:
    """Return the line of a failure.

    Args:
        check: what was looked at.
        failure: what came of it.
        messages: French texts that plugins bring.
    """
    text = explain(failure, messages)
    return Check(check, "problem", f"{text.message} [{failure}]", text.action)


def warning(check: str, failure: SegurError) -> Check:
    """Return the line of a failure that keeps nobody from working."""
    return attrs.evolve(problem(check, failure), status="warning")
