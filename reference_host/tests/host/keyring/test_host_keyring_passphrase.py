"""The passphrase is changed while the host goes on: at every instant each key opens with the old one or the new one."""

import shutil
import stat
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from reference_host.tests.host.keyring.killing import killed_at
from segur_host import Host
from segur_host.resident.place import RUNTIME_VARIABLE
from segur_host.resident.server import Resident
from segur_sdk.errors import ConfigError
from segur_sdk.models.notice import Question

pytestmark = pytest.mark.usefixtures("quick_keys")
OLD, NEW = "une phrase de passe é assez longue", "la phrase de passe suivante, longue aussi"
Certify = Callable[..., tuple[bytes, ...]]


def opens(path: Path, passphrase: str) -> bool:
    try:
        load_pem_private_key(path.read_bytes(), passphrase.encode())
    except ValueError:
        return False
    return True


def key_files(folder: Path) -> list[Path]:
    return sorted(folder.glob("*/*/key.pem"))


@pytest.fixture
def filled(bench: Callable[..., Any], certify: Certify) -> Any:
    """A store in which one key serves, one came before, one waits, one serves for another use, and one was found."""
    first = bench()
    for number in (1, 2):
        first.install(certify(first.order(), number=number))
    first.order()
    first.install(certify(first.order("dmp"), number=3), "dmp")
    first.order("found")
    (first.folder / "found" / "standing.json").unlink()
    assert len(key_files(first.folder)) == 5
    return first


@pytest.mark.req("S003-30")
def test_a_kill_at_any_instant_leaves_every_key_to_be_opened(
    bench: Callable[..., Any], filled: Any, changed_passphrase: dict[str, Any], tmp_path: Path
) -> None:
    shutil.copytree(filled.folder, tmp_path / "as-it-was")
    heard: list[tuple[str, str]] = []
    number = 0
    while killed_at(number, lambda: bench(keyring=changed_passphrase).store.reencrypt(lambda *_: None)):
        after = bench(keyring=changed_passphrase)
        assert {opens(one, OLD) + opens(one, NEW) for one in key_files(after.folder)} == {1}, number
        assert len(key_files(after.folder)) == 5
        assert after.keys.chain("insi-auto")[0].serial_number == 2
        after.store.reencrypt(lambda *given: heard.append(given))
        assert all(opens(one, NEW) for one in key_files(after.folder)), number
        assert not list(after.folder.rglob(".unfinished-*")), number
        shutil.rmtree(after.folder)
        shutil.copytree(tmp_path / "as-it-was", after.folder)
        number += 1
    assert number > 10
    alone = bench(keyring={"passphrase": {"env": "NEXT_PASSPHRASE"}})
    for use in ("insi-auto", "dmp"):
        assert alone.keys.ssl_context(use, "ours") is not None
    assert {stat.S_IMODE(one.stat().st_mode) for one in key_files(alone.folder)} == {0o600}
    assert {use for use, _ in heard} == {"insi-auto", "dmp", "found"}


@pytest.mark.req("S003-30")
def test_until_it_is_done_a_host_reads_with_both_and_writes_with_the_new_one(
    bench: Callable[..., Any], filled: Any, certify: Certify, changed_passphrase: dict[str, Any]
) -> None:
    here = bench(keyring=changed_passphrase)
    assert here.keys.ssl_context("dmp", "ours") is not None
    here.install(certify(here.order("dmp"), number=4), "dmp")
    assert sum(opens(one, NEW) for one in key_files(here.folder)) == 1
    assert [here.store.reencrypt(lambda *_: None) for _ in range(2)] == [5, 0]


def test_a_key_that_opens_with_neither_leaves_everything_as_it_was(
    bench: Callable[..., Any],
    filled: Any,
    changed_passphrase: dict[str, Any],
    files_of: Callable[[Path], dict[str, bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = files_of(filled.folder)
    monkeypatch.setenv("KEYRING_PASSPHRASE", "quite another passphrase")
    with pytest.raises(ConfigError) as raised:
        bench(keyring=changed_passphrase).store.reencrypt(lambda *_: None)
    assert (raised.value.code, raised.value.facts["reason"]) == ("config.keyring_passphrase", "other")
    assert files_of(filled.folder) == before


KEYRING = """
[keyring]
passphrase = {{ env = "{}" }}
{}
"""


@pytest.mark.req("S003-30")
def test_one_command_changes_the_passphrase_of_keys_and_sealed_secrets(
    bench: Callable[..., Any],
    changed_passphrase: dict[str, Any],
    config_file: Callable[..., Path],
    segur: Callable[..., tuple[int, str, str]],
) -> None:
    here = bench(instance=None)
    for use in ("a", "b"):
        here.order(use)
    code = Question(code="code", text="Code", pattern=".+")
    with Host(config_file(more=KEYRING.format("KEYRING_PASSPHRASE", ""))) as host:
        host.keyring.seal("a.revocation", code, lambda _: "0123-abcd", here.record)
    former = 'former_passphrase = { env = "KEYRING_PASSPHRASE" }'
    command = ("certificates", "passphrase", "--config", config_file(more=KEYRING.format("NEXT_PASSPHRASE", former)))
    assert segur(*command, "--json")[:2] == (0, '{"keys": 2, "secrets": 1}\n')
    assert "former_passphrase" in segur(*command)[1]
    with Host(config_file(more=KEYRING.format("NEXT_PASSPHRASE", ""))) as host:
        assert host.keyring.unseal("a.revocation", here.record).reveal() == "0123-abcd"
        assert host.certificates.change_passphrase() == (0, 0)
        told = [one for one in host.audit.records() if one.event == "keyring.reencrypted"]
    assert len(told) == 3
    assert all(opens(one, NEW) for one in key_files(here.folder))


def test_a_passphrase_is_not_changed_beside_a_host_that_runs_by_the_former_one(
    config_file: Callable[..., Path],
    tmp_path: Path,
    segur: Callable[..., tuple[int, str, str]],
    error_of: Callable[[str], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = config_file(more=KEYRING.format("KEYRING_PASSPHRASE", ""))
    (tmp_path / "data").mkdir()
    with tempfile.TemporaryDirectory(prefix="segur-") as runtime:
        monkeypatch.setenv(RUNTIME_VARIABLE, runtime)
        resident = Resident(tmp_path / "data", {}, {})
        try:
            status, out, _ = segur("certificates", "passphrase", "--json", "--config", config)
        finally:
            resident.close()
    assert (status, error_of(out)["code"]) == (1, "resident.running")
