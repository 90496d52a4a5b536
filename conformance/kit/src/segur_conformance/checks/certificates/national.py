"""A national call by a certificate of the structure, where the product has a plugin that makes one."""

from typing import Final

from segur_conformance.checks.insi.asking import ask_by_traits, criteria
from segur_conformance.outcomes import NotApplicable
from segur_conformance.runner.bench import Bench
from segur_conformance.targets.subject import Answer, Subject

INSI: Final = "insi"


def companion_of_insi(bench: Bench) -> None:
    """Go on only with a plugin that calls INSi.

    Raises:
        NotApplicable: there is none.
    """
    if INSI not in bench.product.companions:
        raise NotApplicable("aucun module n’appelle INSi")


def asked_insi(subject: Subject, *, automatic: bool = False) -> Answer:
    """Ask INSi about a published person, by the certificate ``insi-manu``, or ``insi-auto``."""
    return ask_by_traits(subject, criteria("ADRUN", "ZOE"), automatic=automatic)
