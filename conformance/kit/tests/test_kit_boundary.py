"""Every event is judged by the innermost project frame; only the host's broker and drivers may touch the outside."""

import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from segur_conformance.boundary import monitor as boundary
from segur_conformance.boundary.acts import Act
from segur_conformance.boundary.monitor import HOST_PLACES, Monitor, Violation
from segur_conformance.boundary.packages import Packages
from segur_conformance.boundary.reckoning import Reckoning, reckon_cards, reckon_http

ROOT = Path("/srv/venv")
PACKAGES = Packages(ROOT / "segur_host", ROOT / "segur_sdk", {"insi": (ROOT / "insi", ROOT / "sneaky.py")})
BROKER, DRIVER, RELAY = "segur_host/broker/http.py", "segur_host/drivers/process.py", "segur_host/dispatch/relay.py"
STORAGE, AUDIT, CONFIG = "segur_host/storage/a.py", "segur_host/audit/log.py", "segur_host/config/secrets.py"
PLUGIN, MODULE, SDK, LIBRARY = "insi/exchange.py", "sneaky.py", "segur_sdk/cards/apdu.py", "httpx/a.py"
DESK, KEYRING = "segur_host/identities/desk.py", "segur_host/keyring/store.py"

Heard = tuple[str, tuple[Any, ...]]
CONNECT = ("socket.connect", (None, ("127.0.0.1", 443)))
WRITE = ("open", ("notes.txt", "w", os.O_WRONLY | os.O_CREAT))
READ_KEY = ("open", ("structure.PEM", "rb", 0))
READ_GUARDED = ("open", ("/srv/data/host.db", "rb", 0))
DLOPEN = ("ctypes.dlopen", ("libc.so.6",))
POPEN = ("subprocess.Popen", ("true", ["true"], None, None))
THREAD: Heard = ("_thread.start_new_thread", (len, ([],)))
LOOK_UP = ("socket.getaddrinfo", ("services-ps.example", 443, 0, 1, 0))
REFUSED = ("segur.identity.not_sealed", ())


@pytest.fixture
def monitor() -> Monitor:
    return Monitor(PACKAGES, [Path("/srv/data")])


def judged(monitor: Monitor, heard: Heard, *stack: str) -> Violation | None:
    """Judge an event raised in the last of these files, called by the ones before."""
    scope: dict[str, Any] = {"judge": lambda: monitor.judge(*heard, sys._getframe(1))}
    inner = "judge"
    for depth, file in enumerate(reversed(stack)):
        exec(compile(f"def step{depth}():\n    return {inner}()", str(ROOT / file), "exec"), scope)
        inner = f"step{depth}"
    found: Violation | None = scope[inner]()
    return found


GOING_ROUND = {
    "plugin-connects": (CONNECT, (RELAY, PLUGIN), "insi"),
    "plugin-through-a-library": (CONNECT, (RELAY, PLUGIN, LIBRARY), "insi"),
    "plugin-by-a-module-beside-its-package": (CONNECT, (RELAY, PLUGIN, MODULE), "insi"),
    "plugin-called-back-by-the-broker": (CONNECT, (PLUGIN, BROKER, PLUGIN), "insi"),
    "plugin-looks-a-name-up": (LOOK_UP, (PLUGIN, LIBRARY), "insi"),
    "plugin-writes": (WRITE, (PLUGIN,), "insi"),
    "plugin-reads-a-key": (READ_KEY, (PLUGIN,), "insi"),
    "plugin-reads-the-hosts-data": (READ_GUARDED, (PLUGIN,), "insi"),
    "plugin-loads-a-library": (DLOPEN, (PLUGIN,), "insi"),
    "plugin-starts-a-process": (POPEN, (PLUGIN,), "insi"),
    "plugin-starts-a-thread": (THREAD, (PLUGIN,), "insi"),
    "plugin-offers-an-identity": (REFUSED, (PLUGIN,), "insi"),
    "sdk-connects": (CONNECT, (PLUGIN, SDK), "segur_sdk"),
    "sdk-writes": (WRITE, (BROKER, SDK), "segur_sdk"),
    "host-connects-elsewhere": (CONNECT, (DESK, LIBRARY), "segur_host"),
    "host-connects-in-its-storage": (CONNECT, (STORAGE,), "segur_host"),
    "host-writes-elsewhere": (WRITE, (DESK,), "segur_host"),
    "host-reads-a-key-elsewhere": (READ_KEY, (DRIVER,), "segur_host"),
    "host-starts-a-thread-in-its-broker": (THREAD, (BROKER,), "segur_host"),
    "host-starts-a-process-in-its-broker": (POPEN, (BROKER,), "segur_host"),
}


@pytest.mark.parametrize(("heard", "stack", "owner"), GOING_ROUND.values(), ids=GOING_ROUND)
def test_what_goes_round_the_broker_is_named(
    monitor: Monitor, heard: Heard, stack: tuple[str, ...], owner: str
) -> None:
    found = judged(monitor, heard, *stack)

    assert found is not None
    project = [one for one in stack if one != LIBRARY]
    assert (found.owner, found.event, found.file) == (owner, heard[0], project[-1])
    assert (found.function.startswith("step"), found.line) == (True, 2)


WITHIN = {
    "broker-connects": (CONNECT, (PLUGIN, BROKER, LIBRARY)),
    "driver-connects": (CONNECT, (DRIVER,)),
    "driver-starts-a-process": (POPEN, (PLUGIN, DRIVER)),
    "driver-loads-a-library": (DLOPEN, (DRIVER,)),
    "relay-starts-a-thread": (THREAD, (RELAY,)),
    "host-watches-the-readers": (THREAD, ("segur_host/broker/card_watch.py",)),
    "host-tells-of-an-event": (THREAD, ("segur_host/events/teller.py",)),
    "host-removes-the-mark-of-a-run": (WRITE, ("segur_host/sessions/liveness.py",)),
    "host-steps-aside": (THREAD, (BROKER, "segur_host/aside.py")),
    "storage-writes": (WRITE, (PLUGIN, BROKER, STORAGE)),
    "audit-writes": (WRITE, (AUDIT,)),
    "keyring-writes-a-key": (WRITE, (PLUGIN, KEYRING)),
    "keyring-reads-a-key": (READ_KEY, (PLUGIN, KEYRING)),
    "configuration-reads-a-secret": (READ_KEY, (CONFIG, STORAGE)),
    "broker-reads-a-key": (READ_KEY, (PLUGIN, BROKER)),
    "plugin-reads-its-own-text": (("open", ("messages_fr.toml", "r", 0)), (PLUGIN,)),
    "plugin-writes-to-nowhere": (("open", (os.devnull, "w", os.O_WRONLY)), (PLUGIN,)),
    "plugin-wraps-what-was-opened": (("open", (7, "rb", 0)), (PLUGIN,)),
    "plugin-resolves-this-machine": (("socket.getaddrinfo", ("127.0.0.1", 443, 0, 1, 0)), (PLUGIN,)),
    "plugin-imports-ctypes": (("ctypes.dlopen", (None,)), (PLUGIN, LIBRARY)),
    "unwatched": (("compile", ("", "")), (PLUGIN,)),
    "the-test-itself": (CONNECT, (LIBRARY,)),
}


@pytest.mark.parametrize(("heard", "stack"), WITHIN.values(), ids=WITHIN)
def test_what_the_broker_does_is_nobodys_fault(monitor: Monitor, heard: Heard, stack: tuple[str, ...]) -> None:
    assert judged(monitor, heard, *stack) is None


ROWS = [(act, place) for act, places in HOST_PLACES.items() for place in places]
HEARD_BY_ACT = {
    Act.NETWORK: CONNECT,
    Act.PROCESS: POPEN,
    Act.LIBRARY: DLOPEN,
    Act.THREAD: THREAD,
    Act.WRITE: WRITE,
    Act.READ_KEPT: READ_KEY,
}


@pytest.mark.parametrize(("act", "place"), ROWS, ids=[f"{act}-{place}" for act, place in ROWS])
def test_a_place_may_what_its_row_says_and_nothing_without_it(
    monitor: Monitor, monkeypatch: pytest.MonkeyPatch, act: Act, place: str
) -> None:
    file = f"segur_host/{place}" + ("" if place.endswith(".py") else "a.py")
    assert judged(monitor, HEARD_BY_ACT[act], file) is None

    without = {**HOST_PLACES, act: tuple(one for one in HOST_PLACES[act] if one != place)}
    monkeypatch.setattr(boundary, "HOST_PLACES", without)
    assert judged(monitor, HEARD_BY_ACT[act], file) is not None


WATCHED = [
    "socket.connect",
    "socket.bind",
    "socket.sendto",
    "socket.sendmsg",
    "subprocess.Popen",
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "ctypes.dlopen",
    "_thread.start_new_thread",
    "_thread.start_joinable_thread",
    "os.chmod",
    "os.chown",
    "os.link",
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.symlink",
    "os.truncate",
    "os.utime",
    "sqlite3.connect",
]


@pytest.mark.parametrize("event", WATCHED)
def test_a_plugin_that_raises_a_watched_event_is_named(monitor: Monitor, event: str) -> None:
    found = judged(monitor, (event, ("x", "x", "x")), PLUGIN)

    assert found is not None
    assert (found.owner, found.event) == ("insi", event)


def test_connections_of_the_broker_are_counted(monitor: Monitor) -> None:
    judged(monitor, CONNECT, PLUGIN, BROKER)
    judged(monitor, CONNECT, PLUGIN)

    assert monitor.connects == [("127.0.0.1", 443)]


def test_a_thread_without_any_project_frame_is_not_taken_for_the_test(monitor: Monitor) -> None:
    found: list[Violation | None] = []
    thread = threading.Thread(target=lambda: found.append(judged(monitor, CONNECT, LIBRARY)))
    thread.start()
    thread.join()

    assert found == [Violation("unknown", "socket.connect", "", "", 0)]


@pytest.mark.parametrize("name", [".netrc", "ID_RSA", "insi.p12", "insi.key", "ca.crt", "control.token"])
def test_files_whose_names_say_so_are_secret(monitor: Monitor, name: str, tmp_path: Path) -> None:
    harmless = tmp_path / "notes.txt"
    harmless.symlink_to(tmp_path / name)

    assert judged(monitor, ("open", (str(tmp_path / name), "rb", 0)), PLUGIN) is not None
    assert judged(monitor, ("open", (os.fsencode(harmless), "rb", 0)), PLUGIN) is not None


def test_an_installed_monitor_hears_everything_at_once() -> None:
    program = """
import os, socket, subprocess, sys, threading
from pathlib import Path
from segur_conformance.boundary.monitor import Monitor
from segur_conformance.boundary.packages import Packages
here = Path("/srv/venv")
monitor = Monitor(Packages(here / "segur_host", here / "segur_sdk", {"p": (here / "p",)}),
                  on_violation=lambda found: print(found.owner, found.event, flush=True))
monitor.install()
acts = '''
socket.socket().bind(("127.0.0.1", 0))
threading.Thread(target=len, args=([],)).start()
subprocess.run([sys.executable, "-c", ""])
os._exit(3)
'''
exec(compile(acts, "/srv/venv/p/a.py", "exec"))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 3
    assert done.stdout.split("\n") == ["p socket.bind", "p _thread.start_new_thread", "p subprocess.Popen", ""]


TWO = [{"connection": "a-1"}, {"connection": "a-1"}]
TICKETS = [{"event": "broker.http"}, {"event": "hook.qualify_identity"}, {"event": "broker.http"}]


def test_exchanges_and_connections_are_even_with_tickets() -> None:
    assert all(one.even for one in reckon_http(TWO, TICKETS, 1))


@pytest.mark.parametrize(
    ("exchanges", "connects", "uneven"),
    [
        pytest.param([*TWO, {"connection": "a-2"}], 1, {"exchanges", "connections"}, id="own-client"),
        pytest.param([*TWO, {"connection": "a-1"}], 1, {"exchanges"}, id="exchange-without-ticket"),
        pytest.param(TWO[:1], 1, {"exchanges"}, id="ticket-without-exchange"),
        pytest.param(TWO, 2, {"connections"}, id="connection-that-said-nothing"),
    ],
)
def test_what_is_not_even_shows(exchanges: list[dict[str, Any]], connects: int, uneven: set[str]) -> None:
    assert {one.what for one in reckon_http(exchanges, TICKETS, connects) if not one.even} == uneven


OPENINGS = [{"id": "a-1", "reader": "Vitale 1"}, {"id": "a-2", "reader": "Vitale 1"}]
LENT = [
    {"event": "broker.card.open", "facts": '{"insertion":"7","slot":"Vitale 1"}'},
    {"event": "broker.card.confirm", "facts": '{"insertion":"7","slot":"Vitale 1"}'},
]


RELAYED = {"event": "broker.card.relay", "facts": '{"slot":"Vitale 1"}'}


@pytest.mark.parametrize(
    ("audited", "granted"),
    [
        pytest.param([*LENT, *LENT], 2, id="two-tickets"),
        pytest.param([*LENT, RELAYED], 2, id="one-ticket-and-one-for-a-token-driver"),
        pytest.param([RELAYED, RELAYED], 2, id="two-for-a-token-driver"),
        pytest.param(LENT, 1, id="opened-without-a-ticket"),
    ],
)
def test_openings_of_a_card_are_held_against_tickets(audited: list[dict[str, Any]], granted: int) -> None:
    assert reckon_cards(OPENINGS, [{"connection": "a-1"}], audited) == (
        Reckoning("Vitale 1", 2, granted),
        Reckoning("connections unknown to the ledger", 0, 0),
    )


def test_ticket_without_opening_and_unknown_connection_show() -> None:
    assert reckon_cards([], [{"connection": "a-9"}], LENT) == (
        Reckoning("Vitale 1", 0, 1),
        Reckoning("connections unknown to the ledger", 1, 0),
    )
