"""The ledger: what really took effect in each service, kept in the data folder across runs."""

import json
from pathlib import Path
from typing import Any

from segur_sandbox.clock import SandboxClock, timestamp
from segur_sandbox.private_files import append_private_line, write_private


class Ledger:
    """Effects by service and identifier, each with its count of receptions.

    Every reception is one line of a JSON Lines file, so that a killed sandbox forgets nothing.

    Args:
        path: The journal file, created with mode 0600.
        clock: Dates the receptions.
    """

    def __init__(self, path: Path, clock: SandboxClock) -> None:
        self._path = path
        self._clock = clock
        self._entries: dict[tuple[str, str], dict[str, Any]] = {}
        if path.exists():
            self._load(path.read_bytes())

    def _load(self, content: bytes) -> None:
        *lines, cut = content.split(b"\n")
        for line in lines:
            self._apply(json.loads(line))
        if cut:
            # A killed sandbox leaves half a line, which never was an answer to anybody: drop it.
            write_private(self._path, content[: -len(cut)])

    def record(
        self, service: str, identifier: str, kind: str, connection: str, *, accepted: bool | None = None, **facts: Any
    ) -> int:
        """Write one reception of an effect and return how many times it was received.

        Args:
            service: Where it took effect.
            identifier: Its unique id, such as a MessageID.
            kind: What it is, such as the name of an operation.
            connection: The connection that brought it, as named in the journal.
            accepted: For services that know a repetition: whether it took effect this time, counted as `acceptances`.
            facts: Members that only the first reception sets.
        """
        event: dict[str, Any] = {
            "service": service,
            "id": identifier,
            "kind": kind,
            "connection": connection,
            "at": timestamp(self._clock.now()),
            "facts": facts,
        }
        if accepted is not None:
            event["accepted"] = accepted
        append_private_line(self._path, json.dumps(event, ensure_ascii=False))
        return self._apply(event)

    def _apply(self, event: dict[str, Any]) -> int:
        entry = self._entries.setdefault(
            (event["service"], event["id"]),
            {
                "service": event["service"],
                "id": event["id"],
                "kind": event["kind"],
                "receptions": 0,
                "connections": [],
                "first_at": event["at"],
                **event["facts"],
            },
        )
        entry["receptions"] += 1
        entry["connections"].append(event["connection"])
        if "accepted" in event:
            entry["acceptances"] = entry.get("acceptances", 0) + int(event["accepted"])
        entry["last_at"] = event["at"]
        return int(entry["receptions"])

    def of(self, service: str | None) -> list[dict[str, Any]]:
        """Return the effects of `service` (all when `None`), oldest first."""
        return [entry for (name, _), entry in self._entries.items() if service in (None, name)]

    def clear(self) -> None:
        """Forget every effect, on disk too."""
        self._entries.clear()
        self._path.unlink(missing_ok=True)
