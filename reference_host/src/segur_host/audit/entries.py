"""One record of the audit: what may be in it, and the hash that ties it to the one before."""

import hashlib
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

import attrs

from segur_sdk.errors import ErrorSource, Fact, HostError
from segur_sdk.models.actor import Actor

GENESIS: Final = "0" * 64
"""What the first record is tied to."""

MAX_TEXT: Final = 120
MAX_FACTS: Final = 32
_EVENT: Final = re.compile(r"[a-z][a-z0-9_\-]*(?:\.[a-z0-9_\-]+)+")
_FACT_NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ENCODER: Final = json.JSONEncoder(ensure_ascii=True, sort_keys=True, separators=(",", ":"), allow_nan=False)
_INTEGERS: Final = range(-(2**63), 2**63)


def _refusal(entry: "AuditEntry", field: str) -> HostError:
    source = ErrorSource.HOST if entry.plugin is None else ErrorSource.PLUGIN
    return HostError("audit.entry_refused", source=source, field=field)


def _frozen(facts: Mapping[str, Fact]) -> Mapping[str, Fact]:
    return MappingProxyType(dict(facts))


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def _is_fact(value: object) -> bool:
    if value is None or isinstance(value, bool) or value == "":
        return True
    if isinstance(value, int):
        return value in _INTEGERS
    return _is_text(value)


@attrs.frozen
class AuditEntry:
    """What is to be recorded: codes, counts, flags and short names, never patient data.

    The shape is checked here; that no health data are in it is the duty of whoever records.

    Raises:
        HostError: ``audit.entry_refused``, with the field that is too long, or no code, count or flag.
    """

    event: str
    """What happened, ``lower.dotted``, at most 120 characters."""
    call_id: str | None = None
    plugin: str | None = None
    actor: Actor | None = None
    """Who; of him the record keeps kind and name."""
    facts: Mapping[str, Fact] = attrs.field(factory=dict[str, Fact], converter=_frozen)
    """At most 32, texts of at most 120 characters on one line, integers of 64 bits."""

    def __attrs_post_init__(self) -> None:
        if not _is_text(self.event) or not _EVENT.fullmatch(self.event):
            raise _refusal(self, "event")
        for field, value in (("call_id", self.call_id), ("plugin", self.plugin)):
            if value is not None and not _is_text(value):
                raise _refusal(self, field)
        if len(self.facts) > MAX_FACTS:
            raise _refusal(self, "facts")
        for name, fact in self.facts.items():
            if not (isinstance(name, str) and _FACT_NAME.fullmatch(name)):
                raise _refusal(self, "facts")
            if not _is_fact(fact):
                raise _refusal(self, f"facts.{name}")


@attrs.frozen
class AuditRecord:
    """One record as it stands in the chain."""

    seq: int
    """From 1, without gap."""
    at: str
    """UTC, ISO 8601 with microseconds."""
    tenant: str
    event: str
    call_id: str | None
    plugin: str | None
    actor: str | None
    """Canonical JSON of kind and name."""
    facts: str
    """Canonical JSON."""
    hash: str
    """SHA-256 over the hash before and everything above, hexadecimal."""


def make_record(entry: AuditEntry, seq: int, at: str, tenant: str, previous: str) -> AuditRecord:
    """Return the record that follows the one whose hash is ``previous``."""
    actor = entry.actor
    who = None if actor is None else _who(str(actor.kind), actor.name)
    content = (seq, at, tenant, entry.event, entry.call_id, entry.plugin, who, canonical(dict(entry.facts)))
    return AuditRecord(*content, _hash(previous, content))


@lru_cache(maxsize=32)
def _who(kind: str, name: str) -> str:
    # The same few people in every record.
    return canonical({"kind": kind, "name": name})


def hash_after(previous: str, record: AuditRecord) -> str:
    """Return the hash that ``record`` must bear after ``previous``: SHA-256(previous ‖ canonical JSON).

    Raises:
        TypeError, ValueError: the record holds what no record can.
    """
    return _hash(previous, attrs.astuple(record, recurse=False)[:-1])


def _hash(previous: str, content: tuple[object, ...]) -> str:
    return hashlib.sha256(bytes.fromhex(previous) + canonical(content).encode("ascii")).hexdigest()


def canonical(value: object) -> str:
    """Return the one JSON text of a value: sorted names, no spaces, ASCII."""
    return _ENCODER.encode(value)
