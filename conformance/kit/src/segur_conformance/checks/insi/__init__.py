"""Profile ``insi``: searches for an INS at the teleservice, by traits and by carte Vitale."""

from typing import Final

from segur_conformance.checks.check import Check
from segur_conformance.checks.insi import (
    answers,
    cards,
    certificates,
    failures,
    forbidden,
    given,
    messages,
    names,
    order,
    professional,
    schemas,
    supplied,
    trace,
)

CHECKS: Final[tuple[Check, ...]] = (
    *schemas.checks.checks,
    *messages.checks.checks,
    *names.checks.checks,
    *order.checks.checks,
    *given.checks.checks,
    *certificates.checks.checks,
    *forbidden.checks.checks,
    *cards.checks.checks,
    *professional.checks.checks,
    *answers.checks.checks,
    *supplied.checks.checks,
    *failures.checks.checks,
    *trace.checks.checks,
)
