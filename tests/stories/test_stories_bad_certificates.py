"""A structure whose certificate is wrong, and a service that is not who it should be: what the counter is told."""

import socket
import ssl
import threading
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest

from segur_host import Host
from segur_host.config.loading import load_config
from segur_host.config.model import HostConfig, KeyTable, NetworkTable
from segur_sandbox.private_files import write_private
from segur_sandbox.running import RunningSandbox
from segur_sdk.errors import SegurError
from segur_sdk.models.actor import ActorKind, SessionMeans
from segur_sdk.models.identity import Traits

Person = Callable[..., Traits]
Counter = Callable[..., Host]
KeyOf = Callable[[str], KeyTable]
INSI = ("insi-auto", "insi-manu")
ORGANISATIONS = "CN=TEST AC IGC-SANTE ELEMENTAIRE ORGANISATIONS"


@pytest.fixture
def counter(segur_config: HostConfig) -> Iterator[Counter]:
    """Open a counter with one plugin, and with other keys."""
    with ExitStack() as opened:

        def counter(plugin: str, **changes: Any) -> Host:
            plugins = {plugin: segur_config.plugins[plugin]}
            return opened.enter_context(Host(segur_config.model_copy(update={"plugins": plugins, **changes})))

        yield counter


@pytest.fixture
def key_of(segur_sandbox: RunningSandbox, tmp_path: Path) -> KeyOf:
    """Have the authority make a kind, and configure it as a structure does."""

    def key_of(kind: str) -> KeyTable:
        made = segur_sandbox.make_material(kind, tmp_path / kind)
        if made["p12_password"] is None:
            return KeyTable(cert=made["files"]["cert.pem"], key=made["files"]["key.pem"])
        password = tmp_path / kind / "password"
        write_private(password, made["p12_password"].encode())
        return KeyTable.model_validate({"p12": made["files"]["bundle.p12"], "password": {"file": password}})

    return key_of


def asked(sandbox: RunningSandbox, service: str) -> list[Any]:
    """Return what a service was asked; who fails in the handshake asks nothing."""
    return [one["request"] for one in sandbox.exchanges(service) if one["request"] is not None]


BEFORE_ANY_CALL = {
    "expired": "config.certificate_ended",
    "not-yet-valid": "config.certificate_not_yet",
    "org-sign": "config.key_usage",
    "org-conf": "config.key_usage",
    "serv-ssl": "config.key_usage",
    "serv-smime": "config.key_usage",
    "other-tree": "config.certificate_environment",
    "key-twice": "config.key_twice",
    "sha1": "config.key_unreadable",
    "rsa-1024": "config.key_unreadable",
    "name-part-unsorted": "config.key_unreadable",
}
BY_THE_SERVICE = dict.fromkeys(("revoked", "wrong-issuer"), "service.client_certificate_refused")


@pytest.mark.req("S003-22", "S003-25")
@pytest.mark.parametrize(("kind", "code"), (BEFORE_ANY_CALL | BY_THE_SERVICE).items())
def test_pro_sante_connect_is_not_asked_with_a_bad_certificate_and_the_counter_is_told_why(
    kind: str, code: str, counter: Counter, key_of: KeyOf, segur_config: HostConfig, segur_sandbox: RunningSandbox
) -> None:
    former = {"former": segur_config.keys["psc"]} if kind == "key-twice" else {}
    host = counter("psc", keys={"psc": key_of(kind), **former})
    with pytest.raises(SegurError) as refused:
        host.login(SessionMeans.PSC)
    assert refused.value.code == code
    assert asked(segur_sandbox, "psc") == []
    # What is known to be bad does not even connect.
    assert len(segur_sandbox.exchanges("psc")) == (1 if kind in BY_THE_SERVICE else 0)


ROLES = {
    "expired": "insi.certificate_expired",
    "revoked": "service.client_certificate_refused",
    "foreign-ca": "service.client_certificate_refused",
    "wrong-cn": "insi.certificate_level",
}


@pytest.mark.req("S003-22", "S003-28")
@pytest.mark.parametrize(("role", "code"), ROLES.items())
def test_insi_is_not_asked_with_a_bad_certificate_and_the_counter_is_told_why(
    role: str, code: str, counter: Counter, person: Person, segur_config: HostConfig, segur_sandbox: RunningSandbox
) -> None:
    files = segur_sandbox.descriptor["certificates"][role]
    # They are of what calls by itself.
    actor = segur_config.actor.model_copy(update={"kind": ActorKind.AUTOMATON})
    host = counter("insi", actor=actor, keys={"insi-auto": KeyTable(cert=files["cert"], key=files["key"])})
    [outcome] = host.identify(person("zoe")).outcomes
    assert outcome.error is not None
    assert (outcome.error.code, asked(segur_sandbox, "insi")) == (code, [])


class Impostor:
    """Stands where INSi should, with a certificate of one kind after the other."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.certificate = Path()
        self.seen: list[bytes] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                connection.settimeout(20)
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(self.certificate)
                with connection, suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                    if came := secured.recv(65536):
                        self.seen.append(came)
                        secured.sendall(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


SERVERS = {
    "serv-expired": "expired",
    "serv-not-yet-valid": "not_yet_valid",
    "serv-revoked": "revoked",
    "serv-wrong-name": "hostname",
    "serv-no-name": "hostname",
    "serv-wrong-issuer": "authority",
    "serv-smime": "usage",
    "org-auth": "usage",
    "other-tree": "unknown_authority",
}


@pytest.fixture(scope="module")
def deceived(
    segur_sandbox_process: RunningSandbox, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Host, Impostor, Path]]:
    """A counter that knows what was revoked, whose calls to INSi end at an impostor, and what he can show."""
    folder = tmp_path_factory.mktemp("impostor")
    sandbox = segur_sandbox_process
    sandbox.reset()
    for kind in (*SERVERS, "serv-ssl"):
        files = sandbox.make_material(kind, folder / kind)["files"]
        (folder / f"{kind}.pem").write_bytes(files["key.pem"].read_bytes() + files["cert.pem"].read_bytes())
    lists = folder / "host" / "certificates" / "crl"
    lists.mkdir(parents=True)
    for short, url in sandbox.descriptor["services"]["igc"]["crl"].items():
        if short in {"ACR-EL-TEST", "ACI-EL-ORG-TEST"}:
            with urllib.request.urlopen(url, timeout=20) as answer:
                (lists / f"{short}.crl").write_bytes(answer.read())
    impostor = Impostor()
    table = NetworkTable(url=f"https://127.0.0.1:{impostor.port}/lps", authority=ORGANISATIONS)
    config = load_config(sandbox.config)
    changes = {
        "data": folder / "host",
        "plugins": {"insi": config.plugins["insi"]},
        "network": {**config.network, **dict.fromkeys(INSI, table)},
    }
    with Host(config.model_copy(update=changes)) as host:
        yield host, impostor, folder
    impostor.close()


def told_of(kind: str, deceived: tuple[Host, Impostor, Path], patient: Traits) -> SegurError:
    host, impostor, folder = deceived
    impostor.certificate = folder / f"{kind}.pem"
    impostor.seen.clear()
    [outcome] = host.identify(patient).outcomes
    assert outcome.error is not None
    return outcome.error


@pytest.mark.req("SC.MSS/CONF.22", "SC.MSS/CONF.27")
@pytest.mark.parametrize(("kind", "reason"), SERVERS.items())
def test_a_server_with_a_bad_certificate_learns_nothing_of_the_patient(
    kind: str, reason: str, deceived: tuple[Host, Impostor, Path], person: Person
) -> None:
    refused = told_of(kind, deceived, person("zoe"))
    assert (refused.code, refused.facts["reason"]) == ("service.server_certificate", reason)
    assert deceived[1].seen == []


def test_a_server_with_a_good_certificate_is_asked(deceived: tuple[Host, Impostor, Path], person: Person) -> None:
    refused = told_of("serv-ssl", deceived, person("zoe"))
    assert refused.code != "service.server_certificate"
    assert len(deceived[1].seen) == 1
    assert not [one for one in deceived[0].audit.records() if one.event == "broker.revocation_unknown"]
