"""Certificates whose names are encoded with unordered sets: read all the same.

DER orders the elements of a SET OF (X.690, 11.6). Authorities older than IGC-Santé did not order the attributes of the
RDN with several values that every card bears, and a strict parser refuses such a certificate whole. Here its sets are
put in order **to be read**: its signature no longer fits, and whether it is trusted is judged on the bytes of the card.
"""

from typing import Final

from segur_sdk.cards.tlv import Tlv, parse_tlv
from segur_sdk.errors import CardError

_SET: Final = 0x31
_MAX_CERTIFICATE: Final = 16_384


def with_ordered_sets(der: bytes) -> bytes | None:
    """Return a certificate whose every SET OF is in order; ``None`` when it is no DER, or was in order already."""
    try:
        objects = parse_tlv(der, max_size=_MAX_CERTIFICATE)
    except CardError:
        return None
    ordered = b"".join(_ordered(one).encode() for one in objects)
    return None if ordered == der else ordered


def _ordered(node: Tlv) -> Tlv:
    if not node.children:
        return node
    children = [_ordered(child) for child in node.children]
    if node.tag == _SET:
        children.sort(key=Tlv.encode)
    return Tlv.constructed(node.tag, *children)
