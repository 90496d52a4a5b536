"""One key is in one place, and a store belongs to one installation."""

import functools
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding

from reference_host.tests.keys.issuing import Issued, issue, name, pem_table, usages
from segur_host.broker import keys as keys_module
from segur_host.config.model import KeyTable
from segur_host.keyring import mark
from segur_host.keyring.pairs import KeyPair, read_pair
from segur_sdk.errors import ConfigError

pytestmark = pytest.mark.usefixtures("quick_keys")
USE = "insi-auto"


def code_of(act: Callable[[], Any]) -> tuple[str, Any]:
    with pytest.raises(ConfigError) as raised:
        act()
    return raised.value.code, raised.value.facts.get("reason", raised.value.facts.get("other"))


def p12(path: Path, issued: Issued) -> dict[str, Any]:
    path.write_bytes(issued.p12())
    path.chmod(0o600)
    return {"p12": path, "password": {"env": "P12_PASSWORD"}}


@pytest.mark.req("S003-25")
@pytest.mark.parametrize("form", ["two_files", "file_and_pair"])
def test_one_key_in_two_places_serves_in_neither(
    bench: Callable[..., Any], ca: Issued, tmp_path: Path, form: str
) -> None:
    own = issue(name("INSI-AUTO"), ca)
    first = p12(tmp_path / "first.p12", own)
    second = p12(tmp_path / "copy.p12", own) if form == "two_files" else pem_table(tmp_path, own.pem(), own.key_pem())
    here = bench(keys={USE: first, "dmp": second})
    assert code_of(lambda: here.keys.ssl_context(USE, "ours")) == ("config.key_twice", "dmp")
    assert code_of(lambda: here.keys.ssl_context("dmp", "ours")) == ("config.key_twice", USE)
    assert here.keys.certificate(USE).subject_cn == "INSI-AUTO"


@pytest.mark.req("S003-24")
def test_one_file_may_serve_for_several_uses(bench: Callable[..., Any], ca: Issued, tmp_path: Path) -> None:
    own = p12(tmp_path / "one.p12", issue(name("DMP"), ca))
    (tmp_path / "link.p12").symlink_to(tmp_path / "one.p12")
    here = bench(keys={"a": own, "b": own, "c": {**own, "p12": tmp_path / "link.p12"}})
    for use in ("a", "b", "c"):
        assert here.keys.ssl_context(use, "ours") is not None


def test_a_file_that_cannot_be_read_keeps_no_other_key_from_serving(
    bench: Callable[..., Any], ca: Issued, tmp_path: Path
) -> None:
    own = p12(tmp_path / "one.p12", issue(name("DMP"), ca))
    (tmp_path / "broken.p12").write_bytes(b"garbage")
    here = bench(keys={"a": own, "b": {**own, "p12": tmp_path / "broken.p12"}})
    assert here.keys.ssl_context("a", "ours") is not None


@pytest.mark.req("S003-25")
def test_a_key_is_taken_in_once_and_for_one_use(bench: Callable[..., Any], ca: Issued, tmp_path: Path) -> None:
    filed = issue(name("DMP"), ca)
    here = bench(keys={"dmp": p12(tmp_path / "one.p12", filed)})
    chain = (ca.certificate.public_bytes(Encoding.DER),)
    here.install(chain, offered=ca.key)
    for use, key, other in (("other", ca.key, USE), (USE, filed.key, "dmp")):
        assert code_of(functools.partial(here.kept.require_place, use, key)) == ("config.key_twice", other)
    assert code_of(lambda: here.install(chain, "other", ca.key)) == ("config.key_twice", USE)
    assert [event for event, _ in here.events] == ["keyring.taken_in", "keyring.installed"]


@pytest.mark.req("S003-25")
def test_a_copy_that_comes_while_the_host_runs_is_seen_at_the_next_call(
    bench: Callable[..., Any], ca: Issued, tmp_path: Path
) -> None:
    own, other = issue(name("INSI-AUTO"), ca), issue(name("DMP"), ca)
    keys = {USE: p12(tmp_path / "first.p12", own), "dmp": p12(tmp_path / "second.p12", other)}
    here = bench(keys=keys)
    assert here.keys.ssl_context(USE, "ours") is not None
    p12(tmp_path / "second.p12", own)
    assert code_of(lambda: here.keys.ssl_context(USE, "ours")) == ("config.key_twice", "dmp")
    p12(tmp_path / "second.p12", other)
    assert here.keys.ssl_context(USE, "ours") is not None


@pytest.mark.req("S003-25")
@pytest.mark.parametrize("left", [None, b"garbage"], ids=["gone", "garbage"])
def test_a_copy_that_is_destroyed_stands_in_the_way_no_more(
    bench: Callable[..., Any], ca: Issued, tmp_path: Path, left: bytes | None
) -> None:
    own = issue(name("INSI-AUTO"), ca)
    here = bench(keys={USE: p12(tmp_path / "first.p12", own), "dmp": p12(tmp_path / "copy.p12", own)})
    assert code_of(lambda: here.keys.ssl_context(USE, "ours")) == ("config.key_twice", "dmp")
    (tmp_path / "copy.p12").unlink()
    if left is not None:
        (tmp_path / "copy.p12").write_bytes(left)
    assert here.keys.ssl_context(USE, "ours") is not None


def test_a_key_of_the_store_serves_before_a_token_that_is_configured_later(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]]
) -> None:
    here = bench()
    here.install(certify(here.order(), number=5))
    there = bench(keys={USE: {"token": {"serial": "0001", "key": "01"}}})
    assert there.keys.certificate(USE).serial == "5"
    assert there.keys.ssl_context(USE, "ours") is not None


def test_a_file_is_read_once_until_it_changes_whether_it_can_be_or_not(
    bench: Callable[..., Any], ca: Issued, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def spy(table: KeyTable, use: str) -> KeyPair:
        read.append(use)
        return read_pair(table, use)

    monkeypatch.setattr(keys_module, "read_pair", spy)
    own = p12(tmp_path / "one.p12", issue(name("DMP"), ca))
    (tmp_path / "broken.p12").write_bytes(b"garbage")
    here = bench(keys={"a": own, "b": {**own, "p12": tmp_path / "broken.p12"}})
    here.keys.ssl_context("a", "ours")
    here.order("c")
    here.keys.ssl_context("a", "ours")
    assert sorted(read) == ["a", "b"]


@pytest.mark.req("S003-25")
def test_a_key_that_signs_is_in_one_place_too(bench: Callable[..., Any], ca: Issued, tmp_path: Path) -> None:
    own = issue(name("SIGN"), ca, (usages("content_commitment"),), rsa.generate_private_key(65537, 2048))
    here = bench(keys={"s": p12(tmp_path / "first.p12", own)})
    assert here.keys.signing_key("s")[1][0] == own.certificate
    there = bench(keys={"s": p12(tmp_path / "first.p12", own), "t": p12(tmp_path / "copy.p12", own)})
    assert code_of(lambda: there.keys.signing_key("s")) == ("config.key_twice", "t")


def test_a_key_that_commits_its_holder_does_not_authenticate_him(
    bench: Callable[..., Any], ca: Issued, tmp_path: Path
) -> None:
    both = issue(name("SIGN"), ca, (usages("digital_signature", "content_commitment"),))
    here = bench(keys={"s": p12(tmp_path / "one.p12", both)})
    assert code_of(lambda: here.keys.ssl_context("s", "ours"))[0] == "config.key_usage"


@pytest.mark.req("S003-25")
def test_a_key_that_lies_in_the_store_and_nothing_names_is_taken_in_nowhere_else(
    bench: Callable[..., Any], ca: Issued, tmp_path: Path
) -> None:
    here = bench()
    here.order("dmp")
    here.kept.require_place(USE, ca.key)
    there = bench(data=tmp_path / "elsewhere")
    there.install((ca.certificate.public_bytes(Encoding.DER),), "dmp", ca.key)
    serving = there.store.standing("dmp").serving
    shutil.copytree(there.folder / "dmp" / serving, here.folder / "dmp" / serving)
    assert code_of(lambda: here.kept.require_place(USE, ca.key)) == ("config.key_twice", "dmp")


@pytest.mark.req("S003-25")
def test_a_key_copied_inside_the_store_serves_in_neither_place(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]]
) -> None:
    here = bench()
    here.install(certify(here.order()))
    shutil.copytree(here.folder / USE, here.folder / "dmp")
    again = bench()
    assert code_of(lambda: again.keys.ssl_context(USE, "ours")) == ("config.key_twice", "dmp")
    assert code_of(lambda: again.keys.ssl_context("dmp", "ours")) == ("config.key_twice", USE)


@pytest.mark.req("S003-25")
@pytest.mark.parametrize("moved", ["instance", "machine", "folder"])
def test_a_store_copied_elsewhere_is_refused_until_somebody_says_it_moved(
    bench: Callable[..., Any],
    certify: Callable[..., tuple[bytes, ...]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    moved: str,
) -> None:
    (tmp_path / "machine").write_text("1" * 32)
    monkeypatch.setattr(mark, "MACHINE_FILES", (tmp_path / "none", tmp_path / "machine"))
    here = bench()
    chain = certify(here.order(), number=5)
    # What tells the machine is told to nobody who reads the folder.
    assert "1" * 32 not in (here.folder / "installation.json").read_text()
    here.install(chain)
    options: dict[str, Any] = {}
    if moved == "instance":
        options["instance"] = "uuid-2"
    elif moved == "machine":
        (tmp_path / "machine").write_text("2" * 32)
    else:
        shutil.copytree(here.config.data, tmp_path / "copy")
        options["data"] = tmp_path / "copy"
    there = bench(**options)
    refusal = ("config.keyring_copied", moved)
    assert code_of(lambda: there.keys.ssl_context(USE, "ours")) == refusal
    for act in (there.order, lambda: there.install(chain), there.take_back):
        assert code_of(act) == refusal
    (there.folder / "installation.json").unlink()
    assert there.store.is_unmarked
    with there.store.changing():
        assert bench(**options).keys.certificate(USE).serial == "5"
    assert not there.store.is_unmarked


def test_a_machine_without_an_id_is_told_by_folder_and_installation(
    bench: Callable[..., Any],
    certify: Callable[..., tuple[bytes, ...]],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(mark, "MACHINE_FILES", (tmp_path / "none",))
    here = bench()
    here.install(certify(here.order()))
    assert bench().keys.ssl_context(USE, "ours") is not None
    assert code_of(lambda: bench(instance="uuid-2").keys.certificate(USE)) == ("config.keyring_copied", "instance")
    # Whoever did not open the database, like the diagnosis, knows no installation.
    assert bench(instance=None).keys.certificate(USE).subject_cn == "INSI-AUTO"


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"instance": 1, "machine": 2, "folder": 3}', b"\xff"])
def test_a_damaged_mark_is_told(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]], content: bytes
) -> None:
    here = bench()
    here.install(certify(here.order()))
    (here.folder / "installation.json").write_bytes(content)
    assert code_of(lambda: bench().keys.certificate(USE))[0] == "config.keyring_unreadable"
