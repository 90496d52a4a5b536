"""One misbehaviour each, in a plugin that otherwise answers as it should: each is named, and nothing else is."""

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import attrs
import pytest

from segur_sandbox.running import RunningSandbox

EXCHANGE = ("exchange.py", "        reply = ctx.http(caller.use).request(\n", "_ask")
INSERTION = ("insertion.py", "    # Each try opens the card anew: the host resets it in between.\n", "_read_once")

FIND_THE_HOST = """\
import gc
from contextlib import suppress
from segur_sdk.errors import SegurError
from segur_sdk.identity.seal import SealedIdentity
things = gc.get_objects()
host = next(one for one in things if "Host" in [base.__name__ for base in type(one).__mro__])
known = sorted((one for one in things if type(one) is SealedIdentity), key=lambda one: one.revision)
"""


@attrs.frozen
class Mutant:
    """What is inserted into which plugin, and what must be seen of it."""

    plugin: str
    inserted: str
    event: str
    uneven: dict[str, int] = attrs.field(factory=dict)
    """What the services see beyond what the host granted."""


TWO_STRAY = {"exchanges": 2, "connections": 2}
RAW_SOCKET = "import socket\nwith socket.socket() as own:\n    own.connect(({host!r}, {port}))"
MUTANTS = {
    "insi-raw-socket": Mutant("insi", RAW_SOCKET, "socket.connect", TWO_STRAY),
    "insi-own-client": Mutant(
        "insi",
        "import contextlib, httpx, ssl\n"
        "context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)\n"
        "with contextlib.suppress(httpx.HTTPError), httpx.Client(verify=context, trust_env=False) as own:\n"
        "    own.post({url!r}, content=body)",
        "socket.connect",
        TWO_STRAY,
    ),
    "insi-datagram": Mutant(
        "insi",
        "import socket\nwith socket.socket(type=socket.SOCK_DGRAM) as own:\n    own.sendto(body, ({host!r}, 9))",
        "socket.sendto",
    ),
    "insi-listens": Mutant(
        "insi", "import socket\nwith socket.socket() as own:\n    own.bind(({host!r}, 0))", "socket.bind"
    ),
    "insi-reads-pem": Mutant("insi", "with open({key!r}, 'rb') as own:\n    own.read()", "open"),
    "insi-reads-p12": Mutant("insi", "from pathlib import Path\nPath({p12!r}).read_bytes()", "open"),
    "insi-reads-host-key": Mutant(
        "insi", "import os\nown = os.open({data!r} + '/host.key', os.O_RDONLY)\nos.close(own)", "open"
    ),
    "insi-dlopen": Mutant("insi", "import ctypes\nctypes.CDLL('libc.so.6')", "ctypes.dlopen"),
    "insi-thread": Mutant(
        "insi", "import threading\nthreading.Thread(target=len, args=([],)).start()", "_thread.start_new_thread"
    ),
    "insi-subprocess": Mutant("insi", "import subprocess\nsubprocess.run(['true'], check=True)", "subprocess.Popen"),
    "insi-fork": Mutant(
        "insi", "import os\nown = os.fork()\nif not own:\n    os._exit(0)\nos.waitpid(own, 0)", "os.fork"
    ),
    "insi-writes-file": Mutant("insi", "from pathlib import Path\nPath({file!r}).write_bytes(body)", "open"),
    "insi-forged-identity": Mutant(
        "insi",
        FIND_THE_HOST + "if known:\n"
        "    forged = SealedIdentity.model_construct(**dict(known[-1]) | {{'revision': 99}})\n"
        "    with suppress(SegurError):\n"
        "        host.admit(forged)",
        "segur.identity.not_sealed",
    ),
    "insi-stale-seal": Mutant(
        "insi",
        FIND_THE_HOST + "if known:\n    with suppress(SegurError):\n        host.admit(known[0])",
        "segur.identity.outdated",
    ),
    "vitale-own-reader": Mutant(
        "vitale",
        "import socket\nwith socket.create_connection(({host!r}, {reader})) as own:\n"
        "    own.sendall(b'\\x00\\x01\\x01')",
        "socket.connect",
        {"Vitale 1": 2},
    ),
    "vitale-dlopen": Mutant(
        "vitale",
        "import contextlib, ctypes\nwith contextlib.suppress(OSError):\n    ctypes.CDLL('libpcsclite.so.1')",
        "ctypes.dlopen",
    ),
    "vitale-thread": Mutant(
        "vitale", "import _thread\n_thread.start_new_thread(len, ([],))", "_thread.start_new_thread"
    ),
    "vitale-writes-file": Mutant("vitale", "import sqlite3\nsqlite3.connect({file!r}).close()", "sqlite3.connect"),
}


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=MUTANTS)
def test_a_misbehaving_plugin_is_named_with_what_it_did_and_where(
    counter: Callable[..., Any],
    pip_install: Callable[..., Path],
    segur_sandbox: RunningSandbox,
    tmp_path: Path,
    mutant: Mutant,
) -> None:
    file, before, function = EXCHANGE if mutant.plugin == "insi" else INSERTION
    site = pip_install(mutant.plugin, file, before, mutant.inserted.format(**within_reach(segur_sandbox, tmp_path)))

    run = counter("typed" if mutant.plugin == "insi" else "plain", site, mutant.uneven.get("connections", 0))

    # What it answers is as it should be: only the watch tells it from the green one.
    assert set(run.result["outcomes"]) == {"insi ok"}
    assert run.acts == {(mutant.plugin, mutant.event, f"segur_plugin_{mutant.plugin}/{file}", function)}
    assert run.uneven == mutant.uneven


def within_reach(sandbox: RunningSandbox, folder: Path) -> dict[str, object]:
    """Return what a plugin could find out about the machine it runs on."""
    url = sandbox.descriptor["services"]["insi"]["url"]
    certificate = sandbox.descriptor["certificates"]["insi-manu"]
    return {
        "url": url,
        "host": urlsplit(url).hostname,
        "port": urlsplit(url).port,
        "reader": sandbox.descriptor["services"]["cards"]["readers"][0]["port"],
        "key": certificate["key"],
        "p12": certificate["p12"],
        "data": str(folder / "host"),
        "file": str(folder / "kept-aside"),
    }
