"""*Savoir-faire* of a professional: in the public object ``CPS_INFO_PS``, not in his certificates.

The structure of that object is not public. What is known from public sample code is that it is BER-TLV and ends with
the code (``SM26``). Here the code is the one object in it that looks like one; failing that, its last 4 characters.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from segur_plugin_cps.data_objects import MAX_OBJECT, decoded
from segur_sdk.cards.tlv import Tlv, parse_tlv
from segur_sdk.drivers import TokenData
from segur_sdk.errors import CardError

LABEL: Final = "CPS_INFO_PS"
_CODE: Final = re.compile(r"(?:SM|SCD|SCH|CEX|PAC)[0-9]{2,3}")
"""Prefixes of the code lists TRE_R01 and TRE_R38 of the ANS."""
_LAST: Final = 4


def read_speciality(objects: Iterable[TokenData]) -> str | None:
    """Return the code of a card's *savoir-faire*; ``None`` when the card bears none.

    Raises:
        CardError: ``card.unreadable`` with ``file`` and ``reason``: ``object_twice``, or those of the TLV reader when
            the object is malformed and does not end with a code either.
    """
    found = [one for one in objects if one.label == LABEL]
    if len(found) > 1:
        raise CardError("card.unreadable", reason="object_twice", file=LABEL)
    if not found:
        return None
    value = found[0].value
    last = _code(value.rstrip(b"\x00")[-_LAST:])
    try:
        parsed = parse_tlv(value, file=LABEL, max_size=MAX_OBJECT)
    except CardError:
        if last is None:
            raise
        return last
    codes = {code for code in map(_code, _leaves(parsed)) if code is not None}
    return codes.pop() if len(codes) == 1 else last


def _leaves(objects: Iterable[Tlv]) -> Iterator[bytes]:
    for one in objects:
        if one.children:
            yield from _leaves(one.children)
        else:
            yield one.value


def _code(value: bytes) -> str | None:
    text = decoded(value, "iso-8859-1")
    return text if text is not None and _CODE.fullmatch(text) else None
