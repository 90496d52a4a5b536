"""The other end of a driver's pipe: one process, one driver, one JSON object per line.

Started as ``python -m segur_host.drivers.child``. The first line names the class and gives its settings; each
following line is a call, whose number the answer repeats. Between them go lines ``{"event": …}``, when a driver that
watches saw a change, and ``{"relay": …}``, when one that works through the host's readers needs them: the next line
from the host answers that. Bytes travel as hexadecimal. Whatever the driver prints goes to standard error.
"""

import json
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO, Final

from segur_sdk.cards.channel import Step, one_by_one
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError, SegurError
from segur_sdk.models.base import Value

WATCH: Final = "watch"
ROW: Final = "transmit_all"
"""Made of single commands here: no driver has such a method."""


def main() -> None:
    """Serve calls from standard input until it closes."""
    line = _Line(sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0))
    os.dup2(2, 1)
    start = line.read()
    driver: Any = None
    while (call := line.read()) is not None:
        try:
            driver = driver or _made(start, line)
            answer = {"value": _plain(_called(driver, call, line))}
        except SegurError as failure:
            answer = {"error": _told(failure)}
        except Exception as failure:  # noqa: BLE001 - a driver's own bug must reach the host as a value
            answer = {
                "error": {"code": "card.driver_failed", "retryable": True, "facts": {"reason": type(failure).__name__}}
            }
        line.write({"id": call["id"], **answer})


class _Line:
    """Both directions of the pipe to the host."""

    def __init__(self, calls: BinaryIO, answers: BinaryIO) -> None:
        self._calls = calls
        self._answers = answers
        self._lock = threading.Lock()

    def read(self) -> Any:
        line = self._calls.readline()
        return json.loads(line) if line else None

    def write(self, message: dict[str, Any]) -> None:
        # When the host is gone nobody waits for an answer; the next read ends the loop.
        with self._lock, suppress(BrokenPipeError):
            self._answers.write(json.dumps(message).encode("ascii") + b"\n")


class _RelayedCards:
    """Implements ``CardSource`` by asking the host, which has the readers."""

    def __init__(self, line: _Line) -> None:
        self._line = line

    def slots(self) -> tuple[SlotState, ...]:
        return tuple(SlotState.model_validate(state) for state in self._ask("slots"))

    def watch(self, changed: Callable[[], None]) -> None:
        raise CardError("card.driver_failed", reason="the host watches")

    def connect(self, slot: str) -> bytes:
        return _bytes(self._ask("connect", slot))

    def transmit(self, slot: str, command: bytes) -> bytes:
        return _bytes(self._ask("transmit", slot, {"hex": command.hex()}))

    def disconnect(self, slot: str) -> None:
        self._ask("disconnect", slot)

    def _ask(self, method: str, *arguments: object) -> Any:
        self._line.write({"relay": {"method": method, "arguments": arguments}})
        answer = self._line.read()
        if answer is None:
            sys.exit()
        if "error" in answer:
            error = answer["error"]
            raise CardError(error["code"], retryable=error["retryable"], **error["facts"])
        return answer["value"]


def _made(start: dict[str, Any], line: _Line) -> Any:
    module, _, name = start["entry"].partition(":")
    given = dict(start["settings"])
    if start["through_cards"]:
        given["cards"] = _RelayedCards(line)
    return getattr(import_module(module), name)(**given)


def _called(driver: Any, call: dict[str, Any], line: _Line) -> Any:
    if call["method"] == WATCH:
        return driver.watch(lambda: line.write({"event": "changed"}))
    if call["method"] == ROW:
        slot, steps = call["arguments"]
        row = [Step(bytes.fromhex(command), then, reads_on) for command, then, reads_on in steps]
        return one_by_one(lambda command: driver.transmit(slot, command), row)
    arguments = [_bytes(one) if isinstance(one, dict) else one for one in call["arguments"]]
    return getattr(driver, call["method"])(*arguments)


def _told(failure: SegurError) -> dict[str, Any]:
    return {"code": failure.code, "retryable": failure.retryable, "facts": dict(failure.facts)}


def _bytes(value: dict[str, str]) -> bytes:
    return bytes.fromhex(value["hex"])


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    if isinstance(value, Value):
        return value.model_dump(mode="json")
    return value


if __name__ == "__main__":
    main()
