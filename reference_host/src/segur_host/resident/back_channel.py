"""Where the resident host hears that the authority's own session is over (OpenID Connect Back-Channel Logout 1.0)."""

import errno
import ipaddress
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Final

from segur_host.audit.entries import AuditEntry
from segur_host.broker.doorway import Doorway, listening
from segur_host.config.model import BackChannelTable
from segur_host.crash import write_report
from segur_host.resident import logout_request as said
from segur_host.resident.logout_request import LogoutRequest, Refusal
from segur_host.resident.refusals import Cause, Refusals
from segur_sdk.errors import HostError, SegurError

MAX_AT_ONCE: Final = 4
"""Tokens that are checked at the same time; whoever brings one more is told to come again."""
MAX_DISBELIEVED: Final = 20
"""Tokens that were not believed within :data:`DISBELIEVED_S`; until that is over no further one is checked.

Each leaves records of its own in the audit, and may make the authority be asked. One whose tokens are good sends none.
"""
DISBELIEVED_S: Final = 60.0
STOP_S: Final = 5.0
"""How long those may still take when the host stops."""
SLOW: Final = Cause("slow")
MAX_DETAIL: Final = 40


class BackChannel:
    """Takes logout tokens, from the moment it is made.

    Args:
        rules: where it listens.
        end: ends the sessions of which a token speaks, and says how many there were.
        append: adds a record to the audit.

    Raises:
        HostError: ``resident.port_in_use``; ``resident.port_refused``: the address is none of this machine's, or the
            port is not for this user.
    """

    def __init__(
        self, rules: BackChannelTable, end: Callable[[str], int], append: Callable[[AuditEntry], None]
    ) -> None:
        try:
            listener = listening(rules.address, rules.port)
        except OSError as failure:
            if failure.errno == errno.EADDRINUSE:
                raise HostError("resident.port_in_use", port=rules.port) from None
            reason = errno.errorcode.get(failure.errno or 0, type(failure).__name__)
            raise HostError("resident.port_refused", port=rules.port, reason=reason) from None
        address = ipaddress.ip_address(rules.address)
        host = f"[{address}]" if address.version == 6 else str(address)
        self.address: Final = f"http://{host}:{rules.port}{rules.path}"
        """Where a reverse proxy of this machine brings what the authority sends."""
        self._end = end
        self._refusals = Refusals(append)
        self._changing = threading.Lock()
        self._checking: set[threading.Thread] = set()
        self._disbelieved_at: deque[float] = deque(maxlen=MAX_DISBELIEVED)
        self._stopping = False
        self._doorway = Doorway(
            listener,
            lambda: partial(self._hear, LogoutRequest(rules.path)),
            name="segur-back-channel",
            cut_off=partial(self._refusals.note, SLOW),
        )
        self._doorway.open()

    def close(self) -> None:
        """Take no further token, wait for those that are being checked, and close the port."""
        with self._changing:
            self._stopping = True
            checking = list(self._checking)
        until = time.monotonic() + STOP_S
        for thread in checking:
            thread.join(max(until - time.monotonic(), 0.0))
        self._doorway.close()
        self._refusals.close()

    def _hear(self, request: LogoutRequest, data: bytes) -> "bytes | Future[bytes] | None":
        found = request.hear(data)
        if found is None:
            return None
        if isinstance(found, Refusal):
            return self._refused(found)
        answer: Future[bytes] = Future()
        checking = threading.Thread(target=self._check, args=(found, answer), name="segur-logout", daemon=True)
        with self._changing:
            if self._stopping or len(self._checking) >= MAX_AT_ONCE:
                return self._refused(said.BUSY)
            if self._is_flooded():
                return self._refused(said.TOO_MANY)
            try:
                checking.start()
            except RuntimeError:
                # The system gives no further thread.
                return self._refused(said.BUSY)
            self._checking.add(checking)
        return answer

    def _is_flooded(self) -> bool:
        at = self._disbelieved_at
        return len(at) == MAX_DISBELIEVED and time.monotonic() - at[0] < DISBELIEVED_S

    def _check(self, token: str, answer: "Future[bytes]") -> None:
        """End what a token says, in a thread of its own: the authority's keys may have to be asked for."""
        told = said.DISBELIEVED.answer
        try:
            self._end(token)
            told = said.DONE
        except SegurError as failure:
            told = self._disbelieved(failure)
        except Exception as failure:  # noqa: BLE001 - whoever brought it must not end the host
            told = self._disbelieved(write_report(failure))
        finally:
            answer.set_result(told)
            with self._changing:
                self._checking.discard(threading.current_thread())

    def _refused(self, refusal: Refusal) -> bytes:
        self._refusals.note(Cause(refusal.reason))
        return refusal.answer

    def _disbelieved(self, failure: SegurError) -> bytes:
        # What may go better next time, keys that could not be had above all, says nothing against the token.
        refusal = said.UNAVAILABLE if failure.retryable else said.DISBELIEVED
        detail = failure.facts.get("reason")
        told = detail[:MAX_DETAIL] if isinstance(detail, str) else None
        with self._changing:
            self._disbelieved_at.append(time.monotonic())
        self._refusals.note(Cause(refusal.reason, failure.code, told))
        return refusal.answer
