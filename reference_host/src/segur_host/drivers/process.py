"""Keep one driver in a child process: start it when needed, kill it when it hangs, start it again."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from segur_sdk.errors import CardError


class DriverProcess:
    """One driver and its child process.

    Args:
        entry: ``module:Class`` of the driver.
        settings: keyword arguments of the class; JSON values.
    """

    def __init__(self, entry: str, settings: Mapping[str, Any]) -> None:
        self._start = json.dumps({"entry": entry, "settings": dict(settings)}).encode("ascii") + b"\n"
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._answers: SimpleQueue[bytes] = SimpleQueue()
        self._generation = 0
        self._calls = 0

    def call(self, method: str, *arguments: str | bytes, timeout: float) -> tuple[Any, int]:
        """Make one call; a child that does not answer within ``timeout`` seconds is killed.

        Returns:
            What the driver returned, and the generation of the child that said so: it grows each time one is
            started, and nothing known of cards survives it.

        Raises:
            CardError: what the driver raised, or ``card.driver_stopped``, ``card.driver_hung``,
                ``card.reader_in_use`` while other calls take all that time.
        """
        plain = [{"hex": one.hex()} if isinstance(one, bytes) else one for one in arguments]
        if not self._lock.acquire(timeout=timeout):
            raise CardError("card.reader_in_use", retryable=True)
        try:
            self._calls += 1
            value = self._exchange({"id": self._calls, "method": method, "arguments": plain}, timeout)
            return value, self._generation
        finally:
            self._lock.release()

    def close(self) -> None:
        """End the child; a later call starts another."""
        with self._lock:
            self._kill()

    def _exchange(self, call: dict[str, Any], timeout: float) -> Any:
        try:
            child = self._running()
            assert child.stdin is not None
            child.stdin.write(json.dumps(call).encode("ascii") + b"\n")
            child.stdin.flush()
            answer = self._answers.get(timeout=timeout)
        except Empty:
            self._kill()
            raise CardError("card.driver_hung", retryable=True) from None
        except OSError:
            answer = b""
        try:
            reply = json.loads(answer)
            if reply["id"] != call["id"]:
                raise ValueError("the answer to another call")
            failure = _failure(reply)
            value = None if failure else _value(reply["value"])
        except (ValueError, KeyError, TypeError):
            # The child is gone, or what it says cannot be trusted any more.
            self._kill()
            raise CardError("card.driver_stopped", retryable=True) from None
        if failure is not None:
            raise failure
        return value

    def _running(self) -> subprocess.Popen[bytes]:
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._kill()
        self._generation += 1
        self._answers = SimpleQueue()
        child = subprocess.Popen(
            [sys.executable, "-m", "segur_host.drivers.child"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        threading.Thread(target=_pump, args=(child, self._answers), name="segur-driver", daemon=True).start()
        assert child.stdin is not None
        child.stdin.write(self._start)
        child.stdin.flush()
        self._child = child
        return child

    def _kill(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        if child.stdin is not None:
            # Closing flushes what a dead child will never read.
            with suppress(OSError):
                child.stdin.close()
        child.wait()


def _failure(reply: dict[str, Any]) -> CardError | None:
    error = reply.get("error")
    if error is None:
        return None
    return CardError(error["code"], retryable=error["retryable"], **error["facts"])


def _value(value: Any) -> Any:
    return bytes.fromhex(value["hex"]) if isinstance(value, dict) and set(value) == {"hex"} else value


def _pump(child: "subprocess.Popen[bytes]", answers: "SimpleQueue[bytes]") -> None:
    """Move lines from the pipe to the queue, then an empty one when the pipe ends."""
    assert child.stdout is not None
    with child.stdout as lines:
        for line in lines:
            answers.put(line)
    answers.put(b"")
