"""What of a command APDU goes to a T=0 card (ISO 7816-3:2006, §12.2).

The commands that an answer ``61xx`` or ``6Cxx`` calls for are the caller's: nothing here interprets an answer.
"""

from typing import Final

HEADER: Final = 4
SHORT_CASE_4: Final = 6
"""Bytes of a short command beside its data when it has both Lc and Le."""


def for_t0(command: bytes) -> bytes:
    """Map a short command to its command TPDU; what has no such mapping stays as it is.

    Args:
        command: an APDU of 4 bytes or more. Without data nor Le (case 1) it gets ``P3 = 00``; with both (case 4) it
            loses Le, as the card announces its answer by ``61xx``.
    """
    if len(command) == HEADER:
        return command + b"\x00"
    if len(command) > SHORT_CASE_4 and command[HEADER] and len(command) == SHORT_CASE_4 + command[HEADER]:
        return command[:-1]
    return command
