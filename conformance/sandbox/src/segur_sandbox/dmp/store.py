"""What the DMP holds: lots, entries with their statuses and documents, kept in the data folder across runs.

Every change is one line of a JSON Lines file, written before anybody hears of it.
"""

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from segur_sandbox.private_files import append_private_line, make_private_folder, write_private


@attrs.frozen
class Entry:
    """One version of a document, or the signature of a lot.

    Attributes:
        entry_uuid: `urn:uuid:…`, given by the registry.
        logical_id: Stable while only metadata change.
        unique_id: Given by the producer.
        patient: CX of the patient.
        lot: Unique id of its submission set.
        sha1: Of its bytes, hexadecimal.
        size: Of its bytes.
        status: URN.
        people: Identifiers of its authors.
        structures: `Struct_IdNat` of its authors.
        set_id: That of its CDA, empty for a signature.
        number: Version number of its CDA.
        metadata: What was submitted, as JSON, for whoever reads metadata.
        signature: Whether it is the signature of a lot.
    """

    entry_uuid: str
    logical_id: str
    unique_id: str
    patient: str
    lot: str
    sha1: str
    size: int
    status: str
    people: tuple[str, ...]
    structures: tuple[str, ...]
    set_id: str
    number: int
    metadata: Mapping[str, Any]
    signature: bool


def new_uuid() -> str:
    """Return an identifier of the registry."""
    return f"urn:uuid:{uuid.uuid4()}"


class Store:
    """Entries by `entry_uuid`, and the bytes of documents by their SHA-1.

    Args:
        folder: Its own; made when it is not there.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = make_private_folder(folder)
        self._documents = make_private_folder(folder / "documents")
        self._journal = folder / "registry.jsonl"
        self._entries: dict[str, Entry] = {}
        self._by_unique_id: dict[str, list[str]] = {}
        self._lots: dict[str, int] = {}
        if self._journal.exists():
            self._load(self._journal.read_bytes())

    def _load(self, content: bytes) -> None:
        *lines, cut = content.split(b"\n")
        for line in lines:
            self._apply(json.loads(line))
        if cut:
            # A killed sandbox leaves half a line, which never was an answer to anybody: drop it.
            write_private(self._journal, content[: -len(cut)])

    def keep(self, content: bytes) -> str:
        """Keep the bytes of a document and return their SHA-1."""
        name = sha1_of(content)
        path = self._documents / name
        if not path.exists():
            write_private(path, content)
        return name

    def commit(self, lot: str, entries: Iterable[Entry], statuses: Mapping[str, str]) -> None:
        """Take a lot in one step.

        Args:
            lot: Unique id of its submission set.
            entries: What it adds.
            statuses: `entry_uuid` of entries that are there → the status it gives them.
        """
        self._write({"lot": lot, "entries": [attrs.asdict(one) for one in entries], "statuses": dict(statuses)})

    def find(self, entry_uuid: str) -> Entry | None:
        """Return an entry."""
        return self._entries.get(entry_uuid)

    def with_unique_id(self, unique_id: str) -> list[Entry]:
        """Return the entries with a unique id: more than one only when duplicates were let in."""
        return [self._entries[one] for one in self._by_unique_id.get(unique_id, ())]

    def has_lot(self, unique_id: str) -> bool:
        """Tell whether a submission set was taken."""
        return unique_id in self._lots

    def all(self) -> list[Entry]:
        """Return every entry, oldest first."""
        return list(self._entries.values())

    def lots(self) -> dict[str, int]:
        """Return how many times each submission set was taken."""
        return dict(self._lots)

    def document(self, sha1: str) -> bytes:
        """Return the bytes of a document."""
        return (self._documents / sha1).read_bytes()

    def reset(self) -> None:
        """Forget everything, on disk too."""
        self._entries.clear()
        self._by_unique_id.clear()
        self._lots.clear()
        self._journal.unlink(missing_ok=True)
        for one in self._documents.iterdir():
            one.unlink()

    def _write(self, event: dict[str, Any]) -> None:
        append_private_line(self._journal, json.dumps(event, ensure_ascii=False))
        self._apply(event)

    def _apply(self, event: dict[str, Any]) -> None:
        self._lots[event["lot"]] = self._lots.get(event["lot"], 0) + 1
        for fields in event["entries"]:
            people, structures = tuple(fields["people"]), tuple(fields["structures"])
            entry = Entry(**{**fields, "people": people, "structures": structures})
            self._entries[entry.entry_uuid] = entry
            self._by_unique_id.setdefault(entry.unique_id, []).append(entry.entry_uuid)
        for entry_uuid, status in event["statuses"].items():
            self._entries[entry_uuid] = attrs.evolve(self._entries[entry_uuid], status=status)


def sha1_of(content: bytes) -> str:
    """Return the SHA-1 of a document in hexadecimal, the one that XDS.b asks for."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
