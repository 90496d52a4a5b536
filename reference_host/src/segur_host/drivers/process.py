"""Keep one driver in a child process: start it when needed, kill it when it hangs, start it again."""

import json
import logging
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
from segur_host.drivers.wire import TRACE, TRACE_LEVEL, failure_from_wire, failure_to_wire, from_wire, to_wire
from segur_sdk.errors import CardError, SegurError

EVENT_PREFIX: Final = b'{"event":'
MOST_AT_ONCE: Final = 65_536
_TRACE: Final = logging.getLogger(TRACE)


class CardRelay(Protocol):
    """Carries calls of a driver that works through the host's readers."""

    def carry(self, method: str, arguments: list[Any], timeout: float) -> Any:
        """Make one call of a ``CardSource``: arguments and answer in JSON's types and bytes.

        Args:
            method: of ``CardSource``.
            arguments: of the method.
            timeout: seconds that are left to the driver for what it was asked itself.
        """
        ...

    def release(self) -> None:
        """Let go of every card that the driver held, without waiting: it is gone."""
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
        self._start = {"entry": entry, "settings": dict(settings), "through_cards": relay is not None}
        self._on_change = on_change
        self._relay = relay
        self._speaks_unasked = on_change is not None or relay is not None
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._answers: _Answers = SimpleQueue()
        self._calls = 0
        self._owed: float | None = None
        """When the answer to the last call, which nobody waits for, must be there; nothing when it was read."""
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
                ``card.busy`` while other calls take all that time.
        """
        if timeout <= 0:
            # A driver that is well must not be killed because somebody has no time left.
            raise CardError("card.driver_hung", retryable=True)
        if not self._lock.acquire(timeout=timeout):
            raise CardError("card.busy", retryable=True)
        try:
            end = time.monotonic() + timeout
            return self._exchange(method, [to_wire(one) for one in arguments], end, meanwhile)
        finally:
            self._lock.release()

    def post(self, method: str, *arguments: Any, timeout: float) -> None:
        """Have a call made whose answer nobody needs, and do not wait for it: whatever is asked next comes after it.

        A child that does not run is not started for that.

        Args:
            method: of the driver.
            arguments: of the method.
            timeout: seconds after which whoever comes next kills the child.
        """
        if not self._lock.acquire(timeout=timeout):
            return
        try:
            end = time.monotonic() + timeout
            if self.is_running and self._settled(end):
                self._ask(method, [to_wire(one) for one in arguments])
                self._owed = end
        except (OSError, ValueError, KeyError, TypeError):
            self._kill()
        finally:
            self._lock.release()

    def settle(self, timeout: float) -> None:
        """Return once what was posted is done, or ``timeout`` seconds are over."""
        if timeout > 0 and self._owed is not None and self._lock.acquire(timeout=timeout):
            try:
                self._settled(time.monotonic() + timeout)
            except (OSError, ValueError, KeyError, TypeError):
                self._kill()
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
            if not self._settled(end):
                raise CardError("card.busy", retryable=True)
            if not self.is_running:
                self._begin(end)
            self._ask(method, arguments)
            if meanwhile is not None:
                meanwhile()
            reply = self._answer(end)
            failure = failure_from_wire(reply["error"]) if reply.get("error") is not None else None
            value = None if failure else from_wire(reply["value"])
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

    def _settled(self, end: float) -> bool:
        """Read the answer to what was posted; return False when there is more time for it than until ``end``."""
        if self._owed is not None and self._child is not None:
            try:
                self._answer(min(end, self._owed))
            except Empty:
                if end < self._owed:
                    return False
                self._kill()
        self._owed = None
        return True

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
        self._say(self._start | {"trace": _TRACE.isEnabledFor(TRACE_LEVEL)})
        if self._on_change is not None:
            self._ask(WATCH, [])
            self._answer(end)

    def _ask(self, method: str, arguments: list[Any]) -> None:
        self._calls += 1
        self._say({"id": self._calls, "method": method, "arguments": arguments})

    def _answer(self, end: float) -> dict[str, Any]:
        while True:
            reply: dict[str, Any] = json.loads(self._answers.get(timeout=max(0.0, end - time.monotonic())))
            if "trace" in reply:
                _TRACE.log(TRACE_LEVEL, "%s", reply["trace"])
            elif "relay" in reply:
                self._say(self._carried(reply["relay"], end))
            else:
                break
        if reply["id"] != self._calls:
            raise ValueError("the answer to another call")
        return reply

    def _carried(self, asked: dict[str, Any], end: float) -> dict[str, Any]:
        if self._relay is None:
            raise ValueError("a driver that goes through no readers")
        arguments = [from_wire(one) for one in asked["arguments"]]
        try:
            return {"value": to_wire(self._relay.carry(asked["method"], arguments, end - time.monotonic()))}
        except SegurError as failure:
            return {"error": failure_to_wire(failure)}

    def _say(self, message: dict[str, Any]) -> None:
        assert self._child is not None
        assert self._child.stdin is not None
        self._child.stdin.write(json.dumps(message).encode("ascii") + b"\n")
        self._child.stdin.flush()

    def _kill(self) -> None:
        child, self._child = self._child, None
        self._owed = None
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
