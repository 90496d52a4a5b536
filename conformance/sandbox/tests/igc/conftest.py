"""Hands for the authority: curl over plain HTTP, the ordering platform over HTTPS, requests made by openssl."""

import http.client
import json
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

Answer = tuple[int, Any]
Call = Callable[..., Answer]
Control = Callable[..., Answer]
Openssl = Callable[..., str]
OURS = "10B0152872"
DAY = 86400
FORM: dict[str, Any] = {
    "structure": OURS,
    "administrator": "admin",
    "signatory": "responsable",
    "signatory_mail": "direction@pharmacie.invalid",
    "boxes": ["ORG", "SERV_SSL"],
}
MONDAY = "2027-03-01T09:00:00Z"


@pytest.fixture
def igc(descriptor: dict[str, Any]) -> dict[str, Any]:
    """Where the authority publishes, answers and takes orders."""
    return dict(descriptor["services"]["igc"])


@pytest.fixture
def authority(descriptor: dict[str, Any]) -> Callable[[str], Path]:
    """Return the certificate of an authority by its short name."""
    folder = Path(descriptor["ca"]).parent / "authorities"
    return lambda short: folder / f"{short}.cert.pem"


@pytest.fixture(scope="session")
def download() -> Callable[..., tuple[int, bytes]]:
    """Fetch over plain HTTP with curl: (HTTP status, 0 when there was none; body)."""

    def fetch(url: str, *options: str, given: bytes = b"") -> tuple[int, bytes]:
        command = ["curl", "--silent", "--max-time", "20", "-w", "\n%{http_code}", *options, url]
        done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=60)
        body, _, status = done.stdout.rpartition(b"\n")
        return (int(status) if done.returncode == 0 else 0), body

    return fetch


@pytest.fixture
def call(descriptor: dict[str, Any]) -> Call:
    """Call the platform: (status, JSON)."""
    address = urlsplit(descriptor["services"]["igc"]["ordering"])
    context = ssl.create_default_context(cafile=descriptor["ca"])

    def send(method: str, path: str, body: Any = None, token: str | None = None) -> Answer:
        connection = http.client.HTTPSConnection("127.0.0.1", address.port, context=context, timeout=20)
        payload = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        headers = {"authorization": f"Bearer {token}"} if token else {}
        connection.request(method, path, payload, headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, json.loads(content)

    return send


@pytest.fixture
def token(call: Call, control: Control) -> str:
    """An administrator's session, once his habilitation is validated."""
    control("POST", "/clock", {"now": MONDAY})
    assert call("POST", "/forms/F413", FORM)[0] == 201
    control("POST", "/clock", {"advance_s": 3 * DAY})
    status, session = call("POST", "/session", {"administrator": "admin"})
    assert (status, session["structures"][0]["boxes"]) == (201, ["ORG", "SERV_SSL"])
    return str(session["token"])


@pytest.fixture(scope="session")
def request_for(openssl: Openssl, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Make a certification request with openssl, once for each name: PEM."""
    folder = tmp_path_factory.mktemp("requests")

    def make(name: str, *options: str) -> str:
        path = folder / f"{name}.csr"
        if not path.exists():
            options = options or ("-newkey", "rsa:2048", "-sha256")
            key = folder / f"{name}.key"
            openssl("req", "-new", "-nodes", "-subj", "/CN=autre nom", "-keyout", key, "-out", path, *options)
        return path.read_text()

    return make
