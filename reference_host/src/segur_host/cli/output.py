"""Standard output belongs to the answer: JSON alone with ``--json``, and whatever plugins print goes aside."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from rich.console import Console

console: Final = Console(highlight=False)
problems: Final = Console(stderr=True, highlight=False)


class _StandardOutput:
    descriptor = 1
    """Where answers go."""


def keep_for_answers() -> None:
    """Keep standard output for JSON until the process ends.

    What a plugin that was given up still prints, even after the answer, goes to standard error.
    """
    sys.stdout.flush()
    _StandardOutput.descriptor = os.dup(1)
    os.dup2(2, 1)


class JsonOutput:
    """Writes JSON lines to the real standard output."""

    def __init__(self, descriptor: int) -> None:
        self._stream = os.fdopen(descriptor, "w", encoding="utf-8")

    def write(self, value: Any) -> None:
        """Write one value on a line of its own."""
        self._stream.write(json.dumps(value, ensure_ascii=False) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Let go of the descriptor."""
        self._stream.close()


@contextmanager
def only_json() -> Iterator[JsonOutput]:
    """Keep standard output for JSON: within the block anything printed goes to standard error."""
    sys.stdout.flush()
    kept = os.dup(1)
    output = JsonOutput(os.dup(_StandardOutput.descriptor))
    os.dup2(2, 1)
    try:
        yield output
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)
        output.close()
