"""A crash report that can be sent to anybody: where the program was, never what it held."""

import json
import os
import platform
import tempfile
import traceback
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from segur_sdk.errors import HostError, SegurError


def describe(failure: BaseException) -> dict[str, Any]:
    """Return the chain of exceptions by type and place; messages and local values may be patient data."""
    chain: list[dict[str, Any]] = []
    seen: BaseException | None = failure
    while seen is not None and len(chain) < 10:
        frames = traceback.extract_tb(seen.__traceback__)
        chain.append(
            {
                "type": type(seen).__name__,
                "code": seen.code if isinstance(seen, SegurError) else None,
                "frames": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames],
            }
        )
        seen = seen.__cause__ or seen.__context__
    return {
        "at": datetime.now(UTC).isoformat(),
        "host": version("segur-host"),
        "python": platform.python_version(),
        "system": platform.system(),
        "chain": chain,
    }


def write_report(failure: BaseException) -> HostError:
    """Write the report of an unforeseen failure and return the error that names it."""
    try:
        descriptor, path = tempfile.mkstemp(prefix="segur-incident-", suffix=".json")
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(describe(failure), file, indent=2)
    except OSError as refusal:
        # The disk may be what failed in the first place.
        return HostError("host.unexpected", report=f"({type(refusal).__name__})", exception=type(failure).__name__)
    return HostError("host.unexpected", report=path, exception=type(failure).__name__)
