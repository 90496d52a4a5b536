"""In which order INSi is asked for one person.

Sources: the order that clients approved by the CNDA follow; regional INS guides for several matches.
"""

from collections.abc import Generator

import attrs

from segur_sdk.models.identity import CrCode


@attrs.frozen
class Step:
    """One search: which given names, and whether the birthplace goes with them."""

    prenoms: tuple[str, ...] = attrs.field(repr=False)
    with_birthplace: bool = False


def search_steps(prenoms: tuple[str, ...], *, birthplace_known: bool) -> Generator[Step, CrCode, CrCode]:
    """Yield one search after the other; the return code of each is sent back in.

    Each given name alone, in the order of the birth record, then the whole list in one element; a person with a
    single given name is asked for once. The first ``00`` ends it. A ``02`` stops the walk through single names:
    the search is narrowed instead, by the whole list, then by the birthplace, added to the narrowest criteria
    that still matched several.

    Args:
        prenoms: given names of the birth record, in order.
        birthplace_known: the COG of the birthplace can be sent.

    Returns:
        ``00``, ``02`` when several matched and nothing told them apart, or else ``01``: never a mix of codes.
    """
    several: Step | None = None
    for names in dict.fromkeys([*((name,) for name in prenoms), prenoms]):
        if several is not None and names != prenoms:
            continue
        step = Step(names)
        code = yield step
        if code is CrCode.FOUND:
            return code
        if code is CrCode.SEVERAL:
            several = step
    if several is None:
        return CrCode.NOT_FOUND
    if birthplace_known and (yield attrs.evolve(several, with_birthplace=True)) is CrCode.FOUND:
        return CrCode.FOUND
    return CrCode.SEVERAL
