"""The line by which a program of the kit answers, kept apart from whatever a plugin prints."""

import json
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any


class Line:
    """What was standard output. Each thing said is written at once, past everything that Python buffers.

    Args:
        descriptor: where it goes.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        # A plugin's own thread may be seen at something while an answer is on its way.
        self._lock = threading.RLock()

    def say(self, what: Mapping[str, Any]) -> None:
        """Write one JSON object as one line."""
        left = memoryview(json.dumps(what, ensure_ascii=False, default=str).encode() + b"\n")
        with self._lock:
            while left:
                left = left[os.write(self._descriptor, left) :]


@contextmanager
def conversation() -> Iterator[Line]:
    """Keep standard output for answers: whatever else is printed there goes to standard error."""
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        yield Line(kept)
    finally:
        os.close(kept)
