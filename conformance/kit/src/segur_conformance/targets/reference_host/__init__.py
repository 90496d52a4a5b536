"""The reference host as a target: the same line-JSON conversation that a foreign host leads, and a few words more.

``python -m segur_conformance.targets.reference_host``: one request a line on standard input, one answer a line on
what was standard output; whatever a plugin prints goes to standard error. What the boundary monitor sees leaves at
once, a line ``{"seen": …}`` before the answer in which it happened, so that a plugin which ends the process does not
end the evidence. No other package of the kit imports the host; this one does because the host is what it
puts to the test.
"""

import gc
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, nullcontext
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import attrs

from segur_conformance.boundary.monitor import Monitor
from segur_conformance.boundary.packages import Packages
from segur_conformance.boundary.patches import Snapshot
from segur_conformance.targets.conversation import conversation
from segur_conformance.targets.reference_host.browser import Browser
from segur_conformance.targets.reference_host.cut_short import CutShort
from segur_conformance.targets.reference_host.haste import unhurried
from segur_conformance.targets.reference_host.person import Person
from segur_conformance.targets.reference_host.signing_in import SigningIn
from segur_conformance.targets.reference_host.stepping_clock import SteppingClock
from segur_conformance.targets.reference_host.structure_certificates import StructuresCertificates
from segur_conformance.targets.reference_host.surroundings import Surroundings
from segur_conformance.targets.reference_host.upkeep import Upkeep
from segur_conformance.targets.reference_host.verbs import Verbs
from segur_conformance.targets.reference_host.watched_host import WatchedHost
from segur_host.broker.ask import CheckedAsker
from segur_host.config.model import HostConfig
from segur_host.dispatch import dispatcher
from segur_host.dispatch.context import CallContext
from segur_host.dispatch.outcome import HookResult
from segur_host.inputs import IdentifyInput
from segur_host.json_forms import identification_as_json, outcome_as_json, value_as_json
from segur_host.messages import as_json
from segur_host.sessions import providers
from segur_host.sessions.open_sessions import acting
from segur_host.sessions.providers import LOGIN_S
from segur_host.verbs.identities import identify_on
from segur_sdk.errors import CardError, InputError, SegurError, UserMessage
from segur_sdk.hooks import HOOKS
from segur_sdk.models.identity import IdentityAttribute, Traits

__all__ = ["Target", "WatchedHost", "guarded_by", "main"]

MAX_PATCHES: Final = 20
"""Told of one look: whoever replaces a whole module replaces all that is in it."""
MAX_PRINTED: Final = 65_536

Request = Mapping[str, Any]


def guarded_by(config: HostConfig) -> tuple[Path, ...]:
    """Return the files and folders that only the host may read: keys, passwords, anchors, its own data."""
    tables = config.keys.values()
    named = [one for table in tables for one in (table.p12, table.cert, table.key)]
    passwords = [table.password.file for table in tables if table.password is not None]
    return tuple(one for one in (config.data, *config.trust.values(), *named, *passwords) if one is not None)


class Target:
    """One host at a time, opened anew with each ``start``."""

    def __init__(self, monitor: Monitor, snapshot: Snapshot) -> None:
        self._monitor = monitor
        self._snapshot = snapshot
        self._environment = dict(os.environ)
        self._surroundings = Surroundings()
        self._folder = Path.cwd()
        self._clock = SteppingClock()
        self._opened = ExitStack()
        self._host: WatchedHost | None = None
        self._given: Request = {}
        """With what a host was started last."""
        self._person = Person()
        self._browser = Browser()
        self._signing_in = SigningIn(lambda: self.host, self._person, self._browser, self._clock, self._folder)
        self.ops: Final[Mapping[str, Callable[[Request], Any]]] = {
            "start": self._start,
            "open_again": self._open_again,
            "call": self._call,
            "together": self._together,
            "decide": self._decide,
            "identify": self._identify,
            "mark": self._mark,
            "correct": self._correct,
            "invalidate_ins": self._invalidate_ins,
            "identity": self._identity,
            "history": self._history,
            "search": self._search,
            "clock": self._set_clock,
            "observe": self._observe,
            "hurry": self._hurry,
            "kept": self._kept,
            "settings": self._settings,
            "import": self._import,
            "variables": self._variables,
            "stop": self._stop,
            **self._signing_in.ops,
            **Upkeep(lambda: self.host).ops,
            **StructuresCertificates(lambda: self.host).ops,
            **Verbs(lambda: self.host).ops,
            **CutShort(lambda: self.host, lambda: self._stop({}), lambda: self._reopen({}), self._carried_out).ops,
        }

    @property
    def host(self) -> WatchedHost:
        """The open host."""
        if self._host is None:
            raise InputError("input.usage")
        return self._host

    @property
    def messages(self) -> Mapping[str, UserMessage]:
        """French texts that the plugins of the open host bring."""
        return self._host.messages if self._host is not None else {}

    def _start(self, request: Request) -> Any:
        self._stop(request)
        self._surroundings.restore()
        self._clock.step = timedelta()
        self._monitor.connects.clear()
        self._person.learns(request.get("answers", {}))
        self._signing_in.begin()
        setattr(dispatcher, "HOOKS", HOOKS)  # noqa: B010 - a name of another module
        setattr(providers, "LOGIN_S", LOGIN_S)  # noqa: B010 - a name of another module
        unhurried()
        self._given = request
        try:
            self._open(request["config"])
        finally:
            os.write(sys.stderr.fileno(), request.get("mark", "").encode())
        return self._states()

    def _open_again(self, request: Request) -> Any:
        """Open another host on the data of the one that is open, at the same time of day; ``tables`` are other."""
        self._stop(request)
        self._reopen(request.get("tables", {}))
        return self._states()

    def _reopen(self, tables: Request) -> None:
        self._open({**self._given["config"], **tables})

    def _carried_out(self, request: Request) -> Any:
        return self.ops[request["op"]](request)

    def _open(self, given: Request) -> None:
        config = HostConfig.model_validate(given, context={"folder": Path.cwd()})
        self._monitor.guard([*guarded_by(config), *map(Path, self._given.get("guarded", ()))])
        self._browser.begins(config.trust.values())
        asker = CheckedAsker(self._person.answer, self._person.looks)
        host = WatchedHost(config, asker=asker, clock=self._clock, browser=self._browser.opens)
        self._host = self._opened.enter_context(host)

    def _call(self, request: Request) -> Any:
        """Call a hook, in the session that is named if one is."""
        with acting(request["session"]) if "session" in request else nullcontext():
            return self._told(self.host.call(request["hook"], json.dumps(request["event"])))

    def _decide(self, request: Request) -> Any:
        return self._told(self.host.decide(request["hook"], json.dumps(request["event"])))

    def _together(self, request: Request) -> Any:
        """Make several calls at once, each on a thread of its own."""
        calls = [(one["hook"], json.dumps(one["event"])) for one in request["calls"]]
        with ThreadPoolExecutor(len(calls)) as threads:
            return [self._told(one) for one in threads.map(lambda call: self.host.call(*call), calls)]

    def _told(self, result: HookResult) -> dict[str, Any]:
        outcomes = [outcome_as_json(one, self.host.messages) for one in result.outcomes]
        return {"value": value_as_json(result.value), "outcomes": outcomes}

    def _hurry(self, request: Request) -> Any:
        """Let no hook, and no login, take longer than so many seconds."""
        seconds = request["seconds"]
        hurried = {
            name: info.model_copy(update={"deadline_s": min(seconds, info.deadline_s)}) for name, info in HOOKS.items()
        }
        setattr(dispatcher, "HOOKS", hurried)  # noqa: B010 - a name of another module
        setattr(providers, "LOGIN_S", min(seconds, LOGIN_S))  # noqa: B010 - a name of another module

    def _kept(self, _: Request) -> Any:
        """Count the contexts of calls that somebody still holds."""
        gc.collect()
        return sum(type(one) is CallContext for one in gc.get_objects())

    def _settings(self, request: Request) -> Any:
        loaded = self.host.plugins[request["plugin"]].loaded
        return type(loaded.settings).model_json_schema() if loaded is not None else None

    def _import(self, request: Request) -> Any:
        command = [sys.executable, "-m", "segur_conformance.targets.importing", request["plugin"], *request["modules"]]
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=self._environment,
            cwd=self._folder,
            check=False,
        )
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        told = next((one for one in lines if "plugin" in one), None)
        return {
            "told": told,
            "violations": [one["seen"] for one in lines if "seen" in one],
            "status": done.returncode,
            "printed": done.stderr[:MAX_PRINTED].decode("utf-8", "replace"),
        }

    def _identify(self, request: Request) -> Any:
        wanted = IdentifyInput.model_validate_json(json.dumps(request["input"]))
        return identification_as_json(identify_on(self.host, wanted), self.host.messages)

    def _mark(self, request: Request) -> Any:
        attribute = IdentityAttribute(request["input"]["attribute"])
        found = self.host.mark(
            request["input"]["identity_ref"], attribute, present=request["input"].get("present", True)
        )
        return identification_as_json(found, self.host.messages)

    def _correct(self, request: Request) -> Any:
        given = request["input"]
        traits = Traits.model_validate_json(json.dumps(given["traits"]))
        found = self.host.correct(given["identity_ref"], traits, as_super_user=given.get("as_super_user", False))
        return identification_as_json(found, self.host.messages)

    def _invalidate_ins(self, request: Request) -> Any:
        found = self.host.invalidate_ins(request["input"]["identity_ref"])
        return identification_as_json(found, self.host.messages)

    def _identity(self, request: Request) -> Any:
        return self.host.identity(request["input"]["identity_ref"]).model_dump(mode="json")

    def _history(self, request: Request) -> Any:
        revisions = self.host.history(request["input"]["identity_ref"])
        return [
            {
                "number": one.number,
                "status": str(one.record.status),
                "events": list(one.events),
                "record": one.record.model_dump(mode="json"),
            }
            for one in revisions
        ]

    def _search(self, request: Request) -> Any:
        given = request["input"]
        found = self.host.search(
            date.fromisoformat(given["birth_date"]), given.get("name", ""), given.get("given_name", "")
        )
        return [one.model_dump(mode="json") for one in found]

    def _variables(self, request: Request) -> Any:
        """Have these variables in the environment of the process until the next ``start``."""
        self._surroundings.change(request["variables"])

    def _set_clock(self, request: Request) -> Any:
        self._clock.step = timedelta(seconds=request["step_s"])

    def _observe(self, _: Request) -> Any:
        return {
            "plugins": self._states(),
            "slots": self._slots(),
            "audit": [attrs.asdict(one) for one in self.host.audit.records()],
            "connects": self._monitor.connects,
        }

    def _slots(self) -> Any:
        try:
            return [one.model_dump(mode="json") for one in self.host.slots()]
        except CardError:
            return []  # the configuration has no reader

    def _states(self) -> Any:
        return {
            name: {
                "version": entry.version,
                "state": str(entry.state),
                "reason": entry.reason.code if entry.reason else None,
            }
            for name, entry in self.host.plugins.items()
        }

    def _stop(self, _: Request) -> None:
        self._opened.close()
        self._host = None

    def look_for_patches(self) -> None:
        """Report what was replaced since the last look."""
        self._monitor.replaced(self._snapshot.patches()[:MAX_PATCHES])

    def end(self) -> None:
        """Close the host, and look a last time."""
        self._stop({})
        self.look_for_patches()


def answered(target: Target, line: str) -> dict[str, Any]:
    """Carry out one request and return the answer to it."""
    request = json.loads(line)
    try:
        value = target.ops[request["op"]](request)
    except SegurError as failure:
        return {"id": request["id"], "error": as_json(failure, target.messages)}
    except ValueError as failure:
        return {"id": request["id"], "error": {"code": "input.identify", "message": type(failure).__name__}}
    finally:
        target.look_for_patches()
    if request["op"] in {"call", "decide"}:
        return {"id": request["id"], **value}
    return {"id": request["id"], "value": value}


def main() -> None:
    """Answer until standard input ends."""
    with conversation() as line:
        monitor = Monitor(Packages.installed(), on_violation=lambda seen: line.say({"seen": seen.as_json()}))
        monitor.install()
        target = Target(monitor, Snapshot())
        for text in sys.stdin:
            line.say(answered(target, text))
        target.end()
