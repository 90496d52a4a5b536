"""Answers put in line by `POST /replay`, such as the reply files supplied for the approval tests."""

from collections import defaultdict, deque


class ReplayQueue:
    """First in, first out, one line per service."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[bytes]] = defaultdict(deque)

    def put(self, service: str, body: bytes) -> None:
        """Make `body`, byte for byte, an answer to come."""
        self._waiting[service].append(body)

    def take(self, service: str) -> bytes | None:
        """Return and remove the next answer in line."""
        waiting = self._waiting[service]
        return waiting.popleft() if waiting else None

    def clear(self) -> None:
        """Drop what was not used."""
        self._waiting.clear()
