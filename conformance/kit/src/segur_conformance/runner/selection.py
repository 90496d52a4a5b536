"""Which checks a run carries out."""

from collections.abc import Iterable

from segur_conformance.checks import checks_of
from segur_conformance.checks.check import Check
from segur_conformance.runner.run import in_order
from segur_sdk.errors import InputError


def chosen(profiles: Iterable[str], only: str | None = None) -> tuple[Check, ...]:
    """Return the checks of profiles in the order in which they run.

    Args:
        profiles: of the plan.
        only: id of one check, or the beginning of several up to a dot, such as ``vitale.reading``.

    Raises:
        InputError: ``input.check_unknown``: nothing in these profiles is called so.
    """
    found = tuple(in_order(check for profile in profiles for check in checks_of(profile)))
    if only is None:
        return found
    wanted = tuple(check for check in found if check.id == only or check.id.startswith(f"{only}."))
    if not wanted:
        raise InputError("input.check_unknown", check=only[:80])
    return wanted
