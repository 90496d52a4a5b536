"""Chromium, driven as a person does: by what is written on the page, with its mouse and its keyboard.

Source: Chrome DevTools Protocol 1.3, over the pipe of ``--remote-debugging-pipe`` (file descriptors 3 and 4, a zero
byte after each message).
"""

import base64
import fcntl
import hashlib
import json
import os
import queue
import ssl
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

PROGRAM: Final = "chromium"
PATIENCE_S: Final = 60.0
LOOK_S: Final = 0.02
ABOVE_PIPES: Final = 10
STARTING: Final = (
    "import os, sys\nos.dup2(int(sys.argv[1]), 3)\nos.dup2(int(sys.argv[2]), 4)\nos.execvp(sys.argv[3], sys.argv[3:])\n"
)
"""Both ends where Chromium looks for them, then Chromium itself."""
FOUND: Final = """
(function (kind, text) {
  var plain = function (one) { return one.textContent.replace(/\\s+/g, ' ').trim(); };
  var all = Array.from(document.querySelectorAll(kind));
  var found = all.find(function (one) { return plain(one) === text; })
    || all.find(function (one) { return plain(one).startsWith(text); });
  if (!found) { return null; }
  found.scrollIntoView({block: 'center'});
  var box = found.getBoundingClientRect();
  return {x: box.left + box.width / 2, y: box.top + box.height / 2};
})(%s, %s)
"""


class ChromiumError(AssertionError):
    """Chromium did not do what it was told, or the page is not what it should be."""


class Page:
    """One tab.

    Args:
        chromium: whose.
        session: under which the protocol names it.
    """

    def __init__(self, chromium: "Chromium", session: str) -> None:
        self._chromium = chromium
        self._session = session

    def evaluate(self, expression: str) -> Any:
        """Return the value of an expression in the page, awaited if it is a promise."""
        asked = {"expression": expression, "returnByValue": True, "awaitPromise": True}
        answer = self._ask("Runtime.evaluate", **asked)
        if "exceptionDetails" in answer:
            raise ChromiumError(str(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def until(self, expression: str) -> Any:
        """Return the value of an expression once it is anything but false; a page that comes meanwhile is awaited."""
        ends_at = time.monotonic() + PATIENCE_S
        while time.monotonic() < ends_at:
            try:
                value = self.evaluate(f"document.readyState === 'complete' && ({expression})")
            except ChromiumError:
                # The page went away under it.
                value = None
            if value:
                return value
            time.sleep(LOOK_S)
        raise ChromiumError(f"{expression}: never, on {self.evaluate('document.documentElement.outerHTML')}")

    def titled(self, title: str) -> "Page":
        """Wait for a page with this heading, and return it."""
        self.until(f"document.querySelector('h1')?.textContent === {json.dumps(title)}")
        return self

    def click(self, kind: str, text: str) -> None:
        """Click in the middle of the first element of a kind whose text is, or begins with, ``text``."""
        place = self.evaluate(FOUND % (json.dumps(kind), json.dumps(text)))
        if place is None:
            raise ChromiumError(f"no {kind} says {text}")
        for event in ("mousePressed", "mouseReleased"):
            self._ask("Input.dispatchMouseEvent", type=event, button="left", clickCount=1, **place)

    def press(self, key: str, code: int, text: str = "") -> None:
        """Press a key and let go of it, with its Windows virtual key code."""
        named = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self._ask("Input.dispatchKeyEvent", type="keyDown", **named, **({"text": text} if text else {}))
        self._ask("Input.dispatchKeyEvent", type="keyUp", **named)

    @property
    def address(self) -> str:
        """What stands in the address bar."""
        return str(self.evaluate("location.href"))

    def close(self) -> None:
        """Close the tab, as who gives up does."""
        self._ask("Page.close")

    def _ask(self, method: str, **parameters: Any) -> Any:
        return self._chromium.ask(method, self._session, **parameters)


class Chromium:
    """A running browser with one profile.

    Args:
        reading: what it says.
        writing: what it is told.
    """

    def __init__(self, reading: BinaryIO, writing: BinaryIO) -> None:
        self._reading = reading
        self._writing = writing
        self._number = 0
        self._rest = b""
        self._wanted: queue.SimpleQueue[str] = queue.SimpleQueue()

    def open(self, address: str) -> bool:
        """Be the browser that a host opens; may be called on any thread. The tab opens when a test looks at it."""
        self._wanted.put(address)
        return True

    def page(self) -> Page:
        """Return the tab of the address that was opened, shown."""
        address = self._wanted.get(timeout=PATIENCE_S)
        target = self.ask("Target.createTarget", url=address)["targetId"]
        session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, session)
        page.until("location.protocol !== 'about:'")
        return page

    def forget_cookies(self) -> None:
        """Be another person's browser."""
        self.ask("Storage.clearCookies")

    def ask(self, method: str, session: str | None = None, **parameters: Any) -> Any:
        """Have one command carried out, and return its result."""
        self._number += 1
        command = {"id": self._number, "method": method, "params": parameters}
        if session is not None:
            command["sessionId"] = session
        self._writing.write(json.dumps(command).encode() + b"\0")
        self._writing.flush()
        while (answer := self._heard()).get("id") != self._number:
            """Events, of which none is needed."""
        if "error" in answer:
            raise ChromiumError(f"{method}: {answer['error']}")
        return answer["result"]

    def _heard(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            data = os.read(self._reading.fileno(), 65_536)
            if not data:
                raise ChromiumError("Chromium ended")
            self._rest += data
        message, _, self._rest = self._rest.partition(b"\0")
        found: dict[str, Any] = json.loads(message)
        return found


@contextmanager
def chromium(profile: Path, trusted: Iterable[str]) -> Iterator[Chromium]:
    """Start a browser without window.

    Args:
        profile: its folder, empty.
        trusted: addresses whose servers' keys are trusted as they are now; every other certificate is checked.
    """
    keys = ",".join(sorted({_key_of(address) for address in trusted}))
    with ExitStack() as opened:
        theirs_in, ours_out = _pipe(opened)
        ours_in, theirs_out = _pipe(opened)
        command = [
            *(sys.executable, "-c", STARTING, str(theirs_in.fileno()), str(theirs_out.fileno())),
            *(PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"),
            *(f"--user-data-dir={profile}", f"--ignore-certificate-errors-spki-list={keys}", "about:blank"),
        ]
        descriptors = (theirs_in.fileno(), theirs_out.fileno())
        process = opened.enter_context(
            subprocess.Popen(command, pass_fds=descriptors, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        )
        opened.callback(process.kill)
        theirs_in.close()
        theirs_out.close()
        yield Chromium(ours_in, ours_out)


def _pipe(opened: ExitStack) -> tuple[BinaryIO, BinaryIO]:
    """Return both ends of a pipe, neither of them where Chromium looks for its own."""
    low = os.pipe()
    reading, writing = (fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, ABOVE_PIPES) for end in low)
    for end in low:
        os.close(end)
    return opened.enter_context(os.fdopen(reading, "rb")), opened.enter_context(os.fdopen(writing, "wb"))


def _key_of(address: str) -> str:
    """Return the SHA-256 of the public key that a server shows, as the command line of Chromium takes it."""
    place = urlsplit(address)
    found = x509.load_pem_x509_certificate(
        ssl.get_server_certificate((place.hostname or "", place.port or 443)).encode()
    )
    key = found.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return base64.b64encode(hashlib.sha256(key).digest()).decode("ascii")
