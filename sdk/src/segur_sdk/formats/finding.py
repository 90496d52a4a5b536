"""What a check found in a document, by stable code; its French text stands in the catalogue under the same code."""

from enum import StrEnum
from typing import Final

import attrs


class Severity(StrEnum):
    """Whether a finding stops."""

    ERROR = "error"
    WARNING = "warning"


@attrs.frozen
class Finding:
    """One thing that a check found; without patient data."""

    code: str
    """For example ``input.pdf_encrypted``."""
    where: str
    """The field or the part it concerns, for example ``author.id`` or ``page 3``."""
    severity: Severity = Severity.ERROR


Findings = tuple[Finding, ...]
NOTHING: Final[Findings] = ()


def errors_of(findings: Findings) -> Findings:
    """Return the findings that stop."""
    return tuple(one for one in findings if one.severity is Severity.ERROR)
