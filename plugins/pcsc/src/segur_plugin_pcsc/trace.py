"""Trace of exchanges: what was asked and whether it worked, never what was said."""

import logging
from typing import Final

LEVEL: Final = 5
"""Below ``DEBUG``: whoever wants it must ask for it by this number."""
_LOG: Final = logging.getLogger("segur.apdu")


def trace(slot: str, command: bytes, answer: bytes | None) -> None:
    """Write class, instruction, parameters, lengths and status word of one exchange, if somebody asked for them.

    Args:
        slot: name of the reader.
        command: APDU sent; its data may be a PIN and are not written.
        answer: response APDU, whose data may be a patient's and are not written; nothing when there was none.
    """
    if _LOG.isEnabledFor(LEVEL):
        status = "-" if answer is None else answer[-2:].hex().upper() if len(answer) > 1 else "short"
        _LOG.log(
            LEVEL,
            "%s: %s +%d -> %d %s",
            slot,
            command[:4].hex().upper(),
            len(command) - 4,
            max(len(answer or b"") - 2, 0),
            status,
        )
