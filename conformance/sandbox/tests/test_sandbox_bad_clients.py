"""The matrix: every bad client certificate against every server that asks for one, over sockets of our own."""

import base64
import json
import socket
import ssl
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

Control = Callable[..., tuple[int, Any]]
Kinds = Callable[[str], Path]
Send = Callable[..., tuple[int, bytes]]
SERVERS: dict[str, Callable[[dict[str, Any]], str]] = {
    "insi": lambda services: str(services["insi"]["url"]),
    "insi-ps": lambda services: str(services["insi-ps"]["url"]),
    "dmp": lambda services: f"{services['dmp']['url']}/patient",
    "psc": lambda services: f"{services['psc']['issuer']}/protocol/openid-connect/token",
    "psc-api": lambda services: str(services["psc"]["service"]["token_endpoint"]),
}
REFUSED: dict[str, str] = {
    "expired": "certificate has expired",
    "not-yet-valid": "certificate is not yet valid",
    "revoked": "certificate revoked",
    "org-sign": "unsuitable certificate purpose",
    "org-conf": "unsuitable certificate purpose",
    "serv-ssl": "unsuitable certificate purpose",
    "serv-smime": "unsuitable certificate purpose",
    # Its authority is under the trusted root, but is none whose certificates these services know.
    "wrong-issuer": "unable to get certificate CRL",
    "other-tree": "unable to get local issuer certificate",
    "self-signed": "self-signed certificate",
    "sha1": "CA signature digest algorithm too weak",
    "rsa-1024": "EE certificate key too weak",
}


@pytest.fixture(scope="module")
def kinds(_sandbox: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Kinds:
    """Make a kind once, in the shared sandbox put back to its first state: a file with its key and chain."""
    folder = tmp_path_factory.mktemp("kinds")
    _control(_sandbox, "/reset", {})

    def make(kind: str) -> Path:
        path = folder / f"{kind}.pem"
        if not path.exists():
            if kind == "self-signed":
                _self_signed(path)
            else:
                files = _control(_sandbox, "/igc/material", {"kind": kind})["files"]
                path.write_bytes(b"".join(base64.b64decode(files[name]) for name in ("key.pem", "cert.pem")))
        return path

    return make


def _self_signed(path: Path) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=INSI-AUTO", "-days", "2"]
    subprocess.run([*command, "-keyout", path, "-out", path.with_suffix(".cert")], check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".cert").read_bytes())


def _control(sandbox: dict[str, Any], path: str, order: dict[str, str]) -> Any:
    token = Path(sandbox["control"]["token_file"]).read_text()
    body = json.dumps(order).encode()
    head = f"Host: x\r\nAuthorization: Bearer {token}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
    context = ssl.create_default_context(cafile=sandbox["ca"])
    request = f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + body
    return json.loads(_asked(urlsplit(sandbox["control"]["url"]), context, request).partition(b"\r\n\r\n")[2])


def _asked(address: Any, context: ssl.SSLContext, request: bytes) -> bytes:
    with (
        socket.create_connection((address.hostname, address.port), timeout=20) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secured,
    ):
        # Who is refused may learn it before all is sent: then it is read why.
        with suppress(BrokenPipeError, ConnectionResetError):
            secured.sendall(request)
        answer = b""
        while piece := secured.recv(65536):
            answer += piece
        return answer


@pytest.fixture
def send(_sandbox: dict[str, Any], kinds: Kinds) -> Send:
    """POST to a server with a certificate of a kind, or with none: (status, body); ``OSError`` when it hangs up."""

    def send(
        server: str, kind: str | None, body: bytes = b"", media: str = "text/plain", **settings: Any
    ) -> tuple[int, bytes]:
        context = ssl.create_default_context(cafile=_sandbox["ca"])
        # As weak as clients come: it is for the server to refuse.
        context.set_ciphers(settings.pop("ciphers", "ALL:@SECLEVEL=0"))
        for name, value in settings.items():
            setattr(context, name, value)
        if kind is not None:
            context.load_cert_chain(kinds(kind))
        url = urlsplit(SERVERS[server](_sandbox["services"]))
        head = f"Host: x\r\nContent-Type: {media}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n"
        answer = _asked(url, context, f"POST {url.path} HTTP/1.1\r\n{head}\r\n".encode() + body)
        assert answer, "hung up without an answer"
        return int(answer.split(b" ")[1]), answer.partition(b"\r\n\r\n")[2]

    return send


def last(control: Control, server: str) -> tuple[str, object]:
    """Return why a server refused whom it saw last, and what he asked."""
    found = control("GET", f"/exchanges?service={server}")[1][-1]
    return found["reason"], found["request"]


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(("kind", "reason"), REFUSED.items(), ids=REFUSED)
def test_no_server_takes_a_request_from_a_bad_certificate(
    send: Send, control: Control, server: str, kind: str, reason: str
) -> None:
    with pytest.raises(OSError, match="alert"):
        send(server, kind)
    assert last(control, server) == (f"handshake: {reason}", None)


WEAK: dict[str, tuple[dict[str, Any], str]] = {
    "tls_1_1": (
        {"minimum_version": ssl.TLSVersion.TLSv1_1, "maximum_version": ssl.TLSVersion.TLSv1_1},
        "UNSUPPORTED_PROTOCOL",
    ),
    "over_sha1": (
        {"maximum_version": ssl.TLSVersion.TLSv1_2, "ciphers": "ECDHE-RSA-AES256-SHA:@SECLEVEL=0"},
        "NO_SHARED_CIPHER",
    ),
    "without_secrecy": (
        {"maximum_version": ssl.TLSVersion.TLSv1_2, "ciphers": "AES256-GCM-SHA384:@SECLEVEL=0"},
        "NO_SHARED_CIPHER",
    ),
}


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated:DeprecationWarning")
@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize(("settings", "reason"), WEAK.values(), ids=WEAK)
def test_no_server_speaks_to_a_client_that_only_knows_what_is_weak(
    send: Send, control: Control, server: str, settings: dict[str, Any], reason: str
) -> None:
    with pytest.raises(OSError, match="alert"):
        send(server, "good", **settings)
    assert last(control, server) == (f"handshake: {reason}", None)


@pytest.mark.parametrize(
    ("server", "status"),
    [("insi", None), ("dmp", None), ("psc-api", None), ("insi-ps", 415), ("psc", 401)],
    ids=["insi", "dmp", "psc-api", "insi-ps", "psc"],
)
def test_who_shows_no_certificate_is_refused_where_one_is_demanded(
    send: Send, control: Control, server: str, status: int | None
) -> None:
    if status is None:
        with pytest.raises(OSError, match="alert"):
            send(server, None)
        assert last(control, server) == ("handshake: PEER_DID_NOT_RETURN_A_CERTIFICATE", None)
    else:
        assert send(server, None, FORM, "application/x-www-form-urlencoded")[0] == status


FORM = b"client_id=segur-lps&grant_type=none"
SOAP = (
    'application/soap+xml; charset=utf-8; action="urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite"'
)
MISNAMED = (
    "no-ou",
    "ou-siret",
    "ou-rpps-rang",
    "ou-unknown-type",
    "finess-bad-key",
    "finess-juridique",
    "l-instead-of-st",
    "cn-lower",
    "cn-space",
    "cn-hyphen",
)


@pytest.mark.parametrize("kind", [*MISNAMED, "good"])
def test_insi_answers_no_certificate_but_those_of_its_two_names(
    send: Send, by_traits: Callable[..., bytes], kind: str
) -> None:
    status, answer = send("insi", kind, by_traits(), SOAP)
    assert (status, b"desir_560" in answer) == (500, True)


@pytest.mark.parametrize("kind", ["cn-insi-auto", "cn-insi-manu"])
def test_insi_answers_its_two_names(send: Send, by_traits: Callable[..., bytes], kind: str) -> None:
    assert send("insi", kind, by_traits(), SOAP)[0] == 200


@pytest.mark.parametrize("server", ["psc", "psc-api"])
@pytest.mark.parametrize("kind", [*MISNAMED, "cn-insi-auto"])
def test_pro_sante_connect_knows_a_client_by_its_whole_subject(send: Send, server: str, kind: str) -> None:
    status, answer = send(server, kind, FORM, "application/x-www-form-urlencoded")
    assert (status, json.loads(answer)["error"]) == (401, "invalid_client")


@pytest.mark.parametrize("server", ["psc", "psc-api"])
def test_pro_sante_connect_knows_the_registered_subject(send: Send, server: str) -> None:
    status, answer = send(server, "good", FORM, "application/x-www-form-urlencoded")
    assert (status, json.loads(answer)["error"]) == (400, "unsupported_grant_type")
