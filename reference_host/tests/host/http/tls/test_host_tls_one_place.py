"""One module of the host makes contexts of TLS, and one connects with them."""

import ast
import ssl
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest
from cryptography import x509
from pydantic import ValidationError

import segur_host
from reference_host.tests.host.http.tls.hierarchy import Hierarchy
from segur_host.broker.tls.contexts import client_context, server_context
from segur_host.config.model import HostConfig, NetworkTable

SOURCE = Path(segur_host.__file__).parent
MAKERS = {"SSLContext", "create_default_context", "_create_unverified_context", "_create_default_https_context"}
CONNECTING = {"wrap_socket", "wrap_bio"}
CLIENTS = {
    *("aiohttp", "ftplib", "http.client", "httpx", "imaplib", "poplib", "requests", "smtplib", "urllib.request"),
    "urllib3",
}


def calls(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func).rpartition(".")[2]
        if isinstance(node, ast.ImportFrom) and node.module == "ssl":
            yield from (one.name for one in node.names)


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
            yield from (f"{node.module}.{one.name}" for one in node.names)


@pytest.mark.req("SC.MSS/CONF.01", "SC.MSS/CONF.03")
def test_no_other_module_of_the_host_makes_a_context_or_uses_one() -> None:
    made: dict[str, set[str]] = {}
    brought: dict[str, set[str]] = {}
    for path in SOURCE.rglob("*.py"):
        place, tree = path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text("utf-8"))
        if found := set(calls(tree)) & (MAKERS | CONNECTING):
            made[place] = found
        if clients := set(imports(tree)) & CLIENTS:
            brought[place] = clients
    assert made == {
        "broker/tls/contexts.py": {"SSLContext"},
        "broker/tls/handshake.py": {"wrap_socket"},
        # Shakes hands with itself in memory, to know whether it can.
        "broker/token_tls.py": {"wrap_bio"},
    }
    # The walk reaches the control interface of the sandbox, with a context of the one module.
    assert brought == {"comptoir/sandbox.py": {"httpx"}}


@pytest.mark.parametrize(
    "line",
    [
        "ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)",
        "from ssl import SSLContext as C",
        "ssl.create_default_context()",
        "ssl._create_unverified_context()",
        "from ssl import create_default_context",
        "c.wrap_socket(s)",
    ],
)
def test_that_search_finds(line: str) -> None:
    assert set(calls(ast.parse(line))) & (MAKERS | CONNECTING)


@pytest.mark.req("SC.MSS/CONF.01", "SC.MSS/CONF.03")
@pytest.mark.parametrize("make", [client_context, server_context], ids=["client", "server"])
def test_a_context_offers_the_suites_of_the_requirements_those_like_them_over_a_curve_and_no_other(
    make: Callable[[Iterable[x509.Certificate]], ssl.SSLContext], made: Hierarchy
) -> None:
    context = make((made.root.certificate,))
    of_tls12 = {one["id"] & 0xFFFF for one in context.get_ciphers() if one["protocol"] != "TLSv1.3"}
    required, over_a_curve = {0xC030, 0xC02F, 0xC028, 0xC027, 0x009F, 0x009E}, {0xC02C, 0xC02B}
    assert of_tls12 == required | over_a_curve
    assert context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert (context.verify_mode, context.security_level) == (ssl.CERT_REQUIRED, 2)
    assert context.get_ca_certs(binary_form=True) == [made.root.der]


def test_a_client_checks_names_and_writes_no_secret_down(
    made: Hierarchy, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys.log"))
    context = client_context((made.root.certificate,))
    assert (context.check_hostname, context.hostname_checks_common_name) == (True, False)
    assert context.keylog_filename is None


GOOD: dict[str, dict[str, str]] = {
    "nothing_said": {},
    "name": {"authority": "CN=AC IGC-SANTE ELEMENTAIRE ORGANISATIONS,OU=IGC-SANTE"},
    "public_key": {"authority": "sha256:" + "0a" * 32},
    "hard": {"revocation": "hard"},
}
REFUSED: dict[str, dict[str, str]] = {
    "empty_name": {"authority": ""},
    "no_name": {"authority": "AC IGC-SANTE"},
    "unknown_part": {"authority": "XX=AC IGC-SANTE"},
    "short_public_key": {"authority": "sha256:0a0a"},
    "capital_public_key": {"authority": "sha256:" + "0A" * 32},
    "unknown_mode": {"revocation": "maybe"},
}


@pytest.mark.parametrize("table", GOOD.values(), ids=GOOD)
def test_the_policy_of_a_purpose_is_read(table: dict[str, str]) -> None:
    read = NetworkTable.model_validate(table)
    assert read.authority == table.get("authority")
    # Unless something else is said, a doubt stops nobody at the counter.
    assert read.revocation == table.get("revocation", "soft")


@pytest.mark.parametrize("table", REFUSED.values(), ids=REFUSED)
def test_a_policy_that_means_nothing_is_refused(table: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        NetworkTable.model_validate(table)


@pytest.mark.parametrize(("environment", "refused"), [("production", True), ("test", False), ("sandbox", False)])
def test_in_production_revocation_is_always_asked(
    environment: str, refused: bool, make_config: Callable[..., HostConfig]
) -> None:
    with pytest.raises(ValidationError) if refused else nullcontext():
        make_config(environment=environment, network={"p": {"revocation": "off"}})
