"""What a return code of PC/SC means for whoever stands before the reader."""

from collections.abc import Mapping
from typing import Any, Final

from segur_plugin_pcsc import winscard as pcsc
from segur_sdk.errors import CardError

SERVICE_GONE: Final[Mapping[int, str]] = {
    pcsc.NO_SERVICE: "not_running",
    pcsc.SERVICE_STOPPED: "stopped",
    pcsc.COMM_ERROR: "stopped",
    pcsc.INVALID_HANDLE: "stopped",
}
"""Codes after which a context is worth nothing any more."""

_REFUSED: Final = frozenset({pcsc.NO_ACCESS, pcsc.SECURITY_VIOLATION})
_READER_GONE: Final = frozenset({pcsc.UNKNOWN_READER, pcsc.READER_UNAVAILABLE})
REMOVED: Final = frozenset({pcsc.REMOVED_CARD, pcsc.RESET_CARD})
"""Whatever follows would be said to another card, or to the same one in another state."""
_MUTE: Final = frozenset(
    {
        pcsc.UNRESPONSIVE_CARD,
        pcsc.UNPOWERED_CARD,
        pcsc.UNSUPPORTED_CARD,
        pcsc.PROTO_MISMATCH,
        pcsc.NOT_READY,
        pcsc.NOT_TRANSACTED,
        pcsc.COMM_DATA_LOST,
    }
)


def told(failure: pcsc.WinscardError, slot: str | None = None, *, connected: bool = False) -> CardError:
    """Return the error that says so.

    Args:
        failure: what PC/SC answered.
        slot: the reader that was used; nothing when it was none in particular.
        connected: the card was there before, so that an empty reader is one from which it was pulled.
    """
    code = failure.code
    facts: dict[str, Any] = {} if slot is None else {"slot": slot}
    if code in SERVICE_GONE:
        return CardError("card.no_reader_service", retryable=True, reason=SERVICE_GONE[code])
    if code in _REFUSED:
        return CardError("card.no_reader_service", reason="access_refused")
    if code in _READER_GONE:
        return CardError("card.reader_unavailable", retryable=True, **facts)
    if code == pcsc.SHARING_VIOLATION:
        return CardError("card.reader_in_use", retryable=True, **facts)
    if code in REMOVED or (code == pcsc.NO_SMARTCARD and connected):
        return CardError("card.removed", retryable=True, **facts)
    if code == pcsc.NO_SMARTCARD:
        return CardError("card.absent", **facts)
    if code in _MUTE:
        return CardError("card.mute", retryable=True, **facts)
    return CardError("card.driver_failed", retryable=True, reason=f"{code:08X}", **facts)
