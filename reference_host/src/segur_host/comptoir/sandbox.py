"""The sandbox as the walk uses it: started for the occasion or joined, and its control API."""

import base64
import json
import ssl
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

import httpx
from cryptography import x509

from segur_host.broker.tls.contexts import client_context
from segur_sdk.errors import ConfigError

STOP_S: Final = 10.0


class ReaderKind(StrEnum):
    """How a host reaches the virtual cards."""

    MEMORY = "memory"
    PCSC = "pcsc"


class Sandbox:
    """A running sandbox, by its descriptor.

    Args:
        descriptor: content of ``sandbox.json``.
    """

    def __init__(self, descriptor: Mapping[str, Any]) -> None:
        self.config: Final = Path(descriptor["config"])
        self._readers: Final = [
            (str(reader["kind"]), str(reader["name"])) for reader in descriptor["services"]["cards"]["readers"]
        ]
        self.offers_psc: Final = "psc" in descriptor["services"]
        self.offers_dmp: Final = "dmp" in descriptor["services"]
        control = descriptor["control"]
        self._client = httpx.Client(
            base_url=control["url"],
            headers={"Authorization": f"Bearer {Path(control['token_file']).read_text('utf-8').strip()}"},
            verify=self._trust(descriptor),
            trust_env=False,
        )
        self._browser = httpx.Client(verify=self._trust(descriptor), trust_env=False, follow_redirects=True)

    @staticmethod
    def _trust(descriptor: Mapping[str, Any]) -> ssl.SSLContext:
        return client_context(x509.load_pem_x509_certificates(Path(descriptor["ca"]).read_bytes()))

    def vitale_reader(self, kind: ReaderKind) -> str:
        """Return the name of the reader for a carte Vitale.

        Raises:
            ConfigError: ``config.sandbox_without_pcsc``.
        """
        found = [name for one, name in self._readers if one == kind]
        if not found:
            raise ConfigError("config.sandbox_without_pcsc")
        # The first slot of a lecteur bifente is for the professional's own card.
        return found[-1] if kind is ReaderKind.PCSC else found[0]

    def insert(self, reader: str, card: str | None) -> None:
        """Put a named card into a reader, or take out the one that is there."""
        self._post("/cards", {"reader": reader, "card": card})

    def fault(self, service: str, fault: str, count: int) -> None:
        """Make the next answers of a service fail."""
        self._post("/faults", {"service": service, "fault": fault, "count": count})

    def documents(self, unique_id: str) -> list[bytes]:
        """Return every document that the DMP holds under an identifier: one, each time that it took effect."""
        found = self._asked("GET", f"/dmp/document?unique_id={unique_id}").json()["documents"]
        return [base64.b64decode(one) for one in found]

    def sign_in_next(self, who: str) -> None:
        """Have the next login by Pro Santé Connect accepted by a fictitious professional, with nobody at the page."""
        self._post("/psc/next", {"as": who, "answer": "accept"})

    def psc_sessions(self) -> frozenset[str]:
        """Return the sessions that are open at Pro Santé Connect itself, by their ``sid``."""
        return frozenset(one["sid"] for one in self._asked("GET", "/psc").json()["sessions"])

    def browse(self, url: str) -> bool:
        """Be the browser of whoever signs in: go where it is sent, and back."""
        return self._browser.get(url).is_success

    def close(self) -> None:
        """Close the connections to the control API and of the browser."""
        self._client.close()
        self._browser.close()

    def _post(self, path: str, body: Mapping[str, Any]) -> None:
        self._asked("POST", path, dict(body))

    def _asked(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        try:
            return self._client.request(method, path, json=body).raise_for_status()
        except httpx.HTTPError as failure:
            raise ConfigError("config.sandbox_unreadable", reason=type(failure).__name__) from None


@contextmanager
def joined(path: Path) -> Iterator[Sandbox]:
    """Use a sandbox that somebody else started.

    Raises:
        ConfigError: ``config.sandbox_unreadable``.
    """
    try:
        sandbox = Sandbox(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError, KeyError, TypeError) as failure:
        raise ConfigError("config.sandbox_unreadable", reason=type(failure).__name__) from None
    try:
        yield sandbox
    finally:
        sandbox.close()


@contextmanager
def started(kind: ReaderKind = ReaderKind.MEMORY) -> Iterator[Sandbox]:
    """Start a sandbox of its own, with such a reader, in a folder that disappears with it.

    Raises:
        ConfigError: ``config.sandbox_missing`` when it does not come up; it has said why on stderr.
    """
    with tempfile.TemporaryDirectory(prefix="segur-comptoir-") as folder:
        command = [sys.executable, "-m", "segur_host.cli", "sandbox", "up", "--data", folder, "--until-input-ends"]
        command += ["--pcsc"] if kind is ReaderKind.PCSC else []
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
            try:
                assert process.stdout is not None
                if not process.stdout.readline():
                    raise ConfigError("config.sandbox_missing")
                with joined(Path(folder) / "sandbox.json") as sandbox:
                    yield sandbox
            finally:
                process.terminate()
                try:
                    process.wait(STOP_S)
                except subprocess.TimeoutExpired:
                    process.kill()
