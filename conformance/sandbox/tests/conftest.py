"""One sandbox process for all tests, and hands made of curl, raw sockets and the standard library only."""

import base64
import http.client
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from xml.sax.saxutils import escape

import pytest
from lxml import etree

if TYPE_CHECKING:
    from segur_sandbox.running import RunningSandbox

BY_TRAITS = "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecTraitsIdentite"
BY_CARD = "urn:ServiceIdentiteCertifiee:1.0.0:rechercherInsAvecCarteVitale"


def _start(data: Path) -> tuple[subprocess.Popen[str], dict[str, Any]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "segur_sandbox", "up", "--json", "--data", str(data)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    return process, json.loads(line)


@pytest.fixture
def start(data: Path, descriptor: dict[str, Any]) -> Callable[[Path], tuple[subprocess.Popen[str], dict[str, Any]]]:
    """Start another sandbox on a data folder: the process, and the descriptor it printed."""

    def begin(folder: Path) -> tuple[subprocess.Popen[str], dict[str, Any]]:
        if not (folder / "pki").exists():
            # The keys of the shared sandbox serve again: making others takes seconds and proves nothing here.
            shutil.copytree(data / "pki", folder / "pki")
        return _start(folder)

    return begin


def _stop(process: subprocess.Popen[str], name: int = signal.SIGTERM) -> int:
    process.send_signal(name)
    process.communicate(timeout=20)
    return process.returncode


@pytest.fixture(scope="session")
def stop() -> Callable[..., int]:
    """Send a signal (SIGTERM by default) to a sandbox and return its exit code."""
    return _stop


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of the shared sandbox, with a few people of our own."""
    folder = tmp_path_factory.mktemp("sandbox")
    twin = {
        "nom_naissance": "PAT-TROIS",
        "prenoms": ["DOMINIQUE", "ANDREE"],
        "sexe": "F",
        "date_naissance": "1979-03-28",
        "lieu_naissance": "63220",
        "matricule": {"numero": "2790351215189", "cle": "89", "oid": "1.2.250.1.213.1.4.10"},
    }
    (folder / "people.json").write_text(json.dumps({"version": 1, "people": [twin]}), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def _sandbox(data: Path) -> Iterator[dict[str, Any]]:
    process, descriptor = _start(data)
    yield descriptor
    assert _stop(process) == 0


@pytest.fixture
def control(_sandbox: dict[str, Any]) -> Callable[..., tuple[int, Any]]:
    """Call the control API with the standard library: (status, JSON)."""
    address = urlsplit(_sandbox["control"]["url"])
    token = Path(_sandbox["control"]["token_file"]).read_text(encoding="ascii")

    def call(method: str, path: str, body: object = None, bearer: str | None = token) -> tuple[int, Any]:
        context = ssl.create_default_context(cafile=_sandbox["ca"])
        connection = http.client.HTTPSConnection(str(address.hostname), address.port, context=context, timeout=20)
        payload = body if isinstance(body, bytes) else json.dumps(body).encode() if body is not None else None
        connection.request(method, path, payload, {"authorization": f"Bearer {bearer}"} if bearer else {})
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, json.loads(content) if content[:1] in b"{[" else content

    return call


@pytest.fixture
def descriptor(_sandbox: dict[str, Any], control: Callable[..., tuple[int, Any]]) -> dict[str, Any]:
    """The descriptor of the shared sandbox, put back to its first state."""
    assert control("POST", "/reset")[0] == 200
    return _sandbox


@pytest.fixture
def exchanges(control: Callable[..., tuple[int, Any]]) -> Callable[[], list[dict[str, Any]]]:
    """Read the INSi exchanges journalled so far."""

    def read() -> list[dict[str, Any]]:
        status, entries = control("GET", "/exchanges?service=insi")
        assert status == 200
        return list(entries)

    return read


@pytest.fixture
def curl(descriptor: dict[str, Any], tmp_path: Path) -> Callable[..., tuple[int, int, bytes]]:
    """POST bytes to the INSi simulator with curl: (curl's exit code, HTTP status, body)."""

    def post(
        body: bytes,
        role: str | None = "insi-auto",
        *,
        action: str | None = BY_TRAITS,
        content_type: str | None = None,
        path: str = "/lps",
        method: str = "POST",
        options: tuple[str, ...] = (),
    ) -> tuple[int, int, bytes]:
        question, answer = tmp_path / "question.xml", tmp_path / "answer"
        question.write_bytes(body)
        answer.unlink(missing_ok=True)
        media = content_type or f'application/soap+xml; charset=utf-8; action="{action}"'
        if action is None and content_type is None:
            media = "application/soap+xml; charset=utf-8"
        address = urlsplit(descriptor["services"]["insi"]["url"])
        command = ["curl", "--silent", "--max-time", "30", "--cacert", descriptor["ca"], "-X", method]
        if role is not None:
            files = descriptor["certificates"][role]
            command += ["--cert", files["cert"], "--key", files["key"]]
        command += ["-H", f"Content-Type: {media}", "--data-binary", f"@{question}", "-o", str(answer)]
        command += ["-w", "%{http_code}", *options, f"https://{address.netloc}{path}"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        return done.returncode, int(done.stdout), answer.read_bytes() if answer.exists() else b""

    return post


def _instant() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _envelope(body: str, *, action: str, couverture: str = "", security: str = "", **changes: str) -> bytes:
    values = {
        "message_id": f"uuid:{uuid.uuid4()}",
        "bam_id": str(uuid.uuid4()),
        "lps_id": str(uuid.uuid4()),
        "instant": _instant(),
        "idam": "TESTSGIE0000",
        **changes,
    }
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soap:Envelope xmlns:soap="http://www.w3.org/2003/05/soap-envelope"'
        ' xmlns:wsa="http://www.w3.org/2005/08/addressing"'
        ' xmlns:bam="urn:siram:bam:ctxbam" xmlns:lps="urn:siram:lps:ctxlps">'
        '<soap:Header><bam:ContexteBAM Nature="CTXBAM" Version="01_02">'
        f"<bam:Id>{values['bam_id']}</bam:Id><bam:Temps>{values['instant']}</bam:Temps>"
        f"<bam:Emetteur>10B0152872</bam:Emetteur><bam:COUVERTURE>{couverture}</bam:COUVERTURE></bam:ContexteBAM>"
        '<lps:ContexteLPS Nature="CTXLPS" Version="01_00">'
        f"<lps:Id>{values['lps_id']}</lps:Id><lps:Temps>{values['instant']}</lps:Temps>"
        f'<lps:Emetteur>10B0152872</lps:Emetteur><lps:LPS><lps:IDAM R="4">{values["idam"]}</lps:IDAM>'
        "<lps:Version>1.0</lps:Version><lps:Instance>b3549edd-4ae9-472a-b26f-fd2fb4ef397f</lps:Instance>"
        "<lps:Nom>urn:lps:essai:1.0</lps:Nom></lps:LPS></lps:ContexteLPS>"
        f"<wsa:Action>{action}</wsa:Action><wsa:MessageID>{values['message_id']}</wsa:MessageID>"
        f"{security}</soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>"
    ).encode()


@pytest.fixture
def by_traits() -> Callable[..., bytes]:
    """Build a request by traits, ADRUN ZOE by default."""

    def build(
        nom: str = "ADRUN",
        prenom: str = "ZOE",
        sexe: str = "F",
        date: str = "1975-12-31",
        lieu: str | None = None,
        **changes: str,
    ) -> bytes:
        place = f"<q:LieuNaissance>{lieu}</q:LieuNaissance>" if lieu is not None else ""
        body = (
            '<q:RECSANSVITALE xmlns:q="http://www.cnamts.fr/INSiRecSans">'
            f"<q:NomNaissance>{escape(nom)}</q:NomNaissance><q:Prenom>{escape(prenom)}</q:Prenom>"
            f"<q:Sexe>{sexe}</q:Sexe><q:DateNaissance>{date}</q:DateNaissance>{place}</q:RECSANSVITALE>"
        )
        return _envelope(body, action=BY_TRAITS, **changes)

    return build


@pytest.fixture
def by_card(descriptor: dict[str, Any]) -> Callable[..., bytes]:
    """Build a request by card; the signature comes from the virtual card, through a raw socket."""

    def build(
        *,
        serial: str,
        nir: str = "275126322074974",
        nom: str = "ADRUN",
        date: str = "1975-12-31",
        rang: str = "1",
        position: str = "1",
        instant: str | None = None,
        issuer: str = "INSI-AUTO",
        signature: bytes | None = None,
        assertion: str | None = None,
        couverture: str | None = None,
    ) -> bytes:
        identifier, issued = f"_{uuid.uuid4()}", instant or _instant()
        if signature is None:
            text = f"{identifier}|{issued}|{serial}|{position}".encode()
            signature = _card_signature(descriptor, text)
        if assertion is None:
            assertion = (
                f'<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{identifier}"'
                f' IssueInstant="{issued}" Version="2.0"><saml:Issuer>{issuer}</saml:Issuer><saml:Subject>'
                f'<saml:NameID NameQualifier="VITALE-SIMULATEUR">{serial}</saml:NameID></saml:Subject>'
                '<saml:AttributeStatement><saml:Attribute Name="rangBeneficiaire">'
                f"<saml:AttributeValue>{position}</saml:AttributeValue></saml:Attribute>"
                '<saml:Attribute Name="signatureVitale"><saml:AttributeValue>'
                f"{base64.b64encode(signature).decode()}</saml:AttributeValue></saml:Attribute>"
                "</saml:AttributeStatement></saml:Assertion>"
            )
        if couverture is None:
            couverture = (
                f"<bam:ASSURE><bam:Id><bam:Num>{nir[:13]}</bam:Num><bam:Cle>{nir[13:]}</bam:Cle></bam:Id>"
                f"</bam:ASSURE><bam:BENEFICIAIRE><bam:DateNai>{date}</bam:DateNai><bam:Rang>{rang}</bam:Rang>"
                "</bam:BENEFICIAIRE>"
            )
        body = (
            '<v:RECVITALE xmlns:v="http://www.cnamts.fr/INSiRecVit"><v:MatriculeOD>'
            f"<v:NumIdentifiant>{nir[:13]}</v:NumIdentifiant><v:Cle>{nir[13:]}</v:Cle></v:MatriculeOD>"
            f"<v:NomNaissance>{escape(nom)}</v:NomNaissance><v:DateNaissance>{date}</v:DateNaissance>"
            f"<v:RangNaissance>{rang}</v:RangNaissance></v:RECVITALE>"
        )
        security = (
            '<wsse:Security xmlns:wsse="http://docs.oasis-open.org/wss/2004/01/'
            f'oasis-200401-wss-wssecurity-secext-1.0.xsd">{assertion}</wsse:Security>'
        )
        return _envelope(body, action=BY_CARD, couverture=couverture, security=security)

    return build


def _card_signature(descriptor: dict[str, Any], data: bytes) -> bytes:
    reader = descriptor["services"]["cards"]["readers"][0]
    with socket.create_connection((reader["host"], reader["port"]), timeout=10) as connection:
        _exchange(connection, bytes.fromhex("00A404000BD250000002564954414C45"))
        answer = _exchange(connection, b"\x00\x88\x00\x00" + bytes([len(data)]) + data)
    assert answer.endswith(b"\x90\x00")
    return answer[:-2]


def _exchange(connection: socket.socket, payload: bytes) -> bytes:
    connection.sendall(len(payload).to_bytes(2, "big") + payload)
    size = int.from_bytes(_exactly(connection, 2), "big")
    return _exactly(connection, size)


def _exactly(connection: socket.socket, size: int) -> bytes:
    content = b""
    while len(content) < size:
        piece = connection.recv(size - len(content))
        if not piece:
            raise ConnectionResetError("the card is gone")
        content += piece
    return content


@pytest.fixture
def transmit() -> Callable[[socket.socket, str], str]:
    """Send one message, in hexadecimal, to a card over its socket and return the answer in hexadecimal."""

    def send(connection: socket.socket, message: str) -> str:
        return _exchange(connection, bytes.fromhex(message)).hex().upper()

    return send


@pytest.fixture
def card(
    descriptor: dict[str, Any], control: Callable[..., tuple[int, Any]]
) -> Iterator[Callable[[str], socket.socket]]:
    """Insert a named card in the reader `Vitale 1` and connect to it by a raw socket."""
    opened: list[socket.socket] = []

    def insert(name: str) -> socket.socket:
        assert control("POST", "/cards", {"reader": "Vitale 1", "card": name})[0] == 200
        reader = descriptor["services"]["cards"]["readers"][0]
        opened.append(socket.create_connection((reader["host"], reader["port"]), timeout=10))
        return opened[-1]

    yield insert
    for connection in opened:
        connection.close()


@pytest.fixture
def cpx(card: Callable[[str], socket.socket], transmit: Callable[..., str]) -> Callable[[str], Callable[[str], str]]:
    """Insert a professional's card, and return what sends it commands written in hexadecimal, spaces allowed."""

    def insert(name: str) -> Callable[[str], str]:
        connection = card(name)
        return lambda command: transmit(connection, command)

    return insert


@pytest.fixture(scope="session")
def openssl() -> Callable[..., str]:
    """Run openssl, with bytes on its input: what it wrote, both outputs."""

    def run(*arguments: str | Path, given: bytes = b"") -> str:
        command = ["openssl", *map(str, arguments)]
        done = subprocess.run(command, input=given, capture_output=True, check=False, timeout=30)
        return (done.stdout + done.stderr).decode("utf-8")

    return run


@pytest.fixture
def fault_of() -> Callable[[bytes], dict[str, str | None]]:
    """Read a SOAP fault: its subcode and the attributes of `siram:Erreur`."""

    def read(answer: bytes) -> dict[str, str | None]:
        root = etree.fromstring(answer)
        soap = "{http://www.w3.org/2003/05/soap-envelope}"
        subcode = root.findtext(f".//{soap}Subcode/{soap}Value") or ""
        error = root.find(".//{urn:siram}Erreur")
        text = root.find(f".//{soap}Text")
        assert error is not None
        assert text is not None
        return {
            "value": root.findtext(f".//{soap}Code/{soap}Value"),
            "subcode": subcode.partition(":")[2],
            "code": error.get("code"),
            "severite": error.get("severite"),
            "messageID": error.get("messageID"),
            "lang": text.get("{http://www.w3.org/XML/1998/namespace}lang"),
        }

    return read


@pytest.fixture(scope="session")
def assets() -> Path:
    """The folder of official files; without it, a failure under CI and a skip elsewhere."""
    folder = os.environ.get("SEGUR_ASSETS")
    if folder and (Path(folder) / "insi").is_dir():
        return Path(folder) / "insi"
    reason = "SEGUR_ASSETS does not name a folder that holds insi/"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture
def through_pcsc(segur_pcsc_sandbox: "RunningSandbox") -> Callable[..., str]:
    """Run a program that looks for readers where the sandbox's own pcscd is: what it wrote, both outputs."""
    from segur_testing.pcsc import require_pcsc

    def call(*command: str) -> str:
        require_pcsc(command[0])
        environment = os.environ | {"PCSCLITE_CSOCK_NAME": str(segur_pcsc_sandbox.pcscd_socket)}
        done = subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout

    return call
