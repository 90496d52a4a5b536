"""One functional trace."""

import json
from collections.abc import Mapping
from typing import Any

import attrs


@attrs.frozen
class Trace:
    """What was done about a patient: by whom, when, what was asked and what came back."""

    trace_id: str
    at: str
    """UTC, ISO 8601 with microseconds."""
    kind: str
    """``lower.dotted``, for example ``insi.search``."""
    actor: Mapping[str, Any]
    """Who: kind, name, structure, workstation, and RPPS of a professional."""
    call_id: str | None
    payload: Mapping[str, Any] = attrs.field(repr=False)
    """Request and answer as JSON values: patient data."""

    def as_json(self) -> str:
        """Return the trace as one line of JSON, for export and print."""
        content = attrs.asdict(self, recurse=False)
        return json.dumps(content, ensure_ascii=False, sort_keys=True)
