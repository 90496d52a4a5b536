"""The other end of a driver's pipe: one process, one driver, one JSON object per line.

Started as ``python -m segur_host.drivers.child``. The first line names the class and gives its settings; each
following line is a call, whose number the answer repeats. Between them go lines ``{"event": …}``, when a driver that
watches saw a change, and ``{"relay": …}``, when one that works through the host's readers needs them: the next line
from the host answers that. Lines ``{"trace": …}`` are what the driver wrote to the logger of exchanges, when somebody
on the host's side asked for it. Whatever the driver prints goes to standard error.
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from typing import Any, BinaryIO, Final

from segur_host.drivers.wire import (
    TRACE,
    TRACE_LEVEL,
    failure_from_wire,
    failure_to_wire,
    from_wire,
    row_from_wire,
    to_wire,
)
from segur_sdk.cards.channel import one_by_one
from segur_sdk.drivers import SlotState
from segur_sdk.errors import CardError, SegurError

WATCH: Final = "watch"
ROW: Final = "transmit_all"
"""Made of single commands here: no driver has such a method."""


def main() -> None:
    """Serve calls from standard input until it closes."""
    line = _Line(sys.stdin.buffer, os.fdopen(os.dup(1), "wb", buffering=0))
    os.dup2(2, 1)
    start = line.read()
    if start is not None and start["trace"]:
        _trace_to(line)
    driver: Any = None
    while (call := line.read()) is not None:
        try:
            driver = driver or _made(start, line)
            answer = {"value": to_wire(_called(driver, call, line))}
        except SegurError as failure:
            answer = {"error": failure_to_wire(failure)}
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
        atr: bytes = self._ask("connect", slot)
        return atr

    def transmit(self, slot: str, command: bytes) -> bytes:
        answer: bytes = self._ask("transmit", slot, to_wire(command))
        return answer

    def disconnect(self, slot: str) -> None:
        self._ask("disconnect", slot)

    def _ask(self, method: str, *arguments: object) -> Any:
        self._line.write({"relay": {"method": method, "arguments": arguments}})
        answer = self._line.read()
        if answer is None:
            sys.exit()
        if "error" in answer:
            raise failure_from_wire(answer["error"])
        return from_wire(answer["value"])


class _Trace(logging.Handler):
    """Carries what is written to the logger of exchanges to the host."""

    def __init__(self, line: _Line) -> None:
        super().__init__(TRACE_LEVEL)
        self._line = line

    def emit(self, record: logging.LogRecord) -> None:
        self._line.write({"trace": record.getMessage()})


def _trace_to(line: _Line) -> None:
    logger = logging.getLogger(TRACE)
    logger.setLevel(TRACE_LEVEL)
    logger.propagate = False
    logger.addHandler(_Trace(line))


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
        return one_by_one(lambda command: driver.transmit(slot, command), row_from_wire(steps))
    return getattr(driver, call["method"])(*map(from_wire, call["arguments"]))


if __name__ == "__main__":
    main()
