"""What is kept of a card from one session to the next: how its last session ended.

One note for each card, under a digest of its serial number. A note older than the retention that the manifest declares
is forgotten when it is met.
"""

import hashlib
from datetime import datetime, timedelta
from typing import Final

from pydantic import ValidationError

from segur_sdk.context import Store
from segur_sdk.models.actor import SessionEnd
from segur_sdk.models.base import Moment, Value

RETENTION: Final = timedelta(days=365)


class EndedSession(Value):
    """How a session ended."""

    at: Moment
    session_id: str
    reason: SessionEnd


class CardNotes:
    """The notes of one card.

    Args:
        store: the plugin's.
        serial: serial number of the token.
    """

    def __init__(self, store: Store, serial: str) -> None:
        self._store = store
        self._key = f"ended/{hashlib.sha256(serial.encode()).hexdigest()}"

    def ended(self, now: datetime) -> EndedSession | None:
        """Return the end of the last session; ``None`` when none is known, or not since the retention."""
        content = self._store.get(self._key)
        if content is None:
            return None
        try:
            note = EndedSession.model_validate_json(content)
        except ValidationError:
            return None  # written by another version of this plugin
        if now - note.at > RETENTION:
            self._store.delete(self._key)
            return None
        return note

    def note_end(self, note: EndedSession, now: datetime) -> None:
        """Keep the end of a session, unless that of a later one is known: ends are told more than once, and late."""
        known = self.ended(now)
        if note != known and (known is None or known.at <= note.at):
            self._store.put(self._key, note.model_dump_json().encode())
