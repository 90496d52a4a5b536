"""Keys of the store from the request to the end, and which of them serves."""

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from reference_host.tests.keys.issuing import PASSWORD, Issued, p12_table
from segur_host.keyring.containers import read_container
from segur_host.keyring.references import reference_of
from segur_sdk.keyring import KeyPlace

USE = "insi-auto"


def told(bench: Any, use: str = USE) -> Any:
    return reference_of(use, bench.keys, bench.store, ())


def serial(bench: Any) -> int:
    return int(bench.keys.chain(USE)[0].serial_number)


@pytest.mark.req("S003-17", "S003-30")
def test_openssl_reads_what_is_made_and_opens_no_key_without_the_passphrase(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]]
) -> None:
    here = bench()
    csr = here.order()
    here.install(certify(csr))
    [folder] = [path.parent for path in here.folder.glob("*/*/key.pem")]

    def openssl(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(["openssl", *arguments], capture_output=True, check=False, cwd=folder)

    request = openssl("req", "-in", "request.pem", "-verify", "-noout", "-text")
    assert request.returncode == 0
    assert b"(2048 bit)" in request.stdout
    assert b"sha256WithRSAEncryption" in request.stdout
    public = openssl("x509", "-in", "chain.pem", "-noout", "-pubkey").stdout
    assert openssl("pkey", "-in", "key.pem", "-passin", "env:KEYRING_PASSPHRASE", "-pubout").stdout == public
    assert openssl("pkey", "-in", "key.pem", "-passin", "pass:another passphrase").returncode != 0
    with pytest.raises(TypeError):
        load_pem_private_key((folder / "key.pem").read_bytes(), None)


@pytest.mark.usefixtures("quick_keys")
def test_a_key_that_waits_is_made_once_and_serves_once_its_certificate_came(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]]
) -> None:
    here = bench()
    csr = here.order()
    assert bench().order() == csr
    waiting = told(here)
    assert (waiting.place, waiting.certificate, waiting.problem) == (KeyPlace.STORE, None, None)
    assert not here.keys.has(USE)
    chain = certify(csr)
    here.install(chain)
    here.install(chain)
    served = told(here)
    assert (served.certificate, served.chain, served.awaiting) == (chain[0], chain[1:], None)
    assert (served.public_key, served.can_take_back) == (waiting.awaiting, False)
    assert here.keys.has(USE)
    assert [event for event, _ in here.events] == ["keyring.made", "keyring.installed"]


@pytest.mark.req("S003-22")
@pytest.mark.usefixtures("quick_keys")
def test_a_renewal_serves_at_once_everywhere_and_is_taken_back_once(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]]
) -> None:
    here, resident = bench(), bench()
    here.install(certify(here.order(), number=1))
    before = resident.keys.ssl_context(USE, "ours")
    assert resident.keys.ssl_context(USE, "ours") is before
    newer = certify(here.order(), number=2)
    assert serial(resident) == 1
    here.install(newer)
    assert told(here).can_take_back
    # Another process installed it: the resident host needs nobody to tell.
    assert serial(resident) == 2
    assert resident.keys.ssl_context(USE, "ours") is not before
    for _ in range(2):
        here.take_back()
        assert (serial(here), serial(resident), told(here).can_take_back) == (1, 1, False)
    here.install(newer)
    assert (serial(resident), told(here).can_take_back) == (2, True)


@pytest.mark.usefixtures("quick_keys")
def test_the_key_of_the_configuration_comes_before_and_may_serve_again(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]], ca: Issued, tmp_path: Path
) -> None:
    here = bench(keys={USE: p12_table(tmp_path, ca.p12())})
    assert (told(here).place, told(here).can_take_back) == (KeyPlace.P12, False)
    here.install(certify(here.order(), number=1))
    assert (told(here).place, serial(here), told(here).can_take_back) == (KeyPlace.STORE, 1, True)
    here.take_back()
    assert (told(here).place, serial(here)) == (KeyPlace.P12, ca.certificate.serial_number)
    assert told(here).awaiting is not None


@pytest.mark.usefixtures("quick_keys")
def test_what_is_destroyed_is_gone_and_only_that(
    bench: Callable[..., Any],
    certify: Callable[..., tuple[bytes, ...]],
    files_of: Callable[[Path], dict[str, bytes]],
) -> None:
    here = bench()
    here.drop()
    here.kept.retire(USE, here.record)
    assert not here.events
    for number in (1, 2):
        here.install(certify(here.order(), number=number))
    here.order()
    for _ in range(2):
        here.drop()
        assert (told(here).awaiting, serial(here)) == (None, 2)
    for _ in range(2):
        here.kept.retire(USE, here.record)
        assert (told(here).can_take_back, serial(here)) == (False, 2)
    serving = here.store.standing(USE).serving
    assert {path.split("/")[1] for path in files_of(here.folder) if path.endswith(".pem")} == {serving}
    assert [event for event, _ in here.events][-2:] == ["keyring.dropped", "keyring.retired"]


@pytest.mark.req("S003-18")
@pytest.mark.usefixtures("quick_keys")
def test_a_key_made_elsewhere_is_taken_in_once_and_serves_after_installation(
    bench: Callable[..., Any], ca: Issued
) -> None:
    here = bench()
    found = read_container(ca.p12(), PASSWORD)
    waits = here.order()
    for _ in range(2):
        here.kept.require_place(USE, found.key)
        here.install((ca.certificate.public_bytes(Encoding.DER),), offered=found.key)
        assert serial(here) == ca.certificate.serial_number
    assert [event for event, _ in here.events] == ["keyring.made", "keyring.taken_in", "keyring.installed"]
    # The request that was made before is not lost to it.
    assert here.order() == waits


@pytest.mark.usefixtures("quick_keys")
def test_a_key_that_had_a_certificate_is_never_dropped(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]]
) -> None:
    here = bench()
    for number in (1, 2):
        here.install(certify(here.order(), number=number))
    newest = told(here).public_key
    here.take_back()
    # It may be the only one for what was encrypted meanwhile.
    for public_key in (newest, told(here).public_key):
        here.kept.drop_new_key(USE, public_key, here.record)
    assert (told(here).awaiting, serial(here)) == (newest, 1)
    again = here.order()
    assert told(here).awaiting != newest
    here.drop()
    assert told(here).awaiting == newest
    assert here.order() != again
    assert [event for event, _ in here.events if event == "keyring.dropped"] == ["keyring.dropped"]


@pytest.mark.usefixtures("quick_keys")
def test_a_damaged_key_that_waits_hides_nothing_that_serves(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]]
) -> None:
    here = bench()
    here.install(certify(here.order(), number=1))
    here.order()
    [waits] = here.store.standing(USE).awaiting
    (here.folder / USE / waits / "key.json").write_bytes(b"{}")
    found = told(here)
    assert (found.awaiting, found.problem, found.certificate is not None) == (None, None, True)


@pytest.mark.usefixtures("quick_keys")
def test_a_key_that_nothing_names_any_more_is_found_and_waits(
    bench: Callable[..., Any], certify: Callable[..., tuple[bytes, ...]]
) -> None:
    here = bench()
    csr = here.order()
    here.install(certify(csr, number=1))
    (here.folder / USE / "standing.json").unlink()
    again = bench()
    # It had a certificate: another request is one of another key.
    assert again.order().public_key() != csr.public_key()
    assert [event for event, _ in again.events] == ["keyring.found", "keyring.made"]
    again.drop()
    key = again.events[0][1]["key"]
    again.kept.drop_new_key(USE, key, again.record)
    assert told(again).awaiting == key
    again.install(certify(csr, number=1))
    assert serial(again) == 1


@pytest.mark.usefixtures("quick_keys")
def test_a_key_that_was_found_waits_for_whoever_asks_for_its_request_again(bench: Callable[..., Any]) -> None:
    here = bench()
    csr = here.order()
    [name] = here.store.standing(USE).awaiting
    key = here.store.facts(USE, name).public_key
    (here.folder / USE / "standing.json").unlink()
    again = bench()
    for _ in range(2):
        again.kept.drop_new_key(USE, key, again.record)
    assert [event for event, _ in again.events] == ["keyring.found"]
    assert again.order() == csr
    again.kept.drop_new_key(USE, key, again.record)
    assert again.store.standing(USE).kept == frozenset()
