"""Import a plugin in an interpreter of its own and say what that did.

``python -m segur_conformance.targets.importing PLUGIN MODULE…``: one JSON object on standard output; what the modules
print goes to standard error. The time is that of the processor, beside the time which the SDK and pydantic took.
"""

# ruff: noqa: PLC0415 - what is imported, and when, is what is measured here

import sys
import time
from importlib import import_module
from typing import Any

from segur_conformance.targets.conversation import Line, conversation

SDK_MODULES = ("pydantic", "segur_sdk.hooks", "segur_sdk.context", "segur_sdk.errors")


def taken(modules: tuple[str, ...]) -> float:
    """Import modules and return the seconds of processor time that it took."""
    started = time.process_time()
    for module in modules:
        import_module(module)
    return time.process_time() - started


def state_of_the_process() -> dict[str, Any]:
    """Return what all code of a process shares, each thing by name, so that two moments can be compared."""
    import gc
    import locale
    import logging
    import os
    import signal
    import socket
    import threading
    import warnings

    mask = os.umask(0o077)
    os.umask(mask)
    return {
        "environment": dict(os.environ),
        "folder": os.getcwd(),  # noqa: PTH109 - compared, never used
        "umask": mask,
        "signals": {number: signal.getsignal(number) for number in signal.valid_signals()},
        "locale": locale.setlocale(locale.LC_ALL),
        "import path": list(sys.path),
        "import finders": list(sys.meta_path),
        "import hooks": list(sys.path_hooks),
        "exception hook": sys.excepthook,
        "thread exception hook": threading.excepthook,
        "standard streams": (sys.stdin, sys.stdout, sys.stderr),
        "threads": sorted(thread.name for thread in threading.enumerate()),
        "warning filters": list(warnings.filters),
        "root logger": (list(logging.root.handlers), logging.root.level, logging.root.disabled),
        "socket timeout": socket.getdefaulttimeout(),
        "recursion limit": sys.getrecursionlimit(),
        "switch interval": sys.getswitchinterval(),
        "garbage collection": (gc.isenabled(), gc.get_threshold()),
        "trace functions": (sys.gettrace(), sys.getprofile()),
    }


def imported(plugin: str, modules: tuple[str, ...], line: Line) -> dict[str, Any]:
    """Import a plugin's modules and return what that did."""
    of_the_sdk = taken(SDK_MODULES)
    from segur_conformance.boundary.monitor import Monitor
    from segur_conformance.boundary.packages import Packages
    from segur_conformance.boundary.patches import Snapshot

    monitor = Monitor(Packages.installed(), on_violation=lambda seen: line.say({"seen": seen.as_json()}))
    monitor.install()
    snapshot = Snapshot()
    before = state_of_the_process()
    failure = None
    of_the_plugin = 0.0
    try:
        of_the_plugin = taken(modules)
    except BaseException as failed:  # noqa: BLE001 - whatever it is, it is named
        failure = type(failed).__name__
    after = state_of_the_process()
    monitor.replaced(snapshot.patches())
    return {
        "plugin": plugin,
        "failure": failure,
        "changed": sorted(name for name, value in after.items() if value != before[name]),
        "violations": [found.as_json() for found in monitor.violations],
        "sdk_s": of_the_sdk,
        "plugin_s": of_the_plugin,
    }


def main() -> None:
    """Import what the command line names."""
    plugin, *modules = sys.argv[1:]
    with conversation() as line:
        line.say(imported(plugin, tuple(modules), line))


if __name__ == "__main__":
    main()
