"""Keep one driver in a child process: start it when needed, kill it when it hangs, start it again."""

import json
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import IO, Any, Final, Protocol

from segur_host.drivers.child import WATCH
from segur_sdk.errors import CardError, SegurError

EVENT_PREFIX: Final = b'{"event":'
MOST_AT_ONCE: Final = 65_536


class CardRelay(Protocol):
    """Carries calls of a driver that works through the host's readers."""

    def carry(self, method: str, arguments: list[Any]) -> Any:
        """Make one call of a ``CardSource``: arguments and answer in JSON's types and bytes."""
        ...

    def release(self) -> None:
        """Let go of every card that the driver held: it is gone."""
        ...


class DriverProcess:
    """One driver and its child process.

    Args:
        entry: ``module:Class`` of the driver.
        settings: keyword arguments of the class; JSON values.
        on_change: the child watches; called from a thread of this object when it saw a change, and when it ended.
        relay: carries what the driver asks of card readers.
    """

    def __init__(
        self,
        entry: str,
        settings: Mapping[str, Any],
        *,
        on_change: Callable[[], None] | None = None,
        relay: CardRelay | None = None,
    ) -> None:
        start = {"entry": entry, "settings": dict(settings), "through_cards": relay is not None}
        self._start = json.dumps(start).encode("ascii") + b"\n"
        self._on_change = on_change
        self._relay = relay
        self._speaks_unasked = on_change is not None or relay is not None
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._answers: _Answers = SimpleQueue()
        self._calls = 0
        self._closed = False

    def call(
        self,
        method: str,
        *arguments: Any,
        timeout: float,
        meanwhile: Callable[[], None] | None = None,
    ) -> Any:
        """Make one call and return what the driver returned, in JSON's types and bytes.

        A child that does not answer within ``timeout`` seconds is killed; nothing that it held survives it. While it
        works ``meanwhile`` is called, which raises nothing.

        Raises:
            CardError: what the driver raised, or ``card.driver_stopped``, ``card.driver_hung``,
                ``card.reader_in_use`` while other calls take all that time.
        """
        if timeout <= 0:
            # A driver that is well must not be killed because somebody has no time left.
            raise CardError("card.driver_hung", retryable=True)
        if not self._lock.acquire(timeout=timeout):
            raise CardError("card.reader_in_use", retryable=True)
        try:
            end = time.monotonic() + timeout
            return self._exchange(method, [_plain(one) for one in arguments], end, meanwhile)
        finally:
            self._lock.release()

    @property
    def is_running(self) -> bool:
        """Whether there is a child, which may hold something."""
        child = self._child
        return child is not None and child.poll() is None

    def close(self) -> None:
        """End the child, for good: whoever waits for its answer hears at once that it stopped."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()
        with self._lock:
            self._on_change = None
            self._kill()

    def _exchange(self, method: str, arguments: list[Any], end: float, meanwhile: Callable[[], None] | None) -> Any:
        try:
            if not self.is_running:
                self._begin(end)
            self._ask(method, arguments)
            if meanwhile is not None:
                meanwhile()
            reply = self._answer(end)
            failure = _failure(reply)
            value = None if failure else _value(reply["value"])
        except Empty:
            self._kill()
            raise CardError("card.driver_hung", retryable=True) from None
        except (OSError, ValueError, KeyError, TypeError):
            # The child is gone, or what it says cannot be trusted any more.
            self._kill()
            raise CardError("card.driver_stopped", retryable=True) from None
        if failure is not None:
            raise failure
        return value

    def _begin(self, end: float) -> None:
        """Start the child, and have it watch before it answers anything."""
        self._kill()
        if self._closed:
            raise OSError
        child = subprocess.Popen(
            [sys.executable, "-m", "segur_host.drivers.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        if self._speaks_unasked or sys.platform == "win32":
            answers: SimpleQueue[bytes] = SimpleQueue()
            threading.Thread(target=self._pump, args=(child, answers), name="segur-driver", daemon=True).start()
            self._answers = answers
        else:
            self._answers = _OwnReading(child.stdout)
        self._child = child
        self._say(self._start)
        if self._on_change is not None:
            self._ask(WATCH, [])
            self._answer(end)

    def _ask(self, method: str, arguments: list[Any]) -> None:
        self._calls += 1
        self._say(json.dumps({"id": self._calls, "method": method, "arguments": arguments}).encode("ascii") + b"\n")

    def _answer(self, end: float) -> dict[str, Any]:
        while True:
            reply: dict[str, Any] = json.loads(self._answers.get(timeout=max(0.0, end - time.monotonic())))
            if "relay" not in reply:
                break
            self._say(json.dumps(self._carried(reply["relay"])).encode("ascii") + b"\n")
        if reply["id"] != self._calls:
            raise ValueError("the answer to another call")
        return reply

    def _carried(self, asked: dict[str, Any]) -> dict[str, Any]:
        if self._relay is None:
            raise ValueError("a driver that goes through no readers")
        try:
            arguments = [_value(one) for one in asked["arguments"]]
            return {"value": _plain(self._relay.carry(asked["method"], arguments))}
        except SegurError as failure:
            return {
                "error": {"code": failure.code, "retryable": failure.retryable, "facts": dict(failure.facts)},
            }

    def _say(self, line: bytes) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        self._child.stdin.write(line)
        self._child.stdin.flush()

    def _kill(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        if child.stdin is not None:
            # Closing flushes what a dead child will never read.
            with suppress(OSError):
                child.stdin.close()
        if isinstance(self._answers, _OwnReading):
            self._answers.close()
        child.wait()
        if self._relay is not None:
            self._relay.release()

    def _pump(self, child: "subprocess.Popen[bytes]", answers: "SimpleQueue[bytes]") -> None:
        """Move lines from the pipe to the queue, then an empty one when the pipe ends; events go their own way."""
        assert child.stdout is not None
        with child.stdout as lines:
            for line in lines:
                if line.startswith(EVENT_PREFIX):
                    self._tell()
                else:
                    answers.put(line)
        answers.put(b"")
        with self._lock:
            # A child that ended by itself lets go of what it held, even when nobody calls it again.
            if self._child is child:
                self._kill()
        self._tell()

    def _tell(self) -> None:
        on_change = self._on_change
        if on_change is not None:
            on_change()


class _Answers(Protocol):
    """Lines that a child says; an empty one when there will be no more."""

    def get(self, *, timeout: float) -> bytes:
        """Return the next one, or raise ``Empty``."""
        ...


class _OwnReading:
    """Answers of a child that speaks when it is asked: whoever asks reads the pipe himself.

    Between two threads each answer would be handed over once more. Windows does not tell whether a pipe can be read.

    Args:
        pipe: what the child says.
    """

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._readable = select.poll()
        self._readable.register(pipe, select.POLLIN)
        self._said = b""

    def get(self, *, timeout: float) -> bytes:
        end = time.monotonic() + timeout
        while b"\n" not in self._said:
            if not self._readable.poll(max(0.0, end - time.monotonic()) * 1000):
                raise Empty
            said = os.read(self._pipe.fileno(), MOST_AT_ONCE)
            if not said:
                return b""
            self._said += said
        line, _, self._said = self._said.partition(b"\n")
        return line

    def close(self) -> None:
        self._pipe.close()


def _failure(reply: dict[str, Any]) -> CardError | None:
    error = reply.get("error")
    if error is None:
        return None
    return CardError(error["code"], retryable=error["retryable"], **error["facts"])


def _plain(value: Any) -> Any:
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def _value(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) and set(value) == {"hex"} else value
