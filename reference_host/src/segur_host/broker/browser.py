"""The browser of whoever sits there: sent to the address of a purpose, awaited at an address of this machine."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from segur_host.aside import Aside
from segur_host.broker.address import Address
from segur_host.broker.cancelling import Cancellation
from segur_host.broker.lending import Borrower
from segur_host.broker.loopback import Loopback
from segur_host.broker.network import Network
from segur_sdk.errors import HostError, InputError, PluginError, SegurError
from segur_sdk.manifest import NetworkUse

OpenBrowser = Callable[[str], bool]
"""Opens an address in a browser and tells whether that began; may return when the browser ends."""
POLL_S: Final = 0.05
_PLAIN: Final = re.compile(r"[!-~]{0,8192}")
"""What an address holds, percent-encoded, in a length that every system hands on."""
_STATE: Final = re.compile(r"[ -~]+")
"""RFC 6749, A.5."""
_MEANT_OTHERWISE: Final = frozenset("#\\")
"""What browsers do not hand on as it stands."""


def system_browser(url: str) -> bool:
    """Open an address in the browser of the system."""
    # Imported when first used: most hosts never open one.
    import webbrowser  # noqa: PLC0415

    return webbrowser.open(url)


class BrowserBroker:
    """Lends visits.

    Args:
        opening: opens an address in a browser.
        network: where purposes go, and where browsers come back to.
        seconds: how long somebody is awaited.
    """

    def __init__(self, opening: OpenBrowser, network: Network, seconds: float) -> None:
        self._opening = opening
        self._network = network
        self._seconds = seconds
        self._closed = threading.Event()

    @contextmanager
    def visit(self, use: NetworkUse, borrower: Borrower, cancellation: Cancellation) -> Iterator["BoundVisit"]:
        """Lend one visit to a declared purpose for one call.

        Args:
            use: the purpose, of the protocol ``browser``.
            borrower: the call.
            cancellation: by which the person gives up.

        Raises:
            ConfigError: ``config.no_address``.
            HostError: ``browser.port_in_use``.
        """
        borrower.require_running()
        url = self._network.url(use)
        with Loopback(self._network.redirects(use), lambda: self._lasts(borrower)) as loopback:
            yield BoundVisit(self, loopback, url, use.purpose, borrower, cancellation)

    def open(self, url: str) -> Aside[bool]:
        """Begin to open an address: some browsers hold whoever opens them until they end."""
        return Aside(lambda: self._opening(url), name="segur-browser")

    def until(self) -> float:
        """Return the instant of ``time.monotonic`` until which somebody who leaves now is awaited."""
        return time.monotonic() + self._seconds

    def require_open(self) -> None:
        """Raise ``host.closed`` once nobody may be awaited any more."""
        if self._closed.is_set():
            raise HostError("host.closed")

    def close(self) -> None:
        """Await nobody any more."""
        self._closed.set()

    def _lasts(self, borrower: Borrower) -> bool:
        """Tell whether a visit still serves: one that a plugin never ended must not keep its address."""
        try:
            self.require_open()
            borrower.require_running()
        except SegurError:
            return False
        return True


class BoundVisit:
    """Implements ``segur_sdk.context.Visit`` for one purpose and one call."""

    def __init__(
        self,
        broker: BrowserBroker,
        loopback: Loopback,
        url: str,
        purpose: str,
        borrower: Borrower,
        cancellation: Cancellation,
    ) -> None:
        self._broker = broker
        self._loopback = loopback
        self._url = url
        self._address = Address.of(url)
        self._purpose = purpose
        self._borrower = borrower
        self._cancellation = cancellation
        self._gone = False

    @property
    def address(self) -> str:
        """The address of the purpose; see ``segur_sdk.context.Visit``."""
        return self._url

    @property
    def redirect_uri(self) -> str:
        """Where the browser is sent back to; see ``segur_sdk.context.Visit``."""
        return self._loopback.redirect_uri

    def go(self, path: str, *, state: str | None = None) -> str:
        """Send the browser there and wait until it comes back; see ``segur_sdk.context.Visit``."""
        self._borrower.require_running()
        if self._gone:
            raise self._refused("visit")
        plain = _PLAIN.fullmatch(path) and _MEANT_OTHERWISE.isdisjoint(path)
        target = self._address.target(path) if plain else None
        if target is None:
            raise self._refused("path")
        if state is not None and not _STATE.fullmatch(state):
            raise self._refused("state")
        self._gone = True
        self._cancellation.wait()
        self._borrower.record("broker.browser", purpose=self._purpose, host=self._address.server)
        self._loopback.expect(state)
        with self._borrower.deadline.paused():
            answer = self._awaited(self._broker.open(f"https://{self._address.server}{target}"))
        self._borrower.require_running()
        return answer

    def _awaited(self, opening: Aside[bool]) -> str:
        ends_at = self._broker.until()
        while (answer := self._loopback.answer(POLL_S)) is None:
            self._cancellation.wait()
            self._borrower.require_running()
            self._broker.require_open()
            if opening.wait(0) and not _began(opening):
                raise HostError("browser.unavailable", purpose=self._purpose)
            if time.monotonic() >= ends_at:
                raise InputError("input.no_answer", purpose=self._purpose, reason="timed_out")
        return answer

    def _refused(self, field: str) -> PluginError:
        return PluginError("plugin.request_refused", plugin=self._borrower.plugin, purpose=self._purpose, field=field)


def _began(opening: Aside[bool]) -> bool:
    try:
        return opening.result()
    except Exception:  # noqa: BLE001 - whatever a system's own command says, no page was opened
        return False
