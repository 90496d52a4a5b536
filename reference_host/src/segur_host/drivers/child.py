"""The other end of a driver's pipe: one process, one driver, one JSON object per line.

Started as ``python -m segur_host.drivers.child``. The first line names the class and gives its settings; each
following line is a call, whose number the answer repeats. Bytes travel as hexadecimal. Whatever the driver prints
goes to standard error.
"""

import json
import os
import sys
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO

from segur_sdk.drivers import SlotState
from segur_sdk.errors import SegurError


def main() -> None:
    """Serve calls from standard input until it closes."""
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(2, 1)
    calls = sys.stdin.buffer
    start = json.loads(calls.readline())
    module, _, name = start["entry"].partition(":")
    driver = getattr(import_module(module), name)(**start["settings"])
    for line in calls:
        call = json.loads(line)
        _answer(answers, {"id": call["id"], **_run(driver, call)})


def _run(driver: Any, call: dict[str, Any]) -> dict[str, Any]:
    try:
        arguments = [bytes.fromhex(one["hex"]) if isinstance(one, dict) else one for one in call["arguments"]]
        return {"value": _plain(getattr(driver, call["method"])(*arguments))}
    except SegurError as failure:
        return {"error": {"code": failure.code, "retryable": failure.retryable, "facts": dict(failure.facts)}}
    except Exception as failure:  # noqa: BLE001 - a driver's own bug must reach the host as a value
        return {"error": {"code": "card.driver_failed", "retryable": True, "facts": {"reason": type(failure).__name__}}}


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, SlotState):
        return value.model_dump(mode="json")
    return value


def _answer(answers: BinaryIO, reply: dict[str, Any]) -> None:
    # When the host is gone nobody waits for an answer; the next read ends the loop.
    with suppress(BrokenPipeError):
        answers.write(json.dumps(reply).encode("ascii") + b"\n")


if __name__ == "__main__":
    main()
