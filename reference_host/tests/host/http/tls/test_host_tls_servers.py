"""What a server has to prove by the policy of its purpose, and what becomes of connections to it."""

import hashlib
import ssl
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reference_host.tests.host.http.tls.hierarchy import DAY, Hierarchy, Made, serving
from reference_host.tests.host.http.tls.reached import DOUBTED, KNOWN, OK, USES, Reached, assert_refused
from segur_host.broker import connection
from segur_host.broker.http import HttpBroker
from segur_host.broker.keys import KeyRing
from segur_host.broker.network import Network
from segur_host.broker.tls.refusal import Reason, ServerRefusedError
from segur_host.config.model import NetworkTable
from segur_host.config.tls import RevocationMode
from segur_sdk.errors import ServiceError, sdk_catalogue
from segur_sdk.manifest import NetworkUse
from segur_sdk.models.actor import Environment

Make = Callable[..., Any]


@attrs.frozen
class Files:
    cert: Path
    key: Path


def test_a_server_that_keeps_its_authority_to_itself_is_refused(
    made: Hierarchy, client: Make, start: Make, tmp_path: Path
) -> None:
    port, seen = start(serving(made.good.file(tmp_path, alone=True)))
    assert_refused(client(port), Reason.UNKNOWN_AUTHORITY)
    assert seen == []


@pytest.mark.parametrize("usage", ["stated", "not stated"])
def test_a_good_server_is_served(usage: str, made: Hierarchy, client: Make, start: Make, tmp_path: Path) -> None:
    server = made.good if usage == "stated" else made.server(usage=None)
    port, seen = start(serving(server.file(tmp_path)))
    assert client(port, revocation="off") == Reached(None, ["broker.http"])
    assert len(seen) == 1


def key_of(authority: Made) -> str:
    public = authority.certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return "sha256:" + hashlib.sha256(public).hexdigest()


AUTHORITIES: dict[str, tuple[Callable[[Hierarchy], str], Reason | None]] = {
    "its_name": (lambda _: "CN=AC SERVEURS", None),
    "more_of_its_name": (lambda _: "CN=AC SERVEURS,O=AUTORITE,C=FR", None),
    "its_public_key": (lambda made: key_of(made.servers), None),
    "another_name": (lambda _: "CN=AC PERSONNES", Reason.AUTHORITY),
    "name_of_the_root": (lambda _: "CN=RACINE", Reason.AUTHORITY),
    "another_part": (lambda _: "CN=AC SERVEURS,O=AUTRE", Reason.AUTHORITY),
    "part_that_it_lacks": (lambda _: "CN=AC SERVEURS,OU=IGC-SANTE", Reason.AUTHORITY),
    "another_public_key": (lambda made: key_of(made.persons), Reason.AUTHORITY),
}


@pytest.mark.req("SC.MSS/CONF.27")
@pytest.mark.parametrize(("named", "reason"), AUTHORITIES.values(), ids=AUTHORITIES)
def test_another_authority_under_the_same_root_is_not_that_of_the_purpose(
    named: Callable[[Hierarchy], str],
    reason: Reason | None,
    made: Hierarchy,
    client: Make,
    start: Make,
    tmp_path: Path,
) -> None:
    port, seen = start(serving(made.good.file(tmp_path)))
    reached = client(port, authority=named(made), revocation="off")
    if reason is None:
        assert (reached.failure, len(seen)) == (None, 1)
    else:
        assert_refused(reached, reason)
        assert seen == []


LISTS: dict[str, Callable[[Hierarchy], list[bytes]]] = {
    "good": lambda made: [made.root.revoking(), made.servers.revoking()],
    "revoked": lambda made: [made.root.revoking(), made.servers.revoking(made.good)],
    "authority_revoked": lambda made: [made.root.revoking(made.servers), made.servers.revoking()],
    "expired_list": lambda made: [made.root.revoking(), made.servers.revoking(made.good, since=-3 * DAY, until=-DAY)],
    "none": lambda _: [],
    "none_of_the_root": lambda made: [made.servers.revoking()],
    "forged_list": lambda made: [made.root.revoking(), made.servers.revoking(made.good, signer=made.foreign.key)],
}
REVOKED, UNKNOWN = Reason.REVOKED, Reason.REVOCATION_UNKNOWN
MODES: list[tuple[str, str | None, Reached | Reason]] = [
    ("good", "hard", KNOWN),
    ("good", "soft", KNOWN),
    ("revoked", "hard", REVOKED),
    ("revoked", "soft", REVOKED),
    ("revoked", None, REVOKED),
    ("revoked", "off", KNOWN),
    ("authority_revoked", "soft", REVOKED),
    ("expired_list", "hard", UNKNOWN),
    ("expired_list", "soft", DOUBTED),
    ("none", "hard", UNKNOWN),
    ("none", "soft", DOUBTED),
    ("none", None, DOUBTED),
    ("none", "off", KNOWN),
    ("none_of_the_root", "hard", UNKNOWN),
    ("forged_list", "hard", UNKNOWN),
    ("forged_list", "soft", DOUBTED),
]


@pytest.mark.req("SC.MSS/CONF.22")
@pytest.mark.parametrize(("kept", "mode", "expected"), MODES, ids=[f"{kept}-{mode}" for kept, mode, _ in MODES])
def test_a_revoked_server_is_refused_and_a_doubt_is_what_the_setting_makes_of_it(
    kept: str,
    mode: str | None,
    expected: Reached | Reason,
    made: Hierarchy,
    client: Make,
    start: Make,
    lists: Path,
    tmp_path: Path,
) -> None:
    for number, content in enumerate(LISTS[kept](made)):
        (lists / f"{number}.crl").write_bytes(content)
    port, seen = start(serving(made.good.file(tmp_path)))
    reached = client(port, **({"revocation": mode} if mode else {}))
    if isinstance(expected, Reason):
        assert_refused(reached, expected)
        assert seen == []
    else:
        assert (reached, len(seen)) == (expected, 1)


def test_two_policies_for_one_address_share_no_connection(
    made: Hierarchy, start: Make, make_config: Make, make_call: Make, tmp_path: Path
) -> None:
    (tmp_path / "root.pem").write_bytes(made.root.pem)
    port, _ = start(serving(made.good.file(tmp_path)))
    url = f"https://127.0.0.1:{port}/"
    tables = {"lax": NetworkTable(url=url), "strict": NetworkTable(url=url, revocation=RevocationMode.HARD)}
    keys = KeyRing(make_config(trust={"ours": tmp_path / "root.pem"}))
    with closing(HttpBroker(keys, Network(Environment.SANDBOX, tables))) as broker:
        lax, strict = (NetworkUse(purpose=one, trust="ours", auth="none") for one in tables)
        assert broker.client(lax, make_call()).request("GET").status == 200
        with pytest.raises(ServiceError, match="revocation_unknown"):
            broker.client(strict, make_call()).request("GET")


@pytest.mark.parametrize(("age", "connections"), [(600.0, 1), (-1.0, 2)], ids=["young", "old"])
def test_an_old_connection_is_not_used_again(
    age: float,
    connections: int,
    made: Hierarchy,
    make_config: Make,
    make_call: Make,
    serve: Make,
    over: Make,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "MAX_AGE_S", age)
    (tmp_path / "root.pem").write_bytes(made.root.pem)
    path = made.good.file(tmp_path)

    def answer(peer: ssl.SSLSocket) -> None:
        while peer.recv(65536):
            peer.sendall(OK)

    server = serve(over(answer, issued=Files(path, path)))
    tables = {"p": NetworkTable(url=f"https://127.0.0.1:{server.port}/")}
    keys = KeyRing(make_config(trust={"ours": tmp_path / "root.pem"}))
    with closing(HttpBroker(keys, Network(Environment.SANDBOX, tables))) as broker:
        for _ in range(2):
            assert broker.client(USES["none"], make_call()).request("GET").body == b"ok"
    assert server.connections == connections


ASKS = """
ctx.http("p").request("GET")
return None
"""
DECLARED = """
[[hooks]]
name = "on_session_login"
version = "1.0"
[[network]]
purpose = "p"
trust = "ours"
auth = "none"
"""


@pytest.mark.req("SC.MSS/CONF.22")
def test_a_host_asks_the_lists_in_its_data_folder_and_tells_its_audit_of_doubts(
    made: Hierarchy, start: Make, install: Make, open_host: Make, login: Any, tmp_path: Path
) -> None:
    (tmp_path / "root.pem").write_bytes(made.root.pem)
    folder = tmp_path / "data" / "certificates" / "crl"
    # It hangs up after each answer: every call opens a connection.
    port, _ = start(serving(made.good.file(tmp_path)))
    host = open_host(
        {"alpha": install("alpha", body=ASKS, tables=DECLARED)},
        trust={"ours": tmp_path / "root.pem"},
        network={"p": {"url": f"https://127.0.0.1:{port}/"}},
    )

    def asked() -> str | None:
        [outcome] = host.call("on_session_login", login).outcomes
        return outcome.error and str(outcome.error.facts["reason"])

    assert asked() is None
    folder.mkdir(parents=True)
    (folder / "root.crl").write_bytes(made.root.revoking())
    (folder / "servers.crl").write_bytes(made.servers.revoking())
    assert asked() is None
    (folder / "servers.crl").write_bytes(made.servers.revoking(made.good, since=-DAY / 2))
    assert asked() == "revoked"
    events = [record.event for record in host.audit.records() if record.event.startswith("broker.")]
    assert events.count("broker.revocation_unknown") == 1
    assert (events.count("broker.connect"), events.count("broker.http")) == (3, 3)


def test_every_reason_has_a_text() -> None:
    texts = {ServerRefusedError(one).told("p").user_message_key for one in Reason}
    assert texts - set(sdk_catalogue()) == set()
    assert len(texts) >= 8
