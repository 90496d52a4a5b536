"""A sandbox in a process of its own, and its control API."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from segur_sandbox.control_client import call_control
from segur_sandbox.private_files import make_private_folder, write_private

STOP_S: Final = 15.0


class SandboxStartError(RuntimeError):
    """The sandbox did not come up; the message is the cause it gave."""

    def __init__(self, cause: str) -> None:
        super().__init__(f"the sandbox did not come up: {cause}")


class RunningSandbox:
    """A running sandbox.

    Args:
        path: its ``sandbox.json``.
    """

    def __init__(self, path: Path) -> None:
        self.path: Final = path
        self.descriptor: Final[dict[str, Any]] = json.loads(path.read_text("utf-8"))
        self.config: Final = Path(self.descriptor["config"])
        self.readers: Final = self._readers("memory")
        self.pcsc_readers: Final = self._readers("pcsc")
        """Slots of its own PC/SC reader: first that for a CPS, then that for a carte Vitale."""
        socket = self.descriptor["services"]["cards"]["pcsc"]["socket"]
        self.pcscd_socket: Final = Path(socket) if socket is not None else None
        """What programs need as `PCSCLITE_CSOCK_NAME` to see these."""

    def reset(self) -> None:
        """Forget faults, replays, exchanges and the ledger; put the first cards back."""
        self._call("POST", "/reset", {})

    def insert(self, reader: str, card: str | None) -> None:
        """Put a named card into a reader, or take out the one that is there."""
        self._call("POST", "/cards", {"reader": reader, "card": card})

    def readers_now(self) -> list[dict[str, Any]]:
        """Return every reader with the card in it, as `segur sandbox cards list --json` does."""
        found: list[dict[str, Any]] = self._call("GET", "/cards", None)["readers"]
        return found

    def fault(self, service: str, fault: str, **limits: str | int | float) -> None:
        """Make a service fail: ``operation``, ``count`` and ``seconds`` limit it."""
        self._call("POST", "/faults", {"service": service, "fault": fault} | limits)

    def replay(self, service: str, body: str) -> None:
        """Make ``body`` the next answer of a service."""
        self._call("POST", "/replay", {"service": service, "body": body})

    def run_pcscd(self, *, running: bool) -> None:
        """Kill the sandbox's own pcscd, or start it again where it was; its cards stay in their readers."""
        self._call("POST", "/pcsc", {"running": running})

    def answer_psc(self, who: str, answer: str = "accept", *, means: str | None = None) -> None:
        """Answer the next login at Pro Santé Connect, or the one that waits on that professional's device.

        Args:
            who: Name in the catalogue, or ``SubjectNameID``.
            answer: ``accept``, ``refuse`` or ``expire``.
            means: ``CARD`` or ``MOBILE``, the first of his when not given.
        """
        order = {"as": who, "answer": answer} | ({"means": means} if means is not None else {})
        self._call("POST", "/psc/next", order)

    def psc_now(self) -> dict[str, Any]:
        """Return who can log in at Pro Santé Connect, what waits, sessions, clients and settings."""
        found: dict[str, Any] = self._call("GET", "/psc", None)
        return found

    def psc_settings(self, **members: str | int | bool) -> None:
        """Change settings of Pro Santé Connect until the next reset, such as ``cnf="hex"``."""
        self._call("POST", "/psc/settings", members)

    def psc_client(self, client_id: str, **members: object) -> None:
        """Register a client at Pro Santé Connect, or change one, such as its ``backchannel_logout_uri``."""
        self._call("POST", "/psc/clients", {"client_id": client_id} | members)

    def rotate_psc_keys(self, *, retire: bool = False) -> None:
        """Sign with a new key; ``retire`` takes the older ones out of the JWKS."""
        self._call("POST", "/psc/keys", {"retire": retire})

    def end_psc_sessions(self, who: str) -> None:
        """End a professional's sessions as the authority does: software is told by back-channel logout."""
        self._call("POST", "/psc/logout", {"as": who})

    def igc_now(self) -> dict[str, Any]:
        """Return every certificate issued, and what the ordering platform knows: forms, orders, mails."""
        found: dict[str, Any] = self._call("GET", "/igc", None)
        return found

    def revoke(self, role: str) -> str:
        """Revoke the certificate of a role until the reset, and return its serial number in hexadecimal."""
        return str(self._call("POST", "/igc/revoke", {"role": role})["serial"])

    def revoke_serial(self, serial: str) -> None:
        """Revoke a certificate by its serial number in hexadecimal."""
        self._call("POST", "/igc/revoke", {"serial": serial})

    def make_material(self, kind: str, folder: Path) -> dict[str, Any]:
        """Make good or bad material of a kind, write its files, and return their paths with what is said of them."""
        made: dict[str, Any] = self._call("POST", "/igc/material", {"kind": kind})
        make_private_folder(folder)
        for name, content in made["files"].items():
            write_private(folder / name, base64.b64decode(content))
        return {**made, "files": {name: folder / name for name in made["files"]}}

    def dmp_now(self) -> dict[str, Any]:
        """Return what the DMP holds: patients, entries, lots, audit, settings."""
        found: dict[str, Any] = self._call("GET", "/dmp", None)
        return found

    def dmp_documents(self, unique_id: str) -> list[bytes]:
        """Return the bytes of the documents with a unique id: several when duplicates were let in."""
        found = self._call("GET", f"/dmp/document?unique_id={unique_id}", None)["documents"]
        return [base64.b64decode(one) for one in found]

    def dmp_patient(self, ins: str, **members: object) -> None:
        """Decide on the DMP of a patient until the reset, such as ``status="closed"``."""
        self._call("POST", "/dmp/patients", {"ins": ins} | members)

    def dmp_settings(self, **members: object) -> None:
        """Change settings of the DMP until the next reset, such as ``duplicates="accept"``."""
        self._call("POST", "/dmp/settings", members)

    def set_clock(self, **change: str | float) -> None:
        """Move the sandbox's clock: ``now`` or ``advance_s``."""
        self._call("POST", "/clock", change)

    def exchanges(self, service: str | None = None) -> list[dict[str, Any]]:
        """Return every request and answer of a service, or of all of them, in order."""
        path = "/exchanges" if service is None else f"/exchanges?service={service}"
        found: list[dict[str, Any]] = self._call("GET", path, None)
        return found

    def ledger(self, service: str) -> list[dict[str, Any]]:
        """Return what took effect at a service."""
        found: list[dict[str, Any]] = self._call("GET", f"/ledger?service={service}", None)
        return found

    def _readers(self, kind: str) -> list[str]:
        return [one["name"] for one in self.descriptor["services"]["cards"]["readers"] if one["kind"] == kind]

    def _call(self, method: str, path: str, body: object | None) -> Any:
        return call_control(self.descriptor, method, path, body)


@contextmanager
def running(folder: Path, *, pcsc: bool = False) -> Iterator[RunningSandbox]:
    """Start a sandbox whose state is kept in ``folder``, and stop it at the end.

    Args:
        folder: its data folder.
        pcsc: with a virtual PC/SC reader.

    Raises:
        SandboxStartError: it does not come up.
    """
    command = [sys.executable, "-m", "segur_sandbox", "up", "--json", "--data", str(folder), "--until-input-ends"]
    command += ["--pcsc"] if pcsc else []
    # Should this process be killed, the pipe ends with it, and the sandbox too.
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            line = process.stdout.readline()
            error = json.loads(line).get("error", {}) if line else {}
            if not line or error:
                raise SandboxStartError(error.get("cause", "its own messages stand above"))
            yield RunningSandbox(folder / "sandbox.json")
        finally:
            process.terminate()
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
