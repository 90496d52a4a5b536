"""Ends a process before any of the calls by which it changes a disk."""

import os
import signal
import warnings
from collections.abc import Callable
from typing import Any

WATCHED = ("mkdir", "open", "rename", "replace", "rmdir", "unlink")
STUCK_S = 120


def killed_at(number: int, act: Callable[[], Any]) -> bool:
    """Run in a child that kills itself before its ``number``-th call that changes a disk; whether it got so far."""
    with warnings.catch_warnings():
        # Threads of earlier tests do not matter to a child that is gone in a moment.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        signal.alarm(STUCK_S)
        left, opened = [number], os.open

        def counted(original: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any, **named: Any) -> Any:
                reads = original is opened and not arguments[1] & os.O_CREAT
                left[0] -= not reads
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                return original(*arguments, **named)

            return call

        try:
            for one in WATCHED:
                setattr(os, one, counted(getattr(os, one)))
            act()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert not os.WIFSIGNALED(status) or os.WTERMSIG(status) == signal.SIGKILL
    return os.WIFSIGNALED(status)
